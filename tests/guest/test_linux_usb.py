# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's own drivers on our USB controllers and devices, on the software CPU."""

import hashlib
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import linux
import movement
import rfb
import tap
from qmp import Client

LOAD = 'mount -t sysfs sys /sys; modprobe -a usbhid hid-generic %s'


@unittest.skipIf(linux.skip_reason(), linux.skip_reason())
class Usb(linux.LinuxTest):
    def find(self, name):
        """The raw HID device of that name, once Linux has it."""
        found = self.console.wait_for('grep -l "%s" /sys/class/hidraw/*/device/uevent' % name)
        return '/dev/' + re.search(r'hidraw\d+', found).group()

    def check_keyboard(self):
        reports = self.console.record(self.find('USB Keyboard'), 8)
        self.machine.hmp.command('sendkey shift-a')
        self.assertEqual(
            [report.hex(' ') for report in reports(4)],
            ['02 00 00 00 00 00 00 00', '02 00 04 00 00 00 00 00', '02 00 00 00 00 00 00 00',
             '00 00 00 00 00 00 00 00'])

    def check_tablet(self):
        reports = self.console.record(self.find('USB Tablet'), 7)
        viewer = rfb.Rfb(self.vnc)
        self.addCleanup(viewer.close)
        middle = viewer.width // 2, viewer.height // 2

        viewer.pointer(0, 0)
        self.assertEqual(reports(1), [bytes(7)])
        for count, buttons in ((2, 0), (3, 1)):
            viewer.pointer(*middle, buttons)
            raw = reports(count)[-1]
            self.assertEqual(raw[0], buttons)
            for at in (1, 3):
                self.assertAlmostEqual(int.from_bytes(raw[at:at + 2], 'little'), 0x4000,
                                       delta=0x80)
        self.assertIn('* Mouse #4: QEMU HID Tablet (absolute)',
                      self.machine.hmp.command('info mice'))

    def check_movement(self):
        """1,000 movements a second come in order, and the last one comes; how many of them come
        is for tests/hw/test_uhci.py to tell, where no other work of the host disturbs."""
        count = 2000
        for hand in (movement.Viewer(rfb.Rfb(self.vnc)), movement.Qmp(Client(self.qmp))):
            self.addCleanup(hand.close)
            reports = self.console.record(self.find('USB Tablet'), 7)
            movement.play(hand, count)
            told = []
            while told[-1:] != [count - 1]:
                told = movement.numbers(hand, reports(len(told) + 1))
            self.assertEqual(told, sorted(set(told)))
            self.assertGreater(len(told), 20)
            self.console.run('kill $reader')

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
        disk = self.console.wait_for(
            'grep -l "^%d$" /sys/block/sd*/size' % (len(content) // 512))
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
            self.console.wait_for('[ ! -e /sys/block/sdc ]')
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

    def check_wake_up(self, speed):
        """A keyboard that Linux has put to sleep, and its bus with it, wakes up by itself."""
        power = self.console.run(
            'cd /sys/bus/usb/devices; for i in *-*; do [ "$(cat $i/product $i/speed 2>/dev/null | '
            'tr -d "\\n")" = "USB Keyboard%d" ] && echo at $i; done' % speed)
        power = '/sys/bus/usb/devices/%s/power/' % re.search(r'^at (\S+)', power, re.M).group(1)
        # Who has opened it keeps it awake, and so would a lit lamp, such as that of NumLock.
        self.console.run('for i in /proc/[0-9]*; do [ "$(cat $i/comm 2>/dev/null)" = dd ] && '
                         'kill ${i#/proc/}; done')
        self.console.run('echo 1 > /sys/module/usbhid/parameters/ignoreled; '
                         'echo 5000 > %sautosuspend_delay_ms; echo auto > %scontrol'
                         % (power, power))

        def wait(state):
            self.assertIn('is so', self.console.run(
                'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do [ $(cat %sruntime_status) = %s ] '
                '&& echo is so && break; sleep 1; done' % (power, state)))
        wait('suspended')
        self.machine.hmp.command('sendkey a')
        wait('active')
        self.console.run('echo on > %scontrol' % power)

    def check(self, driver, *args, sticks=(), plug=None):
        self.vnc = os.path.join(self.dir, 'vnc')
        self.qmp = os.path.join(self.dir, 'qmp')
        self.start_shell('-vga', 'std', '-vnc', 'unix:' + self.vnc, '-qmp',
                         'unix:%s,server=on,wait=off' % self.qmp, *args)
        self.console.run(LOAD % driver)
        self.check_keyboard()
        self.check_tablet()
        self.check_movement()
        self.console.run('modprobe -a usb-storage sd_mod')
        for path in sticks:
            self.check_stick(path)
        self.assertNotRegex(self.console.run('dmesg | grep -i -E "usb|hci|sd "'),
                            'error|fail|unable|timeout')
        if plug:
            self.check_plug(plug)

    def test_uhci(self):
        self.check('uhci-hcd', '-usb', '-device', 'usb-kbd', '-device', 'usb-tablet')

    def test_ehci(self):
        """A keyboard of full speed goes to the companion, the rest is at high speed."""
        root, behind = self.stick('root', 8192), self.stick('behind', 16384)
        plug = self.stick('plug', 65536)
        self.check('ehci-pci uhci-hcd', '-device',
                   'ich9-usb-ehci1,id=ehci,addr=1d.7,multifunction=on', *(
                       arg for n in range(3) for arg in (
                           '-device', 'ich9-usb-uhci%d,masterbus=ehci.0,firstport=%d,addr=1d.%d,'
                           'multifunction=on' % (n + 1, 2 * n, n))),
                   '-device', 'usb-kbd,usb_version=1,port=1', '-device', 'usb-tablet,port=2',
                   '-drive', 'if=none,format=raw,id=root,file=' + root, '-drive',
                   'if=none,format=raw,id=behind,file=' + behind, '-device',
                   'usb-storage,drive=root,port=3', '-device', 'usb-hub,port=4', '-device',
                   'usb-storage,drive=behind,port=4.3', '-drive',
                   'if=none,format=raw,id=plug,file=' + plug, sticks=(root, behind), plug=plug)
        speeds = self.console.run('cd /sys/bus/usb/devices; for i in */product; do '
                                  'echo "$(cat $i) $(cat ${i%/*}/speed)"; done')
        for product, speed in (('USB Keyboard', 12), ('USB Tablet', 480), ('USB Disk', 480),
                               ('USB Hub', 480)):
            self.assertIn('%s %d\n' % (product, speed), speeds)
        self.check_wake_up(12)
        self.machine.hmp.command('device_add usb-kbd,port=5')
        self.console.run('sleep 4')
        self.check_wake_up(480)

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
