# SPDX-License-Identifier: GPL-2.0-or-later
"""SeaBIOS under KVM: POST to "No bootable device", boot menu and order, tiny boot sectors that
reset the machine in every way there is or switch it off."""

import os
import struct
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from machine import Machine

BANNER = 'SeaBIOS (version'
SAY = b'\xb0%c\xba\x02\x04\xee'  # mov al, X; mov dx, 402h; out dx, al
HALT = b'\xf4\xeb\xfd'           # hlt; jmp back
CF9 = b'\xba\xf9\x0c\xb0\x06\xee'
PORT92 = b'\xb0\x01\xe6\x92'
KBC = b'\xb0\xfe\xe6\x64'
# cli; xor ax, ax; mov ds, ax; lidt [7C80h], where zeros lie; set CR0.PE; ud2
TRIPLE_FAULT = (b'\xfa\x31\xc0\x8e\xd8\x0f\x01\x1e\x80\x7c\x0f\x20\xc0\x0c\x01\x0f\x22\xc0'
                b'\x0f\x0b')
# Reads the PM base from 01.3, offset 40h, and writes SLP_EN with SLP_TYP 0 to PM1_CNT.
S5 = (b'\x66\xb8\x40\x0b\x00\x80\xba\xf8\x0c\x66\xef\xba\xfc\x0c\xed\x24\xc0\x83\xc0\x04\x89\xc2'
      b'\xb8\x00\x20\xef')
S3 = S5.replace(b'\xb8\x00\x20', b'\xb8\x00\x24')  # SLP_TYP 1


def sector(letter, *code):
    """A boot sector that says `letter` and "\\n" at the debug port, runs the code and halts."""
    image = b''.join((SAY % letter.encode(), SAY % b'\n', *code, HALT))
    assert len(image) <= 128
    return image.ljust(510, b'\0') + b'\x55\xaa'


def cdrom(boot_sector):
    """A CD-ROM image with an El Torito boot record for no emulation, and nothing else."""
    def both(value, size):
        return value.to_bytes(size, 'little') + value.to_bytes(size, 'big')

    blocks = [bytes(2048)] * 16
    pvd = b'\1CD001\1\0' + b' ' * 32 + b'TEST'.ljust(32) + bytes(8) + both(24, 4) + bytes(32)
    pvd += both(1, 2) + both(1, 2) + both(2048, 2)
    blocks.append(pvd.ljust(2048, b'\0'))
    record = b'\0CD001\1' + b'EL TORITO SPECIFICATION'.ljust(32, b'\0') + bytes(32)
    blocks.append((record + struct.pack('<I', 19)).ljust(2048, b'\0'))
    blocks.append(b'\xffCD001\1'.ljust(2048, b'\0'))
    entry = bytearray(b'\1' + bytes(27) + b'\0\0\x55\xaa')
    total = sum(struct.unpack('<16H', entry)) & 0xffff
    entry[28:30] = struct.pack('<H', -total & 0xffff)
    entry += struct.pack('<BBHBBHI', 0x88, 0, 0, 0, 0, 4, 20)
    blocks.append(bytes(entry).ljust(2048, b'\0'))
    blocks.append(boot_sector.ljust(2048, b'\0'))
    return b''.join(blocks + [bytes(2048)] * 3)


@unittest.skipUnless(os.access('/dev/kvm', os.R_OK | os.W_OK), 'needs /dev/kvm')
class SeaBios(unittest.TestCase):
    def setUp(self):
        self.machine = Machine(accel='kvm')
        self.addCleanup(self.machine.stop)

    def start(self, *args):
        """Starts a PC whose firmware writes its debug log to a file."""
        self.machine.args = ['-m', '64', *args, '-chardev',
                             'file,id=debug,path=' + self.machine.path('log'), '-device',
                             'isa-debugcon,iobase=0x402,chardev=debug']
        self.machine.start()

    def disk(self, image):
        return 'file=%s,format=raw,if=ide' % self.machine.file('disk', image.ljust(1 << 20, b'\0'))

    def log(self):
        try:
            with open(self.machine.path('log'), encoding='latin-1') as f:
                return f.read()
        except FileNotFoundError:
            return ''

    def wait_log(self, text, count=1, timeout=90):
        """Waits until the text is in the log `count` times; returns the log."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            log = self.log()
            if log.count(text) >= count:
                return log
            if not self.machine.running():
                break
            time.sleep(0.1)
        self.fail('no %r in the log:\n%s\n%s' % (text, self.log()[-2000:], self.machine.stderr()))

    def screen(self):
        """The characters of the text screen, read from video memory as the processor sees it."""
        rows = []
        for row in range(25):
            text = self.machine.hmp.command('xp /160xb 0x%x' % (0xb8000 + 160 * row))
            data = [int(word, 16) for line in text.splitlines()
                    for word in line.split(':', 1)[1].split()]
            rows.append(''.join(chr(c) if 32 <= c < 127 else ' ' for c in data[::2]).rstrip())
        return rows

    def wait_screen(self, text, timeout=60):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            rows = self.screen()
            if any(text in row for row in rows):
                return rows
            time.sleep(0.3)
        self.fail('no %r on the screen:\n%s' % (text, '\n'.join(self.screen())))

    def test_no_bootable_device(self):
        self.start()
        log = self.wait_log('No bootable device.')
        for line in ('Running on QEMU (i440fx)', 'Found QEMU fw_cfg', 'Running on KVM',
                     'QEMU fw_cfg DMA interface supported',
                     'PCI: Using 00:02.0 for primary VGA', 'Start SeaVGABIOS',
                     'PS2 keyboard initialized', 'ATA controller 2 at 170/374/0 (irq 15 dev 9)'):
            self.assertIn(line, log)
        rows = self.wait_screen('No bootable device.')
        self.assertTrue(rows[0].startswith(BANNER), rows)

    def test_isapc(self):
        self.start('-machine', 'isapc', '-drive', self.disk(sector('I')))
        log = self.wait_log('\nI\n')
        self.assertIn('Detected non-PCI system', log)

    def test_several_processors(self):
        self.start('-smp', '3')
        self.assertIn('Found 3 cpu(s) max supported 3 cpu(s)', self.wait_log('No bootable device.'))

    def test_boot_menu(self):
        self.start('-boot', 'menu=on', '-drive', self.disk(sector('D')), '-drive',
                   'file=%s,media=cdrom,if=ide,index=2' %
                   self.machine.file('cd', cdrom(sector('C'))))
        self.wait_screen('Press ESC for boot menu')
        self.machine.hmp.command('sendkey esc')
        rows = self.wait_screen('Select boot device')
        entry = next(row for row in self.wait_screen('DVD/CD') if 'DVD/CD' in row)
        self.assertTrue(any('ata0-0' in row for row in rows) or
                        any('ata0-0' in row for row in self.screen()))
        self.machine.hmp.command('sendkey ' + entry.strip()[0])
        self.wait_log('\nC\n')
        self.assertNotIn('\nD\n', self.log())

    def test_order_and_once(self):
        self.start('-boot', 'order=c,once=d', '-drive', self.disk(sector('D')), '-drive',
                   'file=%s,media=cdrom,if=ide,index=2' %
                   self.machine.file('cd', cdrom(sector('C', CF9))))
        log = self.wait_log('\nD\n')
        self.assertEqual(log.count('\nC\n'), 1)
        self.assertLess(log.index('\nC\n'), log.index('\nD\n'))

    def test_boot_index(self):
        self.start('-drive', self.disk(sector('D')), '-drive',
                   'file=%s,format=raw,if=none,id=second' %
                   self.machine.file('second', sector('S').ljust(1 << 20, b'\0')),
                   '-device', 'ide-hd,drive=second,bus=ide.1,unit=1,bootindex=0')
        self.wait_log('\nS\n')
        self.assertNotIn('\nD\n', self.log())

    def reset_by(self, code):
        self.start('-drive', self.disk(sector('R', code)))
        self.wait_log('\nR\n', 2)
        self.assertGreaterEqual(self.log().count(BANNER), 2)

    def test_reset_by_cf9(self):
        self.reset_by(CF9)

    def test_reset_by_port92(self):
        self.reset_by(PORT92)

    def test_reset_by_8042(self):
        self.reset_by(KBC)

    def test_reset_by_triple_fault(self):
        self.reset_by(TRIPLE_FAULT)

    def test_reset_by_monitor(self):
        self.start('-drive', self.disk(sector('R')))
        self.wait_log('\nR\n')
        self.machine.hmp.command('system_reset')
        self.wait_log('\nR\n', 2)

    def test_no_reboot(self):
        self.start('-no-reboot', '-drive', self.disk(sector('R', CF9)))
        self.assertEqual(self.machine.wait(90), 0)
        self.assertEqual(self.log().count('\nR\n'), 1)

    def test_power_off(self):
        self.start('-drive', self.disk(sector('O', S5)))
        self.assertEqual(self.machine.wait(90), 0)
        self.assertIn('\nO\n', self.log())

    def test_sleep(self):
        """S3 and a wake-up, which the firmware knows from a start; a boot sector has left no vector
        for it to go to, so that it starts the machine anew."""
        self.start('-drive', self.disk(sector('S', S3)))
        end = time.monotonic() + 90
        while 'suspended' not in self.machine.hmp.command('info status'):
            self.assertLess(time.monotonic(), end, self.log())
            time.sleep(0.1)
        self.assertNotIn('resume', self.log())
        self.machine.hmp.command('system_wakeup')
        log = self.wait_log('\nS\n', 2)
        self.assertIn('In 32bit resume', log)
        self.assertIn('No resume vector set!', log)


if __name__ == '__main__':
    tap.main()
