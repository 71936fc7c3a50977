# SPDX-License-Identifier: GPL-2.0-or-later
"""bochs-display as Linux's bochs driver sets it up: by the registers in BAR 2 alone."""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import image
import pci
import tap
import vga
from hwtest import HwTest
from machine import run

LFB = 0xe0000000
MMIO = 0xe8000000
MEMORY = 8 << 20


class BochsDisplay(HwTest):
    args = ('-machine', 'pc', '-vga', 'none',
            '-device', 'bochs-display,vgamem=8M,xres=1024,yres=600')
    monitor = True

    def setUp(self):
        super().setUp()
        self.card = pci.find(self.q, 0x1234, 0x1111)
        self.card.set_bar(0, LFB)
        self.card.set_bar(2, MMIO)
        self.card.enable(pci.COMMAND_MEMORY)

    def vbe(self, index, value):
        self.q.writew(MMIO + 0x500 + 2 * index, value)

    def vbe_read(self, index):
        return self.q.readw(MMIO + 0x500 + 2 * index)

    def mode(self, width, height, bpp=32):
        for index, value in ((vga.VBE_ENABLE, 0), (vga.VBE_XRES, width), (vga.VBE_YRES, height),
                             (vga.VBE_BPP, bpp), (vga.VBE_ENABLE, vga.ENABLED | vga.LFB)):
            self.vbe(index, value)

    def dump(self):
        path = self.machine.path('screen.ppm')
        self.assertEqual(self.machine.hmp.command('screendump %s' % path), '')
        return image.read(path)

    def size(self):
        picture = self.dump()
        return picture.width, picture.height

    def test_config(self):
        self.assertEqual(self.card.class_code, 0x038000)
        self.assertEqual((self.card.bar_size(0), self.card.bar_size(2)), (MEMORY, 4096))
        self.card.writel(0x30, 0xffffffff)
        self.assertNotEqual(self.card.readl(0x30), 0)  # the distribution's BIOS for it
        self.assertEqual(self.vbe_read(vga.VBE_ID), 0xb0c5)
        self.assertEqual(self.vbe_read(vga.VBE_MEMORY_64K), MEMORY >> 16)
        edid = self.q.read(MMIO, 128)
        self.assertEqual(sum(edid) & 0xff, 0)
        self.assertEqual(edid[54 + 2] | edid[54 + 4] >> 4 << 8, 1024)
        self.assertEqual(edid[54 + 5] | edid[54 + 7] >> 4 << 8, 600)

    def test_picture(self):
        """Every pixel, by 32 and 16 bits; then one row that changes, and panning."""
        self.mode(640, 400)
        rows = [[(x * 3 + y) << 16 & 0xff0000 | x << 8 & 0xff00 | (y ^ x) & 0xff
                 for x in range(640)] for y in range(400)]
        self.q.write(LFB, b''.join(struct.pack('<640I', *row) for row in rows))
        picture = self.dump()
        self.assertEqual((picture.width, picture.height), (640, 400))
        for y in range(400):
            self.assertEqual([picture.pixel(x, y) for x in range(640)], rows[y])
        self.q.memset(LFB + 640 * 4 * 7, 640 * 4, 0x55)
        self.assertEqual(self.dump().pixel(639, 7), 0x555555)
        self.vbe(vga.VBE_Y_OFFSET, 7)
        self.assertEqual(self.dump().pixel(0, 0), 0x555555)
        self.mode(320, 200, 16)
        self.q.writew(LFB + 2, 0xf81f)
        picture = self.dump()
        self.assertEqual((picture.width, picture.pixel(0, 0), picture.pixel(1, 0)),
                         (320, 0, 0xff00ff))

    def test_big_endian(self):
        self.mode(64, 64)
        self.q.writel(MMIO + 0x604, 0xbebebebe)
        self.q.writel(LFB, 0x11223300)
        self.assertEqual(self.dump().pixel(0, 0), 0x332211)

    def test_no_vga(self):
        """Neither ports nor window; no picture without a mode, nor with one of a palette."""
        self.assertEqual(self.q.inb(0x3cc), 0xff)
        self.assertEqual(self.q.inw(0x1d0), 0xffff)
        self.q.writeb(MMIO + 0x400, 0x20)
        self.q.writel(MMIO + 0x404, 0xffffffff)
        self.mode(64, 64)
        self.q.writeb(0xa0000, 0x42)
        self.assertEqual(self.q.readb(LFB), 0)
        self.q.memset(LFB, 64 * 64 * 4, 0xff)
        self.assertEqual(self.dump().pixel(5, 5), 0xffffff)
        self.vbe(vga.VBE_ENABLE, 0)
        self.assertEqual(self.dump().pixel(5, 5), 0)
        for bpp in (4, 8):
            self.mode(64, 64, bpp)
            self.q.memset(LFB, 64 * 64, 0xff)
            self.assertEqual(self.dump().pixel(5, 5), 0)

    def test_hostile(self):
        """Sizes, strides and offsets that video memory cannot hold."""
        self.mode(0xffff, 0xffff)
        width, height = self.size()
        self.assertLessEqual(width * height * 4, MEMORY)
        self.mode(0, 0)
        self.assertEqual(self.size(), (8, 1))
        self.mode(1024, 768)
        for index in (vga.VBE_VIRT_WIDTH, vga.VBE_X_OFFSET, vga.VBE_Y_OFFSET):
            for value in (0xffff, 0x8001, 1025, 0):
                self.vbe(index, value)
                self.assertEqual(self.size(), (1024, 768))
        end = MEMORY // 4096 - 768
        self.vbe(vga.VBE_Y_OFFSET, end)
        self.q.writel(LFB + MEMORY - 4, 0x00abcdef)
        self.assertEqual(self.dump().pixel(1023, 767), 0xabcdef)
        self.vbe(vga.VBE_Y_OFFSET, end + 1)
        self.assertEqual(self.vbe_read(vga.VBE_Y_OFFSET), 0)
        for offset in range(0, 4096, 4):
            self.q.writel(MMIO + offset, 0xffffffff)
            self.q.readl(MMIO + offset)
        self.dump()

    def test_reset(self):
        self.mode(64, 64)
        self.q.memset(LFB, 64 * 64 * 4, 0xff)
        self.machine.hmp.command('system_reset')
        self.card.set_bar(2, MMIO)
        self.card.enable(pci.COMMAND_MEMORY)
        self.assertEqual(self.vbe_read(vga.VBE_ENABLE), 0)
        self.assertEqual(self.dump().pixel(5, 5), 0)


class Options(HwTest):
    args = None

    def test_memory(self):
        for size in ('3M', '257M', 'x'):
            _, _, error = run('-machine', 'pc', '-accel', 'qtest', '-display', 'none',
                              '-device', 'bochs-display,vgamem=' + size)
            self.assertIn('vgamem', error)

    def test_no_edid(self):
        self.start('-machine', 'pc', '-vga', 'none', '-device',
                   'bochs-display,vgamem=5M,edid=off')
        card = pci.find(self.q, 0x1234, 0x1111)
        card.set_bar(2, MMIO)
        card.enable(pci.COMMAND_MEMORY)
        self.assertEqual(card.bar_size(0), 8 << 20)
        self.assertNotEqual(self.q.read(MMIO, 8), bytes.fromhex('00ffffffffffff00'))


if __name__ == '__main__':
    tap.main()
