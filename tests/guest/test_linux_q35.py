# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux on board q35 with two processors: its own drivers on AHCI, SMBus, watchdog, bridges and
root ports, no complaint about any of it, and a device that comes and goes behind a root port."""

import hashlib
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import linux
import tap
from qmp import Client

MIB = 1 << 20
PACKAGE = linux.Package()
PORT = '/sys/bus/pci/devices/0000:01:00.0'


@unittest.skipIf(PACKAGE.skip_reason(), PACKAGE.skip_reason())
class Q35Linux(linux.LinuxTest):
    kernel = PACKAGE.kernel

    def boot(self):
        self.files, load = PACKAGE.load('sd_mod', 'ahci', 'virtio_pci', 'virtio_rng', 'i2c_i801',
                                        'lpc_ich', 'xhci_pci')
        watchdog, load_watchdog = PACKAGE.load('iTCO_wdt')
        self.files.update(watchdog)
        self.disk = os.urandom(2 * MIB)
        path, self.qmp_path = os.path.join(self.dir, 'disk'), os.path.join(self.dir, 'qmp')
        with open(path, 'wb') as f:
            f.write(self.disk)
        self.start_shell('-machine', 'q35', '-smp', '2', '-hda', path,
                         '-global', 'ICH9-LPC.noreboot=off', '-action', 'watchdog=none',
                         '-device', 'pcie-root-port,id=rp1,slot=1',
                         '-device', 'pcie-root-port,id=rp2,slot=2',
                         '-device', 'virtio-rng-pci,bus=rp2',
                         '-device', 'pci-bridge,chassis_nr=3,id=bridge',
                         '-device', 'qemu-xhci,bus=bridge,addr=3',
                         '-qmp', 'unix:%s,server=on,wait=off' % self.qmp_path)
        self.console.run('mount -t sysfs sys /sys; %s; %s; insmod /iTCO_wdt.ko heartbeat=4' % (
            load, load_watchdog.replace(' iTCO_wdt;', ';')))

    def check_drivers(self):
        run = self.console.run
        self.assertIn('processor\t: 1', run('cat /proc/cpuinfo'))
        devices = run('cd /sys/bus/pci/devices; for d in *; do echo $d $(cat $d/vendor $d/device) '
                      '$(basename $(readlink $d/driver) 2>/dev/null); done; cd /')
        for line in ('00:00.0 0x8086 0x29c0', '00:01.0 0x1b36 0x000c pcieport',
                     '00:02.0 0x1b36 0x000c pcieport', '00:03.0 0x1b36 0x0001',
                     '02:00.0 0x1af4 0x1044 virtio-pci', '03:03.0 0x1b36 0x000d xhci_hcd',
                     '00:1f.0 0x8086 0x2918 lpc_ich', '00:1f.2 0x8086 0x2922 ahci',
                     '00:1f.3 0x8086 0x2930 i801_smbus'):
            self.assertIn('0000:' + line, devices)
        self.assertIn('MMCONFIG 0000', run('cat /proc/iomem'))
        interrupts = run('cat /proc/interrupts')
        self.assertRegex(interrupts, r'IO-APIC +16-fasteoi +i801_smbus')
        self.assertRegex(interrupts, r'PCI-MSI.*pciehp')
        self.console.wait_for('[ -b /dev/sda ]')
        self.assertIn(hashlib.sha256(self.disk).hexdigest(), run('sha256sum /dev/sda'))

    def check_hotplug(self):
        run, qmp = self.console.run, self.qmp
        for _ in range(2):
            qmp.value('device_add', driver='virtio-rng-pci', bus='rp1', id='r')
            self.console.wait_for('[ -e %s/driver ]' % PORT)
            self.assertIn('0x1044', run('cat %s/device' % PORT))
            # Its interrupts come through the bridge, its data, too.
            self.console.wait_for('grep -q virtio_rng.1 /sys/class/misc/hw_random/rng_available')
            run('echo virtio_rng.1 > /sys/class/misc/hw_random/rng_current')
            self.assertIn('64', run('dd if=/dev/hwrng bs=64 count=1 2>/dev/null | wc -c'))
            qmp.value('device_del', id='r')
            self.assertEqual(qmp.event('DEVICE_DELETED')['data']['device'], 'r')
            self.console.wait_for('[ ! -e %s ]' % PORT)

    def check_messages(self):
        """No error or warning of what is ours. (What a busy host does to clocks and tasks is not;
        nor that the disk has no security log, which Linux warns of.)"""
        ours = ('pci|PCI|ACPI|AER|ahci|i801|iTCO|lpc_ich|xhci|virtio|nobody cared|'
                'ata[0-9].*(error|fail|exception|frozen|reset)')
        bad = [line for line in self.console.run('dmesg -r').splitlines()
               if re.match('<[0-4]>.*(%s)' % ours, line)]
        self.assertEqual(bad, [])

    def check_watchdog(self):
        self.assertIn('Found a ICH9 TCO device (Version=2', self.console.run('dmesg'))
        self.console.run('exec 9> /dev/watchdog')
        self.assertEqual(self.qmp.event('WATCHDOG')['data'], {'action': 'none'})

    def test_all(self):
        self.boot()
        self.qmp = Client(self.qmp_path, timeout=linux.TIMEOUT)
        self.addCleanup(self.qmp.close)
        self.check_drivers()
        self.check_hotplug()
        self.check_messages()
        self.check_watchdog()


if __name__ == '__main__':
    tap.main()
