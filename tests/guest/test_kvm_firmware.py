#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Firmware under KVM that a partial KVM does not get through (docs/accelerator.md): it says so."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import guests  # noqa: E402
import tap  # noqa: E402

FWAIT = '9b db e3'  # fwait; fninit: the first that OVMF does in long mode
TOO_LATE = 'Timeout at floppy_wait_irq'
SAY = b'\xb0%c\xba\x02\x04\xee'  # mov al, X; mov dx, 402h; out dx, al


class Firmware(guests.GuestTest):
    accel = 'kvm'

    def stopped(self):
        """Why the machine is paused."""
        if 'internal-error' not in self.m.hmp.command('info status'):
            return None
        return self.m.stderr()

    def check_shell(self, board):
        self.start('-machine', board, '-m', '256', '-nodefaults', '-vga', 'std', '-bios',
                   guests.OVMF, serial=True)
        self.wait(lambda: 'Shell>' in self.serial.text or self.stopped(), 'shell')
        why = self.stopped()
        if why:
            self.assertIn("KVM cannot emulate an instruction (its KVM is partial", why)
            self.assertIn('bytes there: ' + FWAIT, why)
            self.skipTest('this KVM cannot emulate FWAIT')

    @guests.needs(guests.OVMF)
    def test_ovmf_pc(self):
        self.check_shell('pc')

    @guests.needs(guests.OVMF)
    def test_ovmf_q35(self):
        self.check_shell('q35')

    def test_floppy(self):
        sector = b''.join((SAY % b'\n', SAY % b'F', SAY % b'\n', b'\xf4\xeb\xfd'))
        disk = self.m.file('a.img', (sector.ljust(510, b'\0') + b'\x55\xaa').ljust(1440 << 10))
        path = self.m.path('debug')
        self.start('-m', '64', '-nodefaults', '-vga', 'none', '-drive',
                   'if=floppy,format=raw,file=' + disk, '-chardev', 'file,id=debug,path=' + path,
                   '-device', 'isa-debugcon,iobase=0x402,chardev=debug')
        end, log = time.monotonic() + guests.DEADLINE, ''
        while '\nF\n' not in log:
            if TOO_LATE in log:
                self.skipTest('this KVM delivers the interrupt seconds late')
            self.assertLess(time.monotonic(), end, log[-2000:])
            time.sleep(0.2)
            with open(path, encoding='latin-1') as f:
                log = f.read()


if __name__ == '__main__':
    tap.main()
