#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""UHCI and the USB input devices behind it: what a driver does, and what none should."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'lib'))
import pci  # noqa: E402
import tap  # noqa: E402
import uhci  # noqa: E402
from hwtest import HwTest  # noqa: E402
from machine import run  # noqa: E402
from qmp import Client  # noqa: E402
from uhci import FRAMES, IOC, PORT, QUEUE, SPD, TDS, Stall  # noqa: E402

OUTSIDE = 0xe0000000  # where no memory is
IRQ_LINE = 11


class Uhci(HwTest):
    args = ('-machine', 'pc', '-m', '16', '-usb', '-device', 'usb-kbd,id=kbd', '-device',
            'usb-tablet,id=tab')
    monitor = True

    def setUp(self):
        super().setUp()
        self.hc = uhci.Uhci(self.q)

    def hmp(self, command):
        return self.machine.hmp.command(command)


class Devices(Uhci):
    def test_descriptors(self):
        self.hc.reset_port(0)
        device = self.hc.descriptor(0, 1)
        self.assertEqual(device[:8], bytes((18, 1, 0, 2, 0, 0, 0, 8)))
        self.assertEqual(self.hc.descriptor(0, 1, length=8), device[:8])  # no more than asked for
        self.hc.control(0, 0, 5, 7)
        with self.assertRaises(Stall):
            self.hc.descriptor(0, 1)  # it has another address now
        config = self.hc.descriptor(7, 2, length=255)
        self.assertEqual(config[2] | config[3] << 8, len(config))
        self.assertEqual(config[5], 1)
        report = config[25] | config[26] << 8
        self.assertEqual(len(self.hc.descriptor(7, 0x22, length=255, request_type=0x81)), report)
        languages = self.hc.descriptor(7, 3)
        self.assertEqual(languages, bytes((4, 3, 9, 4)))
        self.assertEqual(self.hc.descriptor(7, 3, 2)[2:].decode('utf-16-le'), 'USB Keyboard')
        for kind, index in ((2, 1), (3, 9), (0x55, 0)):
            with self.assertRaises(Stall):
                self.hc.descriptor(7, kind, index)
        self.assertIn('  Device 0.7, Port 1, Speed 12 Mb/s, Product USB Keyboard, ID: kbd',
                      self.hmp('info usb'))

    def test_states(self):
        self.hc.reset_port(0)
        with self.assertRaises(Stall):
            self.hc.control(0, 0, 9, 1)  # no address yet
        self.hc.control(0, 0, 5, 3)
        self.assertEqual(self.hc.control(3, 0x80, 8, length=1), b'\0')
        with self.assertRaises(Stall):
            self.hc.control(3, 0, 9, 2)  # no such configuration
        self.hc.control(3, 0, 9, 1)
        self.assertEqual(self.hc.control(3, 0x80, 8, length=1), b'\1')
        self.assertEqual(self.hc.control(3, 0x80, 0, length=2), b'\0\0')
        self.hc.control(3, 0, 3, 1)  # remote wake-up
        self.assertEqual(self.hc.control(3, 0x80, 0, length=2), b'\2\0')
        self.hc.control(3, 2, 3, 0, 0x81)  # halt endpoint 1
        with self.assertRaises(Stall):
            self.hc.poll(3)
        self.hc.control(3, 2, 1, 0, 0x81)
        self.hc.poll(3)
        with self.assertRaises(Stall):
            self.hc.control(3, 2, 3, 0, 0x85)  # no such endpoint

    def test_keyboard(self):
        self.hc.configure(0, 1)
        self.hc.control(1, 0x21, 10, 0)  # no idle reports
        self.assertIsNone(self.hc.poll(1))
        self.hmp('sendkey a-b')
        self.assertEqual(self.hc.poll(1), bytes((0, 0, 4, 0, 0, 0, 0, 0)))
        self.assertEqual(self.hc.poll(1), bytes((0, 0, 4, 5, 0, 0, 0, 0)))
        self.assertIsNone(self.hc.poll(1))
        self.hc.step(200)
        self.assertEqual(self.hc.poll(1), bytes((0, 0, 4, 0, 0, 0, 0, 0)))
        self.assertEqual(self.hc.poll(1), bytes(8))
        self.assertIsNone(self.hc.poll(1))
        self.hmp('sendkey a-b-c-d-e-f-g')
        reports = [self.hc.poll(1) for _ in range(7)]
        self.assertEqual(reports[5], bytes((0, 0, 4, 5, 6, 7, 8, 9)))
        self.assertEqual(reports[6], bytes((0, 0, 1, 1, 1, 1, 1, 1)))  # one too many

    def test_idle_rate(self):
        self.hc.configure(0, 1)
        self.hc.control(1, 0x21, 10, 5 << 8)  # 20 ms
        self.assertEqual(self.hc.control(1, 0xa1, 2, length=1), b'\5')
        self.hc.step(30)
        self.assertEqual(self.hc.poll(1), bytes(8))
        self.assertIsNone(self.hc.poll(1, frames=2))
        self.hc.step(20)
        self.assertEqual(self.hc.poll(1), bytes(8))

    def test_pointer(self):
        self.assertNotIn('* Mouse #4', self.hmp('info mice'))
        self.hc.configure(1, 2)
        self.assertNotIn('* Mouse #4', self.hmp('info mice'))
        self.assertIsNone(self.hc.poll(2))
        self.assertIn('* Mouse #4: QEMU HID Tablet (absolute)', self.hmp('info mice'))
        self.hmp('mouse_button 1')
        self.assertEqual(self.hc.poll(2), bytes((1, 0, 0, 0, 0, 0, 0)))
        self.hmp('mouse_move 0 0 -3')
        self.assertEqual(self.hc.poll(2)[5], 0xfd)
        self.hc.control(2, 0, 9, 0)  # the driver goes
        self.assertNotIn('* Mouse #4', self.hmp('info mice'))

    def test_wake_up(self):
        self.hc.configure(0, 1)
        self.hc.control(1, 0, 3, 1)  # remote wake-up
        self.hc.control(1, 0x21, 10, 0)
        self.hc.poll(1)
        self.hc.set_port(0, 0x1004)  # suspended
        self.hmp('sendkey x')
        self.assertEqual(self.hc.port(0) & 0x1040, 0x1040)
        self.assertTrue(self.hc.status() & 4)
        self.hc.set_port(0, 0x1044)
        self.hc.set_port(0, 4)
        self.assertEqual(self.hc.port(0) & 0x1040, 0)
        self.assertEqual(self.hc.poll(1)[2], 0x1b)


class Movement(HwTest):
    """A thousand events a second: each is a report of its own if the guest asks often enough."""
    args = None
    COUNT = 300

    def setUp(self):
        self.start('-machine', 'pc', '-m', '16', '-usb', '-device', 'usb-tablet', '-qmp',
                   'unix:qmp,server=on,wait=off', cwd=True)
        self.hc = uhci.Uhci(self.q)
        self.qmp = Client(self.machine.path('qmp'))
        self.addCleanup(self.qmp.close)
        self.hc.configure(0, 1)
        self.hc.control(1, 0x21, 10, 0)  # no idle reports
        while self.hc.poll(1):
            pass

    def send(self, *events):
        self.qmp.value('input-send-event', events=list(events))

    def move(self, x, y):
        self.send(*({'type': 'abs', 'data': {'axis': axis, 'value': value}}
                    for axis, value in (('x', x), ('y', y))))

    def button(self, down):
        self.send({'type': 'btn', 'data': {'button': 'left', 'down': down}})

    def ask(self):
        self.hc.put(0, uhci.IN, 1, 1, 8, last=True)
        self.q.writel(QUEUE + 4, TDS)

    def answer(self):
        """(buttons, x, y), or None. The descriptor stays in the schedule."""
        if self.hc.control_word(0) & uhci.ACTIVE:
            return None
        raw = self.q.read(uhci.BUFFER, 7)
        return raw[0], raw[1] | raw[2] << 8, raw[3] | raw[4] << 8

    def test_every_frame(self):
        sent = [(0, 100 * n + 7, 32000 - 50 * n) for n in range(1, self.COUNT + 1)]
        told = []
        self.ask()
        for _, x, y in sent:
            self.move(x, y)
            self.hc.step()
            report = self.answer()
            if report:
                told.append(report)
                self.ask()
        self.assertEqual(told, sent)

    def test_irregular(self):
        """Movements come when they like, and a guest that asks each millisecond gets all."""
        sent = [(0, 100 * n + 7, 32000 - 50 * n) for n in range(1, self.COUNT + 1)]
        told, waiting = [], list(sent)
        self.ask()
        while len(told) < len(sent):
            for _ in range((3, 0, 1, 0)[len(told) % 4] if waiting else 0):
                self.move(*waiting.pop(0)[1:])
            self.hc.step()
            report = self.answer()
            if report:
                told.append(report)
                self.ask()
            self.assertLessEqual(len(told), len(sent) - len(waiting))
        self.assertEqual(told, sent)

    def test_late_guest(self):
        """It finds where the pointer is, not where it was."""
        for n in range(1, 13):
            self.move(100 * n, 50 * n)
        self.hc.step(5)
        self.assertEqual(self.hc.poll(1)[1:5].hex(), (1200).to_bytes(2, 'little').hex() +
                         (600).to_bytes(2, 'little').hex())
        self.assertIsNone(self.hc.poll(1))

    def test_slow_guest(self):
        """It is told the last position, and no click is lost or moved to another place."""
        told = []
        for n in range(1, self.COUNT + 1):
            self.move(100 * n, 50 * n)
            if n % 100 == 50:
                self.button(True)
            if n % 100 == 53:
                self.button(False)
            self.hc.step()
            if n % 8 == 0:
                self.ask()
                self.hc.step(16)
                told.append(self.answer())
        self.hc.idle()
        presses, releases = [], []
        for report, following in zip(told, told[1:]):
            self.assertLessEqual(report[1], following[1])
            if report[0] < following[0]:
                presses.append(following)
            elif report[0] > following[0]:
                releases.append(following)
        self.assertEqual(presses, [(1, x, x // 2) for x in (5000, 15000, 25000)])
        self.assertEqual(releases, [(0, x, x // 2) for x in (5300, 15300, 25300)])
        latest = [report for n, report in enumerate(told, 1) if report == (0, 800 * n, 400 * n)]
        self.assertGreater(len(latest), len(told) // 2)
        left = [self.hc.poll(1) for _ in range(9)]
        self.assertIsNone(left[-1])


class Controller(Uhci):
    def test_interrupt(self):
        self.q.outw(PORT + 4, 4)  # on completion
        pci.PciFunction(self.q, 1).writeb(0x63, IRQ_LINE)  # PIRQD
        self.q.irq_intercept_in('ioapic')
        self.hc.reset_port(0)
        self.hc.control(0, 0, 5, 1)
        self.assertTrue(self.hc.status() & 1)
        self.assertTrue((IRQ_LINE, 1) in self.q.irq_events)
        self.q.outw(PORT + 2, 1)
        self.assertFalse(self.hc.status() & 1)

    def test_nobody(self):
        """Three tries, then the descriptor is given up."""
        self.hc.put(0, uhci.IN, 99, 0, 8, flags=IOC, last=True)
        self.hc.start(1)
        self.assertTrue(self.hc.control_word(0) & uhci.ACTIVE)
        self.hc.step(4)
        self.assertEqual(self.hc.control_word(0) & (uhci.ACTIVE | uhci.STALLED | uhci.TIMEOUT),
                         uhci.STALLED | uhci.TIMEOUT)
        self.assertEqual(self.hc.status() & 3, 3)

    def test_idle(self):
        """Frames are put together when nothing moves; nobody sees it but the host."""
        self.hc.configure(0, 1)
        self.hc.control(1, 0x21, 10, 0)
        self.hc.put(0, uhci.IN, 1, 1, 8, flags=IOC, last=True)
        self.hc.start(200)
        before = self.q.inw(PORT + 6)
        for _ in range(20):
            self.hc.step()
            before = before + 1 & 0x7ff
            self.assertEqual(self.q.inw(PORT + 6), before)
        self.hc.step(100)
        self.q.outw(PORT + 2, 0x1f)
        self.hc.step(100)
        self.hmp('sendkey b')
        self.hc.step(1)
        self.assertFalse(self.hc.control_word(0) & uhci.ACTIVE)
        self.hc.step(100)
        self.hc.put(0, uhci.IN, 1, 1, 8, last=True)
        self.q.writel(TDS + 4, IOC)  # a mark only, not active
        self.q.outw(PORT + 2, 0x1f)
        self.q.writel(QUEUE + 4, TDS)
        self.hc.step(16)
        self.assertTrue(self.hc.status() & 1)
        self.hc.idle()
        self.hc.step(100)
        before = self.q.inw(PORT + 6)
        self.q.outw(PORT, 0)
        self.assertEqual(self.q.inw(PORT + 6), before)
        self.hc.step(20)
        self.assertEqual(self.q.inw(PORT + 6), before)

    def test_short_packet(self):
        """It ends its queue, for the driver to look."""
        self.hc.reset_port(0)
        self.q.write(uhci.BUFFER, bytes((0x80, 6, 0, 1, 0, 0, 64, 0)))
        self.hc.put(0, uhci.SETUP, 0, 0, 8)
        self.hc.put(1, uhci.IN, 0, 0, 64, 1, flags=SPD)
        self.hc.put(2, uhci.OUT, 0, 0, 0, 1, last=True)
        self.hc.start(3)
        self.assertEqual(self.hc.actual(1), 18)
        self.assertTrue(self.hc.control_word(2) & uhci.ACTIVE)
        self.assertEqual(self.q.readl(QUEUE + 4) & ~0xf, TDS + 32)

    def frames_go_on(self):
        before = self.q.inw(PORT + 6)
        self.hc.step(5)
        self.assertEqual((self.q.inw(PORT + 6) - before) & 0x7ff, 5)

    def test_circles(self):
        """Queues and descriptors that lead to themselves."""
        self.q.writel(QUEUE, QUEUE | 2)
        self.frames_go_on()
        self.q.writel(QUEUE + 4, QUEUE | 2)
        self.frames_go_on()
        self.hc.idle()
        at = self.hc.put(0, uhci.IN, 99, 0, 8, last=True)
        self.q.writel(at, at)
        self.q.writel(at + 4, 0)  # not active
        for frame in range(1024):
            self.q.writel(FRAMES + 4 * frame, at)
        self.frames_go_on()

    def test_outside_memory(self):
        self.hc.reset_port(0)
        for broken in ('frames', 'queue', 'descriptor', 'buffer'):
            with self.subTest(broken):
                self.q.outw(PORT, 2)
                self.q.outl(PORT + 8, OUTSIDE if broken == 'frames' else FRAMES)
                self.hc.reset_port(0)
                self.q.writel(FRAMES, OUTSIDE | 2 if broken == 'queue' else QUEUE | 2)
                self.hc.put(0, uhci.SETUP, 0, 0, 8, last=True,
                            buffer=OUTSIDE if broken == 'buffer' else None)
                self.q.writel(QUEUE + 4, OUTSIDE if broken == 'descriptor' else TDS)
                self.hc.run()
                self.hc.step(2)
                self.assertEqual(self.hc.status() & 0x28, 0x28)  # system error, halted

    def test_nonsense(self):
        """A token that is none, and a packet longer than a frame, are consistency errors."""
        self.hc.reset_port(0)
        for pid, length in ((0x33, 8), (uhci.IN, 1281)):
            self.q.outw(PORT, 2)
            self.q.outl(PORT + 8, FRAMES)
            self.hc.put(0, pid, 0, 0, length, last=True)
            self.q.writel(QUEUE + 4, TDS)
            self.hc.run()
            self.hc.step(2)
            self.assertEqual(self.hc.status() & 0x30, 0x30)

    def test_disabled_port(self):
        self.hc.configure(0, 1)
        self.hc.set_port(0, 0)
        with self.assertRaises((Stall, AssertionError)):
            self.hc.control(1, 0x80, 8, length=1)


class Options(HwTest):
    args = None

    def refused(self, text, *args):
        status, _, error = run('-machine', 'pc', '-display', 'none', '-accel', 'qtest', *args)
        self.assertEqual(status, 1, error)
        self.assertIn(text, error)

    def test_refusals(self):
        usb = ('-usb', '-device')
        self.refused("No 'usb-bus' bus found for device 'usb-kbd'", '-device', 'usb-kbd')
        self.refused('has no such port', *usb, 'usb-kbd,port=3')
        self.refused('is taken', *usb, 'usb-kbd,port=1', '-device', 'usb-mouse,port=1')
        self.refused('no free port', *usb, 'usb-kbd', '-device', 'usb-kbd', '-device', 'usb-kbd')


if __name__ == '__main__':
    tap.main()
