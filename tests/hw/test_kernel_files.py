# SPDX-License-Identifier: GPL-2.0-or-later
"""What -kernel, -initrd, -append and -bios say about bad files; what fw_cfg gets of good ones."""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest
from machine import run

RAM = 64 << 20


def bzimage(size=5000, protocol=0x20f):
    data = bytearray(size)
    data[0x1f1] = 1
    struct.pack_into('<I', data, 0x1f4, (size - 1024) // 16)
    struct.pack_into('<H', data, 0x1fe, 0xaa55)
    data[0x202:0x206] = b'HdrS'
    struct.pack_into('<H', data, 0x206, protocol)
    data[0x211] = 1
    struct.pack_into('<I', data, 0x22c, 0x7fffffff)
    struct.pack_into('<I', data, 0x238, 2047)
    data[1024:] = bytes(i % 251 for i in range(size - 1024))
    return bytes(data)


class Kernel(HwTest):
    args = None

    def item(self, key, size):
        self.q.outw(0x510, key)
        return bytes(self.q.inb(0x511) for _ in range(size))

    def number(self, key):
        return struct.unpack('<I', self.item(key, 4))[0]

    def file(self, name):
        """A file of fw_cfg; None if there is none."""
        count = struct.unpack('>I', self.item(0x19, 4))[0]
        for _ in range(count):
            entry = bytes(self.q.inb(0x511) for _ in range(64))
            size, key = struct.unpack('>IH', entry[:6])
            if entry[8:].rstrip(b'\0') == name.encode():
                return self.item(key, size)
        return None

    def scratch(self):
        """A machine only for the sake of its temporary directory."""
        return self.start('-machine', 'none')

    def test_items(self):
        m = self.scratch()
        data = bzimage()
        kernel, initrd = m.file('kernel', data), m.file('initrd', b'RAM disk' * 100)
        m = self.start('-m', '64', '-kernel', kernel, '-initrd', initrd, '-append', 'a b',
                       '-boot', 'strict=on')
        self.assertEqual(self.number(0x07), 0x100000)
        self.assertEqual(self.number(0x08), 5000 - 1024)
        self.assertEqual(self.item(0x11, 100), data[1024:1124])
        self.assertEqual(self.number(0x0b), 800)
        self.assertEqual(self.number(0x0a), RAM - 0x40000 - 0x1000)
        self.assertEqual(self.item(0x12, 808), b'RAM disk' * 100 + bytes(8))
        self.assertEqual(self.number(0x14), 4)
        self.assertEqual(self.item(0x15, 4), b'a b\0')
        self.assertEqual(self.number(0x17), 1024)
        setup = self.item(0x18, 1024)
        self.assertEqual(struct.unpack_from('<II', setup, 0x218), (RAM - 0x41000, 800))
        rom = self.file('genroms/vitrine-kernel.bin')
        self.assertEqual(sum(rom) & 0xff, 0)
        self.assertEqual(self.file('bootorder'), b'/rom@genroms/vitrine-kernel.bin\nHALT\0')

    def test_no_kernel(self):
        self.start('-m', '64')
        self.assertIsNone(self.file('genroms/vitrine-kernel.bin'))
        self.assertEqual(self.number(0x08), 0)

    def refused(self, *args):
        status, _, err = run('-accel', 'qtest', '-display', 'none', *args)
        self.assertEqual(status, 1, err)
        self.assertEqual(len(err.splitlines()), 1, err)
        return err

    def test_command_line(self):
        self.assertIn('-initrd: is for a kernel', self.refused('-initrd', '/dev/null'))
        self.assertIn('-append: is for a kernel', self.refused('-append', 'x'))
        m = self.scratch()
        kernel = m.file('kernel', bzimage())
        self.assertIn("the machine 'none'", self.refused('-machine', 'none', '-kernel', kernel))

    def test_files(self):
        m = self.scratch()
        good = m.file('good', bzimage())
        for data, words in ((b'', 'has 0 bytes'), (b'x', 'neither a Linux bzImage'),
                            (b'\x7fELF' + bytes(9000), 'nor a multiboot kernel'),
                            (bzimage()[:3000], 'truncated'),
                            (bzimage(protocol=0x102), 'protocol 1.02')):
            err = self.refused('-kernel', m.file('bad', data))
            self.assertIn(words, err)
            self.assertIn('/bad', err)
        self.assertIn('cannot open', self.refused('-kernel', m.path('missing')))
        self.assertIn('not a regular file', self.refused('-kernel', m.dir))
        self.assertIn('not a regular file', self.refused('-kernel', '/dev/zero'))
        os.mkfifo(m.path('fifo'))
        self.assertIn('not a regular file', self.refused('-kernel', m.path('fifo')))
        self.assertIn('-initrd: cannot open',
                      self.refused('-kernel', good, '-initrd', m.path('missing')))
        self.assertIn('-initrd: ', self.refused('-kernel', good, '-initrd', m.dir))
        self.assertIn('at most 2047', self.refused('-kernel', good, '-append', 'x' * 2048))

    def test_big_files(self):
        m = self.scratch()
        good = m.file('good', bzimage())
        with open(m.path('big'), 'wb') as f:
            f.truncate(15 << 20)
        self.assertIn('do not fit', self.refused('-m', '16', '-kernel', good, '-initrd',
                                                 m.path('big')))
        with open(m.path('big'), 'wb') as f:
            f.truncate(17 << 20)
        for args in (('-kernel', m.path('big')), ('-kernel', good, '-initrd', m.path('big'))):
            self.assertIn('would fit into memory', self.refused('-m', '16', *args))


class Bios(HwTest):
    args = None

    def image(self, size):
        """Every 64 KiB its number; the last byte is its own."""
        data = b''.join(bytes([i]) * 65536 for i in range(size // 65536))
        return data[:-1] + b'\xee'

    def test_sizes(self):
        folder = self.start('-machine', 'none')
        for kib in (64, 128, 256, 2048, 4096, 16384):
            data = self.image(kib << 10)
            self.start('-m', '64', '-bios', folder.file('bios', data))
            with self.subTest(kib=kib):
                start = (4 << 30) - len(data)
                self.assertEqual(self.q.read(start, 16), data[:16])
                self.assertEqual(self.q.read((4 << 30) - 16, 16), data[-16:])
                low = min(len(data), 128 << 10)
                self.assertEqual(self.q.read((1 << 20) - low, 16), data[-low:][:16])
                self.assertEqual(self.q.read((1 << 20) - 16, 16), data[-16:])
                if kib == 64:
                    self.assertEqual(self.q.read(0xe0000, 4), b'\xff' * 4)
                self.machine.stop()

    def test_bad_sizes(self):
        folder = self.start('-machine', 'none')
        for size, words in ((0, '0 bytes'), (65535, 'multiple of 64 KiB'),
                            (100000, 'multiple of 64 KiB'), ((16 << 20) + 65536, 'would fit')):
            with open(folder.path('bios'), 'wb') as f:
                f.truncate(size)
            status, _, err = run('-accel', 'qtest', '-display', 'none', '-bios',
                                 folder.path('bios'))
            self.assertEqual(status, 1)
            self.assertIn(words, err)


if __name__ == '__main__':
    tap.main()
