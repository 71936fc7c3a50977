#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The monitor's `qemu-io`: drives read and written by hand, beside QEMU where it is installed."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from machine import Machine, binary  # noqa: E402

QEMU = shutil.which('qemu-system-x86_64')
MIB = 1 << 20

# The same to both programs, in turn: each answers alike but for times.
ALIKE = '''d read -q 0 512
d write -P 0xab 0 4k
d read -P 0xab 0 4k
d read -P 0 0 512
d read -P 0xab -s 4 -l 8 0 512
d read -v 0 40
d read -C 0 1k
d write -q -z 512 512
d read -v -P 0 512 16
d readv 0 512 1024
d writev -P 7 0 512 1024
d write 1 3
d read -v 0 8
d aio_flush
d flush
d discard 64k 64k
d length
d info
d map
d alloc 0
d alloc 0 64k
d truncate 2M
d length
d read 1.5k 0.5k
d read 0x10 1b
d l
d r 0 1
d read x 512
d read 0 1q
d read 99999999999999999999 1
d read 16E 1
d read -P 300 0 512
d read -P x 0 512
d read 0 10 -q -v
d read -P 0 -s 5 -l 20 0 10
d write -u 0 512
d aio_write -z 0 512 512
d nosuch
d help nosuch
d help a b
d info x
d length x
d open foo
r read -q 0 512
r write 0 512
r discard 0 512
r length
e length
e read 0 512
e write 0 512
e discard 0 512
e truncate 512
nosuch length'''


def without_times(text):
    text = re.sub('GLib: .*\n', '', text)  # QEMU's, of several lengths
    text = re.sub(r'[\d.]+ (?:[KMGTP]iB|bytes)/sec and [\d.]+ ops', 'R', text)
    text = re.sub(r'\S+(?: sec)? \(R', 'T (R', text)
    return re.sub(r'(?m)^(\d+,1,).*', r'\1', text)


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='vitrine-qemu-io-')
        self.addCleanup(shutil.rmtree, self.folder, True)

    def image(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as f:
            f.write(data)
        return path


class Alike(Folder):
    @unittest.skipUnless(QEMU, 'QEMU is not installed')
    def test_answers(self):
        lines = ['qemu-io %s "%s"' % tuple(line.split(' ', 1)) for line in ALIKE.split('\n')]
        answers = []
        for program, accel in ((QEMU, 'tcg'), (binary(), 'qtest')):
            drives = [('d', ',format=raw,file=' + self.image('d', bytes(MIB))),
                      ('e', ',media=cdrom'),
                      ('r', ',format=raw,readonly=on,file=' + self.image('r', bytes(MIB)))]
            options = [o for d in drives for o in ('-drive', 'if=none,id=%s%s' % d)]
            text = subprocess.run(
                [program, '-accel', accel, '-S', '-nodefaults', '-display', 'none', '-monitor',
                 'stdio', *options, '-device', 'ide-cd,drive=e,bus=ide.1',
                 '-device', 'ide-hd,drive=d,bus=ide.0'],
                input='\n'.join(lines + ['quit', '']), stdout=subprocess.PIPE, text=True,
                stderr=subprocess.STDOUT, timeout=60, check=True).stdout
            parts = re.split(r'\(qemu\) ', text.replace('\r', ''))[1:]
            # What stands before the output is the line as it was typed, with escapes of QEMU's.
            answers.append([without_times(part.partition('\n')[2]) for part in parts])
        for line, theirs, ours in zip(lines, *answers):
            with self.subTest(line=line):
                # We say where the medium ends, too.
                self.assertEqual(ours, theirs)


class QemuIo(Folder):
    def setUp(self):
        super().setUp()
        self.data = os.urandom(8 * MIB)
        self.disk = self.image('disk', self.data)
        self.m = Machine('-nodefaults', '-drive', 'if=none,format=raw,id=d,file=' + self.disk,
                         '-device', 'ide-hd,drive=d,id=hd', '-drive',
                         'if=none,format=raw,id=s,snapshot=on,file=' + self.image('s', bytes(MIB)),
                         '-device', 'ide-hd,drive=s,bus=ide.1', '-blockdev',
                         'driver=file,node-name=alone,filename=' + self.image('n', bytes(MIB)),
                         '-device', 'pvpanic,id=none').start()
        self.addCleanup(self.m.stop)

    def io(self, command, target='d'):
        return self.m.hmp.command('qemu-io %s "%s"' % (target, command))

    def on_disk(self):
        with open(self.disk, 'rb') as f:
            return f.read()

    def test_bytes_arrive(self):
        self.assertIn('wrote 4096/4096 bytes at offset 65536', self.io('write -P 0x5a 64k 4k'))
        self.data = self.data[:65536] + b'\x5a' * 4096 + self.data[65536 + 4096:]
        self.assertEqual(self.on_disk(), self.data)
        # Parts of sectors leave the rest as it was: within one, over two, and with whole ones.
        for offset, length in ((10, 5), (510, 4), (1000, 3000), (8 * MIB - 3, 3), (0, 0), (7, 0)):
            with self.subTest(offset=offset):
                self.assertEqual(self.io('write -q -f -P 1 %d %d' % (offset, length)), '')
                self.data = self.data[:offset] + b'\1' * length + self.data[offset + length:]
                self.assertTrue(self.on_disk() == self.data)
                self.assertEqual(self.io('read -q -P 1 %d %d' % (offset, length)), '')
        self.assertIn(self.data[1000:1016].hex(' '), self.io('read -v 1000 32'))

    def test_large(self):
        self.assertIn('read 8388608/8388608 bytes at offset 0\n8 MiB, 1 ops; ',
                      self.io('read 0 8M'))
        self.assertIn('Pattern verification failed at offset 0, 8388608 bytes',
                      self.io('read -P 0 0 8M'))
        self.assertEqual(self.io('write -q -z 0 8M'), '')
        self.assertEqual(self.io('read -q -P 0 0 8M'), '')
        self.assertEqual(self.on_disk(), bytes(8 * MIB))

    def test_targets(self):
        self.assertEqual(self.m.hmp.command('qemu-io -d hd length'), '8 MiB')
        self.assertEqual(self.m.hmp.command('qemu-io -d none length'),
                         'Error: Device does not have a block device backend')
        self.assertEqual(self.m.hmp.command('qemu-io -d d length'), "Error: Device 'd' not found")
        self.assertEqual(self.io('length', 'alone'), "Error: Node 'alone' belongs to no device")
        self.assertIn("node-name='x'", self.io('length', 'x'))
        self.assertIn('device expected', self.m.hmp.command('qemu-io'))
        self.assertIn('command expected', self.m.hmp.command('qemu-io d'))
        self.assertIn('extraneous', self.m.hmp.command('qemu-io d length x'))
        self.assertEqual(self.io(''), '')

    def test_refused(self):
        self.assertEqual(self.io('read 8M 1'), 'read failed: Input/output error: the medium ends '
                         'at 8 MiB')
        self.assertEqual(self.io('write 8388607 2'), 'write failed: Input/output error: the medium '
                         'ends at 8 MiB')
        self.assertIn('failed', self.io('discard 8M 512'))
        self.assertEqual(self.io('read 0 65M'), 'length cannot exceed 67108864, given 65M')
        self.assertIn('length cannot', self.io('readv 0 ' + '7E ' * 3))
        self.assertIn('-v shows at most', self.io('read -v 0 2M'))
        self.assertIn("read: invalid option -- '5'\nread [-", self.io('read 0 -5'))
        self.assertIn("requires an argument -- 'P'", self.io('read 0 5 -P'))
        self.assertIn('bad argument count 1 to read', self.io('read 0'))
        self.assertIn('too large', self.io('read 8E 1'))
        self.assertIn('smaller would cut off', self.io('truncate 1M'))
        self.assertIn('no mode', self.io('truncate -m full 9M'))
        for word in ('sleep 1000', 'abort', 'sigraise 9', 'quit', 'break read_aio x'):
            self.assertEqual(self.io(word), 'command "%s" not found' % word.split()[0])
        self.assertEqual(self.on_disk(), self.data)

    def test_snapshot(self):
        self.assertEqual(self.io('map', 's'), '1 MiB (0x100000) bytes not allocated at offset 0 '
                         'bytes (0x0)')
        self.io('write -P 7 64k 64k', 's')
        self.io('write -P 7 256k 512', 's')
        self.assertEqual(self.io('map', 's').split('\n'), [
            '64 KiB (0x10000) bytes not allocated at offset 0 bytes (0x0)',
            '64 KiB (0x10000) bytes     allocated at offset 64 KiB (0x10000)',
            '128 KiB (0x20000) bytes not allocated at offset 128 KiB (0x20000)',
            '512 bytes (0x200) bytes     allocated at offset 256 KiB (0x40000)',
            '767.500 KiB (0xbfe00) bytes not allocated at offset 256.500 KiB (0x40200)'])
        for words, answer in (('0 1M', '66048/1048576'), ('64k 128k', '65536/131072'),
                              ('100 65536', '100/65536'), ('0', '0/512'), ('2M', '0/0')):
            self.assertIn(answer + ' bytes allocated', self.io('alloc ' + words, 's'))
        self.assertEqual(self.io('read -q -P 7 64k 64k', 's'), '')
        self.assertEqual(self.io('truncate 1k', 's')[:12], 'the disk has')

    def test_full_disk_does_not_stop_the_guest(self):
        """werror= is about what the guest writes: here who asked is told."""
        if os.geteuid() or subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'none',
                                           self.folder], check=False).returncode:
            self.skipTest('tmpfs cannot be mounted')
        self.addCleanup(subprocess.run, ['umount', '-l', self.folder], check=True)
        image = self.image('small', b'')
        os.truncate(image, 4 * MIB)
        with Machine('-nodefaults', '-drive', 'if=none,format=raw,id=d,werror=stop,file=' + image,
                     '-device', 'ide-hd,drive=d') as m:
            self.assertEqual(m.hmp.command('qemu-io d "write 0 2M"'),
                             'write failed: No space left on device')
            self.assertEqual(m.hmp.command('info status'), 'VM status: running')
            self.assertIn('failed_wr_operations=1 ', m.hmp.command('info blockstats'))

    def test_ends_while_it_runs(self):
        self.m.hmp.send('qemu-io d "write 0 8M"')
        self.m.hmp.close()
        end = time.monotonic() + 20
        while self.on_disk() != b'\xcd' * 8 * MIB and time.monotonic() < end:
            time.sleep(0.05)
        self.assertTrue(self.on_disk() == b'\xcd' * 8 * MIB)


if __name__ == '__main__':
    tap.main()
