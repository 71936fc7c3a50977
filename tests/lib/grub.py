# SPDX-License-Identifier: GPL-2.0-or-later
"""A CD-ROM with GRUB and a menu of three entries, made by grub-mkrescue."""

import os
import shutil
import subprocess
import tempfile

PLATFORM = '/usr/lib/grub/i386-pc'
ENTRIES = ('First entry', 'Second entry', 'Third entry')
CONFIG = """
terminal_input console
terminal_output console
set timeout=-1
menuentry "First entry" { echo First was chosen; sleep 600 }
menuentry "Second entry" { echo Second was chosen; sleep 600 }
menuentry "Third entry" { echo Third was chosen; sleep 600 }
"""


def missing():
    """What is not installed, as a reason to skip; None if all is there."""
    absent = [name for name in ('grub-mkrescue', 'xorriso', 'mformat') if not shutil.which(name)]
    if not os.path.isdir(PLATFORM):
        absent.append(PLATFORM)
    return 'not installed: ' + ', '.join(absent) if absent else None


def make(path):
    """Makes the image, unless it is there already; returns its path."""
    if os.path.exists(path):
        return path
    with tempfile.TemporaryDirectory(prefix='vitrine-grub-') as folder:
        os.makedirs(folder + '/iso/boot/grub')
        with open(folder + '/iso/boot/grub/grub.cfg', 'w', encoding='ascii') as f:
            f.write(CONFIG)
        # Few modules: under a KVM that emulates ring 0 each takes its time.
        subprocess.run(['grub-mkrescue', '-d', PLATFORM, '-o', folder + '/grub.iso',
                        folder + '/iso', '--fonts=', '--locales=', '--themes=',
                        '--install-modules=biosdisk iso9660 normal configfile echo sleep'],
                       check=True, capture_output=True, timeout=60)
        shutil.copy(folder + '/grub.iso', path + '.new')
    os.replace(path + '.new', path)
    return path
