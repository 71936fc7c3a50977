#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""OVMF under tcg, to its shell, which the guest's keyboard drives. Its console is on the screen and
on the serial port."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import guests  # noqa: E402
import tap  # noqa: E402

VERSION = 'UEFI Interactive Shell v'
YELLOW = 0xffff00        # the prompt


class Ovmf(guests.GuestTest):
    def yellow(self):
        rgb = self.screen.dump().rgb
        return sum(rgb[at:at + 3] == b'\xff\xff\0' for at in range(0, len(rgb), 3))

    @guests.needs(guests.OVMF)
    def test_shell(self):
        self.start('-m', '256', '-bios', guests.OVMF, serial=True)
        at = self.serial.wait('Press ')
        self.key('esc')
        at = self.serial.wait('Shell>', after=at)
        self.assertIn(VERSION, self.serial.text)
        self.wait(self.yellow, 'the prompt on the screen')
        prompts = self.yellow()
        self.type('ver\n')
        at = self.serial.wait(VERSION, after=at)
        self.serial.wait('Shell>', after=at)
        self.wait(lambda: self.yellow() > prompts, 'the next prompt on the screen')

    @guests.needs(guests.OVMF)
    def test_usb(self):
        """A USB keyboard and a stick on xHCI."""
        stick = self.m.file('stick', bytes(1 << 20))
        self.start('-m', '256', '-bios', guests.OVMF, '-device', 'qemu-xhci', '-device', 'usb-kbd',
                   '-drive', 'if=none,id=stick,format=raw,file=' + stick, '-device',
                   'usb-storage,drive=stick', serial=True)
        self.serial.wait('UEFI Vitrine USB Disk')
        at = self.serial.wait('Press ')
        self.key('esc')
        at = self.serial.wait('Shell>', after=at)
        self.type('ver\n')
        self.serial.wait(VERSION, after=at)


if __name__ == '__main__':
    tap.main()
