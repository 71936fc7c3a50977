#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make-man.py PROGRAM TEMPLATE OUTPUT: puts the program's option table into the man page."""
import subprocess
import sys

program, template, output = sys.argv[1:]
options = subprocess.run([program, '-help-man'], check=True, capture_output=True, text=True).stdout
with open(template, encoding='utf-8') as f:
    page = f.read()
with open(output, 'w', encoding='utf-8') as f:
    f.write(page.replace('@OPTIONS@\n', options))
