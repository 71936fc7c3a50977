#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The closing line of ./test: what meson's results add up to, whatever tests printed."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))
from tests.lib import summary, tap  # noqa: E402

RESULTS = b'''<?xml version='1.0' encoding='utf8'?>
<testsuites tests="3" errors="0" failures="%d"><testsuite name="vitrine:ui">
<testcase name="1 plain" classname="ui"/>%s
<testcase name="2 away" classname="ui"><skipped/></testcase>
<system-out># %s</system-out></testsuite></testsuites>'''


class Summary(unittest.TestCase):
    def lines(self, failures=0, cases=b'', printed=b''):
        with tempfile.TemporaryDirectory() as folder:
            logs = pathlib.Path(folder, 'meson-logs')
            logs.mkdir()
            (logs / 'testlog.junit.xml').write_bytes(RESULTS % (failures, cases, printed))
            (logs / 'testlog.txt').write_text('ok 2 away # SKIP no /dev/away\n')
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                status = summary.main([folder])
            return status, out.getvalue().splitlines()

    def test_reasons_and_sum(self):
        status, lines = self.lines()
        self.assertEqual(status, 0)
        self.assertIn('no /dev/away', lines[0])
        self.assertEqual(lines[-1], '1 passed, 0 failed, 1 skipped')

    def test_failure(self):
        status, lines = self.lines(1, b'<testcase name="3 bad"><failure/></testcase>')
        self.assertEqual(status, 1)
        self.assertEqual(lines[-1], '1 passed, 1 failed, 1 skipped')

    def test_second_run(self):
        """What failed runs once more by itself: this counts, and the first is told."""
        with tempfile.TemporaryDirectory() as folder:
            logs = pathlib.Path(folder, 'meson-logs')
            logs.mkdir()
            bad = b'<testcase name="%d bad"><failure/></testcase>'
            (logs / 'testlog.txt').write_text('# why\n# \nnot ok 3 bad\n')
            first = RESULTS.replace(b'vitrine:ui', b'vitrine:ui / it')
            (logs / 'testlog.junit.xml').write_bytes(first % (1, bad % 3, b''))
            self.assertEqual(summary.failed_tests(folder), ['it'])
            for cases, failed in ((b'', 0), (bad % 3, 1)):
                (logs / 'again.junit.xml').write_bytes(first % (failed, cases, b''))
                out = io.StringIO()
                with contextlib.redirect_stdout(out):
                    status = summary.main([folder])
                lines = out.getvalue().splitlines()
                self.assertEqual(status, failed)
                self.assertIn('first time', lines[0])
                self.assertEqual(lines[1], '# why')
                self.assertEqual(lines[-1], '1 passed, %d failed, 1 skipped' % failed)

    def test_control_characters_and_bad_utf8(self):
        status, lines = self.lines(printed=b'\x1b[31m\x08\x00 \xff\xfe \xed\xa0\x80')
        self.assertEqual(status, 0)
        self.assertEqual(lines[-1], '1 passed, 0 failed, 1 skipped')


if __name__ == '__main__':
    tap.main()
