# SPDX-License-Identifier: GPL-2.0-or-later
"""A driver for xHCI over qtest (eXtensible Host Controller Interface 1.1)."""

import struct

import pci

BAR = 0xe0000000
OP, RUN, DOORBELL, MSIX = BAR + 0x40, BAR + 0x1000, BAR + 0x2000, BAR + 0x3000
USBCMD, USBSTS, CRCR, DCBAAP = OP, OP + 4, OP + 0x18, OP + 0x30
CONFIG, PORTS = OP + 0x38, OP + 0x400

DCBAA, COMMANDS, ERST, EVENTS, INPUT = 0x100000, 0x101000, 0x102000, 0x103000, 0x104000
CONTEXTS, RINGS, DATA = 0x110000, 0x200000, 0x400000
EVENT_COUNT, RING_TRBS = 64, 64

NORMAL, SETUP, DATA_STAGE, STATUS, ISOCH, LINK, EVENT_DATA, NOOP = range(1, 9)
(ENABLE_SLOT, DISABLE_SLOT, ADDRESS, CONFIGURE, EVALUATE, RESET_ENDPOINT, STOP_ENDPOINT,
 SET_DEQUEUE, RESET_DEVICE) = range(9, 18)
GET_BANDWIDTH, NOOP_COMMAND = 21, 23
TRANSFER_EVENT, COMMAND_EVENT, PORT_EVENT, HOST_EVENT = 32, 33, 34, 37

CYCLE, TOGGLE, ISP, CHAIN, IOC, IDT, BEI, IN = 1, 2, 4, 16, 32, 64, 1 << 9, 1 << 16
(SUCCESS, BABBLE, TRANSACTION, TRB_ERROR, STALL, NO_SLOTS, NOT_ENABLED, ENDPOINT_NOT_ENABLED,
 SHORT, PARAMETER, CONTEXT_STATE, RING_FULL, STOPPED) = (1, 3, 4, 5, 6, 9, 11, 12, 13, 17, 19, 21,
                                                         26)
HALTED, HSE, EINT = 1, 4, 8
CCS, PED, PR, CSC, PRC, PLC = 1, 2, 1 << 4, 1 << 17, 1 << 21, 1 << 22
CHANGES = 0x7f << 17
POWER, LWS = 1 << 9, 1 << 16
U0, U3, RESUME = 0, 3, 15


class Failed(Exception):
    """A transfer that ended with another completion code than success or a short packet."""

    def __init__(self, code):
        super().__init__('completion code %d' % code)
        self.code = code


class Event:
    def __init__(self, raw):
        self.parameter, self.status, self.control = struct.unpack('<QII', raw)
        self.type = self.control >> 10 & 0x3f
        self.code, self.length = self.status >> 24, self.status & 0xffffff
        self.slot, self.endpoint = self.control >> 24, self.control >> 16 & 0x1f
        self.port = self.parameter >> 24 & 0xff

    def __repr__(self):
        return 'Event(type %d, code %d, slot %d, endpoint %d, length %d, 0x%x)' % (
            self.type, self.code, self.slot, self.endpoint, self.length, self.parameter)


class Ring:
    """A producer's ring of RING_TRBS, the last of which leads back."""

    def __init__(self, q, base):
        self.q, self.base, self.index, self.cycle = q, base, 0, 1
        q.memset(base, 16 * RING_TRBS, 0)

    @property
    def at(self):
        return self.base + 16 * self.index

    def put(self, parameter, status, control):
        """Appends a TRB; returns its address."""
        at = self.at
        self.q.write(at, struct.pack('<QII', parameter, status, control | self.cycle))
        self.index += 1
        if self.index == RING_TRBS - 1:
            self.q.write(self.at, struct.pack('<QII', self.base, 0, LINK << 10 | TOGGLE |
                                              control & CHAIN | self.cycle))
            self.index, self.cycle = 0, self.cycle ^ 1
        return at


class Xhci:
    def __init__(self, q):
        self.q = q
        self.pci = pci.find(q, 0x1b36, 0x000d)
        self.pci.set_bar(0, BAR)
        self.pci.set_bar(1, 0)
        self.pci.enable()
        self.start()

    def start(self):
        q = self.q
        q.writel(USBCMD, 2)
        q.memset(DCBAA, 0x1000, 0)
        q.memset(EVENTS, 16 * EVENT_COUNT, 0)
        q.memset(CONTEXTS, 0x10000, 0)
        self.commands = Ring(q, COMMANDS)
        self.rings = {}
        self.event_index, self.event_cycle = 0, 1
        q.writel(CONFIG, q.readl(BAR + 4) & 0xff)
        q.writeq(DCBAAP, DCBAA)
        q.writeq(CRCR, COMMANDS | 1)
        q.write(ERST, struct.pack('<QII', EVENTS, EVENT_COUNT, 0))
        q.writel(RUN + 0x28, 1)
        q.writeq(RUN + 0x38, EVENTS)
        q.writeq(RUN + 0x30, ERST)
        q.writel(RUN + 0x24, 0)  # no moderation
        q.writel(RUN + 0x20, 2)
        q.writel(USBCMD, 5)

    # ---- events ----

    def event(self):
        """The next event, or None; the ring is told of it."""
        raw = self.q.read(EVENTS + 16 * self.event_index, 16)
        if raw[12] & 1 != self.event_cycle:
            return None
        self.event_index += 1
        if self.event_index == EVENT_COUNT:
            self.event_index, self.event_cycle = 0, self.event_cycle ^ 1
        self.q.writeq(RUN + 0x38, EVENTS + 16 * self.event_index | 8)
        return Event(raw)

    def events(self):
        return list(iter(self.event, None))

    # ---- ports ----

    def port(self, n):
        return self.q.readl(PORTS + 16 * (n - 1))

    def set_port(self, n, value):
        self.q.writel(PORTS + 16 * (n - 1), POWER | value)

    def link(self, n):
        return self.port(n) >> 5 & 15

    def set_link(self, n, state):
        self.set_port(n, LWS | state << 5)

    # ---- commands ----

    def command(self, kind, parameter=0, slot=0, endpoint=0, flags=0):
        """Returns the completion event."""
        at = self.commands.put(parameter, 0, kind << 10 | slot << 24 | endpoint << 16 | flags)
        self.q.writel(DOORBELL, 0)
        for event in self.events():
            if event.type == COMMAND_EVENT:
                assert event.parameter == at, event
                return event
        raise AssertionError('no completion of command %d; status 0x%x' %
                             (kind, self.q.readl(USBSTS)))

    def context(self, slot, index):
        return struct.unpack('<8I', self.q.read(CONTEXTS + 0x800 * slot + 32 * index, 32))

    def endpoint_state(self, slot, endpoint):
        return self.context(slot, endpoint)[0] & 7

    def ring(self, slot, endpoint):
        ring = Ring(self.q, RINGS + (slot * 32 + endpoint) * 16 * RING_TRBS)
        self.rings[slot, endpoint] = ring
        return ring

    def put_input(self, drop, add, contexts):
        self.q.memset(INPUT, 33 * 32, 0)
        self.q.write(INPUT, struct.pack('<II', drop, add))
        for index, words in contexts.items():
            self.q.write(INPUT + 32 * (index + 1), struct.pack('<%dI' % len(words), *words))

    def slot(self, port, speed=3, route=0, flags=0):
        """A slot whose device, at a root port, has its address; returns its number."""
        event = self.command(ENABLE_SLOT)
        assert event.code == SUCCESS, event
        slot = event.slot
        self.q.writeq(DCBAA + 8 * slot, CONTEXTS + 0x800 * slot)
        self.put_input(0, 3, {0: (1 << 27 | speed << 20 | route, port << 16),
                              1: (0, 64 << 16 | 4 << 3 | 3 << 1, self.ring(slot, 1).base | 1, 0)})
        event = self.command(ADDRESS, INPUT, slot, flags=flags)
        if event.code != SUCCESS:
            raise Failed(event.code)
        return slot

    def attach(self, port, speed=3):
        """Resets a USB 2 port; returns the slot of what is there."""
        self.set_port(port, PR)
        self.set_port(port, CHANGES)
        return self.slot(port, speed)

    def add_endpoint(self, slot, endpoint, kind, packet=8, interval=3):
        self.put_input(0, 1 | 1 << endpoint,
                       {0: self.context(slot, 0)[:4],
                        endpoint: (interval << 16, packet << 16 | kind << 3 | 3 << 1,
                                   self.ring(slot, endpoint).base | 1, 0)})
        return self.command(CONFIGURE, INPUT, slot).code

    # ---- transfers ----

    def ring_doorbell(self, slot, endpoint):
        self.q.writel(DOORBELL + 4 * slot, endpoint)

    def transfer(self, slot, endpoint, length, flags=IOC | ISP, at=DATA, kind=NORMAL, status=0):
        """Puts one TRB and rings; returns its address."""
        trb = self.rings[slot, endpoint].put(at, length | status, kind << 10 | flags)
        self.ring_doorbell(slot, endpoint)
        return trb

    def control(self, slot, request_type, request, value=0, index=0, length=0, data=b''):
        """A control transfer; returns what came in."""
        length = length or len(data)
        ring, is_in = self.rings[slot, 1], request_type & 0x80
        setup = struct.unpack('<Q', struct.pack('<BBHHH', request_type, request, value, index,
                                                length))[0]
        ring.put(setup, 8, SETUP << 10 | IDT | ((3 if is_in else 2) << 16 if length else 0))
        if length:
            self.q.write(DATA, data)
            ring.put(DATA, length, DATA_STAGE << 10 | ISP | (IN if is_in else 0))
        ring.put(0, 0, STATUS << 10 | IOC | (0 if is_in and length else IN))
        self.ring_doorbell(slot, 1)
        left = 0
        for event in self.events():
            if event.type != TRANSFER_EVENT or event.slot != slot:
                continue
            if event.code == SHORT:
                left = event.length
            elif event.code != SUCCESS:
                self.recover(slot, 1)
                raise Failed(event.code)
            else:
                return self.q.read(DATA, length - left) if is_in and length > left else b''
        raise AssertionError('a control transfer has not ended')

    def recover(self, slot, endpoint):
        """After a stall, as drivers do: the endpoint goes on behind what the ring has."""
        ring = self.rings[slot, endpoint]
        assert self.command(RESET_ENDPOINT, 0, slot, endpoint).code == SUCCESS
        assert self.command(SET_DEQUEUE, ring.at | ring.cycle, slot, endpoint).code == SUCCESS

    def descriptor(self, slot, kind, index=0, length=64):
        return self.control(slot, 0x80, 6, kind << 8 | index, 0, length)
