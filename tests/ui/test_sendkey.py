#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys from the monitor in a guest under KVM: SeaBIOS's boot menu, proved by a screenshot, then a
boot sector that types what it is sent."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import image  # noqa: E402
import tap  # noqa: E402
from machine import Machine  # noqa: E402

# mov ah,0; int 16h; mov ah,0Eh; int 10h; jmp 0: shows every key typed.
TYPEWRITER = bytes.fromhex('b400cd16b40ecd10ebf6')
ROW = 16  # pixels


def rows(picture, first, end):
    """The pixels of these rows of text."""
    line = picture.width * 3
    return picture.rgb[first * ROW * line:end * ROW * line]


@unittest.skipUnless(os.access('/dev/kvm', os.R_OK | os.W_OK), 'no /dev/kvm')
class SendkeyTest(unittest.TestCase):
    def setUp(self):
        sector = TYPEWRITER.ljust(510, b'\0') + b'\x55\xaa'
        self.m = Machine('-machine', 'pc', '-m', '64', '-nodefaults', '-vga', 'std',
                         '-boot', 'menu=on,splash-time=60000', '-hda', 'disk',
                         accel='kvm', cwd=True)
        self.m.file('disk', sector.ljust(65536, b'\0'))
        self.addCleanup(self.m.stop)
        self.m.start()

    def shot(self):
        path = self.m.path('screen.ppm')
        self.assertEqual(self.m.hmp.command('screendump ' + path), '')
        return image.read(path)

    def wait_for_rows(self, reference, first, end):
        """Until these rows of the screen are the reference's. (Row 0 tells SeaBIOS's version.)"""
        deadline = time.monotonic() + 40
        while True:
            picture = self.shot()
            if (picture.width, picture.height) == (reference.width, reference.height) and \
                    rows(picture, first, end) == rows(reference, first, end):
                return
            if time.monotonic() > deadline:
                picture.save_png('/tmp/vitrine-sendkey-failed.png')
                self.fail('the screen never looked like the reference: '
                          '/tmp/vitrine-sendkey-failed.png')
            time.sleep(0.25)

    def text_row(self, row):
        """A row of the text screen, read by xp from video memory."""
        dump = self.m.hmp.command('xp /80xh 0x%x' % (0xb8000 + row * 160))
        cells = [int(cell, 16) for line in dump.split('\n') for cell in line.split()[1:]]
        return bytes(cell & 0xff for cell in cells).decode('cp437').rstrip()

    def test_menu_and_typing(self):
        reference = image.read(image.reference('seabios-menu'))
        self.wait_for_rows(reference, 1, 3)
        self.assertEqual(self.text_row(2), 'Press ESC for boot menu.')
        self.m.hmp.command('sendkey esc')
        self.wait_for_rows(reference, 1, 25)
        self.m.hmp.command('sendkey 1')
        self.wait_for_text(8, 'Booting from Hard Disk...')
        for chord in ('shift-v', 'i', 't', 'r', 'i', 'n', 'e', 'spc', 'shift-2', 'kp_add', '0x33'):
            self.assertEqual(self.m.hmp.command('sendkey %s 40' % chord), '')
        self.wait_for_text(9, 'Vitrine @+,')

    def wait_for_text(self, row, text):
        deadline = time.monotonic() + 40
        while self.text_row(row) != text and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual(self.text_row(row), text)


if __name__ == '__main__':
    tap.main()
