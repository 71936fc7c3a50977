# SPDX-License-Identifier: GPL-2.0-or-later
"""IDE controllers and disks: ATA commands by PIO and bus-master DMA, errors, and nonsense."""

import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import pci
import tap
from ata import ABRT, BSY, BUFFER, DRDY, DRQ, DSC, ERR, IDNF, TABLE, UNC, Ata, AtaError
from hwtest import HwTest
from machine import run

SIZE = 4096  # sectors of the usual disk


def sector(n):
    """Sector n of the usual disk: its number, all over."""
    return struct.pack('<I', n) * 128


class DiskTest(HwTest):
    args = None
    drive = ''

    def setUp(self):
        self.dir = self.enterContext_dir()
        self.path = os.path.join(self.dir, 'disk.img')
        self.make()
        self.boot()

    def enterContext_dir(self):
        import shutil
        import tempfile
        path = tempfile.mkdtemp(prefix='vitrine-ide-')
        self.addCleanup(shutil.rmtree, path, True)
        return path

    def make(self):
        with open(self.path, 'wb') as f:
            f.write(b''.join(sector(n) for n in range(SIZE)))

    def boot(self):
        self.start('-machine', 'pc', '-nodefaults', '-drive',
                   'file=%s,if=ide%s' % (self.path, self.drive))
        self.ata = Ata(self.q)

    def on_disk(self, n, count=1):
        with open(self.path, 'rb') as f:
            f.seek(512 * n)
            return f.read(512 * count)

    def flushes(self):
        stats = self.machine.hmp.command('info blockstats')
        return int(re.search(r'flush_operations=(\d+)', stats)[1])

    def fails(self, error, function, *args, **kwargs):
        with self.assertRaises(AtaError) as caught:
            function(*args, **kwargs)
        self.assertEqual(caught.exception.error & error, error,
                         'error register %02x' % caught.exception.error)


class Registers(DiskTest):
    def test_signature_and_absent_device(self):
        a, q = self.ata, self.q
        self.assertEqual([q.inb(a.base + i) for i in range(1, 6)], [1, 1, 1, 0, 0])
        self.assertEqual(a.status(), DRDY | DSC)
        q.outb(a.base + 6, 0xb0)  # nobody is device 1: device 0 answers for it, not ready
        self.assertEqual(q.inb(a.base + 7), 0)
        self.assertEqual(q.inb(a.control), 0)
        q.outb(a.base + 7, 0xec)  # and a command goes nowhere
        self.assertEqual(q.inb(a.base + 7), 0)
        # An empty channel floats, with DD7 pulled down so that nobody waits for BSY.
        self.assertEqual(q.inb(0x177), 0x7f)
        q.outb(0x172, 0x55)
        self.assertNotEqual(q.inb(0x172), 0x55)

    def test_registers_hold_what_is_written(self):
        a, q = self.ata, self.q
        for port, value in ((2, 0x55), (3, 0xaa), (4, 0x12), (5, 0xed)):
            q.outb(a.base + port, value)
        self.assertEqual([q.inb(a.base + i) for i in (2, 3, 4, 5)], [0x55, 0xaa, 0x12, 0xed])
        q.outb(a.base + 2, 0x77)
        q.outb(a.control, 0x80)  # HOB shows the previous content
        self.assertEqual(q.inb(a.base + 2), 0x55)
        q.outb(a.base + 3, 0x01)  # any write clears HOB
        self.assertEqual(q.inb(a.base + 2), 0x77)

    def test_decode_follows_idetim(self):
        f = self.ata.function
        self.assertEqual(self.ata.status(), DRDY | DSC)
        f.writew(0x40, 0)
        self.assertEqual(self.q.inb(0x1f7), 0xff)
        f.writew(0x40, 0x8000)
        self.assertEqual(self.ata.status(), DRDY | DSC)

    def test_software_reset(self):
        a, q = self.ata, self.q
        a.registers(lba=5)
        a.command(0x20)
        a.wait()
        q.outb(a.control, 0x04)
        self.assertTrue(a.alt_status() & BSY)
        q.outb(a.control, 0x00)
        self.assertEqual(a.wait(), DRDY | DSC)
        self.assertEqual([q.inb(a.base + i) for i in range(1, 6)], [1, 1, 1, 0, 0])

    def test_interrupts(self):
        a, q = self.ata, self.q
        q.irq_intercept_in('ioapic')
        a.registers(lba=0)
        a.command(0x20)
        a.wait()
        self.assertEqual(q.irq(14), 1)
        a.alt_status()
        self.assertEqual(q.irq(14), 1)  # the alternate status leaves it
        a.status()
        self.assertEqual(q.irq(14), 0)
        a.data_in(512)
        self.assertEqual(q.irq(14), 0)  # data in ends without
        q.outb(a.control, 0x02)  # nIEN
        a.simple(0x91, count=63)
        self.assertEqual(q.irq(14), 0)
        q.outb(a.control, 0x00)  # it was waiting
        self.assertEqual(q.irq(14), 1)

    def test_unknown_commands(self):
        for opcode in (0x01, 0x06, 0x50, 0x87, 0xa0, 0xa1, 0xf5, 0xff):
            self.fails(ABRT, self.ata.simple, opcode)

    def test_device_reset_is_no_command_of_disks(self):
        """It must not end a command that waits for the host (a finding of the fuzzer)."""
        a = self.ata
        for _ in range(50):
            a.registers(lba=1, count=0)
            a.command(0x40)
            a.command(0x08)
            a.command(0x40)
            a.wait()
        self.assertEqual(a.identify()[0], 0x0040)

    def test_every_opcode_and_width(self):
        """No opcode, and no width at any port, upsets the model."""
        a, q = self.ata, self.q
        for opcode in range(256):
            a.registers(lba=1, count=1, feature=opcode)
            a.command(opcode)
            for port in range(8):
                for width in (q.inb, q.inw, q.inl):
                    width(a.base + port)
            for port in range(8):
                q.outl(a.base + port, 0xffffffff)
                q.outw(a.base + port, 0x1234)
            q.outb(a.control, 4)
            q.outb(a.control, 0)
            self.assertFalse(a.wait() & ERR)
        self.assertEqual(a.identify()[0], 0x0040)


class Identify(DiskTest):
    monitor = True

    drive = ',serial=ABC123'

    def test_words(self):
        w = self.ata.identify()
        text = struct.pack('>256H', *w)
        self.assertEqual(text[20:40], b'ABC123'.ljust(20))
        self.assertEqual(text[54:94].strip(), b'Vitrine Disk')
        self.assertEqual(w[60] | w[61] << 16, SIZE)
        self.assertEqual(w[100] | w[101] << 16, SIZE)
        self.assertEqual((w[1], w[3], w[6]), (SIZE // (16 * 63), 16, 63))
        self.assertTrue(w[49] & 0x0300 == 0x0300 and w[83] & 0x0400)
        self.assertEqual(w[255] & 0xff, 0xa5)
        self.assertEqual(sum(struct.pack('<256H', *w)) & 0xff, 0)

    def test_features(self):
        a = self.ata
        self.assertEqual(a.identify()[88] >> 8, 0x04)  # Ultra DMA 2 at power-on
        a.simple(0xef, feature=3, count=0x45)
        self.assertEqual(a.identify()[88] >> 8, 0x20)
        a.simple(0xef, feature=3, count=0x21)
        w = a.identify()
        self.assertEqual((w[88] >> 8, w[63] >> 8), (0, 2))
        self.fails(ABRT, a.simple, 0xef, feature=3, count=0x47)
        self.fails(ABRT, a.simple, 0xef, feature=0x99)
        flushes = self.flushes()
        a.simple(0xef, feature=0x82)
        self.assertEqual(self.flushes(), flushes + 1)  # with the cache goes what it holds
        self.assertFalse(a.identify()[85] & 0x20)
        a.simple(0xef, feature=0x02)
        self.assertTrue(a.identify()[85] & 0x20)

    def test_multiple_setting(self):
        a = self.ata
        self.assertEqual(a.identify()[47] & 0xff, 16)
        a.simple(0xc6, count=8)
        self.assertEqual(a.identify()[59], 0x108)
        for bad in (3, 32):
            self.fails(ABRT, a.simple, 0xc6, count=bad)
        a.simple(0xc6, count=0)
        self.assertEqual(a.identify()[59], 0)
        a.registers()
        self.fails(ABRT, a.pio_in, 0xc4, 1)

    def test_power_and_others(self):
        a, q = self.ata, self.q
        a.simple(0xe5)
        self.assertEqual(q.inb(a.base + 2), 0xff)
        a.simple(0xe0)
        a.simple(0xe5)
        self.assertEqual(q.inb(a.base + 2), 0)
        a.simple(0xf8)
        self.assertEqual(a.lba_registers(), SIZE - 1)
        a.simple(0x27)
        self.assertEqual(a.lba_registers(), SIZE - 1)
        a.simple(0x70, lba=SIZE - 1)
        self.fails(IDNF, a.simple, 0x70, lba=SIZE)
        a.simple(0x10)
        a.simple(0xe7)
        a.simple(0xea)
        a.command(0x90)
        a.check()
        self.assertEqual(a.error(), 1)

    def test_buffer(self):
        a = self.ata
        a.pio_out(0xe8, sector(0x12345678))
        self.assertEqual(a.pio_in(0xe4, 1), sector(0x12345678))

    def test_smart(self):
        a = self.ata
        key = 0xc24f00
        a.simple(0xb0, feature=0xda, lba=key)
        self.assertEqual(a.lba_registers() >> 8, 0xc24f)  # all is well
        a.registers(feature=0xd0, lba=key)
        data = a.pio_in(0xb0, 1)
        self.assertEqual(sum(data) & 0xff, 0)
        a.registers(feature=0xd5, lba=key | 0)
        a.pio_in(0xb0, 1)
        self.fails(ABRT, a.simple, 0xb0, feature=0xda, lba=0)
        self.fails(ABRT, a.simple, 0xb0, feature=0x77, lba=key)
        a.simple(0xb0, feature=0xd9, lba=key)
        self.fails(ABRT, a.simple, 0xb0, feature=0xda, lba=key)


class Pio(DiskTest):
    def test_read(self):
        a = self.ata
        a.registers(lba=7)
        self.assertEqual(a.pio_in(0x20, 1), sector(7))
        a.registers(lba=SIZE - 3, count=3)
        self.assertEqual(a.pio_in(0x20, 3), b''.join(map(sector, range(SIZE - 3, SIZE))))
        self.assertEqual(a.lba_registers(), SIZE - 1)
        a.registers(lba=100, count=37)
        self.assertEqual(a.pio_in(0xc4, 37, 16), b''.join(map(sector, range(100, 137))))

    def test_count_zero_is_256(self):
        a = self.ata
        a.registers(lba=3, count=0)
        self.assertEqual(a.pio_in(0xc4, 256, 16), b''.join(map(sector, range(3, 259))))

    def test_write(self):
        a = self.ata
        new = [sector(0x80000000 + n) for n in range(37)]
        a.registers(lba=9)
        a.pio_out(0x30, new[0])
        a.registers(lba=20, count=3)
        a.pio_out(0x30, b''.join(new[:3]))
        a.registers(lba=1000, count=37)
        a.pio_out(0xc5, b''.join(new), 16)
        a.simple(0xe7)
        self.assertEqual(self.on_disk(8, 3), sector(8) + new[0] + sector(10))
        self.assertEqual(self.on_disk(19, 5), sector(19) + b''.join(new[:3]) + sector(23))
        self.assertEqual(self.on_disk(1000, 38), b''.join(new) + sector(1037))

    def test_larger_than_the_buffer(self):
        """An EXT command of more sectors than the drive's buffer has."""
        a = self.ata
        a.registers_ext(10, 300)
        self.assertEqual(a.pio_in(0x29, 300, 16), b''.join(map(sector, range(10, 310))))
        data = b''.join(sector(0x90000000 + n) for n in range(300))
        a.registers_ext(600, 300)
        a.pio_out(0x39, data, 16)
        self.assertEqual(self.on_disk(600, 301), data + sector(900))

    def test_without_write_cache(self):
        a = self.ata
        a.simple(0xef, feature=0x82)
        a.registers(lba=5)
        a.pio_out(0x30, sector(0xffff))
        self.assertEqual(self.on_disk(5), sector(0xffff))

    def test_geometry(self):
        a = self.ata
        a.registers(chs=(1, 2, 3))
        self.assertEqual(a.pio_in(0x20, 1), sector((1 * 16 + 2) * 63 + 2))
        self.fails(IDNF, a.simple, 0x40, chs=(0, 0, 0))
        self.fails(IDNF, a.simple, 0x40, chs=(0, 0, 64))
        self.fails(IDNF, a.simple, 0x40, chs=(1000, 0, 1))
        a.registers(count=17, chs=(0, 3, 0))  # four heads, 17 sectors
        a.command(0x91)
        a.check()
        a.registers(chs=(5, 3, 17))
        self.assertEqual(a.pio_in(0x20, 1), sector((5 * 4 + 3) * 17 + 16))
        w = a.identify()
        self.assertEqual((w[54], w[55], w[56]), (SIZE // 68, 4, 17))
        self.fails(IDNF, a.simple, 0x40, chs=(0, 4, 1))

    def test_out_of_range(self):
        a = self.ata
        self.fails(IDNF, a.simple, 0x20, lba=SIZE)
        self.fails(IDNF, a.simple, 0x20, lba=SIZE - 1, count=2)
        self.fails(IDNF, a.simple, 0x30, lba=0xfffffff, count=0)
        a.registers_ext(0xffffffffffff, 0)
        a.command(0x24)
        self.fails(IDNF, a.check)
        a.simple(0x40, lba=0, count=0)

    def test_byte_and_word_access(self):
        a, q = self.ata, self.q
        a.registers(lba=1)
        a.command(0x20)
        a.wait()
        self.assertEqual(q.inw(a.base), 1)
        self.assertEqual(q.inb(a.base), 0)
        self.assertEqual(q.inb(a.base), 0)
        a.data_in(504)
        q.inl(a.base)
        self.assertEqual(a.status(), DRDY | DSC)
        self.assertEqual(q.inl(a.base), 0xffffffff)  # nothing left


class PartitionGeometry(DiskTest):
    def make(self):
        """A partition table made by a BIOS with 8 heads of 32 sectors."""
        super().make()
        with open(self.path, 'r+b') as f:
            f.seek(446)
            f.write(struct.pack('<8BII', 0x80, 1, 1, 0, 6, 7, 32, 15, 32, SIZE - 32))
            f.seek(510)
            f.write(b'\x55\xaa')

    def test_geometry(self):
        w = self.ata.identify()
        self.assertEqual((w[1], w[3], w[6]), (SIZE // 256, 8, 32))


class Translation(DiskTest):
    """How the BIOS is told to fit a disk of 1 GiB into 1024 cylinders: CMOS 39h, bits 0 and 1."""
    NONE, LBA, LARGE = 0, 1, 2

    def make(self):
        with open(self.path, 'wb') as f:
            f.truncate(1 << 30)

    def check(self, heads, sectors, expected):
        """`heads` is 0 for a disk without partitions."""
        if heads:
            with open(self.path, 'r+b') as f:
                f.seek(446)
                f.write(struct.pack('<8BII', 0x80, 1, 1, 0, 6, heads - 1, sectors, 15, 63, 100000))
                f.seek(510)
                f.write(b'\x55\xaa')
        self.machine.stop()
        self.boot()
        self.q.outb(0x70, 0x39)
        self.assertEqual(self.q.inb(0x71) & 3, expected)

    def test_translation(self):
        self.check(0, 0, self.LBA)
        self.check(16, 63, self.NONE)  # as it is: its boot sector counts with 16 heads
        self.check(64, 63, self.LARGE)
        self.check(255, 63, self.LBA)
        self.check(64, 32, self.LBA)


class Lba48(DiskTest):
    BIG = 300 * 1000 * 1000 * 1000 // 512

    def make(self):
        with open(self.path, 'wb') as f:
            f.truncate(self.BIG * 512)
            f.seek((self.BIG - 2) * 512)
            f.write(sector(1) + sector(2))
            f.seek(0x10000005 * 512)
            f.write(sector(3))

    def test_beyond_137_gb(self):
        a = self.ata
        w = a.identify()
        self.assertEqual(w[60] | w[61] << 16, 0xfffffff)
        self.assertEqual(sum(w[100 + i] << (16 * i) for i in range(4)), self.BIG)
        a.registers_ext(self.BIG - 2, 2)
        self.assertEqual(a.pio_in(0x24, 2), sector(1) + sector(2))
        a.registers_ext(0x10000005, 1)
        self.assertEqual(a.pio_in(0x24, 1), sector(3))
        a.registers_ext(0x10000006, 1)
        a.pio_out(0x34, sector(4))
        with open(self.path, 'rb') as f:
            f.seek(0x10000006 * 512)
            self.assertEqual(f.read(512), sector(4))
        a.command(0x27)
        a.check()
        low = a.lba_registers()
        self.q.outb(a.control, 0x80)
        self.assertEqual(low | a.lba_registers() << 24, self.BIG - 1)
        a.registers_ext(self.BIG - 1, 2)
        a.command(0x24)
        self.fails(IDNF, a.check)

    def test_dma(self):
        a = self.ata
        a.registers_ext(self.BIG - 2, 2)
        a.table([(BUFFER, 1024)])
        self.assertEqual(a.dma(0x25, True) & 7, 4)
        self.assertEqual(self.q.read(BUFFER, 1024), sector(1) + sector(2))


class Dma(DiskTest):
    def test_read_scattered(self):
        a, q = self.ata, self.q
        expected = b''.join(map(sector, range(50, 58)))
        pieces = [(BUFFER + 2, 6), (BUFFER + 0x1000, 1000), (BUFFER + 0x2ffe, 2),
                  (BUFFER + 0x8000, 2048), (BUFFER + 0x5000, 4096 - 6 - 1000 - 2 - 2048)]
        q.memset(BUFFER, 0x10000, 0xcc)
        a.registers(lba=50, count=8)
        a.table(pieces)
        self.assertEqual(a.dma(0xc8, True) & 7, 4)  # interrupt, not active, no error
        self.assertEqual(b''.join(q.read(at, n) for at, n in pieces), expected)
        self.assertEqual(q.read(BUFFER + 8, 4), b'\xcc' * 4)  # and nothing beside
        self.assertEqual(q.read(BUFFER, 2), b'\xcc' * 2)

    def test_write_scattered(self):
        a, q = self.ata, self.q
        data = os.urandom(3 * 512)
        pieces = [(BUFFER + 0x100, 700), (BUFFER + 0x7000, 36), (BUFFER, 100), (0x300000, 700)]
        at = 0
        for addr, n in pieces:
            q.write(addr, data[at:at + n])
            at += n
        a.registers(lba=77, count=3)
        a.table(pieces)
        self.assertEqual(a.dma(0xca, False) & 7, 4)
        self.assertEqual(self.on_disk(76, 5), sector(76) + data + sector(80))

    def test_whole_64k_and_large(self):
        a, q = self.ata, self.q
        a.registers(lba=0, count=0)
        a.table([(BUFFER, 0x10000), (0x200000, 0x10000)])  # a count of 0 is 64 KiB
        self.assertEqual(a.dma(0xc8, True) & 7, 4)
        self.assertEqual(q.read(BUFFER, 0x10000), b''.join(map(sector, range(128))))
        self.assertEqual(q.read(0x200000, 0x10000), b''.join(map(sector, range(128, 256))))

    def test_start_before_command(self):
        a, q = self.ata, self.q
        a.registers(lba=4)
        a.table([(BUFFER, 512)])
        a.bm_start(True)
        self.assertEqual(a.bm_status() & 7, 1)
        a.command(0xc8)
        self.assertEqual(a.bm_wait() & 7, 4)
        self.assertEqual(q.read(BUFFER, 512), sector(4))

    def test_long_table(self):
        """More memory than data: a valid end, with the bus master still active."""
        a, q = self.ata, self.q
        q.memset(BUFFER, 2048, 0xcc)
        a.registers(lba=4)
        a.table([(BUFFER, 1024), (BUFFER + 1024, 512)])
        self.assertEqual(a.dma(0xc8, True) & 7, 5)
        self.assertEqual(q.read(BUFFER, 1024), sector(4) + b'\xcc' * 512)
        self.assertEqual(a.bm_status() & 1, 0)

    def test_short_table(self):
        """Less memory than data: not active, no interrupt, and the device waits for ever."""
        a, q = self.ata, self.q
        a.registers(lba=4, count=4)
        a.table([(BUFFER, 1024)])
        a.command(0xc8)
        a.bm_start(True)
        self.assertEqual(a.bm_wait() & 7, 0)
        self.assertTrue(a.alt_status() & DRQ)
        self.assertEqual(q.read(BUFFER, 1024), sector(4) + sector(5))
        q.outb(a.control, 4)
        q.outb(a.control, 0)
        self.assertEqual(a.wait(), DRDY | DSC)
        self.assertEqual(a.identify()[0], 0x40)

    def test_table_nowhere(self):
        """Tables and buffers outside memory are bus errors, and the machine goes on."""
        a, q = self.ata, self.q
        for address in (0xe0000000, 0xfffffffc):
            a.registers(lba=4)
            q.outl(a.bm + 4, address)
            a.command(0xc8)
            a.bm_start(True)
            self.assertEqual(a.bm_wait() & 7, 2)
            a.bm_stop()
            q.outb(a.control, 4)
            q.outb(a.control, 0)
            a.wait()
        for opcode, to_memory in ((0xc8, True), (0xca, False)):
            a.registers(lba=4)
            a.table([(0xd0000000, 512)])
            a.command(opcode)
            a.bm_start(to_memory)
            self.assertEqual(a.bm_wait() & 2, 2)
            a.bm_stop()
            q.outb(a.control, 4)
            q.outb(a.control, 0)
            a.wait()
        self.assertEqual(self.on_disk(4), sector(4))

    def test_endless_table(self):
        """64 KiB of descriptors without an end: bounded."""
        a, q = self.ata, self.q
        q.write(TABLE, struct.pack('<IHH', BUFFER, 2, 0) * 8192)
        q.outl(a.bm + 4, TABLE)
        a.registers(lba=0, count=64)
        a.command(0xc8)
        a.bm_start(True)
        self.assertEqual(a.bm_wait() & 7, 2)
        a.bm_stop()
        q.outb(a.control, 4)
        q.outb(a.control, 0)
        a.wait()
        # 16 KiB in two-byte pieces is fine, though.
        a.registers(lba=0, count=32)
        a.command(0xc8)
        a.bm_start(True)
        self.assertEqual(a.bm_wait() & 6, 4)
        self.assertEqual(q.read(BUFFER, 2), sector(31)[-2:])

    def test_rom_and_device_memory(self):
        """Writing into ROM is lost, reading from it works."""
        a, q = self.ata, self.q
        before = q.read(0xffff0000, 512)
        a.registers(lba=4)
        a.table([(0xffff0000, 512)])
        self.assertEqual(a.dma(0xc8, True) & 4, 4)
        self.assertEqual(q.read(0xffff0000, 512), before)
        a.registers(lba=6)
        a.table([(0xffff0000, 512)])
        a.dma(0xca, False)
        self.assertEqual(self.on_disk(6), before)

    def test_not_a_bus_master(self):
        a = self.ata
        a.function.writew(pci.COMMAND, pci.COMMAND_IO)
        a.registers(lba=4)
        a.table([(BUFFER, 512)])
        a.command(0xc8)
        a.bm_start(True)
        self.assertEqual(a.bm_wait() & 7, 2)

    def test_registers(self):
        a, q = self.ata, self.q
        q.outl(a.bm + 4, 0xffffffff)
        self.assertEqual(q.inl(a.bm + 4), 0xfffffffc)
        q.outb(a.bm + 2, 0x60)
        self.assertEqual(q.inb(a.bm + 2), 0x60)
        for offset in range(16):
            for width in (q.inb, q.inw, q.inl):
                width(0xc000 + offset)
        q.outb(a.bm, 0xff)
        self.assertEqual(q.inb(a.bm), 0x09)

    def test_reset_with_dma_under_way(self):
        a, q = self.ata, self.q
        for i in range(20):
            a.registers(lba=0, count=0)
            a.table([(BUFFER, 0x10000), (0x200000, 0x10000)])
            a.command(0xc8)
            a.bm_start(True)
            if i % 2:
                q.outb(a.control, 4)
                q.outb(a.control, 0)
            else:
                a.bm_stop()
            a.wait()
        q.outb(0xcf9, 0x06)
        a = Ata(q)
        self.assertEqual(a.wait(), DRDY | DSC)


class HostErrors(DiskTest):
    """The file is cut short under us, so reads behind its end fail on the host."""
    drive = ',cache=writeback'

    def setUp(self):
        super().setUp()
        os.truncate(self.path, 100 * 512)

    def test_pio(self):
        a = self.ata
        a.registers(lba=90, count=10)
        self.assertEqual(a.pio_in(0x20, 10), b''.join(map(sector, range(90, 100))))
        a.registers(lba=90, count=20)
        a.command(0x20)
        for n in range(90, 100):  # the good ones come first
            self.assertTrue(a.check() & DRQ)
            self.assertEqual(a.data_in(512), sector(n))
        self.fails(UNC, a.check)
        self.assertEqual(a.lba_registers(), 100)
        self.fails(UNC, a.simple, 0x40, lba=99, count=2)
        self.assertEqual(a.lba_registers(), 100)

    def test_multiple(self):
        a = self.ata
        a.registers(lba=80, count=32)
        a.command(0xc4)
        self.assertTrue(a.check() & DRQ)
        self.assertEqual(a.data_in(16 * 512), b''.join(map(sector, range(80, 96))))
        self.assertTrue(a.check() & DRQ)
        self.assertEqual(a.data_in(4 * 512), b''.join(map(sector, range(96, 100))))
        self.fails(UNC, a.check)

    def test_dma(self):
        a, q = self.ata, self.q
        a.registers(lba=98, count=8)
        a.table([(BUFFER, 4096)])
        a.command(0xc8)
        a.bm_start(True)
        self.assertEqual(a.bm_wait() & 6, 4)
        a.bm_stop()
        self.fails(UNC, a.check)
        self.assertEqual(a.lba_registers(), 100)
        self.assertEqual(q.read(BUFFER, 1024), sector(98) + sector(99))
        a.registers(lba=98, count=2)
        self.assertEqual(a.dma(0xc8, True) & 6, 4)


class ReadOnly(DiskTest):
    drive = ',readonly=on'

    def test_writes_are_aborted(self):
        a = self.ata
        self.fails(ABRT, a.simple, 0x30, lba=3)
        self.fails(ABRT, a.simple, 0xca, lba=3)
        a.registers(lba=3)
        self.assertEqual(a.pio_in(0x20, 1), sector(3))
        a.simple(0xe7)


class Snapshot(DiskTest):
    drive = ',snapshot=on'

    def test_writes_are_temporary(self):
        a = self.ata
        a.registers(lba=3, count=2)
        a.pio_out(0x30, sector(333) + sector(444))
        a.registers(lba=2, count=4)
        self.assertEqual(a.pio_in(0x20, 4), sector(2) + sector(333) + sector(444) + sector(5))
        self.assertEqual(self.on_disk(3), sector(3))


class Trim(DiskTest):
    drive = ',discard=unmap'

    def trim(self, *ranges, feature=1):
        a = self.ata
        data = b''.join(struct.pack('<Q', lba | n << 48) for lba, n in ranges)
        self.q.write(BUFFER, data.ljust(512, b'\0'))
        a.table([(BUFFER, 512)])
        a.registers_ext(0, 1)
        self.q.outb(a.base + 1, feature)
        return a.dma(0x06, False)

    def test_space_comes_back(self):
        self.assertTrue(self.ata.identify()[169] & 1)
        before = os.stat(self.path).st_blocks
        self.assertEqual(self.trim((1024, 2048), (8, 8)) & 7, 4)
        self.assertLess(os.stat(self.path).st_blocks, before)
        self.assertEqual(self.on_disk(1023, 3), sector(1023) + bytes(1024))
        self.assertEqual(self.on_disk(8, 9), bytes(8 * 512) + sector(16))

    def test_bad_ranges(self):
        self.fails(IDNF, self.trim, (SIZE - 1, 2))
        self.fails(ABRT, self.ata.simple, 0x06, feature=0)
        self.assertEqual(self.on_disk(SIZE - 1), sector(SIZE - 1))


class Threads(DiskTest):
    drive = ',aio=threads,cache=none'

    def test_io(self):
        a = self.ata
        a.registers(lba=3)
        a.pio_out(0x30, sector(333))
        a.registers(lba=2, count=8)
        a.table([(BUFFER, 4096)])
        self.assertEqual(a.dma(0xc8, True) & 7, 4)
        self.assertEqual(self.q.read(BUFFER, 1024), sector(2) + sector(333))


class TwoDevices(DiskTest):
    def boot(self):
        self.other = os.path.join(self.dir, 'other.img')
        with open(self.other, 'wb') as f:
            f.write(b''.join(sector(0x55000000 + n) for n in range(64)))
        self.start('-machine', 'pc', '-nodefaults', '-hda', self.path, '-hdb', self.other)
        self.ata = Ata(self.q)

    def test_both(self):
        first, second = self.ata, Ata(self.q, unit=1)
        first.registers(lba=5)
        self.assertEqual(first.pio_in(0x20, 1), sector(5))
        second.registers(lba=5)
        self.assertEqual(second.pio_in(0x20, 1), sector(0x55000005))
        first.registers(lba=6)
        self.assertEqual(first.pio_in(0x20, 1), sector(6))
        second.select()
        self.q.outb(first.base + 7, 0x90)  # for both; device 0 is selected afterwards
        self.assertEqual(first.wait(), DRDY | DSC)
        self.assertEqual(self.q.inb(first.base + 6) & 0x10, 0)

    def test_diagnostic_ends_a_waiting_transfer(self):
        """A bus master that starts later finds nobody who asks for data."""
        first, second = self.ata, Ata(self.q, unit=1)
        second.registers(lba=1, count=8)
        second.table([(BUFFER, 4096)])
        second.command(0xc8)
        self.assertTrue(second.wait() & DRQ)
        first.select()
        first.command(0x90)
        first.wait()
        second.bm_start(True)
        self.assertEqual(second.bm_status() & 7, 1)
        second.registers(lba=5)
        self.assertEqual(second.pio_in(0x20, 1), sector(0x55000005))

    def test_interrupt_of_the_selected(self):
        first, second, q = self.ata, Ata(self.q, unit=1), self.q
        q.irq_intercept_in('ioapic')
        first.registers(lba=5)
        first.command(0x40)
        first.wait()
        self.assertEqual(q.irq(14), 1)
        second.select()
        self.assertEqual(q.irq(14), 0)
        first.select()
        self.assertEqual(q.irq(14), 1)


class Isa(DiskTest):
    def boot(self):
        self.start('-machine', 'isapc', '-nodefaults', '-hda', self.path)
        self.ata = Ata(self.q, isa=True)

    def test_pio_and_no_dma(self):
        a = self.ata
        a.registers(lba=7)
        self.assertEqual(a.pio_in(0x20, 1), sector(7))
        w = a.identify()
        self.assertEqual((w[49] & 0x100, w[63], w[88]), (0, 0, 0))
        self.fails(ABRT, a.simple, 0xc8)
        self.fails(ABRT, a.simple, 0xef, feature=3, count=0x45)


class CommandLine(DiskTest):
    def boot(self):
        pass

    def refused(self, part, *args):
        status, _, err = run('-accel', 'qtest', '-display', 'none', '-machine', 'pc', *args)
        self.assertEqual(status, 1)
        self.assertIn(part, err)
        self.assertEqual(len(err.strip().splitlines()), 1, err)

    def test_bad_devices(self):
        drive = ('-drive', 'id=d,if=none,file=' + self.path)
        self.refused('needs drive=', '-device', 'ide-hd')
        self.refused("no drive 'x'", '-device', 'ide-hd,drive=x')
        self.refused('too long', *drive, '-device', 'ide-hd,drive=d,serial=' + 'x' * 21)
        self.refused('unit=2', *drive, '-device', 'ide-hd,drive=d,unit=2')
        self.refused('already in use', *drive, '-device', 'ide-hd,drive=d', '-device',
                     'ide-hd,drive=d,unit=1')
        self.refused('needs a medium', '-drive', 'id=d,if=none,media=cdrom', '-device',
                     'ide-hd,drive=d')
        self.refused('No such file', '-hda', self.path + 'x')
        self.refused('a directory', '-drive', 'file=' + self.dir)
        self.refused('no place for drive', '-drive', 'file=%s,if=scsi' % self.path)

    def test_device_option(self):
        self.start('-machine', 'pc', '-nodefaults', '-drive', 'id=d,if=none,file=' + self.path,
                   '-device', 'ide-hd,drive=d,bus=ide.1,unit=1,model=Test,ver=9.9,bootindex=1')
        w = Ata(self.q, 1, 1).identify()
        text = struct.pack('>256H', *w)
        self.assertEqual((text[46:54], text[54:58]), (b'9.9     ', b'Test'))


if __name__ == '__main__':
    tap.main()
