#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading a raw image that the host has in its memory, through AHCI, by Linux on the software CPU:
ours and QEMU's in one run, in turns. Prints MB/s and processor time, judges nothing.

    bench_disk.py [--rounds N] [--size MIB]
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import linux  # noqa: E402
from machine import binary  # noqa: E402

MIB = 1 << 20
TICKS = os.sysconf('SC_CLK_TCK')


class Peer:
    """A program that runs Linux with the disk; also what linux.Console wants of a machine."""

    def __init__(self, program, folder, package, initrd, load, image):
        path = os.path.join(folder, os.path.basename(program))
        self.process = subprocess.Popen(
            [program, '-accel', 'tcg', '-m', '1G', '-nodefaults', '-display', 'none', '-kernel',
             package.kernel, '-initrd', initrd, '-append', 'console=ttyS0 quiet rdinit=/bin/sh',
             '-chardev', 'socket,id=serial,server=on,wait=off,path=' + path, '-serial',
             'chardev:serial', '-device', 'ahci,id=ahci', '-drive',
             'if=none,id=d,format=raw,read-only=off,file=' + image, '-device',
             'ide-hd,bus=ahci.0,drive=d'], stdin=subprocess.DEVNULL)
        while not os.path.exists(path):
            time.sleep(0.1)
        self.console = linux.Console(self, path)
        self.console.wait('~ # ')
        self.console.run('mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev')
        self.console.run(load)
        self.console.wait_for('[ -b /dev/sda ]')

    def running(self):
        return self.process.poll() is None

    def stderr(self):
        return ''

    def processor_seconds(self):
        with open('/proc/%d/stat' % self.process.pid, encoding='utf-8') as f:
            fields = f.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def read(self, block):
        """Seconds, and seconds of processor time, to read the whole disk."""
        self.console.run('echo 3 > /proc/sys/vm/drop_caches')
        used, begin = self.processor_seconds(), time.monotonic()
        self.console.run('dd if=/dev/sda of=/dev/null bs=%s 2>/dev/null' % block)
        return time.monotonic() - begin, self.processor_seconds() - used

    def end(self):
        self.process.kill()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--size', type=int, default=256)
    options = parser.parse_args()
    package = linux.Package()
    reason = package.skip_reason()
    if reason:
        sys.exit(reason)
    files, load = package.load('sd_mod', 'ahci')
    with tempfile.TemporaryDirectory() as folder:
        initrd = os.path.join(folder, 'initrd')
        with open(linux.FILES % 'text' + 'initrd.gz', 'rb') as f, open(initrd, 'wb') as out:
            out.write(f.read())
            out.write(b'\0' * (-out.tell() % 4) + linux.archive(files))
        peers = {}
        try:
            for name, program in (('vitrine', binary()), ('qemu', 'qemu-system-x86_64')):
                image = os.path.join(folder, name + '.img')
                with open(image, 'wb') as f:
                    for _ in range(options.size):
                        f.write(os.urandom(MIB))
                peers[name] = Peer(program, folder, package, initrd, load, image)
            for block in ('1M', '64k', '4k'):
                seconds = {name: [] for name in peers}
                for _ in range(options.rounds):
                    for name, peer in peers.items():
                        seconds[name].append(peer.read(block))
                for name, taken in seconds.items():
                    wall = statistics.median(each[0] for each in taken)
                    used = statistics.median(each[1] for each in taken)
                    print('%-8s blocks of %-4s %7.1f MB/s, processor %5.2f s' %
                          (name, block, options.size * MIB / wall / 1e6, used), flush=True)
        finally:
            for peer in peers.values():
                peer.end()


if __name__ == '__main__':
    main()
