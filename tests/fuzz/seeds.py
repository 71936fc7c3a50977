# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of the fuzz target `devices`: what drivers of the devices do, as its records.

    seeds.py FOLDER
"""

import os
import struct
import sys

(OUT_ANY, IN_ANY, OUT, _, IN, WRITE, WRITE_MORE, READ, ANYWHERE, CONFIG, STEP, RUN, DISPLAY,
 OUTSIDE, STRING, PROCESSOR) = range(16)
B, W, L = 0, 1, 2

# As in devices.c.
PC, ISAPC, APICS, Q35, VIRTIO_VGA = 0, 1, 2, 4, 8


class Seed:
    def __init__(self, board=PC):
        self.data = bytes((board,))

    def record(self, op, select=0, addr=0, value=0):
        self.data += struct.pack('<BBHI', op, select, addr, value & 0xffffffff)
        return self

    def outb(self, port, *values):
        for v in values:
            self.record(OUT_ANY, B, port, v)
        return self

    def outw(self, port, *values):
        for v in values:
            self.record(OUT_ANY, W, port, v)
        return self

    def outl(self, port, value):
        return self.record(OUT_ANY, L, port, value)

    def inb(self, port):
        return self.record(IN_ANY, B, port)

    def inw(self, port):
        return self.record(IN_ANY, W, port)

    def indexed(self, port, *pairs):
        for i, v in pairs:
            self.outb(port, i)
            self.outb(port + 1, v)
        return self

    def ram(self, addr, *values):
        """32-bit words below 64 KiB."""
        for i, v in enumerate(values):
            self.record(WRITE, L, addr + 4 * i, v)
        return self

    def step(self, ns=1000000):
        return self.record(STEP, 0, 0, ns)

    def run(self):
        return self.record(RUN)

    def show(self):
        return self.record(DISPLAY, 5)


def pic():
    s = Seed()
    for port, base in ((0x20, 8), (0xa0, 0x70)):
        s.outb(port, 0x11).outb(port + 1, base, 4 if port == 0x20 else 2, 1, 0)
    s.outb(0x43, 0x34).outb(0x40, 0, 1).step()
    s.record(PROCESSOR, 0).outb(0x20, 0x20, 0x0b).inb(0x20).outb(0x20, 0x0c).inb(0x20)
    s.outw(0x4d0, 0x0c20)
    for reg, v in ((0x14, 0x31), (0x15, 0), (0x30, 0xa041)):
        s.record(WRITE, 12 << 2 | L, 0, reg).record(WRITE, 12 << 2 | L, 0x10, v)
    return s.step().record(PROCESSOR, 1, 0, 0x41)


def apic():
    s = Seed(PC | APICS)
    for reg, v in ((0xf0, 0x1ff), (0xd0, 0x01000000), (0x350, 0x700), (0x360, 0x400),
                   (0x370, 0xfe), (0x310, 0x01000000), (0x300, 0xc4500), (0x300, 0xc4608),
                   (0x300, 0x44041), (0x3e0, 0xb), (0x320, 0x20031), (0x380, 100000),
                   (0x280, 0), (0xb0, 0), (0x40, 0), (0x08, 0x4062)):
        s.record(WRITE, 13 << 2 | L, reg, v)
    for what, value in ((0, 0xff), (6, 0), (1, 0x40), (3, 0), (4, 0xc061), (2, 0xd0000800), (5, 0)):
        s.record(PROCESSOR, 0x80, what << 1, value).step(300000)
        s.record(PROCESSOR, 0x80, what << 1 | 1, value)
    return s.record(READ, 13 << 2 | L, 0x390)


def timers():
    s = Seed()
    for mode in range(6):
        s.outb(0x61, 1).outb(0x43, 0xb0 | mode << 1).outb(0x42, 50, 1).step(50000)
        s.outb(0x43, 0xe8).inb(0x42).inb(0x42).inb(0x42).outb(0x61, 0).inb(0x61)
        s.outb(0x43, 0x30 | mode << 1).outb(0x40, 100, 0).step(300000)
    s.indexed(0x70, (11, 0x72), (10, 0x23), (5, 0xc0), (3, 0xc0), (1, 0xc0)).step()
    s.outb(0x70, 12).inb(0x71)
    s.indexed(0x70, (11, 0x82), (4, 0x23), (2, 0x59), (0, 0x59), (11, 3)).step()
    for century in (0, 0x19, 0x99, 0xff):
        s.indexed(0x70, (11, 6), (0x32, century), (9, century), (8, 1), (7, 1)).step()
        s.indexed(0x70, (11, 0)).outb(0x70, 4).inb(0x71).outb(0x70, 0).inb(0x71)
    s.outw(0x602, 0x0121).outw(0x604, 1).step().inw(0x600).record(IN_ANY, L, 0x608)
    return s.outb(0xb2, 0xf1).inw(0x604)


def ide(command, base=0x1f0, device=0xe0, count=1, feature=0, board=PC):
    s = Seed(board)
    s.outb(base + 6, device).outb(base + 1, feature).outb(base + 2, count)
    s.outb(base + 3, 1, ).outb(base + 4, 0).outb(base + 5, 0).outb(base + 7, command)
    s.run()
    known = 12 if base == 0x1f0 else 10
    s.record(STRING, W, known).record(STRING, 4 | W, known, 0x12345678)
    return s.inb(base + 7).run().inb(base + 7)


def floppy(*command, board=PC, dma=0x46, config=0x57):
    """One command of the controller, its data by channel 2 (dma 0: by the data register)."""
    s = Seed(board).outb(0x3f2, 0, 0x1c).step().outb(0x3f7, 0)
    for _ in range(4):
        s.outb(0x3f5, 8).inb(0x3f5).inb(0x3f5)
    s.outb(0x3f5, 3, 0xdf, 0 if dma else 1).outb(0x3f5, 0x13, 0, config, 0)
    s.outb(0x0a, 6).outb(0x0c, 0).outb(0x0b, dma).outb(4, 0, 0x20).outb(0x81, 1)
    s.outb(5, 0xff, 3).outb(0x0a, 2)
    s.outb(0x3f5, *command).run().step().step().inb(0x3f4)
    for _ in range(4):
        s.record(STRING, B, 50 | 5 << 8).record(STRING, 4 | B, 50 | 5 << 8, 0x02010001).run()
    return s.step().record(OUTSIDE, 9, 0, 1).outb(0x3f5, *command).run().step()


def floppies():
    sector = (0, 0, 1, 2, 18, 0x1b, 0xff)
    for code, dma in ((0xe6, 0x46), (0xc5, 0x4a), (0xec, 0x56), (0xc9, 0x5a), (0x42, 0x66),
                      (0xd6, 0x46), (0xd1, 0x4a), (0xd9, 0xaa), (0xdd, 0x6a), (0x66, 0),
                      (0x45, 0), (0x51, 0)):
        yield 'floppy-%02x-%02x' % (code, dma), floppy(code, 0, *sector, dma=dma)
    yield 'floppy-isa', floppy(0xe6, 0, *sector, board=ISAPC)
    yield 'floppy-format', floppy(0x4d, 0, 2, 18, 0x50, 0xf6, dma=0x4a)
    for command in ((0x4a, 0), (7, 0), (4, 0), (0x0f, 0, 40), (0xcf, 0, 3), (0x0e,), (0x10,),
                    (0x12, 0x83), (0x94,), (0x18,)):
        yield 'floppy-%02x' % command[0], floppy(*command)


def smart(feature):
    s = Seed().outb(0x1f6, 0xe0).outb(0x1f1, feature).outb(0x1f2, 1).outb(0x1f4, 0x4f)
    s.outb(0x1f5, 0xc2).outb(0x1f7, 0xb0).run()
    return s.record(STRING, W, 12).inb(0x1f7)


def multiple():
    s = Seed().outb(0x1f6, 0xe0).outb(0x1f2, 8).outb(0x1f7, 0xc6).run()
    for command in (0xc4, 0xc5):
        s.outb(0x1f2, 12).outb(0x1f3, 3).outb(0x1f7, command).run()
        for _ in range(12):
            s.record(STRING, (4 if command == 0xc5 else 0) | W, 12, 0x55aa).run()
    return s.inb(0x1f7)


def trim():
    s = Seed().ram(0x1000, 0x2000, 0x80000200).ram(0x2000, 16, 0x80000)
    s.outl(0xc04, 0x1000).outb(0xc02, 6).outb(0x1f6, 0xe0).outb(0x1f1, 1).outb(0x1f2, 1)
    return s.outb(0x1f7, 6).outb(0xc00, 1).run().inb(0xc02).inb(0x1f7)


def atapi_dma(*packet):
    s = Seed()
    for _ in range(2):
        send_packet(s, (3, 0, 0, 0, 18)).record(STRING, W, 10).run()
    s.ram(0x1000, 0x3000, 0x80000800).outl(0xc0c, 0x1000).outb(0xc0a, 6)
    send_packet(s, packet, dma=1)
    return s.outb(0xc08, 9).run().inb(0xc0a).inb(0x177).outb(0xc08, 0)


def atapi_eject():
    s = atapi(0x1e, 0, 0, 0, 1)
    for value in (1, 3, 0):
        s.record(OUTSIDE, 8, 0, value)
        send_packet(s, (0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8)).record(STRING, W, 10).run()
    return s.outb(0x177, 8).run().inb(0x177)


def ide_dma():
    s = Seed()
    s.ram(0x1000, 0x2000, 0x80000200)
    s.outl(0xc04, 0x1000).outb(0xc00, 8).outb(0xc02, 6)
    s.outb(0x1f6, 0xe0).outb(0x1f2, 1, ).outb(0x1f3, 1).outb(0x1f4, 0).outb(0x1f5, 0)
    s.outb(0x1f7, 0xc8).outb(0xc00, 9).run().inb(0xc02).inb(0x1f7)
    s.outb(0xc00, 0).outb(0x1f7, 0xca).outb(0xc00, 1).run().inb(0xc02)
    return s.outb(0x3f6, 4).outb(0x3f6, 0).run()


def send_packet(s, packet, dma=0):
    packet = (list(packet) + [0] * 12)[:12]
    s.outb(0x176, 0xa0).outb(0x171, dma).outb(0x174, 0).outb(0x175, 8).outb(0x177, 0xa0).run()
    for i in range(0, 12, 2):
        s.outw(0x170, packet[i] | packet[i + 1] << 8)
    return s.run().inb(0x177)


def atapi(*packet, data=()):
    s = Seed()
    for _ in range(2):      # the drive first tells of its reset, and of the medium
        send_packet(s, (3, 0, 0, 0, 18)).record(STRING, W, 10).run()
    send_packet(s, packet)
    for word in data:
        s.outw(0x170, word)
    return s.record(STRING, W, 10).run().record(STRING, W, 10).run().inb(0x177)


def vga(board, *, misc=0x67, seq=(3, 0, 3, 0, 2), crtc=(), gfx=(0, 0, 0, 0, 0, 16, 14, 0, 255)):
    s = Seed(board)
    s.outb(0x3c2, misc)
    s.indexed(0x3c4, *enumerate(seq))
    s.indexed(0x3d4, (17, 0), *enumerate(crtc))
    s.indexed(0x3ce, *enumerate(gfx))
    s.inb(0x3da)
    for i in range(21):
        s.outb(0x3c0, i, i)
    s.outb(0x3c0, 0x20).outb(0x3c8, 0)
    for i in range(12):
        s.outb(0x3c9, i * 5)
    for i in range(4):
        s.record(WRITE, 3 << 2 | L, 4 * i, 0x1f411f42).record(WRITE, 1 << 2 | L, 99 * i, 0x55aa1234)
    return s.show().record(READ, 1 << 2, 5).step(50000000).show()


TEXT = (0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0, 0x4f, 13, 14, 0, 0, 0, 0, 0x9c, 0x8e,
        0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff)
GRAPHICS = (0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0, 0x41, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e,
            0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0x80)


def vbe(board, bpp):
    s = vga(board, crtc=GRAPHICS, seq=(3, 1, 15, 0, 14), gfx=(0, 0, 0, 0, 0, 64, 5, 15, 255))
    for i, v in ((4, 0), (1, 320), (2, 200), (3, bpp), (4, 0xc1), (6, 400), (8, 8), (9, 8), (5, 1)):
        s.outw(0x1ce, i).outw(0x1d0, v)
    return s.record(WRITE, 9 << 2 | L, 0x100, 0x123456).show().outw(0x1ce, 10).inw(0x1d0)


def vga_mmio():
    s = vbe(PC, 32)
    for area, addr in ((16, 0x00), (17, 8), (18, 4), (11, 0), (11, 0x7f)):
        s.record(READ, area << 2 | W, addr).record(WRITE, area << 2 | W, addr, 0x1234)
    for bpp in (15, 16, 24, 32):
        s.outw(0x1ce, 4).outw(0x1d0, 0).outw(0x1ce, 3).outw(0x1d0, bpp).outw(0x1ce, 4)
        s.outw(0x1d0, 0x41).record(WRITE, 18 << 2 | L, 4, 0xbebebebe).show()
        s.record(WRITE, 18 << 2 | L, 4, 0x1e1e1e1e).outw(0x1ce, 9).outw(0x1d0, 3).show()
    return s.outb(0x3c2, 0).inb(0x3ba)


def keyboard():
    s = Seed()
    s.outb(0x64, 0xaa).inb(0x60).outb(0x64, 0x60).outb(0x60, 0x47).outb(0x64, 0xa8)
    for v in (0xff, 0xf4, 0xf0, 2, 0xed, 7, 0xf3, 0x20, 0xf2):
        s.outb(0x60, v).step().inb(0x60)
    for v in (0xff, 0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf2, 0xf4, 0xe9):
        s.outb(0x64, 0xd4).outb(0x60, v).step().inb(0x60)
    for key in (30, 96, 119, 99):
        s.record(OUTSIDE, 1, key).inb(0x60).record(OUTSIDE, 0, key).inb(0x60)
    s.record(OUTSIDE, 3, 0, 300).record(OUTSIDE, 3, 8, 1).record(OUTSIDE, 2, 0, 1).inb(0x60)
    for v in (0xf0, 3, 0xf8, 0xfb, 30, 0xeb, 0xe7):
        s.outb(0x60, v).step().inb(0x60)
    s.record(OUTSIDE, 1, 30).inb(0x60).outb(0x64, 0xd4).outb(0x60, 0xeb).step()
    return s.step(50000000).outb(0x64, 0xd1).outb(0x60, 0xdd).outb(0x92, 2)


def serial():
    s = Seed()
    s.outb(0x3fb, 0x80).outb(0x3f8, 1).outb(0x3f9, 0).outb(0x3fb, 3).outb(0x3fa, 0xc7)
    s.outb(0x3f9, 15).outb(0x3fc, 0x0b)
    for i in range(20):
        s.outb(0x3f8, 65 + i).record(OUTSIDE, 4, 0, i)
    s.step().inb(0x3fa).inb(0x3f8).inb(0x3fd).record(OUTSIDE, 5).inb(0x3fd)
    s.outb(0x3fc, 0x1b).outb(0x3f8, 1).step().inb(0x3f8).inb(0x3fe)
    return s.outb(0x378, 1).outb(0x37a, 0x0d).inb(0x379).outb(0xe9, 65).outb(0x402, 65)


def fw_cfg():
    s = Seed()
    s.outw(0x510, 0).inb(0x511).outw(0x510, 0x19).inb(0x511)
    # DMA: control, length, address, big-endian, at 2000h.
    s.ram(0x2000, 0x0a001900, 0x40000000, 0, 0x00300000)
    s.outl(0x514, 0).outl(0x518, 0x00200000).run()
    return s.record(READ, L, 0x3000)


def pci():
    s = Seed()
    for function in (0, 8, 9, 11, 16):
        for reg in range(0, 64, 4):
            s.record(CONFIG, 0x80 | L, function | reg << 8)
            s.record(CONFIG, L, function | reg << 8, 0xffffffff)
    for reg in range(0x59, 0x60):
        s.record(CONFIG, B, 0 | reg << 8, 0x31)
    s.record(WRITE, 6 << 2 | L, 0, 1).record(READ, 6 << 2 | L, 0)
    return s.outb(0xcf9, 2).outb(0xcf9, 6).run().show()


XHCI, XHCI_OP, XHCI_PORTS, XHCI_RUN, XHCI_BELLS = range(24, 29)  # among areas


class XhciSeed(Seed):
    """A controller that runs, its structures below 64 KiB; a keyboard, a tablet behind a hub, a
    stick."""

    CYCLE, IOC, IDT, IN = 1, 32, 64, 1 << 16

    def __init__(self):
        super().__init__()
        self.ram(0x3000, 0x4000, 0, 64, 0)
        self.reg(XHCI_OP, 0x30, 0x1000, 0).reg(XHCI_OP, 0x18, 0x2001, 0).reg(XHCI_OP, 0x38, 64)
        self.reg(XHCI_RUN, 8, 1).reg(XHCI_RUN, 0x18, 0x4000, 0).reg(XHCI_RUN, 0x10, 0x3000, 0)
        self.reg(XHCI_RUN, 0, 2).reg(XHCI_OP, 0, 5)
        self.commands = 0x2000

    def reg(self, area, offset, *values):
        for i, v in enumerate(values):
            self.record(WRITE, area << 2 | L, offset + 4 * i, v)
        return self

    def command(self, kind, parameter=0, slot=0, flags=0):
        self.ram(self.commands, parameter, 0, 0, kind << 10 | slot << 24 | flags | 1)
        self.commands += 16
        return self.reg(XHCI_BELLS, 0, 0)

    def device(self, slot, port, speed=3, route=0):
        """Its slot; endpoint 0 has its ring at 8000h + 400h a slot."""
        if speed == 3 and not route:
            self.reg(XHCI_PORTS, 16 * (port - 1), 0x210)
        self.command(9)
        self.ram(0x1000 + 8 * slot, 0x5000 + 0x400 * slot, 0)
        self.ram(0x7000, 0, 3)
        self.ram(0x7020, 1 << 27 | speed << 20 | route, port << 16, 0, 0)
        self.ram(0x7040, 0, 64 << 16 | 4 << 3, 0x8001 + 0x400 * slot, 0)
        self.ring = 0x8000 + 0x400 * slot
        return self.command(11, 0x7000, slot)

    def control(self, slot, low, high, length=0):
        trbs = [(low, high, 8, 2 << 10 | self.IDT)]
        if length:
            trbs.append((0xf000, 0, length, 3 << 10 | self.IN))
        trbs.append((0, 0, 0, 4 << 10 | self.IOC | (0 if length else self.IN)))
        for trb in trbs:
            self.ram(self.ring, *trb[:3], trb[3] | 1)
            self.ring += 16
        return self.reg(XHCI_BELLS, 4 * slot, 1)

    def endpoint(self, slot, index, kind, ring):
        self.ram(0x7000, 0, 1 << index | 1)
        self.ram(0x7020 + 32 * index, 3 << 16, 64 << 16 | kind << 3, ring | 1, 0)
        return self.command(12, 0x7000, slot)


def xhci_keyboard():
    s = XhciSeed().device(1, 1).control(1, 0x01000680, 0x00120000, 18)
    s.endpoint(1, 3, 7, 0xa000).control(1, 0x00010900, 0)
    s.ram(0xa000, 0xf000, 0, 8, 1 << 10 | 0x25).ram(0xa010, 0xa000, 0, 0, 6 << 10 | 3)
    s.reg(XHCI_BELLS, 4, 3).record(OUTSIDE, 1, 30).step()
    s.command(15, 0, 1, 3 << 16).command(16, 0xa001, 1, 3 << 16)
    s.reg(XHCI_PORTS, 0, 0x10260).record(OUTSIDE, 1, 31).step().reg(XHCI_PORTS, 0, 0x10200)
    return s.command(13, 0x7000, 1).command(17, 0, 1).command(21, 0xf000).command(10, 0, 1)


def xhci_stick():
    s = XhciSeed().device(1, 7, 4)
    s.endpoint(1, 3, 6, 0xa000).endpoint(1, 4, 2, 0xb000).control(1, 0x00010900, 0)
    at = 0xb000
    for n, cdb in enumerate(((0x12, 0, 0, 0, 36), (0x28, 0, 0, 0, 0, 1, 0, 0, 1),
                             (0x25,), (0x1a, 0, 0x3f, 0, 192), (3, 0, 0, 0, 18))):
        raw = struct.pack('<IIIBBB', 0x43425355, n, 512, 0x80, 0, 10) + bytes(cdb).ljust(17, b'\0')
        s.ram(0xf000 + 64 * n, *struct.unpack('<8I', raw.ljust(32, b'\0')))
        s.ram(at, 0xf000 + 64 * n, 0, 31, 1 << 10 | 0x21).reg(XHCI_BELLS, 4, 4)
        into = 0xa000 + 32 * n
        s.ram(into, 0xf800, 0, 512, 1 << 10 | 0x25).ram(into + 16, 0xfc00, 0, 13, 1 << 10 | 0x21)
        s.reg(XHCI_BELLS, 4, 3).run()
        at += 16
    return s.step()


def xhci_empty():
    """The first that endpoints send and take is nothing."""
    s = XhciSeed().device(1, 7, 4).endpoint(1, 4, 2, 0xb000).control(1, 0x00010900, 0)
    s.ram(0xb000, 0xf000, 0, 0, 1 << 10 | 0x21).reg(XHCI_BELLS, 4, 4).step()
    s.endpoint(1, 3, 6, 0xa000).ram(0xa000, 0, 0, 0, 8 << 10 | 0x21)
    return s.reg(XHCI_BELLS, 4, 3).step()


def xhci_hub():
    s = XhciSeed().device(1, 2).control(1, 0x00010900, 0)
    s.control(1, 0x00080323, 1).control(1, 0x00040323, 1).control(1, 0x000000a3, 0x00040001, 4)
    return s.device(2, 2, 3, 1).control(2, 0x01000680, 0x00120000, 18).step()


def q35_config(s, function, register, value, bus=0):
    return s.outl(0xcf8, 1 << 31 | bus << 16 | function << 8 | register).outl(0xcfc, value)


def q35():
    """Configuration space closes and opens, windows of bridges move, routes change."""
    s = Seed(Q35)
    for register, value in ((0x60, 0), (0x60, 0xb0000003), (0x90, 0x33333330), (0x9c, 0x4a00)):
        q35_config(s, 0, register, value)
    for function in (0x10, 0x18, 0x20):
        for register, value in ((0x20, 0xe110e100), (0x24, 0xe210e200), (0x1c, 0xd0c0),
                                (0x3c, 0x00080000), (0x18, 0x050100), (0x3c, 0x00400000),
                                (0x04, 0), (0x04, 7)):
            q35_config(s, function, register, value)
    q35_config(s, 0xf8, 0xf0, 0xfed1c001)
    for n in range(16):  # D31IR and its like, TCO, SMBus
        s.record(WRITE, W | 12 << 2, 0x140 + n, 0x7654 >> n)
        s.outw(0x660 + 2 * n, 0x0408)
        s.outb(0x700 + n, 0x41)
        s.step(600000000)
    return s


def flash():
    s = Seed(Q35)
    for area in (20, 21):
        for value in (0x98, 0x90, 0x70, 0x50, 0x20, 0xd0, 0x60, 0x01, 0x20, 0x00, 0x40, 0x5a, 0xff):
            s.record(WRITE, area << 2 | B, 0xfff, value).record(READ, area << 2 | L, 0x10)
        s.record(WRITE, area << 2 | B, 0x1000, 0xe8).record(WRITE, area << 2 | B, 0x1000, 3)
        for n in (3, 1, 0, 2):
            s.record(WRITE, area << 2 | B, 0x1000 + n, n)
        s.record(WRITE, area << 2 | B, 0x1000, 0xd0).run()
        s.record(WRITE, area << 2 | B, 0x1000, 0xe8).record(WRITE, area << 2 | B, 0x1000, 9)
        s.record(WRITE, area << 2 | L, 0xfffc, 9).record(WRITE, area << 2 | B, 0, 9).run()
    return s


def q35_hotplug():
    s = Seed(Q35)
    for power in (0x1f8, 0x7f8, 0x2f8, 0x1f8, 0x7f8):
        for which in (1, 0):
            s.record(OUTSIDE, 0x40, 0, which)
            for register in range(0x58, 0xc0, 4):  # SLTCTL is among them
                q35_config(s, 0x10 + 8 * which, register, power << 16 | power)
            s.record(OUTSIDE, 0x40, 0, which)
        s.record(RUN)
    return s.record(OUTSIDE, 7)


def slots():
    """Devices behind a bridge come and go by ACPI."""
    s = Seed()
    for _ in range(2):
        for bus in (1, 0, 2):
            s.record(OUTSIDE, 0x40, 0, bus).outl(0xae10, bus).record(IN_ANY, L, 0xae00)
            s.record(OUTSIDE, 0x40, 0, bus).record(IN_ANY, L, 0xae04).outl(0xae08, 0xfffffffe).run()
    return s.record(OUTSIDE, 0x40, 0, 1).record(OUTSIDE, 7)


def cirrus():
    """Packed pixels, banks, extended write modes, the cursor, transfers of several kinds."""
    s = Seed(Q35).indexed(0x3c4, (6, 0x12), (7, 0x01), (0x17, 4)).indexed(0x3ce, (6, 5))
    s.outb(0x3c2, 0x67).indexed(0x3d4, (0x11, 0), (1, 79), (0x12, 99), (0x13, 80), (0x1b, 0x22))
    for banks in (0, 1, 0x21, 2, 6, 0x14, 0x16):
        s.indexed(0x3ce, (0x0b, banks), (9, 0xff), (0x0a, 0x80), (0, 3), (1, 0x5a), (5, 0x44))
        s.indexed(0x3c4, (2, 0xff)).record(WRITE, 16 << 2 | L, 0xfffd, 0xa5c3)
        s.record(WRITE, 22 << 2 | L, 0xffff, 0xa5c3).record(READ, 22 << 2 | L, 0x40)
        s.indexed(0x3ce, (5, 0x45)).record(WRITE, 16 << 2 | B, 0x8000, 0x99).show()
    s.indexed(0x3c4, (0x12, 5), (0x13, 0x3f), (0xf0, 0xff), (0xf1, 0xff)).show()
    for mode, extensions in ((0, 0), (1, 0), (4, 0), (0x84, 8), (0xc0, 4), (0x48, 0), (0x98, 2)):
        s.indexed(0x3ce, (0x20, 99), (0x21, 0x1f), (0x22, 0xff), (0x23, 7), (0x24, 0xff),
                  (0x25, 0x1f), (0x2a, 0x3f), (0x2e, 0x3f), (0x30, mode), (0x32, 0x0d),
                  (0x33, extensions), (0x31, 2))
        s.record(WRITE, 22 << 2 | L, 0, 0x12345678).run().show()
    return s.indexed(0x3ce, (0x31, 4))


def virtio_vga():
    s = Seed(Q35 | VIRTIO_VGA).outb(0x3c2, 0x67)
    for area in (23, 24):
        for offset in (0, 0x14, 0x16, 0x18, 0x1c, 0x400, 0x500, 0x604, 0x1000, 0x2000, 0x3000):
            s.record(READ, area << 2 | L, offset).record(WRITE, area << 2 | W, offset, 3)
    return vbe_modes(s).record(OUTSIDE, 7).show()


def vbe_modes(s):
    for bpp in (8, 32):
        for index, value in ((4, 0), (1, 640), (2, 480), (3, bpp), (4, 0x41)):
            s.outw(0x1ce, index).outw(0x1cf, value)
        s.record(WRITE, 22 << 2 | L, 0x100, 0xffffff).show()
    return s


EHCI_OP, EHCI_CONFIG, EHCI_PORTS = 7, 9, 10  # among the areas from the 65th on
EHCI_RAM = 0xb000


class EhciSeed(Seed):
    """What devices.c has prepared: two lists that run."""

    def reg(self, area, offset, value):
        return self.record(WRITE_MORE, area << 2 | L, offset, value)

    def words(self, offset, *values):
        return self.ram(EHCI_RAM + offset, *values)


def ehci_transfers():
    s = EhciSeed().step().step().words(0x48, 1 << 30, 0, 0xb200, 1, 0).step()
    s.record(OUTSIDE, 1, 30).step().reg(EHCI_OP, 0, 0x80079).step()
    s.words(0xc0, 0xb0c2).step().words(0, 0xb002).step().words(0x100, 0xb100).step()
    s.words(0x200, 0xb200, 0xb200, 0x00000c80).words(0x50, 0xb200, 1, 0)
    return s.step().step(40000000)


def ehci_ports():
    s = EhciSeed().step()
    for value in (0x1084, 0x10c4, 0x1004, 0x1100, 0x1000, 0x3000, 0x1000):
        s.reg(EHCI_PORTS, 0, value).record(OUTSIDE, 1, 30).step()
    s.reg(EHCI_CONFIG, 0, 0).step().reg(EHCI_CONFIG, 0, 1).step().reg(EHCI_OP, 8, 0x3f)
    return s.reg(EHCI_OP, 0, 0x80000).reg(EHCI_OP, 12, 0x1ff8).reg(EHCI_OP, 0, 1).step().reg(
        EHCI_OP, 0, 2)


def seeds():
    yield 'pic', pic()
    yield 'apic', apic()
    yield 'timers', timers()
    for command in (0x10, 0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x39, 0x40, 0x70, 0x90, 0x91, 0xb0,
                    0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0xe0, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xea, 0xec,
                    0xf8, 0x27):
        yield 'ide-%02x' % command, ide(command)
        yield 'isa-ide-%02x' % command, ide(command, board=ISAPC)
    for feature in (2, 3, 0x82, 0x55, 0xaa):
        yield 'ide-features-%02x' % feature, ide(0xef, feature=feature, count=0x42)
    for feature in (0xd0, 0xd1, 0xd4, 0xd5, 0xd8, 0xda):
        yield 'ide-smart-%02x' % feature, smart(feature)
    yield 'ide-multiple', multiple()
    yield 'ide-trim', trim()
    yield 'ide-dma', ide_dma()
    yield 'atapi-dma-read', atapi_dma(0x28, 0, 0, 0, 0, 16, 0, 0, 1)
    yield 'atapi-dma-inquiry', atapi_dma(0x12, 0, 0, 0, 36)
    yield 'atapi-eject', atapi_eject()
    yield 'atapi-select', atapi(0x55, 16, 0, 0, 0, 0, 0, 0, 16, data=(0, 0, 0, 0, 0x601, 0, 0, 0))
    yield 'ide-packet-identify', ide(0xa1, 0x170, 0xa0)
    for packet in ((0x12, 0, 0, 0, 36), (0x12, 1, 0x83, 0, 255), (0,), (3, 0, 0, 0, 18),
                   (0x28, 0, 0, 0, 0, 16, 0, 0, 1), (0xa8, 0, 0, 0, 0, 1, 0, 0, 0, 2), (0x2b,),
                   (0x43, 2, 0, 0, 0, 0, 0, 3), (0x43, 0, 1, 0, 0, 0, 0, 3), (0x42, 2, 64, 1),
                   (0x5a, 0, 0x2a, 0, 0, 0, 0, 1), (0x5a, 0, 0x3f, 0, 0, 0, 0, 1), (0x25,),
                   (0x55, 16, 0, 0, 0, 0, 0, 0, 16), (0x1b, 0, 0, 0, 2), (0x1b, 0, 0, 0, 3),
                   (0x1e, 0, 0, 0, 1), (0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8),
                   (0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8),
                   (0xbe, 0, 0, 0, 0, 1, 0, 0, 1, 0xf8), (0xb9, 0, 0, 0, 2, 0, 0, 2, 1, 0xf8),
                   (0x46, 0, 0, 0, 0, 0, 0, 1), (0xbb, 0, 255, 255),
                   (0x51, 0, 0, 0, 0, 0, 0, 0, 34),
                   (0x52, 1, 0, 0, 0, 1, 0, 0, 36), (0xad, 0, 0, 0, 0, 0, 0, 0, 8)):
        name = '-'.join('%02x' % b for b in packet[:3])
        yield 'atapi-' + name, atapi(*packet)
    for name, board in (('pc', PC), ('isapc', ISAPC)):
        yield 'vga-text-' + name, vga(board, crtc=TEXT)
        yield 'vga-13h-' + name, vga(board, crtc=GRAPHICS, seq=(3, 1, 15, 0, 14),
                                     gfx=(0, 0, 0, 0, 0, 64, 5, 15, 255))
        yield 'vga-planar-' + name, vga(board, crtc=GRAPHICS, seq=(3, 1, 15, 0, 6),
                                        gfx=(0, 0, 0, 0, 0, 2, 5, 15, 255))
        yield 'vga-cga-' + name, vga(board, crtc=TEXT, seq=(3, 1, 3, 0, 2),
                                     gfx=(0, 0, 0, 0, 0, 48, 15, 0, 255))
        for bpp in (4, 8, 15, 16, 24, 32):
            yield 'vbe-%d-%s' % (bpp, name), vbe(board, bpp)
    yield from floppies()
    yield 'vga-mmio', vga_mmio()
    yield 'keyboard', keyboard()
    yield 'q35', q35()
    yield 'flash', flash()
    yield 'q35-hotplug', q35_hotplug()
    yield 'slots', slots()
    yield 'cirrus', cirrus()
    yield 'virtio-vga', virtio_vga()
    yield 'serial', serial()
    yield 'fw-cfg', fw_cfg()
    yield 'pci', pci()
    yield 'xhci-keyboard', xhci_keyboard()
    yield 'xhci-stick', xhci_stick()
    yield 'xhci-hub', xhci_hub()
    yield 'xhci-empty', xhci_empty()
    yield 'ehci-transfers', ehci_transfers()
    yield 'ehci-ports', ehci_ports()


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, seed in seeds():
        with open(os.path.join(folder, name), 'wb') as f:
            f.write(seed.data)


if __name__ == '__main__':
    main()
