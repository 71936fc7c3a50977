# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux on the software CPU: Debian's installer by -kernel and -initrd, to its first question in
text and in graphics, and to a shell in its initial RAM disk.

The files are those of the package debian-installer-12-netboot-amd64."""

import hashlib
import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import linux
import tap
from screen import Screen


@unittest.skipIf(linux.skip_reason(), linux.skip_reason())
class Linux(linux.InstallerTest):
    # ---- a shell ----

    def check_work(self):
        numbers = ''.join('%d\n' % n for n in range(1, 20001)).encode()
        self.assertEqual(self.console.run('seq 1 20000 | md5sum').split()[0],
                         hashlib.md5(numbers).hexdigest())
        self.assertEqual(self.console.run('seq 1 20000 | sha512sum').split()[0],
                         hashlib.sha512(numbers).hexdigest())
        there_and_back = 'base64 | base64 -d | sort -rn | sort -n | md5sum'
        self.assertEqual(self.console.run('seq 1 20000 | ' + there_and_back).split()[0],
                         hashlib.md5(numbers).hexdigest())
        program = 'BEGIN { for (i = 1; i < 5000; i++) s += i / 7 + 1 / i; printf "%.10f", s }'
        total = 0.0
        for i in range(1, 5000):
            total += i / 7 + 1 / i
        self.assertEqual(self.console.run("awk '%s'" % program).strip(), '%.10f' % total)
        zeros = hashlib.sha256(bytes(3 << 20)).hexdigest()
        self.assertEqual(
            self.console.run('dd if=/dev/zero bs=1M count=3 2>/dev/null | sha256sum').split()[0],
            zeros)

    def cpuinfo(self, field):
        lines = self.console.run("grep '^%s' /proc/cpuinfo | sort -u" % field).splitlines()
        return [line.split(': ')[1] for line in lines]

    def test_shell(self):
        self.start_shell()
        self.assertEqual(self.console.run('grep -c ^processor /proc/cpuinfo').strip(), '1')
        self.check_work()
        self.console.socket.sendall(b'poweroff -f\n')
        self.assertEqual(self.machine.wait(linux.TIMEOUT), 0)

    def test_shell_of_two_processors(self):
        self.start_shell('-smp', '2')
        self.assertEqual(self.console.run('grep -c ^processor /proc/cpuinfo').strip(), '2')
        self.assertEqual(self.cpuinfo('physical id'), ['0'])
        self.assertEqual(self.cpuinfo('core id'), ['0', '1'])
        self.assertEqual(self.cpuinfo('cpu cores'), ['2'])
        self.check_work()
        both = self.console.run('(seq 1 20000 | md5sum) & (seq 1 20000 | md5sum) & wait')
        numbers = ''.join('%d\n' % n for n in range(1, 20001)).encode()
        self.assertEqual(both.count(hashlib.md5(numbers).hexdigest()), 2, both)

    # ---- the installer ----

    def text_memory(self):
        """All of the text memory, since the console scrolls by moving its start."""
        answer = self.machine.hmp.command('xp /16384xh 0xb8000')
        words = [int(word, 16) for line in answer.split('\n')
                 for word in line.split(':', 1)[1].split()]
        return bytes(word & 0xff for word in words).decode('cp437')

    def wait_text(self, text, timeout=linux.TIMEOUT):
        end = time.monotonic() + timeout
        while text not in self.text_memory():
            if time.monotonic() > end or not self.machine.running():
                rows = re.sub(r' {3,}', '\n', self.text_memory())
                self.fail('no %r on the screen:\n%s\n%s' % (text, rows, self.machine.stderr()))
            time.sleep(1)

    def test_installer_in_text(self):
        self.start('text', 'vga=normal nomodeset quiet', '-vga', 'std')
        self.wait_text('Select a language')
        self.wait_text('English')
        picture = Screen(self.machine).dump()
        self.assertEqual((picture.width, picture.height), (720, 400))
        self.machine.hmp.command('sendkey ret')
        self.wait_text('Select your location')

    def press_down(self, english):
        """Until it is seen: X shows its picture before it listens to the keyboard."""
        for _ in range(40):
            self.machine.hmp.command('sendkey down')
            try:
                return self.wait_selected(lambda row: row > english, 'no key arrived', 15)
            except AssertionError:
                if not self.machine.running():
                    raise
        self.fail('no key arrived')

    def test_installer_in_graphics(self):
        """Keyboard and mouse choose from the list of languages."""
        self.start('gtk', 'vga=788 quiet', '-vga', 'std')
        self.screen = Screen(self.machine)
        english = self.wait_selected(lambda row: row > 400, 'no language is selected',
                                     linux.TIMEOUT)
        self.press_down(english)
        self.machine.hmp.command('mouse_move 0 -100')  # from the middle of the screen
        self.machine.hmp.command('mouse_button 1')
        self.machine.hmp.command('mouse_button 0')
        self.wait_selected(lambda row: 200 < row < 380, 'no click arrived')


if __name__ == '__main__':
    tap.main()
