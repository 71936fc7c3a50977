# SPDX-License-Identifier: GPL-2.0-or-later
"""VGA cards as a guest's driver sees them, and the pictures that screendump makes of them.

With VITRINE_UPDATE_REFERENCE set the reference pictures are written instead of compared.
"""

import os
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


class VgaTest(HwTest):
    monitor = True

    def setUp(self):
        super().setUp()
        self.vga = vga.Vga(self.q)

    def dump(self, options=''):
        path = self.machine.path('screen.png' if 'png' in options else 'screen.ppm')
        self.assertEqual(self.machine.hmp.command('screendump %s %s' % (path, options)), '')
        return image.read(path)

    def check(self, name, picture):
        path = image.reference(name)
        if os.environ.get('VITRINE_UPDATE_REFERENCE'):
            os.makedirs(image.REFERENCE, exist_ok=True)
            picture.save_png(path)
        difference = picture.difference(image.read(path))
        if difference:
            picture.save_png('/tmp/vitrine-%s.png' % name)
            self.fail('%s: %s (see /tmp/vitrine-%s.png)' % (name, difference, name))

    def map_card(self):
        card = pci.find(self.q, 0x1234, 0x1111)
        card.set_bar(0, LFB)
        card.set_bar(2, MMIO)
        card.enable(pci.COMMAND_IO | pci.COMMAND_MEMORY)
        return card


class Text(VgaTest):
    def start_text(self, mode):
        self.vga.set_mode(mode)
        self.vga.ega_palette()
        self.vga.load_font()
        self.q.write(0xb8000, bytes((0x20, 0x07)) * 2000)

    def test_text(self):
        self.start_text('text')
        self.vga.text(2, 1, 'Vitrine: 80 columns, nine dots, sixteen colours')
        for attr in range(256):
            self.vga.text(2 + attr % 16 * 4, 3 + attr // 16, '%02X ' % attr, attr)
        self.vga.text(66, 3, '╔═════════╗', 0x1f)
        self.vga.text(66, 4, '║ ░▒▓█▄▀■ ║', 0x1f)
        self.vga.text(66, 5, '╚═════════╝', 0x1f)
        for row in range(4):
            self.vga.text(66, 7 + row, ''.join(bytes((c,)).decode('cp437')
                                               for c in range(0x80 + row * 10, 0x8a + row * 10)))
        self.vga.crtc(0x0f, 2 + 20 * 80 & 0xff)
        self.vga.crtc(0x0e, 2 + 20 * 80 >> 8)
        self.check('vga-text', self.dump())
        self.q.clock_step(16 * 10**9 // 70)  # the cursor goes
        self.check('vga-text-no-cursor', self.dump('-f png'))
        self.vga.attr(0x10, 0x04)  # intensity instead of blinking
        self.q.clock_step(16 * 10**9 // 70)
        self.check('vga-text-intensity', self.dump())

    def test_columns_40(self):
        self.start_text('text-40')
        self.vga.text(3, 2, 'forty columns', 0x2e, columns=40)
        self.check('vga-text-40', self.dump())

    def test_two_fonts(self):
        self.start_text('text')
        self.vga.load_font(0x4000)
        self.vga.seq(3, 0x04)  # bit 3 of an attribute: the second font
        self.vga.seq(2, 4)
        self.vga.seq(4, 6)
        self.vga.gc(6, 4)
        self.vga.gc(5, 0)
        self.q.memset(0xa4000 + 32 * ord('A'), 16, 0x55)
        self.vga.seq(2, 3)
        self.vga.seq(4, 2)
        self.vga.gc(6, 0x0e)
        self.vga.gc(5, 0x10)
        self.vga.text(0, 0, 'A', 0x07)
        self.vga.text(1, 0, 'A', 0x0f)
        picture = self.dump()
        self.assertEqual(picture.pixel(0, 0), 0)
        self.assertEqual([picture.pixel(9 + x, 0) for x in range(9)],
                         [0, 0xffffff] * 4 + [0])


class Graphics(VgaTest):
    def test_13h(self):
        self.vga.set_mode('13h')
        self.vga.palette(0, [(i >> 2, (i * 2) & 63, 63 - (i >> 2)) for i in range(256)])
        self.q.write(0xa0000, bytes((x ^ y) & 255 for y in range(200) for x in range(320)))
        self.check('vga-13h', self.dump())

    def test_split(self):
        """Line compare, pixel panning above it only, and a start address."""
        self.vga.set_mode('13h')
        self.vga.palette(0, [(i >> 2, (i * 2) & 63, 63 - (i >> 2)) for i in range(256)])
        self.q.write(0xa0000, bytes((x ^ y) & 255 for y in range(200) for x in range(320)))
        self.vga.crtc(0x0c, 80 * 40 >> 8)
        self.vga.crtc(0x0d, 80 * 40 & 0xff)
        self.vga.crtc(0x18, 299 & 0xff)
        self.vga.crtc(0x07, 0x1f)
        self.vga.crtc(0x09, 0x01)  # bit 9 of line compare is here
        self.vga.attr(0x10, 0x61)
        self.vga.attr(0x13, 6)
        picture = self.dump()
        self.check('vga-split', picture)
        # the split shows address 0, not panned: x ^ y = 0 at its corner
        self.assertEqual(picture.pixel(0, 300), 0x0000ff)

    def test_planar(self):
        """Boxes by write modes 0 (set/reset), 2 and 3, a copy by write mode 1, and xor."""
        self.vga.set_mode('planar')
        self.vga.ega_palette()
        for color in range(16):
            self.vga.gc(0, color)
            self.vga.gc(1, 0x0f)
            for y in range(20):
                self.q.memset(0xa0000 + (color * 25 + y) * 80 + 2, 10, 0xff)
        self.vga.gc(1, 0)
        self.vga.gc(5, 2)
        for color in range(16):
            for y in range(20):
                self.q.memset(0xa0000 + (color * 25 + y) * 80 + 14, 10, color)
        self.vga.gc(5, 3)
        self.vga.gc(0, 0x0e)
        for y in range(100):
            self.q.memset(0xa0000 + (10 + y) * 80 + 30, 10, 0x80 >> (y & 7))
        self.vga.gc(5, 1)
        for y in range(100):  # the latches carry four planes at once
            for x in range(24):
                self.q.readb(0xa0000 + y * 80 + x)
                self.q.writeb(0xa0000 + (200 + y) * 80 + 40 + x, 0)
        self.vga.gc(5, 0)
        self.vga.gc(3, 0x18)
        self.vga.seq(2, 0x05)
        for y in range(150, 250):
            self.q.readb(0xa0000 + y * 80 + 50)
            self.q.writeb(0xa0000 + y * 80 + 50, 0xff)
        self.vga.seq(2, 0x0f)
        self.vga.gc(3, 0)
        self.check('vga-planar', self.dump())

    def test_cga(self):
        self.vga.set_mode('cga-4')
        self.vga.palette(0, [(0, 0, 0)])
        self.vga.palette(0x13, [(0, 63, 63)])
        self.vga.palette(0x15, [(63, 0, 63)])
        self.vga.palette(0x17, [(63, 63, 63)])
        for y in range(200):
            self.q.memset(0xb8000 + (y & 1) * 0x2000 + (y >> 1) * 80, 80, 0x1b)
        self.q.memset(0xb8000, 80, 0xff)
        picture = self.dump()
        self.assertEqual((picture.width, picture.height), (640, 400))
        self.assertEqual(picture.pixel(0, 0), 0xffffff)
        self.assertEqual([picture.pixel(x, 2) for x in range(0, 8, 2)],
                         [0, 0x00ffff, 0xff00ff, 0xffffff])


class Vbe(VgaTest):
    # bits a pixel: (bytes, colour of a pixel's bytes)
    FORMATS = {
        8: (1, lambda p: None),
        15: (2, lambda p: (p >> 10 & 31, p >> 5 & 31, p & 31, 5, 5, 5)),
        16: (2, lambda p: (p >> 11 & 31, p >> 5 & 63, p & 31, 5, 6, 5)),
        24: (3, lambda p: (p >> 16 & 255, p >> 8 & 255, p & 255, 8, 8, 8)),
        32: (4, lambda p: (p >> 16 & 255, p >> 8 & 255, p & 255, 8, 8, 8)),
    }

    @staticmethod
    def widen(value, bits):
        return value << (8 - bits) | value >> (2 * bits - 8)

    def expected(self, bpp, data, width, height, palette=None):
        size, split = self.FORMATS[bpp]
        out = bytearray()
        for i in range(width * height):
            pixel = int.from_bytes(data[i * size:(i + 1) * size], 'little')
            if bpp == 8:
                out += bytes(palette[pixel])
            else:
                r, g, b, nr, ng, nb = split(pixel)
                out += bytes((self.widen(r, nr), self.widen(g, ng), self.widen(b, nb)))
        return image.Image(width, height, bytes(out))

    def test_formats(self):
        self.map_card()
        width, height = 160, 120
        palette = [(i, 255 - i, i * 7 & 255) for i in range(256)]
        for bpp, (size, _) in self.FORMATS.items():
            self.vga.vbe_mode(width, height, bpp, vga.LFB | vga.DAC_8BIT)
            self.vga.palette(0, palette)
            data = bytes((i * 31 + i // 251) & 255 for i in range(width * height * size))
            self.q.write(LFB, data)
            difference = self.dump().difference(self.expected(bpp, data, width, height, palette))
            self.assertIsNone(difference, '%d bpp: %s' % (bpp, difference))
            # a later write is seen too
            self.q.write(LFB + 5000 * size, bytes(size * 9))
            data = data[:5000 * size] + bytes(size * 9) + data[5009 * size:]
            difference = self.dump().difference(self.expected(bpp, data, width, height, palette))
            self.assertIsNone(difference, '%d bpp, later: %s' % (bpp, difference))

    def test_virtual(self):
        """A window into a larger picture, and pages."""
        self.map_card()
        self.vga.vbe_mode(320, 200, 32)
        self.vga.vbe(vga.VBE_VIRT_WIDTH, 512)
        self.assertEqual(self.vga.vbe_read(vga.VBE_VIRT_HEIGHT), (16 << 20) // 2048)
        self.q.writel(LFB + 2048 * 1000 + 4 * 100, 0x123456)
        self.vga.vbe(vga.VBE_Y_OFFSET, 1000)
        self.vga.vbe(vga.VBE_X_OFFSET, 100)
        self.assertEqual(self.dump().pixel(0, 0), 0x123456)
        self.vga.vbe(vga.VBE_X_OFFSET, 99)
        self.assertEqual(self.dump().pixel(1, 0), 0x123456)

    def test_registers(self):
        self.assertEqual(self.vga.vbe_read(vga.VBE_ID), 0xb0c5)
        self.vga.vbe(vga.VBE_ID, 0xb0c2)
        self.assertEqual(self.vga.vbe_read(vga.VBE_ID), 0xb0c2)
        self.vga.vbe(vga.VBE_ID, 0x1234)
        self.assertEqual(self.vga.vbe_read(vga.VBE_ID), 0xb0c2)
        self.assertEqual(self.vga.vbe_read(vga.VBE_MEMORY_64K), 256)
        self.vga.vbe(vga.VBE_ENABLE, vga.GETCAPS)
        self.assertGreaterEqual(self.vga.vbe_read(vga.VBE_XRES), 2560)
        self.assertGreaterEqual(self.vga.vbe_read(vga.VBE_YRES), 1600)
        self.assertEqual(self.vga.vbe_read(vga.VBE_BPP), 32)
        self.vga.vbe(vga.VBE_ENABLE, 0)
        self.assertEqual(self.vga.vbe_read(0x77), 0)

    def test_clear(self):
        self.map_card()
        self.vga.vbe_mode(64, 64, 32)
        self.q.memset(LFB, 4096, 0xaa)
        self.vga.vbe_mode(64, 64, 32, vga.NOCLEAR)
        self.assertEqual(self.q.readl(LFB), 0xaaaaaaaa)
        self.vga.vbe_mode(64, 64, 32)
        self.assertEqual(self.q.readl(LFB), 0)

    def test_bank(self):
        self.map_card()
        self.vga.vbe_mode(640, 480, 8)
        self.vga.gc(6, 5)
        self.q.outb(0x3c2, 0x63)
        self.vga.vbe(vga.VBE_BANK, 3)
        self.q.writeb(0xa0007, 0x5a)
        self.assertEqual(self.q.readb(LFB + 0x30007), 0x5a)

    def test_nonsense(self):
        """Sizes and offsets beyond memory are brought back into it."""
        self.map_card()
        for values in ((0xffff, 0xffff, 32), (0, 0, 0), (7, 1, 24), (16000, 12000, 15),
                       (1024, 768, 99)):
            self.vga.vbe_mode(*values)
            self.vga.vbe(vga.VBE_VIRT_WIDTH, 0xffff)
            self.vga.vbe(vga.VBE_X_OFFSET, 0xfff8)
            self.vga.vbe(vga.VBE_Y_OFFSET, 0xffff)
            self.vga.vbe(vga.VBE_BANK, 0xffff)
            picture = self.dump()
            self.assertEqual(picture.width, self.vga.vbe_read(vga.VBE_XRES))
            self.assertEqual(picture.height, self.vga.vbe_read(vga.VBE_YRES))
            self.assertLessEqual(picture.width * picture.height, 16 << 20)


class Card(VgaTest):
    def test_config(self):
        card = self.map_card()
        self.assertEqual(card.class_code, 0x030000)
        self.assertEqual(card.bar_size(0), 16 << 20)
        self.assertEqual(card.readl(0x10) & 0xf, 8)  # prefetchable memory
        self.assertEqual(card.bar_size(2), 4096)
        card.writel(0x30, 0xffffffff)
        self.assertEqual(card.readl(0x30) & 0xfffff800, 0xffff0000)  # vgabios-stdvga.bin: 64 KiB

    def test_edid(self):
        self.map_card()
        edid = self.q.read(MMIO, 256)
        self.assertEqual(edid[:8], b'\x00\xff\xff\xff\xff\xff\xff\x00')
        self.assertEqual(sum(edid[:128]) & 255, 0)
        self.assertEqual(sum(edid[128:]) & 255, 0)
        self.assertEqual(edid[54 + 2] | (edid[54 + 4] >> 4) << 8, 1280)
        self.assertEqual(edid[54 + 5] | (edid[54 + 7] >> 4) << 8, 800)
        self.assertEqual(self.q.read(MMIO + 256, 0x300), bytes(0x300))

    def test_mmio(self):
        self.map_card()
        self.q.writeb(MMIO + 0x408, 5)  # 3C8h
        for value in (1, 2, 3):
            self.q.writeb(MMIO + 0x409, value)
        self.q.outb(0x3c7, 5)
        self.assertEqual([self.q.inb(0x3c9) for _ in range(3)], [1, 2, 3])
        self.q.writew(MMIO + 0x500 + 2 * vga.VBE_XRES, 800)
        self.assertEqual(self.vga.vbe_read(vga.VBE_XRES), 800)
        self.assertEqual(self.q.readw(MMIO + 0x500), 0xb0c5)
        self.assertEqual(self.q.readl(MMIO + 0x600), 8)
        self.assertEqual(self.q.readl(MMIO + 0x604), 0x1e1e1e1e)

    def test_big_endian(self):
        self.map_card()
        self.vga.vbe_mode(64, 64, 32)
        self.q.writel(MMIO + 0x604, 0xbebebebe)
        self.q.writel(MMIO + 0x604, 0x12345678)  # no value of it
        self.assertEqual(self.q.readl(MMIO + 0x604), 0xbebebebe)
        self.q.write(LFB, bytes((0, 0x11, 0x22, 0x33)))
        self.assertEqual(self.dump().pixel(0, 0), 0x112233)

    def test_reset(self):
        self.map_card()
        self.vga.vbe_mode(64, 64, 32)
        self.machine.hmp.command('system_reset')
        self.assertEqual(self.vga.vbe_read(vga.VBE_ENABLE), 0)

    def test_screendump_errors(self):
        for command in ('screendump /nowhere/at/all.ppm', 'screendump /tmp/x -f gif'):
            self.assertNotEqual(self.machine.hmp.command(command), '')


class Options(HwTest):
    args = None

    def test_edid_options(self):
        self.start('-machine', 'pc', '-vga', 'none', '-device',
                   'VGA,vgamem_mb=5,xres=1920,yres=1080')
        card = pci.find(self.q, 0x1234, 0x1111)
        self.assertEqual(card.bar_size(0), 8 << 20)
        card.set_bar(2, MMIO)
        card.enable(pci.COMMAND_MEMORY)
        edid = self.q.read(MMIO, 128)
        self.assertEqual(edid[54 + 2] | (edid[54 + 4] >> 4) << 8, 1920)
        self.assertEqual(edid[54 + 5] | (edid[54 + 7] >> 4) << 8, 1080)

    def test_without(self):
        self.start('-machine', 'pc', '-vga', 'none', '-device', 'VGA,edid=off,mmio=off')
        self.assertEqual(pci.find(self.q, 0x1234, 0x1111).bar_size(2), 0)

    def test_isa(self):
        self.start('-machine', 'pc', '-vga', 'none', '-device', 'isa-vga')
        card = vga.Vga(self.q)
        self.assertIsNone(pci.find(self.q, 0x1234, 0x1111))
        self.assertEqual(card.vbe_read(vga.VBE_ID), 0xb0c5)
        card.vbe_mode(640, 480, 8)
        self.q.outb(0x3c2, 0x63)
        card.gc(6, 5)
        self.q.writeb(0xa0003, 0x42)
        self.assertEqual(self.q.readb(LFB + 3), 0x42)


class SecondHead(VgaTest):
    """secondary-vga, set up as the Bochs driver of Linux does: by the registers in BAR 2 alone."""

    args = ('-machine', 'pc', '-device', 'secondary-vga,id=right,vgamem_mb=8,xres=1024,yres=600',
            '-device', 'secondary-vga')
    LFB2, MMIO2 = 0xe4000000, 0xe8010000

    def map_second(self):
        card = pci.find(self.q, 0x1234, 0x1111, class_code=0x0380)
        card.set_bar(0, self.LFB2)
        card.set_bar(2, self.MMIO2)
        card.enable(pci.COMMAND_MEMORY)
        return card

    def vbe2(self, index, value):
        self.q.writew(self.MMIO2 + 0x500 + 2 * index, value)

    def mode2(self, width, height):
        self.q.writeb(self.MMIO2 + 0x400, 0x20)  # 3C0h: the screen shows the palette's output
        for index, value in ((vga.VBE_ENABLE, 0), (vga.VBE_XRES, width), (vga.VBE_YRES, height),
                             (vga.VBE_BPP, 32), (vga.VBE_ENABLE, 0x41)):
            self.vbe2(index, value)

    def test_config(self):
        card = self.map_second()
        self.assertEqual(card.class_code, 0x038000)
        self.assertEqual(card.bar_size(0), 8 << 20)
        self.assertEqual(card.bar_size(2), 4096)
        card.writel(0x30, 0xffffffff)
        self.assertEqual(card.readl(0x30), 0)  # no ROM
        edid = self.q.read(self.MMIO2, 128)
        self.assertEqual(edid[54 + 2] | (edid[54 + 4] >> 4) << 8, 1024)

    def test_two_pictures(self):
        self.map_card()
        self.map_second()
        self.vga.vbe_mode(64, 64, 32)
        self.mode2(800, 600)
        self.q.writel(LFB, 0x00112233)
        self.q.writel(self.LFB2 + 4, 0x00445566)
        first, second = self.dump('VGA'), self.dump('right')
        self.assertEqual((first.width, first.height, first.pixel(0, 0), first.pixel(1, 0)),
                         (64, 64, 0x112233, 0))
        self.assertEqual((second.width, second.height, second.pixel(0, 0), second.pixel(1, 0)),
                         (800, 600, 0, 0x445566))
        self.assertEqual(self.dump('2').width, 800)
        self.assertEqual(self.dump('secondary-vga').width, self.dump('3').width)
        self.assertIn("Device '4' not found", self.machine.hmp.command('screen_text 4'))

    def test_no_legacy(self):
        """The ports and the window are the first card's alone."""
        self.map_second()
        self.vga.vbe(vga.VBE_XRES, 720)
        self.assertNotEqual(self.q.readw(self.MMIO2 + 0x500 + 2 * vga.VBE_XRES), 720)
        self.vga.set_mode('13h')
        self.q.writeb(0xa0000, 0x42)
        self.assertEqual(self.q.readb(self.LFB2), 0)

    def test_nonsense(self):
        self.map_second()
        self.mode2(0xffff, 0xffff)
        self.dump('right')
        self.vbe2(vga.VBE_ENABLE, 0)
        self.q.writel(self.MMIO2 + 0x7fc, 0xffffffff)
        self.assertEqual(self.q.readw(self.MMIO2 + 0x500), 0xb0c5)

    def test_options(self):
        _, _, error = run('-machine', 'pc', '-accel', 'qtest', '-display', 'none',
                          '-device', 'secondary-vga,mmio=off')
        self.assertIn('mmio', error)


if __name__ == '__main__':
    tap.main()
