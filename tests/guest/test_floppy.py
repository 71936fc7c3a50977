#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SeaBIOS boots a floppy of ours under tcg, which reads and writes through INT 13h."""

import os
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from machine import Machine, run

# Prints the first string of cylinder 1 at port E9h, and writes that track to the last one.
BOOT = '''
    bits 16
    org 0x7c00
    jmp 0:start
start:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7c00
    mov [drive], dl
    mov ax, 0x0200 + SECTORS
    mov cx, 0x0101
    mov dh, 0
    call disk
    mov si, 0x8000
next:
    lodsb
    out 0xe9, al
    or al, al
    jnz next
    mov ax, 0x0300 + SECTORS
    mov cx, LAST << 8 | 1
    mov dh, 1
    call disk
    mov al, '!'
    out 0xe9, al
halt:
    hlt
    jmp halt
disk:
    mov bx, 0x8000
    mov dl, [drive]
    int 0x13
    jc failed
    ret
failed:
    mov al, '?'
    out 0xe9, al
    jmp halt
drive:  db 0
    times 510 - ($ - $$) db 0
    dw 0xaa55
'''


@unittest.skipUnless('tcg' in run('-accel', 'help')[1], 'needs the accelerator tcg')
class Floppy(unittest.TestCase):
    def boot(self, cylinders, per_track, *args, readonly=False):
        """Boots a medium; returns what it printed, and whether the track was copied."""
        m, files = Machine('-nodefaults', '-vga', 'none', accel='tcg'), Machine()
        self.addCleanup(m.stop)
        self.addCleanup(files.stop)
        source, log = files.file('boot.asm', BOOT.encode()), files.path('e9')
        boot = files.path('boot.bin')
        subprocess.run(['nasm', '-f', 'bin', '-DSECTORS=%d' % per_track, '-DLAST=%d' %
                        (cylinders - 1), '-o', boot, source], check=True)
        with open(boot, 'rb') as f:
            image = bytearray(f.read())
        track = per_track * 512
        text = b'a floppy of %d sectors\0' % (2 * cylinders * per_track)
        image = image.ljust(2 * track, b'\0') + text + os.urandom(track - len(text))
        path = files.file('a.img', image.ljust(2 * cylinders * track, b'\0'))
        m.args += ['-debugcon', 'file:' + log, '-drive', 'if=floppy,format=raw,readonly=%s,file=%s'
                   % ('on' if readonly else 'off', path), *args]
        m.start()
        end = time.monotonic() + 90
        printed = b''
        while printed[-1:] not in (b'!', b'?'):
            self.assertLess(time.monotonic(), end, 'the guest printed %r' % printed)
            time.sleep(0.2)
            if os.path.exists(log):
                with open(log, 'rb') as f:
                    printed = f.read()
        m.stop()
        with open(path, 'rb') as f:
            after = f.read()
        self.assertIn(printed[:-1], (text, b''))
        return printed[-1:], after[-track:] == image[2 * track:3 * track]

    def test_formats(self):
        for cylinders, per_track in ((80, 18), (80, 36), (80, 9), (80, 15), (40, 9)):
            with self.subTest(cylinders=cylinders, per_track=per_track):
                self.assertEqual(self.boot(cylinders, per_track), (b'!', True))

    def test_q35(self):
        self.assertEqual(self.boot(80, 18, '-machine', 'q35'), (b'!', True))

    def test_isapc(self):
        self.assertEqual(self.boot(80, 18, '-machine', 'isapc'), (b'!', True))

    @unittest.skipUnless(shutil.which('grub-mkimage'), 'needs grub-mkimage')
    def test_grub(self):
        """GRUB's own boot sector, which loads the rest sector by sector."""
        files = Machine()
        self.addCleanup(files.stop)
        config = files.file('grub.cfg', b'serial\nterminal_output serial\necho from a floppy\nls\n')
        core = files.path('core.img')
        subprocess.run(['grub-mkimage', '-O', 'i386-pc', '-o', core, '-p', '(fd0)/', '-c', config,
                        'biosdisk', 'serial', 'terminal', 'echo', 'ls'], check=True)
        image = b''
        for path in ('/usr/lib/grub/i386-pc/boot.img', core):
            with open(path, 'rb') as f:
                image += f.read()
        path, log = files.file('a.img', image.ljust(1440 << 10, b'\0')), files.path('serial')
        m = Machine('-nodefaults', '-vga', 'std', '-fda', path, '-serial', 'file:' + log,
                    accel='tcg')
        self.addCleanup(m.stop)
        m.start()
        end, text = time.monotonic() + 90, b''
        while b'(fd0)' not in text:
            self.assertLess(time.monotonic(), end, text)
            time.sleep(0.2)
            if os.path.exists(log):
                with open(log, 'rb') as f:
                    text = f.read()
        self.assertIn(b'from a floppy', text)

    def test_bootindex(self):
        """Before the order of letters."""
        self.assertEqual(self.boot(80, 18, '-boot', 'c', '-global', 'isa-fdc.bootindexA=1'),
                         (b'!', True))

    def test_write_protected(self):
        self.assertEqual(self.boot(80, 18, readonly=True), (b'?', False))


if __name__ == '__main__':
    tap.main()
