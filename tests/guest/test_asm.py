# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the guests of tests/guest/asm/ (docs/guest-tests.md) on every accelerator that can.

Each is a firmware image that checks what the processor does against the manuals, tells what is
wrong in a line each, and ends the program by isa-debug-exit. $GUESTS is the folder of the images;
with $REFERENCE (a QEMU binary), each runs there too, to compare: nothing depends on it."""

import functools
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import machine
import tap

IMAGES = os.environ.get('GUESTS') or os.path.join(machine.ROOT, 'build', 'tests', 'guest')
REFERENCE = os.environ.get('REFERENCE')

# Guest -> more arguments of the command line.
GUESTS = {
    'apic': ['-smp', '4'],
    'exceptions': [],
    'fpu': [],
    'framework': [],
    'gates': [],
    'modes': [],
    'paging': [],
    'privilege': [],
    'runs': [],
    'segments': [],
    'smc': ['-smp', '2'],
    'smp': ['-smp', '2'],
    'strings': [],
    'system': [],
    'tasks': [],
}

# What a partial KVM (docs/accelerator.md) gets wrong without saying so: guest -> {check or
# section: why}. What it says it cannot emulate needs no list; both are told in the test's output.
PARTIAL = {
    'apic': {'priorities': 'interrupts come late after an emulated STI'},
    'exceptions': {
        '#UD, then #NP': 'it makes a double fault of it',
    },
    'gates': {
        'long mode, ring 3': 'INT in ring 3 is an invalid opcode there',
        'call gates from ring 3 in long mode': 'so are far calls',
        'iretq to data': 'it runs on',
        'iretq to code with D and L': 'it runs on',
    },
    'modes': {
        'CR0: upper half': 'it looks at the lower half only',
    },
    'paging': {
        'two levels: paging on': 'it has four levels only',
        'PAE: paging on': 'it has four levels only',
        'across, second': 'its emulator writes to the first page before it looks at the second',
        'across: value': 'the same',
        'a walk sets A of the PDPT entry': 'it does not walk as hardware does',
        'last byte below the hole and beyond': 'its emulator looks at the first byte only',
        "push across the hole's begin": 'the same',
    },
    'privilege': {
        'a reserved type in PAT': 'it takes any',
        'PAT is as it was': 'the same',
        'syscall': 'SYSCALL and SYSRET are not the guest\'s',
    },
    'segments': {
        'ltr from the LDT (error code)': 'its emulator has an error code of 0',
    },
    'smp': {
        'lock inc across pages': 'its emulator does the halves one after the other',
    },
    'strings': {
        'rep insb beyond the limit': 'its emulator looks at the whole before the first byte',
    },
    'system': {
        'sysretq with EFER.SCE of 0': 'it looks at the privilege first',
        'rdtsc in ring 3 with TSD': 'it does not know TSD there',
        'syscall in long mode': 'ring 3 reaches it with selectors of its own',
        'the time stamp counter can be set': 'it stays as it is',
    },
}

# What a guest says that is meant to fail: proof that a failure is seen at all.
CANARY = [
    'check a value: got 00000005, expected 00000006',
    'check no fault (vector): got ffffffff, expected 00000006',
    'check another vector (vector): got 00000006, expected 0000000d',
    'check an error code (error code): got 0000fff8, expected 0000fff0',
    'check 64 bits: got 1234567800000000, expected 1234567800000001',
]


def accelerators():
    names = machine.run('-accel', 'help')[1]
    return [name for name in ('tcg', 'kvm') if re.search(r'^\s*%s\b' % name, names, re.M)]


class Outcome:
    """Of one run: `status` (None: did not end), `said` (lines), `trouble` (the program's words)."""

    def __init__(self, status, said, trouble=''):
        self.status = status
        self.said = said
        self.trouble = trouble

    def section(self):
        """(number, name) of the section that ran last."""
        found = [re.match(r'# section (\d+): (.*)', line) for line in self.said]
        found = [m for m in found if m]
        return (int(found[-1].group(1)), found[-1].group(2)) if found else (None, 'start')

    def wrong(self):
        """Lines that tell of failures, each with its section's name."""
        lines, section = [], 'start'
        for line in self.said:
            if line.startswith('# section'):
                section = line.split(': ', 1)[1]
            elif not line.startswith(('#', 'passed', 'failed')):
                lines.append((section, line))
        return lines


def image(name, skip=0, seed=1, seconds=2):
    """The bytes of a guest, with its parameters (asm/guest.inc) filled in."""
    with open(os.path.join(IMAGES, name + '.bin'), 'rb') as f:
        data = bytearray(f.read())
    assert len(data) == 0x10000, '%s: %d bytes' % (name, len(data))
    struct.pack_into('<III', data, 16, skip, seed, seconds)
    return bytes(data)


def arguments(bios, log, args):
    return ['-m', '16', '-bios', bios, '-chardev', 'file,id=debug,path=' + log, '-device',
            'isa-debugcon,iobase=0xe9,chardev=debug', '-device',
            'isa-debug-exit,iobase=0xf4,iosize=4', *args]


def lines_of(path):
    try:
        with open(path, encoding='latin-1') as f:
            return f.read().splitlines()
    except FileNotFoundError:
        return []


def run_vitrine(accel, rom, args, timeout):
    m = machine.Machine(accel=accel, monitor=False)
    log = m.path('log')
    m.args = arguments(m.file('guest.bin', rom), log, args)
    with m:
        end = time.monotonic() + timeout
        while m.running() and time.monotonic() < end and 'is paused' not in m.stderr():
            time.sleep(0.01)
        status = None if m.running() else m.wait()
        return Outcome(status, lines_of(log), m.stderr().strip())


def run_reference(rom, args, timeout):
    with tempfile.TemporaryDirectory() as folder:
        bios, log = os.path.join(folder, 'guest.bin'), os.path.join(folder, 'log')
        with open(bios, 'wb') as f:
            f.write(rom)
        command = [REFERENCE, '-accel', 'tcg,thread=multi', '-display', 'none', '-net', 'none',
                   *arguments(bios, log, args)]
        try:
            done = subprocess.run(command, timeout=timeout, capture_output=True, text=True)
            return Outcome(done.returncode, lines_of(log), done.stderr.strip())
        except subprocess.TimeoutExpired:
            return Outcome(None, lines_of(log), 'does not end')


def run_guest(accel, name, timeout=60, **parameters):
    rom = image(name, **parameters)
    if accel == 'reference':
        return run_reference(rom, GUESTS[name], timeout)
    return run_vitrine(accel, rom, GUESTS[name], timeout)


@functools.lru_cache()
def kvm_is_partial():
    return 'cannot emulate' in run_guest('kvm', 'framework').trouble


class Asm(unittest.TestCase):
    def check(self, accel, name):
        out = run_guest(accel, name)
        self.assertEqual((out.status, out.wrong()), (1, []), self.explain(out))
        self.assertRegex(out.said[-1], 'passed, checks: ')

    def explain(self, out):
        return '\n'.join(['in section %s %s; status %s; %s' % (*out.section(), out.status,
                                                               out.trouble)] + out.said)

    def check_kvm(self, name):
        """A partial KVM stops at what it cannot emulate; that section is then left out."""
        skip, left_out, wrong = 0, [], []
        while True:
            out = run_guest('kvm', name, skip=skip)
            number, section = out.section()
            wrong += [pair for pair in out.wrong() if pair not in wrong]
            if out.status is not None or 'cannot emulate' not in out.trouble or number is None:
                break
            at = re.search(r'at ([0-9a-f]+:[0-9a-f]+ \(bytes there: [0-9a-f ]{12,24})',
                           out.trouble)
            left_out.append('%s: this KVM cannot emulate the instruction %s)' %
                            (section, at.group(1).strip() if at else ''))
            skip |= 1 << number
        if left_out or (wrong and kvm_is_partial()):
            for section, line in list(wrong):
                for key, why in PARTIAL.get(name, {}).items():
                    if section == key or line.startswith('check ' + key):
                        wrong.remove((section, line))
                        left_out.append('%s: %s' % (key, why))
                        break
        for line in dict.fromkeys(left_out):
            print('# %s on kvm leaves out %s' % (name, line), flush=True)
        self.assertEqual(wrong, [], self.explain(out))
        self.assertIn(out.status, (1, 3) if left_out else (1,), self.explain(out))
        if left_out and not re.search('checks: 0*[1-9a-f]', out.said[-1]):
            self.skipTest('; '.join(left_out))

    def check_random(self, accel, processors=1):
        """The guest `random` may do what it likes; the program has to go on answering."""
        seed = int(os.environ.get('GUEST_SEED', 1))
        end = time.monotonic() + float(os.environ.get('GUEST_SECONDS', 4))
        rounds = resets = second = 0
        while time.monotonic() < end:
            m = machine.Machine('-no-shutdown', '-m', '16', '-smp', str(processors), accel=accel)
            m.args += ['-bios', m.file('guest.bin', image('random', seed=seed))]
            last = 0
            with m:
                while time.monotonic() < end and resets % 64 < 63:
                    time.sleep(0.1 if rounds or accel == 'tcg' else 1)
                    self.assertIn('VM status', m.hmp.command('info status'), 'seed %d' % seed)
                    self.assertRegex(m.hmp.command('info registers'), '[ER]?IP=')
                    now, others = [int(word, 16) for word in re.findall(
                        r' (0x\w+)', m.hmp.command('xp /2xw 0x604'))]
                    if 0 < now - last < 1000000:  # else the guest wrote there
                        rounds += now - last
                    second += others > 10
                    last = now
                    m.hmp.command('system_reset')
                    m.hmp.command('cont')
                    resets += 1
                self.assertTrue(m.running(), 'seed %d: %s' % (seed, m.stderr()))
                self.assertEqual(m.quit(), 0, 'seed %d' % seed)
            seed += 1
            resets += 1
        print('# random on %s: %d rounds, %d resets' % (accel, rounds, resets), flush=True)
        self.assertGreater(rounds, 10 if accel == 'tcg' else 0)  # a partial KVM is slow
        if processors > 1:
            self.assertGreater(second, 3)

    def test_canary(self):
        for accel in accelerators()[:1]:
            out = run_guest(accel, 'framework', seed=0xbad, skip=0b11110)
            self.assertEqual(out.status, 3, self.explain(out))
            self.assertEqual([line for _, line in out.wrong()], CANARY, self.explain(out))


def add_tests():
    names = accelerators() + (['reference'] if REFERENCE else [])
    for accel in accelerators():
        def test_random(self, accel=accel):
            if accel == 'kvm' and not os.access('/dev/kvm', os.R_OK | os.W_OK):
                self.skipTest('needs /dev/kvm')
            self.check_random(accel)
        setattr(Asm, 'test_random_' + accel, test_random)

    def test_random_of_two(self):
        self.check_random('tcg', processors=2)
    if 'tcg' in accelerators():
        Asm.test_random_tcg_of_two = test_random_of_two
    for guest in GUESTS:
        for accel in names:
            def test(self, accel=accel, guest=guest):
                if accel == 'kvm' and not os.access('/dev/kvm', os.R_OK | os.W_OK):
                    self.skipTest('needs /dev/kvm')
                if accel == 'kvm':
                    self.check_kvm(guest)
                else:
                    self.check(accel, guest)
            setattr(Asm, 'test_%s_%s' % (guest, accel), test)


if __name__ == '__main__':
    if REFERENCE and not shutil.which(REFERENCE):
        sys.exit('no program ' + REFERENCE)
    add_tests()
    tap.main()
