#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a window costs that follows the guest, beside QEMU's: prints numbers, judges nothing.

    bench_window.py [sdl] [gtk] [all] [few] [scroll] [--seconds N]

The guest is the demo disk under KVM: it draws 1024x768 in 32 bits in ring 3 at 60 Hz. The window
is under Xvfb, whose picture is watched in shared memory: a frame is a change of it. CPU time is
that of all threads but the vCPU's; the X server's, which copies what it is sent, stands beside it.

all     every pixel changes       few     small squares move       scroll  the picture scrolls
"""
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import xserver  # noqa: E402
from bench_process import Program, cpu_ms, programs, thread_cpu  # noqa: E402
from machine import binary  # noqa: E402

KEYS = {'few': '1', 'all': '2', 'scroll': '3'}
FRONTENDS = ('sdl', 'gtk')
BOOT_DEADLINE = 120
LOOKS = 400  # a second
ROWS = 16    # every so many are looked at
APART = 0.008  # seconds: changes closer than this are parts of one frame


class Screen:
    """The X server's picture: an XWD file (XWDFile.h) that the server keeps in memory."""

    def __init__(self, path):
        with open(path, 'rb') as f:
            self.map = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        head = struct.unpack('>25I', self.map[:100])
        self.start = head[0] + head[19] * 12
        self.height, self.stride = head[5], head[12]

    def look(self):
        return [self.map[self.start + y * self.stride:self.start + (y + 1) * self.stride]
                for y in range(0, self.height, ROWS)]


class Counter(threading.Thread):
    """Counts the changes of the screen."""

    def __init__(self, screen):
        super().__init__()
        self.screen, self.frames, self.over = screen, 0, False

    def run(self):
        last, when = self.screen.look(), 0
        while not self.over:
            time.sleep(1 / LOOKS)
            now = self.screen.look()
            if now != last:
                self.frames += time.monotonic() > when + APART
                last, when = now, time.monotonic()


def sendkey(program, name):
    program.socket.sendall(b'sendkey %s\n' % name.encode())


def boot(program, x):
    """Waits for the demo's welcome screen, then asks for the graphics."""
    end = time.monotonic() + BOOT_DEADLINE
    while time.monotonic() < end:
        sendkey(program, 'tab')
        time.sleep(1)
        for window in x.do('search', '--onlyvisible', '--name', '.').split():
            width, height = x.geometry(window)[2:]
            if width == 1024 and 768 <= height < 850:
                return
    raise SystemExit('the demo did not come up')


def measure(program, x, screen, seconds):
    time.sleep(1)
    counter = Counter(screen)
    counter.start()
    before, server, begin = thread_cpu(program.pid)[1], cpu_ms(x.server.pid), time.monotonic()
    time.sleep(seconds)
    spent, server = thread_cpu(program.pid)[1] - before, cpu_ms(x.server.pid) - server
    took = time.monotonic() - begin
    counter.over = True
    counter.join()
    frames = max(counter.frames, 1)
    return (f'{frames / took:5.1f} frames/s, {spent / frames:5.2f} ms CPU a frame, '
            f'{server / frames:5.2f} of the X server, {(spent + server) / frames:5.2f} in all')


def bench(command, frontend, names, seconds, demo):
    """Yields a line for each name."""
    with tempfile.TemporaryDirectory(prefix='vitrine-bench-') as folder, \
            xserver.XServer(options=('-fbdir', folder)) as x:
        os.environ.update(x.env)
        os.environ.setdefault('XDG_RUNTIME_DIR', folder)
        screen = Screen(folder + '/Xvfb_screen0')
        program = Program(command, ['-m', '256', '-display', frontend, '-drive',
                                    f'file={demo},format=raw,if=ide,snapshot=on'], folder)
        try:
            boot(program, x)
            for name in names:
                sendkey(program, KEYS[name])
                yield name, measure(program, x, screen, seconds)
        finally:
            program.end()


def main():
    words = sys.argv[1:]
    seconds = 5
    if '--seconds' in words:
        at = words.index('--seconds')
        seconds = float(words[at + 1])
        del words[at:at + 2]
    demo = os.path.join(os.path.dirname(binary()), '..', 'data', 'demo', 'demo.img')
    names = [word for word in words if word in KEYS] or list(KEYS)
    for frontend in [word for word in words if word in FRONTENDS] or FRONTENDS:
        for label, command in programs().items():
            for name, line in bench(command, frontend, names, seconds, demo):
                print(f'{frontend:5}{name:8}{label:10}{line}', flush=True)


if __name__ == '__main__':
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(error.stderr.decode()) from error
