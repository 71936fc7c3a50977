#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a viewer that stalls costs the guest, beside QEMU: prints numbers, judges nothing.

    bench_stall.py [none] [vnc] [vnc-stalled] [spice-stalled] [gtk] [gtk-stalled] [sdl]
                   [sdl-stalled] [--seconds N] [--rounds N] [--accel kvm] [--programs vitrine,qemu]

The guest (stall.asm) times its reads of port 61h by the time stamp counter and draws 1024x768 at
60 Hz. Each line is what came in so many seconds: the median of the rounds. A stalled viewer has
asked for updates and reads none; a stalled window's X server is stopped (SIGSTOP). Other work on
the machine shows in the tail: compare what was measured in one run.
"""
import argparse
import os
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import spice  # noqa: E402
import xserver  # noqa: E402
from bench_process import Program, programs  # noqa: E402
from rfb import Rfb  # noqa: E402

HISTOGRAM, BUCKETS = 0x20000, 1024
BOOT_DEADLINE = 120
HERE = os.path.dirname(os.path.abspath(__file__))


def ask(program, line):
    """A monitor command's answer."""
    program.socket.settimeout(30)
    program.socket.sendall(line.encode() + b'\n')
    data = b''
    while not data.endswith(b') '):
        data += program.socket.recv(1 << 16)
    return data.decode('latin-1')


def counts(program):
    """The histogram: exits in each bucket since the start."""
    words = []
    for line in ask(program, f'xp /{BUCKETS}xw {HISTOGRAM:#x}').splitlines():
        address, colon, rest = line.partition(': ')
        if colon and len(address.strip()) == 16:
            words += [int(word, 16) for word in rest.split()]
    return words if len(words) == BUCKETS else [0] * BUCKETS


def cycles(bucket):
    """The middle of a bucket."""
    power, step = divmod(bucket, 32)
    return (32.5 + step) / 32 * 2 ** power


def percentile(histogram, share):
    left = sum(histogram) * share
    for bucket, count in enumerate(histogram):
        left -= count
        if left <= 0:
            return cycles(bucket)
    return 0


def tsc_mhz():
    """Of the host, whose counter a guest of either program sees."""
    with open('/proc/cpuinfo', encoding='ascii') as f:
        return next(float(line.split(':')[1]) for line in f if line.startswith('cpu MHz'))


# ---- viewers: each is (options, a function that begins and returns one that ends) ----

class Reader(threading.Thread):
    """Takes raw updates as they come."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.viewer, self.running = Rfb(path), True
        self.start()

    def run(self):
        try:
            while self.running:
                self.viewer.request()
                self.viewer.update()
        except OSError:
            pass

    def end(self):
        self.running = False
        self.join()
        self.viewer.close()


def no_viewer(case):
    return lambda: None


def read_vnc(case):
    return Reader(case.path).end


def stall_vnc(case):
    viewer = Rfb(case.path)
    viewer.sock.sendall(struct.pack('>BBHHHH', 3, 0, 0, 0, viewer.width, viewer.height) * 50)
    time.sleep(1)
    return viewer.close


def stall_spice(case):
    viewer = spice.Viewer(case.path)
    spice.Picture(viewer.open(spice.DISPLAY)).step()
    time.sleep(1)
    return viewer.close


def watch_window(case):
    return lambda: None


def stall_window(case):
    os.kill(case.x.server.pid, signal.SIGSTOP)
    time.sleep(1)
    return lambda: os.kill(case.x.server.pid, signal.SIGCONT)


VNC = '-vnc unix:{}'
SPICE = '-display none -spice unix=on,addr={},disable-ticketing=on'
CASES = {
    'none': ('-display none', no_viewer),
    'vnc': (VNC, read_vnc),
    'vnc-stalled': (VNC, stall_vnc),
    'spice-stalled': (SPICE, stall_spice),
    'gtk': ('-display gtk', watch_window),
    'gtk-stalled': ('-display gtk', stall_window),
    'sdl': ('-display sdl', watch_window),
    'sdl-stalled': ('-display sdl', stall_window),
}


class Case:
    """A run of one program with one kind of viewer."""

    def __init__(self, command, name, options, folder):
        words, self.begin = CASES[name]
        self.path = os.path.join(folder, 'viewer')
        self.x = None
        if 'gtk' in name or 'sdl' in name:
            self.x = xserver.XServer().__enter__()
            os.environ.update(self.x.env)
            os.environ.setdefault('XDG_RUNTIME_DIR', folder)
        disk = os.path.join(folder, 'disk')
        try:
            self.program = Program(
                [*command, *(['-accel', 'tcg'] if options.accel == 'tcg' else [])],
                ['-m', '64', '-nodefaults', '-vga', 'std', '-drive',
                 f'file={disk},format=raw,if=ide,snapshot=on',
                 *words.format(self.path).split()], folder)
        except BaseException:
            self.stop_x()
            raise

    def wait(self):
        end = time.monotonic() + BOOT_DEADLINE
        while sum(counts(self.program)) < 1000:
            if time.monotonic() > end:
                raise SystemExit('the guest did not come up')
            time.sleep(0.2)

    def measure(self, seconds):
        """(exits a second, median, 99th percentile, longest), in cycles."""
        finish = self.begin(self)
        try:
            # With the X server stopped a monitor may not answer: it is asked before and after.
            before = self.before if self.stopped() else counts(self.program)
            begin = time.monotonic()
            time.sleep(seconds)
        finally:
            if self.stopped():
                finish()
                finish = None
            after, took = counts(self.program), time.monotonic() - begin
            if finish:
                finish()
        histogram = [b - a for a, b in zip(before, after)]
        longest = max((i for i, count in enumerate(histogram) if count), default=0)
        return (sum(histogram) / took, percentile(histogram, 0.5), percentile(histogram, 0.99),
                percentile(histogram, 0.999), cycles(longest))

    def stopped(self):
        return self.begin is stall_window

    def run(self, seconds):
        self.wait()
        if self.x:
            time.sleep(2)  # the window comes up
        self.before = counts(self.program)
        return self.measure(seconds)

    def stop_x(self):
        if self.x:
            self.x.stop()

    def end(self):
        if self.program.process.poll() is None:
            self.program.end()
        self.stop_x()


def bench(command, name, options):
    with tempfile.TemporaryDirectory(prefix='vitrine-bench-') as folder:
        subprocess.run(['nasm', '-f', 'bin', '-o', os.path.join(folder, 'disk'),
                        os.path.join(HERE, 'stall.asm')], check=True)
        with open(os.path.join(folder, 'disk'), 'ab') as f:
            f.truncate(1 << 16)
        case = Case(command, name, options, folder)
        try:
            return case.run(options.seconds)
        finally:
            case.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('cases', nargs='*')
    parser.add_argument('--seconds', type=float, default=6)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--accel', default='kvm')
    parser.add_argument('--programs', default='vitrine,qemu')
    options = parser.parse_args()
    results, mhz = {}, tsc_mhz()
    for _ in range(options.rounds):  # in turns: what else the machine does changes slowly
        for label, command in programs().items():
            for name in options.cases or CASES:
                if label in options.programs.split(','):
                    results.setdefault((label, name), []).append(bench(command, name, options))
    for (label, name), rounds in results.items():
        rate, *times = (statistics.median(column) for column in zip(*rounds))
        median, p99, p999, longest = (value / mhz for value in times)
        base = results.get((label, 'none'))
        change = ''
        if base:
            first = statistics.median(column[2] for column in base) / mhz
            change = f' ({(p99 / first - 1) * 100:+.0f} % to none)'
        print(f'{label:9}{name:15}{rate:8.0f} exits/s, {median:6.1f} us median, '
              f'{p99:7.1f} us 99th percentile{change}, {p999:8.1f} us 99.9th, '
              f'{longest / 1000:7.1f} ms longest', flush=True)


if __name__ == '__main__':
    main()
