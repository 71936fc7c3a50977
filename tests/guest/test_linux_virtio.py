# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's own drivers on our virtio devices, on the software CPU."""

import base64
import json
import os
import re
import struct
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import linux
import image
import rfb
import tap
import xserver
from machine import run
from screen import wait

DEVICES = ('-device', 'virtio-rng-pci', '-device', 'virtio-balloon-pci,id=balloon', '-device',
           'virtio-keyboard-pci', '-device', 'virtio-tablet-pci')
EV_KEY, EV_ABS, BTN_LEFT = 1, 3, 0x110
AT = 300 * 1024 + 500  # a pixel


@unittest.skipIf(linux.skip_reason(), linux.skip_reason())
class Virtio(linux.LinuxTest):
    kind = 'gtk'

    def find(self, name):
        """The input device of that name."""
        text = self.console.run('cat /proc/bus/input/devices')
        match = re.search(r'Name="%s"(?s:.*?)Handlers=.*?(event\d+)' % name, text)
        self.assertTrue(match, text + self.console.run('lsmod; dmesg | tail -30'))
        return '/dev/input/' + match.group(1)

    def events(self, device):
        """As Console.record(); the function returns (type, code, value)."""
        record = self.console.record(device, 24)
        return lambda count: [struct.unpack('<HHi', raw[16:]) for raw in record(count)]

    def check_input(self):
        events = self.events(self.find('QEMU Virtio Keyboard'))
        self.machine.hmp.command('sendkey shift-a')
        self.assertEqual([e for e in events(8) if e[0] == EV_KEY],
                         [(1, 42, 1), (1, 30, 1), (1, 30, 0), (1, 42, 0)])
        self.assertIn('* Mouse', self.machine.hmp.command('info mice'))
        self.assertRegex(self.machine.hmp.command('info mice'),
                         r'\* Mouse #\d+: QEMU Virtio Tablet \(absolute\)')

    def check_tablet(self):
        """It points where the viewer does."""
        events = self.events(self.find('QEMU Virtio Tablet'))
        viewer = rfb.Rfb(self.vnc)
        self.addCleanup(viewer.close)
        viewer.pointer(viewer.width // 4, viewer.height // 2)
        (kind_x, axis_x, x), (kind_y, axis_y, y), end = events(3)
        self.assertEqual((kind_x, axis_x, kind_y, axis_y, end), (EV_ABS, 0, EV_ABS, 1, (0, 0, 0)))
        self.assertAlmostEqual(x, 0x2000, delta=0x80)
        self.assertAlmostEqual(y, 0x4000, delta=0x80)
        viewer.pointer(viewer.width // 4, viewer.height // 2, 1)
        self.assertEqual(events(5)[3:], [(EV_KEY, BTN_LEFT, 1), (0, 0, 0)])
        viewer.pointer(viewer.width - 1, viewer.height - 1, 1)
        self.assertEqual(events(8)[5:], [(EV_ABS, 0, 0x7fff), (EV_ABS, 1, 0x7fff), (0, 0, 0)])
        viewer.pointer(viewer.width - 1, viewer.height - 1)
        self.assertEqual(events(10)[8:], [(EV_KEY, BTN_LEFT, 0), (0, 0, 0)])

    def statistics(self):
        return json.loads(self.machine.hmp.command('qom-get balloon guest-stats'))

    def check_statistics(self):
        self.assertEqual(self.machine.hmp.command(
            'qom-set balloon guest-stats-polling-interval 1'), '')
        self.console.run('dd if=/dev/zero of=/mnt/g bs=1M count=64')
        begin, end = time.time(), time.monotonic() + 300
        while self.statistics()['last-update'] < begin + 3:
            self.assertLess(time.monotonic(), end, self.statistics())
            time.sleep(0.5)
        stats = self.statistics()['stats']
        total = int(re.search(r'MemTotal: +(\d+)', self.console.run('cat /proc/meminfo')).group(1))
        self.assertEqual(stats['stat-total-memory'], total * 1024)
        self.assertLess(stats['stat-free-memory'], total * 1024)
        self.assertLess(stats['stat-available-memory'], total * 1024)
        self.assertGreater(stats['stat-disk-caches'], 64 << 20)
        self.assertEqual(stats['stat-swap-in'], 0)
        self.assertGreater(stats['stat-minor-faults'], 100)

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
        end = time.monotonic() + 600
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
        self.vnc = os.path.join(self.dir, 'vnc')
        self.start_shell('-vga', 'std', '-vnc', 'unix:' + self.vnc, *DEVICES)
        self.console.run('mount -t sysfs sys /sys; modprobe -a virtio_pci virtio-rng '
                         'virtio_balloon virtio_input evdev')
        self.check_rng()
        self.check_balloon()
        self.check_statistics()
        self.check_input()
        self.check_tablet()
        self.assertNotRegex(self.console.run('dmesg | grep -i virtio'), '(?i)error|fail|unable')

    def start_window(self):
        """A GTK window, too, where there can be one; returns its X server."""
        if xserver.missing() or 'gtk' not in run('-display', 'help')[1]:
            return None
        x = xserver.XServer().__enter__()
        self.addCleanup(x.stop)
        self.how = {'display': 'gtk', 'env': x.env}
        return x

    def picture_size(self):
        path = os.path.join(self.dir, 'size.ppm')
        self.machine.hmp.command('screendump ' + path)
        picture = image.read(path)
        return picture.width, picture.height

    def check_window(self, x):
        """The driver takes the size that somebody gives to the window, and the window stays."""
        window = x.window('Vitrine')
        bars = x.geometry(window)[3] - 768
        for width, height in ((900, 620), (1000, 700)):
            x.do('windowsize', window, width, height + bars)
            self.console.wait_for('grep -x %dx%d /sys/class/drm/*/modes' % (width, height))
            wait(lambda: self.picture_size() == (width, height), 'the picture', 120)
            self.assertEqual(x.geometry(window)[2:], (width, height + bars))

    def test_display(self):
        """virtio-vga: the firmware's VGA, then the driver's picture, in the size a viewer wants."""
        vnc = os.path.join(self.dir, 'vnc')
        x = self.start_window()
        self.start_shell('-device', 'virtio-vga,xres=1024,yres=768', '-vnc', 'unix:' + vnc)
        self.machine.hmp.command('screendump ' + os.path.join(self.dir, 'vga.ppm'))
        with open(os.path.join(self.dir, 'vga.ppm'), 'rb') as file:
            self.assertTrue(file.read().startswith(b'P6\n720 400\n'))
        self.console.run('mount -t sysfs sys /sys; modprobe -a virtio_pci virtio-gpu')
        self.console.wait_for('grep virtio_gpudrmfb /proc/fb')
        self.assertIn('1024x768', self.console.run('head -1 /sys/class/drm/*/modes'))
        # One pixel: blue, green, red; not where the console's cursor blinks.
        self.console.run(r"printf '\377\001\002\000' | dd of=/dev/fb0 bs=4 seek=%d" % AT)
        path = os.path.join(self.dir, 'dump.ppm')
        end = time.monotonic() + 120
        while True:
            self.machine.hmp.command('screendump ' + path)
            with open(path, 'rb') as file:
                picture = file.read()
            head = b'P6\n1024 768\n255\n'
            self.assertTrue(picture.startswith(head), picture[:19])
            at = len(head) + 3 * AT
            if picture[at:at + 3] == b'\x02\x01\xff':
                break
            self.assertLess(time.monotonic(), end, picture[at:at + 3])
            time.sleep(0.5)
        if x:
            self.check_window(x)
        viewer = rfb.Rfb(vnc)
        self.addCleanup(viewer.close)
        # ExtendedDesktopSize is understood; then SetDesktopSize with one screen.
        viewer.sock.sendall(struct.pack('>BxHii', 2, 2, 0, -308))
        viewer.sock.sendall(struct.pack('>BxHHBxIHHHHI', 251, 900, 700, 1, 1, 0, 0, 900, 700, 0))
        self.console.wait_for('grep -x 900x700 /sys/class/drm/*/modes')


if __name__ == '__main__':
    tap.main()
