#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Guest memory in files: cores that readelf, file and gdb take, parts, and disks that are full."""
import os
import shutil
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from hwtest import HwTest  # noqa: E402
from qmp import Client  # noqa: E402

MIB = 1 << 20


class Core:
    """What an ELF core says of itself."""

    def __init__(self, path):
        with open(path, 'rb') as f:
            self.data = f.read()
        ident = struct.unpack_from('<4sBBB', self.data)
        assert ident == (b'\x7fELF', 2, 1, 1), ident
        kind, machine = struct.unpack_from('<HH', self.data, 16)
        assert (kind, machine) == (4, 62), (kind, machine)
        offset, = struct.unpack_from('<Q', self.data, 32)
        size, count = struct.unpack_from('<HH', self.data, 54)
        self.loads, self.notes = [], []
        for i in range(count):
            kind, _, at, linear, physical, length = struct.unpack_from(
                '<IIQQQQ', self.data, offset + i * size)
            if kind == 1:
                self.loads.append((linear, physical, length, at))
            else:
                self.read_notes(self.data[at:at + length])

    def read_notes(self, data):
        while data:
            name, length, kind = struct.unpack_from('<III', data)
            desc = 12 + (name + 3) // 4 * 4
            self.notes.append((data[12:12 + name - 1].decode(), kind, data[desc:desc + length]))
            data = data[desc + (length + 3) // 4 * 4:]

    def memory(self, addr, length):
        for _, physical, size, at in self.loads:
            if physical <= addr < physical + size:
                return self.data[at + addr - physical:at + addr - physical + length]
        raise AssertionError('%x is not in the core' % addr)


class DumpTest(HwTest):
    args = None

    def setUp(self):
        m = self.start('-machine', 'pc', '-m', '32', '-smp', '2', '-qmp',
                       'unix:q,server=on,wait=off', cwd=True)
        self.qmp = Client(m.path('q'))
        self.addCleanup(self.qmp.close)
        self.q.write(0x10000, b'low memory')
        self.q.write(31 * MIB, b'high memory')

    def wait_for_dump(self):
        end = time.monotonic() + 20
        while self.qmp.value('query-dump')['status'] == 'active' and time.monotonic() < end:
            time.sleep(0.02)
        return self.qmp.value('query-dump')

    # ---- cores ----

    def test_core(self):
        path = self.machine.path('core')
        self.assertEqual(self.qmp.value('query-dump'),
                         {'status': 'none', 'completed': 0, 'total': 0})
        self.qmp.value('dump-guest-memory', paging=False, protocol='file:' + path)
        result = self.qmp.event_data('DUMP_COMPLETED')['result']
        self.assertEqual(result['status'], 'completed')
        self.assertEqual(result['completed'], result['total'])
        self.assertGreaterEqual(result['total'], 32 * MIB)
        core = Core(path)
        self.assertEqual(core.memory(0x10000, 10), b'low memory')
        self.assertEqual(core.memory(31 * MIB, 11), b'high memory')
        self.assertEqual([n[:2] for n in core.notes],
                         [('CORE', 1), ('CORE', 1), ('QEMU', 0), ('QEMU', 0)])
        self.assertEqual([struct.unpack_from('<I', n[2], 32)[0] for n in core.notes[:2]], [1, 2])
        self.assertEqual(os.stat(path).st_mode & 0o77, 0, 'guests have secrets')
        self.assertLess(os.stat(path).st_blocks * 512, 16 * MIB, 'zeros are holes')

    def test_other_programs_take_it(self):
        path = self.machine.path('core')
        self.qmp.value('dump-guest-memory', paging=False, protocol='file:' + path)
        tools = (('readelf', ['-n', '-l', path], 'NT_PRSTATUS'),
                 ('file', [path], 'ELF 64-bit LSB core file, x86-64'),
                 ('gdb', ['-nx', '-batch', '-ex', 'core-file ' + path, '-ex', 'info registers rip',
                          '-ex', 'x/s 0x10000', '-ex', 'info threads'], 'low memory'))
        for tool, args, word in tools:
            with self.subTest(tool=tool):
                if not shutil.which(tool):
                    continue
                p = subprocess.run([tool, *args], capture_output=True, text=True, timeout=30)
                self.assertEqual(p.returncode, 0, p.stderr)
                self.assertIn(word, p.stdout)
                self.assertNotIn('arning', p.stderr)

    def test_part_of_memory(self):
        path = self.machine.path('core')
        self.qmp.value('dump-guest-memory', paging=False, protocol='file:' + path,
                       begin=0x10000, length=0x2000)
        core = Core(path)
        self.assertEqual([load[:3] for load in core.loads], [(0x10000, 0x10000, 0x2000)])
        self.assertEqual(core.memory(0x10000, 10), b'low memory')

    def test_detached(self):
        path = self.machine.path('core')
        self.qmp.value('dump-guest-memory', paging=False, protocol='file:' + path, detach=True)
        self.qmp.event_data('DUMP_COMPLETED')
        self.assertEqual(self.wait_for_dump()['status'], 'completed')
        Core(path)
        self.assertEqual(self.qmp.value('query-status')['status'], 'running')

    def test_machine_stands_still(self):
        fifo = self.machine.path('fifo')
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.qmp.value('dump-guest-memory', paging=False, protocol='file:' + fifo, detach=True)
        self.qmp.event_data('STOP')
        self.assertEqual(self.qmp.value('query-status')['status'], 'save-vm')
        self.assertEqual(self.qmp.value('query-dump')['status'], 'active')
        for command in ('cont', 'stop'):
            self.assertIn('dump in process', self.qmp.error(command)['desc'])
        self.assertIn('dump in process', self.qmp.error(
            'dump-guest-memory', paging=False, protocol='file:/dev/null')['desc'])
        self.assertIn('active', self.qmp.hmp('info dump'))
        os.close(reader)  # nobody takes it any more
        event = self.qmp.event_data('DUMP_COMPLETED')
        self.assertEqual(event['result']['status'], 'failed')
        self.assertIn('Broken pipe', event['error'])
        self.assertEqual(self.qmp.value('query-status')['status'], 'running')

    def test_stream(self):
        fifo, path = self.machine.path('fifo'), self.machine.path('copy')
        os.mkfifo(fifo)
        with subprocess.Popen('cat %s > %s' % (fifo, path), shell=True) as cat:
            time.sleep(0.3)
            self.qmp.value('dump-guest-memory', paging=False, protocol='file:' + fifo)
            cat.wait(20)
        self.assertEqual(Core(path).memory(0x10000, 10), b'low memory')

    def test_paused_stays_paused(self):
        self.qmp.value('stop')
        self.qmp.value('dump-guest-memory', paging=False,
                       protocol='file:' + self.machine.path('core'))
        self.assertEqual(self.qmp.value('query-status')['status'], 'paused')
        self.assertFalse(self.qmp.has_event('RESUME'))

    def test_full_disk_leaves_nothing(self):
        path = self.machine.path('tmpfs')
        os.mkdir(path)
        if os.geteuid() or subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', path],
                                          check=False, capture_output=True).returncode:
            self.skipTest('cannot mount a tmpfs')
        self.addCleanup(subprocess.run, ['umount', path], check=True)
        self.q.write(MIB, os.urandom(2 * MIB))
        core = os.path.join(path, 'core')
        error = self.qmp.error('dump-guest-memory', paging=False, protocol='file:' + core)
        self.assertIn('No space left', error['desc'])
        self.assertEqual(self.qmp.event_data('DUMP_COMPLETED')['result']['status'], 'failed')
        error = self.qmp.error('pmemsave', val=0, size=4 * MIB, filename=core)
        self.assertIn('No space left', error['desc'])
        self.assertEqual(os.listdir(path), [])
        self.assertEqual(self.qmp.value('query-status')['status'], 'running')

    def test_wrong_arguments(self):
        out = 'file:' + self.machine.path('x')
        for arguments, word in (({'protocol': out, 'begin': 0}, "'length'"),
                                ({'protocol': out, 'length': 4096}, "'begin'"),
                                ({'protocol': out, 'begin': 0, 'length': 0}, "'length'"),
                                ({'protocol': out, 'begin': 1 << 40, 'length': 4096}, "'begin'"),
                                ({'protocol': 'file:/nonexistent/x'}, '/nonexistent/x'),
                                ({'protocol': 'tcp:x'}, "'protocol'"),
                                ({'protocol': out, 'format': 'kdump-zlib'}, 'kdump-zlib'),
                                ({'protocol': out, 'format': 'odd'}, 'odd')):
            with self.subTest(arguments=arguments):
                error = self.qmp.error('dump-guest-memory', paging=False, **arguments)
                self.assertIn(word, error['desc'])
        self.assertFalse(os.path.exists(self.machine.path('x')))
        self.assertEqual(self.qmp.value('query-dump-guest-memory-capability'),
                         {'formats': ['elf']})

    def test_end_does_not_wait_for_a_dump(self):
        fifo = self.machine.path('fifo')
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.qmp.value('dump-guest-memory', paging=False, protocol='file:' + fifo, detach=True)
        self.qmp.value('quit')
        self.assertEqual(self.machine.wait(10), 0)
        os.close(reader)

    # ---- parts ----

    def test_pmemsave_and_memsave(self):
        path = self.machine.path('part')
        for command in ('pmemsave', 'memsave'):
            self.qmp.value(command, val=0x10000, size=16, filename=path)
            with open(path, 'rb') as f:
                self.assertEqual(f.read(), b'low memory' + bytes(6))
        self.assertIn('#7', self.qmp.error('memsave', val=0, size=1, filename=path,
                                           cpu_index=7)['desc'])
        self.assertIn('nonexistent', self.qmp.error('pmemsave', val=0, size=1,
                                                    filename='/nonexistent/x')['desc'])
        self.assertEqual(self.qmp.hmp('pmemsave 0x10000 4 "%s"' % path), '')
        with open(path, 'rb') as f:
            self.assertEqual(f.read(), b'low ')

    # ---- where memory is ----

    def test_where_memory_is(self):
        self.assertRegex(self.qmp.hmp('gpa2hva 0x10000'),
                         r'Host virtual address for 0x10000 \(.*\) is 0x[0-9a-f]+')
        self.assertRegex(self.qmp.hmp('gpa2hpa 0x10000'),
                         r'Host physical address for 0x10000|only root')
        self.assertIn('No memory', self.qmp.hmp('gpa2hva 0x80000000'))
        self.assertIn('gpa: 0x10000', self.qmp.hmp('gva2gpa 0x10000'))
        self.assertIn('ram', self.qmp.hmp('info ramblock'))
        self.assertRegex(self.qmp.hmp('info roms'), r'addr=0*fffc0000 size=0x040000')

    def test_sum(self):
        self.q.write(0x20000, bytes(range(256)))
        value = 0
        for byte in range(256):
            value = ((value >> 1 | value << 15) + byte) & 0xffff
        self.assertEqual(self.qmp.hmp('sum 0x20000 256').strip(), '%05d' % value)


if __name__ == '__main__':
    tap.main()
