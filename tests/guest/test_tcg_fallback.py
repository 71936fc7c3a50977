#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`vitrine IMAGE` where KVM is missing, forbidden or something else: it runs on the software CPU,
and says so and why in one line."""

import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import guests  # noqa: E402
import machine  # noqa: E402
import tap  # noqa: E402

SAID = 'vitrine: using the software CPU (tcg), much slower than KVM: '


def boot_sector():
    """Says "alive" at port E9h and ends the program through port F4h."""
    code = bytes.fromhex('31c08ed8'  # xor ax, ax; mov ds, ax
                         'be157cfc'  # mov si, text; cld
                         'ac84c0'    # again: lodsb; test al, al
                         '7404'      # jz end
                         'e6e9ebf7'  # out 0E9h, al; jmp again
                         'b003e6f4') # end: mov al, 3; out 0F4h, al
    return (code + b'alive\0').ljust(510, b'\0') + b'\x55\xaa'


def without(*setup):
    """A command that runs the rest of its arguments in a mount namespace that `setup` changed."""
    return ['unshare', '-m', 'sh', '-c', ' && '.join((*setup, 'exec "$@"')), 'sh']


class Fallback(guests.GuestTest):
    def boots(self, *wrapper, user=None):
        """The line that was said."""
        if wrapper and subprocess.run([*wrapper, 'true'], capture_output=True).returncode:
            self.skipTest('no mount namespaces here')
        if user is not None:
            os.chmod(self.m.dir, 0o777)
        image = self.m.file('disk.img', boot_sector().ljust(1 << 20, b'\0'))
        os.chmod(image, 0o644)
        process = subprocess.run(
            [*wrapper, machine.binary(), image, '-snapshot', '-display', 'none',
             *self.debug_console()], capture_output=True, text=True, timeout=guests.DEADLINE,
            user=user, stdin=subprocess.DEVNULL)
        self.assertEqual(process.returncode, 7, process.stderr)
        self.assertEqual(self.debug_lines(), ['alive'])
        lines = process.stderr.splitlines()
        self.assertEqual(len(lines), 1, process.stderr)
        self.assertTrue(lines[0].startswith(SAID), lines)
        return lines[0][len(SAID):]

    def test_missing(self):
        why = self.boots(*without('mount -t tmpfs none /dev', 'mknod -m 666 /dev/null c 1 3',
                                  'mknod -m 666 /dev/urandom c 1 9', 'mkdir -m 1777 /dev/shm'))
        self.assertTrue(why.startswith('there is no /dev/kvm: '), why)

    @unittest.skipUnless(os.path.exists('/dev/kvm'), 'no /dev/kvm')
    def test_something_else(self):
        why = self.boots(*without('mount --bind /dev/null /dev/kvm'))
        self.assertTrue(why.startswith("/dev/kvm is not the host's KVM: "), why)

    @unittest.skipUnless(os.path.exists('/dev/kvm') and os.geteuid() == 0 and
                         not os.stat('/dev/kvm').st_mode & 6, 'needs to become another user')
    def test_forbidden(self):
        why = self.boots(user=65534)
        self.assertTrue(why.startswith('no permission to open /dev/kvm: '), why)

    @unittest.skipUnless(shutil.which('unshare') and os.path.exists('/dev/kvm'), 'no /dev/kvm')
    def test_asked_for_kvm_alone(self):
        process = subprocess.run(
            [*without('mount --bind /dev/null /dev/kvm'), machine.binary(), '-accel', 'kvm',
             '-display', 'none'], capture_output=True, text=True, timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertIn('no accelerator works: kvm: ', process.stderr)


if __name__ == '__main__':
    tap.main()
