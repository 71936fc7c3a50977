#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bytes-to-c.py NAME INPUT OUTPUT: makes a C header with the bytes of a file as array NAME."""
import sys

name, source, output = sys.argv[1:]
with open(source, 'rb') as f:
    data = f.read()
with open(output, 'w', encoding='ascii') as f:
    f.write('static const unsigned char %s[%d] = {\n' % (name, len(data)))
    for at in range(0, len(data), 16):
        f.write('    ' + ' '.join('0x%02x,' % byte for byte in data[at:at + 16]) + '\n')
    f.write('};\n')
