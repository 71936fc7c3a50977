# SPDX-License-Identifier: GPL-2.0-or-later
"""The debug server with GDB itself as the client, on a guest of our own, under each accelerator
that runs here."""

import os
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from machine import ROOT, Machine, run

SOURCE = os.path.join(ROOT, 'tests', 'guest', 'asm', 'debugged.asm')

# Interrupts GDB, and so the guest, a second from now.
INTERRUPT = ('python import os, signal, threading; '
             't = threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)); '
             't.daemon = True; t.start()')


def skip_reason(accel):
    for program in ('nasm', 'gdb'):
        if not shutil.which(program):
            return 'needs ' + program
    if accel == 'kvm':
        return None if os.access('/dev/kvm', os.R_OK | os.W_OK) else 'needs /dev/kvm'
    return None if re.search(r'^%s\b' % accel, run('-accel', 'help')[1], re.M) else 'no ' + accel


class Gdb:
    """The tests, for one accelerator."""
    accel = None

    def setUp(self):
        reason = skip_reason(self.accel)
        if reason:
            self.skipTest(reason)
        self.machine = Machine(accel=self.accel)
        self.addCleanup(self.machine.stop)
        rom = self.machine.path('guest.rom')
        subprocess.run(['nasm', '-f', 'bin', '-o', rom, SOURCE], check=True,
                       cwd=self.machine.dir)
        with open(self.machine.path('guest.map'), encoding='utf-8') as f:
            # Real, virtual address, name; addresses without leading zeros.
            self.symbols = {name: int(addr, 16) for addr, name in
                            re.findall(r'^\s*[0-9A-F]+\s+([0-9A-F]+)\s+(\w+)$', f.read(), re.M)}
        self.rom = rom

    def start(self, *args):
        server = 'unix:%s,server=on,wait=off' % self.machine.path('gdb')
        self.machine.args = ['-m', '16', '-bios', self.rom, '-S', '-gdb', server, *args]
        self.machine.start()

    def gdb(self, *commands, timeout=20):
        """Runs the commands in a GDB that is connected; `NAME@` stands for a label. Returns all it
        said."""
        args = ['gdb', '-nx', '-batch', '-ex', 'set pagination off', '-ex', 'set confirm off',
                '-ex', 'target remote ' + self.machine.path('gdb')]
        for command in commands:
            command = re.sub(r'(\w+)@', lambda m: hex(self.symbols[m.group(1)]), command)
            args += ['-ex', command]
        try:
            done = subprocess.run(args, capture_output=True, timeout=timeout,
                                  stdin=subprocess.DEVNULL, env={**os.environ, 'LC_ALL': 'C'})
        except subprocess.TimeoutExpired as e:
            self.fail('GDB waits: %s\n%s' % ((e.stdout or b'').decode(),
                                            self.machine.hmp.command('info registers')))
        return done.stdout.decode() + done.stderr.decode()

    def linear(self, name):
        """Of a label in the part that runs in the firmware's place."""
        return 0xf0000 + self.symbols[name] - 0x8000

    def to_loop(self):
        return ['hbreak *loop64@', 'continue', 'delete']

    def test_reset_state(self):
        self.start()
        said = self.gdb('info registers rip cs cr0', 'x/5xb 0xfffffff0', 'stepi', 'p/x $rip',
                        'p/x $cs', 'stepi', 'p/x $rip', 'monitor info status', 'info threads')
        self.assertRegex(said, r'rip +0xfff0 ')
        self.assertRegex(said, r'0xfffffff0:\s+0xea\s+0x00\s+0xff\s+0x00\s+0xf0')
        self.assertIn('$1 = 0xff00\n$2 = 0xf000', said)
        self.assertIn('$3 = 0xff01', said)
        self.assertIn('paused (debug)', said)
        self.assertRegex(said, r'\* 1 +Thread 1 \(CPU#0')

    # GDB cannot know that it stands at its breakpoint, as rip is not the linear address.
    def test_segmented_breakpoint(self):
        self.start()
        said = self.gdb('hbreak *0x%x' % self.linear('rounds'), 'continue', 'p/x $rip', 'p $cx',
                        'continue', 'p/x $rip', 'p $cx', 'stepi', 'p/x $rip', *self.to_loop(),
                        'p/x $rip')
        rounds = '0x%x' % (self.symbols['rounds'] - 0x8000)
        self.assertIn('$1 = %s\n$2 = 2' % rounds, said)
        self.assertIn('$3 = %s\n$4 = 1' % rounds, said)
        self.assertIn('$5 = 0x%x' % (self.symbols['rounds'] - 0x8000 + 1), said)
        self.assertIn('$6 = 0x%x' % self.symbols['loop64'], said)

    def test_long_mode(self):
        self.start()
        said = self.gdb(*self.to_loop(), 'p/x $r15', 'p/x $cs', 'p $efer & 0x400', 'x/3i $rip',
                        'break *function@', 'continue', 'p $rbx', 'x/gx $rsp', 'continue', 'p $rbx',
                        'stepi', 'stepi', 'p/x $rip', 'set $rbx = 1000',
                        'set var *(int *)0x9100 = 77', 'continue',
                        'p $rbx', 'p *(long *)0x9000', 'p *(int *)0x9100',
                        'set $fctrl = 0x27f', 'p $fctrl', 'set $xmm1.v2_int64[1] = 5',
                        'p $xmm1.v2_int64[1]')
        self.assertIn('$1 = 0x123456789abcdef0\n$2 = 0x8\n$3 = 1024', said)
        self.assertRegex(said, r'inc +%rbx')
        self.assertIn('Breakpoint 2, 0x%016x' % self.symbols['function'], said)
        self.assertIn('$4 = 1\n', said)
        self.assertIn('0x%016x' % self.symbols['after_call'], said)
        self.assertIn('$5 = 2\n', said)
        self.assertIn('$6 = 0x%x' % (self.symbols['function'] + 2), said)
        self.assertIn('$7 = 1001\n$8 = 1000\n$9 = 77\n', said)
        self.assertIn('$10 = 639\n$11 = 5', said)

    # More than the processor has debug registers.
    def test_many_breakpoints(self):
        self.start()
        at = [self.symbols['function'] + i for i in range(7)]
        said = self.gdb(*self.to_loop(), *['break *0x%x' % a for a in at], *['continue'] * 8,
                        'x/7xb function@', 'p $rbx')
        hits = [int(a, 16) for a in re.findall(r'^Breakpoint \d+, (0x[0-9a-f]+)', said, re.M)]
        self.assertEqual(hits[1:], at + at[:1])
        self.assertRegex(said, r'(0x90\s+){6}0xc3')
        self.assertIn('$1 = 2\n', said)

    def test_watch(self):
        self.start()
        said = self.gdb(*self.to_loop(), 'watch *(long *)0x9000', 'continue', 'p/x $rip',
                        'continue', 'p/x $rip', 'delete',
                        'rwatch *(long *)0x9000', 'continue', 'p/x $rip',
                        'delete', 'awatch *(long *)0x9018', 'continue', 'p/x $rip', 'delete')
        self.assertRegex(said, r'Old value = 0\s+New value = 1')
        self.assertRegex(said, r'Old value = 1\s+New value = 2')
        after_write = '0x%x\n' % self.symbols['after_write']
        self.assertIn('$1 = ' + after_write, said)
        self.assertIn('$2 = ' + after_write, said)
        self.assertRegex(said, r'read watchpoint.*\s+Value = 2')
        self.assertIn('$3 = 0x%x\n' % self.symbols['after_read'], said)
        self.assertIn('$4 = 0x%x\n' % self.symbols['after_rmw'], said)

    # A push and a pop of a watched stack, and an access that only brushes what is watched.
    def test_watch_parts(self):
        self.start()
        said = self.gdb(*self.to_loop(), 'awatch *(char *)0x6ffb', 'continue', 'p/x $rip',
                        'continue', 'p/x $rip', 'delete', 'watch *(int *)0x9014',
                        'set $rbx = 0xffffffff', 'continue', 'p/x $rip')
        self.assertIn('$1 = 0x%x\n' % self.symbols['function'], said)
        self.assertIn('$2 = 0x%x\n' % self.symbols['after_call'], said)

    def test_interrupt_and_detach(self):
        self.start()
        said = self.gdb(*self.to_loop(), INTERRUPT, 'continue', 'monitor info status',
                        'p $rbx > 100', 'detach')
        self.assertIn('SIGINT', said)
        self.assertIn('VM status: paused\n', said)
        self.assertIn('$1 = 1', said)
        self.assertIn('running', self.machine.hmp.command('info status'))
        # And once more, while it runs: connecting stops it.
        said = self.gdb('monitor info status', 'break *function@', 'continue', 'detach')
        self.assertIn('VM status: paused\n', said)
        self.assertIn('Breakpoint 1,', said)
        self.assertIn('running', self.machine.hmp.command('info status'))

    def test_processors(self):
        self.start('-smp', '2')
        said = self.gdb(*self.to_loop(), 'info threads', 'thread 2', 'p/x $rip', 'thread 1',
                        'stepi', 'p/x $rip')
        self.assertRegex(said, r'\* 1 +Thread 1 \(CPU#0')
        self.assertRegex(said, r'  2 +Thread 2 \(CPU#1')
        self.assertIn('$2 = 0x%x' % (self.symbols['loop64'] + 3), said)

    def test_kill(self):
        self.start()
        self.gdb(*self.to_loop(), 'kill')
        self.assertEqual(self.machine.wait(), 0)

    # A GDB that is gone without a word: no INT3 stays in the guest.
    def test_lost_client(self):
        self.start()
        self.gdb(*self.to_loop(), *['break *(function@ + %d)' % i for i in range(6)], 'continue',
                 'python import os; os._exit(0)')
        time.sleep(0.2)
        bytes_ = self.machine.hmp.command('xp /7xb 0x%x' % self.symbols['function'])
        self.assertEqual(bytes_.split(':')[1].split(), ['0x90'] * 6 + ['0xc3'])
        self.assertIn('paused', self.machine.hmp.command('info status'))

    def test_reset(self):
        self.start()
        said = self.gdb(*self.to_loop(), 'hbreak *loop64@', 'monitor system_reset', 'p/x $rip',
                        'maintenance flush register-cache', 'p/x $rip', 'continue', 'p $rbx')
        self.assertIn('$2 = 0xfff0', said)
        self.assertIn('$3 = 0\n', said)


class GdbKvm(Gdb, unittest.TestCase):
    accel = 'kvm'

    def setUp(self):
        super().setUp()
        if 'watch' in self.id():
            self.start()
            said = self.gdb(*self.to_loop(), 'watch *(long *)0x9000', INTERRUPT, 'continue')
            if 'SIGINT' in said:
                self.skipTest('this KVM emulates, and its emulator does not look at watchpoints')
            self.machine.stop()
            super().setUp()


class GdbTcg(Gdb, unittest.TestCase):
    accel = 'tcg'


class Monitor(unittest.TestCase):
    def test_gdbserver(self):
        """The server is started and ended at the monitor."""
        with Machine() as m:
            path = m.path('gdb')
            command = 'gdbserver unix:%s,server=on,wait=off' % path
            self.assertIn('Waiting', m.hmp.command(command))
            self.assertTrue(os.path.exists(path))
            self.assertIn('gdb', m.hmp.command('info chardev'))
            self.assertIn('Waiting', m.hmp.command(command)) # in place of the one before
            self.assertIn('No debug server', m.hmp.command('gdbserver none'))
            self.assertNotIn('gdb:', m.hmp.command('info chardev'))
            self.assertIn('Error', m.hmp.command('gdbserver nonsense:1'))

    def test_bad_device(self):
        status, _, err = run('-accel', 'qtest', '-display', 'none', '-gdb', 'tcp:nonsense')
        self.assertEqual(status, 1)
        self.assertIn('-gdb tcp:nonsense', err)


if __name__ == '__main__':
    tap.main()
