# SPDX-License-Identifier: GPL-2.0-or-later
"""The CD-ROM: packet commands by PIO and DMA, media that come and go, and errors."""

import os
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from ata import ABRT, BUFFER, DRQ, Ata, AtaError, SenseError
from hwtest import HwTest

SECTORS = 400
NOT_READY, MEDIUM_ERROR, ILLEGAL, ATTENTION = 2, 3, 5, 6

TEST_READY = [0x00]
PREVENT, ALLOW = [0x1e, 0, 0, 0, 1], [0x1e, 0, 0, 0, 0]
EJECT, LOAD = [0x1b, 0, 0, 0, 2], [0x1b, 0, 0, 0, 3]
EVENT = [0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8]
CAPACITY = [0x25]


def cd_sector(n, seed=0):
    return struct.pack('<II', n, seed) * 256


def read_10(lba, count):
    return struct.pack('>BBIBHB', 0x28, 0, lba, 0, count, 0)


def read_12(lba, count):
    return struct.pack('>BBIIBB', 0xa8, 0, lba, count, 0, 0)


def read_cd(lba, count, parts, kind=0, sub=0):
    return struct.pack('>BBI', 0xbe, kind << 2, lba) + count.to_bytes(3, 'big') + \
        bytes([parts, sub])


class CdTest(HwTest):
    args = None
    monitor = True
    media = True
    drive = 'id=cd,if=ide,index=2,media=cdrom'
    devices = ()

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='vitrine-cd-')
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.path = self.make('one.iso', SECTORS)
        drive = self.drive + (',file=' + self.path if self.media else '')
        self.start('-machine', 'pc', '-nodefaults', '-drive', drive, *self.devices)
        self.cd = Ata(self.q, 1)
        self.settle()

    def make(self, name, sectors, seed=0):
        path = os.path.join(self.dir, name)
        with open(path, 'wb') as f:
            f.write(b''.join(cd_sector(n, seed) for n in range(sectors)))
        return path

    def settle(self):
        """Takes the unit attention of power-on."""
        self.refused((ATTENTION, 0x29, 0), TEST_READY)

    def refused(self, sense, cdb, **kwargs):
        with self.assertRaises(SenseError) as caught:
            self.cd.packet(cdb, **kwargs)
        self.assertEqual(caught.exception.sense, sense)

    def event(self):
        """(event code, status bits) of GET EVENT STATUS NOTIFICATION."""
        data = self.cd.packet(EVENT)
        self.assertEqual(data[:4], b'\0\6\4\x10')
        return data[4], data[5]


class Commands(CdTest):
    def test_signature(self):
        cd, q = self.cd, self.q
        q.outb(cd.control, 4)
        q.outb(cd.control, 0)
        self.assertEqual(cd.wait(), 0)  # not DRDY before the first packet
        self.assertEqual([q.inb(cd.base + i) for i in range(1, 6)], [1, 1, 1, 0x14, 0xeb])
        for opcode in (0xec, 0x20):  # a disk's commands answer with the signature
            with self.assertRaises(AtaError) as caught:
                cd.simple(opcode)
            self.assertEqual(caught.exception.error, ABRT)
            self.assertEqual([q.inb(cd.base + i) for i in (4, 5)], [0x14, 0xeb])
        cd.command(0x08)  # DEVICE RESET
        self.assertEqual(cd.wait(), 0)
        self.assertEqual([q.inb(cd.base + i) for i in (4, 5)], [0x14, 0xeb])

    def test_identify(self):
        w = self.cd.identify(0xa1)
        self.assertEqual(w[0], 0x85c0)
        self.assertEqual(struct.pack('>256H', *w)[54:94].strip(), b'Vitrine DVD-ROM')

    def test_inquiry(self):
        data = self.cd.packet([0x12, 0, 0, 0, 36])
        self.assertEqual((data[0], data[1], len(data)), (5, 0x80, 36))
        self.assertEqual(data[8:16], b'VITRINE ')
        self.assertEqual(len(self.cd.packet([0x12, 0, 0, 0, 5])), 5)
        self.assertEqual(self.cd.packet([0x12, 0, 0, 0, 0]), b'')
        self.assertEqual(self.cd.packet([0x12, 1, 0, 0, 64])[4:], b'\0\x80')
        self.assertIn(b'VT00001', self.cd.packet([0x12, 1, 0x80, 0, 64]))
        self.refused((ILLEGAL, 0x24, 0), [0x12, 1, 0x77, 0, 64])

    def test_read_pio(self):
        cd = self.cd
        self.assertEqual(cd.packet(read_10(5, 1)), cd_sector(5))
        expected = b''.join(map(cd_sector, range(200, 300)))
        self.assertEqual(cd.packet(read_12(200, 100)), expected)
        self.assertEqual(cd.packet(read_10(5, 0)), b'')

    def test_byte_count_limit(self):
        """No DRQ block is longer than the host said; all but the last are even."""
        for limit in (2048, 512, 2047, 30, 0xffff, 0):
            blocks = self.cd.packet_blocks(read_10(17, 3), limit)
            self.assertEqual(b''.join(blocks), b''.join(map(cd_sector, (17, 18, 19))))
            self.assertLessEqual(max(map(len, blocks)), limit or 0xfffe)
            self.assertTrue(all(len(b) % 2 == 0 for b in blocks[:-1]))

    def test_read_dma(self):
        cd, q = self.cd, self.q
        pieces = [(BUFFER, 100), (BUFFER + 0x3000, 0xf000), (0x300000, 70 * 2048 - 100 - 0xf000)]
        pieces = pieces[:2] + [(0x300000, 0x10000), (0x320000, 70 * 2048 - 100 - 0xf000 - 0x10000)]
        self.assertEqual(cd.packet_dma(read_10(33, 70), pieces) & 7, 4)
        self.assertEqual(b''.join(q.read(at, n) for at, n in pieces),
                         b''.join(map(cd_sector, range(33, 103))))
        # A reply that is shorter than the table is a good end as well.
        self.assertEqual(cd.packet_dma(CAPACITY, [(BUFFER, 512)]) & 7, 5)
        self.assertEqual(q.read(BUFFER, 8), struct.pack('>II', SECTORS - 1, 2048))

    def test_dma_table_too_short(self):
        cd, q = self.cd, self.q
        cd.table([(BUFFER, 2048)])
        cd.packet_start(read_10(3, 2), feature=1)
        cd.bm_start(True)
        self.assertEqual(cd.bm_wait() & 7, 0)
        self.assertTrue(cd.alt_status() & DRQ)
        cd.command(0x08)  # DEVICE RESET gets it back
        self.assertEqual(cd.wait(), 0)
        self.assertEqual(q.read(BUFFER, 2048), cd_sector(3))
        self.assertEqual(cd.packet(read_10(5, 1)), cd_sector(5))

    def test_out_of_range(self):
        self.refused((ILLEGAL, 0x21, 0), read_10(SECTORS, 1))
        self.refused((ILLEGAL, 0x21, 0), read_10(SECTORS - 1, 2))
        self.refused((ILLEGAL, 0x21, 0), read_12(0xffffffff, 0xffffffff))
        self.refused((ILLEGAL, 0x21, 0), struct.pack('>BBI', 0x2b, 0, SECTORS))
        self.cd.packet(struct.pack('>BBI', 0x2b, 0, SECTORS - 1))
        self.refused((ILLEGAL, 0x20, 0), [0xff])
        self.refused((ILLEGAL, 0x20, 0), [0x2a])  # WRITE

    def test_read_cd(self):
        cd = self.cd
        self.assertEqual(cd.packet(read_cd(5, 2, 0x10)), cd_sector(5) + cd_sector(6))
        raw = cd.packet(read_cd(75, 40, 0xf8))
        self.assertEqual(len(raw), 40 * 2352)
        one = raw[:2352]
        self.assertEqual(one[:12], b'\0' + b'\xff' * 10 + b'\0')
        self.assertEqual(one[12:16], b'\x00\x03\x00\x01')  # 00:03:00, mode 1
        self.assertEqual(raw[39 * 2352 + 16:39 * 2352 + 2064], cd_sector(114))
        self.assertEqual(edc(one[:2064]), struct.unpack_from('<I', one, 2064)[0])
        self.check_parity(one)
        self.assertEqual(cd.packet(read_cd(75, 1, 0x20)), b'\x00\x03\x00\x01')
        self.assertEqual(cd.packet(read_cd(75, 1, 0)), b'')
        self.refused((ILLEGAL, 0x64, 0), read_cd(5, 1, 0x10, kind=1))  # audio
        self.refused((ILLEGAL, 0x24, 0), read_cd(5, 1, 0x12))
        self.refused((ILLEGAL, 0x24, 0), read_cd(5, 1, 0x10, sub=1))
        msf = [0xb9, 0, 0, 0, 3, 0, 0, 3, 2, 0x10]
        self.assertEqual(cd.packet(msf), cd_sector(75) + cd_sector(76))
        self.refused((ILLEGAL, 0x24, 0), [0xb9, 0, 0, 0, 1, 0, 0, 0, 0, 0x10])

    def test_read_cd_dma(self):
        size = 40 * 2352
        pieces = [(BUFFER, 0x10000), (0x200000, size - 0x10000)]
        self.assertEqual(self.cd.packet_dma(read_cd(75, 40, 0xf8), pieces) & 7, 4)
        data = self.q.read(BUFFER, 0x10000) + self.q.read(0x200000, size - 0x10000)
        self.assertEqual(data, self.cd.packet(read_cd(75, 40, 0xf8)))

    def check_parity(self, raw):
        """Each code word of ECMA-130 annex A: its sum, and its sum weighted by powers of alpha."""
        body = raw[12:]
        for plane in range(2):
            words = [[43 * m + n for m in range(26)] for n in range(43)]
            words += [[(44 * m + 43 * n) % 1118 for m in range(43)] + [1118 + n, 1144 + n]
                      for n in range(26)]
            for word in words:
                total = weighted = 0
                for i in word:
                    total ^= body[2 * i + plane]
                    weighted = alpha(weighted) ^ body[2 * i + plane]
                self.assertEqual((total, weighted), (0, 0))

    def test_toc(self):
        cd = self.cd

        def toc(form, msf=0, track=0, size=255):
            return cd.packet([0x43, msf, form, 0, 0, 0, track, size >> 8, size & 255])
        data = toc(0)
        self.assertEqual(data, struct.pack('>HBB', 18, 1, 1) +
                         struct.pack('>BBBBI', 0, 0x14, 1, 0, 0) +
                         struct.pack('>BBBBI', 0, 0x14, 0xaa, 0, SECTORS))
        data = toc(0, msf=2, track=0xaa)
        self.assertEqual(data[8:], bytes([0, 0, (SECTORS + 150) // 75, (SECTORS + 150) % 75]))
        self.assertEqual(len(toc(0, size=4)), 4)
        self.assertEqual(toc(1), struct.pack('>HBBBBBBI', 10, 1, 1, 0, 0x14, 1, 0, 0))
        data = toc(2)
        self.assertEqual(len(data), 4 + 4 * 11)
        self.assertEqual([data[4 + 11 * i + 3] for i in range(4)], [0xa0, 0xa1, 0xa2, 1])
        self.refused((ILLEGAL, 0x24, 0), [0x43, 0, 0, 0, 0, 0, 5, 0, 255])
        self.refused((ILLEGAL, 0x24, 0), [0x43, 0, 7, 0, 0, 0, 0, 0, 255])

    def test_information(self):
        cd = self.cd
        self.assertEqual(cd.packet(CAPACITY), struct.pack('>II', SECTORS - 1, 2048))
        data = cd.packet([0x51, 0, 0, 0, 0, 0, 0, 0, 255])
        self.assertEqual((len(data), data[2]), (34, 0x0e))
        data = cd.packet([0x52, 1, 0, 0, 0, 1, 0, 0, 255])
        self.assertEqual(struct.unpack_from('>I', data, 24)[0], SECTORS)
        self.refused((ILLEGAL, 0x24, 0), [0x52, 1, 0, 0, 0, 2, 0, 0, 255])
        self.assertEqual(cd.packet([0x42, 2, 0x40, 1, 0, 0, 0, 0, 255])[1], 0x15)
        self.assertEqual(len(cd.packet([0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8])), 8)
        cd.packet([0xbb, 0, 0xff, 0xff])
        self.refused((ILLEGAL, 0x24, 0), [0xad, 0, 0, 0, 0, 0, 0, 0, 8])  # it is no DVD

    def test_configuration(self):
        data = self.cd.packet([0x46, 0, 0, 0, 0, 0, 0, 1, 0])
        self.assertEqual(struct.unpack_from('>I', data)[0], len(data) - 4)
        self.assertEqual(struct.unpack_from('>H', data, 6)[0], 8)  # a CD
        codes = []
        at = 8
        while at < len(data):
            codes.append(struct.unpack_from('>H', data, at)[0])
            at += 4 + data[at + 3]
        self.assertEqual(at, len(data))
        self.assertEqual(codes, sorted(codes))
        self.assertIn(0x1e, codes)
        data = self.cd.packet([0x46, 2, 0, 0x1e, 0, 0, 0, 1, 0])
        self.assertEqual((len(data), data[8:10]), (16, b'\0\x1e'))
        self.assertEqual(len(self.cd.packet([0x46, 2, 0x12, 0x34, 0, 0, 0, 1, 0])), 8)

    def test_mode_pages(self):
        cd = self.cd
        data = cd.packet([0x5a, 0, 0x3f, 0, 0, 0, 0, 1, 0])
        self.assertEqual(struct.unpack_from('>H', data)[0], len(data) - 2)
        self.assertEqual(data[8], 0x01)
        page = cd.packet([0x5a, 0, 0x2a, 0, 0, 0, 0, 1, 0])[8:]
        self.assertEqual((page[0], page[1], len(page)), (0x2a, 20, 22))
        self.assertFalse(page[6] & 2)
        cd.packet(PREVENT)
        self.assertTrue(cd.packet([0x5a, 0, 0x2a, 0, 0, 0, 0, 1, 0])[14] & 2)
        self.assertEqual(cd.packet([0x1a, 0, 0x01, 0, 255])[4:6], b'\x01\x06')
        self.assertEqual(cd.packet([0x1a, 0, 0x41, 0, 255])[6:], bytes(6))  # nothing changeable
        self.refused((ILLEGAL, 0x39, 0), [0x5a, 0, 0xc1, 0, 0, 0, 0, 1, 0])
        self.refused((ILLEGAL, 0x24, 0), [0x5a, 0, 0x33, 0, 0, 0, 0, 1, 0])

    def test_mode_select(self):
        good = bytes(8) + b'\x01\x06\0\5\0\0\0\0'
        self.cd.packet([0x55, 0x10, 0, 0, 0, 0, 0, 0, len(good)], out=good)
        self.cd.packet([0x55, 0x10, 0, 0, 0, 0, 0, 0, len(good)], limit=6, out=good)
        self.cd.packet([0x15, 0x10, 0, 0, 12], out=bytes(4) + good[8:])
        self.cd.packet([0x55, 0x10])
        for bad, sense in ((bytes(8) + b'\x01\x60', 0x1a), (bytes(8) + b'\x33\0', 0x26),
                           (bytes(8) + b'\x3f\0', 0x26), (bytes(9), 0x1a)):
            self.refused((ILLEGAL, sense, 0), [0x55, 0x10, 0, 0, 0, 0, 0, 0, len(bad)], out=bad)
        self.q.write(BUFFER, good)
        cdb = [0x55, 0x10, 0, 0, 0, 0, 0, 0, len(good)]
        self.assertEqual(self.cd.packet_dma(cdb, [(BUFFER, len(good))], False) & 7, 4)
        self.refused((ILLEGAL, 0x24, 0), [0x55, 0x11, 0, 0, 0, 0, 0, 0, 8])

    def test_sense_is_told_once(self):
        self.refused((ILLEGAL, 0x20, 0), [0xff])
        self.assertEqual(self.cd.sense(), (0, 0, 0))

    def test_every_packet(self):
        """No packet, whatever its fields, upsets the drive."""
        cd, q = self.cd, self.q
        for opcode in range(256):
            for fill in (0x00, 0xff, 0x01):
                cd.packet_start([opcode] + [fill] * 11, limit=64)
                for _ in range(4):
                    cd.wait()
                    for _ in range(8):
                        q.inl(cd.base)
                        q.outl(cd.base, 0x3f3f3f3f)
                cd.command(0x08)
                cd.wait()
        q.outb(cd.control, 4)
        q.outb(cd.control, 0)
        self.cd.packet(ALLOW)
        self.cd.packet(LOAD)
        self.cd.sense()
        self.assertEqual(self.cd.packet(read_10(5, 1)), cd_sector(5))

    def test_interrupts(self):
        cd, q = self.cd, self.q
        q.irq_intercept_in('ioapic')
        cd.status()
        cd.packet_start(CAPACITY)
        cd.wait()
        self.assertEqual(q.irq(15), 1)
        self.assertTrue(cd.status() & DRQ)
        self.assertEqual(q.irq(15), 0)
        cd.data_in(8)
        cd.wait()
        self.assertEqual(q.irq(15), 1)
        self.assertEqual(q.inb(cd.base + 2) & 3, 3)


def edc(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xd8018001 if crc & 1 else 0)
    return crc


def alpha(a):
    return a << 1 ^ (0x11d if a & 0x80 else 0)


class Media(CdTest):
    def test_change_by_the_host(self):
        other = self.make('two.iso', 100, seed=7)
        self.assertEqual(self.event(), (0, 2))
        self.machine.hmp.command('change cd ' + other)
        self.assertEqual(self.event(), (2, 2))  # new media
        self.assertEqual(self.event(), (0, 2))
        self.refused((ATTENTION, 0x28, 0), TEST_READY)
        self.cd.packet(TEST_READY)
        self.assertEqual(self.cd.packet(CAPACITY), struct.pack('>II', 99, 2048))
        self.assertEqual(self.cd.packet(read_10(5, 1)), cd_sector(5, 7))

    def test_eject_by_the_host(self):
        self.machine.hmp.command('eject cd')
        self.assertEqual(self.event(), (3, 1))  # removal; tray open, nothing in it
        self.refused((NOT_READY, 0x3a, 2), TEST_READY)
        self.refused((NOT_READY, 0x3a, 2), read_10(0, 1))
        self.assertIn('[not inserted]', self.machine.hmp.command('info block'))
        self.cd.packet([0x12, 0, 0, 0, 36])
        self.machine.hmp.command('change cd ' + self.path)
        self.refused((ATTENTION, 0x28, 0), read_10(0, 1))
        self.assertEqual(self.cd.packet(read_10(0, 1)), cd_sector(0))

    def test_locked_tray(self):
        self.cd.packet(PREVENT)
        self.assertIn('locked, tray closed', self.machine.hmp.command('info block'))
        self.assertIn('locked', self.machine.hmp.command('eject cd'))
        self.assertEqual(self.event(), (1, 2))  # somebody wants it out
        self.cd.packet(TEST_READY)
        self.refused((ILLEGAL, 0x53, 2), EJECT)
        self.cd.packet(ALLOW)
        self.cd.packet(EJECT)
        self.refused((NOT_READY, 0x3a, 2), TEST_READY)
        self.assertIn('tray open', self.machine.hmp.command('info block'))
        self.cd.packet(LOAD)  # the disc was still in the tray
        self.refused((ATTENTION, 0x28, 0), TEST_READY)
        self.cd.packet(TEST_READY)

    def test_forced_eject(self):
        self.cd.packet(PREVENT)
        self.machine.hmp.command('eject -f cd')
        self.refused((NOT_READY, 0x3a, 2), TEST_READY)

    def test_reset_unlocks(self):
        self.cd.packet(PREVENT)
        self.q.outb(0xcf9, 6)
        self.cd = Ata(self.q, 1)
        self.cd.wait()
        self.settle()
        self.assertIn('not locked', self.machine.hmp.command('info block'))

    def test_bad_file_changes_nothing(self):
        self.assertIn('No such file', self.machine.hmp.command('change cd /nowhere.iso'))
        self.cd.packet(TEST_READY)
        self.assertEqual(self.event(), (0, 2))

    def test_unreadable_sector(self):
        os.truncate(self.path, 100 * 2048)
        self.assertEqual(self.cd.packet(read_10(90, 10)), b''.join(map(cd_sector, range(90, 100))))
        self.refused((MEDIUM_ERROR, 0x11, 0), read_10(90, 20))
        self.assertEqual(struct.unpack_from('>I', self.cd.last_sense, 3)[0], 100)
        self.cd.table([(BUFFER, 20 * 2048)])
        with self.assertRaises(SenseError):
            self.cd.packet_dma(read_10(90, 20), [(BUFFER, 20 * 2048)])
        self.assertEqual(self.q.read(BUFFER, 10 * 2048),
                         b''.join(map(cd_sector, range(90, 100))))
        self.assertEqual(self.cd.packet(read_10(5, 1)), cd_sector(5))

    def test_writes_to_the_drive(self):
        """What is changed while a transfer waits for the host does not reach freed memory."""
        self.cd.packet_start(read_10(5, 60), limit=2048)
        self.cd.wait()
        self.cd.data_in(100)
        self.machine.hmp.command('eject -f cd')
        for _ in range(2000):
            self.q.inl(self.cd.base)
        self.cd.command(0x08)
        self.cd.wait()
        self.refused((NOT_READY, 0x3a, 2), TEST_READY)


class Empty(CdTest):
    media = False

    def test_empty_drive(self):
        self.refused((NOT_READY, 0x3a, 1), TEST_READY)
        self.refused((NOT_READY, 0x3a, 1), CAPACITY)
        self.assertEqual(self.event(), (0, 0))
        self.assertEqual(self.cd.packet([0x46, 1, 0, 0, 0, 0, 0, 0, 8])[6:8], b'\0\0')
        self.machine.hmp.command('change cd ' + self.path)
        self.refused((ATTENTION, 0x28, 0), TEST_READY)
        self.assertEqual(self.cd.packet(read_10(5, 1)), cd_sector(5))


class DeviceOption(CdTest):
    """What makes a drive's medium removable is the device."""
    drive = 'id=cd,if=none,readonly=on'
    devices = ('-device', 'ide-cd,drive=cd,bus=ide.1')

    def test_change(self):
        self.assertEqual(self.cd.packet(read_10(5, 1)), cd_sector(5))
        self.machine.hmp.command('eject cd')
        self.refused((NOT_READY, 0x3a, 2), TEST_READY)
        self.machine.hmp.command('change cd ' + self.path)
        self.refused((ATTENTION, 0x28, 0), TEST_READY)
        self.cd.packet(TEST_READY)


class Dvd(CdTest):
    def make(self, name, sectors, seed=0):
        path = os.path.join(self.dir, name)
        with open(path, 'wb') as f:
            f.truncate(4000000 * 2048)
        return path

    def test_structure(self):
        self.assertEqual(self.cd.packet([0x46, 0, 0, 0, 0, 0, 0, 0, 8])[6:8], b'\0\x10')
        data = self.cd.packet([0xad, 0, 0, 0, 0, 0, 0, 0, 8, 4])
        self.assertEqual(len(data), 2052)
        self.assertEqual(struct.unpack_from('>II', data, 8), (0x30000, 0x30000 + 3999999))
        self.assertEqual(len(self.cd.packet(read_10(3999999, 1))), 2048)


if __name__ == '__main__':
    tap.main()
