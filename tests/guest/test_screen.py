#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The screen and the keyboard for scripts: `wait_text`, `screen_text`, `type`, `screendump`, on the
demo disk under kvm and under tcg."""

import os
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import image  # noqa: E402
import tap  # noqa: E402
from hmp import Hmp  # noqa: E402
from machine import Machine, run  # noqa: E402
from screen import wait  # noqa: E402

TYPED_ROW = 16
BOOT = 240  # seconds that firmware and demo may take


class ScreenTest(unittest.TestCase):
    accel = 'tcg'

    def machine(self, *args):
        m = self.enterContext(Machine('-m', '64', *args, accel=self.accel, timeout=BOOT + 20))
        self.assertEqual(m.hmp.command('wait_text "Type something" %d' % BOOT), '')
        return m

    def typed(self, m):
        return m.hmp.command('screen_text').splitlines()[TYPED_ROW].strip(' ║')

    def wait_typed(self, m, text):
        answer = m.hmp.command('wait_text "%s_" 30' % text)
        self.assertEqual(answer, '', m.hmp.command('screen_text'))
        self.assertEqual(self.typed(m), text + '_')

    def test_type_and_read(self):
        m = self.machine()
        self.assertEqual(m.hmp.command('type  Hello, World (100%)? '), '')
        self.wait_typed(m, 'Hello, World (100%)?')
        rows = m.hmp.command('screen_text').splitlines()
        self.assertGreaterEqual(len(rows), 24)  # the last one is blank
        self.assertIn('║  Welcome to Vitrine', rows[3])
        answer = m.hmp.command('type naïve')
        self.assertEqual(answer, "Error: the keyboard layout 'us' has no key for 'ï' "
                                 '(U+00EF, character 3 of the text)')
        start = time.monotonic()
        self.assertEqual(m.hmp.command('wait_text "not there" 1'),
                         "Error: 'not there' did not come within 1 seconds")
        self.assertGreater(time.monotonic() - start, 0.9)

    def test_the_loop_goes_on_while_text_is_awaited(self):
        m = self.enterContext(Machine('-m', '64', '-monitor', 'unix:second,server=on,wait=off',
                                      accel=self.accel, cwd=True))
        sock = socket.socket(socket.AF_UNIX)
        wait(lambda: os.path.exists(m.path('second')), 'the second monitor')
        sock.connect(m.path('second'))
        second = Hmp(sock, BOOT + 20)
        self.addCleanup(second.close)
        second.send('wait_text "Type something" %d' % BOOT)
        self.assertEqual(second._until_prompt().splitlines()[1:], [])
        second.send('wait_text abc_ 60')
        self.assertIn('running', m.hmp.command('info status'))
        self.assertEqual(m.hmp.command('type abc'), '')
        self.assertEqual(second._until_prompt().splitlines()[1:], [])
        self.assertEqual(self.typed(m), 'abc_')
        second.send('wait_text never 60')  # one who leaves while he waits
        second.close()
        self.assertIn('running', m.hmp.command('info status'))

    def test_graphics(self):
        m = self.machine()
        m.hmp.command('sendkey tab')
        wait(lambda: 'graphics mode (1024x768)' in m.hmp.command('screen_text'), 'graphics', 30)
        self.assertIn('graphics mode', m.hmp.command('wait_text x 1'))
        m.hmp.command('stop')
        for options in ('-c', '-f ppm VGA', 'VGA 0', '1'):
            self.assertEqual(m.hmp.command('screendump %s %s' % (m.path('a.ppm'), options)), '')
            self.assertEqual(image.read(m.path('a.ppm')).width, 1024)
        self.assertEqual(m.hmp.command('screendump %s -c -f png' % m.path('a.png')), '')
        with open(m.path('a.png'), 'rb') as f:
            self.assertEqual(f.read(8), b'\x89PNG\r\n\x1a\n')


@unittest.skipUnless(os.access('/dev/kvm', os.R_OK | os.W_OK), 'no /dev/kvm')
class KvmScreenTest(ScreenTest):
    accel = 'kvm'


class LayoutTest(unittest.TestCase):
    """The demo has a US keyboard: what another layout types shows as the keys that it pressed."""

    def test_german(self):
        m = self.enterContext(Machine('-m', '64', '-k', 'de', accel='tcg'))
        self.assertEqual(m.hmp.command('wait_text "Type something" 60'), '')
        self.assertEqual(m.hmp.command('type zyö-'), '')
        self.assertEqual(m.hmp.command('wait_text yz;/_ 30'), '', m.hmp.command('screen_text'))

    def test_unknown(self):
        status, _, error = run('-k', 'xx-none', '-display', 'none', '-accel', 'qtest')
        self.assertEqual(status, 1)
        self.assertIn("no keyboard layout 'xx-none'", error)


if __name__ == '__main__':
    tap.main()
