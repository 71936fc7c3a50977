#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A VNC viewer that stops reading for ten seconds while the guest's exits keep their pace, the
monitor answers and another viewer is served."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import rfb  # noqa: E402
import tap  # noqa: E402
from machine import Machine  # noqa: E402
from screen import wait  # noqa: E402

COUNTER = 0x600
DEAF_SECONDS = 10
# xor ax,ax; mov ds,ax; mov ax,B800h; mov es,ax
# again: in al,61h; inc dword [600h]; mov ax,[600h]; xor di,di; mov cx,2000; rep stosw; jmp again
# Each round is one exit for the port; the first row changes, so there is always something to send.
GUEST = bytes.fromhex('31c08ed8b800b88ec0'
                      'e461' '66ff060006' 'a10006' '31ff' 'b95000' 'f3ab' 'ebed')


@unittest.skipUnless(os.access('/dev/kvm', os.R_OK | os.W_OK), 'no /dev/kvm')
class DeafViewerTest(unittest.TestCase):
    def setUp(self):
        self.m = Machine('-m', '64', '-hda', 'disk', '-vnc', 'unix:vnc', accel='kvm', cwd=True)
        self.addCleanup(self.m.stop)
        self.m.file('disk', (GUEST.ljust(510, b'\0') + b'\x55\xaa').ljust(65536, b'\0'))
        self.m.start()
        wait(lambda: 0 < self.count() < self.count(), 'the guest counts', 90)

    def count(self):
        """How many exits there were."""
        return int(self.m.hmp.command('xp /1xw 0x%x' % COUNTER).split(':')[1], 16)

    def pace(self, seconds, meanwhile=lambda: None):
        """(exits a second, the worst such rate of a second, longest wait for the monitor)"""
        begin = last = time.monotonic()
        first = previous = self.count()
        worst, longest = None, 0
        while last - begin < seconds:
            until = last + 1
            while time.monotonic() < until:
                meanwhile()
                time.sleep(0.02)
            asked = time.monotonic()
            count = self.count()
            now = time.monotonic()
            longest = max(longest, now - asked)
            rate = (count - previous) / (now - last)
            worst = rate if worst is None else min(worst, rate)
            previous, last = count, now
        return (previous - first) / (last - begin), worst, longest

    def test_guest_keeps_its_pace(self):
        good, deaf = (rfb.Rfb(self.m.path('vnc')) for _ in range(2))
        self.addCleanup(good.close)
        self.addCleanup(deaf.close)
        updates = 0

        def look():
            nonlocal updates
            good.request()
            good.update()
            updates += 1
        before = self.pace(4, look)[0]
        for _ in range(50):
            deaf.request(incremental=False)
        seen, updates = updates, 0
        during, worst, longest = self.pace(DEAF_SECONDS, look)
        print('# %d exits a second before, %d during (worst second %d), monitor within %d ms, '
              'the other viewer got %d updates' %
              (before, during, worst, longest * 1000, updates))
        self.assertGreater(seen, 0)
        self.assertGreater(during, before / 3)
        self.assertGreater(worst, before / 20)  # never stood still
        self.assertLess(longest, 2)
        self.assertGreater(updates, DEAF_SECONDS)
        self.assertEqual(self.m.hmp.command('info vnc').count('Client:'), 2)
        for _ in range(50):  # it listens again: what it asked for is there
            self.assertGreater(deaf.update(), 0)
            if deaf.width == 720:
                break
        self.assertEqual(self.m.quit(), 0)


if __name__ == '__main__':
    tap.main()
