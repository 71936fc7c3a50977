#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""EHCI, its companions and the devices at them: what a driver does, and what none should."""

import os
import pathlib
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'lib'))
import ehci  # noqa: E402
import pci  # noqa: E402
import tap  # noqa: E402
import uhci  # noqa: E402
from ehci import (ACTIVE, ASYNC, ASYNC_ON, BABBLE, BUFFER, BUFFER_ERROR, CMD, CONFIG,  # noqa: E402
                  DOORBELL, FRAMES, HALTED, HEAD, IN, INDEX, INTR, IOC, OUT, PERIODIC_ON, POLL,
                  QUEUE, RESET, RUN, SETUP, STS, TDS, XACT, Stall)
from hwtest import HwTest  # noqa: E402
from machine import run  # noqa: E402

OUTSIDE = 0xd0000000  # where no memory is
HALT, ADVANCE, ROLLOVER, PORT_CHANGE, ERROR, INT = 1 << 12, 1 << 5, 1 << 3, 1 << 2, 2, 1
HSE = 1 << 4
IRQ_LINE = 11


class Ehci(HwTest):
    args = ('-machine', 'pc', '-m', '16', '-device', 'usb-ehci,id=ehci', '-device',
            'usb-kbd,id=kbd', '-device', 'usb-tablet,id=tab')
    monitor = True

    def setUp(self):
        super().setUp()
        self.hc = ehci.Ehci(self.q)

    def hmp(self, command):
        return self.machine.hmp.command(command)


class Devices(Ehci):
    def test_descriptors(self):
        self.hc.reset_port(0)
        self.assertEqual(self.hc.port(0) & 0x2005, 5)
        device = self.hc.descriptor(0, 1)
        self.assertEqual(device[:8], bytes((18, 1, 0, 2, 0, 0, 0, 64)))
        self.assertEqual(self.hc.descriptor(0, 1, length=8), device[:8])
        self.hc.control(0, 0, 5, 7)
        with self.assertRaises(Stall):
            self.hc.descriptor(0, 1)  # it has another address now
        self.assertEqual(self.hc.descriptor(7, 3, 2)[2:].decode('utf-16-le'), 'USB Keyboard')
        with self.assertRaises(Stall):
            self.hc.descriptor(7, 3, 9)
        self.assertIn('Device 0.7, Port 1, Speed 480 Mb/s, Product USB Keyboard, ID: kbd',
                      self.hmp('info usb'))

    def test_keyboard(self):
        self.hc.configure(0, 1)
        self.hc.control(1, 0x21, 10, 0)  # no idle reports
        self.assertIsNone(self.hc.poll(1))
        self.hmp('sendkey a')
        self.assertEqual(self.hc.poll(1), bytes((0, 0, 4, 0, 0, 0, 0, 0)))
        self.assertIsNone(self.hc.poll(1))
        self.hc.step(200)
        self.assertEqual(self.hc.poll(1), bytes(8))

    def test_both_at_once(self):
        """A key that comes while its descriptor waits, with an interrupt."""
        self.hc.configure(0, 1)
        self.hc.control(1, 0x21, 10, 0)
        self.hc.write(STS, 0x3f)
        self.hc.queue(POLL, None, 1, 1, 8, mask=1)
        self.hc.put(0, IN, 8, flags=IOC, last=True)
        self.hc.start(POLL, 100)
        self.assertTrue(self.hc.token(0) & ACTIVE)
        self.assertFalse(self.hc.read(STS) & INT)
        self.hmp('sendkey b')
        self.hc.step(2)
        self.assertFalse(self.hc.token(0) & ACTIVE)
        self.assertEqual(self.q.read(BUFFER, 3), bytes((0, 0, 5)))
        self.assertTrue(self.hc.read(STS) & INT)

    def test_mask(self):
        """One report a microframe of the mask."""
        self.hc.configure(0, 1)
        self.hc.control(1, 0x21, 10, 0)
        self.hc.poll(1)
        self.hmp('sendkey a-b-c')
        self.hc.queue(POLL, None, 1, 1, 8, mask=0x11)
        for n in range(3):
            self.hc.put(n, IN, 8, last=n == 2)
        self.hc.start(POLL, 1)
        self.assertEqual([bool(self.hc.token(n) & ACTIVE) for n in range(3)], [False, False, True])
        self.hc.step()
        self.assertFalse(self.hc.token(2) & ACTIVE)

    def test_wake_up(self):
        self.hc.configure(0, 1)
        self.hc.control(1, 0, 3, 1)  # remote wake-up
        self.hc.control(1, 0x21, 10, 0)
        self.hc.poll(1)
        self.hc.set_port(0, 0x1084)
        self.hc.write(STS, PORT_CHANGE)
        with self.assertRaises(Stall):
            self.hc.descriptor(1, 1)
        self.hmp('sendkey x')
        self.assertEqual(self.hc.port(0) & 0xc0, 0xc0)
        self.assertTrue(self.hc.read(STS) & PORT_CHANGE)
        self.hc.set_port(0, 0x1004)
        self.assertEqual(self.hc.port(0) & 0xc4, 4)
        self.assertEqual(self.hc.poll(1)[2], 0x1b)

    def test_plug(self):
        self.hc.set_port(1, self.hc.port(1) | 0xa)
        self.hmp('device_del tab')
        self.assertEqual(self.hc.port(1) & 7, 2)
        self.hc.set_port(1, 0x1002)
        self.hmp('device_add usb-tablet,id=again,port=2')
        self.assertEqual(self.hc.port(1) & 7, 3)
        self.hc.configure(1, 3)
        self.assertEqual(self.hc.descriptor(3, 3, 2)[2:].decode('utf-16-le'), 'USB Tablet')
        self.assertIn('cannot work at the speeds',
                      self.hmp('device_add usb-kbd,usb_version=1,port=3'))


class Controller(Ehci):
    def test_capabilities(self):
        self.assertEqual(self.q.readl(ehci.BAR), 0x01000020)
        self.assertEqual(self.q.readl(ehci.BAR + 4), 6)
        self.assertEqual(self.hc.pci.readb(0x60), 0x20)
        eecp = self.q.readl(ehci.BAR + 8) >> 8 & 0xff
        self.assertEqual(self.hc.pci.readl(eecp), 1)
        self.hc.pci.writeb(eecp + 3, 1)  # the system wants it
        self.assertEqual(self.hc.pci.readl(eecp), 0x01000001)  # and nobody else has it

    def test_interrupt(self):
        self.hc.write(INTR, INT)
        pci.PciFunction(self.q, 1).writel(0x60, IRQ_LINE * 0x01010101)
        self.q.irq_intercept_in('ioapic')
        self.hc.reset_port(0)
        self.hc.control(0, 0, 5, 1)
        self.assertTrue(self.hc.read(STS) & INT)
        self.assertTrue((IRQ_LINE, 1) in self.q.irq_events)
        self.hc.write(STS, INT)
        self.assertFalse(self.hc.read(STS) & INT)

    def test_nobody(self):
        """Three tries, then the descriptor is given up; with CERR 0 it is tried for ever."""
        self.hc.queue(QUEUE, HEAD, 99)
        self.hc.put(0, IN, 8, flags=IOC, last=True)
        self.hc.start(frames=6)
        self.assertEqual(self.hc.token(0) & (ACTIVE | HALTED | XACT), HALTED | XACT)
        self.assertEqual(self.hc.read(STS) & 3, 3)
        self.hc.queue(QUEUE, HEAD, 99)
        self.hc.put(0, IN, 8, last=True, errors=0)
        self.hc.start(frames=50)
        self.assertTrue(self.hc.token(0) & ACTIVE)

    def test_short_packet(self):
        """It leads to the alternate descriptor."""
        self.hc.reset_port(0)
        self.hc.write(STS, 0x3f)
        self.q.write(BUFFER, bytes((0x80, 6, 0, 1, 0, 0, 64, 0)))
        self.hc.put(0, SETUP, 8)
        self.hc.put(1, IN, 64, 1, alternate=TDS + 64 * 3)
        self.hc.put(2, OUT, 0, 1, last=True)
        self.hc.put(3, OUT, 0, 1, last=True)
        self.hc.queue(QUEUE, HEAD)
        self.hc.start()
        self.assertEqual(self.hc.left(1), 64 - 18)
        self.assertTrue(self.hc.token(2) & ACTIVE)
        self.assertFalse(self.hc.token(3) & ACTIVE)
        self.assertTrue(self.hc.read(STS) & INT)

    def test_pages(self):
        """Data across a page border, to pages that are not side by side."""
        self.hc.reset_port(0)
        device = self.hc.descriptor(0, 1)
        self.q.write(BUFFER, bytes((0x80, 6, 0, 1, 0, 0, 18, 0)))
        self.hc.queue(QUEUE, HEAD)
        self.hc.put(0, SETUP, 8)
        at = self.hc.put(1, IN, 18, 1, buffer=0x200ffb, last=True)
        self.q.writel(at + 16, 0x300000)
        self.hc.start()
        self.assertEqual(self.q.read(0x200ffb, 5) + self.q.read(0x300000, 13), device)
        self.assertEqual(self.hc.overlay() >> 12 & 7, 1)

    def test_nak_counter(self):
        self.hc.configure(0, 1)
        self.hc.control(1, 0x21, 10, 0)
        self.hc.queue(QUEUE, HEAD, 1, 1, 8, reload=4)
        self.hc.put(0, IN, 8, last=True)
        self.hc.start()
        self.assertEqual(self.q.readl(QUEUE + 20) >> 1 & 15, 3)
        self.assertTrue(self.hc.overlay() & ACTIVE)

    def test_doorbell(self):
        self.q.writel(HEAD, HEAD | 2)  # the queue is out of the list
        self.hc.write(CMD, self.hc.read(CMD) | DOORBELL)
        self.hc.step()
        self.assertTrue(self.hc.read(STS) & ADVANCE)
        self.assertFalse(self.hc.read(CMD) & DOORBELL)
        self.q.write(QUEUE, b'\xff' * 48)
        self.hc.step(20)
        self.assertEqual(self.hc.read(ASYNC), HEAD)
        self.assertFalse(self.hc.read(STS) & (HALT | HSE))

    def test_lists_off(self):
        """They have nothing done; what was added meanwhile is, afterwards."""
        self.hc.reset_port(0)
        self.hc.write(CMD, RUN)
        self.assertFalse(self.hc.read(STS) & 0xc000)
        self.q.write(BUFFER, bytes((0x80, 6, 0, 1, 0, 0, 18, 0)))
        self.hc.queue(QUEUE, HEAD)
        self.hc.put(0, SETUP, 8, last=True)
        self.hc.start(frames=50)
        self.assertTrue(self.hc.token(0) & ACTIVE)
        self.hc.write(CMD, RUN | ASYNC_ON)
        self.assertEqual(self.hc.read(STS) & 0xc000, 0x8000)
        self.hc.step()
        self.assertFalse(self.hc.token(0) & ACTIVE)

    def test_added_while_idle(self):
        """A list that has been idle for long is looked at again soon."""
        self.hc.reset_port(0)
        self.hc.step(500)
        self.q.write(BUFFER, bytes((0x80, 6, 0, 1, 0, 0, 18, 0)))
        self.hc.queue(QUEUE, HEAD)
        self.hc.put(0, SETUP, 8, last=True)
        self.hc.start(frames=16)
        self.assertFalse(self.hc.token(0) & ACTIVE)

    def test_frame_index(self):
        before = self.hc.read(INDEX)
        self.hc.step(5)
        self.assertEqual(self.hc.read(INDEX) - before, 40)
        self.hc.write(INDEX, 3)
        self.assertEqual(self.hc.read(INDEX) - before, 40)  # only while it does not run
        self.hc.write(CMD, 0)
        self.assertTrue(self.hc.read(STS) & HALT)
        self.hc.step(5)
        self.assertEqual(self.hc.read(INDEX) - before, 40)
        for size, frames in ((0, 1024), (1, 512), (2, 256)):
            with self.subTest(frames):
                self.hc.write(INDEX, (frames - 2) * 8)
                self.hc.write(STS, ROLLOVER)
                self.hc.write(INTR, ROLLOVER)
                self.hc.write(CMD, RUN | size << 2)
                self.hc.step()
                self.assertFalse(self.hc.read(STS) & ROLLOVER)
                self.hc.step()
                self.assertTrue(self.hc.read(STS) & ROLLOVER)
                self.hc.write(CMD, 0)

    def test_isochronous(self):
        """No device has such an endpoint: the transaction is over, with an error."""
        at = 0x180000
        words = [1] + [0] * 15
        words[1] = 1 << 31 | 100 << 16 | IOC           # IN, in the first microframe
        words[3] = 1 << 31 | 0xfff << 16               # longer than can be
        words[9], words[10], words[11] = BUFFER | 5 << 8 | 1, BUFFER + 4096 | 1 << 11 | 100, 1
        self.q.write(at, struct.pack('<16I', *words))
        split = 0x180080
        self.q.write(split, struct.pack('<7I', 1, 1 << 31 | 5 << 8 | 1, 1,
                                        1 << 31 | 100 << 16 | 1 << 7, BUFFER, 0, 1))
        for entry in (at, split | 4):
            self.q.write(FRAMES, struct.pack('<I', entry) * 1024)
            self.hc.step(2)
        self.assertEqual(self.q.readl(at + 4) >> 28, 1)
        self.assertEqual(self.q.readl(at + 12) >> 28, 4)
        self.assertEqual(self.q.readl(split + 12) & 0x88, 8)
        self.assertEqual(self.hc.read(STS) & 3, 3)

    # ---- broken lists ----

    def goes_on(self):
        before = self.hc.read(INDEX)
        self.hc.step(5)
        self.assertEqual(self.hc.read(INDEX) - before & 0x3fff, 40)
        self.assertFalse(self.hc.read(STS) & (HSE | HALT))

    def test_circles(self):
        self.q.writel(POLL, POLL | 2)
        self.goes_on()
        self.hc.queue(POLL, None, 99, 1, 8, mask=0xff)
        self.q.writel(POLL, POLL | 2)
        at = self.hc.put(0, IN, 8, last=True)
        self.q.writel(at, at)
        self.hc.start(POLL)
        self.goes_on()
        self.q.writel(HEAD, HEAD | 2)
        self.goes_on()
        self.q.writel(QUEUE, QUEUE | 2)
        self.q.writel(HEAD, QUEUE | 2)  # the first is never met again
        self.goes_on()
        self.q.writel(FRAMES, FRAMES | 6)  # a traversal node that is the frame list
        self.goes_on()

    def test_endless_queue(self):
        """A descriptor whose successor it is itself, active for ever."""
        self.hc.reset_port(0)
        at = self.hc.put(0, OUT, 0, 1)
        self.q.writel(at, at)
        self.hc.queue(QUEUE, HEAD)
        self.hc.start()
        self.goes_on()

    def test_outside_memory(self):
        for broken in ('frames', 'async', 'queue', 'descriptor', 'buffer', 'itd', 'registers'):
            with self.subTest(broken):
                self.hc.begin()
                self.hc.reset_port(0)
                self.hc.queue(QUEUE, HEAD)
                self.hc.put(0, SETUP, 8, last=True, buffer=OUTSIDE if broken == 'buffer' else None)
                if broken == 'frames':
                    self.hc.write(ehci.PERIODIC, OUTSIDE)
                elif broken == 'async':
                    self.hc.write(ASYNC, OUTSIDE)
                elif broken == 'queue':
                    self.q.writel(HEAD, OUTSIDE | 2)
                elif broken == 'itd':
                    self.q.write(FRAMES, struct.pack('<I', OUTSIDE) * 1024)
                elif broken == 'registers':
                    self.q.writel(HEAD, ehci.OP | 2)
                self.hc.start()
                if broken == 'descriptor':
                    self.q.writel(QUEUE + 16, OUTSIDE)
                    self.q.writel(QUEUE + 24, 0)
                self.hc.step(20)
                if broken == 'registers':
                    continue  # whatever it is, nothing hangs
                self.assertTrue(self.hc.read(STS) & HSE)
                self.assertTrue(self.hc.read(STS) & HALT)
                self.assertFalse(self.hc.read(CMD) & RUN)

    def test_wrong_tokens(self):
        self.hc.reset_port(0)
        for pid, length, flags, error in ((3, 8, 0, BUFFER_ERROR), (IN, 8, 7 << 12, BUFFER_ERROR),
                                          (SETUP, 9, 0, 0), (SETUP, 0, 0, 0)):
            with self.subTest((pid, length)):
                self.hc.queue(QUEUE, HEAD)
                self.hc.put(0, pid, length, flags=flags, last=True)
                self.hc.start()
                self.assertEqual(self.hc.token(0) & (ACTIVE | HALTED | BUFFER_ERROR),
                                 HALTED | error)

    def test_babble(self):
        self.hc.configure(1, 2)
        self.hc.poll(2)
        self.hmp('mouse_button 1')
        self.hc.queue(POLL, None, 2, 1, 8, mask=1)
        self.hc.put(0, IN, 3, last=True)
        self.hc.start(POLL)
        self.assertEqual(self.hc.token(0) & (HALTED | BABBLE), HALTED | BABBLE)

    def test_reset(self):
        self.hc.configure(0, 1)
        self.hc.write(CMD, RESET)
        self.assertEqual(self.hc.read(CMD), 8 << 16)
        self.assertEqual(self.hc.read(STS), HALT)
        self.assertEqual(self.hc.read(CONFIG), 0)
        self.assertEqual(self.hc.port(0), 0x3000)  # nobody's
        self.hc.begin()
        self.assertEqual(self.hc.port(0) & 0x2007, 3)
        self.hc.configure(0, 1)
        self.hmp('system_reset')
        self.assertEqual(self.q.readl(ehci.OP), 0xffffffff)  # not mapped any more


class Companions(HwTest):
    args = ('-machine', 'pc', '-m', '16', '-device',
            'ich9-usb-ehci1,id=ehci,addr=1d.7,multifunction=on', '-device',
            'ich9-usb-uhci1,masterbus=ehci.0,firstport=0,addr=1d.0,multifunction=on', '-device',
            'ich9-usb-uhci2,masterbus=ehci.0,firstport=2,addr=1d.1', '-device',
            'ich9-usb-uhci3,masterbus=ehci.0,firstport=4,addr=1d.2', '-device',
            'usb-kbd,usb_version=1,bus=ehci.0,port=3,id=kbd', '-device',
            'usb-tablet,bus=ehci.0,port=4,id=tab')
    monitor = True

    def hmp(self, command):
        return self.machine.hmp.command(command)

    def test_functions(self):
        found = [pci.PciFunction(self.q, 0x1d, n).id for n in (0, 1, 2, 7)]
        self.assertEqual(found, [(0x8086, 0x2934), (0x8086, 0x2935), (0x8086, 0x2936),
                                 (0x8086, 0x293a)])
        self.assertTrue(pci.PciFunction(self.q, 0x1d).readb(0x0e) & 0x80)
        hc = ehci.Ehci(self.q, 0x293a)
        self.assertEqual(self.q.readl(ehci.BAR + 4), 0x3206)
        self.assertEqual(hc.port(0) & 1, 0)

    def test_without_ehci_driver(self):
        """Everything is the companion's, at full speed."""
        hc = uhci.Uhci(self.q, 0x2935)
        self.assertIn('Device 0.0, Port 4, Speed 12 Mb/s, Product USB Tablet', self.hmp('info usb'))
        hc.configure(0, 1)
        self.assertEqual(hc.descriptor(1, 3, 2)[2:].decode('utf-16-le'), 'USB Keyboard')
        hc.configure(1, 2)
        self.assertEqual(hc.descriptor(2, 1)[7], 8)  # its endpoint 0 at full speed
        self.assertIsNone(hc.poll(2))
        self.hmp('mouse_button 1')
        self.assertEqual(hc.poll(2)[0], 1)

    def test_hand_over(self):
        low = uhci.Uhci(self.q, 0x2935)
        low.configure(1, 2)
        high = ehci.Ehci(self.q, 0x293a)
        self.assertEqual((low.port(0) & 1, low.port(1) & 1), (0, 0))
        self.assertIn('Speed 480 Mb/s, Product USB Tablet', self.hmp('info usb'))
        self.assertEqual(high.port(2) & 0x2c01, 0x0801)
        high.reset_port(2)
        self.assertEqual(high.port(2) & 0x2005, 1)  # not enabled: of full speed
        high.set_port(2, 0x3000)
        self.assertEqual(high.port(2) & 0x2001, 0x2000)
        self.assertTrue(low.port(0) & 1)
        low.configure(0, 1)
        high.configure(3, 5)
        self.assertEqual(high.descriptor(5, 1)[7], 64)
        self.hmp('device_del kbd')  # the empty port is the EHCI's again
        self.assertEqual(low.port(0) & 1, 0)
        self.assertEqual(high.port(2) & 0x2001, 0)
        high.set_port(2, 0x1002)
        self.hmp('device_add usb-kbd,usb_version=1,bus=ehci.0,port=3')
        self.assertEqual(high.port(2) & 3, 3)
        high.write(CONFIG, 0)
        self.assertTrue(low.port(0) & low.port(1) & 1)
        high.write(CMD, RESET)
        self.hmp('system_reset')
        self.assertIn('Speed 12 Mb/s, Product USB Tablet', self.hmp('info usb'))

    def test_hub(self):
        """What is plugged into it changes its speed with it."""
        self.hmp('device_add usb-hub,bus=ehci.0,port=1,id=hub')
        self.hmp('device_add usb-mouse,bus=ehci.0,port=1.3')
        self.assertRegex(self.hmp('info usb'), 'Speed 12 Mb/s, Product USB Mouse')
        ehci.Ehci(self.q, 0x293a)
        self.assertRegex(self.hmp('info usb'), 'Speed 480 Mb/s, Product USB Mouse')


class Storage(HwTest):
    """Bulk transfers, to an image that takes its time."""
    args = None

    def setUp(self):
        directory = tempfile.mkdtemp(prefix='vitrine-stick-')
        self.addCleanup(shutil.rmtree, directory, True)
        self.path = os.path.join(directory, 'stick')
        self.content = os.urandom(1 << 20)
        with open(self.path, 'wb') as f:
            f.write(self.content)
        self.start('-machine', 'pc', '-m', '32', '-device', 'usb-ehci', '-drive',
                   'if=none,id=stick,format=raw,file=' + self.path, '-device',
                   'usb-storage,drive=stick')
        self.hc = ehci.Ehci(self.q)
        self.hc.configure(0, 1)
        self.tag = 0

    def command(self, cdb, length, data=None):
        self.tag += 1
        self.hc.bulk(1, 2, OUT, 31, struct.pack(
            '<IIIBBB', 0x43425355, self.tag, length, 0 if data else 0x80, 0, len(cdb)) +
            bytes(cdb).ljust(16, b'\0'))
        result = b''
        for at in range(0, length, 16384):
            part = min(16384, length - at)
            result += self.hc.bulk(1, 2 if data else 1, OUT if data else IN, part,
                                   data and data[at:at + part], frames=2000)
        csw = self.hc.bulk(1, 1, IN, 13, frames=2000)
        self.assertEqual(struct.unpack('<IIIB', csw), (0x53425355, self.tag, 0, 0))
        return result

    def test_data(self):
        self.command((0x12, 0, 0, 0, 36, 0), 36)
        self.hc.bulk(1, 2, OUT, 31, b'USBC'.ljust(12, b'\0') + bytes((0x80, 0, 6)).ljust(19, b'\0'))
        self.hc.bulk(1, 1, IN, 13)
        read = self.command((0x28, 0, 0, 0, 0, 9, 0, 0, 200, 0), 200 * 512)
        self.assertEqual(read, self.content[9 * 512:209 * 512])
        data = os.urandom(64 * 512)
        self.command((0x2a, 0, 0, 0, 1, 0, 0, 0, 64, 0), len(data), data)
        self.command((0x35,) + (0,) * 9, 0)
        with open(self.path, 'rb') as f:
            self.assertEqual(f.read(), self.content[:256 * 512] + data + self.content[320 * 512:])


class Mistakes(HwTest):
    args = None

    def refused(self, text, *args):
        status, _, error = run('-machine', 'pc', '-display', 'none', '-accel', 'qtest', *args)
        self.assertEqual(status, 1, error)
        self.assertIn(text, error)

    def test_companions(self):
        self.refused('there is no such USB bus', '-device', 'ich9-usb-uhci1,masterbus=x.0')
        self.refused('no ports for companions', '-device', 'qemu-xhci,id=x', '-device',
                     'ich9-usb-uhci1,masterbus=x.0')
        two = ('-device', 'usb-ehci,id=e', '-device', 'ich9-usb-uhci1,masterbus=e.0,firstport=')
        self.refused('ports 0 to 5 only', *two[:3], two[3] + '5')
        self.refused('has a companion already', *two[:3], two[3] + '0', '-device',
                     'ich9-usb-uhci2,masterbus=e.0,firstport=1')
        self.refused('cannot work at the speeds', '-device', 'usb-ehci', '-device',
                     'usb-kbd,usb_version=1,port=1')


if __name__ == '__main__':
    tap.main()
