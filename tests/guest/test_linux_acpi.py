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
TABLES = {'APIC', 'DSDT', 'FACP', 'FACS', 'HPET', 'SSDT', 'WAET'}


@unittest.skipIf(linux.skip_reason(), linux.skip_reason())
class Acpi(linux.LinuxTest):
    kind = 'gtk'

    def iasl(self, *args):
        done = subprocess.run(['iasl', *args], cwd=self.dir, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        return done.stdout

    def check_tables(self):
        """Those that Linux has are whole, and iasl reads and compiles them again."""
        names = set(self.console.run('ls /sys/firmware/acpi/tables').split()) - {'data', 'dynamic'}
        files = {name: base64.b64decode(self.console.run(
            'base64 /sys/firmware/acpi/tables/' + name)) for name in names}
        self.assertEqual(set(files), TABLES)
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
                (name, None) for name in TABLES - {'DSDT', 'SSDT'})):
            extra = ['-e', others + '.dat'] if others else []
            out = self.iasl(*extra, '-d', name + '.dat')
            self.assertNotRegex(out, 'Error|Warning', name)
            out = self.iasl('-p', name + '-again', name + '.dsl')
            self.assertIn('0 Errors', out)

    def check_log(self):
        # Of a PC of 1996 it is right that it has no configuration space in memory.
        bad = self.console.run('dmesg | grep -iE "%s" | grep -v "add MMCONFIG"' % BAD)
        self.assertEqual(bad, '')

    def find(self, what):
        """Until the shell command prints something."""
        found = self.console.run('for i in 1 2 3 4 5 6 7 8 9 10; do %s && break; sleep 1; done'
                                 % what)
        self.assertNotEqual(found, '', self.console.run('dmesg | tail -30'))
        return found

    def check_plug(self, slot):
        """A device comes, is used, and goes when Linux has let go of it."""
        place = '/sys/bus/pci/devices/0000:00:%02x.0' % slot
        hmp = self.machine.hmp
        self.assertEqual(hmp.command('device_add virtio-rng-pci,id=plug,addr=%x' % slot), '')
        self.find('cat %s/vendor 2>/dev/null' % place)
        self.console.run('modprobe -a virtio_pci virtio-rng')
        self.find('grep virtio /sys/class/misc/hw_random/rng_current')
        self.assertEqual(self.console.run('dd if=/dev/hwrng bs=32 count=1 2>/dev/null | wc -c'),
                         '32\n')
        self.assertEqual(hmp.command('device_del plug'), '')
        self.assertEqual(self.qmp.event_data('DEVICE_DELETED'),
                         {'device': 'plug', 'path': '/machine/peripheral/plug'})
        self.assertNotIn('"plug"', hmp.command('info qtree'))
        self.find('[ -e %s ] || echo gone' % place)

    def check_eject(self):
        """Linux lets go of a device by itself."""
        self.machine.hmp.command('device_add virtio-rng-pci,id=ejected,addr=1f')
        self.find('cat /sys/bus/pci/slots/31/power | grep 1')
        self.console.run('echo 0 > /sys/bus/pci/slots/31/power')
        self.assertEqual(self.qmp.event_data('DEVICE_DELETED')['device'], 'ejected')

    def check_button(self):
        self.console.run('modprobe evdev')
        button = self.find('grep -A4 "Power Button" /proc/bus/input/devices | '
                           'grep -o "event[0-9]*"').split()[0]
        self.console.run('(dd if=/dev/input/%s bs=24 count=1 of=/tmp/event 2>/dev/null) & sleep 1'
                         % button)
        self.machine.hmp.command('system_powerdown')
        self.find('[ -s /tmp/event ] && echo there')
        event = base64.b64decode(self.console.run('base64 /tmp/event'))
        self.assertEqual(event[16:].hex(' '), '01 00 74 00 01 00 00 00')  # EV_KEY, KEY_POWER

    def check_poweroff(self):
        self.console.socket.sendall(b'echo o > /proc/sysrq-trigger\n')
        self.machine.wait(60)

    def test_pc(self):
        qmp = os.path.join(self.dir, 'qmp')
        self.start_shell('-smp', '2', '-device', 'pvpanic', '-vga', 'std', '-qmp',
                         'unix:%s,server=on,wait=off' % qmp)
        self.qmp = Client(qmp)
        self.addCleanup(self.qmp.close)
        self.console.run('mount -t sysfs sys /sys')
        self.check_log()
        self.check_tables()
        self.check_plug(5)
        self.check_plug(5)
        self.check_eject()
        self.check_log()
        self.check_button()
        self.check_poweroff()


if __name__ == '__main__':
    tap.main()
