#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks that fail or are full (werror, rerror), commit, block_resize; the guest sets its clock."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from ata import Ata, AtaError  # noqa: E402
from hwtest import HwTest  # noqa: E402
from qmp import Client  # noqa: E402

MIB = 1 << 20


class DiskTest(HwTest):
    args = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='vitrine-test-')
        self.addCleanup(shutil.rmtree, self.folder)
        self.image = os.path.join(self.folder, 'disk')

    def boot(self, *args):
        m = self.start('-machine', 'pc', '-m', '16', '-nodefaults', '-qmp',
                       'unix:q,server=on,wait=off', *args, cwd=True)
        self.qmp = Client(m.path('q'))
        self.addCleanup(self.qmp.close)
        self.hd = Ata(self.q)
        return self.qmp

    def fill(self, size=MIB, path=None):
        with open(path or self.image, 'wb') as f:
            f.truncate(size)

    def content(self, offset, size, path=None):
        with open(path or self.image, 'rb') as f:
            f.seek(offset)
            return f.read(size)

    def write(self, lba, data):
        self.hd.registers(lba, len(data) // 512)
        self.hd.pio_out(0x30, data)

    def read(self, lba, count=1):
        self.hd.registers(lba, count)
        return self.hd.pio_in(0x20, count)

    def wait_for(self, what, timeout=10):
        end = time.monotonic() + timeout
        while not what():
            self.assertLess(time.monotonic(), end, 'it does not come')
            time.sleep(0.02)


class Errors(DiskTest):
    def full_disk(self):
        """An image in a file system with no room for what is to be written."""
        path = os.path.join(self.folder, 'tmpfs')
        os.mkdir(path)
        if os.geteuid() or subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'none', path],
                                          check=False, capture_output=True).returncode:
            self.skipTest('cannot mount a tmpfs')
        self.addCleanup(subprocess.run, ['umount', '-l', path], check=True)
        self.image = os.path.join(path, 'disk')
        self.fill()
        self.filler = os.path.join(path, 'filler')
        with open(self.filler, 'wb') as f:
            f.write(bytes(60 << 10))

    def start_write(self, lba, data):
        self.hd.registers(lba, len(data) // 512)
        self.hd.command(0x30)
        for i in range(0, len(data), 512):
            self.hd.wait()
            self.hd.data_out(data[i:i + 512])

    def test_full_disk_stops_and_goes_on(self):
        self.full_disk()
        q = self.boot('-drive', 'file=%s,format=raw,if=none,id=d' % self.image, '-device',
                      'ide-hd,drive=d,id=hd')
        self.start_write(0, b'x' * 32768)
        event = q.event_data('BLOCK_IO_ERROR')
        self.assertEqual({k: v for k, v in event.items() if k not in ('node-name', 'reason')},
                         {'device': 'd', 'qom-path': '/machine/peripheral/hd',
                          'operation': 'write', 'action': 'stop', 'nospace': True})
        self.assertIn('No space', event['reason'])
        self.assertEqual(event['node-name'], q.value('query-block')[0]['inserted']['node-name'])
        q.event_data('STOP')
        self.assertEqual(q.value('query-status')['status'], 'io-error')
        self.assertEqual(q.value('query-block')[0]['io-status'], 'nospace')
        # Still full: it stops again.
        q.value('cont')
        q.event_data('BLOCK_IO_ERROR')
        q.event_data('STOP')
        os.unlink(self.filler)
        q.value('cont')
        self.hd.check()
        self.assertEqual(q.value('query-block')[0]['io-status'], 'ok')
        self.assertEqual(self.content(0, 32768), b'x' * 32768)
        stats = q.value('query-blockstats')[0]['stats']
        self.assertGreaterEqual(stats['failed_wr_operations'], 2)
        self.assertEqual(stats['wr_highest_offset'], 32768)

    def test_report_and_ignore(self):
        for action in ('report', 'ignore'):
            with self.subTest(action=action):
                if action == 'report':
                    self.full_disk()
                q = self.boot('-drive', 'file=%s,format=raw,if=none,id=d,werror=stop' % self.image,
                              '-device', 'ide-hd,drive=d,werror=' + action)
                self.start_write(64, b'y' * 65536)
                event = q.event_data('BLOCK_IO_ERROR')
                self.assertEqual((event['action'], event['nospace']), (action, True))
                if action == 'report':
                    self.assertRaises(AtaError, self.hd.check)
                else:
                    self.hd.check()
                self.assertEqual(q.value('query-status')['status'], 'running')
                self.assertEqual(q.value('query-block')[0]['io-status'], 'ok')
                self.machine.stop()

    def test_read_errors(self):
        self.fill()
        q = self.boot('-drive', 'file=%s,format=raw,rerror=stop' % self.image)
        self.assertEqual(self.read(100), bytes(512))
        os.truncate(self.image, 4096)  # what somebody cuts off is damage
        self.hd.registers(100, 1)
        self.hd.command(0x20)
        event = q.event_data('BLOCK_IO_ERROR')
        self.assertEqual((event['operation'], event['action'], event['nospace']),
                         ('read', 'stop', False))
        q.event_data('STOP')
        self.assertEqual(q.value('query-block')[0]['io-status'], 'failed')
        self.fill()
        q.value('cont')
        self.hd.check()
        self.assertEqual(self.hd.data_in(512), bytes(512))


class Commit(DiskTest):
    def test_commit(self):
        self.fill(40 * MIB)
        q = self.boot('-drive', 'file=%s,format=raw,id=d,snapshot=on' % self.image)
        self.write(0, b'a' * 1024)
        self.write(70000, b'b' * 512)
        self.assertEqual(self.content(0, 512), bytes(512))
        self.assertEqual(q.hmp('commit d'), '')
        self.assertEqual(self.content(0, 1536), b'a' * 1024 + bytes(512))
        self.assertEqual(self.content(70000 * 512, 1024), b'b' * 512 + bytes(512))
        self.assertIn('Temporary writes: 0 KiB', q.hmp('info block -v'))
        self.assertEqual(self.read(0), b'a' * 512)
        self.write(1, b'c' * 512)
        self.assertEqual(self.content(512, 1), b'a')
        self.assertEqual(q.hmp('commit all'), '')
        self.assertEqual(self.content(512, 512), b'c' * 512)
        self.assertEqual(os.stat(self.image).st_size, 40 * MIB)

    def test_commit_of_what_others_use(self):
        self.fill()
        q = self.boot('-drive', 'file=%s,format=raw,id=d,snapshot=on' % self.image, '-drive',
                      'file=%s,format=raw,id=e,snapshot=on' % self.image)
        self.write(0, b'a' * 512)
        self.assertIn('in use', q.hmp('commit d'))
        self.assertEqual(self.content(0, 512), bytes(512))
        self.assertEqual(self.read(0), b'a' * 512, 'nothing is lost')

    def test_commit_errors(self):
        self.fill()
        q = self.boot('-drive', 'file=%s,format=raw,id=d' % self.image, '-drive',
                      'if=none,id=e,media=cdrom')
        self.assertIn('not supported', q.hmp('commit d'))
        self.assertIn('No medium', q.hmp('commit e'))
        self.assertIn('not found', q.hmp('commit f'))
        self.assertEqual(q.hmp('commit all'), '')

    def test_mux_key(self):
        self.fill()
        q = self.boot('-drive', 'file=%s,format=raw,id=d,snapshot=on' % self.image, '-chardev',
                      'socket,id=m,path=s,server=on,wait=off,mux=on', '-serial', 'chardev:m')
        self.assertEqual(q.value('query-name'), {})
        self.write(0, b'a' * 512)
        with socket.socket(socket.AF_UNIX) as keys:
            keys.connect(self.machine.path('s'))
            keys.sendall(b'\x01s')
            self.wait_for(lambda: self.content(0, 1) == b'a')


class Resize(DiskTest):
    def sectors(self):
        words = self.hd.identify()
        return sum(words[100 + i] << 16 * i for i in range(4))

    def test_resize(self):
        self.fill()
        q = self.boot('-drive', 'file=%s,format=raw,id=d' % self.image)
        self.assertEqual(self.sectors(), 2048)
        q.value('block_resize', device='d', size=2 * MIB)
        self.assertEqual(os.stat(self.image).st_size, 2 * MIB)
        self.assertEqual(self.sectors(), 4096)
        self.write(4095, b'z' * 512)
        self.assertEqual(self.content(2 * MIB - 512, 512), b'z' * 512)
        self.assertEqual(q.hmp('block_resize d 3'), '')
        self.assertEqual(q.value('query-block')[0]['inserted']['image']['virtual-size'], 3 * MIB)
        q.value('block_resize', device='d', size=3 * MIB)
        self.assertEqual(self.read(4095), b'z' * 512)

    def test_what_cannot_be(self):
        self.fill()
        other = os.path.join(self.folder, 'other')
        self.fill(path=other)
        q = self.boot('-drive', 'file=%s,format=raw,id=d' % self.image, '-drive',
                      'file=%s,format=raw,id=s,snapshot=on' % other, '-drive',
                      'if=none,id=e,media=cdrom')
        for args, word in (({'device': 'd', 'size': MIB // 2}, 'cut off'),
                           ({'device': 'd', 'size': -1}, '>0'),
                           ({'device': 's', 'size': 2 * MIB}, 'snapshot'),
                           ({'device': 'e', 'size': 2 * MIB}, 'no medium'),
                           ({'device': 'x', 'size': 2 * MIB}, "'x'"),
                           ({'node_name': 'x', 'size': 2 * MIB}, "'x'"),
                           ({'size': 2 * MIB}, 'Need')):
            with self.subTest(args=args):
                self.assertIn(word, q.error('block_resize', **args)['desc'])
        self.assertEqual(os.stat(self.image).st_size, MIB)


class Clock(DiskTest):
    def cmos(self, index, value):
        self.q.outb(0x70, index)
        self.q.outb(0x71, value)

    def test_rtc_change(self):
        q = self.boot('-rtc', 'base=2020-01-01T00:00:00,clock=vm')
        self.cmos(11, 0x82)
        for index, value in ((0, 0x00), (2, 0x30), (4, 0x10), (7, 2)):
            self.cmos(index, value)
        self.cmos(11, 0x02)
        event = q.event_data('RTC_CHANGE')
        self.assertLess(abs(event['offset'] - (86400 + 10 * 3600 + 1800)), 3)
        self.assertTrue(event['qom-path'].startswith('/machine/'))
        # At most one a second.
        for minute in range(0x10, 0x16):
            self.cmos(2, minute)
        self.assertFalse(q.has_event('RTC_CHANGE'))
        self.assertLess(abs(q.event_data('RTC_CHANGE')['offset'] - (86400 + 10 * 3600 + 900)), 3)


if __name__ == '__main__':
    tap.main()
