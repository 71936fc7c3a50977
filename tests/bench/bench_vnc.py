#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast a VNC viewer follows the guest, beside QEMU: prints numbers, judges nothing.

    bench_vnc.py [all] [few] [scroll] [console] [--seconds N] [--encodings raw,zrle,tight]
                 [--viewers N]

The guest is the demo disk under KVM: it draws 1024x768 in 32 bits in ring 3 at 60 Hz. The viewer
takes updates as fast as they come and does not decode them. CPU time is the server's without the
guest's: all threads but the vCPU's; "with the guest" counts the vCPU's too.

all     every pixel changes                few     small squares move
scroll  stripes scroll, which compress well  console  lines of letters scroll, 16 pixels a frame
"""
import argparse
import os
import struct
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from bench_process import Program, programs, thread_cpu  # noqa: E402
from machine import binary  # noqa: E402
from rfb import Rfb  # noqa: E402

KEYS = {'few': '1', 'all': '2', 'scroll': '3', 'console': '4'}
XK_TAB = 0xff09
BOOT_DEADLINE = 60
RAW, COPYRECT, TIGHT, ZRLE, DESKTOP_SIZE, LAST_RECT = 0, 1, 7, 16, -223, -224
ENCODINGS = {'raw': [RAW], 'zrle': [ZRLE], 'tight': [TIGHT, LAST_RECT]}


class Taker(Rfb):
    """A viewer that takes rectangles of these encodings without looking into them."""

    def __init__(self, address, encodings):
        super().__init__(address)
        self.bytes = 0
        self.file = self.sock.makefile('rb', buffering=1 << 18)
        codes = encodings + [COPYRECT, DESKTOP_SIZE]
        self.sock.sendall(struct.pack('>BxH%di' % len(codes), 2, len(codes), *codes))

    def take(self, length):
        self.bytes += length
        return self.file.read(length)

    def update(self):
        changed = 0
        if self.take(1) != b'\0':
            raise SystemExit('not an update')
        count = struct.unpack('>xH', self.take(3))[0]
        while count:
            count -= 1
            x, y, w, h, encoding = struct.unpack('>HHHHi', self.take(12))
            if encoding == LAST_RECT:
                break
            changed += self.rectangle_of(encoding, w, h)
        return changed

    def rectangle_of(self, encoding, w, h):
        if encoding == DESKTOP_SIZE:
            self.width, self.height = w, h
            return 0
        if encoding == COPYRECT:
            self.take(4)
        elif encoding == RAW:
            self.take(w * h * 4)
        elif encoding == ZRLE:
            self.take(struct.unpack('>I', self.take(4))[0])
        elif encoding == TIGHT:
            self.tight(w, h)
        else:
            raise SystemExit('encoding %d' % encoding)
        return w * h

    def compact_length(self):
        length = shift = 0
        while shift < 21:
            byte = self.take(1)[0]
            length |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                break
        return length

    def tight(self, w, h):
        """RFB, "Tight encoding": a rectangle's compression control and what follows it."""
        control = self.take(1)[0]
        size = w * h * 3
        if control >> 4 == 8:
            self.take(3)
            return
        if control >> 4 == 9:
            self.take(self.compact_length())
            return
        if control & 0x40 and self.take(1) == b'\1':
            colours = self.take(1)[0] + 1
            self.take(colours * 3)
            size = (w + 7) // 8 * h if colours == 2 else w * h
        self.take(size if size < 12 else self.compact_length())


class Others(threading.Thread):
    """More viewers that take what comes."""

    def __init__(self, path, encodings):
        super().__init__(daemon=True)
        self.viewer = Taker(path, encodings)
        self.running = True

    def run(self):
        try:
            while self.running:
                self.viewer.request()
                self.viewer.update()
        except OSError:
            pass  # the server has ended


def boot(viewer):
    """Waits for the demo's welcome screen, then asks for the graphics."""
    end = time.monotonic() + BOOT_DEADLINE
    while viewer.width != 1024:
        viewer.press(XK_TAB)
        viewer.request(False)
        viewer.update()
        time.sleep(1)
        if time.monotonic() > end:
            raise SystemExit('the demo did not come up')


def measure(program, viewer, seconds):
    for _ in range(20):
        viewer.request()
        viewer.update()
    updates = pixels = 0
    viewer.bytes = 0
    guest, other = thread_cpu(program.pid)
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        viewer.request()
        pixels += viewer.update()
        updates += 1
    took = time.monotonic() - begin
    guest2, other2 = thread_cpu(program.pid)
    return (f'{updates / took:6.1f} updates/s, {(other2 - other) / updates:6.2f} ms CPU an update '
            f'({(guest2 - guest + other2 - other) / updates:.2f} with the guest), '
            f'{pixels / updates / 1024 / 768 * 100:.1f} % of the pixels and '
            f'{viewer.bytes / updates / 1024:.0f} KiB in each')


def bench(command, name, encodings, options, demo):
    with tempfile.TemporaryDirectory(prefix='vitrine-bench-') as folder:
        path = os.path.join(folder, 'vnc')
        program = Program(command, ['-m', '256', '-vnc', f'unix:{path}', '-drive',
                                    f'file={demo},format=raw,if=ide,snapshot=on'], folder)
        others = []
        try:
            viewer = Rfb(path)
            boot(viewer)
            viewer.press(ord(KEYS[name]))
            for _ in range(20):
                viewer.request()
                viewer.update()
            viewer.close()
            viewer = Taker(path, encodings)
            others = [Others(path, encodings) for _ in range(options.viewers - 1)]
            for other in others:
                other.start()
            return measure(program, viewer, options.seconds)
        finally:
            for other in others:
                other.running = False
            program.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('pictures', nargs='*')
    parser.add_argument('--seconds', type=float, default=5)
    parser.add_argument('--encodings', default='raw,zrle,tight')
    parser.add_argument('--viewers', type=int, default=1)
    options = parser.parse_args()
    demo = os.path.join(os.path.dirname(binary()), '..', 'data', 'demo', 'demo.img')
    for name in options.pictures or list(KEYS):
        for encoding in options.encodings.split(','):
            for label, command in programs().items():
                print(f'{name:8}{encoding:7}{label:10}'
                      f'{bench(command, name, ENCODINGS[encoding], options, demo)}', flush=True)


if __name__ == '__main__':
    main()
