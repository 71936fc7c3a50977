# SPDX-License-Identifier: GPL-2.0-or-later
"""SeaBIOS and USB, under tcg and KVM: its boot menu by a USB keyboard, and a start from a USB
stick."""

import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from machine import Machine

SAY = b'\xb0%c\xba\x02\x04\xee'  # mov al, X; mov dx, 402h; out dx, al
EHCI = ('-device', 'ich9-usb-ehci1,id=ehci,addr=1d.7,multifunction=on', '-device',
        'ich9-usb-uhci1,masterbus=ehci.0,addr=1d.0,multifunction=on', '-device',
        'usb-storage,drive=stick,port=2')
READ_KEY = b'\xfb\xb4\x00\xcd\x16\xba\x02\x04\xee'  # sti; INT 16h, AH = 0; mov dx, 402h; out dx, al
HALT = b'\xf4\xeb\xfd'           # hlt; jmp back
TIMEOUT = 300


def disk(letter):
    """An image whose boot sector says `letter` at the debug port, and a key that is typed then."""
    code = SAY % b'\n' + SAY % letter.encode() + SAY % b'\n' + READ_KEY + HALT
    return code.ljust(510, b'\0') + b'\x55\xaa' + bytes(1 << 20)


class SeaBiosUsb(unittest.TestCase):
    accel = 'tcg'

    def start(self, *args):
        self.machine = Machine(accel=self.accel, timeout=120)
        self.addCleanup(self.machine.stop)
        self.debug = self.machine.path('debug')
        self.machine.args = ['-machine', 'pc', '-m', '64', '-nodefaults', '-vga', 'std', '-boot',
                             'menu=on', '-chardev', 'file,id=debug,path=' + self.debug, '-device',
                             'isa-debugcon,iobase=0x402,chardev=debug']
        for name, letter in (('hard', 'H'), ('stick', 'S')):
            self.machine.args += ['-drive', 'if=%s,format=raw,id=%s,file=%s' % (
                'ide' if name == 'hard' else 'none', name, self.machine.file(name, disk(letter)))]
        self.machine.args += list(args)
        self.machine.start()

    def log(self):
        try:
            with open(self.debug, 'rb') as f:
                return f.read().decode('latin-1')
        except FileNotFoundError:
            return ''

    def wait(self, text):
        end = time.monotonic() + TIMEOUT
        while text not in self.log():
            if time.monotonic() > end or not self.machine.running():
                raise AssertionError('no %r in\n%s\n%s' % (text, self.log()[-2000:],
                                                           self.machine.stderr()))
            time.sleep(0.1)
        return self.log()

    def check_menu(self, *args):
        """A key of the USB keyboard opens the menu, another one starts from the stick."""
        self.start(*args)
        self.assertIn('USB keyboard initialized', self.wait('Press ESC for boot menu'))
        self.machine.hmp.command('sendkey esc')
        self.wait('Select boot device')
        log = self.wait('USB DISK 1.0')
        entry = re.search(r'(\d)\. .*USB DISK', log)[1]
        self.machine.hmp.command('sendkey ' + entry)
        self.wait('\nS\n')
        self.assertNotIn('\nH\n', self.log())

    def test_xhci(self):
        self.check_menu('-device', 'qemu-xhci', '-device', 'usb-kbd', '-device',
                        'usb-storage,drive=stick')

    def test_xhci_hub(self):
        self.check_menu('-device', 'qemu-xhci', '-device', 'usb-hub,port=1', '-device',
                        'usb-kbd,port=1.1', '-device', 'usb-storage,drive=stick,port=1.2')

    def test_uhci(self):
        self.check_menu('-usb', '-device', 'usb-kbd', '-device', 'usb-storage,drive=stick')

    def test_ehci(self):
        self.check_menu(*EHCI, '-device', 'usb-kbd,port=1')

    def test_companion(self):
        """A keyboard that the EHCI hands over. SeaBIOS waits a tenth of a second for it, of which
        it needs 72 ms itself: the clock counts instructions here, or a busy host would be late."""
        self.start('-icount', 'shift=4', *EHCI, '-device', 'usb-kbd,usb_version=1,port=1')
        self.assertIn('USB keyboard initialized', self.wait('\nH\n'))
        self.machine.hmp.command('sendkey k')
        self.wait('\nH\nk')


@unittest.skipUnless(os.access('/dev/kvm', os.R_OK | os.W_OK), 'needs /dev/kvm')
class SeaBiosUsbKvm(SeaBiosUsb):
    accel = 'kvm'

    def test_companion(self):
        self.skipTest('only a clock that counts instructions is in time for certain')


if __name__ == '__main__':
    tap.main()
