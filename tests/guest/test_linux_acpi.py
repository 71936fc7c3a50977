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

BAD = ('ACPI (BIOS )?(Error|Warning)|ACPI.*(fail|invalid|bad )|Firmware (Bug|Warn)|'
       'pnp.*(fail|conflict)|IRQ.*nobody')
TABLES = {'APIC', 'DSDT', 'FACP', 'FACS', 'HPET', 'SSDT', 'WAET'}


@unittest.skipIf(linux.skip_reason(), linux.skip_reason())
class Acpi(linux.LinuxTest):
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

    def test_tables(self):
        self.start_shell('-smp', '2', '-device', 'pvpanic')
        self.console.run('mount -t sysfs sys /sys')
        self.check_log()
        self.check_tables()


if __name__ == '__main__':
    tap.main()
