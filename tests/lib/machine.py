# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the real program for a test.

    with Machine('-machine', 'pc') as m:        # under -accel qtest, with both sockets
        m.qtest.outb(0x70, 0x0a)
        print(m.hmp.command('info status'))

The program runs in a temporary directory of its own (m.dir), dies with the test, and its stderr is
in m.stderr(). The binary is $VITRINE, or the one in build/.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import termios
import time

from hmp import Hmp
from qtest import Qtest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def binary():
    """Path of the program under test."""
    return os.environ.get('VITRINE') or os.path.join(ROOT, 'build', 'app', 'vitrine')


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _take_terminal():
    _die_with_parent()
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def run(*args, timeout=20, stdin=b'', env=None, cwd=None):
    """Runs the program to its end: returns (exit status, stdout, stderr) as text."""
    p = subprocess.run([binary(), *args], input=stdin, capture_output=True, timeout=timeout,
                       env={**os.environ, **(env or {})}, cwd=cwd, preexec_fn=_die_with_parent)
    return p.returncode, p.stdout.decode('utf-8', 'replace'), p.stderr.decode('utf-8', 'replace')


class MachineError(Exception):
    pass


class Machine:
    """The running program. `accel=None` leaves -accel to the arguments; `qtest=False` and
    `monitor=False` leave out the sockets; `display=None` leaves out -display none; with `cwd` the
    program runs in the machine's temporary directory. `tty`: a terminal's descriptor, which becomes
    its standard input, output and error, and its controlling terminal."""

    def __init__(self, *args, accel='qtest', qtest=None, monitor=True, display='none', env=None,
                 timeout=20, cwd=False, tty=None):
        self.args = list(args)
        self.accel = accel
        self.want_qtest = accel == 'qtest' if qtest is None else qtest
        self.want_monitor = monitor
        self.display = display
        self.env = env or {}
        self.timeout = timeout
        self.cwd = cwd
        self.tty = tty
        self.qtest = None
        self.hmp = None
        self.process = None
        self.status = None
        self.dir = tempfile.mkdtemp(prefix='vitrine-test-')

    def path(self, name):
        """A path in the machine's temporary directory."""
        return os.path.join(self.dir, name)

    def file(self, name, data):
        """Writes a file into the temporary directory; returns its path."""
        with open(self.path(name), 'wb') as f:
            f.write(data)
        return self.path(name)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *exc):
        self.stop()

    def _listen(self, name):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(self.path(name))
        sock.listen(1)
        return sock

    def _accept(self, listener):
        end = time.monotonic() + self.timeout
        listener.settimeout(0.1)
        with listener:
            while True:
                try:
                    return listener.accept()[0]
                except socket.timeout:
                    pass
                if self.process.poll() is not None:
                    raise MachineError('program ended with status %s: %s' %
                                       (self.process.returncode, self.stderr()))
                if time.monotonic() > end:
                    raise MachineError('program did not connect: ' + self.stderr())

    def start(self):
        command = [binary()]
        listeners = {}
        if self.accel:
            command += ['-accel', self.accel]
        if self.display:
            command += ['-display', self.display]
        if self.want_qtest:
            listeners['qtest'] = self._listen('qtest')
            command += ['-qtest', 'unix:' + self.path('qtest')]
        if self.want_monitor:
            listeners['hmp'] = self._listen('hmp')
            command += ['-monitor', 'unix:' + self.path('hmp')]
        command += self.args
        with open(self.path('stderr'), 'wb') as err, open(self.path('stdout'), 'wb') as out:
            stdin = subprocess.DEVNULL
            if self.tty is not None:
                stdin = out = err = self.tty
            self.process = subprocess.Popen(command, stdin=stdin, stdout=out, stderr=err,
                                            env={**os.environ, 'XDG_STATE_HOME': self.path('state'),
                                                 **self.env},
                                            cwd=self.dir if self.cwd else None,
                                            preexec_fn=_take_terminal if self.tty is not None
                                            else _die_with_parent)
        if 'qtest' in listeners:
            self.qtest = Qtest(self._accept(listeners['qtest']), self.timeout)
        if 'hmp' in listeners:
            self.hmp = Hmp(self._accept(listeners['hmp']), self.timeout)
        return self

    @property
    def pid(self):
        return self.process.pid

    def wait(self, timeout=None):
        """Waits for the program to end by itself; returns its exit status."""
        self.status = self.process.wait(timeout or self.timeout)
        return self.status

    def running(self):
        return self.process.poll() is None

    def quit(self):
        """Ends the program through its monitor, or by SIGTERM; returns its exit status."""
        if self.running():
            if self.hmp:
                self.hmp.send('quit')
            else:
                self.process.terminate()
        return self.wait()

    def stderr(self):
        return self._text('stderr')

    def stdout(self):
        return self._text('stdout')

    def _text(self, name):
        try:
            with open(self.path(name), 'rb') as f:
                return f.read().decode('utf-8', 'replace')
        except FileNotFoundError:
            return ''

    def stop(self):
        """Ends the program, kindly first, and removes its directory. A program that crashed, or
        that a sanitizer complained about, raises MachineError. May be called twice."""
        trouble = None
        if self.process:
            died = self.process.poll()
            if died is None:
                self.process.terminate()
                try:
                    self.process.wait(5)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
                    trouble = 'program did not end on SIGTERM'
            self.status = self.process.returncode
            if self.status < 0 and not trouble:
                trouble = 'program died of signal %d' % -self.status
            text = self.stderr()
            if 'Sanitizer' in text or 'runtime error:' in text:
                trouble = 'sanitizer report'
            if trouble:
                trouble += ': ' + text[-4000:]
            self.process = None
        for client in (self.qtest, self.hmp):
            if client:
                client.close()
        self.qtest = self.hmp = None
        shutil.rmtree(self.dir, ignore_errors=True)
        if trouble:
            raise MachineError(trouble)
