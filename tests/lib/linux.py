# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux as a guest on the software CPU: the kernel and the initial RAM disk of Debian's installer
(package debian-installer-12-netboot-amd64), with a shell on the serial port for tests of devices:

    @unittest.skipIf(linux.skip_reason(), linux.skip_reason())
    class Usb(linux.LinuxTest):
        def test_keyboard(self):
            self.start_shell('-usb', '-device', 'usb-kbd')
            self.console.run('modprobe uhci-hcd')
"""

import base64
import glob
import os
import re
import socket
import subprocess
import time
import unittest

from machine import Machine, run

FILES = '/usr/lib/debian-installer/images/12/amd64/%s/debian-installer/amd64/'
TIMEOUT = 900  # the machine may be a busy one


def skip_reason():
    if not os.path.exists(FILES % 'text' + 'linux'):
        return 'needs debian-installer-12-netboot-amd64'
    accels = [line.split()[:1] for line in run('-accel', 'help')[1].splitlines()]
    return None if ['tcg'] in accels else 'needs the accelerator tcg'


class Program:
    """What Console wants to know of a machine, of any program that is run by `command`."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def running(self):
        return self.process.poll() is None

    def stderr(self):
        return ''


class Console:
    """The other end of a serial port that is a socket of the program's."""

    def __init__(self, machine, path):
        self.machine = machine
        self.text = ''
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.settimeout(0.5)

    def close(self):
        self.socket.close()

    def read(self):
        try:
            self.text += self.socket.recv(4096).decode('latin-1').replace('\r', '')
        except socket.timeout:
            pass

    def check(self, what, end):
        """Fails if there is nothing to wait for any more."""
        if time.monotonic() > end or not self.machine.running():
            raise AssertionError('no %r on the console:\n%s\n%s' %
                                 (what, self.text[-3000:], self.machine.stderr()))

    def wait(self, pattern, timeout=TIMEOUT):
        """Until the pattern has come; returns its match and forgets what was before its end."""
        end = time.monotonic() + timeout
        while True:
            match = re.search(pattern, self.text)
            if match:
                self.text = self.text[match.end():]
                return match
            self.check(pattern, end)
            self.read()

    def until(self, mark, timeout=TIMEOUT):
        """Until the text has come; returns what was before it. Quick, however much that is."""
        end, at = time.monotonic() + timeout, 0
        while True:
            found = self.text.find(mark, at)
            if found >= 0:
                before, self.text = self.text[:found], self.text[found + len(mark):]
                return before
            at = max(0, len(self.text) - len(mark))
            self.check(mark, end)
            self.read()

    def run(self, command):
        """Runs a command in the shell; returns what it printed. The line is echoed by the shell,
        and before by the kernel if the shell was not there to read it."""
        self.socket.sendall(('%s; echo END""ED\n' % command).encode())
        self.wait(r'END""ED\n')
        return self.until('ENDED\n').rpartition('END""ED\n')[2]

    def wait_for(self, condition, what=None):
        """Until a command of the shell succeeds. It is tried often, not for a time: the guest may
        be a slow one."""
        said = self.run('n=0; until %s; do n=$((n + 1)); [ $n -gt 200 ] && { echo TOO LATE; break; '
                        '}; sleep 1; done' % condition)
        if 'TOO LATE' in said:
            raise AssertionError('%s: %s%s' % (what or condition, said,
                                               self.run('dmesg | tail -30')))
        return said

    def record(self, device, size):
        """Begins to collect what a device says, in pieces of that size. Returns a function that
        returns them, as soon as there are as many as it is asked for."""
        self.run('rm -f /tmp/record; (exec dd if=%s bs=%d of=/tmp/record 2>/dev/null) & '
                 'reader=$!' % (device, size))
        self.wait_for('ls -l /proc/$reader/fd | grep -q " %s$"' % device)

        def pieces(count):
            self.wait_for('[ $(wc -c < /tmp/record) -ge %d ]' % (size * count))
            raw = base64.b64decode(self.run('base64 /tmp/record'))
            return [raw[at:at + size] for at in range(0, len(raw), size)]
        return pieces


class Package:
    """The kernel of Debian's linux-image-amd64, which has every module; ./test unpacks it."""

    def __init__(self):
        cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
        self.root = os.path.join(cache, 'vitrine-tests', 'linux')
        kernels = glob.glob(os.path.join(self.root, 'boot', 'vmlinuz-*'))
        self.kernel = kernels[0] if kernels else None
        self.modules = {os.path.basename(path)[:-3]: path for path in glob.glob(
            os.path.join(self.root, 'lib/modules/**/*.ko'), recursive=True)}

    def skip_reason(self):
        return skip_reason() or (None if self.kernel else 'needs linux-image-amd64 (see ./test)')

    def load(self, *names):
        """Files for the initial RAM disk, and the command that loads these modules and those that
        they need. What is not there is part of the kernel."""
        order, files = [], {}

        def add(name):
            name = name.replace('-', '_')
            path = self.modules.get(name, self.modules.get(name.replace('_', '-')))
            if not path or name in order:
                return
            with open(path, 'rb') as f:
                data = f.read()
            needed = re.search(rb'\0depends=([^\0]*)\0', data)
            for other in needed.group(1).decode().split(',') if needed else ():
                add(other)
            order.append(name)
            files[name + '.ko'] = data
        for name in names:
            add(name)
        return files, 'for m in %s; do insmod /$m.ko; done' % ' '.join(order)


def archive(files):
    """{name: content} as an initial RAM disk (newc)."""
    out = b''
    for name, data in [*files.items(), ('TRAILER!!!', b'')]:
        head = b'070701' + b''.join(b'%08x' % value for value in (
            0, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0))
        for part in (head + name.encode() + b'\0', data):
            out += part + b'\0' * (-len(part) % 4)
    return out


class LinuxTest(unittest.TestCase):
    kernel = None  # a path, if not the installer's
    kind = 'text'  # or 'gtk', whose RAM disk has evdev.ko
    files = {}  # added to the initial RAM disk: {name: content}
    how = {}  # further arguments of Machine

    def initrd(self, path):
        if not self.files:
            return path
        added = os.path.join(self.dir, 'initrd')
        with open(path, 'rb') as f, open(added, 'wb') as out:
            out.write(f.read())
            out.write(b'\0' * (-out.tell() % 4) + archive(self.files))
        return added

    def start(self, kind, append, *args):
        files = FILES % kind
        self.machine = Machine('-m', '1G', '-nodefaults', '-kernel',
                               self.kernel or files + 'linux', '-initrd',
                               self.initrd(files + 'initrd.gz'), '-append', append, *args,
                               accel='tcg', timeout=120, **self.how)
        self.addCleanup(self.machine.stop)
        self.machine.start()

    # ---- a shell ----

    def start_shell(self, *args):
        socket_path = os.path.join(self.dir, 'serial')
        self.start(self.kind, 'console=ttyS0 quiet rdinit=/bin/sh', '-chardev',
                   'socket,id=serial,server=on,wait=off,path=' + socket_path,
                   '-serial', 'chardev:serial', *args)
        self.console = Console(self.machine, socket_path)
        self.addCleanup(self.console.close)
        self.console.wait('~ # ')
        # As long as no echo ends a line early.
        self.console.run('stty -F /dev/console cols 2000 2>/dev/null; mount -t proc proc /proc; '
                         'mount -t devtmpfs dev /dev')

    def setUp(self):
        holder = Machine()
        self.dir = holder.dir
        self.addCleanup(holder.stop)


class InstallerTest(LinuxTest):
    """The installer in graphics, and what is selected in its list of languages."""
    GREEN = 0x208070  # the selection's colour, the upper halves of red, green, blue

    def selected(self):
        """The row of pixels in the middle of the selected line; None = nothing is selected."""
        picture = self.screen.dump()
        if picture.width < 1000:
            return None
        rows = [y for y in range(picture.height)
                if picture.pixel(1000, y) & 0xf0f0f0 == self.GREEN and y > 150]
        return (rows[0] + rows[-1]) // 2 if rows else None

    def wait_selected(self, condition, what, timeout=300):
        end = time.monotonic() + timeout
        while True:
            row = self.selected()
            if row is not None and condition(row):
                return row
            if time.monotonic() > end or not self.machine.running():
                self.fail('%s: selected %s; %s' % (what, row, self.machine.stderr()))
            time.sleep(1)
