#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The sandbox around the real program: every thread is in it, with each frontend, which goes on
working; what is denied fails there. And -runas and -chroot, in the order in which they count."""
import glob
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
import xserver  # noqa: E402
from machine import Machine, run  # noqa: E402
from terminal import Terminal  # noqa: E402

VERSION = run('-version')[1]
NOBODY = 65534
PNG = b'\x89PNG\r\n'
# With a sanitizer the sandbox must be asked for, and its leak checker is shut out.
ON = ['-sandbox', 'on']
ENV = {'ASAN_OPTIONS': 'detect_leaks=0', 'XDG_RUNTIME_DIR': '', 'DISPLAY': '',
       'WAYLAND_DISPLAY': ''}


def field(pid, name):
    """The values of a field of /proc/PID/task/*/status, of all threads."""
    values = set()
    for path in glob.glob(f'/proc/{pid}/task/*/status'):
        try:
            with open(path, encoding='ascii') as f:
                values.add(re.search(rf'(?m)^{name}:\s+(.*)$', f.read())[1])
        except (FileNotFoundError, ProcessLookupError):
            pass  # the thread has ended
    return values


@unittest.skipUnless(re.search(r'(?m)^libraries:.*\bseccomp\b', VERSION), 'no libseccomp')
class SandboxTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='vitrine-sandbox-')
        self.addCleanup(shutil.rmtree, self.dir, True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self, *args, sandbox=True, env=None, **kwargs):
        m = Machine(*args, *(ON if sandbox else ()), env={**ENV, **(env or {})}, timeout=40,
                    **kwargs)
        self.addCleanup(m.stop)
        m.start()
        m.hmp.command('info status')  # everything is open by now
        return m

    def check(self, m):
        """All threads are in the sandbox; workers and the screen work in it."""
        shot = self.path('shot.png')
        m.hmp.command(f'screendump -f png {shot}')
        self.wait_for(lambda: os.path.exists(shot) and os.path.getsize(shot) > 100)
        with open(shot, 'rb') as f:
            self.assertTrue(f.read().startswith(PNG))
        os.unlink(shot)
        self.assertEqual(field(m.pid, 'Seccomp'), {'2'})
        self.assertEqual(field(m.pid, 'NoNewPrivs'), {'1'})
        self.assertEqual(m.stderr(), '')

    def wait_for(self, condition, timeout=20):
        end = time.monotonic() + timeout
        while not condition():
            self.assertLess(time.monotonic(), end, 'waited in vain')
            time.sleep(0.05)

    def need(self, name):
        if f' {name} ' not in VERSION:
            self.skipTest(f'no frontend {name}')


class Frontends(SandboxTest):
    def test_none(self):
        self.check(self.start())

    def test_off(self):
        m = self.start('-sandbox', 'off', sandbox=False)
        self.assertEqual(field(m.pid, 'Seccomp'), {'0'})

    def test_vnc(self):
        self.need('vnc')
        m = self.start('-vnc', 'unix:' + self.path('vnc'), display=None)
        with socket.socket(socket.AF_UNIX) as viewer:
            viewer.settimeout(20)
            viewer.connect(self.path('vnc'))
            self.assertEqual(viewer.recv(12), b'RFB 003.008\n')
            self.check(m)

    def test_spice(self):
        self.need('spice')
        m = self.start('-spice', f"unix=on,addr={self.path('spice')},disable-ticketing=on",
                       display=None)
        with socket.socket(socket.AF_UNIX) as viewer:
            viewer.connect(self.path('spice'))
            self.check(m)

    def test_terminal(self):
        self.need('terminal')
        terminal = Terminal()
        self.addCleanup(terminal.close)
        m = self.start(display=f'terminal,tty={terminal.name},term=xterm-256color,lang=C.UTF-8')
        self.check(m)

    def test_windows(self):
        """From the start, and attached to a machine that is in the sandbox already."""
        if xserver.missing():
            self.skipTest(xserver.missing())
        with xserver.XServer() as x:
            for name in ('gtk', 'sdl'):
                if f' {name} ' not in VERSION:
                    continue
                with self.subTest(name=name, when='start'):
                    m = self.start('-name', f'{name}1', display=name, env=x.env)
                    x.window(f'{name}1')
                    self.check(m)
                    m.stop()
                with self.subTest(name=name, when='later'):
                    m = self.start('-name', f'{name}2', env={**x.env, 'DISPLAY': ''})
                    m.hmp.command(f'display_add {name},display={x.display}')
                    x.window(f'{name}2')
                    self.check(m)
                    m.stop()

    def test_attached_later(self):
        m = self.start()
        terminal = Terminal()
        self.addCleanup(terminal.close)
        for name, options in (('vnc', f"unix:{self.path('vnc')}"),
                              ('spice', f"unix=on,addr={self.path('s')},disable-ticketing=on"),
                              ('terminal', f'tty={terminal.name},term=xterm,lang=C.UTF-8')):
            if f' {name} ' in VERSION:
                word = f'{name}={options}' if name == 'vnc' else f'{name},{options}'
                m.hmp.command(f'display_add {word}')
                self.wait_for(lambda: name in m.hmp.command('info display'))
        self.check(m)

    def test_pty(self):
        m = self.start('-serial', 'pty')
        path = re.search(r'/dev/pts/\d+', m.hmp.command('info chardev'))[0]
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.assertTrue(os.isatty(fd))
        os.close(fd)
        self.assertEqual(field(m.pid, 'Seccomp'), {'2'})

    def test_guest_runs(self):
        m = self.start(accel='tcg', qtest=False)
        self.assertIn('running', m.hmp.command('info status'))
        self.check(m)

    def test_daemon(self):
        status, out, err = run('-machine', 'none', '-accel', 'qtest', '-display', 'none', *ON,
                               '-daemonize', '-pidfile', self.path('pid'), env=ENV, timeout=40)
        self.assertEqual((status, out, err), (0, '', ''))
        with open(self.path('pid'), encoding='ascii') as f:
            pid = int(f.read())
        try:
            self.assertEqual(field(pid, 'Seccomp'), {'2'})
        finally:
            os.kill(pid, 15)
        self.wait_for(lambda: not os.path.exists(self.path('pid')))


class Denied(SandboxTest):
    CALLS = ('(int)fork()', '(int)setuid(0)', '(int)unshare(0x10000000)',
             '(int)execl("/bin/true", "true", (char *)0)')

    def results(self, m):
        if not shutil.which('gdb'):
            self.skipTest('no gdb')
        words = ['gdb', '-p', str(m.pid), '-batch', '-nx', '-ex', 'set debuginfod enabled off']
        for call in self.CALLS:
            words += ['-ex', f'print {call}']
        out = subprocess.run(words, capture_output=True, text=True, timeout=60)
        return re.findall(r'(?m)^\$\d+ = (-?\d+)', out.stdout), out.stdout + out.stderr

    def test_calls_fail(self):
        """A debugger makes the program itself call what it never does."""
        m = self.start('-machine', 'none')
        values, text = self.results(m)
        if not values and 'ptrace' in text:
            self.skipTest('no ptrace')
        self.assertEqual(values, ['-1'] * len(self.CALLS), text)
        self.assertTrue(m.running())


@unittest.skipUnless(os.geteuid() == 0, 'for root')
class Rights(SandboxTest):
    def test_user(self):
        m = self.start('-runas', f'{NOBODY}:{NOBODY}', '-serial',
                       f"unix:{self.path('serial')},server=on,wait=off")
        self.assertEqual(field(m.pid, 'Uid'), {'\t'.join([str(NOBODY)] * 4)})
        self.assertEqual(field(m.pid, 'Gid'), {'\t'.join([str(NOBODY)] * 4)})
        self.assertEqual(field(m.pid, 'CapEff'), {'0' * 16})
        # The socket was made before, what is made now is not root's doing.
        self.assertEqual(os.stat(self.path('serial')).st_uid, 0)
        self.assertIn('ermission denied', m.hmp.command(f"screendump {self.path('x.ppm')}"))
        self.assertEqual(field(m.pid, 'Seccomp'), {'2'})

    def test_name(self):
        m = self.start('-runas', 'nobody')
        self.assertEqual(field(m.pid, 'Uid'), {'\t'.join([str(NOBODY)] * 4)})

    def test_root_folder(self):
        os.mkdir(self.path('root'))
        m = self.start('-chroot', self.path('root'), '-runas', 'nobody', '-pidfile',
                       self.path('pid'))
        os.chmod(self.path('root'), 0o777)
        os.chmod(self.dir, 0o755)
        self.assertEqual(os.readlink(f'/proc/{m.pid}/root'), self.path('root'))
        m.hmp.command('screendump /shot.ppm')
        self.wait_for(lambda: os.path.exists(self.path('root/shot.ppm')))
        self.assertEqual(os.stat(self.path('root/shot.ppm')).st_uid, NOBODY)
        self.assertEqual(field(m.pid, 'Seccomp'), {'2'})
        self.assertEqual(m.quit(), 0)
        self.assertTrue(os.path.exists(self.path('pid')))

    def test_not_root(self):
        become = ['setpriv', '--reuid', str(NOBODY), '--regid', str(NOBODY), '--clear-groups']
        if not shutil.which('setpriv'):
            self.skipTest('no setpriv')
        os.chmod(self.dir, 0o777)
        for words in (['-runas', 'root'], ['-chroot', '/']):
            out = subprocess.run([*become, os.environ['VITRINE'], '-machine', 'none', '-accel',
                                  'qtest', '-display', 'none', '-control', 'off', *words],
                                 capture_output=True, text=True, timeout=20,
                                 env={**os.environ, **ENV, 'HOME': self.dir})
            if 'cannot execute' in out.stderr:
                self.skipTest('the program cannot be reached by others')
            self.assertEqual(out.returncode, 1)
            self.assertRegex(out.stderr, rf'\Avitrine: {words[0]}: [^\n]*not permitted\n\Z')


if __name__ == '__main__':
    tap.main()
