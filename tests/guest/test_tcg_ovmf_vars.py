#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""OVMF in flash memory under tcg: a boot entry that its shell writes is there after a restart of
the program."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import guests  # noqa: E402
import tap  # noqa: E402
from machine import Machine  # noqa: E402

ENTRY = 'Entry of the test'
FILE = 'entry.efi'


class OvmfVars(guests.GuestTest):
    def setUp(self):
        super().setUp()
        self.files = Machine()
        self.addCleanup(self.files.stop)
        self.vars = self.files.path('vars.fd')
        shutil.copy(guests.OVMF_VARS, self.vars)
        self.disk = self.files.path('disk.img')
        with open(self.disk, 'wb') as f:
            f.truncate(2 << 20)
        file = self.files.file(FILE, b'never run')
        subprocess.run(['mformat', '-i', self.disk, '::'], check=True)
        subprocess.run(['mcopy', '-i', self.disk, file, '::' + FILE], check=True)

    def shell(self, board):
        self.start('-machine', board, '-m', '256', '-nodefaults', '-vga', 'std', '-drive',
                   'if=pflash,format=raw,readonly=on,file=' + guests.OVMF_CODE, '-drive',
                   'if=pflash,format=raw,file=' + self.vars, '-hda', self.disk, serial=True)
        # Not ESC, though the shell asks for it: a serial terminal's driver keeps one to see what it
        # begins, and to the firmware before the shell it is the key of the setup.
        at = self.serial.wait('startup.nsh')
        self.serial.send(' ')
        return self.serial.wait('Shell>', after=at)

    def command(self, text, at):
        """Types a line; returns what it printed, and where that ends."""
        self.serial.send(text + '\r')
        end = self.serial.wait('Shell>', after=at)
        return self.serial.text[at:end], end

    def check(self, board):
        at = self.shell(board)
        text, at = self.command('bcfg boot dump', at)
        self.assertNotIn(ENTRY, text)
        text, at = self.command('bcfg boot add 0 fs0:\\%s "%s"' % (FILE, ENTRY), at)
        self.assertIn('Add Boot', text)
        self.m.stop()
        with open(self.vars, 'rb') as f:
            self.assertIn(ENTRY.encode('utf-16-le'), f.read())

        self.m = Machine(accel=self.accel, timeout=60)
        self.addCleanup(self.m.stop)
        at = self.shell(board)
        self.assertIn(ENTRY, self.command('bcfg boot dump', at)[0])

    @guests.needs(guests.OVMF_CODE, guests.OVMF_VARS, 'mformat')
    def test_pc(self):
        self.check('pc')

    @guests.needs(guests.OVMF_CODE, guests.OVMF_VARS, 'mformat')
    def test_q35(self):
        self.check('q35')


if __name__ == '__main__':
    tap.main()
