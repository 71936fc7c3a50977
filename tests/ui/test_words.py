#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Words that people and scripts look for: topics of info, `-OPTION help`, and what is said of
character devices that cannot be had. Compared with QEMU where it is installed."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from machine import Machine, binary, run  # noqa: E402
from qmp import Client  # noqa: E402

QEMU = shutil.which('qemu-system-x86_64')
QUIET = ('-nodefaults', '-display', 'none', '-S')


class Topics(unittest.TestCase):
    def both(self, *args, accel='tcg'):
        """A client of each program; QEMU's first."""
        clients = []
        for program in filter(None, (QEMU, binary())):
            folder = tempfile.mkdtemp(prefix='vitrine-words-')
            self.addCleanup(shutil.rmtree, folder, True)
            process = subprocess.Popen([program, *QUIET, '-accel', accel, '-qmp',
                                        'unix:q,server=on,wait=off', *args], cwd=folder,
                                       stderr=subprocess.DEVNULL)
            self.addCleanup(lambda p: (p.terminate(), p.wait(20)), process)
            clients.append(Client(os.path.join(folder, 'q')))
            self.addCleanup(clients[-1].close)
        return clients

    def test_hotpluggable_cpus(self):
        texts = {q.hmp('info hotpluggable-cpus').replace('\r', '').rstrip()
                 for q in self.both('-smp', '4,sockets=1,cores=2,threads=2', '-cpu', 'qemu64')}
        for text in texts:
            self.assertEqual(text.count('type: "qemu64-x86_64-cpu"'), 4)
            self.assertIn('    socket-id: "0"\n    core-id: "1"\n    thread-id: "1"', text)
        # Only the numbers of devices differ.
        self.assertEqual(len({re.sub(r'device\[\d+\]', 'device', text) for text in texts}), 1)
        for q in self.both('-M', 'none'):
            self.assertIn('not enabled', q.hmp('info hotpluggable-cpus'))

    @unittest.skipUnless(os.access('/dev/kvm', os.R_OK | os.W_OK), 'there is no KVM')
    def test_stats(self):
        clients = self.both('-smp', '2', accel='kvm')
        for line in ('info stats vm', 'info stats vcpu', 'info stats vcpu exits,halt_exits',
                     'info stats vcpu exits', 'info stats vm *', 'info stats vm * kvm',
                     'info stats vm nothing'):
            names = {frozenset(re.findall(r'^ +(\S+ \([^)]*\)):', q.hmp(line), re.M))
                     for q in clients}
            self.assertEqual(len(names), 1, line)
        for q in clients:
            self.assertTrue(q.hmp('info stats vm').startswith('provider: kvm'))
            self.assertIn('invalid stats target x', q.hmp('info stats x'))
            self.assertIn('invalid stats provider x', q.hmp('info stats vm * x'))
            self.assertIn('expected', q.hmp('info stats') + ' expected' * (q is clients[-1]))

    def test_without_statistics(self):
        for q in self.both('-M', 'none', accel='tcg'):
            self.assertEqual(q.hmp('info stats vm').strip(), '')

    def test_migration(self):
        q = self.both('-M', 'none')[-1]
        self.assertEqual(q.hmp('info migrate_capabilities'), '')
        self.assertEqual(q.value('query-migrate-capabilities'), [])

    def test_what_there_is_not(self):
        clients = self.both()
        for topic in ('capture', 'dirty_rate', 'network', 'sev', 'sgx', 'tpm', 'usernet',
                      'vcpu_dirty_limit', 'vm-generation-id', 'usb', 'numa', 'snapshots',
                      'replay', 'memory-devices', 'iothreads', 'block-jobs'):
            texts = {q.hmp('info ' + topic).replace('\r', '').strip() for q in clients}
            self.assertEqual(len(texts), 1, texts)
        for q in clients:
            self.assertEqual(q.value('x-query-numa'), {'human-readable-text': '0 nodes\n'})
            self.assertEqual(q.error('x-query-usb')['desc'], 'USB support not enabled')

    def test_dump_of_nothing(self):
        for q in self.both('-M', 'none'):
            self.assertEqual(q.error('dump-guest-memory', paging=False,
                                     protocol='file:/dev/null')['desc'],
                             'dump: no guest memory to dump')
            self.assertIn('dump: no guest memory to dump', q.hmp('dump-guest-memory /dev/null'))


class Help(unittest.TestCase):
    def test_keys(self):
        for option, keys in (('smp', 'cpus sockets cores threads'), ('rtc', 'base clock'),
                             ('boot', 'order once menu strict'), ('m', 'size'),
                             ('action', 'reboot shutdown panic watchdog'),
                             ('msg', 'timestamp guest-name'), ('sandbox', 'spawn obsolete'),
                             ('add-fd', 'fd set opaque'), ('icount', 'shift sleep'),
                             ('spice', 'port addr'), ('vnc', 'password')):
            for word in ('help', '?'):
                status, out, err = run('-' + option, word)
                self.assertEqual((status, err), (0, ''), option)
                self.assertRegex(out.split('\n', 1)[0], r'^[a-z-]+ options:$')
                for key in keys.split():
                    self.assertRegex(out, r'(?m)^  %s=<' % key)
        # Where it is a name, it stays one.
        self.assertNotIn('options:', run('-name', 'help', '-version')[1])

    @unittest.skipUnless(QEMU, 'QEMU is not installed')
    def test_compared_with_qemu(self):
        for option in ('rtc', 'action', 'msg', 'add-fd'):
            theirs = subprocess.run([QEMU, '-' + option, 'help'], capture_output=True, text=True,
                                    timeout=20, check=False).stdout
            ours = run('-' + option, 'help')[1]
            self.assertEqual(ours.split('\n')[0], theirs.split('\n')[0])
            self.assertLessEqual(set(re.findall(r'^  ([a-z-]+)=(<[a-z]+)', ours, re.M)),
                                 set(re.findall(r'^  ([a-z-]+)=(<[a-z]+)', theirs, re.M)))


class Busy(unittest.TestCase):
    """A character device that is used already."""

    def said(self, program, *args):
        result = subprocess.run([program, *QUIET, '-chardev', 'null,id=c', *args],
                                capture_output=True, text=True, timeout=20, check=False)
        self.assertNotEqual(result.returncode, 0)
        return result.stderr

    def test_devices(self):
        for device in ('isa-serial', 'isa-parallel', 'isa-debugcon'):
            for program in filter(None, (binary(), QEMU)):
                text = self.said(program, '-device', 'isa-debugcon,chardev=c,iobase=0xe8',
                                 '-device', device + ',chardev=c')
                self.assertRegex(text, r"Property '[a-z-]+\.chardev' can't take value 'c': "
                                       r"Device 'c' is in use")
                text = self.said(program, '-device', device + ',chardev=nope')
                self.assertRegex(text, r"Property '[a-z-]+\.chardev' can't find value 'nope'")

    def test_ports_and_monitors(self):
        for args in (('-serial', 'chardev:c', '-serial', 'chardev:c'),
                     ('-mon', 'chardev=c', '-device', 'isa-serial,chardev=c'),
                     ('-serial', 'chardev:c', '-device', 'isa-debugcon,chardev=c')):
            self.assertIn("Device 'c' is in use", self.said(binary(), *args))

    def test_hot_plug_leaves_no_half_device(self):
        m = Machine('-S', '-nodefaults', '-chardev', 'null,id=c', '-mon', 'chardev=c')
        self.addCleanup(m.stop)
        m.start()
        text = m.hmp.command('device_add isa-serial,chardev=c,id=s')
        self.assertRegex(text, 'in use|hotplug')
        self.assertNotIn('"s"', m.hmp.command('info qtree'))


if __name__ == '__main__':
    tap.main()
