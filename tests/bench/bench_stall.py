#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a viewer that stalls costs the guest, beside QEMU: prints numbers, judges nothing.

    bench_stall.py [vnc] [spice] [gtk] [sdl] [--seconds N] [--rounds N] [--accel kvm]
                   [--programs vitrine,qemu]

The guest (stall.asm) times its reads of port 61h by the time stamp counter and draws 1024x768 at
60 Hz; its counts are read from its memory, which is a file. One start of a program is measured
with nobody looking, with a viewer and with that viewer stalled, again and again in turns: starts
differ from each other by more than viewers do. Percentages compare each time with the one just
before it that had no viewer (a live window, where a program cannot close its own): the median of
the rounds and, in brackets, the middle half of them. A stalled viewer has asked for updates and
reads none; a stalled window's X server is stopped (SIGSTOP).
"""
import argparse
import mmap
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

MEMORY, HISTOGRAM, BUCKETS = 64 << 20, 0x20000, 1024
BOOT_DEADLINE = 120
SETTLE_SECONDS = 1
HERE = os.path.dirname(os.path.abspath(__file__))


def edge(bucket):
    """Where a bucket begins, in cycles."""
    power, step = divmod(bucket, 32)
    return (32 + step) / 32 * 2 ** power


def percentile(histogram, share):
    left = sum(histogram) * share
    for bucket, count in enumerate(histogram):
        if count and left <= count:
            return edge(bucket) + (edge(bucket + 1) - edge(bucket)) * left / count
        left -= count
    return 0


def tsc_mhz():
    """Of the host, whose counter a guest of either program sees."""
    with open('/proc/cpuinfo', encoding='ascii') as f:
        return next(float(line.split(':')[1]) for line in f if line.startswith('cpu MHz'))


# ---- viewers: each function begins with one and returns the function that ends it ----

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


def nobody(run):
    return lambda: None


def read_vnc(run):
    return Reader(run.path).end


def stall_vnc(run):
    viewer = Rfb(run.path)
    viewer.sock.sendall(struct.pack('>BBHHHH', 3, 0, 0, 0, viewer.width, viewer.height) * 50)
    return viewer.close


def stall_spice(run):
    viewer = spice.Viewer(run.path)
    spice.Picture(viewer.open(spice.DISPLAY)).step()
    return viewer.close


def look(run):
    """A window: QEMU's is always there, ours comes and goes."""
    if run.label == 'qemu':
        return nobody(run)
    run.ask(f'display_add {run.case},id=window')
    time.sleep(SETTLE_SECONDS)
    return lambda: run.ask('display_del window')


def stop_server(run):
    close = look(run)
    os.kill(run.x.server.pid, signal.SIGSTOP)

    def finish():
        os.kill(run.x.server.pid, signal.SIGCONT)
        time.sleep(SETTLE_SECONDS)
        close()
    return finish


CASES = {
    'vnc': {'nobody': nobody, 'viewer': read_vnc, 'stalled': stall_vnc},
    'spice': {'nobody': nobody, 'stalled': stall_spice},
    'gtk': {'nobody': nobody, 'viewer': look, 'stalled': stop_server},
    'sdl': {'nobody': nobody, 'viewer': look, 'stalled': stop_server},
}


def display(label, case):
    return {'vnc': '-vnc unix:{}',
            'spice': '-display none -spice unix=on,addr={},disable-ticketing=on'}.get(
                case, '-display ' + (case if label == 'qemu' else 'none'))


class Run:
    """A start of one program for one kind of viewer."""

    def __init__(self, label, command, case, accel, folder):
        self.label, self.case = label, case
        self.path = os.path.join(folder, 'viewer')
        memory, disk = os.path.join(folder, 'memory'), os.path.join(folder, 'disk')
        subprocess.run(['nasm', '-f', 'bin', '-o', disk, os.path.join(HERE, 'stall.asm')],
                       check=True)
        os.truncate(disk, 1 << 16)
        self.x = None
        if case in ('gtk', 'sdl'):
            self.x = xserver.XServer().__enter__()
            os.environ.update(self.x.env)
            os.environ.setdefault('XDG_RUNTIME_DIR', folder)
        try:
            self.program = Program(
                [*command, *(['-accel', 'tcg'] if accel == 'tcg' else [])],
                ['-nodefaults', '-m', f'{MEMORY >> 20}', '-machine', 'pc,memory-backend=memory',
                 '-object', f'memory-backend-file,id=memory,size={MEMORY},share=on,'
                            f'mem-path={memory}',
                 '-vga', 'std', '-drive', f'file={disk},format=raw,if=ide,snapshot=on',
                 *display(label, case).format(self.path).split()], folder)
        except BaseException:
            self.stop_x()
            raise
        with open(memory, 'rb') as f:
            self.memory = mmap.mmap(f.fileno(), MEMORY, prot=mmap.PROT_READ)

    def ask(self, line):
        """A monitor command, which has no answer unless it fails."""
        self.program.socket.settimeout(30)
        self.program.socket.sendall(line.encode() + b'\n')
        data = b''
        while not data.endswith(b') '):
            data += self.program.socket.recv(1 << 16)
        text = data.decode('latin-1')
        if 'Error' in text:
            raise SystemExit(text)

    def counts(self):
        """The histogram: exits in each bucket since the start."""
        return struct.unpack_from(f'<{BUCKETS}I', self.memory, HISTOGRAM)

    def wait(self):
        end = time.monotonic() + BOOT_DEADLINE
        while sum(self.counts()) < 1000:
            if time.monotonic() > end:
                raise SystemExit('the guest did not come up')
            time.sleep(0.2)

    def measure(self, begin, seconds):
        """(exits a second, median, 99th and 99.9th percentile, longest), times in cycles."""
        finish = begin(self)
        time.sleep(SETTLE_SECONDS)
        before, start = self.counts(), time.monotonic()
        time.sleep(seconds)
        after, took = self.counts(), time.monotonic() - start
        finish()
        histogram = [b - a for a, b in zip(before, after)]
        longest = max((bucket for bucket, count in enumerate(histogram) if count), default=0)
        return (sum(histogram) / took, percentile(histogram, 0.5), percentile(histogram, 0.99),
                percentile(histogram, 0.999), edge(longest + 1))

    def stop_x(self):
        if self.x:
            self.x.stop()

    def end(self):
        self.memory.close()
        if self.program.process.poll() is None:
            self.program.end()
        self.stop_x()


def bench(label, command, case, options):
    """By state of the viewer, what each round measured."""
    states = dict(CASES[case])
    if label == 'qemu' and case in ('gtk', 'sdl'):
        del states['nobody']
    results = {state: [] for state in states}
    with tempfile.TemporaryDirectory(prefix='vitrine-bench-') as folder:
        run = Run(label, command, case, options.accel, folder)
        try:
            run.wait()
            for _ in range(options.rounds):
                for state, begin in states.items():
                    results[state].append(run.measure(begin, options.seconds))
        finally:
            run.end()
    return results


def change(rounds, base):
    """Of the 99th percentile, in percent."""
    changes = sorted((a[2] / b[2] - 1) * 100 for a, b in zip(rounds, base))
    count = len(changes)
    return (f' ({statistics.median(changes):+.0f} %: '
            f'{changes[count // 4]:+.0f} to {changes[-1 - count // 4]:+.0f})')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('cases', nargs='*')
    parser.add_argument('--seconds', type=float, default=2)
    parser.add_argument('--rounds', type=int, default=8)
    parser.add_argument('--accel', default='kvm')
    parser.add_argument('--programs', default='vitrine,qemu')
    options = parser.parse_args()
    mhz = tsc_mhz()
    for case in options.cases or CASES:
        for label, command in programs().items():
            if label not in options.programs.split(','):
                continue
            results = bench(label, command, case, options)
            base = next(iter(results.values()))
            for state, rounds in results.items():
                rate, *times = (statistics.median(column) for column in zip(*rounds))
                median, p99, p999, longest = (value / mhz for value in times)
                print(f'{label:8} {case:5} {state:8}{rate:7.0f} exits/s, {median:5.1f} us median, '
                      f'{p99:6.1f} us 99th percentile'
                      f'{change(rounds, base) if rounds is not base else ""}, '
                      f'{p999:7.1f} us 99.9th, {longest / 1000:5.1f} ms longest', flush=True)


if __name__ == '__main__':
    main()
