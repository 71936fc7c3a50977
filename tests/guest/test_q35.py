# SPDX-License-Identifier: GPL-2.0-or-later
"""Firmware on board q35: SeaBIOS boots the demo disk from AHCI under kvm and tcg, OVMF comes to its
shell, and both find what is behind root ports."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import guests
import tap
from machine import ROOT

DEMO = os.environ.get('DEMO_DISK') or os.path.join(ROOT, 'build', 'data', 'demo', 'demo.img')
BEHIND = ('-device', 'pcie-root-port,id=rp,slot=1', '-device', 'virtio-rng-pci,bus=rp')


class Tcg(guests.GuestTest):
    def boot(self, *args):
        self.start('-machine', 'q35', '-m', '128', *BEHIND, *args)
        self.wait(lambda: any('Type something' in row for row in self.screen.rows()),
                  'the welcome of the demo')
        said = self.m.hmp.command('info pci')
        self.assertIn('Bus  1, device   0, function 0:', said)
        self.assertRegex(said, r'BAR4: 64 bit prefetchable memory at 0x[0-9a-f]{8} ')

    @guests.needs(DEMO)
    def test_demo(self):
        self.boot('-drive', 'format=raw,snapshot=on,file=' + DEMO)
        self.type('q35')
        self.wait(lambda: any('q35' in row for row in self.screen.rows()), 'what was typed')


class TcgOvmf(guests.GuestTest):
    @guests.needs(guests.OVMF)
    def test_shell(self):
        self.start('-machine', 'q35', '-m', '256', '-bios', guests.OVMF, *BEHIND, serial=True)
        at = self.serial.wait('Press ')
        self.key('esc')
        at = self.serial.wait('Shell>', after=at)
        self.type('pci\n')
        for line in ('Vendor 8086 Device 29C0', 'Bridge Device - PCI/ISA bridge',
                     'Vendor 1AF4 Device 1044'):
            self.serial.wait(line, after=at)


class Kvm(Tcg):
    accel = 'kvm'


if __name__ == '__main__':
    tap.main()
