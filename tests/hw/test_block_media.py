#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Trays, media and nodes by QMP, as the guest sees them too; -blockdev."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from ata import Ata, SenseError  # noqa: E402
from hwtest import HwTest  # noqa: E402
from machine import run  # noqa: E402
from qmp import Client, compare  # noqa: E402

QEMU = shutil.which('qemu-system-x86_64')
MIB = 1 << 20


def disc(mark, size=MIB):
    return mark * (2048 // len(mark)) + bytes(size - 2048 // len(mark) * len(mark))


class BlockTest(HwTest):
    args = None

    def boot(self, *args, files=None):
        folder = tempfile.mkdtemp(prefix='vitrine-test-')
        self.addCleanup(shutil.rmtree, folder)
        self.folder = folder
        for name, data in (files or {}).items():
            with open(self.file(name), 'wb') as f:
                f.write(data)
        m = self.start('-machine', 'pc', '-m', '16', '-nodefaults', '-qmp',
                       'unix:q,server=on,wait=off',
                       *[a.replace('@', folder + '/') for a in args], cwd=True)
        self.qmp = Client(m.path('q'))
        self.addCleanup(self.qmp.close)
        return self.qmp

    def file(self, name):
        return os.path.join(self.folder, name)

    def drive(self, n=0):
        return self.qmp.value('query-block')[n]

    def sector(self, ata):
        return ata.packet([0x28, 0, 0, 0, 0, 0, 0, 0, 1])


class Trays(BlockTest):
    def setUp(self):
        self.boot('-drive', 'file=@a,if=none,id=cd,media=cdrom,format=raw', '-device',
                  'ide-cd,drive=cd,id=cd0,bus=ide.1', files={'a': disc(b'A'), 'b': disc(b'B')})
        self.cd = Ata(self.q, 1, 0)
        self.clear_attention()

    def clear_attention(self):
        for _ in range(3):
            try:
                self.cd.packet([0])
                return
            except SenseError:
                pass

    def moved(self, is_open):
        self.assertEqual(self.qmp.event_data('DEVICE_TRAY_MOVED'),
                         {'device': 'cd', 'id': '/machine/peripheral/cd0', 'tray-open': is_open})

    def lock(self, on=True):
        self.cd.packet([0x1e, 0, 0, 0, on])

    def test_step_by_step(self):
        q = self.qmp
        q.value('blockdev-open-tray', id='cd0')
        self.moved(True)
        self.assertTrue(self.drive()['tray_open'])
        with self.assertRaises(SenseError) as e:
            self.sector(self.cd)
        self.assertEqual(e.exception.sense, (2, 0x3a, 2))  # tray open
        q.value('blockdev-open-tray', id='cd0')
        self.assertFalse(q.has_event('DEVICE_TRAY_MOVED'))
        q.value('blockdev-remove-medium', id='cd0')
        self.assertNotIn('inserted', self.drive())
        q.value('blockdev-remove-medium', id='cd0')
        q.value('blockdev-add', driver='raw', node_name='b', read_only=True,
                file={'driver': 'file', 'filename': self.file('b')})
        q.value('blockdev-insert-medium', id='cd0', node_name='b')
        self.assertEqual(self.drive()['inserted']['node-name'], 'b')
        self.assertIn('already is a medium', q.error('blockdev-insert-medium', id='cd0',
                                                     node_name='b')['desc'])
        q.value('blockdev-close-tray', device='cd')
        self.moved(False)
        with self.assertRaises(SenseError) as e:
            self.cd.packet([0])
        self.assertEqual(e.exception.sense, (6, 0x28, 0))  # the medium may have changed
        self.assertEqual(self.sector(self.cd)[:4], b'BBBB')
        self.assertIn('in use', q.error('blockdev-del', node_name='b')['desc'])
        q.value('eject', id='cd0')
        q.value('blockdev-del', node_name='b')
        self.assertEqual(q.value('query-named-block-nodes'), [])

    def test_locked(self):
        q = self.qmp
        self.lock()
        self.assertTrue(self.drive()['locked'])
        q.value('blockdev-open-tray', id='cd0')
        self.assertFalse(self.drive()['tray_open'])
        # The guest is asked (GET EVENT STATUS NOTIFICATION).
        self.assertEqual(self.cd.packet([0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8])[4], 1)
        self.assertIn('locked', q.error('eject', id='cd0')['desc'])
        self.assertIn('locked', q.error('blockdev-change-medium', id='cd0',
                                        filename=self.file('b'))['desc'])
        self.assertIn('not open', q.error('blockdev-remove-medium', id='cd0')['desc'])
        self.assertEqual(self.sector(self.cd)[:4], b'AAAA')
        q.value('blockdev-open-tray', id='cd0', force=True)
        self.moved(True)
        self.assertFalse(self.drive()['locked'])

    def test_guest_moves_the_tray(self):
        self.cd.packet([0x1b, 0, 0, 0, 2])
        self.moved(True)
        self.assertIn('inserted', self.drive(), 'the disc stays in the open tray')
        self.cd.packet([0x1b, 0, 0, 0, 3])
        self.moved(False)

    def test_change(self):
        self.qmp.value('blockdev-change-medium', id='cd0', filename=self.file('b'), format='raw')
        self.moved(True)
        self.moved(False)
        self.clear_attention()
        self.assertEqual(self.sector(self.cd)[:4], b'BBBB')
        error = self.qmp.error('blockdev-change-medium', id='cd0', filename=self.file('none'))
        self.assertIn('none', error['desc'])
        self.assertEqual(self.sector(self.cd)[:4], b'BBBB')
        self.lock()
        self.qmp.value('blockdev-change-medium', id='cd0', filename=self.file('a'), format='raw',
                       force=True)
        self.clear_attention()
        self.assertEqual(self.sector(self.cd)[:4], b'AAAA')

    def test_errors(self):
        for command, args, word in (
                ('blockdev-open-tray', {}, 'exactly one'),
                ('blockdev-open-tray', {'id': 'cd0', 'device': 'cd'}, 'exactly one'),
                ('blockdev-open-tray', {'id': 'cd'}, 'not found'),
                ('blockdev-close-tray', {'device': 'none'}, 'not found'),
                ('blockdev-insert-medium', {'id': 'cd0', 'node-name': 'x'}, "'x' not found"),
                ('blockdev-remove-medium', {'id': 'cd0'}, 'not open')):
            with self.subTest(command=command, args=args):
                self.assertIn(word, self.qmp.error(command, **args)['desc'])


class Nodes(BlockTest):
    def test_command_line(self):
        for text in ('driver=raw,node-name=n,file.driver=file,file.filename=@a',
                     'driver=file,node-name=n,filename=@a',
                     'raw,node-name=n,file.driver=file,file.filename=@a,cache.direct=off,'
                     'cache.no-flush=on,file.locking=off,discard=unmap'):
            with self.subTest(text=text):
                q = self.boot('-blockdev', text, '-device', 'ide-hd,drive=n,id=hd',
                              files={'a': disc(b'A')})
                drive = self.drive()
                self.assertEqual((drive['device'], drive['qdev'], drive['inserted']['node-name']),
                                 ('', '/machine/peripheral/hd', 'n'))
                self.assertFalse(drive['inserted']['ro'])
                self.assertEqual(drive['inserted']['cache']['no-flush'], 'no-flush' in text)
                hd = Ata(self.q)
                hd.registers(0, 1)
                hd.pio_out(0x30, b'W' * 512)
                hd.simple(0xe7)
                with open(self.file('a'), 'rb') as f:
                    self.assertEqual(f.read(513), b'W' * 512 + b'A')
                self.assertIn('in use', q.error('blockdev-del', node_name='n')['desc'])
                self.machine.stop()

    def test_stacked_by_name(self):
        q = self.boot('-blockdev', 'driver=file,node-name=f,filename=@a,auto-read-only=on',
                      '-blockdev', 'driver=raw,node-name=r,file=f', '-device',
                      'ide-hd,drive=r', files={'a': disc(b'A')})
        nodes = {n['node-name']: n for n in q.value('query-named-block-nodes')}
        self.assertEqual({k: (n['drv'], n['ro']) for k, n in nodes.items()},
                         {'f': ('file', False), 'r': ('raw', False)})
        self.assertIn('in use', q.error('blockdev-del', node_name='f')['desc'])

    def test_auto_read_only(self):
        files = {'a': disc(b'A')}
        for top, readonly in (('read-only=on', True), ('auto-read-only=on', True)):
            q = self.boot('-blockdev', 'driver=file,node-name=f,filename=@a,read-only=on',
                          '-blockdev', 'driver=raw,node-name=r,file=f,' + top, '-device',
                          'ide-hd,drive=r', files=files)
            self.assertEqual(self.drive()['inserted']['ro'], readonly)
            # Somebody else may read it, too.
            q.value('blockdev-add', driver='file', node_name='g', filename=self.file('a'),
                    read_only=True)
            hd = Ata(self.q)
            hd.registers(0, 1)
            with self.assertRaises(Exception):
                hd.pio_out(0x30, b'W' * 512)
            self.machine.stop()

    def test_locks(self):
        q = self.boot('-blockdev', 'driver=file,node-name=f,filename=@a', '-device',
                      'ide-hd,drive=f', files={'a': disc(b'A')})
        error = q.error('blockdev-add', driver='file', node_name='g', filename=self.file('a'))
        self.assertIn('in use', error['desc'])
        error = q.error('blockdev-add', driver='file', node_name='g', filename=self.file('a'),
                        read_only=True)
        self.assertIn('written by', error['desc'])
        q.value('blockdev-add', driver='file', node_name='g', filename=self.file('a'),
                read_only=True, force_share=True)
        q.value('blockdev-del', node_name='g')

    def test_empty_cdrom(self):
        self.boot('-device', 'ide-cd,id=cd', files={'a': disc(b'A')})
        q = self.qmp
        self.assertEqual(self.drive()['removable'], True)
        q.value('blockdev-add', driver='file', node_name='f', filename=self.file('a'),
                auto_read_only=True)
        q.value('blockdev-open-tray', id='cd')
        q.value('blockdev-insert-medium', id='cd', node_name='f')
        q.value('blockdev-close-tray', id='cd')
        self.assertIn('f: ', q.hmp('info block'))
        q.value('eject', id='cd')
        q.value('blockdev-del', node_name='f')

    def test_wrong_nodes(self):
        q = self.boot('-blockdev', 'driver=file,node-name=f,filename=@a',
                      '-drive', 'if=none,id=d', files={'a': disc(b'A')})
        a = self.file('a')
        for args, word in (
                ({'driver': 'file', 'filename': a}, 'node-name'),
                ({'driver': 'file', 'filename': a, 'node_name': '1x'}, "'1x'"),
                ({'driver': 'file', 'filename': a, 'node_name': 'x' * 40}, 'too long'),
                ({'driver': 'file', 'filename': a, 'node_name': 'f'}, 'Duplicate'),
                ({'driver': 'file', 'filename': a, 'node_name': 'd'}, 'conflicting'),
                ({'driver': 'file', 'node_name': 'n'}, "'filename'"),
                ({'driver': 'file', 'filename': '/nonexistent', 'node_name': 'n'}, '/nonexistent'),
                ({'driver': 'file', 'filename': '/dev/null', 'node_name': 'n'}, 'regular'),
                ({'driver': 'host_device', 'filename': a, 'node_name': 'n'}, 'block device'),
                ({'driver': 'raw', 'node_name': 'n'}, "'file'"),
                ({'driver': 'raw', 'node_name': 'n', 'file': 'nope'}, "'nope'"),
                ({'driver': 'raw', 'node_name': 'n', 'file': {'filename': a}}, "'driver'"),
                ({'driver': 'raw', 'node_name': 'n', 'file': 5}, "'file'"),
                ({'driver': 'qcow2', 'node_name': 'n', 'file': 'f'}, 'qcow2'),
                ({'driver': 'file', 'filename': a, 'node_name': 'n', 'force_share': True},
                 'read-only'),
                ({'driver': 'file', 'filename': a, 'node_name': 'n', 'cache': {'direct': 'x'}},
                 'boolean')):
            with self.subTest(args=args):
                self.assertIn(word, q.error('blockdev-add', **args)['desc'])
        self.assertEqual([n['node-name'] for n in q.value('query-named-block-nodes')], ['f'])
        self.assertIn("'nope'", q.error('blockdev-del', node_name='nope')['desc'])

    def test_wrong_command_lines(self):
        for args, word in ((('-blockdev', 'driver=file,filename=/dev/null,node-name=x'), 'regular'),
                           (('-blockdev', 'driver=file,filename=x'), 'node-name'),
                           (('-blockdev', 'driver=odd,node-name=x'), 'odd'),
                           (('-blockdev', '{"driver": "file",'), '-blockdev'),
                           (('-device', 'ide-hd,drive=nope'), 'nope')):
            with self.subTest(args=args):
                status, _, err = run('-machine', 'pc', '-accel', 'qtest', '-display', 'none', *args)
                self.assertEqual(status, 1)
                self.assertIn(word, err)

    def test_drive_add_and_del(self):
        q = self.boot(files={'a': disc(b'A')})
        self.assertEqual(q.hmp('drive_add 0 if=none,id=x,format=raw,file=' + self.file('a')),
                         'OK\n')
        self.assertEqual(self.drive()['device'], 'x')
        self.assertIn("Can't hot-add", q.hmp('drive_add 0 if=ide,file=x'))
        self.assertEqual(q.hmp('drive_del x'), '')
        self.assertIn('not found', q.hmp('drive_del x'))
        self.assertEqual(q.value('query-block'), [])
        self.assertIn('No active', q.hmp('info block-jobs'))
        self.assertEqual(q.value('query-block-jobs'), [])


@unittest.skipUnless(QEMU, 'qemu-system-x86_64 is not installed')
class Conformance(BlockTest):
    """The same requests to QEMU."""

    REQUESTS = (
        ('query-block', {}), ('query-blockstats', {}), ('query-named-block-nodes', {}),
        ('query-block-jobs', {}),
        ('blockdev-open-tray', {}), ('blockdev-open-tray', {'device': 'hd'}),
        ('blockdev-open-tray', {'device': 'nope'}), ('blockdev-open-tray', {'id': 'cd0'}),
        ('blockdev-remove-medium', {'id': 'cd0'}), ('blockdev-remove-medium', {'id': 'hd0'}),
        ('blockdev-add', {'driver': 'raw', 'node-name': 'n', 'read-only': True,
                          'file': {'driver': 'file', 'filename': '@b'}}),
        ('blockdev-insert-medium', {'id': 'cd0', 'node-name': 'no'}),
        ('blockdev-insert-medium', {'id': 'cd0', 'node-name': 'n'}),
        ('blockdev-close-tray', {'id': 'cd0'}), ('blockdev-del', {'node-name': 'n'}),
        ('query-block', {}), ('query-named-block-nodes', {}), ('eject', {'id': 'cd0'}),
        ('blockdev-del', {'node-name': 'n'}), ('blockdev-del', {'node-name': 'n'}),
        ('blockdev-add', {'driver': 'file', 'filename': '@b'}),
        ('blockdev-add', {'driver': 'file', 'filename': '/nonexistent', 'node-name': 'z'}),
        ('query-dump', {}), ('query-dump-guest-memory-capability', {}),
        ('memsave', {'val': 0, 'size': 16, 'filename': '/dev/null', 'cpu-index': 9}),
        ('pmemsave', {'val': 0, 'size': 16, 'filename': '/nonexistent/x'}),
        ('dump-guest-memory', {'paging': False, 'protocol': 'odd:x'}))
    DRIVES = ('-drive', 'file=@a,if=none,id=hd,format=raw', '-device', 'ide-hd,drive=hd,id=hd0',
              '-drive', 'file=@b,if=none,id=cd,media=cdrom,format=raw',
              '-device', 'ide-cd,drive=cd,id=cd0,bus=ide.1')

    def ask(self, qmp):
        return [qmp.execute(c, **json.loads(json.dumps(a).replace('@', self.folder + '/')))
                for c, a in self.REQUESTS]

    def test_same_answers(self):
        ours = self.ask(self.boot(*self.DRIVES, files={'a': disc(b'A'), 'b': disc(b'B')}))
        mine = [e['data'] for e in self.qmp.events if e['event'] == 'DEVICE_TRAY_MOVED']
        self.machine.stop()
        path = self.file('q')
        with subprocess.Popen([QEMU, '-S', '-accel', 'tcg', '-m', '16', '-display', 'none',
                               '-nodefaults', '-qmp', 'unix:%s,server=on,wait=off' % path,
                               *[a.replace('@', self.folder + '/') for a in self.DRIVES]],
                              stderr=subprocess.DEVNULL) as process:
            try:
                qmp = Client(path)
                theirs = self.ask(qmp)
                their_events = [e['data'] for e in qmp.events if e['event'] == 'DEVICE_TRAY_MOVED']
                qmp.close()
            finally:
                process.kill()
        for request, a, b in zip(self.REQUESTS, ours, theirs):
            with self.subTest(request=request):
                self.assertEqual('error' in a, 'error' in b, (a, b))
                if 'error' in a:
                    self.assertEqual(a['error']['class'], b['error']['class'])
                else:
                    compare(self, a['return'], b['return'], request[0])
        self.assertEqual([(e['device'], e['tray-open']) for e in mine],
                         [(e['device'], e['tray-open']) for e in their_events])


if __name__ == '__main__':
    tap.main()
