# SPDX-License-Identifier: GPL-2.0-or-later
"""A small driver of an AHCI controller over qtest (Serial ATA AHCI 1.3.1)."""

import struct
import time

import pci

BAR = 0xfe000000
LIST, AREA, TABLES, DATA = 0x100000, 0x101000, 0x110000, 0x200000  # of port 0, in guest memory
PORT_MEMORY = 0x10000  # from LIST, AREA, TABLES of one port to the next: within 0x100000

GHC, IS, PI, VS = 0x04, 0x08, 0x0c, 0x10
GHC_RESET, GHC_IE = 1, 2
CLB, CLBU, FB, FBU, PIS, PIE, CMD, TFD = 0x00, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x20
SIG, SSTS, SCTL, SERR, SACT, CI = 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38
ST, CLO, FRE, FR, CR = 1, 8, 0x10, 0x4000, 0x8000
DHRS, PSS, DSS, SDBS, DPS, PCS = 1, 2, 4, 8, 0x20, 0x40
OFS, IFS, HBFS, TFES = 1 << 24, 1 << 27, 1 << 29, 1 << 30
FATAL = OFS | IFS | HBFS | TFES
AREA_DMA, AREA_PIO, AREA_D2H, AREA_SDB = 0x00, 0x20, 0x40, 0x58


class AhciError(Exception):
    def __init__(self, interrupts, tfd):
        super().__init__('PxIS %08x, PxTFD %04x' % (interrupts, tfd))
        self.interrupts, self.status, self.error = interrupts, tfd & 0xff, tfd >> 8


class Port:
    """Port n; `memory` is 64 KiB for its list, frames and tables."""

    def __init__(self, qtest, base, n):
        self.q, self.n = qtest, n
        self.base = base + 0x100 + 0x80 * n
        self.list = LIST + PORT_MEMORY * n
        self.area = self.list + 0x1000
        self.tables = self.list + 0x2000

    def read(self, register):
        return self.q.readl(self.base + register)

    def write(self, register, value):
        self.q.writel(self.base + register, value)

    def wait(self, register, mask, value, timeout=10):
        end = time.monotonic() + timeout
        while self.read(register) & mask != value:
            if time.monotonic() > end:
                raise AssertionError('port %d: register %02x is %08x, not %08x of %08x' % (
                    self.n, register, self.read(register), value, mask))
            time.sleep(0.001)

    # ---- engine ----

    def start(self):
        self.write(CLB, self.list)
        self.write(CLBU, 0)
        self.write(FB, self.area)
        self.write(FBU, 0)
        self.write(SERR, 0xffffffff)
        self.write(PIS, 0xffffffff)
        self.write(CMD, FRE)
        self.wait(TFD, 0x88, 0)
        self.write(CMD, FRE | ST)

    def stop(self):
        self.write(CMD, FRE)
        self.wait(CMD, CR, 0)

    def recover(self):
        """What a driver does after an error (6.2.2)."""
        self.stop()
        if self.read(TFD) & 0x88:
            self.comreset()
        self.write(SERR, 0xffffffff)
        self.write(PIS, 0xffffffff)
        self.write(CMD, FRE | ST)

    def comreset(self):
        self.write(SCTL, 1)
        self.write(SCTL, 0)
        self.wait(SSTS, 0xf, 3)
        self.wait(TFD, 0x80, 0)

    # ---- commands ----

    def table(self, slot):
        return self.tables + 0x200 * slot

    @staticmethod
    def fis(command, lba=0, count=0, feature=0, device=0x40):
        b = struct.pack('<Q', lba)
        return bytes([0x27, 0x80, command, feature & 0xff, *b[:3], device, *b[3:6], feature >> 8,
                      count & 0xff, count >> 8, 0, 0, 0, 0, 0, 0])

    def put(self, slot, fis, prdt=(), flags=0, packet=b'', table=None):
        """Writes a slot: its header, frame, packet, and (address, length) pieces of memory."""
        table = self.table(slot) if table is None else table
        entries = b''.join(struct.pack('<QII', addr, 0, length - 1) for addr, length in prdt)
        self.q.write(table, fis.ljust(64, b'\0'))
        self.q.write(table + 0x40, packet.ljust(16, b'\0'))
        if entries:
            self.q.write(table + 0x80, entries)
        self.q.write(self.list + 32 * slot, struct.pack(
            '<IIQ16x', flags | len(fis) // 4 | len(prdt) << 16, 0, table))

    def issue(self, *slots, queued=False):
        mask = sum(1 << slot for slot in slots)
        if queued:
            self.write(SACT, mask)
        self.write(CI, mask)

    def finish(self, mask, register=CI, timeout=10):
        end = time.monotonic() + timeout
        while self.read(register) & mask:
            if self.read(PIS) & FATAL:
                raise AhciError(self.read(PIS), self.read(TFD))
            if time.monotonic() > end:
                raise AssertionError('port %d: no end; CI %08x SACT %08x IS %08x TFD %08x' % (
                    self.n, self.read(CI), self.read(SACT), self.read(PIS), self.read(TFD)))
            time.sleep(0.001)
        if self.read(PIS) & FATAL:
            raise AhciError(self.read(PIS), self.read(TFD))

    def command(self, fis, prdt=(), slot=0, flags=0, packet=b''):
        self.put(slot, fis, prdt, flags, packet)
        self.issue(slot)
        self.finish(1 << slot)

    def moved(self, slot=0):
        return self.q.readl(self.list + 32 * slot + 4)

    def data_in(self, fis, length, packet=b''):
        self.command(fis, [(DATA, length)] if length else [], packet=packet,
                     flags=0x20 if packet else 0)
        return self.q.read(DATA, length)

    def identify(self, command=0xec):
        return struct.unpack('<256H', self.data_in(self.fis(command), 512))

    def read_dma(self, lba, count):
        return self.data_in(self.fis(0x25, lba, count), 512 * count)

    def write_dma(self, lba, data, command=0x35):
        self.q.write(DATA, data)
        self.command(self.fis(command, lba, len(data) // 512), [(DATA, len(data))], flags=0x40)

    def packet(self, packet, length):
        """A PACKET command by DMA, to the host."""
        return self.data_in(self.fis(0xa0, feature=1), length, packet)

    def queue(self, tag, lba, count, addr, write=False, fua=False):
        self.put(tag, self.fis(0x61 if write else 0x60, lba, tag << 3, count,
                               0x40 | (0x80 if fua else 0)), [(addr, 512 * count)],
                 0x40 if write else 0)

    def frame(self, offset, length=20):
        return self.q.read(self.area + offset, length)


class Ahci:
    def __init__(self, qtest, slot):
        self.q = qtest
        self.pci = pci.PciFunction(qtest, slot)
        self.pci.set_bar(5, BAR)
        self.pci.enable()
        self.ports = [Port(qtest, BAR, n) for n in range(6)]

    def read(self, register):
        return self.q.readl(BAR + register)

    def write(self, register, value):
        self.q.writel(BAR + register, value)
