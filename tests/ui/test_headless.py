# SPDX-License-Identifier: GPL-2.0-or-later
"""The frontend "headless" and, through it, the frame clock of a real machine: it runs while the
picture changes, stops when it does not, and starts again with the first change."""

import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import image
import pci
import tap
import vga
from machine import Machine, run

LFB = 0xe0000000


class Headless(unittest.TestCase):
    def start(self, display='headless'):
        machine = Machine('-machine', 'pc', display=display)
        self.addCleanup(machine.stop)
        machine.start()
        self.machine, self.q = machine, machine.qtest
        self.vga = vga.Vga(self.q)
        return machine

    def numbers(self):
        text = self.machine.hmp.command('info headless')
        return {name: int(value) for name, value in
                re.findall(r'(frames|surfaces|damaged pixels|recorded|skipped) (\d+)', text)}

    def scans(self):
        text = self.machine.hmp.command('info display')
        return int(re.search(r'(\d+) scans', text).group(1)), 'clock stopped' in text

    def wait(self, what, seconds=10):
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                self.fail('waited %d s in vain' % seconds)
            time.sleep(0.02)

    def linear(self):
        card = pci.find(self.q, 0x1234, 0x1111)
        card.set_bar(0, LFB)
        card.enable(pci.COMMAND_MEMORY)
        self.vga.vbe_mode(640, 480, 32)
        self.wait(lambda: '640x480' in self.machine.hmp.command('info display'))

    def test_stops_and_wakes(self):
        self.start()
        self.linear()
        self.wait(lambda: self.scans()[1])
        before = self.scans()
        time.sleep(1)
        self.assertEqual(self.scans(), before)  # still is still
        frames = self.numbers()['frames']
        self.q.writel(LFB + 4 * 640 * 100, 0xffffff)  # by memory
        self.wait(lambda: self.numbers()['frames'] == frames + 1, 2)
        self.wait(lambda: self.scans()[1])
        self.vga.vbe(vga.VBE_ENABLE, 0)  # by a register
        self.vga.set_mode('13h')
        self.wait(lambda: '640x400' in self.machine.hmp.command('info display'), 2)
        self.wait(lambda: self.scans()[1])
        frames = self.numbers()['frames']
        self.q.writeb(0xa0000, 15)  # through the window
        self.vga.palette(15, [(63, 63, 63)])
        self.wait(lambda: self.numbers()['frames'] > frames, 2)

    def test_damage(self):
        self.start()
        self.linear()
        self.wait(lambda: self.scans()[1])
        before = self.numbers()['damaged pixels']
        self.q.writel(LFB + 2560 * 8, 1)  # a page holds parts of three lines here
        self.wait(lambda: self.numbers()['damaged pixels'] > before)
        self.assertLessEqual(self.numbers()['damaged pixels'] - before, 3 * 640)

    def test_record(self):
        folder = Machine()  # for its temporary folder only
        self.addCleanup(folder.stop)
        self.start('headless,record=%s,limit=2' % folder.dir)
        self.linear()
        for value in range(1, 6):
            self.q.memset(LFB, 4096, value)
            time.sleep(0.1)
        self.wait(lambda: self.numbers()['recorded'] == 2)
        self.wait(lambda: len(os.listdir(folder.dir)) == 2)
        names = sorted(os.listdir(folder.dir))
        self.assertEqual(names, ['display0-000000.ppm', 'display0-000001.ppm'])
        for name in names:
            self.assertGreater(image.read(os.path.join(folder.dir, name)).width, 0)

    def test_bad_options(self):
        for options, said in (('record=/no/such/folder', '/no/such/folder'),
                              ('max-hz=0', 'max-hz'), ('colour=red', 'colour')):
            status, out, err = run('-accel', 'qtest', '-display', 'headless,' + options)
            self.assertEqual(status, 1)
            self.assertEqual(len(err.splitlines()), 1, err)
            self.assertIn(said, err)


if __name__ == '__main__':
    tap.main()
