# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's own drivers on our USB controllers and devices, on the software CPU."""

import base64
import hashlib
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import linux
import rfb
import tap

LOAD = 'mount -t sysfs sys /sys; modprobe -a usbhid hid-generic %s'


@unittest.skipIf(linux.skip_reason(), linux.skip_reason())
class Usb(linux.LinuxTest):
    def find(self, name):
        """The raw HID device of that name, once Linux has it."""
        found = self.console.run(
            'for i in 1 2 3 4 5 6 7 8 9 10; do grep -l "%s" /sys/class/hidraw/*/device/uevent && '
            'break; sleep 1; done' % name)
        self.assertIn('hidraw', found, self.console.run('dmesg | tail -30'))
        return '/dev/' + re.search(r'hidraw\d+', found).group()

    def reports(self, device, size, count, act):
        """The reports that Linux gets of a device while act() does something."""
        self.console.run('(dd if=%s bs=%d count=%d of=/tmp/reports 2>/dev/null) & sleep 1'
                         % (device, size, count))
        act()
        self.console.run('for i in 1 2 3 4 5 6 7 8 9 10; do [ $(wc -c < /tmp/reports) -ge %d ] && '
                         'break; sleep 1; done' % (size * count))
        raw = base64.b64decode(self.console.run('base64 /tmp/reports'))
        return [raw[at:at + size].hex(' ') for at in range(0, len(raw), size)]

    def check_keyboard(self):
        keyboard = self.find('USB Keyboard')
        self.assertEqual(
            self.reports(keyboard, 8, 4, lambda: self.machine.hmp.command('sendkey shift-a')),
            ['02 00 00 00 00 00 00 00', '02 00 04 00 00 00 00 00', '02 00 00 00 00 00 00 00',
             '00 00 00 00 00 00 00 00'])

    def check_tablet(self):
        tablet = self.find('USB Tablet')
        viewer = rfb.Rfb(self.vnc)
        self.addCleanup(viewer.close)
        middle = viewer.width // 2, viewer.height // 2

        def move():
            viewer.pointer(0, 0)
            self.console.run('sleep 1')
            viewer.pointer(*middle)
            self.console.run('sleep 1')
            viewer.pointer(*middle, 1)
        reports = self.reports(tablet, 7, 3, move)
        self.assertEqual(reports[0], '00 00 00 00 00 00 00')
        for report, buttons in zip(reports[1:], (0, 1)):
            raw = bytes.fromhex(report)
            self.assertEqual(raw[0], buttons)
            for at in (1, 3):
                self.assertAlmostEqual(int.from_bytes(raw[at:at + 2], 'little'), 0x4000,
                                       delta=0x80)
        self.assertIn('* Mouse #4: QEMU HID Tablet (absolute)',
                      self.machine.hmp.command('info mice'))

    def stick(self, name, sectors):
        """The file of a drive with random content; its size tells it from others."""
        path = os.path.join(self.dir, name)
        with open(path, 'wb') as f:
            f.write(os.urandom(512 * sectors))
        return path

    def check_stick(self, path):
        """Linux reads what there is, and what it has written is there."""
        with open(path, 'rb') as f:
            content = f.read()
        disk = self.console.run(
            'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do grep -l "^%d$" /sys/block/sd*/size && break; '
            'sleep 1; done' % (len(content) // 512))
        self.assertIn('/sd', disk, self.console.run('dmesg | tail -30'))
        disk = '/dev/' + re.search(r'sd[a-z]', disk).group()
        self.assertIn(hashlib.md5(content).hexdigest(), self.console.run('md5sum ' + disk))
        data = bytes(range(256)) * 4096
        self.console.run('for i in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do for j in 0 1 2 3 4 5 6 7 8 '
                         '9 a b c d e f; do printf "\\x$i$j"; done; done > /tmp/new; '
                         'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do cat /tmp/new /tmp/new '
                         '> /tmp/row; mv /tmp/row /tmp/new; done; '
                         'dd if=/tmp/new of=%s bs=64k seek=3 conv=fsync 2>/dev/null' % disk)
        with open(path, 'rb') as f:
            after = f.read()
        at = 3 << 16
        self.assertEqual(after[at:at + len(data)], data)
        self.assertEqual((after[:at], after[at + len(data):]),
                         (content[:at], content[at + len(data):]))

    def check_plug(self, path):
        """A stick that comes and goes, with a hub that takes it along."""
        def hmp(command):
            self.assertEqual(self.machine.hmp.command(command).strip(), '')

        def wait_gone():
            self.assertIn('gone', self.console.run(
                'for i in 1 2 3 4 5 6 7 8 9 10; do [ -e /sys/block/sdc ] || { echo gone; break; }; '
                'sleep 1; done'))
        hmp('device_add usb-hub,port=4.1,id=hub')
        hmp('device_add usb-storage,drive=plug,port=4.1.8,id=plug')
        self.check_stick(path)
        hmp('device_del plug')
        wait_gone()
        self.machine.hmp.command('drive_add 0 if=none,format=raw,id=plug,file=' + path)
        hmp('device_add usb-storage,drive=plug,port=4.1.1,id=plug')
        self.check_stick(path)
        self.console.run('(dd if=/dev/sdc of=/dev/null bs=64k 2>/dev/null) & sleep 1')
        hmp('device_del hub')
        wait_gone()
        self.assertNotIn('Port 4.1,', self.machine.hmp.command('info usb'))

    def check(self, driver, *args, sticks=(), plug=None):
        self.vnc = os.path.join(self.dir, 'vnc')
        self.start_shell('-vga', 'std', '-vnc', 'unix:' + self.vnc, *args)
        self.console.run(LOAD % driver)
        self.check_keyboard()
        self.check_tablet()
        self.console.run('modprobe -a usb-storage sd_mod')
        for path in sticks:
            self.check_stick(path)
        self.assertNotRegex(self.console.run('dmesg | grep -i -E "usb|hci|sd "'),
                            'error|fail|unable|timeout')
        if plug:
            self.check_plug(plug)

    def test_uhci(self):
        self.check('uhci-hcd', '-usb', '-device', 'usb-kbd', '-device', 'usb-tablet')

    def test_xhci(self):
        root, behind = self.stick('root', 8192), self.stick('behind', 16384)
        plug = self.stick('plug', 65536)
        self.check('xhci-pci', '-device', 'qemu-xhci', '-device', 'usb-kbd', '-device',
                   'usb-tablet', '-drive', 'if=none,format=raw,id=root,file=' + root, '-drive',
                   'if=none,format=raw,id=behind,file=' + behind, '-device',
                   'usb-storage,drive=root', '-device', 'usb-hub,port=4', '-device',
                   'usb-storage,drive=behind,port=4.3', '-drive',
                   'if=none,format=raw,id=plug,file=' + plug, sticks=(root, behind), plug=plug)


if __name__ == '__main__':
    tap.main()
