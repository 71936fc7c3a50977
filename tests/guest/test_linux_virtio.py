# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's own drivers on our virtio devices, on the software CPU."""

import base64
import os
import re
import struct
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import linux
import tap

DEVICES = ('-device', 'virtio-rng-pci', '-device', 'virtio-balloon-pci', '-device',
           'virtio-keyboard-pci', '-device', 'virtio-tablet-pci')
EV_KEY, EV_ABS = 1, 3


@unittest.skipIf(linux.skip_reason(), linux.skip_reason())
class Virtio(linux.LinuxTest):
    kind = 'gtk'

    def find(self, name):
        """The input device of that name."""
        text = self.console.run('cat /proc/bus/input/devices')
        match = re.search(r'Name="%s"(?s:.*?)Handlers=.*?(event\d+)' % name, text)
        self.assertTrue(match, text + self.console.run('lsmod; dmesg | tail -30'))
        return '/dev/input/' + match.group(1)

    def events(self, device, count, act):
        """The first events that Linux gets of a device while act() does something."""
        self.console.run('(dd if=%s bs=24 count=%d of=/tmp/events 2>/dev/null) & sleep 1'
                         % (device, count))
        act()
        self.console.run('for i in 1 2 3 4 5 6 7 8 9 10; do [ $(wc -c < /tmp/events) -ge %d ] && '
                         'break; sleep 1; done' % (24 * count))
        raw = base64.b64decode(self.console.run('base64 /tmp/events'))
        return [struct.unpack('<HHi', raw[at + 16:at + 24]) for at in range(0, len(raw), 24)]

    def check_input(self):
        keys = self.events(self.find('QEMU Virtio Keyboard'), 8,
                           lambda: self.machine.hmp.command('sendkey shift-a'))
        self.assertEqual([e for e in keys if e[0] == EV_KEY],
                         [(1, 42, 1), (1, 30, 1), (1, 30, 0), (1, 42, 0)])
        self.assertIn('* Mouse', self.machine.hmp.command('info mice'))
        self.assertRegex(self.machine.hmp.command('info mice'),
                         r'\* Mouse #\d+: QEMU Virtio Tablet \(absolute\)')

    def check_rng(self):
        self.assertIn('virtio_rng',
                      self.console.run('cat /sys/class/misc/hw_random/rng_available'))
        raw = base64.b64decode(self.console.run('head -c 4096 /dev/hwrng | base64'))
        self.assertEqual(len(raw), 4096)
        self.assertGreater(len(set(raw)), 200)

    def resident(self):
        with open('/proc/%d/statm' % self.machine.pid, encoding='ascii') as file:
            return int(file.read().split()[1]) // 256

    def check_balloon(self):
        self.console.run('mount -t tmpfs tmpfs /mnt; dd if=/dev/zero of=/mnt/f bs=1M count=300; '
                         'rm /mnt/f')
        full = self.resident()
        self.machine.hmp.command('balloon 512')
        end = time.monotonic() + 120
        while 'actual=512' not in self.machine.hmp.command('info balloon'):
            self.assertLess(time.monotonic(), end, self.machine.hmp.command('info balloon'))
            time.sleep(0.5)
        free = int(re.search(r'MemTotal: +(\d+)', self.console.run('cat /proc/meminfo')).group(1))
        self.assertLess(free, 512 * 1024)
        self.assertLess(self.resident(), full - 200)
        self.machine.hmp.command('balloon 1024')
        while 'actual=1024' not in self.machine.hmp.command('info balloon'):
            self.assertLess(time.monotonic(), end, self.machine.hmp.command('info balloon'))
            time.sleep(0.5)

    def test_devices(self):
        self.start_shell(*DEVICES)
        self.console.run('mount -t sysfs sys /sys; modprobe -a virtio_pci virtio-rng '
                         'virtio_balloon virtio_input evdev')
        self.check_rng()
        self.check_balloon()
        self.check_input()
        self.assertNotRegex(self.console.run('dmesg | grep -i virtio'), '(?i)error|fail|unable')

    def test_display(self):
        self.start_shell('-vga', 'none', '-device', 'virtio-gpu-pci,xres=1024,yres=768')
        self.console.run('mount -t sysfs sys /sys; modprobe -a virtio_pci virtio-gpu')
        self.assertIn('virtio_gpudrmfb', self.console.run('cat /proc/fb'))
        self.assertIn('1024x768', self.console.run('head -1 /sys/class/drm/*/modes'))
        self.console.run(r"printf '\377\001\002\000' > /dev/fb0")  # one pixel: blue, green, red
        path = os.path.join(self.dir, 'dump.ppm')
        end = time.monotonic() + 60
        while True:
            self.machine.hmp.command('screendump ' + path)
            with open(path, 'rb') as file:
                picture = file.read()
            if picture.startswith(b'P6\n1024 768\n255\n\x02\x01\xff'):
                break
            self.assertLess(time.monotonic(), end, picture[:19])
            time.sleep(0.5)


if __name__ == '__main__':
    tap.main()
