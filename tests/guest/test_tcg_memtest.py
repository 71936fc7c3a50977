#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memtest86+ under tcg, the 64-bit and the 32-bit one: its first tests find no errors. With
VITRINE_LONG in the environment, a whole pass."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import guests  # noqa: E402
import tap  # noqa: E402

SHORT_TEST = 4           # tests #0 to #3 are over when this one runs
LONG_DEADLINE = 3600


class Memtest(guests.GuestTest):
    def field(self, pattern):
        found = re.search(pattern, '\n'.join(self.screen.rows()))
        return int(found.group(1)) if found else None

    def passed(self):
        errors = self.field(r'Errors: *(\d+)')
        self.assertIn(errors, (None, 0), '\n'.join(self.screen.rows()))
        if guests.long_run():
            return self.field(r'Pass: *(\d+)')
        return (self.field(r'Test #(\d+)') or 0) >= SHORT_TEST

    def check(self, kind):
        self.start('-m', '64', '-cdrom', guests.MEMTEST % kind)
        rows = self.screen.wait_text('Errors: 0', guests.DEADLINE)
        self.assertIn('Memtest86+ v', rows[0])
        self.assertIn('Vitrine Virtual CPU', rows[0])
        self.wait(self.passed, 'the tests pass',
                  LONG_DEADLINE if guests.long_run() else guests.DEADLINE)
        self.assertEqual(self.field(r'Errors: *(\d+)'), 0)

    @guests.needs(guests.MEMTEST % 'x64')
    def test_x64(self):
        self.check('x64')

    @guests.needs(guests.MEMTEST % 'ia32')
    def test_ia32(self):
        self.check('ia32')

    @guests.needs(guests.MEMTEST % 'x64')
    def test_configuration(self):
        """The keyboard works while memory is tested."""
        self.start('-m', '64', '-cdrom', guests.MEMTEST % 'x64')
        self.screen.wait_text('Errors: 0', guests.DEADLINE)
        self.key('f1')
        self.screen.wait_text('Settings:', guests.DEADLINE)
        self.key('f10')
        self.wait(lambda: not any('Settings:' in row for row in self.screen.rows()),
                  'the settings go away')


if __name__ == '__main__':
    tap.main()
