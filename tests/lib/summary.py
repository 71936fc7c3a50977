# SPDX-License-Identifier: GPL-2.0-or-later
"""Adds up meson's JUnit results: what failed and why, what was skipped and why, one closing line.

    summary.py BUILD_FOLDER...

Exits with 1 if anything failed or nothing ran.

    summary.py --failed BUILD_FOLDER

prints the names of the tests that failed, for meson. Where they ran once more, with --logbase
again, these results count; what they said the first time is printed beside.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as xml

FIRST, AGAIN = 'testlog', 'again'
BAD = ('failure', 'error')
TOLD = 30  # lines of what a test said before it failed


def log(folder, base):
    path = pathlib.Path(folder, 'meson-logs', base + '.txt')
    return path.read_text(encoding='utf-8', errors='replace') if path.exists() else ''


def skip_reasons(folder, base):
    """What the TAP lines in meson's log say, by case: the JUnit file leaves it out."""
    return {'%s %s' % (number, name): reason for number, name, reason
            in re.findall(r'^ok (\d+) (.*?) *# SKIP *(.*)$', log(folder, base), re.M)}


def failure_texts(folder, base):
    """What was printed before each 'not ok', by case."""
    return {'%s %s' % (number, name.strip()):
            '\n'.join(re.findall(r'^# *\S.*$', said, re.M)[-TOLD:])
            for said, number, name in re.findall(r'((?:^#.*\n)*)^not ok (\d+) (.*)$',
                                                 log(folder, base), re.M)}


# XML 1.0, section 2.2: what is not among the characters of a document.
NOT_XML = r'[^\t\n\r\x20-\ud7ff\ue000-\U0010ffff]|[\ufffe\uffff]'


def suites(folder, base):
    """The test suites in a JUnit file. Meson copies what tests printed into it as it is."""
    path = pathlib.Path(folder, 'meson-logs', base + '.junit.xml')
    if not path.exists():
        return []
    raw = path.read_bytes().decode('utf-8', errors='replace')
    return xml.fromstring(re.sub(NOT_XML, '?', raw)).iter('testsuite')


def cases(folder, base):
    """Yields (suite or test, case, outcome, text) of each test case."""
    reasons, texts = skip_reasons(folder, base), failure_texts(folder, base)
    for suite in suites(folder, base):
        for case in suite.iter('testcase'):
            name, outcome, text = case.get('name'), 'passed', ''
            for kind in (*BAD, 'skipped'):
                found = case.find(kind)
                if found is not None:
                    known = reasons if kind == 'skipped' else texts
                    outcome = kind
                    text = (found.get('message') or (found.text or '').strip() or
                            known.get((name or '').strip(), ''))
                    break
            yield suite.get('name'), name, outcome, text


def test_name(suite, case):
    """A test that prints no cases is itself a case, of its project's suite."""
    return suite if ' / ' in suite else case


def failed_tests(folder):
    """Names for meson's command line."""
    return sorted({test_name(suite, case).split(' / ')[-1]
                   for suite, case, outcome, _ in cases(folder, FIRST) if outcome in BAD})


def results(folder):
    """Yields (name, outcome, text) of each test case: a second run's where there was one."""
    second = list(cases(folder, AGAIN))
    again = {test_name(suite, case) for suite, case, _, _ in second}
    for suite, case, outcome, text in cases(folder, FIRST):
        name = '%s: %s / %s' % (folder, suite, case)
        if test_name(suite, case) not in again:
            yield name, outcome, text
        elif outcome in BAD:
            yield name, 'again', text
    for suite, case, outcome, text in second:
        yield '%s: %s / %s' % (folder, suite, case), outcome, text


def main(folders):
    if folders[:1] == ['--failed']:
        print('\n'.join(failed_tests(folders[1])))
        return 0
    passed = failed = skipped = 0
    for folder in folders:
        for name, outcome, text in results(folder):
            if outcome == 'passed':
                passed += 1
            elif outcome == 'skipped':
                skipped += 1
                print('skipped: %s: %s' % (name, text or 'no reason given'))
            elif outcome == 'again':
                print('ran again, because it failed the first time: %s\n%s' % (name, text))
            else:
                failed += 1
                print('FAILED: %s\n%s' % (name, text))
    print('%d passed, %d failed, %d skipped' % (passed, failed, skipped))
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
