#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""cirrus-vga: packed-pixel modes, banks, the transfer engine against a model of it, the cursor."""

import os
import pathlib
import random
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'lib'))
import pci  # noqa: E402
import tap  # noqa: E402
import vga  # noqa: E402
from hwtest import HwTest  # noqa: E402

LFB, MMIO = 0xe0000000, 0xe4000000
MEMORY = 4 << 20
BACKWARDS, FROM_SYSTEM, TRANSPARENT, PATTERN, EXPAND = 1, 4, 8, 0x40, 0x80
INVERT, SOLID, DWORDS = 2, 4, 8
COPY = 0x0d
ROPS = {0x00: lambda s, d: 0, 0x05: lambda s, d: s & d, 0x06: lambda s, d: d,
        0x09: lambda s, d: s & ~d, 0x0b: lambda s, d: ~d, 0x0d: lambda s, d: s,
        0x0e: lambda s, d: 255, 0x50: lambda s, d: ~s & d, 0x59: lambda s, d: s ^ d,
        0x6d: lambda s, d: s | d, 0x90: lambda s, d: ~(s | d), 0x95: lambda s, d: ~(s ^ d),
        0xad: lambda s, d: s | ~d, 0xd0: lambda s, d: ~s, 0xd6: lambda s, d: ~s | d,
        0xda: lambda s, d: ~(s & d)}


class Cirrus(HwTest):
    args = ('-machine', 'pc', '-m', '16', '-vga', 'cirrus')
    monitor = True

    def setUp(self):
        super().setUp()
        self.card = pci.find(self.q, 0x1013, 0xb8)
        self.card.set_bar(0, LFB)
        self.card.set_bar(1, MMIO)
        self.card.enable()
        self.vga = vga.Vga(self.q)
        self.vga.set_mode('13h')
        self.vga.seq(6, 0x12)

    def mode(self, width, height, pixel, hidden=0, start=0, stride=None):
        """pixel: bits 3-1 of SR7."""
        stride = (stride or width * {0: 1, 6: 2, 4: 3, 8: 4}[pixel]) // 8
        self.vga.seq(7, 1 | pixel)
        self.vga.crtc(0x11, 0)
        for index, value in ((1, width // 8 - 1), (0x12, (height - 1) & 255),
                             (7, (height - 1 >> 7 & 2) | (height - 1 >> 3 & 0x40)),
                             (0x13, stride & 255),
                             (0x1b, (stride >> 4 & 0x10) | (start >> 16 & 1) |
                              (start >> 15 & 0xc)),
                             (0x0c, start >> 8 & 255), (0x0d, start & 255)):
            self.vga.crtc(index, value)
        for _ in range(4):
            self.q.inb(0x3c6)
        self.q.outb(0x3c6, hidden)

    def screen(self, *options):
        path = os.path.join(self.machine.dir, 'dump.ppm')
        self.machine.hmp.command(' '.join(('screendump', path) + options))
        with open(path, 'rb') as file:
            _, size, _, data = file.read().split(b'\n', 3)
        return tuple(map(int, size.split())), data

    def test_identity(self):
        self.q.outb(0x3d4, 0x27)
        self.assertEqual(self.q.inb(0x3d5), 0xb8)
        self.q.outb(0x3c4, 6)
        self.assertEqual(self.q.inb(0x3c5), 0x12)
        self.vga.seq(6, 0)
        self.q.outb(0x3c4, 6)
        self.assertEqual(self.q.inb(0x3c5), 0x0f)
        self.q.outb(0x3c4, 0x0f)
        self.assertEqual(self.q.inb(0x3c5) & 0x98, 0x98)  # 4 MiB

    def test_modes(self):
        self.vga.set_mode('13h')
        self.q.outb(0x3c8, 7)
        for part in (63, 0, 21):
            self.q.outb(0x3c9, part)
        for pixel, hidden, data, color in (
                (0, 0, b'\x07', (255, 0, 85)), (6, 0xc1, struct.pack('<H', 0xf81f), (255, 0, 255)),
                (6, 0xc0, struct.pack('<H', 0x7c00), (255, 0, 0)),
                (4, 0xc5, b'\1\2\3', (3, 2, 1)), (8, 0xc5, b'\1\2\3\0', (3, 2, 1))):
            self.mode(640, 480, pixel, hidden, start=0x1000)
            self.q.write(LFB + 0x4000, data * 640)
            size, picture = self.screen()
            self.assertEqual(size, (640, 480))
            self.assertEqual(tuple(picture[:3]), color, (pixel, hidden))
            self.assertEqual(tuple(picture[639 * 3:640 * 3]), color, (pixel, hidden))
            self.q.memset(LFB + 0x4000, 640 * 4, 0)

    def test_mode_outside_memory(self):
        self.mode(1024, 768, 8, 0xc5)
        self.assertEqual(self.screen()[0], (1024, 768))
        self.mode(2040, 1024, 8, 0xc5, start=0x3ffff, stride=4088)
        self.screen()
        self.mode(1024, 1024, 8, 0xc5, stride=8)
        self.screen()
        self.vga.crtc(0x13, 0)
        self.vga.crtc(0x1b, 0)
        self.screen()
        self.assertIn('running', self.machine.hmp.command('info status') + 'running')

    def test_banks(self):
        self.mode(640, 480, 0)
        self.q.write(LFB, bytes(0x20000))
        self.vga.gc(6, 5)
        self.vga.gc(0x0b, 0)
        self.vga.gc(9, 0x10)  # 64 KiB
        self.q.writeb(0xa0001, 0x5a)
        self.q.writeb(0xa8001, 0x5b)
        self.assertEqual((self.q.readb(LFB + 0x10001), self.q.readb(LFB + 0x18001)), (0x5a, 0x5b))
        self.vga.gc(0x0b, 0x21)  # two banks, of 16 KiB
        self.vga.gc(9, 3)
        self.vga.gc(0x0a, 1)
        self.q.writeb(0xa0000, 1)
        self.q.writeb(0xa8000, 2)
        self.assertEqual((self.q.readb(LFB + 0xc000), self.q.readb(LFB + 0x4000)), (1, 2))
        self.vga.gc(9, 0xff)  # the last 16 KiB, and past the end: the last 32
        self.q.writeb(0xa7fff, 3)
        self.assertEqual(self.q.readb(LFB + MEMORY - 1), 3)

    def test_extended_write_modes(self):
        """Bits become pixels of two colours, by the window and by the linear framebuffer."""
        self.mode(640, 480, 0)
        self.vga.gc(6, 5)
        old = bytes(range(0x80, 0xc0))
        fg, bg = 0x5a, 0x33
        for index, value in ((0, bg), (1, fg), (0x10, 0x44), (0x11, 0x66)):
            self.vga.gc(index, value)
        for wide, by, mode, mask in ((False, 8, 4, 0xff), (False, 8, 5, 0xff), (True, 16, 4, 0xff),
                                     (True, 16, 5, 0xff), (False, 8, 5, 0x3c), (True, 16, 4, 0x81),
                                     (False, 1, 5, 0xff)):
            for window in (True, False):
                self.vga.gc(0x0b, 0)
                self.q.write(LFB + 0x10000, old)
                self.vga.seq(2, mask)
                self.vga.gc(0x0b, 0x04 | {1: 0, 8: 2, 16: 0x10}[by])
                self.vga.gc(5, 0x40 | mode)
                at = 0x10000 // by
                if window:
                    self.vga.gc(9, at >> 12)
                    at += 0xa0000 - (at >> 12 << 12)
                else:
                    at += LFB
                self.q.writew(at, 0xc3a1)
                with self.subTest(wide=wide, by=by, mode=mode, mask=mask, window=window):
                    self.assertEqual(self.q.readb(at), self.last(old, wide, by, mode, mask)[0])
                    self.vga.gc(0x0b, 0)
                    self.assertEqual(self.q.read(LFB + 0x10000, len(old)),
                                     self.last(old, wide, by, mode, mask))
        self.vga.gc(5, 0x44)
        self.vga.gc(0x0b, 4)
        self.vga.seq(2, 0xa5)
        for port, index, value in ((0x3ce, 5, 0x44), (0x3c4, 2, 0xa5)):
            self.q.outb(port, index)
            self.assertEqual(self.q.inb(port + 1), value)

    def last(self, old, wide, by, mode, mask):
        """What A1h, C3h leave in memory, in which a pixel is two bytes if wide."""
        memory, size = bytearray(old), 2 if wide else 1
        for n, bits in enumerate((0xa1, 0xc3)):
            for i in range(8):
                one, at = bits >> 7 - i & 1, n * by // 8 * 8 + i * size
                if mask >> 7 - i & 1 and (one or mode == 5):
                    memory[at:at + size] = ((0x5a, 0x66) if one else (0x33, 0x44))[:size]
        return bytes(memory)

    # ---- the engine ----

    def blit(self, width, height, dst, src, dst_pitch, src_pitch, mode=0, rop=COPY, extensions=0,
             fg=0, bg=0, clip=0, transparent=0, mmio=True):
        values = {0x20: width - 1, 0x21: width - 1 >> 8, 0x22: height - 1, 0x23: height - 1 >> 8,
                  0x24: dst_pitch, 0x25: dst_pitch >> 8, 0x26: src_pitch, 0x27: src_pitch >> 8,
                  0x28: dst, 0x29: dst >> 8, 0x2a: dst >> 16, 0x2c: src, 0x2d: src >> 8,
                  0x2e: src >> 16, 0x2f: clip, 0x30: mode, 0x32: rop, 0x33: extensions,
                  0x34: transparent, 0x35: transparent >> 8,
                  1: fg, 0x11: fg >> 8, 0x13: fg >> 16, 0x15: fg >> 24,
                  0: bg, 0x10: bg >> 8, 0x12: bg >> 16, 0x14: bg >> 24}
        places = {0: 0, 0x10: 1, 0x12: 2, 0x14: 3, 1: 4, 0x11: 5, 0x13: 6, 0x15: 7, 0x20: 8,
                  0x21: 9, 0x22: 10, 0x23: 11, 0x24: 12, 0x25: 13, 0x26: 14, 0x27: 15, 0x28: 16,
                  0x29: 17, 0x2a: 18, 0x2c: 20, 0x2d: 21, 0x2e: 22, 0x2f: 23, 0x30: 24, 0x32: 26,
                  0x33: 27, 0x34: 28, 0x35: 29}
        for index, value in values.items():
            if mmio:
                self.q.writeb(MMIO + 0x100 + places[index], value & 255)
            else:
                self.vga.gc(index, value & 255)
        if mmio:
            self.q.writeb(MMIO + 0x140, 2)
        else:
            self.vga.gc(0x31, 2)

    def idle(self):
        for _ in range(1000):
            if not self.q.readb(MMIO + 0x140) & 1:
                return
            time.sleep(0.001)
        self.fail('the engine never ends')

    def fill(self, seed):
        data = random.Random(seed).randbytes(0x10000)
        self.q.write(LFB, data)
        return bytearray(data)

    def check(self, memory, message):
        got = self.q.read(LFB, len(memory))
        if got != memory:
            at = next(i for i in range(len(memory)) if got[i] != memory[i])
            self.fail('%s: differs from byte %#x on' % (message, at))

    def test_raster_operations(self):
        memory = self.fill(1)
        for i, (code, function) in enumerate(ROPS.items()):
            dst, src = 0x8000 + i * 0x400, 0x100
            self.blit(37, 5, dst, src, 100, 64, rop=code, mmio=i % 2 == 0)
            self.idle()
            for y in range(5):
                for x in range(37):
                    d, s = dst + y * 100 + x, src + y * 64 + x
                    memory[d] = function(memory[s], memory[d]) & 255
        self.check(memory, 'raster operations')

    def test_overlap(self):
        memory = self.fill(2)
        self.blit(256, 16, 0x1000, 0x1100, 256, 256)  # up by a row
        self.idle()
        memory[0x1000:0x2000] = memory[0x1100:0x2100]
        self.check(memory, 'upwards')
        self.blit(256, 16, 0x3000 + 0xfff, 0x2f00 + 0xfff, 256, 256, mode=BACKWARDS)
        self.idle()
        memory[0x3000:0x4000] = memory[0x2f00:0x3f00]
        self.check(memory, 'downwards')

    def test_transparent(self):
        memory = self.fill(3)
        memory[0x100:0x110] = b'\x11\x22\x33\x44' * 4
        self.q.write(LFB + 0x100, bytes(memory[0x100:0x110]))
        self.blit(16, 1, 0x200, 0x100, 16, 16, mode=TRANSPARENT, transparent=0x22)
        self.idle()
        for x in range(16):
            if memory[0x100 + x] != 0x22:
                memory[0x200 + x] = memory[0x100 + x]
        self.blit(16, 1, 0x300, 0x100, 16, 16, mode=TRANSPARENT | 0x10, transparent=0x4433)
        self.idle()
        for x in range(0, 16, 4):
            memory[0x300 + x:0x302 + x] = memory[0x100 + x:0x102 + x]
        self.check(memory, 'transparent')

    def test_expand_and_patterns(self):
        memory = self.fill(4)
        colors = 0x44332211, 0x88776655
        for n, (size, mode, extensions) in enumerate((
                (1, 0, 0), (2, TRANSPARENT, 0), (4, TRANSPARENT, INVERT), (3, 0, 0),
                (1, PATTERN, 0), (2, PATTERN | TRANSPARENT, 0), (4, PATTERN, SOLID))):
            fg, bg = (color.to_bytes(4, 'little')[:size] for color in colors)
            dst, src = 0x2000 + 0x800 * n, 0x100 + (3 if mode & PATTERN else 0)
            self.blit(21 * size, 9, dst, src, 128, 0, mode=mode | EXPAND | (size - 1) << 4,
                      extensions=extensions, fg=colors[0], bg=colors[1])
            self.idle()
            for y in range(9):
                row = (memory[0x100 + (3 + y) % 8:][:1] * 3 if mode & PATTERN
                       else memory[0x100 + 3 * y:0x103 + 3 * y])
                for x in range(21):
                    one = row[x // 8] >> 7 - x % 8 & 1 or extensions & SOLID
                    if not mode & TRANSPARENT or bool(one) != bool(extensions & INVERT):
                        at = dst + y * 128 + x * size
                        memory[at:at + size] = fg if one else bg
        # A pattern in colour.
        self.blit(40, 9, 0x8000, 0x405, 64, 0, mode=PATTERN | 0x10)
        self.idle()
        for y in range(9):
            row = memory[0x400 + (5 + y) % 8 * 16:][:16]
            memory[0x8000 + y * 64:0x8028 + y * 64] = (row * 3)[:40]
        self.check(memory, 'expansion')

    def test_from_system(self):
        memory = self.fill(5)
        data = random.Random(6).randbytes(3 * 24)
        for window in (LFB + 0x1234, 0xa0000):
            self.blit(22, 3, 0x1000, 0, 64, 0, mode=FROM_SYSTEM)
            for at in range(0, len(data), 4):
                self.assertEqual(self.q.readb(MMIO + 0x140) & 1, 1)
                self.q.writel(window + at, struct.unpack_from('<I', data, at)[0])
            self.idle()
            for y in range(3):
                memory[0x1000 + y * 64:0x1016 + y * 64] = data[y * 24:y * 24 + 22]
            self.check(memory, 'from the system')
            self.q.write(LFB + 0x1000, bytes(0x100))
            memory[0x1000:0x1100] = bytes(0x100)
        # Expanded, clipped at the left, rows of double words.
        self.blit(20, 2, 0x2000, 0, 64, 0, mode=FROM_SYSTEM | EXPAND, extensions=DWORDS, fg=1,
                  bg=2, clip=3)
        for row in (0x00ff00ff, 0x55aa55aa):
            self.q.writel(LFB, row)
        self.idle()
        for y, row in enumerate((b'\xff\x00\xff\x00', b'\xaa\x55\xaa\x55')):
            for x in range(3, 20):
                one = row[(x + 3) // 8] >> 7 - (x + 3) % 8 & 1
                memory[0x2000 + y * 64 + x] = 1 if one else 2
        self.check(memory, 'expanded from the system')
        # Given up in the middle: video memory is itself again.
        self.blit(64, 64, 0x3000, 0, 64, 0, mode=FROM_SYSTEM)
        self.q.writel(LFB, 0x12345678)
        self.q.writeb(MMIO + 0x140, 4)
        self.assertEqual(self.q.readb(MMIO + 0x140) & 1, 0)
        self.q.writel(LFB + 0x40, 0xcafe)
        self.assertEqual(self.q.readl(LFB + 0x40), 0xcafe)

    def test_nonsense(self):
        """The largest transfers at random places with random modes; the monitor answers."""
        random.seed(7)
        for _ in range(60):
            self.blit(random.choice((1, 8192, random.randrange(1, 8193))),
                      random.choice((1, 2048, random.randrange(1, 100))),
                      random.randrange(1 << 22), random.randrange(1 << 22),
                      random.randrange(8192), random.randrange(8192), random.randrange(256),
                      random.choice(list(ROPS) + [random.randrange(256)]), random.randrange(256),
                      clip=random.randrange(256))
            self.q.writel(LFB, random.randrange(1 << 32))
            start = time.monotonic()
            self.machine.hmp.command('info status')
            self.assertLess(time.monotonic() - start, 2)
            self.q.writeb(MMIO + 0x140, 4)
        self.assertEqual(self.q.readb(MMIO + 0x140) & 1, 0)

    def test_cursor(self):
        self.mode(640, 480, 0)
        place = LFB + MEMORY - 0x4000
        self.q.write(place, bytes(0x4000))
        # 64x64: a row is 8 bytes of the first plane and 8 of the second.
        self.q.write(place, b'\xff' + bytes(7) + b'\xff' + bytes(7))
        self.vga.seq(0x12, 2)
        for index, color in ((0, (0, 63, 0)), (15, (63, 0, 0))):
            self.q.outb(0x3c8, index)
            for part in color:
                self.q.outb(0x3c9, part)
        self.vga.seq(0x13, 0)
        x, y = 101, 50
        self.vga.seq(0x10 | (x & 7) << 5, x >> 3)
        self.vga.seq(0x11 | (y & 7) << 5, y >> 3)
        self.vga.seq(0x12, 5)
        for _ in range(2):
            size, picture = self.screen('-c')
            at = (y * 640 + x) * 3
            self.assertEqual(tuple(picture[at:at + 3]), (255, 0, 0))
            self.assertEqual(tuple(picture[at + 8 * 3:at + 9 * 3]), (0, 0, 0))
            self.assertEqual(tuple(picture[at - 3:at]), (0, 0, 0))


if __name__ == '__main__':
    tap.main()
