#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-xhci, MSI and MSI-X: what a driver does, and what none should."""

import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'lib'))
import pci  # noqa: E402
import tap  # noqa: E402
import xhci  # noqa: E402
from hwtest import HwTest  # noqa: E402
from machine import run  # noqa: E402
from xhci import (BAR, CCS, CHAIN, CSC, DATA, DOORBELL, HALTED, HSE, IOC, ISP, LINK, MSIX,  # noqa
                  NORMAL, PED, PLC, PRC, RESUME, RUN, SHORT, STALL, STOPPED, SUCCESS,
                  TRANSFER_EVENT, U0, U3, USBCMD, USBSTS, Failed)

OUTSIDE = 0xd0000000  # where no memory is
KEYBOARD, TABLET = 1, 2
IN_1 = 3  # device context index of endpoint 1 IN
INTERRUPT_IN = 7


class Xhci(HwTest):
    args = ('-machine', 'pc', '-m', '16', '-device', 'qemu-xhci', '-device', 'usb-kbd,id=kbd',
            '-device', 'usb-tablet,id=tab')
    monitor = True

    def setUp(self):
        super().setUp()
        self.hc = xhci.Xhci(self.q)

    def hmp(self, command):
        return self.machine.hmp.command(command)

    def keyboard(self):
        """A slot with the keyboard configured, and its endpoint."""
        slot = self.hc.attach(KEYBOARD)
        self.assertEqual(self.hc.add_endpoint(slot, IN_1, INTERRUPT_IN), SUCCESS)
        self.hc.control(slot, 0, 9, 1)
        self.hc.control(slot, 0x21, 10, 0)  # no idle reports
        return slot

    def only(self, kind):
        found = [event for event in self.hc.events() if event.type == kind]
        self.assertEqual(len(found), 1, found)
        return found[0]


class Registers(Xhci):
    def test_capabilities(self):
        q = self.q
        self.assertEqual(q.readb(BAR), 0x40)
        self.assertEqual(q.readl(BAR + 4), 8 << 24 | 16 << 8 | 64)
        at, protocols = (q.readl(BAR + 0x10) >> 16) * 4, []
        while at:
            word = q.readl(BAR + at)
            ports = q.readl(BAR + at + 8)
            protocols.append((word & 0xff, word >> 24, ports & 0xff, ports >> 8 & 0xff))
            self.assertEqual(q.read(BAR + at + 4, 4), b'USB ')
            at = at + (word >> 8 & 0xff) * 4 if word >> 8 & 0xff else 0
        self.assertEqual(protocols, [(2, 2, 1, 4), (2, 3, 5, 4)])
        self.assertEqual(self.hc.pci.class_code, 0x0c0330)

    def test_options(self):
        self.machine.stop()
        self.start('-machine', 'pc', '-device', 'qemu-xhci,p2=2,p3=1,slots=5,intrs=3')
        hc = xhci.Xhci(self.q)
        self.assertEqual(self.q.readl(BAR + 4), 3 << 24 | 3 << 8 | 5)
        slots = [hc.command(xhci.ENABLE_SLOT) for _ in range(6)]
        self.assertEqual([event.slot for event in slots[:5]], [1, 2, 3, 4, 5])
        self.assertEqual(slots[5].code, xhci.NO_SLOTS)
        self.assertIn('leaves no port',
                      run('-accel', 'qtest', '-device', 'qemu-xhci,p2=0,p3=0')[2])

    def test_time_and_reset(self):
        before = self.q.readl(RUN)
        self.q.clock_step(1000000)
        self.assertEqual(self.q.readl(RUN) - before, 8)
        self.q.writel(USBCMD, 0)
        self.assertTrue(self.q.readl(USBSTS) & HALTED)
        self.q.writel(USBCMD, 0x200)  # restore what was never saved
        self.assertTrue(self.q.readl(USBSTS) & 1 << 10)
        self.q.writel(USBCMD, 2)
        self.assertEqual(self.q.readl(USBSTS), HALTED)


    def test_save_and_restore(self):
        hc, q = self.hc, self.q
        hc.events()
        q.writel(USBCMD, 0)
        q.writel(USBCMD, 0x100)
        at = xhci.EVENTS + 16 * hc.event_index
        # As Linux resumes: the registers are written, then the state is restored.
        q.writeq(xhci.CRCR, hc.commands.at | hc.commands.cycle)
        q.writel(RUN + 0x28, 1)
        q.writeq(RUN + 0x30, xhci.ERST)
        q.writeq(RUN + 0x38, at)
        q.writel(USBCMD, 0x200)
        self.assertFalse(q.readl(USBSTS) & 1 << 10)
        q.writel(USBCMD, 5)
        self.assertEqual(hc.command(xhci.NOOP_COMMAND).code, SUCCESS)


class Ports(Xhci):
    def test_reset(self):
        self.assertEqual(self.hc.port(1) & (CCS | PED | CSC), CCS | CSC)
        self.assertEqual(self.hc.link(1), 7)
        self.assertEqual(sorted(event.port for event in self.hc.events()), [1, 2])
        self.hc.set_port(1, xhci.PR)
        self.assertEqual(self.only(xhci.PORT_EVENT).port, 1)
        self.assertEqual(self.hc.port(1) & (CCS | PED | PRC), CCS | PED | PRC)
        self.assertEqual((self.hc.port(1) >> 10 & 15, self.hc.link(1)), (3, U0))
        self.hc.set_port(1, xhci.CHANGES)
        self.assertEqual(self.hc.port(1) & xhci.CHANGES, 0)
        self.hc.set_port(1, PED)
        self.assertFalse(self.hc.port(1) & PED)
        self.hc.set_port(3, xhci.PR)  # nothing there
        self.assertFalse(self.hc.port(3) & (PED | PRC))

    def test_suspend_and_wake(self):
        slot = self.keyboard()
        self.hc.control(slot, 0, 3, 1)  # remote wake-up
        self.hc.transfer(slot, IN_1, 8)
        self.hc.set_link(1, U3)
        self.assertEqual(self.hc.link(1), U3)
        self.hmp('sendkey a')
        self.assertEqual(self.only(xhci.PORT_EVENT).port, 1)
        self.assertEqual(self.hc.link(1), RESUME)
        self.assertTrue(self.hc.port(1) & PLC)
        self.hc.set_port(1, PLC)
        self.hc.set_link(1, U0)
        self.assertTrue(self.hc.port(1) & PLC)
        self.q.clock_step(1000000)
        self.assertEqual(self.only(TRANSFER_EVENT).code, SUCCESS)
        self.assertEqual(self.q.read(DATA, 8), bytes((0, 0, 4, 0, 0, 0, 0, 0)))

    def test_key_before_sleep(self):
        slot = self.keyboard()
        self.hc.transfer(slot, IN_1, 8)
        self.hc.control(slot, 0, 3, 1)
        self.hmp('sendkey a-b')
        self.hc.set_link(1, U3)  # b was not fetched
        self.assertEqual(self.hc.link(1), RESUME)


class Slots(Xhci):
    def test_enumeration(self):
        slot = self.hc.attach(KEYBOARD)
        self.assertEqual(self.hc.context(slot, 0)[3], 2 << 27 | slot)
        device = self.hc.descriptor(slot, 1)
        self.assertEqual(device[:8], bytes((18, 1, 0, 2, 0, 0, 0, 64)))
        self.assertEqual(self.hc.descriptor(slot, 1, length=8), device[:8])
        with self.assertRaises(Failed) as failed:
            self.hc.descriptor(slot, 0x55)
        self.assertEqual(failed.exception.code, STALL)
        self.assertEqual(self.hc.descriptor(slot, 3, 2)[2:].decode('utf-16-le'), 'USB Keyboard')
        self.assertIn('Device 0.%d, Port 1, Speed 480 Mb/s, Product USB Keyboard, ID: kbd' % slot,
                      self.hmp('info usb'))

    def test_states(self):
        hc = self.hc
        with self.assertRaises(Failed) as failed:
            hc.slot(3)  # nobody there
        self.assertEqual(failed.exception.code, xhci.TRANSACTION)
        with self.assertRaises(Failed) as failed:
            hc.slot(9)  # no such port
        self.assertEqual(failed.exception.code, xhci.PARAMETER)
        self.assertEqual(hc.command(xhci.ADDRESS, xhci.INPUT, 60).code, xhci.NOT_ENABLED)
        hc.set_port(1, xhci.PR)
        slot = hc.slot(1, flags=1 << 9)  # without an address
        self.assertEqual(hc.context(slot, 0)[3], 1 << 27)
        self.assertEqual(len(hc.descriptor(slot, 1, length=8)), 8)
        self.assertEqual(hc.add_endpoint(slot, IN_1, INTERRUPT_IN), xhci.CONTEXT_STATE)
        self.assertEqual(hc.command(xhci.DISABLE_SLOT, 0, slot).code, SUCCESS)
        slot = self.keyboard()
        self.assertEqual(hc.context(slot, 0)[3] >> 27, 3)
        self.assertEqual(hc.endpoint_state(slot, IN_1), 1)
        self.assertEqual(hc.command(xhci.SET_DEQUEUE, 0, slot, IN_1).code, xhci.CONTEXT_STATE)
        self.assertEqual(hc.command(xhci.RESET_ENDPOINT, 0, slot, IN_1).code, xhci.CONTEXT_STATE)
        self.assertEqual(hc.command(xhci.STOP_ENDPOINT, 0, slot, 7).code,
                         xhci.ENDPOINT_NOT_ENABLED)
        self.assertEqual(hc.command(xhci.CONFIGURE, 0, slot, flags=1 << 9).code, SUCCESS)
        self.assertEqual(hc.endpoint_state(slot, IN_1), 0)
        self.assertEqual(hc.context(slot, 0)[3] >> 27, 2)
        self.assertEqual(hc.command(xhci.RESET_DEVICE, 0, slot).code, SUCCESS)
        self.assertEqual(hc.context(slot, 0)[3], 1 << 27)
        self.assertEqual(hc.command(xhci.NOOP_COMMAND).code, SUCCESS)
        self.assertEqual(hc.command(50).code, xhci.TRB_ERROR)


class Transfers(Xhci):
    def test_keyboard(self):
        slot = self.keyboard()
        for _ in range(4):
            self.hc.transfer(slot, IN_1, 8)
        self.assertEqual(self.hc.events(), [])
        self.hmp('sendkey shift-a')
        self.q.clock_step(200000000)
        events = self.hc.events()
        self.assertEqual([(e.code, e.slot, e.endpoint, e.length) for e in events],
                         [(SUCCESS, slot, IN_1, 0)] * 4)

    def test_short_packet_and_chain(self):
        slot = self.hc.attach(KEYBOARD)
        ring = self.hc.rings[slot, 1]
        setup = struct.unpack('<Q', struct.pack('<BBHHH', 0x80, 6, 0x100, 0, 64))[0]
        ring.put(setup, 8, xhci.SETUP << 10 | xhci.IDT)
        ring.put(DATA, 10, xhci.DATA_STAGE << 10 | xhci.IN | CHAIN | ISP)
        second = ring.put(DATA + 0x100, 54, NORMAL << 10 | CHAIN | ISP)
        ring.put(0x123456789, 0, xhci.EVENT_DATA << 10 | IOC)
        ring.put(0, 0, xhci.STATUS << 10 | IOC)
        self.hc.ring_doorbell(slot, 1)
        events = [(e.parameter, e.code, e.length, e.control >> 2 & 1) for e in self.hc.events()
                  if e.type == TRANSFER_EVENT]
        self.assertEqual(events[:2], [(second, SHORT, 46, 0), (0x123456789, SHORT, 18, 1)])
        self.assertEqual([e[1] for e in events[2:]], [SUCCESS])
        whole = self.hc.descriptor(slot, 1)
        self.assertEqual(self.q.read(DATA + 0x100, 8), whole[10:])

    def test_stop(self):
        slot = self.keyboard()
        trb = self.hc.transfer(slot, IN_1, 8)
        self.hc.commands.put(0, 0, xhci.STOP_ENDPOINT << 10 | slot << 24 | IN_1 << 16)
        self.q.writel(DOORBELL, 0)
        events = self.hc.events()
        self.assertEqual([(e.type, e.code) for e in events],
                         [(TRANSFER_EVENT, STOPPED), (xhci.COMMAND_EVENT, SUCCESS)])
        self.assertEqual((events[0].parameter, events[0].length), (trb, 8))
        self.assertEqual(self.hc.endpoint_state(slot, IN_1), 3)
        self.assertEqual(self.hc.context(slot, IN_1)[2], trb | 1)
        self.hmp('sendkey a')
        self.assertEqual(self.hc.events(), [])
        self.hc.ring_doorbell(slot, IN_1)
        self.assertEqual(self.only(TRANSFER_EVENT).code, SUCCESS)

    def test_movements_in_order(self):
        self.machine.stop()
        self.start('-machine', 'pc', '-m', '16', '-device', 'qemu-xhci', '-device', 'usb-mouse')
        self.hc = xhci.Xhci(self.q)
        slot = self.hc.attach(1)
        self.assertEqual(self.hc.add_endpoint(slot, IN_1, INTERRUPT_IN), SUCCESS)
        self.hc.control(slot, 0, 9, 1)
        for n in range(40):
            self.hc.transfer(slot, IN_1, 8, at=DATA + 16 * n)
        self.hc.events()
        for n in range(1, 41):  # a report each while the guest keeps up
            self.hmp('mouse_move %d %d' % (n, -n))
        events = self.hc.events()
        self.assertEqual([(e.code, e.length) for e in events], [(SHORT, 3)] * 40)
        self.assertEqual([tuple(self.q.read(DATA + 16 * n, 5)) for n in range(40)],
                         [(0, n, 256 - n, 0, 0) for n in range(1, 41)])
        for _ in range(5):
            self.hmp('mouse_move 1 2')
        self.q.clock_step(5000000)
        self.hc.transfer(slot, IN_1, 8)  # one for all when it does not
        self.assertEqual([e.code for e in self.hc.events()], [SHORT])
        self.assertEqual(self.q.read(DATA, 5), bytes((0, 5, 10, 0, 0)))

    def test_unplugged(self):
        self.machine.stop()
        self.start('-machine', 'pc', '-m', '16', '-device', 'qemu-xhci', '-device',
                   'usb-kbd,id=kbd')
        self.hc = xhci.Xhci(self.q)
        slot = self.keyboard()
        self.q.writel(xhci.PORTS, 1 << 9 | PED)  # disabled; the device has lost its address
        self.hc.set_port(1, xhci.PR)
        self.hc.transfer(slot, IN_1, 8)
        self.assertEqual(self.only(TRANSFER_EVENT).code, xhci.TRANSACTION)
        self.assertEqual(self.hc.endpoint_state(slot, IN_1), 2)


class Interrupts(Xhci):
    def msix(self, vector, masked=False):
        self.q.write(MSIX + 16 * vector, struct.pack('<QII', 0xfee00000, 0x40 + vector, masked))

    def setUp(self):
        super().setUp()
        self.hc.events()
        self.q.command('msi_intercept')

    def enable(self, capability, bits):
        at = self.hc.pci.readb(0x34)
        while self.hc.pci.readb(at) != capability:
            at = self.hc.pci.readb(at + 1)
        self.hc.pci.writew(at + 2, self.hc.pci.readw(at + 2) & 0x3fff | bits)
        return at

    def interrupt(self):
        self.hc.command(xhci.NOOP_COMMAND)
        return self.q.messages

    def test_pin(self):
        for pin in range(4):
            pci.PciFunction(self.q, 1).writeb(0x60 + pin, 11)
        self.q.writel(RUN + 0x20, 3)
        self.q.irq_intercept_in('ioapic')
        self.hc.commands.put(0, 0, xhci.NOOP_COMMAND << 10)
        self.q.writel(DOORBELL, 0)
        self.assertEqual(self.q.irq_events, [(11, 1)])
        self.q.writel(RUN + 0x20, 3)
        self.assertEqual(self.q.irq_events[-1], (11, 0))
        self.assertEqual(self.q.messages, [])

    def test_msix(self):
        self.msix(0)
        at = self.enable(0x11, 0x8000)
        self.assertEqual(self.interrupt(), [(0xfee00000, 0x40)])
        self.msix(0, masked=True)
        self.assertEqual(len(self.interrupt()), 1)
        self.assertEqual(self.q.readl(BAR + 0x3800), 1)
        self.msix(0)  # what was pending is sent
        self.assertEqual(len(self.q.messages), 2)
        self.assertEqual(self.q.readl(BAR + 0x3800), 0)
        self.hc.pci.writew(at + 2, self.hc.pci.readw(at + 2) | 0x4000)  # all are masked
        self.assertEqual(len(self.interrupt()), 2)
        self.hc.pci.writew(at + 2, self.hc.pci.readw(at + 2) & ~0x4000)
        self.assertEqual(len(self.q.messages), 3)
        self.hc.pci.writew(4, 2)  # not a bus master
        self.q.writel(RUN + 0x20, 2)
        self.assertEqual(len(self.q.messages), 3)

    def test_msi(self):
        self.machine.stop()
        self.start('-machine', 'pc', '-m', '16', '-device', 'qemu-xhci,msi=on,msix=off')
        self.hc = xhci.Xhci(self.q)
        self.q.command('msi_intercept')
        at = self.enable(5, 0)
        self.assertEqual(self.hc.pci.readw(at + 2), 0x0088)
        self.hc.pci.writel(at + 4, 0xfee01000)
        self.hc.pci.writel(at + 8, 0)
        self.hc.pci.writew(at + 12, 0x5f)
        self.hc.pci.writew(at + 2, 0x41)  # all 16
        self.assertEqual(self.interrupt(), [(0xfee01000, 0x50)])
        self.hc.pci.writew(at + 2, 0x01)  # one
        self.assertEqual(self.interrupt()[-1], (0xfee01000, 0x5f))

    def test_moderation(self):
        self.msix(0)
        self.enable(0x11, 0x8000)
        self.q.writel(RUN + 0x24, 4000)  # 1 ms
        self.interrupt()
        for _ in range(5):
            self.interrupt()
        self.assertEqual(len(self.q.messages), 1)
        self.hc.commands.put(0, 0, xhci.NOOP_COMMAND << 10)
        self.q.writel(DOORBELL, 0)
        self.q.clock_step(2000000)
        self.assertEqual(len(self.q.messages), 2)

    def test_full_ring(self):
        for _ in range(xhci.EVENT_COUNT + 20):
            self.hc.commands.put(0, 0, xhci.NOOP_COMMAND << 10)
            self.q.writel(DOORBELL, 0)
            if self.hc.commands.index == 40:
                break
        for _ in range(40):
            self.hc.commands.put(0, 0, xhci.NOOP_COMMAND << 10)
            self.q.writel(DOORBELL, 0)
        events = self.hc.events()
        self.q.clock_step(1000000)
        events += self.hc.events()
        self.assertEqual([e.code for e in events if e.type == xhci.HOST_EVENT], [xhci.RING_FULL])
        self.assertEqual(len([e for e in events if e.type == xhci.COMMAND_EVENT]), 80)


class Broken(Xhci):
    def check_error(self):
        self.assertTrue(self.q.readl(USBSTS) & HSE)
        self.assertTrue(self.q.readl(USBSTS) & HALTED)
        self.hc.start()  # a reset helps
        self.assertEqual(self.q.readl(USBSTS) & (HSE | HALTED), 0)
        self.assertEqual(self.hc.command(xhci.NOOP_COMMAND).code, SUCCESS)

    def test_rings_outside(self):
        self.q.writel(USBCMD, 0)
        self.q.writeq(xhci.CRCR, OUTSIDE | 1)
        self.q.writel(USBCMD, 5)
        self.q.writel(DOORBELL, 0)
        self.check_error()
        self.q.writeq(RUN + 0x30, OUTSIDE)
        self.check_error()
        self.q.writeq(xhci.DCBAAP, OUTSIDE)
        self.hc.set_port(1, xhci.PR)
        with self.assertRaises(AssertionError):
            self.hc.slot(1)
        self.check_error()

    def test_event_ring_taken_away(self):
        for size in (0, 0xffff):
            self.q.writel(RUN + 0x28, size)
            self.hc.commands.put(0, 0, xhci.NOOP_COMMAND << 10)
            self.q.writel(DOORBELL, 0)
        self.hc.start()
        self.assertEqual(self.hc.command(xhci.NOOP_COMMAND).code, SUCCESS)

    def test_transfers_outside(self):
        slot = self.keyboard()
        self.hc.transfer(slot, IN_1, 8, at=OUTSIDE)
        self.hmp('sendkey a')
        self.check_error()

    def test_loops(self):
        q = self.q
        slot = self.keyboard()
        ring = self.hc.rings[slot, IN_1]
        q.write(ring.base, struct.pack('<QII', ring.base, 0, LINK << 10 | 1))
        self.hc.ring_doorbell(slot, IN_1)
        self.check_error()
        slot = self.keyboard()
        ring = self.hc.rings[slot, IN_1]  # a descriptor without end
        q.write(ring.base, struct.pack('<QII', DATA, 8, NORMAL << 10 | CHAIN | 1))
        q.write(ring.base + 16, struct.pack('<QII', ring.base, 0, LINK << 10 | CHAIN | 1))
        self.hc.ring_doorbell(slot, IN_1)
        self.assertEqual(self.only(TRANSFER_EVENT).code, xhci.TRB_ERROR)
        self.assertEqual(self.hc.endpoint_state(slot, IN_1), 4)
        commands = self.hc.commands  # commands without end: bounded, and time goes on
        q.write(commands.at, struct.pack('<QII', 0, 0, xhci.NOOP_COMMAND << 10 | commands.cycle))
        q.write(commands.at + 16, struct.pack('<QII', commands.at, 0,
                                              LINK << 10 | commands.cycle))
        q.writel(DOORBELL, 0)
        q.clock_step(10000000)
        q.writel(USBCMD, 2)
        self.hc.start()
        self.assertEqual(self.hc.command(xhci.NOOP_COMMAND).code, SUCCESS)

    def test_trbs_that_do_not_belong(self):
        slot = self.keyboard()
        self.hc.transfer(slot, IN_1, 8, kind=xhci.SETUP)
        self.assertEqual(self.only(TRANSFER_EVENT).code, xhci.TRB_ERROR)
        slot = self.hc.attach(TABLET)
        self.hc.transfer(slot, 1, 8, kind=NORMAL)
        self.assertEqual(self.only(TRANSFER_EVENT).code, xhci.TRB_ERROR)


if __name__ == '__main__':
    tap.main()
