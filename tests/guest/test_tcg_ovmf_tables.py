# SPDX-License-Identifier: GPL-2.0-or-later
"""OVMF hands our ACPI and SMBIOS tables on, on both boards, on the software CPU."""

import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import guests
import tap


class OvmfTables(guests.GuestTest):
    def memory(self, address, size):
        lines = self.m.hmp.command('xp /%dxb 0x%x' % (size, address)).splitlines()
        return bytes(int(byte, 16) for line in lines for byte in line.split(':', 1)[1].split())

    def table(self, address):
        table = self.memory(address, struct.unpack('<I', self.memory(address + 4, 4))[0])
        self.assertEqual(sum(table) & 0xff, 0, table[:4])
        return table

    def boot(self, *args):
        """Returns what XSDT lists, by name, and the SMBIOS structures."""
        self.start('-m', '256', '-bios', guests.OVMF, *args, serial=True)
        at = self.serial.wait('Press ')
        self.key('esc')
        at = self.serial.wait('Shell>', after=at)
        self.type('dmem\n')
        end = self.serial.wait('Shell>', after=at)
        text = re.sub(r'\x1b\[[0-9;]*[A-Za-z]', '', self.serial.text[at:end])
        rsdp, smbios = (int(re.search(name + r' Table\s+([0-9A-F]{16})', text).group(1), 16)
                        for name in ('ACPI 2.0', 'SMBIOS'))
        xsdt = self.table(struct.unpack('<Q', self.memory(rsdp + 24, 8))[0])
        tables = [self.table(address) for address, in struct.iter_unpack('<Q', xsdt[36:])]
        anchor = self.memory(smbios, 31)
        self.assertEqual((anchor[:4], sum(anchor) & 0xff), (b'_SM_', 0))
        size, address = struct.unpack_from('<HI', anchor, 0x16)
        return {table[:4].decode(): table for table in tables}, self.memory(address, size)

    @guests.needs(guests.OVMF)
    def test_pc(self):
        tables, smbios = self.boot('-smbios', 'type=1,serial=number')
        self.assertLessEqual({'FACP', 'SSDT', 'APIC', 'HPET', 'WAET'}, set(tables))
        # Where this firmware has put the power management, which is not where SeaBIOS does.
        self.assertEqual(struct.unpack_from('<I', tables['FACP'], 56)[0], 0xb000)
        self.assertIn(b'VITRPC', self.table(struct.unpack_from('<Q', tables['FACP'], 140)[0]))
        self.assertIn(b'\0number\0', smbios)

    @guests.needs(guests.OVMF)
    def test_q35(self):
        tables, smbios = self.boot('-machine', 'q35')
        self.assertEqual(struct.unpack_from('<QHBB', tables['MCFG'], 44), (0xb0000000, 0, 0, 255))
        self.assertIn(b'VITRQ35', self.table(struct.unpack_from('<Q', tables['FACP'], 140)[0]))
        self.assertIn(b'Standard PC (Q35', smbios)


if __name__ == '__main__':
    tap.main()
