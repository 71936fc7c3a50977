# SPDX-License-Identifier: GPL-2.0-or-later
"""-kernel, -initrd and -append: kernels of ours (kernels/*.asm), through SeaBIOS and our option ROM
on every accelerator that runs code here. A kernel tells at port E9h what it was given."""

import os
import random
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from machine import Machine, run

KERNELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'kernels')


def has_accel(name):
    if name == 'kvm':
        return os.access('/dev/kvm', os.R_OK | os.W_OK)
    return any(line.split()[:1] == [name] for line in run('-accel', 'help')[1].splitlines())


def checksum(data):
    value = 0
    for byte in data:
        value = ((value << 1 | value >> 31) + byte) & 0xffffffff
    return value


class KernelTest:
    """The tests; a class below runs them on an accelerator."""

    accel = None

    def setUp(self):
        self.machine = Machine(accel=self.accel, monitor=False)
        self.addCleanup(self.machine.stop)
        self.random = random.Random(1)

    def assemble(self, source, *defines):
        path = self.machine.path(source)
        subprocess.run(['nasm', '-f', 'bin', '-w+all', *['-D' + d for d in defines], '-i',
                        KERNELS + '/', '-o', path, os.path.join(KERNELS, source + '.asm')],
                       check=True)
        return path

    def file(self, name, size):
        data = self.random.randbytes(size)
        return self.machine.file(name, data), data

    def boot(self, kernel, *args, memory='32'):
        """Runs a kernel to its end: returns its lines, and those with a "=" as a dictionary."""
        self.machine.args = ['-m', memory, '-kernel', kernel, *args, '-chardev',
                             'file,id=debug,path=' + self.machine.path('log'), '-device',
                             'isa-debugcon,iobase=0xe9,chardev=debug', '-device',
                             'isa-debug-exit,iobase=0xf4,iosize=4']
        self.machine.start()
        status = self.machine.wait(120)
        with open(self.machine.path('log'), encoding='latin-1') as f:
            lines = f.read().splitlines()
        self.assertEqual(status, 1, (lines, self.machine.stderr()))
        return lines, dict(line.split('=', 1) for line in lines if '=' in line)

    # ---- Linux ----

    def check_linux(self, values, initrd=b'', addr=0):
        self.assertEqual(values['loader'], '000000ff')
        self.assertEqual(values['tail'], '11223344')
        self.assertEqual(int(values['size'], 16), len(initrd))
        self.assertEqual(int(values['initrd'], 16), addr)
        self.assertEqual(int(values['sum'], 16), checksum(initrd))

    def test_linux(self):
        initrd, data = self.file('initrd', 200001)
        lines, values = self.boot(self.assemble('linux'), '-initrd', initrd, '-append',
                                  'root=/dev/ram0 vga=0x303 -- a,b')
        # The end of memory, without the room of the firmware's tables.
        self.check_linux(values, data, ((32 << 20) - 0x40000 - len(data)) & ~0xfff)
        self.assertEqual(values['loadflags'], '00000081')
        self.assertEqual(values['heap_end'], '0000de00')
        self.assertEqual(values['vid_mode'], '00000303')
        self.assertEqual((values['ss'], values['sp'], values['cs']),
                         ('00001000', '0000e000', '00001020'))
        self.assertEqual(lines[-1], 'root=/dev/ram0 vga=0x303 -- a,b')

    def test_linux_alone(self):
        lines, values = self.boot(self.assemble('linux'))
        self.check_linux(values)
        self.assertEqual(values['vid_mode'], '0000ffff')
        self.assertEqual(lines[-1], '')

    def test_linux_again(self):
        """After a reset the kernel comes again."""
        lines, values = self.boot(self.assemble('linux', 'RESETS'), '-append', 'again')
        self.check_linux(values)
        self.assertEqual(lines.count('again'), 2)

    def test_linux_memory_limits(self):
        """The initrd ends below what the command line and the kernel (2 GiB) allow."""
        initrd, data = self.file('initrd', 5000)
        _, values = self.boot(self.assemble('linux'), '-initrd', initrd, '-append', 'mem=16M',
                              memory='3G')
        self.check_linux(values, data, (16 << 20) - 0x2000)

    def test_linux_much_memory(self):
        initrd, data = self.file('initrd', 5000)
        _, values = self.boot(self.assemble('linux'), '-initrd', initrd, memory='5G')
        self.check_linux(values, data, (2 << 30) - 0x2000)

    def test_old_linux(self):
        """Protocol 2.01: everything in the segment 9000h."""
        lines, values = self.boot(self.assemble('linux', 'PROTOCOL=0x201'), '-append', 'vga=ask')
        self.check_linux(values)
        self.assertEqual(values['magic'], '0000a33f')
        self.assertEqual(values['heap_end'], '00009600')
        self.assertEqual((values['ss'], values['vid_mode']), ('00009000', '0000fffd'))
        self.assertEqual(lines[-1], 'vga=ask')

    def test_zimage_isapc(self):
        initrd, data = self.file('initrd', 5000)
        lines, values = self.boot(self.assemble('linux', 'PROTOCOL=0x200', 'ZIMAGE'), '-machine',
                                  'isapc', '-initrd', initrd, '-append', 'x')
        self.check_linux(values, data, (32 << 20) - 0x40000 - 0x2000)
        self.assertEqual(lines[-1], 'x')

    # ---- multiboot ----

    def check_multiboot(self, values):
        self.assertEqual(values['magic'], '2badb002')
        self.assertEqual(values['tail'], '55667788')
        self.assertEqual(int(values['cr0'], 16), 1)
        self.assertEqual(int(values['eflags'], 16) & 0x20200, 0)
        self.assertEqual(values['bss'], '00000000')
        self.assertEqual(values['lower'], '0000027f')
        self.assertGreater(int(values['upper'], 16), 30 << 10)

    def test_multiboot(self):
        (first, one), (second, two) = self.file('one', 70000), self.file('two', 4096)
        third, three = self.file('three', 1)
        lines, values = self.boot(self.assemble('multiboot'), '-append', 'one  two', '-initrd',
                                  '%s,%s a=1,,2 b,%s ' % (first, second, third))
        self.check_multiboot(values)
        self.assertEqual(int(values['flags'], 16) & 0x124d, 0x124d)
        self.assertIn('Vitrine', lines)
        self.assertIn(self.machine.path('multiboot') + ' one  two', lines)
        self.assertEqual(values['modules'], '00000003')
        for text, data in ((first, one), (second + ' a=1,2 b', two), (third + ' ', three)):
            at = lines.index(text)
            module = dict(line.split('=') for line in lines[at + 1:at + 4])
            self.assertEqual(int(module['start'], 16) & 0xfff, 0)
            self.assertEqual(int(module['size'], 16), len(data))
            self.assertEqual(int(module['sum'], 16), checksum(data))
        maps = [int(line.split('=')[1], 16) for line in lines
                if line.startswith(('map=', 'length=', 'type='))]
        maps = list(zip(maps[::3], maps[1::3], maps[2::3]))
        self.assertEqual(maps[0], (0, 0x9fc00, 1))
        ram = [entry for entry in maps if entry[0] == 0x100000]
        self.assertEqual([(addr, kind) for addr, _, kind in ram], [(0x100000, 1)])
        self.assertEqual(ram[0][1] >> 10, int(values['upper'], 16))

    def test_multiboot_by_header(self):
        lines, values = self.boot(self.assemble('multiboot', 'AOUT'))
        self.check_multiboot(values)
        self.assertEqual(values['modules'], '00000000')
        self.assertIn(self.machine.path('multiboot'), lines)


@unittest.skipUnless(shutil.which('nasm'), 'needs nasm')
@unittest.skipUnless(has_accel('kvm'), 'needs /dev/kvm')
class Kvm(KernelTest, unittest.TestCase):
    accel = 'kvm'


@unittest.skipUnless(shutil.which('nasm'), 'needs nasm')
@unittest.skipUnless(has_accel('tcg'), 'needs the accelerator tcg')
class Tcg(KernelTest, unittest.TestCase):
    accel = 'tcg'


if __name__ == '__main__':
    tap.main()
