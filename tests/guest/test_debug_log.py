# SPDX-License-Identifier: GPL-2.0-or-later
"""`-d in_asm,exec,cpu,int -D FILE` under the software processor, and what the monitor says of code
and page tables there: on the guest of test_gdb.py."""

import os
import re
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from machine import Machine, run
from test_gdb import SOURCE, skip_reason

HAS_ZYDIS = 'zydis' in run('-version')[1]


@unittest.skipIf(skip_reason('tcg'), skip_reason('tcg'))
class DebugLog(unittest.TestCase):
    def start(self, source, *args):
        self.machine = Machine('-m', '16', accel='tcg')
        self.addCleanup(self.machine.stop)
        rom = self.machine.path('guest.rom')
        subprocess.run(['nasm', '-f', 'bin', '-o', rom, source], check=True, cwd=self.machine.dir)
        self.machine.args += ['-bios', rom, '-D', self.machine.path('log'), *args]
        self.machine.start()
        return self.machine.hmp.command

    def wait_rip(self, hmp, low):
        """Until the guest is at or past `low`; pauses it."""
        end = time.monotonic() + 10
        while True:
            hmp('stop')
            rip = int(re.search(r'IP=([0-9a-f]+)', hmp('info registers')).group(1), 16)
            if 'CPL=0' in hmp('info registers') and low <= rip < 0x9000:
                return rip
            self.assertLess(time.monotonic(), end, hmp('info registers'))
            hmp('cont')
            time.sleep(0.02)

    def log(self):
        with open(self.machine.path('log'), encoding='ascii') as f:
            return f.read()

    def test_items(self):
        hmp = self.start(SOURCE, '-d', 'in_asm,exec,cpu', '-S')
        hmp('cont')
        self.wait_rip(hmp, 0x8090)
        hmp('log none')
        log = self.log()
        first = '0xfffffff0:  ea 00 ff 00 f0 '
        if HAS_ZYDIS:
            self.assertIn('----------------\nIN:\n' + first, log)
            self.assertRegex(log, r' l?jmp +0xf000:0xff00\n')
            self.assertRegex(log, r'0x0000\w+:  0f 22 c0 +mov +%eax, %cr0\n')
        # In order: the reset vector, then the code behind it, each with the registers.
        traces = re.findall(r'^Trace 0: (\w+):(\w+) \[(\w+)/', log, re.M)
        self.assertEqual(traces[0], ('f000', '%016x' % 0xfff0, '%016x' % 0xfffffff0))
        self.assertEqual(traces[1], ('f000', '%016x' % 0xff00, '%016x' % 0xfff00))
        self.assertEqual(len(re.findall(r'^CR0=', log, re.M)), len(traces))
        self.assertNotIn('XMM', log)
        # It is off: nothing more is written.
        hmp('cont')
        time.sleep(0.1)
        self.assertEqual(len(self.log()), len(log))

    def test_interrupts(self):
        self.machine = scratch = Machine()
        self.addCleanup(scratch.stop)
        source = scratch.file('int.asm', b"""
        bits    16
        org     0
        times   0xff00 - ($ - $$) db 0
        cli
        xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, 0x7000
        mov     word [0x80 * 4], handler
        mov     word [0x80 * 4 + 2], 0xf000
        mov     word [6 * 4], handler
        mov     word [6 * 4 + 2], 0xf000
        int     0x80
        ud2
handler:
        cli
        mov     bp, sp
        add     word [bp], 2
        iret
        times   0xfff0 - ($ - $$) db 0
        jmp     0xf000:0xff00
        times   0x10000 - ($ - $$) db 0
""")
        hmp = self.start(source, '-d', 'int')
        end = time.monotonic() + 10
        while 'v=06' not in self.log():
            self.assertLess(time.monotonic(), end, self.log() + hmp('info registers'))
            time.sleep(0.02)
        lines = self.log().splitlines()
        self.assertRegex(lines[0], r'^ +0: v=80 e=0000 i=1 cpl=0 IP=f000:000000000000ff2\w pc=')
        self.assertRegex(lines[0], r'SP=0000:0000000000007000 RAX=0000000000000000 cpu=0$')
        self.assertRegex(lines[1], r'^ +1: v=06 e=0000 i=0 cpl=0 ')

    def test_monitor(self):
        hmp = self.start(SOURCE)
        self.wait_rip(hmp, 0x8090)
        self.assertEqual(hmp('info mem'), '0000000000000000-0000000040000000 0000000040000000 -rw')
        tlb = hmp('info tlb').splitlines()
        self.assertEqual(len(tlb), 512)
        self.assertEqual(tlb[0], '0000000000000000: 0000000000000000 --PDA---W')
        self.assertEqual(tlb[-1], '000000003fe00000: 000000003fe00000 --P-----W')
        if HAS_ZYDIS:
            self.assertRegex(hmp('x /7i $rip'), r'(inc +%rbx|nop|ret|%rbx)')


if __name__ == '__main__':
    tap.main()
