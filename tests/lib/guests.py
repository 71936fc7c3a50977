# SPDX-License-Identifier: GPL-2.0-or-later
"""Real systems as guests of a test: where the packages put them, disks made of them, and what the
tests that boot them have in common.

Deadlines are generous, for a busy machine: a test ends when the guest shows what it waits for.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import grub
from machine import Machine, run
from screen import Screen, wait

KERNELS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'guest',
                       'kernels')
MEMTEST = '/usr/lib/memtest86+/memtest86+%s.iso'
IPXE = '/usr/lib/ipxe/ipxe.iso'
OVMF = '/usr/share/ovmf/OVMF.fd'
OVMF_CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd'
OVMF_VARS = '/usr/share/OVMF/OVMF_VARS_4M.fd'
ISOLINUX = '/usr/lib/ISOLINUX/isolinux.bin'
SYSLINUX = '/usr/lib/syslinux/modules/bios'
FONT = '/usr/share/grub/unicode.pf2'
KEYS = {' ': 'spc', '\n': 'ret', '-': 'minus', '.': 'dot', '/': 'slash', '=': 'equal',
        ':': 'shift-semicolon'}
DEADLINE = 240


def has_accel(name):
    if name == 'kvm':
        return os.access('/dev/kvm', os.R_OK | os.W_OK)
    return any(line.split()[:1] == [name] for line in run('-accel', 'help')[1].splitlines())


def long_run():
    """Whether tests that take minutes are asked for."""
    return bool(os.environ.get('VITRINE_LONG'))


def needs(*paths):
    """Skips a test for want of files or, without a slash, of programs."""
    absent = [p for p in paths if not (os.path.exists(p) if '/' in p else shutil.which(p))]
    return unittest.skipIf(absent, 'not installed: ' + ', '.join(absent))


def assemble(source, path):
    """A kernel of tests/guest/kernels; it tells at port E9h how it was booted."""
    subprocess.run(['nasm', '-f', 'bin', '-w+all', '-i', KERNELS + '/', '-o', path,
                    os.path.join(KERNELS, source + '.asm')], check=True)
    return path


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='ascii') as f:
        f.write(text)


def isolinux_cdrom(path, config, *modules):
    """A CD-ROM with isolinux, its modules and /linux, a kernel of ours."""
    with tempfile.TemporaryDirectory(prefix='vitrine-isolinux-') as folder:
        write(folder, 'isolinux/isolinux.cfg', config)
        shutil.copy(ISOLINUX, folder + '/isolinux/')
        for name in ('ldlinux', *modules):
            shutil.copy('%s/%s.c32' % (SYSLINUX, name), folder + '/isolinux/')
        assemble('linux', folder + '/linux')
        subprocess.run(['xorriso', '-as', 'mkisofs', '-quiet', '-o', path, '-b',
                        'isolinux/isolinux.bin', '-c', 'isolinux/boot.cat', '-no-emul-boot',
                        '-boot-load-size', '4', '-boot-info-table', folder],
                       check=True, capture_output=True, timeout=60)
    return path


def grub_cdrom(path, config, modules):
    """A CD-ROM with GRUB, its font and /multiboot, a kernel of ours."""
    with tempfile.TemporaryDirectory(prefix='vitrine-grub-') as folder:
        write(folder, 'boot/grub/grub.cfg', config)
        shutil.copy(FONT, folder + '/boot/grub/font.pf2')
        assemble('multiboot', folder + '/multiboot')
        subprocess.run(['grub-mkrescue', '-d', grub.PLATFORM, '-o', path, folder, '--fonts=',
                        '--locales=', '--themes=', '--install-modules=' + modules],
                       check=True, capture_output=True, timeout=120)
    return path


class Serial:
    """The guest's first serial port: a socket that the program connects to. A thread reads it, for
    a guest's console drops characters when a line takes none for 10 ms."""

    def __init__(self, path):
        self.argument = 'unix:' + path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.sock = None
        self.data = b''

    def accept(self):
        self.listener.settimeout(20)
        self.sock = self.listener.accept()[0]
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while more := self.sock.recv(65536):
                self.data += more
        except OSError:
            pass  # closed

    @property
    def text(self):
        """All that came until now."""
        return self.data.decode('utf-8', 'replace').replace('\r', '')

    def send(self, text):
        self.sock.sendall(text.encode())

    def wait(self, text, timeout=DEADLINE, after=0):
        """Until `text` came, behind the first `after` characters; returns where it ends."""
        end = time.monotonic() + timeout
        while (at := self.text.find(text, after)) < 0:
            if time.monotonic() > end:
                raise AssertionError('no %r on the serial line:\n%s' % (text, self.text[-3000:]))
            time.sleep(0.1)
        return at + len(text)

    def close(self):
        self.listener.close()
        if self.sock:
            self.sock.close()


class GuestTest(unittest.TestCase):
    """A test that boots something on an accelerator."""

    accel = 'tcg'

    def setUp(self):
        if not has_accel(self.accel):
            self.skipTest('needs the accelerator ' + self.accel)
        self.m = Machine(accel=self.accel, timeout=60)
        self.addCleanup(self.m.stop)
        self.serial = None

    def start(self, *args, serial=False):
        self.m.args = list(args)
        if serial:
            self.serial = Serial(self.m.path('serial'))
            self.addCleanup(self.serial.close)
            self.m.args += ['-serial', self.serial.argument]
        self.m.start()
        if serial:
            self.serial.accept()
        self.screen = Screen(self.m)

    def debug_console(self):
        """Arguments of a console at port E9h, and of the way out at F4h, that kernels use."""
        return ('-chardev', 'file,id=debug,path=' + self.m.path('log'), '-device',
                'isa-debugcon,iobase=0xe9,chardev=debug', '-device',
                'isa-debug-exit,iobase=0xf4,iosize=4')

    def debug_lines(self):
        with open(self.m.path('log'), encoding='latin-1') as f:
            return f.read().splitlines()

    def key(self, *names):
        for name in names:
            self.assertEqual(self.m.hmp.command('sendkey ' + name), '')
            time.sleep(0.15)  # sendkey holds a key for 0.1 s

    def type(self, text):
        self.key(*(KEYS.get(letter, letter) for letter in text))

    def wait(self, condition, what, timeout=DEADLINE):
        return wait(condition, what, timeout)

    def lit_rows(self, color, x):
        """[(first, end)] of the runs of picture rows whose pixel at x has the colour."""
        picture, runs = self.screen.dump(), []
        if x >= picture.width:
            return []
        for y in range(picture.height):
            if picture.pixel(x, y) == color:
                if runs and runs[-1][1] == y:
                    runs[-1] = runs[-1][0], y + 1
                else:
                    runs.append((y, y + 1))
        return runs
