#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The floppy disk controller 82077AA and its drives."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import fdc
import hwtest
import tap
from fdc import BUSY, FIFO, NON_DMA, RQM, TO_HOST

IMAGE = 2880 * 512
ABNORMAL, EQUIPMENT, SEEK_END = 0x40, 0x10, 0x20
END, DATA, OVERRUN, NO_DATA, NOT_WRITABLE, NO_MARK = 0x80, 0x20, 0x10, 0x04, 0x02, 0x01


class FdcTest(hwtest.HwTest):
    args = None
    size = IMAGE

    def boot(self, *args, size=IMAGE, **kwargs):
        """A machine with a medium of random bytes in drive A."""
        self.content = bytearray(os.urandom(size))
        holder = hwtest.Machine()
        self.addCleanup(holder.stop)
        self.path = holder.file('a.img', self.content)
        self.start('-machine', 'pc', '-drive', 'if=floppy,format=raw,file=' + self.path + ''.join(
            ',' + arg for arg in args), **kwargs)
        self.f = fdc.Fdc(self.q)
        self.f.select()
        return self.f

    def sector(self, c, h, r, heads=2, per_track=18):
        at = ((c * heads + h) * per_track + r - 1) * 512
        return slice(at, at + 512)

    def on_disk(self):
        with open(self.path, 'rb') as image:
            return image.read()


class Commands(FdcTest):
    def test_reset(self):
        f = self.boot()
        self.assertEqual(f.reset(), [[0xc0 | n, 0] for n in range(4)])
        self.assertEqual(f.sense(), [0x80])

    def test_reset_interrupt(self):
        self.start('-machine', 'pc')
        self.q.irq_intercept_in('isa-i8259')
        self.q.outb(fdc.DOR, 0x0c)
        self.q.clock_step(fdc.MS)
        self.assertTrue(self.q.irq(6))
        f = fdc.Fdc(self.q, reset=False)
        self.assertEqual(f.sense(), [0xc0, 0])
        self.assertFalse(self.q.irq(6))

    def test_version_and_invalid(self):
        f = self.boot()
        self.assertEqual(f.command(0x10), [0x90])
        for code in (0x18, 0x00, 0x1f, 0x33, 0x8e):
            self.assertEqual(f.command(code), [0x80], hex(code))

    def test_lock_keeps_the_fifo_settings(self):
        f = self.boot()
        f.command(0x13, 0, 0x58, 7)
        f.command(0x12, 0x84 | 3)
        dump = f.command(0x0e)
        self.assertEqual(dump, [0, 0, 0, 0, 0xdf, 0x02, 0, 0x07, 0x58, 7])
        self.assertEqual(f.command(0x94), [0x10])
        f.q.outb(fdc.DOR, 0)
        f.q.outb(fdc.DOR, 0x1c)
        f.q.clock_step(fdc.MS)
        self.assertEqual(f.sense(), [0xc0, 0], 'an interrupt even without polling')
        self.assertEqual(f.command(0x0e)[7:], [0x84, 0x58, 7])
        self.assertEqual(f.command(0x14), [0])
        f.q.outb(fdc.DOR, 0)
        f.q.outb(fdc.DOR, 0x1c)
        self.assertEqual(f.command(0x0e)[7:], [0x04, 0x70, 0])

    def test_seek(self):
        f = self.boot()
        f.send(0x0f, 0, 40)
        self.assertEqual(f.msr(), RQM | 1)
        self.assertEqual(f.settle(), [SEEK_END, 40])
        self.assertEqual(f.msr(), RQM)
        self.assertEqual(f.command(0x04, 0), [0x28])
        f.command(0x8f, 0, 10)
        self.assertEqual(f.settle(), [SEEK_END, 30])
        f.command(0xcf, 0, 2)
        self.assertEqual(f.settle(), [SEEK_END, 32])
        self.assertEqual(f.command(0x4a, 0)[3:], [32, 0, 1, 2])
        self.assertEqual(f.recalibrate(), [SEEK_END, 0])
        self.assertEqual(f.command(0x04, 4), [0x3c])

    def test_recalibrate_takes_79_steps(self):
        f = self.boot()
        f.seek(200)
        self.assertEqual(f.recalibrate(), [SEEK_END | EQUIPMENT | ABNORMAL, 0])
        self.assertEqual(f.recalibrate(), [SEEK_END, 0])

    def test_no_drive(self):
        f = self.boot()
        self.assertEqual(f.recalibrate(1), [SEEK_END | EQUIPMENT | ABNORMAL | 1, 0])
        self.assertEqual(f.command(0x4a, 1)[:3], [ABNORMAL | 1, NO_MARK, 0])
        self.assertEqual(f.read(0, 0, 1, unit=3)[0][:3], [ABNORMAL | 3, NO_MARK, 0])

    def test_read_id_goes_round(self):
        f = self.boot()
        f.seek(3)
        self.assertEqual([f.command(0x4a, 4)[5] for _ in range(20)],
                         [n % 18 + 1 for n in range(20)])

    def test_data_rate(self):
        f = self.boot()
        for rate in (fdc.RATE_250, fdc.RATE_300, fdc.RATE_1000):
            f.select(rate=rate)
            self.assertEqual(f.command(0x4a, 0)[:3], [ABNORMAL, NO_MARK, 0])
        f.select(rate=fdc.RATE_500)
        self.assertEqual(f.command(0x4a, 0)[0], 0)
        self.assertEqual(f.command(0x0a, 0)[:2], [ABNORMAL, NO_MARK], 'single density')


class Reading(FdcTest):
    def test_sector(self):
        f = self.boot()
        f.seek(7)
        self.q.irq_intercept_in('isa-i8259')
        result, data = f.read(7, 1, 5)
        self.assertEqual(result, [4, 0, 0, 7, 1, 6, 2])
        self.assertEqual(data, self.content[self.sector(7, 1, 5)])
        self.assertEqual(f.dma.status() & 4, 4)
        self.assertFalse(self.q.irq(6))

    def test_both_heads(self):
        f = self.boot()
        result, data = f.read(0, 0, 10, 27)
        self.assertEqual(result, [4, 0, 0, 1, 0, 1, 2])
        self.assertEqual(data, self.content[9 * 512:36 * 512])

    def test_end_of_cylinder(self):
        f = self.boot()
        self.q.memset(fdc.BUFFER, 4 * 512, 0xee)
        result, data = f.read(0, 0, 17, 4, code=0x66)
        self.assertEqual(result, [ABNORMAL, END, 0, 1, 0, 1, 2])
        self.assertEqual(data, self.content[16 * 512:18 * 512] + b'\xee' * 1024)

    def test_terminal_count_within_a_sector(self):
        f = self.boot()
        self.q.memset(fdc.BUFFER, 1024, 0xee)
        result = f.transfer(0xe6, 0, 0, 1, 600)
        self.assertEqual(result, [0, 0, 0, 0, 0, 3, 2])
        self.assertEqual(self.q.read(fdc.BUFFER, 601), self.content[:600] + b'\xee')

    def test_wrong_place(self):
        f = self.boot()
        f.seek(2)
        for c, h, r, n, st1, st2 in ((3, 0, 1, 2, NO_DATA, 0x10), (0xff, 0, 1, 2, NO_DATA, 0x02),
                                     (2, 0, 19, 2, NO_DATA, 0), (2, 0, 0, 2, NO_DATA, 0),
                                     (2, 0, 1, 3, NO_DATA, 0), (2, 0, 1, 0, NO_DATA, 0)):
            result = f.read(c, h, r, n=n, eot=36)[0]
            self.assertEqual(result, [ABNORMAL, st1, st2, c, h, r, n])
        f.send(0xe6, 4, 2, 0, 1, 2, 18, 0x1b, 0xff)
        self.assertEqual(f.result()[:2], [ABNORMAL | 4, NO_DATA], 'head of the ID')
        f.seek(83)
        self.assertEqual(f.read(83, 0, 1)[0][:2], [ABNORMAL, NO_MARK])

    def test_implied_seek(self):
        f = self.boot()
        f.command(0x13, 0, 0x47, 0)
        result, data = f.read(60, 0, 1)
        self.assertEqual(result[:3], [0, 0, 0])
        self.assertEqual(data, self.content[self.sector(60, 0, 1)])
        self.assertEqual(f.command(0x0e)[0], 60)

    def test_deleted(self):
        f = self.boot()
        result, data = f.read(0, 0, 1, 2, code=0xcc)
        self.assertEqual(result, [0, 0, 0x40, 0, 0, 2, 2])
        self.assertEqual(data[:512], self.content[:512])
        self.assertEqual(f.read(0, 0, 1, 2, code=0xec)[0][:3], [0, 0, 0x40])

    def test_track(self):
        f = self.boot()
        result = f.transfer(0x42, 0, 0, 1, 18 * 512)
        self.assertEqual(result[:3], [0, 0, 0])
        self.assertEqual(self.q.read(fdc.BUFFER, 18 * 512), self.content[:18 * 512])
        result = f.transfer(0x42, 5, 0, 1, 4 * 512, eot=2)
        self.assertEqual(result[:3], [ABNORMAL, END | NO_DATA, 0])

    def test_verify(self):
        f = self.boot()
        self.assertEqual(f.command(0xd6, 0, 0, 0, 1, 2, 18, 0x1b, 0xff)[:6], [4, 0, 0, 1, 0, 1])
        self.assertEqual(f.command(0x56, 0x80, 0, 0, 1, 2, 18, 0x1b, 5), [0, 0, 0, 0, 0, 6, 2])
        self.assertEqual(f.command(0x56, 0x80, 0, 0, 15, 2, 18, 0x1b, 5)[:2], [ABNORMAL, END])
        self.assertEqual(f.command(0x56, 0, 0, 0, 1, 2, 19, 0x1b, 0xff)[:2], [ABNORMAL, NO_DATA])

    def test_pio(self):
        """Without DMA the end of the cylinder is the end."""
        f = self.boot()
        f.command(0x13, 0, 0x07, 0)
        f.command(0x03, 0xdf, 0x03)
        self.q.irq_intercept_in('isa-i8259')
        f.send(0x46, 0, 0, 0, 17, 2, 18, 0x1b, 0xff)
        data = bytearray()
        while len(data) < 1024:
            self.assertEqual(f.wait(), RQM | TO_HOST | NON_DMA | BUSY)
            self.assertTrue(self.q.irq(6))
            data.append(self.q.inb(FIFO))
        self.assertEqual(data, self.content[16 * 512:18 * 512])
        self.assertEqual(f.result()[:3], [ABNORMAL, END, 0])


class Writing(FdcTest):
    def test_sectors(self):
        f = self.boot()
        data = os.urandom(3 * 512)
        f.seek(79)
        self.assertEqual(f.write(79, 1, 16, data), [4, 0, 0, 80, 0, 1, 2])
        self.content[-3 * 512:] = data
        self.assertEqual(self.on_disk(), self.content)

    def test_terminal_count_fills_with_zeros(self):
        f = self.boot()
        self.assertEqual(f.write(0, 0, 2, b'abc')[:3], [0, 0, 0])
        self.assertEqual(self.on_disk()[512:1024], b'abc'.ljust(512, b'\0'))

    def test_pio(self):
        f = self.boot()
        f.command(0x03, 0xdf, 0x03)
        data = os.urandom(512)
        f.send(0x45, 0, 0, 0, 18, 2, 18, 0x1b, 0xff)
        for byte in data:
            self.assertEqual(f.wait(), RQM | NON_DMA | BUSY)
            self.q.outb(FIFO, byte)
        self.assertEqual(f.result()[:3], [ABNORMAL, END, 0])
        self.assertEqual(self.on_disk()[17 * 512:18 * 512], data)

    def test_write_protected(self):
        f = self.boot('readonly=on')
        self.assertEqual(f.command(0x04, 0), [0x78])
        self.assertEqual(f.write(0, 0, 1, bytes(512))[:3], [ABNORMAL, NOT_WRITABLE, 0])
        self.assertEqual(f.command(0x4d, 0, 2, 18, 0x50, 0xf6)[:3], [ABNORMAL, NOT_WRITABLE, 0])
        self.assertEqual(self.on_disk(), self.content)

    def format(self, ids, fill=0xf6, count=18):
        self.q.write(fdc.BUFFER, b''.join(bytes(i) for i in ids))
        self.f.dma.set(fdc.BUFFER, 4 * len(ids), 0x48)
        self.f.dma.unmask()
        return self.f.command(0x4d, 4, 2, count, 0x50, fill)

    def test_format(self):
        f = self.boot()
        f.seek(1)
        self.assertEqual(self.format([(1, 1, r, 2) for r in range(1, 19)])[:3], [4, 0, 0])
        self.content[54 * 512:72 * 512] = b'\xf6' * (18 * 512)
        self.assertEqual(self.on_disk(), self.content)
        for bad in ((2, 1, 1, 2), (1, 0, 1, 2), (1, 1, 19, 2), (1, 1, 0, 2), (1, 1, 1, 3)):
            self.assertEqual(self.format([bad], 0)[0], ABNORMAL | EQUIPMENT | 4)
        self.assertEqual(self.on_disk(), self.content)

    def test_scan(self):
        f = self.boot()
        first, second = self.content[:512], self.content[512:1024]

        def scan(code, data):
            return f.write(0, 0, 1, data, code=code, last=1)[1:3]
        self.assertEqual(scan(0x51, first), [0, 0x08])
        self.assertEqual(scan(0x51, b'\xff' * 512), [0, 0x08], 'bytes that do not matter')
        other = bytearray(second)
        other[0] = 1 if second[0] != 1 else 2
        self.assertEqual(scan(0x51, other + other), [0, 0x04])
        f.write(0, 0, 1, b'\x50' * 512)
        self.assertEqual(scan(0x59, b'\x51' * 512), [0, 0])
        self.assertEqual(scan(0x59, b'\x4f' * 512), [0, 0x04])
        self.assertEqual(scan(0x5d, b'\x4f' * 512), [0, 0])
        self.assertEqual(scan(0x5d, b'\x51' * 512), [0, 0x04])


class Trouble(FdcTest):
    def test_dma_masked(self):
        """The FIFO runs over when nobody comes for the data; late is better than never."""
        f = self.boot()
        self.f.dma.set(fdc.BUFFER, 512, 0x44)
        f.send(0xe6, 0, 0, 0, 1, 2, 18, 0x1b, 0xff)
        self.q.clock_step(100 * fdc.MS)
        self.assertEqual(f.msr(), BUSY)
        self.q.clock_step(1000 * fdc.MS)
        self.assertEqual(f.result()[:3], [ABNORMAL, OVERRUN, 0])
        f.send(0xe6, 0, 0, 0, 1, 2, 18, 0x1b, 0xff)
        f.dma.unmask()
        self.assertEqual(f.result()[:3], [0, 0, 0])

    def test_wrong_direction(self):
        f = self.boot()
        result = f.transfer(0xe6, 0, 0, 1, 512, mode=0x48)
        self.assertEqual(result[:3], [ABNORMAL, OVERRUN, 0])

    def test_cascade_closed(self):
        f = self.boot()
        self.q.outb(0xd4, 4)
        result = f.transfer(0xe6, 0, 0, 1, 512)
        self.assertEqual(result[:3], [ABNORMAL, OVERRUN, 0])

    def test_pio_not_fetched(self):
        f = self.boot()
        f.command(0x03, 0xdf, 0x03)
        f.send(0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff)
        f.wait()
        self.q.clock_step(1000 * fdc.MS)
        self.assertEqual(f.result()[:3], [ABNORMAL, OVERRUN, 0])

    def test_reset_while_writing(self):
        f = self.boot()
        for _ in range(20):
            self.q.write(fdc.BUFFER, b'\x11' * 512)
            f.dma.set(fdc.BUFFER, 512, 0x48)
            f.dma.unmask()
            f.send(0xc5, 0, 0, 0, 1, 2, 18, 0x1b, 0xff)
            f.reset()
            f.command(0x03, 0xdf, 0x02)
            result, data = f.read(0, 0, 2)
            self.assertEqual(result[:3], [0, 0, 0])
            self.assertEqual(data, self.content[512:1024])
        self.assertIn(self.on_disk()[:512], (self.content[:512], b'\x11' * 512))

    def test_unasked_for_bytes(self):
        f = self.boot()
        self.assertEqual(self.q.inb(FIFO), 0)
        f.send(0x04)
        self.assertEqual(f.msr(), RQM | BUSY)
        self.q.outb(fdc.DOR, 0)
        self.q.outb(FIFO, 0x10)
        self.assertEqual(f.msr(), 0)
        f.reset()
        self.assertEqual(f.command(0x10), [0x90])

    def test_image_cut_short(self):
        """A host error is a bad sector."""
        f = self.boot()
        os.truncate(self.path, 1024)
        self.assertEqual(f.read(0, 0, 1, 2)[0][:3], [0, 0, 0])
        self.assertEqual(f.read(0, 0, 3)[0][:3], [ABNORMAL, DATA, DATA])


class Media(FdcTest):
    monitor = True

    def test_formats(self):
        for kib, heads, per_track, rate in ((160, 1, 8, 2), (180, 1, 9, 2), (320, 2, 8, 2),
                                            (360, 2, 9, 1), (720, 2, 9, 2), (1200, 2, 15, 0),
                                            (1440, 2, 18, 0), (1680, 2, 21, 0), (2880, 2, 36, 3)):
            with self.subTest(kib=kib):
                f = self.boot(size=kib * 1024)
                f.select(rate=rate)
                f.seek(39)
                result, data = f.read(39, heads - 1, per_track, eot=per_track)
                self.assertEqual(result[:3], [4 * (heads - 1), 0, 0])
                self.assertEqual(data, self.content[
                    self.sector(39, heads - 1, per_track, heads, per_track)])
                if heads == 1:
                    self.assertEqual(f.read(39, 1, 1)[0][:2], [ABNORMAL | 4, NO_MARK])
                self.machine.stop()

    def cmos(self, index):
        self.q.outb(0x70, index)
        return self.q.inb(0x71)

    def test_cmos(self):
        for args, drives, equipment in (
                ((), 0, 0x06), (('-drive', 'if=floppy'), 0x50, 0x07),
                (('-drive', 'if=floppy', '-drive', 'if=floppy', '-global',
                  'isa-fdc.fdtypeB=120'), 0x52, 0x47),
                (('-device', 'floppy,drive-type=144,unit=1'), 0x04, 0x07)):
            self.start('-machine', 'pc', *args)
            self.assertEqual((self.cmos(0x10), self.cmos(0x14)), (drives, equipment))
            self.machine.stop()

    def test_change_line(self):
        f = self.boot()
        self.assertEqual(self.q.inb(fdc.DIR), 0x80)
        f.seek(1)
        self.assertEqual(self.q.inb(fdc.DIR), 0)
        self.assertEqual(self.machine.hmp.command('eject floppy0'), '')
        self.assertEqual(self.q.inb(fdc.DIR), 0x80)
        f.seek(0)
        self.assertEqual(self.q.inb(fdc.DIR), 0x80)
        self.assertEqual(f.read(0, 0, 1)[0][:3], [ABNORMAL, NO_MARK, 0])
        other = self.machine.file('b.img', b'other'.ljust(720 * 1024, b'\0'))
        self.assertEqual(self.machine.hmp.command('change floppy0 %s raw' % other), '')
        self.assertEqual(self.q.inb(fdc.DIR), 0x80)
        f.seek(1)
        self.assertEqual(self.q.inb(fdc.DIR), 0)
        f.seek(0)
        f.select(rate=fdc.RATE_250)
        self.assertEqual(f.read(0, 0, 1)[1][:5], b'other')

    def test_short_image(self):
        """A boot sector alone, as people write them."""
        f = self.boot(size=512)
        self.assertEqual(f.read(0, 0, 1, 2)[1], self.content + bytes(512))
        self.assertEqual(f.write(0, 0, 2, bytes(512))[:3], [ABNORMAL, DATA, DATA])

    def test_too_large(self):
        f = self.boot(size=4 << 20)
        self.assertEqual(f.command(0x4a, 0)[:2], [ABNORMAL, NO_MARK])
        self.assertIn("cannot read a medium of 4096 KiB", self.machine.stderr())

    def test_by_device(self):
        path = os.path.join(hwtest.Machine().dir, 'none')
        holder = hwtest.Machine()
        self.addCleanup(holder.stop)
        path = holder.file('b.img', b'drive B'.ljust(IMAGE, b'\0'))
        drive = 'if=none,id=b,format=raw,file=' + path
        for args in (('-device', 'floppy,unit=1,drive=b,drive-type=144'),
                     ('-global', 'isa-fdc.driveB=b')):
            self.start('-machine', 'pc', '-drive', drive, *args)
            f = fdc.Fdc(self.q)
            f.select(1)
            self.assertEqual(f.read(0, 0, 1, unit=1)[1][:7], b'drive B')
            self.machine.stop()


if __name__ == '__main__':
    tap.main()
