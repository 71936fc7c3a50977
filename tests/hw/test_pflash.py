#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Flash memory for firmware: commands of the Intel command set, and what stays in the image."""

import contextlib
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import hmp
import hwtest
import tap
from machine import Machine, run

CODE, VARS = 128 << 10, 64 << 10
CODE_BASE = (1 << 32) - CODE
BASE = CODE_BASE - VARS
READY, ERASE_ERROR, PROGRAM_ERROR = 0x80, 0x20, 0x10


class Flash(hwtest.HwTest):
    args = None

    def setUp(self):
        super().setUp()
        self.files = Machine()
        self.addCleanup(self.files.stop)
        self.code = self.files.file('code.fd', os.urandom(CODE))
        self.content = bytearray(os.urandom(VARS))
        self.vars = self.files.file('vars.fd', self.content)

    def boot(self, *args, vars_options='', board='pc', **kwargs):
        return self.start('-machine', board, '-drive',
                          'if=pflash,format=raw,readonly=on,file=' + self.code, '-drive',
                          'if=pflash,unit=1,format=raw,file=' + self.vars + vars_options, *args,
                          **kwargs)

    def write(self, at, *values):
        for value in values:
            self.q.writeb(BASE + at, value)

    def read(self, at, size=1):
        return self.q.read(BASE + at, size)

    def status(self):
        self.write(0, 0x70)
        status = self.q.readb(BASE)
        self.write(0, 0x50, 0xff)
        return status

    def program(self, at, data):
        for n, byte in enumerate(data):
            self.write(at + n, 0x10, byte)
        self.write(at, 0xff)

    def image(self):
        with open(self.vars, 'rb') as f:
            return f.read()

    def wait_image(self, content):
        end = time.monotonic() + 10
        while self.image() != content and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(self.image(), content)

    def test_places(self):
        for board in ('pc', 'q35'):
            self.boot(board=board)
            with open(self.code, 'rb') as f:
                code = f.read()
            self.assertEqual(self.q.read(CODE_BASE, CODE), code)
            self.assertEqual(self.q.read(0xe0000, CODE), code)
            self.assertEqual(self.read(0, VARS), self.content)
            self.machine.stop()

    def test_detection(self):
        """As OVMF finds out what is there."""
        self.boot()
        self.write(0, 0x50)
        self.assertEqual(self.read(0)[0], self.content[0])
        self.write(0, 0x70)
        self.assertEqual(self.read(0), b'\0')
        self.write(0, 0xff)
        self.assertEqual(self.read(0, VARS), self.content)

    def test_program_and_erase(self):
        self.boot()
        self.write(0x1234, 0x20, 0xd0)
        self.content[0x1000:0x2000] = b'\xff' * 4096
        self.assertEqual(self.status(), READY)
        self.assertEqual(self.read(0, VARS), self.content)
        self.program(0x1ffe, b'ab')
        self.content[0x1ffe:0x2000] = b'ab'
        self.program(0x1ffe, b'\xf0')
        self.content[0x1ffe] &= 0xf0
        self.assertEqual(self.status(), READY)
        self.assertEqual(self.read(0, VARS), self.content)
        self.wait_image(self.content)
        self.machine.stop()
        self.boot()
        self.assertEqual(self.read(0, VARS), self.content)

    def test_buffer(self):
        self.boot()
        self.write(0x800, 0x20, 0xd0)
        self.write(0x800, 0xe8)
        self.assertEqual(self.read(0x800)[0] & READY, READY)
        self.write(0x800, 3)
        for at, value in ((0x802, 3), (0x800, 1), (0xfff, 4), (0x801, 2)):
            self.write(at, value)
        self.write(0x800, 0xd0)
        self.assertEqual(self.status(), READY)
        self.content[:0x1000] = b'\xff' * 0x1000
        self.content[0x800:0x803] = b'\1\2\3'
        self.content[0xfff] = 4
        self.assertEqual(self.read(0, VARS), self.content)
        self.wait_image(self.content)

    def test_bad_sequences(self):
        self.boot()
        self.write(0, 0x20, 0x00)
        self.assertEqual(self.status(), READY | ERASE_ERROR | PROGRAM_ERROR)
        self.write(0, 0xe8, 1)
        self.write(0x10, 1)
        self.write(0x800, 2)  # out of the page
        self.assertEqual(self.status(), READY | ERASE_ERROR | PROGRAM_ERROR)
        self.write(0, 0xe8, 0, 0x55, 0xff)  # not confirmed
        self.assertEqual(self.status(), READY | ERASE_ERROR | PROGRAM_ERROR)
        self.write(0, 0x12)
        self.assertEqual(self.read(0, VARS), self.content)
        self.machine.stop()
        self.assertEqual(self.image(), self.content)

    def test_query(self):
        self.boot()
        self.write(0x55, 0x98)
        self.assertEqual(self.read(0x10, 3), b'QRY')
        self.assertEqual(self.read(0x13, 4), b'\1\0\x31\0')
        self.assertEqual(self.read(0x27), bytes([16]))
        self.assertEqual(self.read(0x2c, 5), bytes([1, VARS // 4096 - 1, 0, 16, 0]))
        self.assertEqual(self.read(0x31, 5), b'PRI10')
        self.write(0, 0x90)
        self.assertEqual(self.read(0, 2), b'\x89\x18')
        self.write(0, 0xff)
        self.assertEqual(self.read(0, VARS), self.content)

    def test_reset_shows_the_content(self):
        self.boot(monitor=True)
        self.write(0, 0x70)
        self.machine.hmp.command('system_reset')
        self.assertEqual(self.read(0, VARS), self.content)

    def test_read_only(self):
        self.boot(vars_options=',readonly=on')
        self.write(0, 0x10, 0)
        self.assertEqual(self.status(), READY | PROGRAM_ERROR)
        self.write(0, 0x20, 0xd0)
        self.assertEqual(self.status(), READY | ERASE_ERROR)
        self.q.writeb(CODE_BASE, 0x10)
        self.q.writeb(CODE_BASE, 0)
        self.q.writeb(CODE_BASE, 0xff)
        self.machine.stop()
        self.assertEqual(self.image(), self.content)

    def test_snapshot(self):
        self.boot(vars_options=',snapshot=on')
        self.write(0, 0x20, 0xd0, 0xff)
        self.assertEqual(self.read(0, 4096), b'\xff' * 4096)
        self.machine.stop()
        self.assertEqual(self.image(), self.content)

    def test_written_at_the_end(self):
        """What was programmed last is in the image when the program has ended."""
        self.boot(monitor=True)
        self.write(0xf000, 0x20, 0xd0)
        for at in range(0xf000, 0xf400):
            self.write(at, 0x10, at & 0xff)
        with contextlib.suppress(hmp.HmpError):  # it ends before it prompts
            self.machine.hmp.command('quit')
        self.machine.process.wait(10)
        self.content[0xf000:] = (bytes(range(256)) * 4).ljust(4096, b'\xff')
        self.assertEqual(self.image(), self.content)

    def test_machine_option(self):
        for options in (('-machine', 'pc,pflash0=code,pflash1=vars'),
                        ('-machine', 'q35,pflash0=code,pflash1=vars')):
            self.start(*options, '-blockdev',
                       'driver=file,node-name=code,read-only=on,filename=' + self.code, '-blockdev',
                       'driver=raw,node-name=vars,file.driver=file,file.filename=' + self.vars)
            self.assertEqual(self.read(0, VARS), self.content)
            self.write(0, 0x20, 0xd0, 0xff)
            self.content[:4096] = b'\xff' * 4096
            self.wait_image(self.content)
            self.machine.stop()

    def test_short_option(self):
        self.start('-pflash', self.code, '-pflash', self.vars)
        self.assertEqual(self.read(0, VARS), self.content)

    def refused(self, *args):
        status, _, err = run('-accel', 'qtest', '-display', 'none', *args)
        self.assertEqual(status, 1)
        return err

    def test_refused(self):
        odd = self.files.file('odd.fd', bytes(5000))
        large = self.files.file('large.fd', bytes(17 << 20))
        pflash = 'if=pflash,format=raw,file='
        self.assertIn('a multiple of 4 KiB', self.refused('-drive', pflash + odd))
        self.assertIn('more than 16 MiB', self.refused('-drive', pflash + large))
        self.assertIn('no first one', self.refused('-drive', pflash + self.vars + ',unit=1'))
        self.assertIn('has no place',
                      self.refused('-drive', pflash + self.code, '-bios', 'bios-256k.bin'))
        self.assertIn("no drive 'nothing'", self.refused('-machine', 'pc,pflash0=nothing'))
        self.assertIn('has no image', self.refused('-drive', 'if=pflash'))
        self.assertIn('secure=on needs system management mode', self.refused(
            '-drive', pflash + self.code, '-global',
            'driver=cfi.pflash01,property=secure,value=on'))
        self.assertIn('pflash', self.refused('-machine', 'isapc', '-drive', pflash + self.code))
        self.start('-drive', pflash + self.code, '-global',
                   'driver=cfi.pflash01,property=secure,value=off')


if __name__ == '__main__':
    tap.main()
