# SPDX-License-Identifier: GPL-2.0-or-later
"""An ATA/ATAPI host over qtest: what an IDE driver does with the ports of PIIX3 channels."""

import struct
import time

import pci

BSY, DRDY, DF, DSC, DRQ, ERR = 0x80, 0x40, 0x20, 0x10, 0x08, 0x01
UNC, IDNF, ABRT = 0x40, 0x10, 0x04
LBA = 0x40
TABLE, BUFFER = 0x10000, 0x100000  # guest memory for descriptors and data


class AtaError(Exception):
    def __init__(self, status, error):
        super().__init__('status %02x error %02x' % (status, error))
        self.status, self.error = status, error


class SenseError(Exception):
    def __init__(self, key, asc, ascq):
        super().__init__('sense %x %02x/%02x' % (key, asc, ascq))
        self.sense = key, asc, ascq


class Ata:
    """One device of one channel. Channels are switched on like firmware does."""

    def __init__(self, qtest, channel=0, unit=0, isa=False):
        self.q = qtest
        self.base = (0x1f0, 0x170)[channel]
        self.control = (0x3f6, 0x376)[channel]
        self.unit = unit
        self.bm = None
        if not isa:
            f = pci.find(qtest, 0x8086, 0x7010)
            f.writew(0x40, 0x8000)
            f.writew(0x42, 0x8000)
            f.set_bar(4, 0xc000)
            f.enable()
            self.function = f
            self.bm = 0xc000 + 8 * channel
        self.select()

    def select(self, bits=0):
        self.q.outb(self.base + 6, 0xa0 | self.unit << 4 | bits)

    def status(self):
        return self.q.inb(self.base + 7)

    def alt_status(self):
        return self.q.inb(self.control)

    def error(self):
        return self.q.inb(self.base + 1)

    def wait(self, timeout=10):
        """Waits for BSY to go; returns the status, by the alternate register."""
        end = time.monotonic() + timeout
        while True:
            status = self.alt_status()
            if not status & BSY:
                return status
            if time.monotonic() > end:
                raise TimeoutError('BSY stays, status %02x' % status)

    def registers(self, lba=0, count=1, feature=0, chs=None):
        q, b = self.q, self.base
        if chs:
            c, h, s = chs
            lba, bits = s | c << 8, h
        else:
            bits = LBA | (lba >> 24 & 15)
        self.select(bits)
        q.outb(b + 1, feature & 0xff)
        q.outb(b + 2, count & 0xff)
        for i in range(3):
            q.outb(b + 3 + i, lba >> (8 * i) & 0xff)

    def registers_ext(self, lba, count):
        """LBA48: every register is written twice, the high half first."""
        q, b = self.q, self.base
        self.select(LBA)
        for shift in (8, 0):
            q.outb(b + 2, count >> shift & 0xff)
            for i in range(3):
                q.outb(b + 3 + i, lba >> (8 * i + (24 if shift else 0)) & 0xff)

    def command(self, opcode):
        self.q.outb(self.base + 7, opcode)

    def check(self):
        """Waits for the end of a command; raises AtaError if it failed."""
        status = self.wait()
        if status & (ERR | DF):
            raise AtaError(status, self.error())
        return status

    def lba_registers(self):
        return sum(self.q.inb(self.base + 3 + i) << (8 * i) for i in range(3))

    def data_in(self, size):
        return b''.join(struct.pack('<I', self.q.inl(self.base)) for _ in range(size // 4))

    def data_out(self, data):
        for i in range(0, len(data), 4):
            self.q.outl(self.base, struct.unpack_from('<I', data, i)[0])

    def pio_in(self, opcode, sectors, block=1):
        self.command(opcode)
        data = b''
        while sectors:
            n = min(block, sectors)
            if not self.check() & DRQ:
                raise AssertionError('no DRQ with %d sectors left' % sectors)
            data += self.data_in(512 * n)
            sectors -= n
        self.check()
        return data

    def pio_out(self, opcode, data, block=1):
        self.command(opcode)
        for i in range(0, len(data), 512 * block):
            if not self.check() & DRQ:
                raise AssertionError('no DRQ at byte %d' % i)
            self.data_out(data[i:i + 512 * block])
        self.check()

    def simple(self, opcode, **registers):
        self.registers(**registers)
        self.command(opcode)
        return self.check()

    def identify(self, opcode=0xec):
        self.registers(count=0)
        return struct.unpack('<256H', self.pio_in(opcode, 1))

    # ---- bus master ----

    def table(self, pieces, address=TABLE):
        """Writes a descriptor table of (address, length) pieces."""
        data = b''.join(struct.pack('<IHH', a, n & 0xffff, 0) for a, n in pieces[:-1])
        a, n = pieces[-1]
        self.q.write(address, data + struct.pack('<IHH', a, n & 0xffff, 0x8000))
        self.q.outl(self.bm + 4, address)

    def bm_status(self):
        return self.q.inb(self.bm + 2)

    def bm_start(self, to_memory):
        self.q.outb(self.bm + 2, 0x06)
        self.q.outb(self.bm, 0x08 if to_memory else 0)
        self.q.outb(self.bm, 0x09 if to_memory else 0x01)

    def bm_stop(self):
        self.q.outb(self.bm, 0)

    def bm_wait(self, timeout=10):
        """Waits for the interrupt bit, or for both sides to have given up."""
        end = time.monotonic() + timeout
        while True:
            status = self.bm_status()
            if status & 4:
                return status
            if not status & 1 and not self.alt_status() & BSY:
                return self.bm_status()
            if time.monotonic() > end:
                raise TimeoutError('bus master still active, status %02x' % status)

    def dma(self, opcode, to_memory):
        """Carries out a DMA command whose registers and table are set."""
        self.command(opcode)
        self.bm_start(to_memory)
        status = self.bm_wait()
        self.bm_stop()
        self.check()
        return status

    # ---- packets ----

    def packet_start(self, cdb, limit=0xfffe, feature=0):
        q, b = self.q, self.base
        self.select()
        q.outb(b + 1, feature)
        q.outb(b + 4, limit & 0xff)
        q.outb(b + 5, limit >> 8)
        self.command(0xa0)
        status = self.check()
        if not status & DRQ or q.inb(b + 2) & 3 != 1:
            raise AssertionError('no packet is asked for')
        cdb = bytes(cdb).ljust(12, b'\0')
        self.data_out(cdb)

    def packet_end(self):
        """Waits for the end of the packet; raises SenseError from the error register and sense."""
        if self.wait() & ERR:
            raise SenseError(*self.sense())

    def packet_blocks(self, cdb, limit=0xfffe, out=b''):
        """Runs a PIO packet; returns the data blocks that came."""
        self.packet_start(cdb, limit)
        blocks = []
        while self.wait() & DRQ:
            reason = self.q.inb(self.base + 2) & 3
            n = self.q.inb(self.base + 4) | self.q.inb(self.base + 5) << 8
            if reason == 2:
                data = b''.join(struct.pack('<H', self.q.inw(self.base))
                                for _ in range((n + 1) // 2))
                blocks.append(data[:n])
            elif reason == 0:
                for i in range(0, n, 2):
                    self.q.outw(self.base, struct.unpack('<H', out[i:i + 2].ljust(2, b'\0'))[0])
                out = out[n:]
            else:
                raise AssertionError('interrupt reason %d' % reason)
        self.packet_end()
        return blocks

    def packet(self, cdb, limit=0xfffe, out=b''):
        return b''.join(self.packet_blocks(cdb, limit, out))

    def packet_dma(self, cdb, pieces, to_memory=True):
        self.table(pieces)
        self.packet_start(cdb, feature=1)
        self.bm_start(to_memory)
        status = self.bm_wait()
        self.bm_stop()
        self.packet_end()
        return status

    def sense(self):
        """REQUEST SENSE: (key, asc, ascq)."""
        self.packet_start([3, 0, 0, 0, 18])
        self.wait()
        data = self.data_in(20)
        self.wait()
        self.last_sense = data[:18]
        return data[2] & 15, data[12], data[13]
