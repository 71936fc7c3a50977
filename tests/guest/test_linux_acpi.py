# SPDX-License-Identifier: GPL-2.0-or-later
"""What Linux makes of our ACPI tables, on the software CPU."""

import base64
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import linux
import tap
from qmp import Client

BAD = ('ACPI (BIOS )?(Error|Warning)|ACPI.*(fail|invalid|bad )|Firmware (Bug|Warn)|'
       'pnp.*(fail|conflict)|IRQ.*nobody')
PACKAGE = linux.Package()
TABLES = {'APIC', 'DSDT', 'FACP', 'FACS', 'HPET', 'SSDT', 'WAET'}


@unittest.skipIf(PACKAGE.skip_reason(), PACKAGE.skip_reason())
class Acpi(linux.LinuxTest):
    kernel = PACKAGE.kernel

    def iasl(self, *args):
        done = subprocess.run(['iasl', *args], cwd=self.dir, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        return done.stdout

    def check_tables(self, wanted):
        """Those that Linux has are whole, and iasl reads and compiles them again."""
        names = set(self.console.run('ls /sys/firmware/acpi/tables').split()) - {'data', 'dynamic'}
        files = {name: base64.b64decode(self.console.run(
            'base64 /sys/firmware/acpi/tables/' + name)) for name in names}
        self.assertEqual(set(files), wanted)
        for name, raw in files.items():
            self.assertEqual(raw[:4].decode(), name)
            self.assertEqual(int.from_bytes(raw[4:8], 'little'), len(raw), name)
            if name != 'FACS':
                self.assertEqual(sum(raw) & 0xff, 0, name)
            with open(os.path.join(self.dir, name + '.dat'), 'wb') as f:
                f.write(raw)
        if not shutil.which('iasl'):
            return
        for name, others in (('DSDT', 'SSDT'), ('SSDT', 'DSDT'), *(
                (name, None) for name in wanted - {'DSDT', 'SSDT'})):
            extra = ['-e', others + '.dat'] if others else []
            out = self.iasl(*extra, '-d', name + '.dat')
            self.assertNotRegex(out, 'Error|Warning', name)
            out = self.iasl('-p', name + '-again', name + '.dsl')
            self.assertIn('0 Errors', out)

    def check_log(self):
        # Of a PC of 1996 it is right that it has no configuration space in memory.
        bad = self.console.run('dmesg | grep -iE "%s" | grep -v "add MMCONFIG"' % BAD)
        self.assertEqual(bad, '')

    def check_plug(self, slot, bus='pci.0', number=0):
        """A device comes, is used, and goes when Linux has let go of it."""
        place = '/sys/bus/pci/devices/0000:%02x:%02x.0' % (number, slot)
        hmp = self.machine.hmp
        self.assertEqual(hmp.command('device_add virtio-rng-pci,id=plug,bus=%s,addr=%x' %
                                     (bus, slot)), '')
        self.console.wait_for('[ -e %s/driver ]' % place)
        self.console.wait_for('grep virtio /sys/class/misc/hw_random/rng_current')
        self.assertEqual(self.console.run('dd if=/dev/hwrng bs=32 count=1 2>/dev/null | wc -c'),
                         '32\n')
        self.assertEqual(hmp.command('device_del plug'), '')
        self.assertEqual(self.qmp.event_data('DEVICE_DELETED'),
                         {'device': 'plug', 'path': '/machine/peripheral/plug'})
        self.assertNotIn('"plug"', hmp.command('info qtree'))
        self.console.wait_for('[ ! -e %s ]' % place)

    def check_eject(self):
        """Linux lets go of a device by itself."""
        self.machine.hmp.command('device_add virtio-rng-pci,id=ejected,addr=1f')
        self.console.wait_for('grep 1 /sys/bus/pci/slots/31/power')
        self.console.run('echo 0 > /sys/bus/pci/slots/31/power')
        self.assertEqual(self.qmp.event_data('DEVICE_DELETED')['device'], 'ejected')

    def check_button(self):
        button = self.console.run(
            'sed -n "/Power Button/,/^$/p" /proc/bus/input/devices | grep -o "event[0-9]*"').strip()
        self.assertRegex(button, r'^event\d+$')
        event = self.console.record('/dev/input/' + button, 24)
        self.machine.hmp.command('system_powerdown')
        self.assertEqual(event(1)[0][16:].hex(' '), '01 00 74 00 01 00 00 00')  # EV_KEY, KEY_POWER

    def check_poweroff(self):
        self.console.socket.sendall(b'echo o > /proc/sysrq-trigger\n')
        self.machine.wait(300)

    def start_with(self, *args):
        self.files, load = PACKAGE.load('button', 'evdev', 'virtio_pci', 'virtio-rng',
                                        'pvpanic-mmio', 'qemu_fw_cfg')
        qmp = os.path.join(self.dir, 'qmp')
        self.start_shell('-smp', '2', '-vga', 'std', '-qmp',
                         'unix:%s,server=on,wait=off' % qmp, *args)
        self.qmp = Client(qmp)
        self.addCleanup(self.qmp.close)
        self.console.run('mount -t sysfs sys /sys; ' + load)

    def check_dmi(self):
        self.assertEqual(
            self.console.run('cd /sys/class/dmi/id; cat sys_vendor product_name product_serial '
                             'product_uuid bios_vendor bios_release chassis_asset_tag '
                             'board_name; cd /'),
            'Maker, Ltd\nThing\nS1\n12345678-1234-5678-9abc-def012345678\nFirm\n7.25\nA3\n'
            'Board\n')
        self.assertIn('first', self.console.run('strings /sys/firmware/dmi/entries/11-0/raw || '
                                                'cat /sys/firmware/dmi/entries/11-0/raw'))

    def check_parts(self):
        names = self.console.run('cat /sys/bus/acpi/devices/*/hid')
        for hid in ('PNP0303', 'PNP0F13', 'PNP0501', 'PNP0B00', 'PNP0103', 'QEMU0001',
                    'QEMU0002'):
            self.assertIn(hid, names)
        self.assertNotIn('PNP0400', self.console.run(
            'for d in /sys/bus/acpi/devices/*; do [ "$(cat $d/status 2>/dev/null)" = 0 ] || '
            'cat $d/hid; done 2>/dev/null'))
        self.assertIn('etc', self.console.run('ls /sys/firmware/qemu_fw_cfg/by_name'))

    def test_pc(self):
        self.start_with('-device', 'pvpanic', '-smbios',
                        'type=1,manufacturer=Maker,, Ltd,product=Thing,serial=S1', '-uuid',
                        '12345678-1234-5678-9abc-def012345678', '-smbios',
                        'type=0,vendor=Firm,release=7.25', '-smbios', 'type=3,asset=A3',
                        '-smbios', 'type=2,product=Board', '-smbios',
                        'type=11,value=first,value=second', '-device',
                        'pci-bridge,id=outer,chassis_nr=1,mem-reserve=4M,pref64-reserve=4M',
                        '-device', 'pci-bridge,id=inner,chassis_nr=2,bus=outer,addr=2')
        self.check_log()
        self.check_tables(TABLES)
        self.check_parts()
        self.check_dmi()
        self.check_plug(5)
        self.check_plug(5)
        self.check_plug(3, 'inner', 2)
        self.check_plug(4, 'outer', 1)
        self.check_eject()
        self.check_log()
        self.check_button()
        self.check_poweroff()

    def test_q35(self):
        self.start_with('-machine', 'q35', '-device', 'pci-bridge,id=plain,chassis_nr=1')
        self.check_log()
        self.check_tables(TABLES | {'MCFG'})
        self.check_plug(5, 'plain', 1)
        self.check_plug(5, 'plain', 1)
        self.check_button()
        self.check_log()
        self.check_poweroff()


if __name__ == '__main__':
    tap.main()
