# SPDX-License-Identifier: GPL-2.0-or-later
"""AHCI: registers, commands, native queuing, packets, resets, and tables that lead nowhere."""

import os
import re
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import ahci
import pci
import tap
from ahci import DATA, AhciError
from hwtest import HwTest

SIZE = 4096  # sectors of the disk
NOWHERE = 0xd0000000  # no memory, no device


def sector(n):
    return struct.pack('<I', n) * 128


def sectors(first, count):
    return b''.join(sector(n) for n in range(first, first + count))


class AhciTest(HwTest):
    args = None
    drive = device = ''

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='vitrine-ahci-')
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.disk = os.path.join(self.dir, 'disk.img')
        self.disc = os.path.join(self.dir, 'disc.iso')
        with open(self.disk, 'wb') as f:
            f.write(sectors(0, SIZE))
        with open(self.disc, 'wb') as f:
            f.write(b''.join(struct.pack('<I', n) * 512 for n in range(256)))
        self.start('-machine', 'pc', '-nodefaults', '-m', '16', '-device', 'ahci,id=ahci,addr=4',
                   '-drive', 'if=none,id=d,format=raw,file=' + self.disk + self.drive,
                   '-device', 'ide-hd,bus=ahci.0,drive=d' + self.device,
                   '-drive', 'if=none,id=c,media=cdrom,file=' + self.disc,
                   '-device', 'ide-cd,bus=ahci.2,drive=c', monitor=True)
        self.ahci = ahci.Ahci(self.q, 4)
        self.port, self.cd = self.ahci.ports[0], self.ahci.ports[2]
        self.port.start()
        self.cd.start()

    def on_disk(self, n, count=1):
        with open(self.disk, 'rb') as f:
            f.seek(512 * n)
            return f.read(512 * count)

    def flushes(self):
        stats = self.machine.hmp.command('info blockstats')
        return int(re.search(r'flush_operations=(\d+)', stats)[1])

    def fails(self, bits, function, *args, **kwargs):
        with self.assertRaises(AhciError) as caught:
            function(*args, **kwargs)
        self.assertEqual(caught.exception.interrupts & ahci.FATAL, bits, str(caught.exception))
        return caught.exception


class Registers(AhciTest):
    def test_what_is_there(self):
        hba = self.ahci
        self.assertEqual(hba.pci.id, (0x8086, 0x2922))
        self.assertEqual(hba.pci.class_code, 0x010601)
        self.assertEqual(hba.read(0) & 0xc8001f1f, 0xc0001f05)  # 64 bits, NCQ, 32 slots, 6 ports
        self.assertEqual(hba.read(ahci.GHC), 0x80000000)
        self.assertEqual(hba.read(ahci.PI), 0x3f)
        self.assertEqual(hba.read(ahci.VS), 0x10301)
        self.assertEqual([p.read(ahci.SSTS) for p in hba.ports], [0x133, 0, 0x133, 0, 0, 0])
        self.assertEqual(self.port.read(ahci.SIG), 0x101)
        self.assertEqual(self.cd.read(ahci.SIG), 0xeb140101)
        self.assertEqual(hba.ports[1].read(ahci.SIG), 0xffffffff)
        self.assertEqual(hba.ports[1].read(ahci.TFD), 0x7f)
        # the frames that the signatures came with
        self.assertEqual(self.port.frame(ahci.AREA_D2H)[:8].hex(), '3400500101000000')
        self.assertEqual(self.cd.frame(ahci.AREA_D2H)[:8].hex(), '340000010114eb00')

    def test_identify(self):
        words = self.port.identify()
        self.assertEqual(words[76] & 0x100, 0x100)
        self.assertEqual(words[75], 31)
        self.assertEqual(words[60] | words[61] << 16, SIZE)
        self.assertEqual(sum(struct.pack('<256H', *words)) & 0xff, 0)
        self.assertEqual(self.port.moved(), 512)
        self.assertEqual(self.port.frame(ahci.AREA_PIO)[0], 0x5f)
        self.assertEqual(self.port.frame(ahci.AREA_PIO)[15], 0x50)  # how it ends
        self.assertEqual(self.port.read(ahci.PIS) & ahci.PSS, ahci.PSS)
        self.assertEqual(self.cd.identify(0xa1)[0], 0x85c0)

    def test_interrupt(self):
        self.q.irq_intercept_in('isa-i8259')
        pci.PciFunction(self.q, 1).writel(0x60, 0x0b0b0b0b)
        port, hba = self.port, self.ahci
        hba.write(ahci.GHC, ahci.GHC_IE)
        port.write(ahci.PIS, 0xffffffff)
        port.write(ahci.PIE, ahci.DHRS)
        port.read_dma(0, 1)
        self.assertEqual(hba.read(ahci.IS), 1)
        self.assertTrue(self.q.irq(11))
        hba.write(ahci.IS, 1)
        self.assertEqual(hba.read(ahci.IS), 1)  # the port still asks for it
        port.write(ahci.PIS, 0xffffffff)
        hba.write(ahci.IS, 1)
        self.assertEqual(hba.read(ahci.IS), 0)
        self.assertFalse(self.q.irq(11))


class Commands(AhciTest):
    def test_read_and_write(self):
        port = self.port
        self.assertEqual(port.read_dma(7, 5), sectors(7, 5))
        self.assertEqual(port.moved(), 5 * 512)
        data = os.urandom(2048)
        port.write_dma(100, data)
        self.assertEqual(self.on_disk(100, 4), data)
        self.assertEqual(port.frame(ahci.AREA_D2H)[:4].hex(), '34405000')

    def test_pio(self):
        port = self.port
        self.assertEqual(port.data_in(port.fis(0x24, 20, 300), 300 * 512), sectors(20, 300))
        self.assertEqual(port.moved(), 300 * 512)
        data = os.urandom(512 * 300)
        self.q.write(DATA, data)
        port.command(port.fis(0x34, 40, 300), [(DATA, len(data))], flags=0x40)
        self.assertEqual(self.on_disk(40, 300), data)

    def test_pieces(self):
        """A transfer in pieces of many sizes."""
        port = self.port
        pieces, at, left = [], DATA, 16 * 512
        for size in (2, 510, 1000, 24, 4096, 16 * 512):
            size = min(size, left)
            pieces.append((at, size))
            at, left = at + size + 64, left - size
            if not left:
                break
        port.command(port.fis(0x25, 50, 16), pieces)
        self.assertEqual(b''.join(self.q.read(*piece) for piece in pieces), sectors(50, 16))

    def test_all_slots(self):
        port = self.port
        for slot in range(32):
            port.put(slot, port.fis(0x25, slot, 1), [(DATA + 512 * slot, 512)])
        port.issue(*range(32))
        port.finish(0xffffffff)
        self.assertEqual(self.q.read(DATA, 32 * 512), sectors(0, 32))

    def test_errors(self):
        port = self.port
        error = self.fails(ahci.TFES, port.read_dma, SIZE, 1)
        self.assertEqual((error.status & 1, error.error & 0x14), (1, 0x14))
        self.assertEqual(port.read(ahci.CI), 1)
        port.recover()
        self.assertEqual(port.read(ahci.CI), 0)
        error = self.fails(ahci.TFES, port.command, port.fis(0xff))
        self.assertEqual(error.error, 4)
        port.recover()
        self.assertEqual(port.read_dma(1, 1), sector(1))

    def test_flush_and_fua(self):
        port, before = self.port, self.flushes()
        port.command(port.fis(0xea))
        self.assertEqual(self.flushes(), before + 1)
        port.write_dma(3, bytes(512))
        self.assertEqual(self.flushes(), before + 1)
        port.write_dma(3, bytes(512), 0x3d)
        self.assertEqual(self.flushes(), before + 2)


class Queue(AhciTest):
    def test_tags(self):
        port = self.port
        tags = [5, 0, 31, 17, 2, 9]
        for i, tag in enumerate(tags):
            port.queue(tag, 100 * i, 8, DATA + 0x1000 * tag)
        port.issue(*tags, queued=True)
        port.finish(0xffffffff, ahci.SACT)
        self.assertEqual(port.read(ahci.CI), 0)
        for i, tag in enumerate(tags):
            self.assertEqual(self.q.read(DATA + 0x1000 * tag, 4096), sectors(100 * i, 8))
        self.assertEqual(port.read(ahci.PIS) & ahci.SDBS, ahci.SDBS)
        self.assertEqual(port.frame(ahci.AREA_SDB, 4).hex(), 'a1405000')
        self.assertEqual(port.frame(ahci.AREA_DMA)[0], 0x41)

    def test_write(self):
        port, before = self.port, self.flushes()
        data = os.urandom(0x3000)
        self.q.write(DATA, data)
        for tag in range(3):
            port.queue(tag, 300 + 8 * tag, 8, DATA + 0x1000 * tag, True, fua=tag == 1)
        port.issue(0, 1, 2, queued=True)
        port.finish(7, ahci.SACT)
        self.assertEqual(self.on_disk(300, 24), data)
        self.assertEqual(self.flushes(), before + 1)

    def test_error_log(self):
        port = self.port
        port.queue(4, 0, 8, DATA)
        port.queue(9, SIZE - 1, 2, DATA + 0x1000)
        port.issue(9, queued=True)
        self.fails(ahci.TFES, port.finish, 1 << 9, ahci.SACT)
        self.assertEqual(port.read(ahci.SACT), 1 << 9)
        port.recover()
        self.assertEqual(port.read(ahci.SACT), 0)
        log = port.data_in(port.fis(0x2f, 0x10, 1), 512)
        self.assertEqual((log[0], log[2] & 1, log[3]), (9, 1, 0x10))
        self.assertEqual(log[4] | log[5] << 8, SIZE - 1)
        self.assertEqual(sum(log) & 0xff, 0)
        port.issue(4, queued=True)
        port.finish(1 << 4, ahci.SACT)
        self.assertEqual(self.q.read(DATA, 4096), sectors(0, 8))

    def test_mixed(self):
        """A command that is not queued among those that are ends them all."""
        port = self.port
        port.queue(0, 0, 8, DATA)
        port.put(1, port.fis(0x25, 1, 1), [(DATA + 0x2000, 512)])
        port.write(ahci.SACT, 1)
        port.write(ahci.CI, 3)
        self.fails(ahci.TFES, port.finish, 3)
        port.recover()
        self.assertEqual(port.data_in(port.fis(0x2f, 0x10, 1), 512)[0], 0x80)
        self.assertEqual(port.read_dma(1, 1), sector(1))


class Packets(AhciTest):
    def test_read(self):
        cd = self.cd
        error = self.fails(ahci.TFES, cd.packet, bytes(12), 0)  # unit attention
        self.assertEqual(error.error >> 4, 6)
        cd.recover()
        capacity = cd.packet(b'\x25' + bytes(11), 8)
        self.assertEqual(struct.unpack('>II', capacity), (255, 2048))
        data = cd.packet(struct.pack('>BxIxHxxx', 0x28, 10, 4), 8192)
        self.assertEqual(data, b''.join(struct.pack('<I', n) * 512 for n in range(10, 14)))
        self.assertEqual(cd.moved(), 8192)
        # the same by PIO
        data = cd.data_in(cd.fis(0xa0, 0x080000), 8192,
                          struct.pack('>BxIxHxxx', 0x28, 20, 4))
        self.assertEqual(data, b''.join(struct.pack('<I', n) * 512 for n in range(20, 24)))


class Resets(AhciTest):
    def check(self):
        self.assertEqual(self.port.read_dma(9, 2), sectors(9, 2))

    def test_comreset(self):
        port = self.port
        port.queue(3, 0, 256, DATA)
        port.issue(3, queued=True)
        port.stop()
        port.comreset()
        self.assertEqual(port.read(ahci.PIS) & ahci.PCS, ahci.PCS)
        port.start()
        self.check()

    def test_hot_reset(self):
        """In the middle of transfers, of either kind, without a stop."""
        port = self.port
        for queued in (False, True):
            for tag in range(8):
                if queued:
                    port.queue(tag, 0, 256, DATA)
                else:
                    port.put(tag, port.fis(0x25, 0, 256), [(DATA, 256 * 512)])
            port.issue(*range(8), queued=queued)
            port.write(ahci.SCTL, 1)
            port.write(ahci.SCTL, 0)
            port.wait(ahci.TFD, 0x80, 0)
            self.assertEqual(port.read(ahci.CI), 0)
            self.check()
            port.issue(*range(8), queued=queued)
            self.ahci.write(ahci.GHC, ahci.GHC_RESET)
            for _ in range(1000):
                if not self.ahci.read(ahci.GHC) & ahci.GHC_RESET:
                    break
            self.assertEqual(self.ahci.read(ahci.GHC), 0x80000000)
            self.assertEqual(port.read(ahci.CMD) & (ahci.ST | ahci.FRE | ahci.CR), 0)
            port.start()
            self.check()

    def test_soft_reset(self):
        port = self.port
        port.q.write(port.area + ahci.AREA_D2H, bytes(20))
        reset = bytearray(20)
        reset[0], reset[15] = 0x27, 4
        port.command(bytes(reset), flags=0x500)
        self.assertEqual(port.frame(ahci.AREA_D2H), bytes(20))
        reset[15] = 0
        port.command(bytes(reset))
        self.assertEqual(port.frame(ahci.AREA_D2H)[:8].hex(), '3400500101000000')
        self.assertEqual(port.read(ahci.SIG), 0x101)
        self.check()

    def test_machine_reset(self):
        port = self.port
        port.queue(3, 0, 256, DATA)
        port.issue(3, queued=True)
        self.machine.hmp.command('system_reset')
        self.ahci = ahci.Ahci(self.q, 4)
        self.assertEqual(port.read(ahci.CMD) & (ahci.ST | ahci.FRE), 0)
        port.start()
        self.check()


class Nonsense(AhciTest):
    def good(self):
        self.port.recover()
        self.assertEqual(self.port.read_dma(3, 1), sector(3))

    def test_addresses(self):
        """Lists, tables, frames and data where no memory is, or where we ourselves are."""
        port = self.port
        for where in (NOWHERE, ahci.BAR, ahci.BAR + 0x100):
            port.put(0, port.fis(0x25, 0, 1), [(where, 512)])
            port.issue(0)
            if where == NOWHERE:
                self.fails(ahci.HBFS, port.finish, 1)
            self.good()
            port.put(0, port.fis(0x61, 0, 0, 1), [(where, 512)], 0x40)
            port.issue(0, queued=True)
            if where == NOWHERE:
                self.fails(ahci.HBFS, port.finish, 1)
            self.good()
            for register in (ahci.CLB, ahci.FB):
                port.stop()
                port.write(register, where)
                port.write(ahci.CMD, ahci.FRE | ahci.ST)
                port.put(0, port.fis(0x25, 0, 1), [(DATA, 512)])
                port.issue(0)
                if where == NOWHERE:
                    self.fails(ahci.HBFS, port.finish, 1)
                port.stop()
                port.write(ahci.CLB, port.list)
                port.write(ahci.FB, port.area)
                self.good()
        self.q.writel(port.list + 8, NOWHERE)
        port.issue(0)
        self.fails(ahci.HBFS, port.finish, 1)
        self.good()

    def test_short_table(self):
        port = self.port
        for command, flags in ((0x25, 0), (0x24, 0), (0x35, 0x40), (0x34, 0x40)):
            port.put(0, port.fis(command, 0, 2), [(DATA, 512)], flags)
            port.issue(0)
            self.fails(ahci.OFS, port.finish, 1)
            self.good()
        port.put(0, port.fis(0x60, 0, 0, 2), [(DATA, 512)])
        port.issue(0, queued=True)
        self.fails(ahci.OFS, port.finish, 1, ahci.SACT)
        self.good()

    def test_table_over_itself(self):
        """Data that overwrites list, table and frames."""
        port = self.port
        port.put(0, port.fis(0x25, 0, 64), [(port.list, 0x8000)])
        port.issue(0)
        port.finish(1)
        port.write(ahci.CI, 0xfffffffe)
        self.assertEqual(self.port.read(ahci.PIS) & ahci.IFS, ahci.IFS)
        self.good()

    def test_frames(self):
        port = self.port
        for fis in (b'', bytes(20), port.fis(0x25)[:8], b'\x27\x85' + port.fis(0x25)[2:]):
            port.put(0, fis)
            port.issue(0)
            self.fails(ahci.IFS, port.finish, 1)
            self.good()

    def test_not_bus_master(self):
        self.ahci.pci.writew(4, 2)
        self.port.issue(0)
        self.fails(ahci.HBFS, self.port.finish, 1)
        self.ahci.pci.writew(4, 7)
        self.good()

    def test_taken(self):
        out = self.machine.hmp.command('info qtree')
        self.assertIn('bus: ahci.5', out)


if __name__ == '__main__':
    tap.main()
