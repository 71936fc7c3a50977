# SPDX-License-Identifier: GPL-2.0-or-later
"""Adds up meson's JUnit results: what failed, what was skipped and why, and one closing line.

    summary.py BUILD_FOLDER...

Exits with 1 if anything failed or nothing ran.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as xml


def skip_reasons(folder):
    """What the TAP lines in meson's log say, by case: the JUnit file leaves it out."""
    log = pathlib.Path(folder, 'meson-logs', 'testlog.txt').read_text(encoding='utf-8',
                                                                     errors='replace')
    return {'%s %s' % (number, name): reason for number, name, reason
            in re.findall(r'^ok (\d+) (.*?) *# SKIP *(.*)$', log, re.M)}


# XML 1.0, section 2.2: what is not among the characters of a document.
NOT_XML = r'[^\t\n\r\x20-\ud7ff\ue000-\U0010ffff]|[\ufffe\uffff]'


def junit(folder):
    """The folder's JUnit results. Meson copies what tests printed into them as it is."""
    raw = pathlib.Path(folder, 'meson-logs', 'testlog.junit.xml').read_bytes()
    return xml.fromstring(re.sub(NOT_XML, '?', raw.decode('utf-8', errors='replace')))


def results(folder):
    """Yields (name, outcome, text) of each test case of the folder's last run."""
    reasons = skip_reasons(folder)
    for suite in junit(folder).iter('testsuite'):
        for case in suite.iter('testcase'):
            name = '%s: %s / %s' % (folder, suite.get('name'), case.get('name'))
            for outcome in ('failure', 'error', 'skipped'):
                found = case.find(outcome)
                if found is not None:
                    yield name, outcome, (found.get('message') or (found.text or '').strip() or
                                          reasons.get(case.get('name'), ''))
                    break
            else:
                yield name, 'passed', ''


def main(folders):
    passed = failed = skipped = 0
    for folder in folders:
        for name, outcome, text in results(folder):
            if outcome == 'passed':
                passed += 1
            elif outcome == 'skipped':
                skipped += 1
                print('skipped: %s: %s' % (name, text or 'no reason given'))
            else:
                failed += 1
                print('FAILED: %s %s' % (name, text))
    print('%d passed, %d failed, %d skipped' % (passed, failed, skipped))
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
