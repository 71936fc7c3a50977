# SPDX-License-Identifier: GPL-2.0-or-later
"""Firmware boots a disk and a CD-ROM of ours under KVM, and reads and writes through INT 13h."""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from machine import Machine

# Prints sector DATA of the boot drive at port E9h, and on a disk writes it to sector COPY.
BOOT = '''
    bits 16
    org 0x7c00
    jmp 0:start
start:
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 0x7c00
    mov [drive], dl
    mov ah, 0x42
    call disk
    mov si, 0x8000
next:
    lodsb
    out 0xe9, al
    or al, al
    jnz next
    cmp byte [drive], 0x80
    jne done
    mov word [packet + 8], COPY
    mov ax, 0x4300
    call disk
done:
    mov al, '!'
    out 0xe9, al
halt:
    hlt
    jmp halt
disk:
    mov si, packet
    mov dl, [drive]
    int 0x13
    jc failed
    ret
failed:
    mov al, '?'
    out 0xe9, al
    jmp halt
drive:  db 0
    align 4
packet: db 16, 0
    dw 1, 0x8000, 0
    dq DATA
    times 510 - ($ - $$) db 0
    dw 0xaa55
'''
DATA, COPY = 100, 200
TEXT = b'these bytes came from the medium'


def assemble(directory):
    source, out = os.path.join(directory, 'boot.asm'), os.path.join(directory, 'boot.bin')
    with open(source, 'w') as f:
        f.write(BOOT)
    subprocess.run(['nasm', '-f', 'bin', '-DDATA=%d' % DATA, '-DCOPY=%d' % COPY, '-o', out,
                    source], check=True)
    with open(out, 'rb') as f:
        return f.read()


def iso(boot):
    """A disc with an El Torito boot catalog (no emulation) and nothing else."""
    catalog = struct.pack('<BBH24sHBB', 1, 0, 0, b'', 0, 0x55, 0xaa)
    total = sum(struct.unpack('<16H', catalog)) & 0xffff
    catalog = catalog[:28] + struct.pack('<HBB', -total & 0xffff, 0x55, 0xaa)
    catalog += struct.pack('<BBHBBHI', 0x88, 0, 0, 0, 0, 4, 20)
    sectors = {
        16: b'\x01CD001\x01'.ljust(80, b'\0') + struct.pack('<I', 300),
        17: b'\0CD001\x01EL TORITO SPECIFICATION'.ljust(71, b'\0') + struct.pack('<I', 19),
        18: b'\xffCD001\x01',
        19: catalog,
        20: boot,
        DATA: TEXT + b'\0',
    }
    return b''.join(sectors.get(n, b'').ljust(2048, b'\0') for n in range(300))


@unittest.skipUnless(os.access('/dev/kvm', os.R_OK | os.W_OK), 'needs /dev/kvm')
@unittest.skipUnless(shutil.which('nasm'), 'needs nasm')
class DiskBoot(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='vitrine-boot-')
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.boot = assemble(self.dir)
        self.path = os.path.join(self.dir, 'image')

    def run_to_mark(self, *args):
        """Runs until the guest has printed its mark; returns what came before."""
        log = os.path.join(self.dir, 'e9')
        end = time.monotonic() + 60
        with Machine('-machine', 'pc', '-debugcon', 'file:' + log, '-vga', 'none', *args,
                     accel='kvm', monitor=False):
            while time.monotonic() < end:
                if os.path.exists(log):
                    with open(log, 'rb') as f:
                        text = f.read()
                    if text[-1:] in (b'!', b'?'):
                        return text
                time.sleep(0.2)
        self.fail('the guest printed nothing')

    def test_disk(self):
        with open(self.path, 'wb') as f:
            f.write(self.boot.ljust(512 * DATA, b'\0') + TEXT)
            f.truncate(1 << 20)
        self.assertEqual(self.run_to_mark('-hda', self.path), TEXT + b'\0!')
        with open(self.path, 'rb') as f:
            f.seek(512 * COPY)
            self.assertEqual(f.read(len(TEXT)), TEXT)

    def test_cdrom(self):
        with open(self.path, 'wb') as f:
            f.write(iso(self.boot))
        self.assertEqual(self.run_to_mark('-cdrom', self.path), TEXT + b'\0!')

    def ahci(self, device):
        return ('-nodefaults', '-device', 'ahci,id=ahci', '-device', device + ',bus=ahci.1,drive=d')

    def test_ahci_disk(self):
        with open(self.path, 'wb') as f:
            f.write(self.boot.ljust(512 * DATA, b'\0') + TEXT)
            f.truncate(1 << 20)
        drive = 'if=none,id=d,format=raw,file=' + self.path
        self.assertEqual(self.run_to_mark('-drive', drive, *self.ahci('ide-hd')), TEXT + b'\0!')
        with open(self.path, 'rb') as f:
            f.seek(512 * COPY)
            self.assertEqual(f.read(len(TEXT)), TEXT)

    def test_ahci_cdrom(self):
        with open(self.path, 'wb') as f:
            f.write(iso(self.boot))
        drive = 'if=none,id=d,media=cdrom,file=' + self.path
        self.assertEqual(self.run_to_mark('-drive', drive, *self.ahci('ide-cd')), TEXT + b'\0!')


if __name__ == '__main__':
    tap.main()
