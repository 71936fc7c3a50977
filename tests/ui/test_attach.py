# SPDX-License-Identifier: GPL-2.0-or-later
"""Frontends that come and go while the machine runs: display_add, the control socket with its
clients of all kinds, and the commands list, attach and detach."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
import xserver
from control import Control, ControlError, wait_for
from machine import Machine, binary, run
from xserver import XServer

NOBODY = 65534


class Base(unittest.TestCase):
    """Machines that are there but do not run, in a runtime folder of their own."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='vitrine-attach-')
        self.addCleanup(shutil.rmtree, self.dir, True)
        # No display server and no terminal but those that a test brings along.
        self.env = {'XDG_RUNTIME_DIR': self.dir, 'DISPLAY': '', 'WAYLAND_DISPLAY': ''}

    def start(self, *args, display='none', **env):
        m = Machine('-S', *args, accel='tcg', qtest=False, display=display,
                    env={**self.env, **env}, timeout=60)
        self.addCleanup(m.stop)
        return m.start()

    def vitrine(self, *words, **env):
        return run(*words, env={**self.env, **env}, timeout=60)

    def socket(self, name):
        return os.path.join(self.dir, 'vitrine', name + '.sock')

    def control(self, name):
        c = Control(self.socket(name))
        self.addCleanup(c.close)
        return c

    def fds(self, m):
        return len(os.listdir('/proc/%d/fd' % m.pid))

    def has(self, spec):
        """True if this frontend is built, and can be told where to show itself."""
        name = re.split('[=,]', spec)[0]
        status, out, err = run('-display', name + ',help')
        return status == 0 and (name not in ('gtk', 'sdl') or 'xauthority=' in out)

    def frontends(self, m):
        return re.findall(r'^frontend (\S+):', m.hmp.command('info display'), re.M)


class Commands(Base):
    def test_list_and_find(self):
        self.assertEqual(self.vitrine('list')[:2], (0, ''))
        self.assertEqual(json.loads(self.vitrine('list', '--json')[1]), [])
        self.assertIn('no machine is running', self.vitrine('attach', 'headless')[2])
        one = self.start('-name', 'alpha')
        status, out, err = self.vitrine('attach', 'headless')  # the only one
        self.assertEqual((status, err), (0, ''))
        self.assertIn('headless is open', out)
        two = self.start('-name', 'alps')
        three = self.start()
        machines = json.loads(self.vitrine('list', '--json')[1])
        self.assertEqual({m.get('name', m['pid']) for m in machines}, {'alpha', 'alps', three.pid})
        alpha = next(m for m in machines if m.get('name') == 'alpha')
        self.assertEqual((alpha['pid'], alpha['state'], alpha['accelerator'], alpha['cpus']),
                         (one.pid, 'prelaunch', 'tcg', 1))
        self.assertEqual([f['id'] for f in alpha['frontends']], ['headless'])
        self.assertEqual((alpha['displays'][0]['width'], alpha['displays'][0]['height']),
                         (640, 480))
        table = self.vitrine('list')[1].splitlines()
        self.assertEqual(len(table), 4)
        self.assertRegex(table[1] + table[2] + table[3],
                         r'alpha +%d prelaunch +tcg +640x480 +headless' % one.pid)
        for word, status, text in (('alpha', 0, 'headless1 is open'),
                                   ('alph', 0, 'headless2 is open'),
                                   (str(three.pid), 0, 'headless is open'),
                                   ('al', 1, "'al' may be any of these machines: alpha, alps"),
                                   ('beta', 1, "there is no machine 'beta'")):
            got, out, err = self.vitrine('attach', word, 'headless')
            self.assertEqual(got, status, err)
            self.assertIn(text, out + err)
        self.assertIn('several machines; say which', self.vitrine('attach', 'headless')[2])
        self.assertEqual(self.vitrine('detach', 'alpha', 'headless1')[0], 0)
        self.assertEqual(self.frontends(one), ['headless', 'headless2'])
        self.assertEqual(self.frontends(two), [])
        self.assertIn("no frontend 'vnc' open", self.vitrine('detach', 'alpha', 'vnc')[2])

    def test_words(self):
        for words, text in ((('attach', 'a', 'b', 'c'), 'too many words'),
                            (('detach',), 'detach MACHINE ID'),
                            (('detach', 'x'), 'detach MACHINE ID'),
                            (('list', '--xml'), "'--xml' is not understood")):
            status, out, err = self.vitrine(*words)
            self.assertEqual((status, out), (1, ''))
            self.assertIn(text, err)
        self.start('-name', 'vnc')  # called like a frontend: the machine is meant
        self.assertIn('say through which frontend', self.vitrine('attach', 'vnc')[2])
        self.assertIn('no terminal to show', self.vitrine('attach', 'vnc', 'terminal')[2])
        self.assertIn("no frontend 'nope' (known:", self.vitrine('attach', 'vnc', 'nope')[2])
        image = os.path.join(self.dir, 'list')
        with open(image, 'wb'):
            pass
        self.assertNotIn('no machine', run('./list', '-accel', 'bad', cwd=self.dir)[2])

    def test_dead_machines(self):
        m = self.start('-name', 'gone')
        m.process.send_signal(signal.SIGKILL)
        m.process.wait()
        m.process = None
        self.assertTrue(os.path.exists(self.socket('gone')))
        again = self.start('-name', 'gone')  # takes the dead one's place
        self.assertEqual(json.loads(self.vitrine('list', '--json')[1])[0]['pid'], again.pid)
        other = self.start('-name', 'gone')  # not the living one's
        self.assertTrue(os.path.exists(self.socket(str(other.pid))))
        self.assertIn('may be any of these', self.vitrine('attach', 'go', 'headless')[2])
        self.assertEqual(self.vitrine('attach', 'gone', 'headless')[0], 0)  # its socket's name
        self.assertEqual(self.frontends(again), ['headless'])
        again.process.send_signal(signal.SIGKILL)
        again.process.wait()
        again.process = None
        self.assertIn('%d ' % other.pid, self.vitrine('list')[1])
        self.assertFalse(os.path.exists(self.socket('gone')))
        other.quit()
        self.assertEqual(os.listdir(os.path.dirname(self.socket('x'))), ['.lock'])

    def test_a_machine_that_hangs(self):
        m = self.start('-name', 'hung')
        m.process.send_signal(signal.SIGSTOP)
        try:
            self.assertRegex(self.vitrine('list')[1], 'hung +- does not answer')
        finally:
            m.process.send_signal(signal.SIGCONT)
        self.assertRegex(self.vitrine('list')[1], 'hung +%d' % m.pid)

    def test_names(self):
        for name in ('../evil', '.hidden', 'a b', 'x' * 80, 'é'):
            m = self.start('-name', name)
            self.assertTrue(os.path.exists(self.socket(str(m.pid))), name)
            self.assertEqual(self.vitrine('attach', name, 'headless')[0], 0)
            m.stop()
        self.assertEqual(os.listdir(self.dir), ['vitrine'])


class Folder(Base):
    def test_modes(self):
        old = os.umask(0)
        try:
            self.start('-name', 'm')
        finally:
            os.umask(old)
        for path, mode in ((os.path.dirname(self.socket('m')), 0o700), (self.socket('m'), 0o600)):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), mode)

    def test_off(self):
        m = self.start('-control', 'off')
        self.assertEqual(os.listdir(self.dir), [])
        self.assertEqual(m.stderr(), '')
        self.assertIn("'maybe' is neither on nor off", run('-control', 'maybe')[2])

    def test_unsafe(self):
        """A link, a file, and somebody else's folder in its place: a warning, no more."""
        place = os.path.join(self.dir, 'vitrine')
        os.symlink(tempfile.gettempdir(), place)
        self.check_unsafe('is not a folder of this user')
        os.unlink(place)
        with open(place, 'wb'):
            pass
        self.check_unsafe('is not a folder of this user')
        os.unlink(place)
        if os.geteuid() == 0:
            os.mkdir(place)
            os.chown(place, NOBODY, NOBODY)
            self.check_unsafe('is not a folder of this user')
        else:
            os.mkdir(place)
            os.chmod(place, 0o500)
            self.check_unsafe('')

    def check_unsafe(self, text):
        m = self.start()
        self.assertIn("'vitrine attach' will not find this machine", m.stderr())
        self.assertIn(text, m.stderr())
        self.assertIn('prelaunch', m.hmp.command('info status'))
        m.stop()

    @unittest.skipIf(os.geteuid() != 0, 'needs root')
    def test_other_users(self):
        """Even one who gets at the socket is not heard."""
        m = self.start('-name', 'm')
        for path in (self.dir, os.path.dirname(self.socket('m')), self.socket('m')):
            os.chmod(path, 0o777)
        code = ('import os, socket, sys\n'
                'os.setgroups([]); os.setgid(%d); os.setuid(%d)\n'
                's = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n'
                'try:\n    s.sendall(b\'{"execute": "status"}\\n\')\n    print(s.recv(100))\n'
                'except OSError:\n    print(b"")\n') % (NOBODY, NOBODY)
        out = subprocess.run([sys.executable, '-c', code, self.socket('m')], timeout=20,
                             capture_output=True)
        self.assertEqual(out.stdout, b"b''\n", out.stderr)
        self.assertIn('prelaunch', m.hmp.command('info status'))


class Lifecycle(Base):
    def test_loops(self):
        """Each of these sixty times; nothing of it stays."""
        m = self.start('-name', 'm')
        specs = [s for s in ('headless', 'vnc=unix:' + m.path('vnc')) if self.has(s)]
        with Control(self.socket('m')) as c:
            before = None
            for i in range(60):
                for spec in specs:
                    name, _, value = spec.partition('=')
                    frontend = c.call('attach', frontend=name, options=value)['id']
                    self.assertEqual(frontend, name)
                    c.call('detach', id=frontend)
                if i == 5:
                    before = self.fds(m), self.threads(m)
            self.assertEqual((self.fds(m), self.threads(m)), before)
        self.assertEqual(self.frontends(m), [])
        self.assertNotIn('Hz', m.hmp.command('info display'))

    def test_at_the_monitor(self):
        m = self.start()
        for i in range(50):
            self.assertEqual(m.hmp.command('display_add headless,id=h%d' % i), 'h%d' % i)
        self.assertEqual(self.frontends(m), ['h%d' % i for i in range(50)])
        again = m.hmp.command('display_add headless,id=h3')
        self.assertIn("there is a frontend 'h3' already", again)
        for i in range(50):
            self.assertEqual(m.hmp.command('display_del h%d' % i), '')
        self.assertEqual(self.frontends(m), [])
        self.assertEqual(m.hmp.command('display_del h3'),
                         "Error: no frontend 'h3' is open (none is)")
        for i in 0, 1:
            m.hmp.command('display_add headless,id=h%d' % i)
        self.assertEqual(m.hmp.command('display_del x'),
                         "Error: no frontend 'x' is open (open: 'h0', 'h1')")
        self.assertIn("several frontends are 'headless': name one by its id ('h0', 'h1')",
                      m.hmp.command('display_del headless'))
        self.assertEqual(m.hmp.command('display_del h0'), '')
        self.assertEqual(m.hmp.command('display_del headless'), '')  # the only one is meant
        self.assertIn('record=<str>', m.hmp.command('display_add headless,help'))
        self.assertIn("'none' is no frontend", m.hmp.command('display_add none'))
        self.assertIn("no frontend 'x'", m.hmp.command('display_add x'))
        self.assertIn('frontend', m.hmp.command('display_add ../../evil'))

    def test_failures_leave_nothing(self):
        m = self.start('-name', 'm')
        with open(m.path('file'), 'wb'):
            pass
        cases = [('headless', 'colour=red', 'no option'), ('headless', 'max-hz=0', 'range'),
                 ('headless', 'record=/nonexistent', 'folder')]
        if self.has('vnc'):
            cases += [('vnc', 'unix:' + m.path('file') + '/x', ''),
                      ('vnc', 'unix:%s,nope=1' % m.path('v'), 'no option')]
        if self.has('gtk'):
            cases.append(('gtk', '', 'display'))
        if self.has('sdl'):
            cases.append(('sdl', '', ''))
        with Control(self.socket('m')) as c:
            for turn in range(4):
                for name, options, text in cases:
                    with self.assertRaisesRegex(ControlError, text):
                        c.call('attach', frontend=name, options=options)
                if turn == 1:
                    before = self.fds(m)
            self.assertEqual(self.fds(m), before)
        self.assertEqual(self.frontends(m), [])
        self.assertIn('prelaunch', m.hmp.command('info status'))

    def test_bound(self):
        """A frontend that lives as long as the connection, or is told of its end."""
        m = self.start('-name', 'm')
        with Control(self.socket('m')) as c:
            self.assertEqual(c.call('attach', frontend='headless', bind=True)['id'], 'headless')
            self.assertEqual(self.frontends(m), ['headless'])
            m.hmp.command('display_del headless')
            self.assertEqual(c.event(), {'event': 'CLOSED', 'data': {'id': 'headless'}})
            c.call('attach', frontend='headless', bind=True)
            c.call('attach', frontend='headless', bind=False)
            self.assertEqual(self.frontends(m), ['headless', 'headless1'])
        wait_for(lambda: self.frontends(m) == ['headless1'])
        with Control(self.socket('m')) as c:
            c.call('attach', frontend='headless', bind=True)
            m.hmp.send('quit')
            self.assertEqual(c.event()['event'], 'SHUTDOWN')
            self.assertIsNone(c.event())
        self.assertEqual(m.wait(), 0)

    def test_gone_while_loading(self):
        m = self.start('-name', 'm')
        for i in range(30):
            with Control(self.socket('m')) as c:
                c.send(b'{"execute": "attach", "arguments": {"frontend": "headless", '
                       b'"bind": true}}\n')
                if i % 2:
                    time.sleep(0.003)
        wait_for(lambda: self.frontends(m) == [])
        with Control(self.socket('m')) as c:
            c.send(b'{"execute": "attach", "arguments": {"frontend": "headless"}}\n')
            m.hmp.send('quit')
        self.assertEqual(m.wait(), 0)

    def threads(self, m):
        return len(os.listdir('/proc/%d/task' % m.pid))


class Hostile(Base):
    def setUp(self):
        super().setUp()
        self.m = self.start('-name', 'm')

    def alive(self):
        self.assertIn('prelaunch', self.m.hmp.command('info status'))
        with Control(self.socket('m')) as c:
            self.assertEqual(c.call('status')['pid'], self.m.pid)

    def refuse(self, line, text):
        with Control(self.socket('m')) as c:
            c.send(line + b'\n')
            answer = c.answer()
            self.assertIn(text, answer['error']['desc'], line[:80])
            self.assertEqual(c.call('status')['name'], 'm')  # the connection goes on

    def test_nonsense(self):
        deep = b'{"execute": ' + b'[' * 30000 + b']' * 30000 + b'}'
        for line, text in (
                (b'hello', ''), (b'{', ''), (b'[]', 'not a JSON object'), (b'"x"', 'not a JSON'),
                (b'null', ''), (b'1e999', ''), (b'{"execute": "status"', ''),
                (deep, 'nested'), (b'{"a": /*"*/ ' + b'[' * 20000 + b'}', 'not JSON'),
                (b"{'execute': 'status'}", 'not JSON'), (b'\xff\xfe', 'UTF-8'),
                (b'{"execute": "sta\0tus"}', ''), (b'{}', "'execute' is missing"),
                (b'{"execute": 7}', "'execute' must be a string"),
                (b'{"execute": {"a": 1}}', "'execute' must be a string"),
                (b'{"execute": "stat"}', "no request 'stat'"),
                (b'{"execute": "%s%n%s"}', "no request '%s%n%s'"),
                (b'{"execute": "\\ud800\\d800"}', ''),
                (b'{"execute": "status", "arguments": []}', "'arguments' must be an object"),
                (b'{"execute": "attach"}', "'frontend' is missing"),
                (b'{"execute": "attach", "arguments": {"frontend": []}}', 'must be a string'),
                (b'{"execute": "attach", "arguments": {"frontend": "../x"}}', 'no frontend'),
                (b'{"execute": "attach", "arguments": {"frontend": "headless", "bind": "yes"}}',
                 'must be true or false'),
                (b'{"execute": "attach", "arguments": {"frontend": "headless", "options": {}}}',
                 'must be a string'),
                (b'{"execute": "attach", "arguments": {"frontend": "headless", '
                 b'"environment": "x"}}', 'must be an object'),
                (b'{"execute": "attach", "arguments": {"frontend": "gtk", '
                 b'"environment": {"DISPLAY": 7}}}', ''),
                (b'{"execute": "detach"}', "'id' is missing"),
                (b'{"execute": "detach", "arguments": {"id": "%n"}}', "no frontend '%n' open"),
                (b'{"execute": "resized", "arguments": {"id": "x"}}', 'no frontend')):
            self.refuse(line, text)
        self.assertEqual(self.frontends(self.m), [])

    def test_ids_and_blanks(self):
        c = self.control('m')
        for number in (b'7', b'"x"', b'null', b'{"a": [1, 2]}'):
            c.send(b'\n  \r\n{"execute": "nope", "id": ' + number + b'}\n')
            self.assertEqual(c.answer()['id'], json.loads(number))
        c.send(b'{"execute": "status"}\n{"execute": "status", "id": 2}\n{"execute":')
        self.assertNotIn('id', c.answer())
        self.assertEqual(c.answer()['id'], 2)
        c.send(b' "status", "id": 3}\n')
        self.assertEqual(c.answer()['id'], 3)

    def test_long_lines(self):
        c = self.control('m')
        c.send(b'{"execute": "status", "x": "' + b'a' * 60000 + b'"}\n')
        self.assertEqual(c.answer()['return']['name'], 'm')
        try:
            c.send(b'{"x": "' + b'a' * 200000)
        except OSError:
            pass
        self.assertIn('at most 65536 bytes', c.answer()['error']['desc'])
        self.assertIsNone(c.message())
        self.alive()

    def test_half_sent(self):
        """Many that stop in the middle keep nobody out."""
        waiting = []
        for i in range(40):
            c = Control(self.socket('m'))
            self.addCleanup(c.close)
            c.send(b'{"execute": "sta'[:i % 16])
            waiting.append(c)
        self.alive()
        self.assertLess(self.fds(self.m), 60)
        for c in waiting[-5:]:
            c.sock.close()
        self.alive()

    def test_half_closed(self):
        """One that has said all it had to say still gets its answers."""
        with Control(self.socket('m')) as c:
            c.send(b'{"execute": "status"}\n' * 50 + b'{"execute": "attach", "arguments": '
                   b'{"frontend": "headless"}}\n')
            c.sock.shutdown(socket.SHUT_WR)
            answers = [c.message() for i in range(52)]
        self.assertEqual(answers[50]['return']['id'], 'headless')
        self.assertIsNone(answers[51])

    def test_does_not_read(self):
        """Requests whose answers nobody takes: the socket fills, the machine does not."""
        c = self.control('m')
        c.sock.settimeout(0.5)
        sent = 0
        try:
            while sent < 4000000:
                sent += c.sock.send(b'{"execute": "status"}\n' * 1000)
        except socket.timeout:
            pass
        self.assertLess(sent, 3000000)
        self.alive()
        c.sock.settimeout(20)
        for i in range(1000):  # and goes on when it is
            self.assertEqual(c.answer()['return']['name'], 'm')

    def test_descriptors(self):
        before = self.fds(self.m)
        null = os.open('/dev/null', os.O_RDONLY)
        self.addCleanup(os.close, null)
        with Control(self.socket('m')) as c:
            for i in range(20):
                c.send(b'{"execute": "status"}\n', [null])
                c.answer()
                c.send(b'{"execute": "status"}\n', [null] * 4)
                c.answer()
                c.send(b'{"execute": "status"}\n', [null] * 200)
                c.answer()
                c.send(b'{"exec', [null])
                c.send(b'ute": "attach", "arguments": {"frontend": "headless", "bind": true}}\n')
                c.call('detach', id=c.answer()['return']['id'])
            self.assertLessEqual(self.fds(self.m), before + 1)
            c.send(b'{"exec', [null])
        wait_for(lambda: self.fds(self.m) == before)
        self.alive()

    def test_crowd(self):
        """Connects and goes at random moments, sixteen at a time and more."""
        clients = []
        for i in range(300):
            try:
                c = Control(self.socket('m'))
                c.send(b'{"execute": "status"}\n' * (i % 5) + b'{"exe' * (i % 2))
                clients.append(c)
            except OSError:
                pass
            if i % 7 == 0:
                while len(clients) > 3:
                    clients.pop(i % len(clients)).close()
        for c in clients:
            c.close()
        self.alive()
        wait_for(lambda: self.fds(self.m) < 60)


@unittest.skipIf(xserver.missing(), xserver.missing())
class Windows(Base):
    """gtk and sdl on display servers that this machine was not started on."""

    def setUp(self):
        super().setUp()
        self.names = [name for name in ('gtk', 'sdl') if self.has(name)]
        if not self.names:
            self.skipTest('neither gtk nor sdl is built')
        # Their libraries, and spice-server, leave things behind: a few bytes a window.
        self.env['ASAN_OPTIONS'] = 'detect_leaks=0'
        self.m = self.start('-name', 'm')

    def x(self):
        server = XServer('800x600x24')
        self.addCleanup(server.stop)
        return server.__enter__()

    def attach(self, name, server):
        status, out, err = self.vitrine('attach', 'm', name, **server.env)
        self.assertEqual(status, 0, err)
        return re.search(r'^(\S+) is open', out).group(1)

    def windows(self, server):
        try:
            return server.do('search', '--onlyvisible', '--class', '^vitrine$').split()
        except subprocess.CalledProcessError:
            return []

    def test_loop(self):
        """Windows come and go; descriptors and threads do not pile up."""
        server = self.x()
        for name in self.names:
            for i in range(10):
                self.assertEqual(self.attach(name, server), name)
                wait_for(lambda: self.windows(server))
                self.assertEqual(self.vitrine('detach', 'm', name)[0], 0)
                wait_for(lambda: not self.windows(server))
                if i == 3:
                    before = self.fds(self.m)
            wait_for(lambda: self.fds(self.m) <= before)
        self.assertEqual(self.frontends(self.m), [])
        self.assertNotIn('Hz', self.m.hmp.command('info display'))

    def test_lost_server(self):
        """Its windows close, and nothing else; the next server shows the machine again."""
        one, two = self.x(), self.x()
        others = ['headless']
        self.vitrine('attach', 'm', 'headless')
        for name in self.names:
            self.attach(name, one)
        wait_for(lambda: len(self.windows(one)) >= len(self.names))
        if 'gtk' in self.names:
            others.append(self.attach('gtk', two))
            wait_for(lambda: self.windows(two))
        one.stop()
        wait_for(lambda: sorted(self.frontends(self.m)) == sorted(others))
        self.assertIn('the display server has gone; the machine goes on', self.m.stderr())
        self.assertIn('prelaunch', self.m.hmp.command('info status'))
        if 'gtk' in self.names:
            self.assertTrue(self.windows(two))
            three = self.x()
            again = self.attach('gtk', three)
            wait_for(lambda: self.windows(three))
            self.vitrine('detach', 'm', again)
            wait_for(lambda: not self.windows(three))
        self.assertEqual(sorted(self.frontends(self.m)), sorted(others))
        self.m.hmp.command('cont')
        self.assertEqual(self.m.quit(), 0)

    def close_window(self, server):
        window = wait_for(lambda: self.windows(server))[0]
        server.focus(window)
        server.key('alt+F4')  # the window manager's key

    def test_window_close(self):
        """Closing the last window in the background says how to get it back, and that works."""
        server = self.x()
        for name in self.names:
            m = self.start('-name', 'm2', display=name + ',window-close=background', **server.env)
            self.close_window(server)
            wait_for(lambda: self.frontends(m) == [])
            self.assertIn("'vitrine attach m2' shows it again", m.stderr())
            self.assertEqual(self.vitrine('attach', 'm2', name, **server.env)[0], 0)
            wait_for(lambda: self.windows(server))
            m.hmp.command('display_del ' + name)
            for choice in ('powerdown', 'off'):
                m.hmp.command('display_add %s,window-close=%s' % (name, choice))
                self.close_window(server)
                time.sleep(1)
                self.assertEqual(self.frontends(m), [name])
                m.hmp.command('display_del ' + name)
            m.hmp.command('display_add %s,window-close=quit' % name)
            self.close_window(server)
            self.assertEqual(m.wait(), 0)

    def test_hung_server(self):
        """A server that takes connections and says nothing does not stop the machine."""
        path = '/tmp/.X11-unix/X31998'
        deaf = socket.socket(socket.AF_UNIX)
        self.addCleanup(deaf.close)
        deaf.bind('\0' + path)
        deaf.listen(8)
        wayland = socket.socket(socket.AF_UNIX)
        self.addCleanup(wayland.close)
        wayland.bind(os.path.join(self.dir, 'wayland-7'))
        wayland.listen(8)
        for env in ({'DISPLAY': ':31998.0'}, {'WAYLAND_DISPLAY': 'wayland-7'}):
            status, out, err = self.vitrine('attach', 'm', self.names[0], **env)
            self.assertEqual((status, out), (1, ''))
            self.assertIn('does not answer', err)
        for display in (':31998', os.path.join(self.dir, 'wayland-7')):
            answers = []
            asker = threading.Thread(target=lambda: answers.append(self.m.hmp.command(
                'display_add %s,display=%s' % (self.names[0], display))))
            asker.start()
            while asker.is_alive():  # meanwhile the main loop serves others
                self.assertNotIn('does not answer', self.vitrine('list')[1])
            self.assertIn("display server '%s' takes the connection but does not answer" % display,
                          answers[0])
        self.assertIn('prelaunch', self.m.hmp.command('info status'))

    def test_no_server(self):
        for name in self.names:
            for i in range(5):
                status, out, err = self.vitrine('attach', 'm', name, DISPLAY=':31999')
                self.assertEqual((status, out), (1, ''))
                self.assertIn(':31999', err)
                if i == 1:
                    before = self.fds(self.m)
            wait_for(lambda: self.fds(self.m) <= before)
        self.assertEqual(self.frontends(self.m), [])

    def test_all_at_once(self):
        server = self.x()
        opened = [self.attach(name, server) for name in self.names]
        if self.has('terminal'):
            shell = Shell(self.env, 'm', 'terminal')
            self.addCleanup(shell.close)
            opened += wait_for(lambda: self.frontends(self.m)[len(opened):])
        for spec in ('headless', 'vnc=unix:' + self.m.path('vnc'),
                     'spice=unix=on,addr=%s,disable-ticketing=on' % self.m.path('spice')):
            if self.has(spec):
                status, out, err = self.vitrine('attach', 'm', spec)
                self.assertEqual(status, 0, err)
                opened.append(out.split()[0])
        self.m.hmp.command('cont')
        self.assertEqual(self.frontends(self.m), opened)
        time.sleep(2)
        for name in reversed(opened):
            self.assertEqual(self.vitrine('detach', 'm', name)[0], 0)
            self.assertIn('running', self.m.hmp.command('info status'))
        self.assertEqual(self.frontends(self.m), [])


class Shell:
    """`vitrine attach` on a terminal of its own, which is what the tests look at."""

    def __init__(self, env, *words, rows=30, columns=100):
        self.master, slave = pty.openpty()
        self.slave = slave
        self.resize(rows, columns)
        self.before = termios.tcgetattr(slave)
        self.output = b''
        self.process = subprocess.Popen(
            [binary(), 'attach', *words], stdin=slave, stdout=slave, stderr=slave,
            env={**os.environ, 'TERM': 'xterm-256color', 'LANG': 'C.UTF-8', **env},
            preexec_fn=self.take_terminal)

    @staticmethod
    def take_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack('4H', rows, columns, 0, 0))

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            self.output += os.read(self.master, 65536)
        return self.output

    def type(self, data):
        os.write(self.master, data)

    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & (termios.ICANON | termios.ECHO)

    def end(self, seconds=10):
        """Waits for the end; returns the exit status. The terminal must be as it was."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            self.read()  # a terminal takes what it is sent
            if time.monotonic() > end:
                self.process.kill()
                raise AssertionError('attach does not end')
            time.sleep(0.02)
        self.read()
        if termios.tcgetattr(self.slave) != self.before:
            raise AssertionError('the terminal was left in another state')
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.slave)
        os.close(self.master)


class Terminal(Base):
    def setUp(self):
        super().setUp()
        if not self.has('terminal'):
            self.skipTest('the terminal is not built')
        self.m = self.start('-name', 'm')

    def shell(self, *words, shown=True, **env):
        sh = Shell({**self.env, **env}, *words)
        self.addCleanup(sh.close)
        if shown:
            wait_for(lambda: b'VGA' in sh.read() and sh.is_raw())
        return sh

    def alive(self):
        wait_for(lambda: self.frontends(self.m) == [])
        self.assertIn('prelaunch', self.m.hmp.command('info status'))

    def test_detach(self):
        for way in range(3):
            sh = self.shell()  # the only machine, no display server: that is the default
            self.assertEqual(self.frontends(self.m), ['terminal'])
            self.assertIn('100x30', self.m.hmp.command('info terminal'))
            sh.resize(24, 80)
            wait_for(lambda: '80x24' in self.m.hmp.command('info terminal'))
            if way == 0:
                self.m.hmp.command('display_del terminal')
            elif way == 1:
                self.assertEqual(self.vitrine('detach', 'm', 'terminal')[0], 0)
            else:
                sh.type(b'\x1d')  # Ctrl+]
                wait_for(lambda: b'(vitrine)' in sh.read())
                sh.type(b'\x04')
            self.assertEqual(sh.end(), 0)
            self.assertIn(b"m goes on without this terminal", sh.output)
            self.assertIn(b'\x1b[?1049l', sh.output)
            self.alive()

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            sh = self.shell('m', 'terminal')
            sh.process.send_signal(number)
            self.assertEqual(sh.end(), 128 + number)
            self.assertIn(b'\x1b[?1049l', sh.output)
            self.alive()
        sh = self.shell()
        sh.process.kill()
        self.alive()

    def test_closed_terminal(self):
        sh = self.shell()
        os.close(sh.master)
        sh.master = os.open('/dev/null', os.O_RDONLY)
        sh.process.wait(10)
        self.alive()

    def test_machine_ends(self):
        sh = self.shell()
        self.m.hmp.send('quit')
        self.assertEqual(sh.end(), 0)
        self.assertIn(b'm has ended', sh.output)
        self.assertEqual(self.m.wait(), 0)

    def test_machine_dies(self):
        sh = self.shell()
        self.m.process.send_signal(signal.SIGKILL)
        self.m.process.wait()
        self.m.process = None
        self.assertEqual(sh.end(), 1)
        self.assertIn(b'the connection to the machine was lost', sh.output)
        self.assertIn(b'\x1b[?1049l', sh.output)

    def test_several(self):
        shells = [self.shell('m') for i in range(3)]
        self.assertEqual(self.frontends(self.m), ['terminal', 'terminal1', 'terminal2'])
        self.m.hmp.command('display_del terminal1')
        self.assertEqual(shells[1].end(), 0)
        self.assertTrue(shells[0].is_raw() and shells[2].is_raw())
        before = self.fds(self.m)
        for i in range(10):
            sh = self.shell('m')
            self.m.hmp.command('display_del terminal1')
            self.assertEqual(sh.end(), 0)
        self.assertEqual(self.fds(self.m), before)

    def test_bad_options(self):
        sh = self.shell('m', 'terminal,colour=9', shown=False)
        self.assertEqual(sh.end(), 1)
        self.assertIn(b"no option 'colour'", sh.read())
        sh = self.shell('m', 'terminal,tty=/dev/null', shown=False)
        self.assertEqual(sh.end(), 1)
        self.assertIn(b'/dev/null', sh.read())
        self.alive()


if __name__ == '__main__':
    tap.main()
