# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the unittest cases of the calling module and prints TAP, for meson's protocol 'tap'.

A test module ends with

    if __name__ == '__main__':
        tap.main()

Arguments choose tests by a part of their name; -v shows what unittest says of each.
"""

import sys
import traceback
import unittest


class TapResult(unittest.TestResult):
    """Prints a TAP line as each test ends."""

    def __init__(self):
        super().__init__()
        self.number = 0

    def _line(self, good, test, directive=''):
        self.number += 1
        name = test.id().replace('__main__.', '').replace('#', '')
        print('%s %d %s%s' % ('ok' if good else 'not ok', self.number, name, directive),
              flush=True)

    def _trace(self, err):
        for line in ''.join(traceback.format_exception(*err)).splitlines():
            print('# ' + line, flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line(True, test)

    def addError(self, test, err):
        super().addError(test, err)
        self._trace(err)
        self._line(False, test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._trace(err)
        self._line(False, test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line(True, test, ' # SKIP ' + reason.replace('\n', ' '))

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._line(True, test)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._line(False, test)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._trace(err)
            self._line(False, subtest)


def _flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flatten(test)
        else:
            yield test


def main(module='__main__'):
    """Runs the module's tests; exits with 1 if any failed or none was chosen."""
    wanted = [a for a in sys.argv[1:] if not a.startswith('-')]
    loaded = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module])
    tests = [t for t in _flatten(loaded)
             if not wanted or any(w in t.id() for w in wanted)]
    result = TapResult()
    unittest.TestSuite(tests).run(result)
    print('1..%d' % result.number, flush=True)
    sys.exit(0 if result.wasSuccessful() and result.number else 1)
