# SPDX-License-Identifier: GPL-2.0-or-later
"""The firmware configuration device, by ports and by DMA, and what the board puts into it."""

import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest
from machine import run

ERROR, READ, SKIP, SELECT, WRITE = 1, 2, 4, 8, 16
FILE_DIR = 0x19
AT = 0x8000  # where the tests put DMA requests


class FwCfgTest(HwTest):
    args = ('-machine', 'pc', '-m', '16')

    def select(self, key):
        self.q.outw(0x510, key)

    def read(self, size):
        return bytes(self.q.inb(0x511) for _ in range(size))

    def item(self, key, size):
        self.select(key)
        return self.read(size)

    def request(self, control, length, address, at=AT):
        """Carries out a DMA request; returns its control word afterwards."""
        self.q.write(at, struct.pack('>IIQ', control, length, address))
        self.q.outl(0x514, struct.unpack('<I', struct.pack('>I', at >> 32))[0])
        self.q.outl(0x518, struct.unpack('<I', struct.pack('>I', at & 0xffffffff))[0])
        return struct.unpack('>I', self.q.read(at, 4))[0]

    def dma_item(self, key, size):
        self.assertEqual(self.request(key << 16 | SELECT | READ, size, 0x10000), 0)
        return self.q.read(0x10000, size)

    def files(self):
        count = struct.unpack('>I', self.dma_item(FILE_DIR, 4))[0]
        data = self.dma_item(FILE_DIR, 4 + 64 * count)[4:]
        result = {}
        for i in range(count):
            size, key, _, name = struct.unpack('>IHH56s', data[64 * i:64 * i + 64])
            result[name.rstrip(b'\0').decode()] = (key, size)
        return result

    def file(self, name):
        key, size = self.files()[name]
        return self.dma_item(key, size)


class Ports(FwCfgTest):
    def test_signature(self):
        self.assertEqual(self.item(0, 6), b'QEMU\0\0')
        self.assertEqual(self.item(1, 4), b'\3\0\0\0')

    def test_selecting_starts_anew(self):
        self.assertEqual(self.item(0, 2), b'QE')
        self.assertEqual(self.read(2), b'MU')
        self.assertEqual(self.item(0, 2), b'QE')

    def test_unknown_key(self):
        for key in (0x7fff, 0x3000, 0xffff, 0x1f):
            self.assertEqual(self.item(key, 4), b'\0\0\0\0')

    def test_writes_are_ignored(self):
        self.select(0x4000)  # the old write channel
        self.q.outb(0x511, 0x55)
        self.assertEqual(self.item(0, 4), b'QEMU')

    def test_odd_sizes(self):
        self.q.outb(0x510, 1)
        self.q.outl(0x510, 0x12345678)
        self.q.inl(0x510)
        self.q.inw(0x511)
        self.assertEqual(self.item(0, 4), b'QEMU')

    def test_byte_by_byte_directory(self):
        count = struct.unpack('>I', self.item(FILE_DIR, 4))[0]
        data = self.read(64 * count)
        self.assertEqual(count, len(self.files()))
        names = [data[64 * i + 8:64 * i + 64].rstrip(b'\0') for i in range(count)]
        self.assertEqual(names, sorted(names))
        keys = [data[64 * i + 4:64 * i + 6] for i in range(count)]
        self.assertEqual(keys, [struct.pack('>H', 0x20 + i) for i in range(count)])


class Dma(FwCfgTest):
    def test_signature(self):
        self.assertEqual(self.q.inl(0x514), struct.unpack('<I', b'QEMU')[0])
        self.assertEqual(self.q.inl(0x518), struct.unpack('<I', b' CFG')[0])

    def test_read_and_skip(self):
        self.assertEqual(self.dma_item(0, 4), b'QEMU')
        self.assertEqual(self.request(0 << 16 | SELECT | SKIP, 1, 0), 0)
        self.assertEqual(self.request(READ, 2, 0x10000), 0)
        self.assertEqual(self.q.read(0x10000, 2), b'EM')
        self.assertEqual(self.read(1), b'U')

    def test_behind_the_end(self):
        self.q.memset(0x10000, 32, 0xff)
        self.assertEqual(self.dma_item(0, 16), b'QEMU' + bytes(12))
        self.assertEqual(self.q.read(0x10010, 4), b'\xff' * 4)
        self.assertEqual(self.request(SKIP, 0xffffffff, 0), 0)
        self.assertEqual(self.request(SKIP, 0xffffffff, 0), 0)
        self.assertEqual(self.request(READ, 4, 0x10000), 0)
        self.assertEqual(self.q.read(0x10000, 4), bytes(4))

    def test_select_alone(self):
        self.assertEqual(self.request(0 << 16 | SELECT, 0, 0), 0)
        self.assertEqual(self.read(4), b'QEMU')

    def test_write_is_an_error(self):
        self.assertEqual(self.request(0 << 16 | SELECT | WRITE, 4, 0x10000), ERROR)
        self.assertEqual(self.item(0, 4), b'QEMU')

    def test_no_operation(self):
        self.assertEqual(self.request(0, 100, 0x10000), 0)

    def test_outside_memory(self):
        self.assertEqual(self.request(0 << 16 | SELECT | READ, 4, 0x80000000), ERROR)
        self.assertEqual(self.request(0 << 16 | SELECT | READ, 4, 0xffffffffffffffff), ERROR)
        self.assertEqual(self.request(0 << 16 | SELECT | READ, 64, (16 << 20) - 32), ERROR)
        self.assertEqual(self.item(0, 4), b'QEMU')

    def test_request_outside_memory(self):
        for at in (0x80000000, 0xffffffffffffff00, 0xffffffff):
            self.q.outl(0x514, struct.unpack('<I', struct.pack('>I', at >> 32))[0])
            self.q.outl(0x518, struct.unpack('<I', struct.pack('>I', at & 0xffffffff))[0])
        self.assertEqual(self.item(0, 4), b'QEMU')

    def test_request_at_the_end_of_memory(self):
        at = (16 << 20) - 8
        self.q.write(at, b'\0' * 8)
        self.q.outl(0x518, struct.unpack('<I', struct.pack('>I', at))[0])
        self.assertEqual(self.q.read(at, 8), b'\0' * 8)

    def test_huge_lengths(self):
        """No request takes long, however much it asks for and wherever."""
        start = time.monotonic()
        for address in (0, 0x10000, 0xfec00000, 1 << 40):
            for length in (0x20000, 0x1000000, 0xffffffff):
                self.assertEqual(self.request(0 << 16 | SELECT | READ, length, address), ERROR)
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(self.item(0, 4), b'QEMU')

    def test_into_its_own_request(self):
        self.assertEqual(self.request(0 << 16 | SELECT | READ, 16, AT), 0)
        self.assertEqual(self.q.read(AT + 4, 12), bytes(12))

    def test_other_sizes(self):
        self.q.outb(0x518, 1)
        self.q.outw(0x51a, 1)
        self.q.outl(0x516, 1)
        self.assertEqual(self.item(0, 4), b'QEMU')


class Content(FwCfgTest):
    args = None

    def test_machine(self):
        self.start('-machine', 'pc', '-m', '6G', '-smp', '2', '-uuid',
                   '01234567-89ab-cdef-0123-456789abcdef')
        self.assertEqual(self.item(2, 16).hex(), '0123456789abcdef' * 2)
        self.assertEqual(self.item(3, 8), struct.pack('<Q', 6 << 30))
        self.assertEqual(self.item(5, 2), b'\2\0')
        self.assertEqual(self.item(0x0f, 2), b'\2\0')
        e820 = [struct.unpack('<QQI', self.file('etc/e820')[i:i + 20]) for i in range(0, 60, 20)]
        self.assertIn((0, 3 << 30, 1), e820)
        self.assertIn((4 << 30, 3 << 30, 1), e820)
        self.assertIn((0xfeffc000, 0x4000, 2), e820)

    def test_boot(self):
        self.start('-machine', 'pc')
        self.assertEqual(self.item(0x0e, 2), b'\0\0')
        self.assertEqual(self.file('etc/boot-fail-wait'), b'\xff' * 4)
        self.assertEqual(self.files()['bootorder'][1], 0)
        self.start('-machine', 'pc', '-boot', 'menu=on,splash-time=3000,reboot-timeout=5000')
        self.assertEqual(self.item(0x0e, 2), b'\1\0')
        self.assertEqual(self.file('etc/boot-menu-wait'), struct.pack('<H', 3000))
        self.assertEqual(self.file('etc/boot-fail-wait'), struct.pack('<I', 5000))

    def test_boot_index(self):
        machine = self.start('-machine', 'pc')
        path = machine.file('disk', bytes(1 << 20))
        drive = 'file=%s,format=raw,readonly=off,if=none,snapshot=on,id=' % path
        self.start('-machine', 'pc', '-boot', 'strict=on', '-drive', drive + 'a',
                   '-drive', drive + 'b',
                   '-device', 'ide-hd,drive=a,bus=ide.0,unit=1,bootindex=7',
                   '-device', 'ide-hd,drive=b,bus=ide.1,bootindex=2', '-S', monitor=True)
        self.machine.hmp.command('system_reset')
        self.q.sync()
        self.assertEqual(self.file('bootorder'), b'/pci@i0cf8/ide@1,1/drive@1/disk@0\n'
                         b'/pci@i0cf8/ide@1,1/drive@0/disk@1\nHALT\0')

    def test_boot_index_of_others(self):
        """AHCI's and USB's disks, those behind hubs and bridges too."""
        machine = self.start('-machine', 'pc')
        path = machine.file('disk', bytes(1 << 20))
        args = ['-machine', 'q35', '-device', 'ich9-ahci,id=sata,addr=5', '-device',
                'pcie-root-port,id=rp,addr=6,chassis=1', '-device', 'qemu-xhci,id=x,bus=rp',
                '-device', 'usb-hub,bus=x.0,port=2', '-device', 'usb-ehci,id=e,addr=7.0']
        places = {'ide-hd,bus=sata.3': '/pci8086,2922@5/drive@3/disk@0',
                  'ide-hd,bus=ide.1': '/pci8086,2922@1f,2/drive@1/disk@0',
                  'usb-storage,bus=e.0,port=4': '/usb@7/storage@4/channel@0/disk@0,0',
                  'usb-storage,bus=x.0,port=3':
                      '/pci-bridge@6/usb@0/storage@3/channel@0/disk@0,0',
                  'usb-storage,bus=x.0,port=2.5':
                      '/pci-bridge@6/usb@0/hub@2/storage@5/channel@0/disk@0,0'}
        for n, device in enumerate(places):
            args += ['-drive', 'file=%s,format=raw,if=none,snapshot=on,id=d%d' % (path, n),
                     '-device', '%s,drive=d%d,bootindex=%d' % (device, n, n)]
        self.start(*args, '-S', monitor=True)
        self.machine.hmp.command('system_reset')
        self.q.sync()
        self.assertEqual(self.file('bootorder').decode(),
                         '\n'.join('/pci@i0cf8' + place for place in places.values()) + '\0')

    def test_splash(self):
        machine = self.start('-machine', 'pc')
        for data, name in ((b'\xff\xd8picture', 'bootsplash.jpg'),
                           (b'BMpicture', 'bootsplash.bmp')):
            path = machine.file('splash', data)
            self.start('-machine', 'pc', '-boot', 'menu=on,splash=' + path)
            self.assertEqual(self.file(name), data)
        path = machine.file('splash', b'GIF89a')
        status, _, err = run('-accel', 'qtest', '-display', 'none', '-boot', 'splash=' + path)
        self.assertEqual(status, 1)
        self.assertIn('neither a JPEG nor a BMP', err)

    def test_isa_vga(self):
        self.start('-machine', 'isapc', '-m', '16')
        self.assertEqual(self.file('vgaroms/vgabios.bin')[:2], b'\x55\xaa')
        self.start('-machine', 'isapc', '-m', '16', '-vga', 'none')
        self.assertNotIn('vgaroms/vgabios.bin', self.files())


if __name__ == '__main__':
    tap.main()
