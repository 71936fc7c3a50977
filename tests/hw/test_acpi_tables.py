# SPDX-License-Identifier: GPL-2.0-or-later
"""ACPI and SMBIOS tables as the firmware gets them, and PCI hot-plug by ACPI as its methods see
it."""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from machine import run
from test_fw_cfg import FwCfgTest

BASE = {'etc/acpi/tables': 0x3f00000, 'etc/acpi/rsdp': 0xf0000}
UP, DOWN, EJECT, REMOVABLE = 0xae00, 0xae04, 0xae08, 0xae0c
GPE_STATUS, GPE_ENABLE = 0xafe0, 0xafe2


def text(name):
    return name.rstrip(b'\0').decode('latin-1')


class TablesTest(FwCfgTest):
    args = None
    monitor = True

    def load(self):
        """What the firmware does with the loader's commands; returns the tables by name."""
        files = {name: bytearray(self.file(name)) for name in BASE}
        loader = self.file('etc/table-loader')
        for at in range(0, len(loader), 128):
            command = struct.unpack_from('<I', loader, at)[0]
            first, second = (text(loader[at + n:at + n + 56]) for n in (4, 60))
            if command == 2:
                offset, size = struct.unpack_from('<IB', loader, at + 116)
                value = int.from_bytes(files[first][offset:offset + size], 'little') + BASE[second]
                files[first][offset:offset + size] = value.to_bytes(size, 'little')
            elif command == 3:
                where, start, size = struct.unpack_from('<III', loader, at + 60)
                files[first][where] = (files[first][where] -
                                       sum(files[first][start:start + size])) & 0xff
            else:
                self.assertIn(command, (0, 1))
        return self.walk(files)

    def walk(self, files):
        rsdp, blob = files['etc/acpi/rsdp'], bytes(files['etc/acpi/tables'])

        def table(address):
            at = address - BASE['etc/acpi/tables']
            return blob[at:at + int.from_bytes(blob[at + 4:at + 8], 'little')]
        self.assertEqual((sum(rsdp[:20]) & 0xff, sum(rsdp) & 0xff), (0, 0))
        xsdt = table(struct.unpack_from('<Q', rsdp, 24)[0])
        rsdt = table(struct.unpack_from('<I', rsdp, 16)[0])
        found = [table(n) for n in struct.unpack('<%dQ' % ((len(xsdt) - 36) // 8), xsdt[36:])]
        self.assertEqual(found, [table(n) for n in struct.unpack(
            '<%dI' % ((len(rsdt) - 36) // 4), rsdt[36:])])
        tables = {one[:4].decode(): one for one in found}
        fadt = tables['FACP']
        tables['DSDT'] = table(struct.unpack_from('<Q', fadt, 140)[0])
        self.assertEqual(tables['DSDT'], table(struct.unpack_from('<I', fadt, 40)[0]))
        for name, one in tables.items():
            self.assertEqual(sum(one) & 0xff, 0, name)
        tables['FACS'] = table(struct.unpack_from('<I', fadt, 36)[0])
        self.assertEqual((tables['FACS'][:4], len(tables['FACS'])), (b'FACS', 64))
        return tables

    def source(self, tables):
        """DSDT and SSDT as iasl reads them, without comments and blanks."""
        if not shutil.which('iasl'):
            self.skipTest('needs iasl')
        for name in ('DSDT', 'SSDT'):
            with open(self.machine.path(name + '.dat'), 'wb') as f:
                f.write(tables[name])
        out = subprocess.run(['iasl', '-p', 'out', '-e', 'DSDT.dat', '-d', 'SSDT.dat'],
                             cwd=os.path.dirname(self.machine.path('x')), text=True, timeout=60,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout
        self.assertNotRegex(out, 'Error|Warning')
        with open(self.machine.path('out.dsl'), encoding='latin-1') as f:
            return re.sub(r'\s+', ' ', re.sub(r'//.*|/\*.*?\*/', '', f.read()))


class Tables(TablesTest):
    def image(self, kib):
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(bytes(kib << 10))
        self.addCleanup(os.unlink, file.name)
        return file.name

    def test_pc(self):
        self.start('-m', '64', '-smp', '3', '-device', 'pvpanic,ioport=0x506')
        tables = self.load()
        self.assertEqual(set(tables), {'APIC', 'DSDT', 'FACP', 'FACS', 'HPET', 'SSDT', 'WAET'})
        madt = tables['APIC'][44:]
        kinds = []
        while madt:
            kinds.append(madt[0])
            madt = madt[madt[1]:]
        self.assertEqual(kinds, [0, 0, 0, 1, 2, 2, 2, 2, 2, 4])
        fadt = tables['FACP']
        self.assertEqual(len(fadt), 244)
        self.assertEqual(struct.unpack_from('<H', fadt, 46)[0], 9)
        self.assertEqual(struct.unpack_from('<I', fadt, 80)[0], 0xafe0)
        self.assertEqual(struct.unpack_from('<Q', fadt, 224)[0], 0xafe0)
        code = self.source(tables)
        for part in ('Processor (C002, 0x02,', '_S3', '_S4', 'Device (SL1F)',
                     'IO (Decode16, 0x0506,', 'DWordMemory'):
            self.assertIn(part, code)
        self.assertNotIn('C003', code)
        self.assertNotIn('Device (SL01)', code)  # the chipset's

    def test_room_for_processors(self):
        """Three cores' ids take two bits; what is not there is switched off, and no object."""
        self.start('-m', '64', '-smp', '4,sockets=2,cores=3,maxcpus=6')
        tables = self.load()
        madt = tables['APIC'][44:44 + 6 * 8]
        self.assertEqual([struct.unpack_from('<BBBBI', madt, 8 * i) for i in range(6)],
                         [(0, 8, i, apic, i < 4) for i, apic in enumerate((0, 1, 2, 4, 5, 6))])
        code = self.source(tables)
        self.assertIn('Processor (C003', code)
        self.assertNotIn('C004', code)

    def test_less(self):
        """What is not there is not described."""
        self.start('-machine', 'pc,hpet=off', '-m', '64', '-nodefaults', '-global',
                   'PIIX4_PM.disable_s3=1', '-global', 'PIIX4_PM.disable_s4=1')
        tables = self.load()
        self.assertNotIn('HPET', tables)
        code = self.source(tables)
        self.assertNotIn('_S3', code)
        self.assertNotIn('_S4', code)
        self.assertIn(b'\x08_S5_\x12\x06\x04\0\0\0\0', tables['DSDT'])
        self.assertIn('Scope (\\_SB.PCI0.ISA.COM1) { Name (_STA, Zero)', code)

    def test_moved_power_management(self):
        """The tables say where the firmware has put things by the time it asks."""
        self.start('-m', '64')
        self.q.outl(0xcf8, 0x80000b40)
        self.q.outl(0xcfc, 0xb001)
        self.q.outl(0xcf8, 0x80000b80)
        self.q.outl(0xcfc, 1)
        fadt = self.load()['FACP']
        self.assertEqual(struct.unpack_from('<I', fadt, 56)[0], 0xb000)
        self.assertEqual(struct.unpack_from('<Q', fadt, 152)[0], 0xb000)

    def test_floppy(self):
        self.start('-m', '64', '-fda', self.image(1440))
        code = self.source(self.load())
        self.assertIn('Device (FLPA) { Name (_ADR, Zero) Name (_FDI, Package (0x10)', code)
        self.assertNotIn('FLPB', code)
        self.assertIn('Scope (\\_SB.PCI0.ISA.FDC0) { Name (_STA, 0x0F)', code)

    def test_q35(self):
        self.start('-machine', 'q35', '-m', '64')
        self.q.outl(0xcf8, 0x80000060)  # PCIEXBAR: 256 MiB at B0000000h
        self.q.outl(0xcfc, 0xb0000001)
        tables = self.load()
        self.assertEqual(struct.unpack_from('<QHBB', tables['MCFG'], 44), (0xb0000000, 0, 0, 255))
        self.assertIn('0xB0000000,', self.source(tables))

    def test_many_processors(self):
        self.start('-m', '64', '-smp', '255')
        self.assertEqual(len(self.load()['APIC']), 44 + 255 * 8 + 12 + 5 * 10 + 6)

    def test_isapc(self):
        self.start('-machine', 'isapc', '-m', '16')
        self.assertNotIn('etc/table-loader', self.files())


class Smbios(TablesTest):
    def test_options(self):
        self.start('-m', '64', '-smbios', 'type=1,serial=0815', '-smbios', 'type=11,value=Hello',
                   '-uuid', '12345678-1234-5678-9abc-def012345678')
        tables = self.file('etc/smbios/smbios-tables')
        anchor = self.file('etc/smbios/smbios-anchor')
        self.assertEqual(anchor[:4], b'_SM_')
        self.assertEqual(sum(anchor) & 0xff, 0)
        self.assertEqual(struct.unpack_from('<H', anchor, 0x16)[0], len(tables))
        for part in (b'0815\0', b'Hello\0', b'QEMU\0Standard PC',
                     bytes.fromhex('78563412341278569abcdef012345678')):
            self.assertIn(part, tables)

    def test_bad_options(self):
        for value, message in (('type=1,color=x', 'color'), ('type=99', 'type=99'),
                               ('file=/nowhere', '/nowhere'), ('serial=x', 'file= and type=')):
            status, _, err = run('-accel', 'qtest', '-display', 'none', '-smbios', value)
            self.assertNotEqual(status, 0)
            self.assertIn('-smbios', err)
            self.assertIn(message, err)
            self.assertEqual(err.count('\n'), 1, err)


class Hotplug(TablesTest):
    def setUp(self):
        self.start('-m', '64', '-device', 'virtio-rng-pci,id=cold,addr=6')
        self.hmp = self.machine.hmp.command

    def gone(self, device):
        for _ in range(100):  # it goes on the loop
            if device not in self.hmp('info qtree'):
                return
        self.fail('still there')

    def test_come_and_go(self):
        self.assertEqual(self.q.inl(UP), 0)
        self.assertEqual(self.hmp('device_add virtio-rng-pci,id=plug,addr=5'), '')
        self.assertEqual(self.q.inb(GPE_STATUS), 2)
        self.assertEqual((self.q.inl(UP), self.q.inl(UP), self.q.inl(DOWN)), (1 << 5, 0, 0))
        self.q.outb(GPE_STATUS, 2)
        self.assertEqual(self.q.inb(GPE_STATUS), 0)
        self.assertEqual(self.hmp('device_del plug'), '')
        self.assertEqual((self.q.inb(GPE_STATUS), self.q.inl(DOWN)), (2, 1 << 5))
        self.assertIn('already in the process of unplug', self.hmp('device_del plug'))
        self.assertIn('"plug"', self.hmp('info qtree'))
        self.q.outl(EJECT, 1 << 5)
        self.gone('"plug"')
        self.assertEqual((self.q.inl(DOWN), self.q.inl(EJECT)), (0, 0))

    def test_cold_device(self):
        self.hmp('device_del cold')
        self.q.outl(EJECT, 1 << 6)
        self.gone('"cold"')

    def test_interrupt(self):
        self.q.outl(0xcf8, 0x80000b40)
        self.q.outl(0xcfc, 0x601)
        self.q.outl(0xcf8, 0x80000b80)
        self.q.outl(0xcfc, 1)
        self.q.outb(0xb2, 0xf1)
        self.q.outb(GPE_ENABLE, 2)
        self.q.irq_intercept_in('ioapic')
        self.hmp('device_add virtio-rng-pci,id=plug')
        self.q.inl(UP)
        self.assertEqual(self.q.irq_levels.get(9), 1)

    def test_reset_ends_it(self):
        self.hmp('device_del cold')
        self.hmp('system_reset')
        self.gone('"cold"')
        self.assertEqual((self.q.inl(UP), self.q.inl(DOWN)), (0, 0))

    def test_board_stays(self):
        """The guest cannot throw out what belongs to the board."""
        before = self.hmp('info pci')
        self.assertEqual(self.q.inl(REMOVABLE) & 7, 0)  # bridges and VGA
        self.q.outl(EJECT, 0xffffffff)
        self.gone('"cold"')
        self.assertEqual([line for line in before.split('\n') if 'Bus' in line][:-1],
                         [line for line in self.hmp('info pci').split('\n') if 'Bus' in line])

    def test_all_kinds(self):
        """Whatever can go goes, also while it is set up."""
        kinds = re.findall(r'name "([^"]+)", bus PCI', run('-device', 'help')[1])
        self.assertGreater(len(kinds), 10)
        slots = {slot: kind for slot, kind in enumerate(kinds, 7)
                 if self.hmp('device_add %s,addr=%x,id=d%d' % (kind, slot, slot)) == ''}
        self.assertGreater(len(slots), 5)
        for slot in slots:
            self.q.outl(0xcf8, 0x80000004 | slot << 11)
            self.q.outl(0xcfc, 7)
        self.assertEqual(self.q.inl(UP), sum(1 << slot for slot in slots))
        self.q.outl(EJECT, 0xffffffff)
        for slot in slots:
            self.gone('"d%d"' % slot)

    def check_bridges(self, board, base, status, first):
        """Each plain PCI bus has a number, and its slots are in the tables within its bridge."""
        self.machine.stop()
        self.start('-machine', board, '-m', '64', '-device',
                   'pci-bridge,id=outer,chassis_nr=1,addr=7', '-device',
                   'pci-bridge,id=inner,chassis_nr=2,bus=outer,addr=3', '-device',
                   'virtio-rng-pci,id=cold,bus=outer,addr=9')
        hmp = self.machine.hmp.command
        if board == 'q35':
            for register, value in ((0x40, 0x601), (0x44, 0x80)):  # PMBASE
                self.q.outl(0xcf8, 0x8000f800 | register)
                self.q.outl(0xcfc, value)
        up, down, eject, removable, bus = range(base, base + 20, 4)
        self.assertEqual(hmp('device_add virtio-rng-pci,id=plug,bus=inner,addr=1e'), '')
        self.assertEqual(self.q.inb(status), 2)
        self.q.outl(bus, first)
        self.assertEqual((self.q.inl(up), self.q.inl(removable)), (0, ~(1 << 3) & 0xffffffff))
        self.q.outl(bus, first + 1)
        self.assertEqual((self.q.inl(bus), self.q.inl(up), self.q.inl(up)),
                         (first + 1, 1 << 30, 0))
        self.assertEqual(hmp('device_del plug'), '')
        self.assertEqual(self.q.inl(down), 1 << 30)
        self.q.outl(bus, first)
        self.q.outl(eject, 1 << 30)  # of the other bus, which has nothing there
        self.hmp = hmp
        self.assertIn('"plug"', hmp('info qtree'))
        self.q.outl(bus, first + 1)
        self.q.outl(eject, 1 << 30)
        self.gone('"plug"')
        for number in (first + 2, 255, 0xffffffff):  # there is none
            self.q.outl(bus, number)
            self.q.outl(eject, 0xffffffff)
            self.assertEqual([self.q.inl(port) for port in (up, down, eject, removable)], [0] * 4)
        self.q.outl(bus, first)
        self.q.outl(eject, 0xffffffff)  # a bridge stays
        self.gone('"cold"')
        self.assertIn('"inner"', hmp('info qtree'))
        code = self.source(self.load())
        self.assertRegex(code, r'Device \(BR38\) \{ Name \(_ADR, 0x00070000\)')
        self.assertRegex(code, r'Device \(BR18\) \{ Name \(_ADR, 0x00030000\)')
        self.assertRegex(code, r'BR38.BR18.PCNT \(\\_SB.PCI0.PCIS \((One|0x02), 0x03\), 0x03\)')

    def test_bridges(self):
        self.check_bridges('pc', UP, GPE_STATUS, 1)

    def test_bridges_of_q35(self):
        self.machine.stop()
        self.start('-machine', 'q35', '-m', '64')
        self.assertNotIn('_E01', self.source(self.load()))
        self.assertIn('does not support', self.machine.hmp.command('device_add virtio-rng-pci'))
        self.machine.stop()
        self.check_bridges('q35', 0xcc0, 0x620, 0)

    def test_functions(self):
        self.assertIn('in use by the guest', self.hmp('device_add virtio-rng-pci,addr=6.1,id=more'))
        self.assertNotIn('"more"', self.hmp('info qtree'))

    def test_odd_accesses(self):
        for port in range(UP, UP + 0x14):
            self.q.inb(port)
            self.q.inw(port)
            self.q.outb(port, 0)
            self.q.outw(port, 0)
        self.q.outl(UP, 0xffffffff)
        self.q.outl(DOWN, 0xffffffff)
        self.assertEqual((self.q.inl(UP), self.q.inl(DOWN)), (0, 0))
        self.assertIn('"cold"', self.hmp('info qtree'))


del TablesTest, FwCfgTest

if __name__ == '__main__':
    tap.main()
