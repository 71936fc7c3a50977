# SPDX-License-Identifier: GPL-2.0-or-later
"""A small driver for the VGA over qtest: BIOS modes, palette, font, Bochs VBE."""

import os

# name: (miscellaneous output, sequencer 1-4, CRTC 0-18h, graphics 0-8, attribute 0-14h), from the
# parameter tables of the video BIOS.
MODES = {
    'text': ('67', '00030002', '5f4f50825581bf1f004f0d0e000000009c8e8f281f96b9a3ff',
             '0000000000100e00ff', '000102030405140738393a3b3c3d3e3f0c000f0800'),
    'text-40': ('67', '08030002', '2d2728902ba0bf1f004f0d0e000000009c8e8f141f96b9a3ff',
                '0000000000100e00ff', '000102030405140738393a3b3c3d3e3f0c000f0800'),
    'cga-4': ('63', '09030002', '2d2728902b80bf1f00c10000000000009c8e8f140096b9a2ff',
              '0000000000300f0fff', '001315170204060710111213141516170100030000'),
    'planar': ('e3', '010f0006', '5f4f508254800b3e0040000000000000ea8cdf2800e704e3ff',
               '000000000000050fff', '000102030405140738393a3b3c3d3e3f01000f0000'),
    '13h': ('63', '010f000e', '5f4f50825480bf1f00410000000000009c8e8f284096b9a3ff',
            '000000000040050fff', '000102030405060708090a0b0c0d0e0f41000f0000'),
}

VBE_ID, VBE_XRES, VBE_YRES, VBE_BPP, VBE_ENABLE, VBE_BANK = range(6)
VBE_VIRT_WIDTH, VBE_VIRT_HEIGHT, VBE_X_OFFSET, VBE_Y_OFFSET, VBE_MEMORY_64K = range(6, 11)
ENABLED, GETCAPS, DAC_8BIT, LFB, NOCLEAR = 1, 2, 0x20, 0x40, 0x80

# The sixteen colours where the BIOS's attribute registers point, 6 bits a component.
EGA = {0: (0, 0, 0), 1: (0, 0, 42), 2: (0, 42, 0), 3: (0, 42, 42), 4: (42, 0, 0), 5: (42, 0, 42),
       0x14: (42, 21, 0), 7: (42, 42, 42), 0x38: (21, 21, 21), 0x39: (21, 21, 63),
       0x3a: (21, 63, 21), 0x3b: (21, 63, 63), 0x3c: (63, 21, 21), 0x3d: (63, 21, 63),
       0x3e: (63, 63, 21), 0x3f: (63, 63, 63)}


class Vga:
    def __init__(self, qtest):
        self.q = qtest

    def index(self, port, index, value):
        self.q.outw(port, index | value << 8)

    def seq(self, index, value):
        self.index(0x3c4, index, value)

    def gc(self, index, value):
        self.index(0x3ce, index, value)

    def crtc(self, index, value):
        self.index(0x3d4, index, value)

    def attr(self, index, value):
        self.q.inb(0x3da)
        self.q.outb(0x3c0, index | 0x20)
        self.q.outb(0x3c0, value)

    def set_mode(self, name):
        misc, seq, crtc, gc, attr = (bytes.fromhex(x) for x in MODES[name])
        self.q.outb(0x3c2, misc[0])
        for i, value in enumerate(seq):
            self.seq(i + 1, value)
        self.crtc(0x11, 0)
        for i, value in enumerate(crtc):
            self.crtc(i, value)
        for i, value in enumerate(gc):
            self.gc(i, value)
        self.q.inb(0x3da)
        for i, value in enumerate(attr):
            self.q.outb(0x3c0, i)
            self.q.outb(0x3c0, value)
        self.q.outb(0x3c0, 0x20)

    def palette(self, first, colors):
        """Colours as (r, g, b) in the DAC's own width."""
        self.q.outb(0x3c8, first)
        for color in colors:
            for component in color:
                self.q.outb(0x3c9, component)

    def ega_palette(self):
        for index, color in EGA.items():
            self.palette(index, [color])

    def load_font(self, table=0):
        """Puts the 8x16 font of the distribution's VGA BIOS into plane 2; `table` is its offset."""
        font = bios_font()
        self.seq(2, 4)
        self.seq(4, 6)
        self.gc(5, 0)
        self.gc(6, 4)
        self.gc(8, 0xff)
        data = b''.join(font[16 * ch:16 * ch + 16] + bytes(16) for ch in range(256))
        self.q.write(0xa0000 + table, data)
        self.seq(2, 3)
        self.seq(4, 2)
        self.gc(5, 0x10)
        self.gc(6, 0x0e)

    def text(self, column, row, text, attr=7, columns=80):
        data = b''.join(bytes((ch, attr)) for ch in text.encode('cp437'))
        self.q.write(0xb8000 + 2 * (row * columns + column), data)

    def vbe(self, index, value):
        self.q.outw(0x1ce, index)
        self.q.outw(0x1cf, value)

    def vbe_read(self, index):
        self.q.outw(0x1ce, index)
        return self.q.inw(0x1d0)

    def vbe_mode(self, width, height, bpp, flags=LFB):
        self.vbe(VBE_ENABLE, 0)
        self.vbe(VBE_XRES, width)
        self.vbe(VBE_YRES, height)
        self.vbe(VBE_BPP, bpp)
        self.vbe(VBE_ENABLE, ENABLED | flags)
        self.q.inb(0x3da)
        self.q.outb(0x3c0, 0x20)


def bios_font():
    """The 8x16 font, found by its letter A."""
    for folder in ('/usr/share/seabios', '/usr/share/qemu'):
        path = os.path.join(folder, 'vgabios-stdvga.bin')
        if os.path.exists(path):
            with open(path, 'rb') as f:
                rom = f.read()
            at = rom.find(bytes.fromhex('000010386cc6c6fec6c6c6c600000000'))
            if at >= 65 * 16:
                return rom[at - 65 * 16:at + (256 - 65) * 16]
    raise RuntimeError('no VGA BIOS with the 8x16 font is installed')
