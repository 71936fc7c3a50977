#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading a raw image that the host has in its memory, through AHCI: ours and QEMU's in one run, in
turns. Prints MB/s and processor time, judges nothing.

    bench_disk.py [kvm] [own] [tcg] [--rounds N] [--size MIB]

kvm: by a ring-3 program of ours (ahci.asm), 512 KiB a command
own: by the same on the software CPU, 64 KiB, 512 KiB and 1 MiB a command
tcg: by Linux on the software CPU, through its page cache and past it
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import linux  # noqa: E402
from machine import binary  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20
COUNTER = 0x90000  # of ahci.asm
OWN_MIB, OWN_SECONDS = 64, 4
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

    def read(self, block, flags):
        """Seconds, and seconds of processor time, to read the whole disk."""
        self.console.run('echo 3 > /proc/sys/vm/drop_caches')
        used, begin = processor_seconds(self.process.pid), time.monotonic()
        said = self.console.run('dd if=/dev/sda of=/dev/null bs=%s %s' % (block, flags))
        assert 'copied' in said or 'records out' in said, said
        return time.monotonic() - begin, processor_seconds(self.process.pid) - used

    def end(self):
        self.process.kill()
        self.process.wait()


class OwnPeer:
    """A program that runs ahci.asm with the disk."""

    def __init__(self, program, accel, boot, image):
        self.process = subprocess.Popen(
            [program, '-accel', accel, '-m', '64', '-nodefaults', '-display', 'none', '-vga', 'std',
             '-monitor', 'stdio', '-drive', 'if=ide,index=0,format=raw,file=' + boot,
             '-device', 'ahci,id=ahci', '-drive', 'if=none,id=d,format=raw,file=' + image,
             '-device', 'ide-hd,bus=ahci.0,drive=d'], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, bufsize=0)
        end = time.monotonic() + 120
        while not self.bytes_read():
            assert time.monotonic() < end, 'the guest does not read'
            time.sleep(1)
        self.ask('stop')

    def ask(self, command, pattern=rb'\) $'):
        """A monitor command's answer; `pattern` is its end."""
        self.process.stdin.write(command.encode() + b'\n')
        said = b''
        while not re.search(pattern, said):
            said += os.read(self.process.stdout.fileno(), 65536)
        return said

    def bytes_read(self):
        said = self.ask('xp /1xg 0x%x' % COUNTER, rb'0x[0-9a-f]{16}\r?\n')
        return int(re.findall(rb'(0x[0-9a-f]{16})\r?\n', said)[-1], 16)

    def read(self):
        """Bytes a second, and seconds of processor time a second."""
        self.ask('cont')
        used, begin, done = processor_seconds(self.process.pid), time.monotonic(), self.bytes_read()
        time.sleep(OWN_SECONDS)
        done, wall = self.bytes_read() - done, time.monotonic() - begin
        used = processor_seconds(self.process.pid) - used
        self.ask('stop')
        return done / wall, used / wall

    def end(self):
        self.process.kill()
        self.process.wait()


def processor_seconds(pid):
    with open('/proc/%d/stat' % pid, encoding='utf-8') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def programs():
    return (('vitrine', binary()), ('qemu', 'qemu-system-x86_64'))


def make_image(path, mib):
    with open(path, 'wb') as f:
        for _ in range(mib):
            f.write(os.urandom(MIB))
    return path


def bench_own(folder, options, accel, sectors):
    boot = os.path.join(folder, 'boot')
    subprocess.run(['nasm', '-f', 'bin', '-I', os.path.join(HERE, '../../data/demo/'),
                    '-DSECTORS=%d' % sectors, '-o', boot, os.path.join(HERE, 'ahci.asm')],
                   check=True)
    peers = {}
    try:
        for name, program in programs():
            own = os.path.join(folder, name + '.boot')
            shutil.copy(boot, own)
            peers[name] = OwnPeer(program, accel, own,
                                  make_image(os.path.join(folder, name + '.img'), OWN_MIB))
        taken = {name: [] for name in peers}
        for _ in range(options.rounds):
            for name, peer in peers.items():
                taken[name].append(peer.read())
        for name, each in taken.items():
            rate = statistics.median(rate for rate, _ in each) / 1e6
            used = statistics.median(used for _, used in each)
            print('%-8s %s, ring 3, %4d KiB %7.1f MB/s, processor %5.2f s a second, %5.2f a GB' %
                  (name, accel, sectors / 2, rate, used, used / rate * 1000), flush=True)
    finally:
        for peer in peers.values():
            peer.end()


def bench_kvm(folder, options):
    bench_own(folder, options, 'kvm', 1024)


def bench_own_tcg(folder, options):
    for sectors in (128, 1024, 2048):
        bench_own(folder, options, 'tcg', sectors)


def bench_tcg(folder, options):
    package = linux.Package()
    reason = package.skip_reason()
    if reason:
        sys.exit(reason)
    files, load = package.load('sd_mod', 'ahci')
    initrd = os.path.join(folder, 'initrd')
    with open(linux.FILES % 'text' + 'initrd.gz', 'rb') as f, open(initrd, 'wb') as out:
        out.write(f.read())
        out.write(b'\0' * (-out.tell() % 4) + linux.archive(files))
    peers = {}
    try:
        for name, program in programs():
            image = make_image(os.path.join(folder, name + '.img'), options.size)
            peers[name] = Peer(program, folder, package, initrd, load, image)
        for block, flags in (('1M', 'iflag=direct'), ('64k', 'iflag=direct'), ('1M', ''),
                             ('64k', ''), ('4k', '')):
            seconds = {name: [] for name in peers}
            for _ in range(options.rounds):
                for name, peer in peers.items():
                    seconds[name].append(peer.read(block, flags))
            for name, taken in seconds.items():
                wall = statistics.median(each[0] for each in taken)
                used = statistics.median(each[1] for each in taken)
                print('%-8s blocks of %-4s %-12s %7.1f MB/s, processor %5.2f s' %
                      (name, block, flags, options.size * MIB / wall / 1e6, used), flush=True)
    finally:
        for peer in peers.values():
            peer.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('what', nargs='*', choices=('kvm', 'own', 'tcg', []))
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--size', type=int, default=256)
    options = parser.parse_args()
    for what, bench in (('kvm', bench_kvm), ('own', bench_own_tcg), ('tcg', bench_tcg)):
        if what in options.what or not options.what:
            with tempfile.TemporaryDirectory() as folder:
                bench(folder, options)


if __name__ == '__main__':
    main()
