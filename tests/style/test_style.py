# SPDX-License-Identifier: GPL-2.0-or-later
"""House rules that a machine can check, over the files that git tracks."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests' / 'lib'))
import tap  # noqa: E402

MAX_FILE_LINES = 800
MAX_FUNCTION_LINES = 60
MAX_COLUMNS = 100

# Folder -> folders whose headers it may include, beside its own. The arrows of DESIGN:
# mainloop <- core <- {cpu, kvm, tcg, hw, block, net, monitor, ui} <- app; cpu/ is below core.
ARROWS = {
    'mainloop': set(),
    'cpu': set(),
    'core': {'mainloop', 'cpu'},
    'kvm': {'core', 'mainloop', 'cpu'},
    'tcg': {'core', 'mainloop', 'cpu'},
    'qtest': {'core', 'mainloop', 'cpu'},
    'hw': {'core', 'mainloop', 'cpu'},
    'block': {'core', 'mainloop'},
    'gdbstub': {'core', 'mainloop', 'cpu'},
    'monitor': {'core', 'mainloop', 'cpu', 'gdbstub'},
    'ui': {'core', 'mainloop'},
}


def tracked(*patterns):
    out = subprocess.run(['git', '-C', TOP, 'ls-files', '--'] + list(patterns),
                         capture_output=True, text=True, check=True).stdout
    return [line for line in out.split('\n') if line and (TOP / line).exists()]


def c_files(include_tests=True):
    return [f for f in tracked('*.c', '*.h') if include_tests or not f.startswith('tests/')]


def lines_of(name):
    return (TOP / name).read_text(encoding='utf-8').split('\n')


def code_of(name):
    """The file without comments and string contents, line numbers kept."""
    text = (TOP / name).read_text(encoding='utf-8')

    def blank(match):
        return re.sub(r'[^\n]', ' ', match.group(0))

    text = re.sub(r'/\*.*?\*/|//[^\n]*', blank, text, flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', blank, text)


class Style(unittest.TestCase):
    def expect_none(self, complaints):
        self.assertFalse(complaints, '\n' + '\n'.join(complaints))

    def test_there_is_something_to_check(self):
        self.assertGreater(len(c_files()), 50)

    @unittest.skipUnless(shutil.which('clang-format'), 'clang-format is not installed')
    def test_format(self):
        run = subprocess.run(['clang-format', '--dry-run', '-Werror'] + c_files(), cwd=TOP,
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr[:4000])

    def test_licence_line(self):
        missing = [f for f in c_files() + tracked('*.py', '*.asm', '*.sh')
                   if 'SPDX-License-Identifier: GPL-2.0-or-later' not in ''.join(lines_of(f)[:3])]
        self.expect_none(missing)

    def test_headers(self):
        bad = []
        for f in tracked('*.h'):
            text = (TOP / f).read_text(encoding='utf-8')
            if '#pragma once' not in text:
                bad.append(f + ': no #pragma once')
            if not re.match(r'/\* SPDX[^\n]*\n/\*', text):
                bad.append(f + ': does not open with a paragraph on its job')
        self.expect_none(bad)

    def test_file_length(self):
        self.expect_none(['%s: %d lines' % (f, len(lines_of(f))) for f in c_files()
                          if len(lines_of(f)) > MAX_FILE_LINES])

    def test_function_length(self):
        bad = []
        for f in c_files(include_tests=False):
            start = 0
            for number, line in enumerate(lines_of(f), 1):
                if line == '{':
                    start = number
                elif line == '}' and start:
                    if number - start - 1 > MAX_FUNCTION_LINES:
                        bad.append('%s:%d: %d lines' % (f, start, number - start - 1))
                    start = 0
        self.expect_none(bad)

    def test_columns_and_blanks(self):
        bad = []
        text_files = tracked('*.py', '*.md', '*.asm', '*.sh', '*meson.build', 'run', 'test')
        for f in c_files() + text_files:
            for number, line in enumerate(lines_of(f), 1):
                if line != line.rstrip():
                    bad.append('%s:%d: trailing blank' % (f, number))
                if len(line) > MAX_COLUMNS and not f.endswith('.md'):
                    bad.append('%s:%d: %d columns' % (f, number, len(line)))
                if '\t' in line:
                    bad.append('%s:%d: tab' % (f, number))
        self.expect_none(bad)

    def test_include_direction(self):
        bad = []
        for f in c_files(include_tests=False):
            folder = f.split('/')[0]
            for number, line in enumerate(lines_of(f), 1):
                match = re.match(r'#include "([^"/]+)/', line)
                if match and folder in ARROWS and match.group(1) not in ARROWS[folder] | {folder}:
                    bad.append('%s:%d: %s' % (f, number, line))
                if re.match(r'#include "[^/"]+"', line) and folder != 'tests':
                    bad.append('%s:%d: not from the root: %s' % (f, number, line))
        self.expect_none(bad)

    def test_frontends_do_not_know_each_other(self):
        bad = []
        for f in c_files():
            own = re.match(r'ui/([^/]+)/', f)
            for line in lines_of(f) if own else []:
                other = re.match(r'#include "ui/([^/]+)/', line)
                if other and other.group(1) not in (own.group(1), 'common'):
                    bad.append('%s: %s' % (f, line))
        self.expect_none(bad)

    def test_no_exit_outside_app(self):
        pattern = re.compile(r'\b(exit|_exit|abort|g_error|quick_exit)\s*\(')
        bad = []
        for f in c_files(include_tests=False):
            if not f.startswith('app/'):
                for number, line in enumerate(code_of(f).split('\n'), 1):
                    if pattern.search(line):
                        bad.append('%s:%d: %s' % (f, number, line.strip()))
        self.expect_none(bad)

    def test_no_unfinished_work(self):
        pattern = re.compile(r'\b(TODO|FIXME|XXX|HACK)\b')
        self.expect_none(['%s:%d: %s' % (f, n, line) for f in c_files()
                          for n, line in enumerate(lines_of(f), 1) if pattern.search(line)])

    def test_no_conditional_compilation_in_functions(self):
        bad = []
        for f in c_files(include_tests=False):
            inside = False
            for number, line in enumerate(lines_of(f), 1):
                inside = True if line == '{' else False if line == '}' else inside
                if inside and re.match(r'\s*#\s*if', line):
                    bad.append('%s:%d: %s' % (f, number, line))
        self.expect_none(bad)

    def test_no_mutable_state_at_file_scope(self):
        """Two machines must be able to live in one process. Threads may know what they run, and
        GLib takes its GSourceFuncs without const."""
        allowed = {'core/log.c'}  # there is one stderr (core/log.h)
        pattern = re.compile(r'^(static\s+)?'
                             r'(?!const\b|typedef\b|extern\b|struct\s+\w+\s*{|return\b)'
                             r'[A-Za-z_][\w\s\*]*?[\s\*](\w+)(\[[^\]]*\])*\s*(=[^=]|;)')
        bad = []
        for f in tracked('*.c'):
            if f.startswith(('app/', 'tests/')) or f in allowed:
                continue
            depth = 0
            for number, line in enumerate(code_of(f).split('\n'), 1):
                if depth == 0 and pattern.match(line) and '(' not in line.split('=')[0] \
                        and not re.search(r'\bconst\b', line.split('=')[0]) \
                        and '__thread' not in line and 'GSourceFuncs' not in line:
                    bad.append('%s:%d: %s' % (f, number, line))
                depth += line.count('{') + line.count('(') - line.count('}') - line.count(')')
        self.expect_none(bad)

    def test_every_folder_is_in_the_tour(self):
        tour = (TOP / 'docs' / 'tour.md').read_text(encoding='utf-8')
        folders = {os.path.dirname(f) for f in c_files(include_tests=False)}
        self.expect_none(['%s/ is not in docs/tour.md' % f for f in sorted(folders)
                          if '`%s/' % f not in tour])


if __name__ == '__main__':
    tap.main()
