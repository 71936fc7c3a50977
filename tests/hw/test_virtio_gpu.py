#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""virtio-gpu-pci and virtio-vga: pictures, screens, cursor; and what no driver should ask for."""

import os
import pathlib
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'lib'))
import tap  # noqa: E402
import vga  # noqa: E402
import virtio  # noqa: E402
from hwtest import HwTest  # noqa: E402
from virtio import DEVICE, NEEDS_RESET, NEXT, STATUS, VERSION_1, WRITE  # noqa: E402

BASES = (0x100000, 0x102000)
COMMAND, REPLY, PIXELS = 0x110000, 0x112000, 0x200000
INFO, CREATE, UNREF, SCANOUT, FLUSH, TRANSFER, ATTACH, DETACH = range(0x100, 0x108)
EDID, CURSOR, MOVE = 0x10a, 0x300, 0x301
OK, UNSPEC, MEMORY, BAD_SCANOUT, BAD_RESOURCE, BAD_PARAMETER = (
    0x1100, 0x1200, 0x1201, 0x1202, 0x1203, 0x1205)
BGRX, RGBX = 2, 134


class Gpu(HwTest):
    args = ('-machine', 'pc', '-m', '16', '-vga', 'none', '-device',
            'virtio-gpu-pci,max_outputs=2,max_hostmem=16M')
    monitor = True
    place = {}

    def setUp(self):
        super().setUp()
        self.v = virtio.Virtio(self.q, 16, **self.place)
        self.queues = self.v.start(BASES, VERSION_1 | 2)

    def ask(self, kind, *words, queue=0, flags=0, room=1100):
        """Sends a command; returns the kind of the answer and the rest."""
        data = struct.pack('<IIQII%dI' % len(words), kind, flags, 77, 0, 0, *words)
        self.q.write(COMMAND, data)
        q = self.queues[queue]
        q.put(0, COMMAND, len(data), NEXT, 1)
        q.put(1, REPLY, room, WRITE)
        q.offer(0)
        for _ in range(200):
            used = q.take()
            if used:
                answer = self.q.read(REPLY, used[1])
                self.header = struct.unpack('<IIQII', answer[:24])
                return self.header[0], answer[24:]
            time.sleep(0.01)
        raise AssertionError('no answer')

    def check(self, expected, kind, *words, **how):
        self.assertEqual(self.ask(kind, *words, **how)[0], expected, (hex(kind), words))

    def picture(self, n, width, height, form=BGRX):
        self.check(OK, CREATE, n, form, width, height)
        self.check(OK, ATTACH, n, 2, PIXELS, 0, 4096, 0, PIXELS + 4096, 0, width * height * 4, 0)

    def screen(self, device):
        path = os.path.join(self.machine.dir, 'dump.ppm')
        self.machine.hmp.command('screendump %s %s' % (path, device))
        with open(path, 'rb') as file:
            kind, size, _, data = file.read().split(b'\n', 3)
        return tuple(map(int, size.split())), data

    def test_information(self):
        kind, data = self.ask(INFO, flags=1)
        self.assertEqual(kind, 0x1101)
        self.assertEqual(self.header[1:3], (1, 77))  # the fence
        self.assertEqual(struct.unpack('<6I', data[:24]), (0, 0, 1280, 800, 1, 0))
        self.assertEqual(struct.unpack('<6I', data[24:48]), (0, 0, 1280, 800, 0, 0))
        self.assertEqual(self.v.readl(DEVICE + 8), 2)
        kind, data = self.ask(EDID, 0, 0)
        self.assertEqual((kind, data[:4], data[8:16]),
                         (0x1104, struct.pack('<I', 256), b'\0\xff\xff\xff\xff\xff\xff\0'))
        self.check(BAD_PARAMETER, EDID, 2, 0)

    def test_picture(self):
        for n, form in ((1, BGRX), (2, RGBX)):
            self.picture(n, 100, 50, form)
            self.q.write(PIXELS, struct.pack('<5000I', *range(0x10203, 0x10203 + 5000)))
            self.check(OK, SCANOUT, 0, 0, 100, 50, 0, n)
            self.check(OK, TRANSFER, 0, 0, 100, 50, 0, 0, n, 0)
            self.check(OK, FLUSH, 0, 0, 100, 50, n, 0)
            size, data = self.screen('virtio-gpu-pci')
            self.assertEqual(size, (100, 50))
            first = bytes((1, 2, 3)) if form == BGRX else bytes((3, 2, 1))
            self.assertEqual(data[:3], first)
            last = (0x10203 + 4999).to_bytes(3, 'big')
            self.assertEqual(data[-3:], last if form == BGRX else last[::-1])
        # A part of it, on the other screen.
        self.check(OK, SCANOUT, 10, 20, 30, 10, 1, 1)
        size, data = self.screen('virtio-gpu-pci.1')
        self.assertEqual((size, data[:3]), ((30, 10), (0x10203 + 2010).to_bytes(3, 'big')))
        self.check(OK, UNREF, 1, 0)
        self.assertEqual(self.screen('virtio-gpu-pci.1')[0], (640, 480))
        self.check(BAD_RESOURCE, FLUSH, 0, 0, 100, 50, 1, 0)

    def test_bad_commands(self):
        self.picture(1, 64, 64)
        big = 0xffffffff
        self.check(BAD_RESOURCE, CREATE, 1, BGRX, 8, 8)
        self.check(BAD_RESOURCE, CREATE, 0, BGRX, 8, 8)
        self.check(BAD_PARAMETER, CREATE, 2, 99, 8, 8)
        self.check(BAD_PARAMETER, CREATE, 2, BGRX, 0, 8)
        self.check(BAD_PARAMETER, CREATE, 2, BGRX, big, big)
        self.check(MEMORY, CREATE, 2, BGRX, 4096, 4096)
        for x, y, w, h in ((0, 0, 65, 1), (64, 0, 1, 1), (big, 0, 2, 1), (0, big, 1, 2),
                           (0, 0, 0, 1), (1, 1, big, big)):
            self.check(BAD_PARAMETER, TRANSFER, x, y, w, h, 0, 0, 1, 0)
            self.check(BAD_PARAMETER, SCANOUT, x, y, w, h, 0, 1)
            self.check(BAD_PARAMETER, FLUSH, x, y, w, h, 1, 0)
        self.check(BAD_SCANOUT, SCANOUT, 0, 0, 1, 1, 2, 1)
        self.check(BAD_SCANOUT, MOVE, 2, 0, 0, 0, queue=1)
        self.check(UNSPEC, TRANSFER, 0, 0, 64, 64, 0x10000, 0, 1, 0)  # past its memory
        self.check(BAD_PARAMETER, TRANSFER, 0, 0, 64, 64, big, big, 1, 0)
        self.check(UNSPEC, ATTACH, 1, 1, PIXELS, 0, 4096, 0)  # has some
        self.check(OK, DETACH, 1, 0)
        self.check(BAD_RESOURCE, DETACH, 1, 0)
        self.check(UNSPEC, ATTACH, 1, big, PIXELS, 0, 4096, 0)
        self.check(UNSPEC, ATTACH, 1, 2, PIXELS, 0, 4096, 0)  # fewer than it says
        self.check(OK, ATTACH, 1, 1, 0x70000000, 0, 1 << 20, 0)
        self.check(UNSPEC, TRANSFER, 0, 0, 64, 64, 0, 0, 1, 0)
        self.check(UNSPEC, 0x9999)
        self.assertEqual(self.v.readb(STATUS) & NEEDS_RESET, 0)
        self.queues[0].put(0, COMMAND, 8)
        self.queues[0].offer(0)
        time.sleep(0.1)
        self.assertTrue(self.v.readb(STATUS) & NEEDS_RESET)

    def test_cursor(self):
        self.picture(1, 64, 64)
        self.picture(2, 32, 32)
        self.check(OK, TRANSFER, 0, 0, 64, 64, 0, 0, 1, 0)
        self.check(OK, CURSOR, 0, 5, 6, 0, 1, 2, 3, 0, queue=1)
        self.check(OK, MOVE, 0, 0xffffffff, 7, 0, queue=1)
        self.check(OK, CURSOR, 0, 0, 0, 0, 0, 0, 0, 0, queue=1)
        self.check(BAD_RESOURCE, CURSOR, 0, 0, 0, 0, 2, 0, 0, 0, queue=1)


class Vga(Gpu):
    """The same with a VGA before it, on the first screen."""
    args = ('-machine', 'pc', '-m', '16', '-vga', 'none', '-device',
            'virtio-vga,max_outputs=2,max_hostmem=16M,id=virtio-gpu-pci')
    place = {'bar': 2, 'offset': 0x4000}
    FRAMEBUFFER = 0xe8000000

    def test_vga_before_and_after(self):
        legacy = vga.Vga(self.q)
        legacy.set_mode('text')
        legacy.text(0, 0, 'boot')
        self.assertIn('boot', self.machine.hmp.command('screen_text'))
        self.picture(1, 100, 50)
        self.check(OK, SCANOUT, 0, 0, 50, 50, 1, 1)  # another screen: nothing changes here
        self.assertIn('boot', self.machine.hmp.command('screen_text'))
        self.check(OK, SCANOUT, 0, 0, 100, 50, 0, 1)
        self.assertEqual(self.screen('virtio-gpu-pci')[0], (100, 50))
        self.assertNotIn('boot', self.machine.hmp.command('screen_text'))
        legacy.text(0, 0, 'late')
        self.assertEqual(self.screen('virtio-gpu-pci')[0], (100, 50))
        self.check(OK, SCANOUT, 0, 0, 0, 0, 0, 0)  # the driver shows nothing: no VGA either
        self.assertEqual(self.screen('virtio-gpu-pci')[0], (640, 480))
        self.v.writeb(STATUS, 0)
        self.assertIn('late', self.machine.hmp.command('screen_text'))
        self.assertEqual(self.screen('virtio-gpu-pci')[0], (720, 400))

    def test_registers(self):
        """The Bochs card's registers are where drivers of virtio-vga look for them."""
        vga.Vga(self.q).set_mode('text')
        base = virtio.WINDOW
        self.assertEqual(self.q.readw(base + 0x500) & 0xfff0, 0xb0c0)
        self.v.pci.set_bar(0, self.FRAMEBUFFER)
        for register, value in ((1, 320), (2, 200), (3, 32), (4, 0x41)):
            self.q.writew(base + 0x500 + 2 * register, value)
        self.q.writel(self.FRAMEBUFFER, 0x123456)
        size, data = self.screen('virtio-gpu-pci')
        self.assertEqual((size, data[:3]), ((320, 200), b'\x12\x34\x56'))
        # Access through configuration space is to the window and nothing before it.
        at = self.v.capabilities()[5]
        for offset, found in ((0x4012, 2), (0, None), (0x3ffe, None), (0x8000, None)):
            self.v.pci.writeb(at + 4, 2)
            self.v.pci.writel(at + 8, offset)
            self.v.pci.writel(at + 12, 2)
            self.v.pci.writel(at + 16, 0x7777)
            value = self.v.pci.readl(at + 16)
            self.assertEqual(value, 0x7777 if found is None else found)


if __name__ == '__main__':
    tap.main()
