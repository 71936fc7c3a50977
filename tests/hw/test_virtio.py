#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtio transport, its queues (good and bad ones), balloon and input devices."""

import json
import pathlib
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'lib'))
import pci  # noqa: E402
import tap  # noqa: E402
import virtio  # noqa: E402
from hwtest import HwTest  # noqa: E402
from machine import run  # noqa: E402
from virtio import (DEVICE, EVENT_IDX, INDIRECT, IS_INDIRECT, ISR, NEEDS_RESET, NEXT,  # noqa: E402
                    STATUS, VERSION_1, WRITE)

BASES = (0x100000, 0x102000)
DATA = 0x110000
MMIO = virtio.WINDOW  # the device's own registers
OUTSIDE = 0x70000000
EV_SYN, EV_KEY, EV_REL, EV_ABS, EV_LED = 0, 1, 2, 3, 0x11


class Transport(HwTest):
    args = ('-machine', 'pc', '-m', '16', '-d', 'guest_errors', '-device', 'virtio-keyboard-pci')
    monitor = True

    def setUp(self):
        super().setUp()
        self.v = virtio.Virtio(self.q, 18)

    def test_capabilities(self):
        found = self.v.capabilities()
        self.assertEqual(sorted(found), [1, 2, 3, 4, 5])
        places = {kind: (self.v.pci.readb(at + 4), self.v.pci.readl(at + 8))
                  for kind, at in found.items() if kind != 5}
        self.assertEqual(places, {1: (4, 0), 2: (4, 0x3000), 3: (4, 0x1000), 4: (4, 0x2000)})
        self.assertEqual(self.v.pci.readb(8), 1)
        self.assertEqual(self.v.pci.bar_size(4), 0x4000)
        self.assertEqual(self.v.readw(virtio.NUM_QUEUES), 2)

    def test_configuration_access(self):
        at = self.v.capabilities()[5]
        self.v.pci.writeb(at + 4, 4)
        self.v.pci.writel(at + 8, virtio.STATUS)
        self.v.pci.writel(at + 12, 1)
        self.v.pci.writeb(at + 16, 3)
        self.assertEqual(self.v.readb(STATUS), 3)
        self.assertEqual(self.v.pci.readb(at + 16), 3)
        for offset, length in ((0x4000, 4), (0x3fff, 4), (0xfffffffc, 4), (0, 3), (1, 2)):
            self.v.pci.writel(at + 8, offset)
            self.v.pci.writel(at + 12, length)
            self.v.pci.writel(at + 16, 0)
            self.v.pci.readl(at + 16)
        self.assertEqual(self.v.readb(STATUS), 3)

    def test_features(self):
        offered = self.v.offered()
        self.assertEqual(offered & (VERSION_1 | INDIRECT | EVENT_IDX),
                         VERSION_1 | INDIRECT | EVENT_IDX)
        self.assertTrue(self.v.negotiate(offered))
        self.assertTrue(self.v.negotiate(VERSION_1))
        self.assertFalse(self.v.negotiate(INDIRECT))  # without VERSION_1
        self.assertFalse(self.v.negotiate(VERSION_1 | 1 << 20))
        self.v.writeb(STATUS, 7)  # DRIVER_OK without FEATURES_OK
        self.assertEqual(self.v.readb(STATUS) & 4, 0)
        self.v.writel(virtio.DEVICE_FEATURE_SELECT, 2)
        self.assertEqual(self.v.readl(virtio.DEVICE_FEATURE), 0)

    def test_queue_registers(self):
        self.v.negotiate(VERSION_1)
        self.v.writew(virtio.QUEUE_SELECT, 0)
        self.assertEqual(self.v.readw(virtio.QUEUE_SIZE), 64)
        self.v.writew(virtio.QUEUE_SIZE, 1000)
        self.assertEqual(self.v.readw(virtio.QUEUE_SIZE), 64)
        self.v.writew(virtio.QUEUE_VECTOR, 2)
        self.assertEqual(self.v.readw(virtio.QUEUE_VECTOR), 0xffff)
        self.v.writew(virtio.QUEUE_VECTOR, 1)
        self.assertEqual(self.v.readw(virtio.QUEUE_VECTOR), 1)
        self.v.writew(virtio.QUEUE_SELECT, 2)
        self.assertEqual(self.v.readw(virtio.QUEUE_SIZE), 0)
        for size, desc in ((6, BASES[0]), (0, BASES[0]), (8, BASES[0] + 8)):
            self.v.negotiate(VERSION_1)
            self.v.writew(virtio.QUEUE_SELECT, 0)
            self.v.writew(virtio.QUEUE_SIZE, size)
            self.v.writel(virtio.QUEUE_DESC, desc)
            self.v.writew(virtio.QUEUE_ENABLE, 1)
            self.assertEqual(self.v.readw(virtio.QUEUE_ENABLE), 0)
            self.assertTrue(self.v.readb(STATUS) & NEEDS_RESET)

    def send(self, queue, flags=0, length=8, address=DATA):
        queue.put(0, address, length, flags)
        queue.offer(0)

    def test_lamps_and_interrupt(self):
        queue = self.v.start(BASES)[1]
        self.q.write(DATA, struct.pack('<HHI', EV_LED, 1, 1))
        self.send(queue)
        self.assertEqual(queue.take(), (0, 0))
        self.assertEqual(self.v.readb(ISR), 1)
        self.assertEqual(self.v.readb(ISR), 0)
        self.q.writew(queue.avail, 1)  # no interrupts, please
        self.send(queue)
        self.assertEqual(queue.take(), (0, 0))
        self.assertEqual(self.v.readb(ISR), 0)

    def test_event_index(self):
        queue = self.v.start(BASES, VERSION_1 | EVENT_IDX)[1]
        self.q.writew(queue.avail + 4 + 2 * 8, 1)  # tell me of the second
        self.send(queue)
        self.v.readb(ISR)
        self.assertEqual(self.q.readw(queue.used + 4 + 8 * 8), 1)
        self.q.writew(queue.avail + 4 + 2 * 8, 2)
        self.send(queue)
        self.assertEqual(self.v.readb(ISR), 0)
        self.send(queue)
        self.assertEqual(self.v.readb(ISR), 1)

    def test_indirect(self):
        queue = self.v.start(BASES, VERSION_1 | INDIRECT)[1]
        table = 0x108000
        queue.put(0, DATA, 4, NEXT, 1, table=table)
        queue.put(1, DATA + 4, 4, 0, 0, table=table)
        self.send(queue, IS_INDIRECT, 32, table)
        self.assertEqual(queue.take(), (0, 0))
        self.assertEqual(self.v.readb(STATUS) & NEEDS_RESET, 0)

    def check_broken(self, queue):
        self.assertIsNone(queue.take())
        self.assertTrue(self.v.readb(STATUS) & NEEDS_RESET)
        self.assertEqual(self.v.readb(ISR) & 2, 2)
        self.send(queue)  # it does nothing any more
        self.assertIsNone(queue.take())
        again = self.v.start(BASES)[1]
        self.send(again)
        self.assertEqual(again.take(), (0, 0))

    def test_bad_chains(self):
        def loop(queue):
            queue.put(0, DATA, 8, NEXT, 1)
            queue.put(1, DATA, 8, NEXT, 0)
            queue.offer(0)

        def table_loop(queue):
            queue.put(0, DATA, 8, NEXT, 0, table=DATA + 0x100)
            self.send(queue, IS_INDIRECT, 16, DATA + 0x100)

        def table_in_table(queue):
            queue.put(0, DATA, 16, IS_INDIRECT, 0, table=DATA + 0x100)
            self.send(queue, IS_INDIRECT, 16, DATA + 0x100)

        def order(queue):
            queue.put(0, DATA, 8, NEXT | WRITE, 1)
            queue.put(1, DATA, 8, 0, 0)
            queue.offer(0)

        def jump(queue):
            self.q.writew(queue.avail + 2, 100)
            queue.notify()

        bad = (loop, table_loop, table_in_table, order, jump,
               lambda queue: queue.offer(8),
               lambda queue: self.send(queue, NEXT | IS_INDIRECT, 16),
               lambda queue: self.send(queue, IS_INDIRECT, 15),
               lambda queue: self.send(queue, IS_INDIRECT, 0),
               lambda queue: self.send(queue, IS_INDIRECT, 0xfffffff0),
               lambda queue: self.send(queue, IS_INDIRECT, 16, OUTSIDE),
               lambda queue: self.send(queue, IS_INDIRECT, 16, MMIO),
               lambda queue: self.send(queue, address=OUTSIDE),
               lambda queue: self.send(queue, address=MMIO),
               lambda queue: self.send(queue, address=(1 << 64) - 4))
        for case in bad:
            queue = self.v.start(BASES, VERSION_1 | INDIRECT)[1]
            case(queue)
            self.check_broken(queue)
        # Without the feature a table is no descriptor.
        queue = self.v.start(BASES)[1]
        self.send(queue, IS_INDIRECT, 16)
        self.check_broken(queue)

    def test_rings_at_odd_places(self):
        for register in (virtio.QUEUE_DESC, virtio.QUEUE_DRIVER, virtio.QUEUE_DEVICE):
            for place in (OUTSIDE, MMIO, MMIO + 0x3000):
                self.v.negotiate(VERSION_1)
                self.v.writew(virtio.QUEUE_SELECT, 1)
                self.q.writew(BASES[1] + 0x402, 1)
                for each, address in ((virtio.QUEUE_DESC, BASES[1]),
                                      (virtio.QUEUE_DRIVER, BASES[1] + 0x400),
                                      (virtio.QUEUE_DEVICE, BASES[1] + 0x800)):
                    self.v.writel(each, place if each == register else address)
                self.v.writew(virtio.QUEUE_ENABLE, 1)
                self.v.writeb(STATUS, 0xf)
                self.v.notify(1)
                self.assertTrue(self.v.readb(STATUS) & NEEDS_RESET, (register, place))

    def test_one_warning(self):
        for _ in range(3):
            self.v.start(BASES)[1].offer(200)
        self.assertEqual(self.machine.stderr().count('out of bounds'), 1)


class Options(HwTest):
    args = None

    def test_legacy(self):
        status, _, text = run('-machine', 'pc', '-device', 'virtio-tablet-pci,disable-legacy=off')
        self.assertNotEqual(status, 0)
        self.assertIn('no legacy interface', text)
        self.start('-machine', 'pc', '-device', 'virtio-tablet-pci,disable-legacy=on,vectors=0')
        function = pci.find(self.q, 0x1af4, 0x1052)
        self.assertEqual(function.bar_size(1), 0)

    def test_two_balloons(self):
        status, _, text = run('-machine', 'pc', '-device', 'virtio-balloon-pci', '-device',
                              'virtio-balloon-pci')
        self.assertNotEqual(status, 0)
        self.assertIn('one balloon at most', text)


class Balloon(HwTest):
    args = ('-machine', 'pc', '-m', '16', '-d', 'guest_errors', '-device',
            'virtio-balloon-pci,free-page-reporting=on')
    monitor = True

    def setUp(self):
        super().setUp()
        self.v = virtio.Virtio(self.q, 5)

    def test_inflate(self):
        inflate, deflate, _ = self.v.start(BASES + (0x104000,))
        self.machine.hmp.command('balloon 12')
        self.assertEqual(self.v.readl(DEVICE), 1024)
        self.assertEqual(self.v.readb(ISR), 2)
        self.q.memset(0x200000, 0x3000, 0x55)
        self.q.write(DATA, struct.pack('<3I', 0x200, 0x202, 0x70000))
        inflate.put(0, DATA, 12)
        inflate.offer(0)
        self.assertEqual(inflate.take(), (0, 0))
        self.assertEqual([self.q.readb(0x200000 + 0x1000 * n) for n in range(3)], [0, 0x55, 0])
        self.assertEqual(self.machine.stderr().count('not in memory'), 1)
        self.v.writel(DEVICE + 4, 1024)
        self.assertIn('actual=12', self.machine.hmp.command('info balloon'))
        deflate.put(0, DATA, 8)
        deflate.offer(0)
        self.assertEqual(deflate.take(), (0, 0))
        inflate.put(0, DATA, 1 << 20)
        inflate.offer(0)
        self.assertTrue(self.v.readb(STATUS) & NEEDS_RESET)
        self.machine.hmp.command('balloon 99999')
        self.assertEqual(self.v.readl(DEVICE), 0)

    def test_reporting(self):
        reporting = self.v.start(BASES + (0x104000,), VERSION_1 | 1 << 5)[2]
        self.q.memset(0x200000, 0x1000, 0x55)
        reporting.put(0, 0x200000, 0x1000, WRITE)
        reporting.offer(0)
        self.assertEqual(reporting.take(), (0, 0))
        self.assertEqual(self.q.readb(0x200000), 0)
        reporting.put(0, OUTSIDE, 0x1000, WRITE)
        reporting.offer(0)
        self.assertIsNone(reporting.take())
        self.assertTrue(self.v.readb(STATUS) & NEEDS_RESET)

    # ---- statistics ----

    OBJECT = '/machine/peripheral-anon/device[0] '
    SEC = 10**9

    def stats(self):
        answer = json.loads(self.machine.hmp.command('qom-get ' + self.OBJECT + 'guest-stats'))
        told = {k: v for k, v in answer['stats'].items() if v != -1}
        return answer['last-update'], told, len(answer['stats'])

    def interval(self, value):
        return self.machine.hmp.command(
            'qom-set %s guest-stats-polling-interval %s' % (self.OBJECT, value))

    def tell(self, queue, *pairs):
        self.q.write(DATA, b''.join(struct.pack('<HQ', *pair) for pair in pairs))
        queue.put(0, DATA, 10 * len(pairs))
        queue.offer(0)

    def test_statistics(self):
        queue = self.v.start(BASES + (0x104000,), VERSION_1 | 1 << 1)[2]
        self.assertEqual(self.stats(), (0, {}, 10))
        self.tell(queue, (4, 1 << 40), (5, 77), (99, 5), (0, 3))
        self.assertIsNone(queue.take(), 'nothing is asked')
        when, told, _ = self.stats()
        self.assertLess(abs(time.time() - when), 60)
        wanted = {'stat-free-memory': 1 << 40, 'stat-total-memory': 77, 'stat-swap-in': 3}
        self.assertEqual(told, wanted)
        self.assertEqual(self.interval(2), '')
        self.q.clock_step(1900 * 10**6)
        self.assertIsNone(queue.take())
        self.q.clock_step(200 * 10**6)
        self.assertEqual(queue.take(), (0, 0))
        self.q.clock_step(5 * self.SEC)
        self.assertIsNone(queue.take(), 'it has no buffer to ask with')
        self.tell(queue, (1, 4))
        self.assertEqual(self.stats()[1], {'stat-swap-out': 4})
        self.q.clock_step(2100 * 10**6)
        self.assertEqual(queue.take(), (0, 0))
        self.assertEqual(self.interval(0), '')
        self.tell(queue, (1, 5))
        self.q.clock_step(9 * self.SEC)
        self.assertIsNone(queue.take())

    def test_statistics_by_event(self):
        """A driver that is to be told of what it wants to be told of: the answer, too."""
        queue = self.v.start(BASES + (0x104000,), VERSION_1 | EVENT_IDX | 1 << 1)[2]
        self.interval(1)
        for n in range(1, 4):
            self.tell(queue, (1, n))
            self.assertEqual(self.stats()[1], {'stat-swap-out': n})
            self.q.clock_step(1100 * 10**6)
            self.assertEqual(queue.take(), (0, 0))
            self.stats()
            self.assertEqual(self.q.readw(queue.used + 4 + 8 * 8), n)

    def test_statistics_that_are_wrong(self):
        for value, words in (('-1', 'greater than zero'), ('4294967296', 'too big'),
                             ('many', 'not a number')):
            self.assertIn(words, self.interval(value), value)
        self.assertIn('not writable', self.machine.hmp.command(
            'qom-set ' + self.OBJECT + 'guest-stats 1'))
        queue = self.v.start(BASES + (0x104000,), VERSION_1 | 1 << 1)[2]
        self.interval(1)
        queue.put(0, DATA, 1 << 20)  # much more than there is, and half a statistic
        queue.offer(0)
        self.q.clock_step(1100 * 10**6)
        self.assertEqual(queue.take(), (0, 0))
        queue.put(0, DATA, 9)
        queue.offer(0)
        self.assertEqual(self.stats()[1], {})
        queue = self.v.start(BASES + (0x104000,), VERSION_1 | 1 << 1)[2]
        self.q.clock_step(2 * self.SEC)
        self.assertIsNone(queue.take(), 'another driver, which has said nothing')
        queue.put(0, OUTSIDE, 100)
        queue.offer(0)
        self.assertTrue(self.v.readb(STATUS) & NEEDS_RESET)
        self.q.clock_step(2 * self.SEC)


class Rng(HwTest):
    args = None

    def driver(self, *args):
        self.start('-machine', 'pc', '-m', '16', *args)
        self.v = virtio.Virtio(self.q, 4)
        return self.v.start(BASES[:1])[0]

    def fill(self, queue, length, address=DATA):
        """How many bytes come, or None; they come on the loop."""
        queue.put(0, address, length, WRITE)
        queue.offer(0)
        for _ in range(100):
            used = queue.take()
            if used:
                return used[1]
            time.sleep(0.01)
        return None

    def test_bytes(self):
        queue = self.driver('-device', 'virtio-rng-pci')
        self.q.memset(DATA, 0x2000, 0)
        self.assertEqual(self.fill(queue, 4096), 4096)
        self.assertGreater(len(set(self.q.read(DATA, 4096))), 200)
        self.assertEqual(self.q.readl(DATA + 4096), 0)
        self.assertEqual(self.v.readb(ISR), 1)
        self.assertIsNone(self.fill(queue, 16, OUTSIDE))
        self.assertTrue(self.v.readb(STATUS) & NEEDS_RESET)
        queue = self.v.start(BASES[:1])[0]
        queue.put(0, DATA, 16)  # to be read: no room
        queue.offer(0)
        self.assertTrue(self.v.readb(STATUS) & NEEDS_RESET)

    def test_quota(self):
        queue = self.driver('-object', 'rng-random,id=r,filename=/dev/urandom', '-device',
                            'virtio-rng-pci,rng=r,max-bytes=64,period=1000')
        self.assertEqual(self.fill(queue, 48), 48)
        self.assertEqual(self.fill(queue, 48), 16)
        self.assertIsNone(self.fill(queue, 48))
        self.q.clock_step(1000000000)
        self.assertEqual(self.fill(queue, 8), 48)  # the one that waited

    def test_no_such_source(self):
        status, _, text = run('-machine', 'pc', '-device', 'virtio-rng-pci,rng=absent')
        self.assertNotEqual(status, 0)
        self.assertIn('absent', text)


class Input(HwTest):
    args = None
    monitor = True

    def driver(self, device, size=64, count=None):
        self.start('-machine', 'pc', '-m', '16', '-device', device)
        self.v = virtio.Virtio(self.q, 18)
        self.events = self.v.start(BASES, size=size)[0]
        for n in range(size if count is None else count):
            self.events.put(n, DATA + 8 * n, 8, WRITE)
            self.events.offer(n)

    def taken(self):
        found = []
        while True:
            used = self.events.take()
            if not used:
                return found
            found.append(struct.unpack('<HHi', self.q.read(DATA + 8 * used[0], 8)))
            self.events.offer(used[0])

    def config(self, select, sub=0):
        self.v.writeb(DEVICE, select)
        self.v.writeb(DEVICE + 1, sub)
        size = self.v.readb(DEVICE + 2)
        return self.q.read(self.v.window + DEVICE + 8, size) if size else b''

    def test_config(self):
        self.driver('virtio-tablet-pci,serial=abc')
        self.assertEqual(self.config(1), b'QEMU Virtio Tablet')
        self.assertEqual(self.config(2), b'abc')
        self.assertEqual(self.config(3), struct.pack('<4H', 6, 0x627, 3, 1))
        self.assertEqual(self.config(0x11, EV_ABS), b'\x03')
        self.assertEqual(self.config(0x11, EV_REL), b'\x40\x01')
        self.assertEqual(self.config(0x12, 1), struct.pack('<5I', 0, 0x7fff, 0, 0, 0))
        self.assertEqual(self.config(0x12, 2), b'')
        self.assertEqual(self.config(0xff, 0xff), b'')

    def test_keys(self):
        self.driver('virtio-keyboard-pci')
        self.machine.hmp.command('sendkey shift-a')
        self.q.clock_step(200000000)
        self.assertEqual([e for e in self.taken() if e[0] == EV_KEY],
                         [(1, 42, 1), (1, 30, 1), (1, 30, 0), (1, 42, 0)])

    def test_mouse(self):
        self.driver('virtio-mouse-pci')
        self.machine.hmp.command('mouse_move 5 -3')
        self.machine.hmp.command('mouse_button 1')
        self.assertEqual(self.taken(), [(EV_REL, 0, 5), (EV_REL, 1, -3), (EV_SYN, 0, 0),
                                        (EV_KEY, 0x110, 1), (EV_SYN, 0, 0)])

    def test_slow_guest(self):
        self.driver('virtio-mouse-pci', count=0)
        for _ in range(600):
            self.machine.hmp.command('mouse_move 1 2')
        self.machine.hmp.command('mouse_button 1')
        for n in range(64):
            self.events.put(n, DATA + 8 * n, 8, WRITE)
            self.events.offer(n)
        self.assertEqual(self.taken(), [(EV_REL, 0, 600), (EV_REL, 1, 1200), (EV_SYN, 0, 0),
                                        (EV_KEY, 0x110, 1), (EV_SYN, 0, 0)])

    def test_stopped_guest(self):
        """So many clicks that some are lost; the last state is not."""
        self.driver('virtio-mouse-pci', count=0)
        for _ in range(200):
            self.machine.hmp.command('mouse_button 1')
            self.machine.hmp.command('mouse_button 0')
        self.machine.hmp.command('mouse_button 2')
        for n in range(64):
            self.events.put(n, DATA + 8 * n, 8, WRITE)
            self.events.offer(n)
        events = []
        for _ in range(20):
            events += self.taken()
        held = {}
        for kind, code, value in events:
            if kind == EV_KEY:
                self.assertNotEqual(held.get(code, 0), value)
                held[code] = value
        self.assertEqual([code for code, value in held.items() if value], [0x112])

    def test_small_buffer(self):
        self.driver('virtio-mouse-pci', count=0)
        self.events.put(0, DATA, 4, WRITE)
        self.events.offer(0)
        self.machine.hmp.command('mouse_move 1 2')
        self.assertTrue(self.v.readb(STATUS) & NEEDS_RESET)


if __name__ == '__main__':
    tap.main()
