#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory backends: the machine's memory comes from them, and what they say of themselves; QEMU's
answers compared where it is installed."""
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from machine import Machine, run  # noqa: E402
from qmp import Client  # noqa: E402

QEMU = shutil.which('qemu-system-x86_64')
MIB = 1 << 20
QUIET = ('-nodefaults', '-display', 'none', '-accel', 'qtest')


class MemDev(unittest.TestCase):
    def start(self, *args):
        m = Machine('-S', '-nodefaults', '-qmp', 'unix:q,server=on,wait=off', *args, cwd=True)
        self.addCleanup(m.stop)
        m.start()
        qmp = Client(m.path('q'))
        self.addCleanup(qmp.close)
        return m, qmp

    def dir(self):
        path = tempfile.mkdtemp(prefix='vitrine-memdev-')
        self.addCleanup(shutil.rmtree, path, True)
        return path

    def object(self, text, *args):
        return self.start('-object', 'memory-backend-' + text + ',id=m', *args,
                          '-machine', 'pc,memory-backend=m')

    def test_file_that_is_shared(self):
        path = os.path.join(self.dir(), 'ram')
        m, qmp = self.object('file,size=16M,share=on,mem-path=' + path)
        self.assertEqual(os.path.getsize(path), 16 * MIB)
        m.qtest.write(0x100000, b'guest')
        with open(path, 'r+b') as f, mmap.mmap(f.fileno(), 0) as ram:
            self.assertEqual(ram[0x100000:0x100005], b'guest')
            ram[0x200000:0x200004] = b'host'
        self.assertEqual(m.qtest.read(0x200000, 4), b'host')
        self.assertEqual(qmp.value('query-memory-size-summary')['base-memory'], 16 * MIB)
        self.assertIn(' m ', qmp.hmp('info ramblock'))
        self.assertIn('in use', qmp.error('object-del', id='m')['desc'])
        m.stop()
        with open(path, 'rb') as f:
            f.seek(0x100000)
            self.assertEqual(f.read(5), b'guest')

    def test_file_as_a_template(self):
        """Two machines begin with what is in a file, which neither changes."""
        path = os.path.join(self.dir(), 'ram')
        with open(path, 'wb') as f:
            f.truncate(16 * MIB)
            f.seek(0x100000)
            f.write(b'template')
        for readonly in ('on', 'off'):
            m = self.object('file,size=16M,share=off,readonly=%s,mem-path=%s'
                            % (readonly, path))[0]
            self.assertEqual(m.qtest.read(0x100000, 8), b'template')
            m.qtest.write(0x100000, b'mine')
            self.assertEqual(m.qtest.read(0x100000, 8), b'minelate')
            m.stop()
        with open(path, 'rb') as f:
            f.seek(0x100000)
            self.assertEqual(f.read(8), b'template')

    def test_contents_that_nobody_needs(self):
        path = os.path.join(self.dir(), 'ram')
        m = self.object('file,size=16M,share=on,discard-data=on,mem-path=' + path)[0]
        m.qtest.write(0x100000, b'secret')
        m.quit()
        with open(path, 'rb') as f:
            f.seek(0x100000)
            self.assertEqual(f.read(6), bytes(6))

    def test_memfd(self):
        m = self.object('memfd,size=16M')[0]
        m.qtest.write(0x100000, b'guest')
        with open('/proc/%d/maps' % m.pid, encoding='utf-8') as maps:
            start, name = next((line.split('-')[0], line) for line in maps if 'memfd:m' in line)
        self.assertIn('rw-s', name)
        with open('/proc/%d/mem' % m.pid, 'rb') as mem:
            mem.seek(int(start, 16) + 0x100000)
            self.assertEqual(mem.read(5), b'guest')

    def test_preallocation(self):
        def resident(m):
            with open('/proc/%d/status' % m.pid, encoding='ascii') as f:
                return sum(int(line.split()[1]) for line in f
                           if line.startswith(('RssAnon', 'RssShmem'))) * 1024

        calm = resident(self.object('ram,size=128M')[0])
        for text in ('ram,size=128M,prealloc=on', 'memfd,size=128M,prealloc=on,prealloc-threads=3'):
            self.assertGreater(resident(self.object(text)[0]), calm + 120 * MIB)
        m = self.start('-m', '128', '-mem-prealloc')[0]
        self.assertGreater(resident(m), calm + 120 * MIB)

    def test_memory_by_the_short_options(self):
        folder = self.dir()
        for path in (os.path.join(folder, 'ram'), folder):
            qmp = self.start('-m', '16', '-mem-path', path)[1]
            value = qmp.value('qom-get', path='/objects/pc.ram', property='mem-path')
            self.assertEqual(value, path)
        self.assertEqual(os.listdir(folder), ['ram'])

    def test_made_and_removed_at_run_time(self):
        m, qmp = self.start('-m', '16')
        before = len(os.listdir('/proc/%d/fd' % m.pid))
        for kind in ('ram', 'memfd'):
            qmp.value('object-add', id='x', qom_type='memory-backend-' + kind, size=64 * MIB,
                      prealloc=True)
            self.assertIn('memory backend: x\n  size:  67108864\n', qmp.hmp('info memdev'))
            qmp.value('object-del', id='x')
        self.assertNotIn(': x', qmp.hmp('info memdev'))
        self.assertEqual(len(os.listdir('/proc/%d/fd' % m.pid)), before)
        for kind, word in (({'qom_type': 'memory-backend-ram'}, "'size'"),
                           ({'qom_type': 'memory-backend-ram', 'size': 0}, "size"),
                           ({'qom_type': 'memory-backend-file', 'size': MIB}, "mem-path"),
                           ({'qom_type': 'memory-backend-ram', 'size': 1 << 60}, 'memory'),
                           ({'qom_type': 'memory-backend-ram', 'size': 'x'}, 'size')):
            self.assertIn(word, qmp.error('object-add', id='y', **kind)['desc'])

    def test_wrong(self):
        folder = self.dir()
        path = os.path.join(folder, 'small')
        with open(path, 'wb') as f:
            f.truncate(MIB)
        named = ('-machine', 'pc,memory-backend=m')
        backend = 'memory-backend-'
        for args, word in (
                ((backend + 'ram', '-m', '32') + named, "'size'"),
                ((backend + 'ram,size=16M', '-m', '32') + named,
                 'Machine memory size does not match the size of the memory backend'),
                ((backend + 'ram,size=16M', '-mem-path', folder) + named, "can't be used together"),
                ((backend + 'file,size=2M,mem-path=' + path,),
                 "backing store size 0x100000 does not match 'size' option 0x200000"),
                ((backend + 'file,size=2M,mem-path=/proc/nothing/x',), "can't open backing store"),
                ((backend + 'file,size=2M,mem-path=/dev/null',), 'unable to map'),
                ((backend + 'file,size=1M,readonly=on,share=on,mem-path=' + path,) + named,
                 'could not write'),
                ((backend + 'memfd,size=1M,hugetlbsize=3M,hugetlb=on',), 'power of two'),
                (('secret,data=x',) + named, "Memory backend 'm' not found")):
            status, _, text = run('-object', args[0] + ',id=m', *args[1:], *QUIET)
            self.assertEqual(status, 1, text)
            self.assertIn(word, text)
        self.assertEqual(os.listdir(folder), ['small'])

    @unittest.skipUnless(QEMU, 'QEMU is not installed')
    def test_compared_with_qemu(self):
        folder = self.dir()
        args = ['-S', '-nodefaults', '-display', 'none', '-machine', 'pc,memory-backend=f',
                '-object', 'memory-backend-file,id=f,size=16M,share=on,mem-path=%s' %
                os.path.join(folder, 'f'), '-object', 'memory-backend-ram,id=r,size=1M,merge=off',
                '-object', 'memory-backend-memfd,id=m,size=2M,dump=off']
        ours = self.start(*args)[1]
        process = subprocess.Popen([QEMU, *args, '-qmp', 'unix:q,server=on,wait=off'], cwd=folder)
        self.addCleanup(lambda: (process.terminate(), process.wait()))
        theirs = Client(os.path.join(folder, 'q'))
        self.addCleanup(theirs.close)
        by_id = [{d['id']: d for d in q.value('query-memdev')} for q in (ours, theirs)]
        self.assertEqual(*by_id)
        text = [sorted(q.hmp('info memdev').replace('\r', '').split('memory backend: '))
                for q in (ours, theirs)]
        self.assertEqual([part.strip() for part in text[0]], [part.strip() for part in text[1]])
        for kind in ('ram', 'file', 'memfd'):
            names = [{p['name'] for p in q.value('qom-list-properties',
                                                 typename='memory-backend-' + kind)}
                     for q in (ours, theirs)]
            self.assertLessEqual(*names)
        machines = [{m['name']: m.get('default-ram-id') for m in q.value('query-machines')}
                    for q in (ours, theirs)]
        self.assertEqual(machines[0]['isapc'], machines[1]['isapc'])
        types = [sorted(q.value('qom-list-types', implements='memory-backend', abstract=True),
                        key=lambda t: t['name']) for q in (ours, theirs)]
        self.assertEqual(*types)


if __name__ == '__main__':
    tap.main()
