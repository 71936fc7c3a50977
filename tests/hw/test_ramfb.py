# SPDX-License-Identifier: GPL-2.0-or-later
"""ramfb: frames that the firmware announces by fw_cfg's DMA, and what cannot be one."""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import image
import tap
from hwtest import HwTest
from machine import run

REQUEST, BUFFER, FRAME = 0x1000, 0x2000, 0x100000
RAM = 16 << 20
READ, SELECT, WRITE, ERROR = 2, 8, 16, 1
XR24 = 0x34325258


class RamFb(HwTest):
    args = ('-machine', 'pc', '-m', '16', '-vga', 'none', '-device', 'ramfb')
    monitor = True

    def setUp(self):
        super().setUp()
        self.request(0x19 << 16 | SELECT | READ, 4 + 64 * 64, BUFFER)
        count = struct.unpack('>I', self.q.read(BUFFER, 4))[0]
        data = self.q.read(BUFFER + 4, 64 * count)
        entries = [struct.unpack('>IHH56s', data[at:at + 64]) for at in range(0, len(data), 64)]
        files = {name.rstrip(b'\0'): (size, key) for size, key, _, name in entries}
        self.assertIn(b'vgaroms/vgabios-ramfb.bin', files)
        size, self.key = files[b'etc/ramfb']
        self.assertEqual(size, 28)

    def request(self, control, length, address):
        self.q.write(REQUEST, struct.pack('>IIQ', control, length, address))
        self.q.outl(0x514, 0)
        self.q.outl(0x518, struct.unpack('<I', struct.pack('>I', REQUEST))[0])
        return struct.unpack('>I', self.q.read(REQUEST, 4))[0]

    def announce(self, addr=FRAME, width=64, height=32, stride=0, fourcc=XR24):
        self.q.write(BUFFER, struct.pack('>QIIIII', addr, fourcc, 0, width, height, stride))
        return self.request(self.key << 16 | SELECT | WRITE, 28, BUFFER)

    def dump(self):
        path = self.machine.path('screen.ppm')
        self.assertEqual(self.machine.hmp.command('screendump %s' % path), '')
        return image.read(path)

    def test_picture(self):
        rows = [[x << 18 | y << 10 | (x ^ y) for x in range(64)] for y in range(32)]
        for y, row in enumerate(rows):
            self.q.write(FRAME + y * 272, struct.pack('<64I', *row))
        self.assertEqual(self.announce(stride=272), 0)
        picture = self.dump()
        self.assertEqual((picture.width, picture.height), (64, 32))
        for y in range(32):
            self.assertEqual([picture.pixel(x, y) for x in range(64)], rows[y])
        self.q.writel(FRAME + 272 * 5, 0xabcdef)
        self.assertEqual(self.dump().pixel(0, 5), 0xabcdef)
        self.assertEqual(self.announce(width=100, height=50), 0)
        picture = self.dump()
        self.assertEqual((picture.width, picture.pixel(63, 0)), (100, rows[0][63]))

    def test_reset(self):
        self.q.memset(FRAME, 8192, 0xff)
        self.announce()
        self.assertEqual(self.dump().pixel(63, 31), 0xffffff)
        self.machine.hmp.command('system_reset')
        self.assertEqual(self.dump().pixel(63, 31), 0)

    def test_refused(self):
        """What cannot be shown leaves the frame before it."""
        self.announce()
        for bad in ({'width': 0}, {'height': 0}, {'width': 0xffffffff}, {'height': 0xffffffff},
                    {'width': 16384, 'height': 16384}, {'stride': 252}, {'stride': 257},
                    {'stride': 0xfffffffc}, {'addr': 2**64 - 4}, {'fourcc': 0},
                    {'width': 0x40000000}, {'width': 0x40000001}):
            self.announce(**bad)
            picture = self.dump()
            self.assertEqual((picture.width, picture.height), (64, 32), bad)

    def test_not_memory(self):
        """A frame that ends outside RAM, or is none, is black; the last one in it is not."""
        self.q.memset(RAM - 8192, 8192, 0xff)
        self.announce(addr=RAM - 8192)
        self.assertEqual(self.dump().pixel(63, 31), 0xffffff)
        for addr in (RAM - 8188, RAM, 0xfec00000, 1 << 40):
            self.announce(addr=addr)
            self.assertEqual(self.dump().pixel(0, 0), 0)

    def test_bounds_of_the_file(self):
        self.assertEqual(self.request(self.key << 16 | SELECT | WRITE, 29, BUFFER), ERROR)
        self.assertEqual(self.request(self.key << 16 | SELECT | WRITE, 0xffffffff, BUFFER), ERROR)
        self.assertEqual(self.request(self.key << 16 | SELECT | WRITE, 28, 1 << 40), ERROR)
        self.assertEqual(self.request(0x19 << 16 | SELECT | WRITE, 4, BUFFER), ERROR)
        self.announce()
        self.assertEqual(self.request(WRITE, 1, BUFFER), ERROR)


class Options(HwTest):
    args = None

    def test_one(self):
        _, _, error = run('-machine', 'pc', '-accel', 'qtest', '-display', 'none',
                          '-device', 'ramfb', '-device', 'ramfb')
        self.assertIn('ramfb', error)


if __name__ == '__main__':
    tap.main()
