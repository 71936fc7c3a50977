#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Options from files and in JSON: -readconfig, -writeconfig, -set, -global, -device {...}, -msg and
-preconfig; and wrong command lines, which both Vitrine and QEMU must refuse."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from machine import Machine, binary, run  # noqa: E402

QEMU = shutil.which('qemu-system-x86_64')
BARE = ['-machine', 'none', '-accel', 'qtest', '-display', 'none', '-nodefaults',
        '-no-user-config']
PC = ['-machine', 'pc', *BARE[2:]]


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='vitrine-cli-')
        self.addCleanup(shutil.rmtree, self.dir, True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as f:
            f.write(text)
        return self.path(name)

    def refused(self, *args, **kwargs):
        status, out, err = run(*args, **kwargs)
        self.assertEqual((status, out), (1, ''), f'{args}: {err}')
        self.assertRegex(err, r'\Avitrine: [^\n]+\n\Z', f'{args}')
        return err

    def hmp(self, *args, commands=('info qtree',), **kwargs):
        """What the monitor of a machine says to these commands."""
        status, out, err = run(*args, '-monitor', 'stdio', timeout=30,
                               stdin=''.join(c + '\n' for c in (*commands, 'quit')).encode(),
                               **kwargs)
        self.assertEqual((status, err), (0, ''), args)
        return out

    def qmp(self, *args, commands):
        """The answers of a machine to these commands, without greeting and events."""
        words = [{'execute': 'qmp_capabilities'}]
        words += [c if isinstance(c, dict) else {'execute': c} for c in commands]
        status, out, err = run(*args, '-qmp', 'stdio', timeout=30,
                               stdin='\n'.join(map(json.dumps, words)).encode())
        answers = [json.loads(line) for line in out.splitlines()]
        return status, [a for a in answers[2:] if 'event' not in a], err


class Json(Case):
    def test_device(self):
        words = self.hmp(*PC, '-device', 'VGA,id=a,vgamem_mb=8')
        text = self.hmp(*PC, '-device', '{"driver": "VGA", "id": "a", "vgamem_mb": 8}')
        self.assertIn('vgamem_mb = 8', text.replace('"', ''))
        self.assertEqual(text, words)

    def test_display(self):
        args = [*BARE[:4], *BARE[6:], '-display']
        self.hmp(*args, '{"type": "none"}')
        for value, part in (('{"type": "crystal"}', "no frontend 'crystal'"),
                            ('{"full-screen": true}', 'the type is missing'),
                            ('{"type": "headless", "colour": "red"}', 'colour'),
                            ('{"type"', 'JSON parse error')):
            self.assertIn(part, self.refused(*args, value))

    def test_bad(self):
        for value, part in (('{"driver": "VGA"', 'JSON parse error'),
                            ('{"driver": "VGA", "colour": "red"}', 'colour'),
                            ('{"driver": null}', "'driver' is null"),
                            ('{"id": "a", "driver": "VGA", "id": "b"}', "'id' is there twice"),
                            ('{"driver": "flux"}', 'flux'),
                            ('{}', '-device {}'),
                            ('{"driver": ' + '[' * 5000, 'nested more than')):
            err = self.refused(*PC, '-device', value)
            self.assertIn(part, err)
            self.assertIn('-device', err)


class Files(Case):
    def test_read(self):
        path = self.write('a.conf', '# one\n\n[machine]\n  type = "pc"\n[name]\nguest = "a, b"\n'
                          '[device "card0"]\n  driver = "VGA"\n  vgamem_mb = "8"\n'
                          '[chardev "log"]\n  backend = "file"\n  path = "out"\n'
                          '[vitrine]\n  S = "on"\n  snapshot = "off"\n  serial = "chardev:log"\n')
        out = self.hmp(*BARE[2:], '-readconfig', path, cwd=self.dir,
                       commands=('info qtree', 'info name', 'info status', 'info chardev'))
        self.assertIn('id "card0"', out)
        self.assertIn('a, b', out)
        self.assertIn('prelaunch', out)
        self.assertIn('log: ', out)
        self.assertTrue(os.path.exists(self.path('out')))

    def test_bad(self):
        for text, line, part in (('[drive "x"]\n file = "a"\nnonsense\n', 3, "'nonsense'"),
                                 ('[bogus]\n', 1, "no option group 'bogus'"),
                                 (' a = "b"\n', 1, 'before the first [GROUP]'),
                                 ('[device "x]\n', 1, 'the id of a section'),
                                 ('[device]\n driver = VGA\n', 2, 'driver'),
                                 ('[device]\n a b = "c"\n', 2, "'a b'"),
                                 ('[vitrine]\n serail = "null"\n', 2, 'did you mean -serial?'),
                                 ('[vitrine]\n readconfig = "x"\n', 2, 'no place'),
                                 ('[vitrine]\n S = "perhaps"\n', 2, "'perhaps'"),
                                 ('\n[memory]\n size = "lots"\n', 2, "'lots' is not a size")):
            err = self.refused(*BARE, '-readconfig', self.write('a.conf', text))
            self.assertIn(f'a.conf:{line}: ', err)
            self.assertIn(part, err)
        self.assertIn('No such file', self.refused('-readconfig', self.path('none')))
        with open(self.path('zero'), 'wb') as f:
            f.write(b'[machine]\n\0')
        self.assertIn('binary', self.refused('-readconfig', self.path('zero')))

    def test_round_trip(self):
        args = ['-machine', 'pc', '-S', '-name', 'a,process=b', '-m', '64', '-smp', '1',
                '-boot', 'dc', '-device', '{"driver": "VGA", "id": "card", "vgamem_mb": 8}',
                '-chardev', 'null,id=n', '-serial', 'chardev:n', '-global', 'VGA.vgamem_mb=16',
                '-rtc', 'base=2020-01-01', '-k', 'de', '-d', 'unimp', *BARE[2:]]
        first, second = self.path('1'), self.path('2')
        tree = self.hmp(*args, '-writeconfig', first)
        status, again, err = run('-readconfig', first, '-no-user-config', '-writeconfig', second,
                                 stdin=b'info qtree\nquit\n')
        self.assertEqual((status, err), (0, ''))
        self.assertEqual(tree, again)
        with open(first, encoding='utf-8') as one, open(second, encoding='utf-8') as two:
            text = one.read()
            self.assertEqual(two.read(), text)
        self.assertIn('[device "card"]\n  driver = "VGA"\n', text)
        self.assertIn('\n[vitrine]\n', text)

    def test_standard_output(self):
        status, out, err = run(*BARE, '-writeconfig', '-', '-monitor', 'stdio', stdin=b'quit\n')
        self.assertEqual((status, err), (0, ''))
        self.assertTrue(out.startswith('# vitrine config file\n\n[machine]\n  type = "none"\n'))
        err = self.refused(*BARE, '-append', 'a\nb', '-writeconfig', '-')
        self.assertIn('no place in a file', err)
        self.assertIn('/nonexistent/x', self.refused(*BARE, '-writeconfig', '/nonexistent/x'))

    def test_user(self):
        os.mkdir(self.path('vitrine'))
        self.write('vitrine/vitrine.conf', '[name]\n guest = "mine"\n')
        args, env = [*BARE[:-1]], {'XDG_CONFIG_HOME': self.dir}
        ask = ('info name',)
        self.assertIn('mine', self.hmp(*args, env=env, commands=ask))
        self.assertNotIn('mine', self.hmp(*args, '-no-user-config', env=env, commands=ask))
        self.assertIn('other', self.hmp(*args, '-name', 'other', env=env, commands=ask))
        status, out, _ = run(*args, '-writeconfig', '-', '-monitor', 'stdio', env=env,
                             stdin=b'quit\n')
        self.assertNotIn('mine', out)
        self.write('vitrine/vitrine.conf', 'nonsense\n')
        self.assertIn('vitrine.conf:1: ', self.refused(*args, env=env))
        self.assertEqual(run('-version', env=env)[0], 0)

    def test_qemu_reads_it(self):
        if not QEMU:
            self.skipTest('no QEMU')
        run(*PC, '-m', '64', '-chardev', 'null,id=n', '-device', 'VGA,id=card', '-S',
            '-writeconfig', self.path('c'), '-monitor', 'stdio', stdin=b'quit\n')
        with open(self.path('c'), encoding='utf-8') as f:
            text = re.sub(r'\[vitrine\]\n(  .*\n)*|\[accel\]\n  .*\n', '', f.read())
        self.write('c', text)
        out = subprocess.run([QEMU, '-readconfig', self.path('c'), '-S', '-display', 'none',
                              '-nodefaults', '-monitor', 'stdio'], input='info qtree\nquit\n',
                             capture_output=True, text=True, timeout=30)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn('id "card"', out.stdout)


class Changes(Case):
    def test_set(self):
        out = self.hmp(*PC, '-device', 'VGA,id=a,vgamem_mb=8', '-set', 'device.a.vgamem_mb=32')
        self.assertIn('vgamem_mb = 32', out.replace('"', ''))
        out = self.hmp(*PC, '-device', '{"driver": "VGA", "id": "a"}', '-set',
                       'device.a.vgamem_mb=32')
        self.assertIn('vgamem_mb = 32', out.replace('"', ''))
        err = self.refused(*BARE, '-drive', 'if=none,id=x,file=/nonexistent/1', '-set',
                           'drive.x.file=/nonexistent/a,b=c')
        self.assertIn('/nonexistent/a,b=c', err)
        for value, part in (('device.a.x=1', 'there is no device "a"'), ('nope', 'GROUP.ID.ARG'),
                            ('a.b=c', 'GROUP.ID.ARG'), ('bogus.a.b=c', "group 'bogus'")):
            self.assertIn(part, self.refused(*BARE, '-set', value))

    def test_global(self):
        for value in ('VGA.vgamem_mb=32', 'driver=VGA,property=vgamem_mb,value=32'):
            out = self.hmp(*PC, '-device', 'VGA', '-global', value)
            self.assertIn('vgamem_mb = 32', out.replace('"', ''))
        out = self.hmp(*PC, '-device', 'VGA,vgamem_mb=8', '-global', 'VGA.vgamem_mb=32')
        self.assertIn('vgamem_mb = 8', out.replace('"', ''))
        err = self.refused(*PC, '-device', 'VGA', '-global', 'VGA.colour=red')
        self.assertIn("-global VGA.colour=red: unknown option 'colour'", err)
        err = self.refused(*PC, '-device', 'VGA', '-global', 'VGA.vgamem_mb=lots')
        self.assertIn('-global VGA.vgamem_mb=lots: ', err)
        status, _, err = run(*BARE, '-global', 'flux.x=1', '-monitor', 'stdio', stdin=b'quit\n')
        self.assertEqual(status, 0)
        self.assertEqual(err, "vitrine: warning: -global flux.x=1 is not used: the machine has no "
                              "device 'flux'\n")

    def test_messages(self):
        args = [*BARE, '-name', 'box', '-global', 'a.b=c', '-monitor', 'stdio']
        for value, form in (('timestamp=on', r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z vitrine: '),
                            ('guest-name=on', 'box vitrine: '), ('timestamp', r'\d.*Z vitrine: '),
                            ('timestamp=on,guest-name=on', r'\d.*Z box vitrine: '),
                            ('timestamp=off', 'vitrine: ')):
            _, _, err = run(*args, '-msg', value, stdin=b'quit\n')
            self.assertRegex(err, r'\A' + form + r'warning: [^\n]+\n\Z')


class Preconfig(Case):
    def test_qmp(self):
        status, answers, err = self.qmp(*PC, '-S', '-preconfig', commands=(
            'query-status', 'cont', 'query-name', 'x-exit-preconfig', 'query-status',
            'x-exit-preconfig', 'quit'))
        self.assertEqual((status, err), (0, ''))
        self.assertEqual(answers[0]['return']['status'], 'prelaunch')
        self.assertEqual(answers[1]['error'], {
            'class': 'GenericError', 'desc': "The command 'cont' is permitted only after machine "
                                             'initialization has completed'})
        self.assertIn('return', answers[2])
        self.assertEqual(answers[3], {'return': {}})
        self.assertEqual(answers[4]['return']['status'], 'prelaunch')
        self.assertEqual(answers[5]['error']['desc'],
                         'The command is permitted only before machine initialization')

    def test_runs_without_s(self):
        _, answers, _ = self.qmp(*PC, '-preconfig', commands=('x-exit-preconfig', 'query-status',
                                                              'quit'))
        self.assertEqual(answers[1]['return']['status'], 'running')

    def test_failure_ends_it(self):
        status, answers, err = self.qmp(*BARE, '-preconfig', '-device', 'flux',
                                        commands=('x-exit-preconfig',))
        self.assertEqual(status, 1)
        self.assertIn('flux', answers[0]['error']['desc'])
        self.assertIn('flux', err)

    def test_hmp(self):
        out = self.hmp(*PC, '-preconfig', commands=('cont', 'info qtree', 'exit_preconfig',
                                                    'info qtree', 'exit_preconfig'))
        self.assertIn("'cont' is permitted only after", out)
        self.assertIn('only before machine initialization', out)
        self.assertIn('i440FX', out)

    def test_every_topic(self):
        with Machine('-preconfig', '-no-user-config', accel='tcg', qtest=False) as m:
            topics = re.findall(r'(?m)^info (\w+)', m.hmp.command('help info'))
            self.assertGreater(len(topics), 10)
            for topic in topics:
                m.hmp.command('info ' + topic)
            self.assertTrue(m.running())
            m.hmp.send('quit')
            self.assertEqual(m.wait(), 0)

    def test_same_as_qemu(self):
        if not QEMU:
            self.skipTest('no QEMU')
        names = [c['name'] for c in self.qmp(*BARE, commands=('query-commands', 'quit'))[1][0][
            'return']]
        names = [n for n in names if n not in ('quit', 'x-exit-preconfig', 'qmp_capabilities')]

        def forbidden(command):
            words = [{'execute': n} for n in ['qmp_capabilities', *names, 'quit']]
            out = subprocess.run(command, input='\n'.join(map(json.dumps, words)), text=True,
                                 capture_output=True, timeout=30).stdout
            answers = [a for a in map(json.loads, out.splitlines()) if 'event' not in a][2:]
            return {n: 'permitted only' in json.dumps(a) for n, a in zip(names, answers)
                    if a.get('error', {}).get('class') != 'CommandNotFound'}
        theirs = forbidden([QEMU, '-M', 'none', '-display', 'none', '-preconfig', '-qmp', 'stdio'])
        ours = forbidden([binary(), *BARE, '-preconfig', '-qmp', 'stdio'])
        self.assertGreater(len(theirs), 20)
        self.assertEqual([n for n in theirs if ours.get(n) != theirs[n]], [])


class Wrong(Case):
    """The same words for both programs: both refuse; ours says which option and value."""

    LINES = (('-boot', 'order=cc'), ('-boot', 'menu=perhaps'), ('-boot', 'colour=red'),
             ('-m', 'lots'), ('-m', '1G,colour=red'), ('-smp', '0'), ('-smp', 'cpus=many'),
             ('-smp', '3,sockets=2,cores=1,threads=1'), ('-rtc', 'base=yesterday'),
             ('-rtc', 'clock=sundial'), ('-uuid', '1234'), ('-cpu', 'abacus'),
             ('-cpu', 'max,+warp'), ('-machine', 'pdp11'), ('-accel', 'warp'), ('-vga', 'voodoo'),
             ('-device', 'flux'), ('-device', 'VGA,colour=red'), ('-device', '{"driver": "VGA"'),
             ('-device', '{"driver": "flux"}'), ('-chardev', 'null'), ('-chardev', 'tube,id=x'),
             ('-chardev', 'socket,id=x'), ('-drive', 'file=/nonexistent/x'),
             ('-drive', 'if=cloud'), ('-hda', '/nonexistent/x'), ('-serial', 'smoke:x'),
             ('-monitor', 'chardev:nobody'), ('-mon', 'nobody'), ('-qmp', 'smoke'),
             ('-display', 'crystal'), ('-vnc', 'elsewhere'), ('-set', 'drive.x.file=1'),
             ('-set', 'nope'), ('-set', 'bogus.x.y=1'), ('-global', 'driver=x,value=1'),
             ('-sandbox', 'maybe'), ('-sandbox', 'on,spawn=perhaps'), ('-sandbox', 'on,zap=deny'),
             ('-runas', 'nobodyhere'), ('-runas', '1:'), ('-runas', '1:x'),
             ('-chroot', '/nonexistent'), ('-msg', 'timestamp=perhaps'), ('-msg', 'zap=on'),
             ('-readconfig', '/nonexistent'), ('-bios', '/nonexistent'),
             ('-kernel', '/nonexistent'), ('-k', 'klingon'), ('-D', '/nonexistent/x'),
             ('-pidfile', '/nonexistent/x'), ('-name', 'zap=x'), ('-L', ''))

    def test_ours(self):
        for option, value in self.LINES:
            args = ['-nodefaults', '-no-user-config', option, value]
            if option != '-accel':
                args += ['-accel', 'qtest']
            if option not in ('-display', '-vnc'):
                args += ['-display', 'none']
            err = self.refused(*args, cwd=self.dir)
            words = re.findall(r'[^,={}": ]+', value)
            with self.subTest(option=option, value=value, err=err):
                self.assertIn(option[1:], err)
                self.assertTrue(not words or any(w in err for w in words))
        self.assertEqual(os.listdir(self.dir), [])

    def test_theirs(self):
        """That QEMU takes none of them either, so that the list above is worth something."""
        if not QEMU:
            self.skipTest('no QEMU')
        ours = ('-k', '-L', '-uuid', '-m', '-name', '-rtc', '-global', '-accel')  # QEMU says later
        for option, value in self.LINES[::4]:
            if option in ours:
                continue
            out = subprocess.run([QEMU, '-display', 'none', '-nodefaults', '-S', option, value],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 timeout=30, cwd=self.dir)
            self.assertEqual(out.returncode, 1, (option, value, out.stderr))

    def test_missing(self):
        for option in ('netdev', 'tpmdev', 'virtfs', 'incoming'):
            err = self.refused('-' + option, 'help')
            self.assertIn(f'-{option}: this version does not have this option', err)
            self.assertNotIn('did you mean', err)

    def test_what_libvirt_says_of_every_machine(self):
        """That it wants none of it."""
        self.assertIn('no sound yet', self.refused('-audiodev', 'alsa,id=a'))
        self.assertIn("'id' is missing", self.refused('-audiodev', '{"driver": "none"}'))
        self.assertIn('cpu-pm=on', self.refused('-overcommit', 'cpu-pm=on'))
        args = ['-audiodev', '{"id": "a", "driver": "none"}', '-overcommit', 'mem-lock=off',
                '-machine', 'pc,usb=off,dump-guest-core=off', '-name', 'guest=t,debug-threads=on',
                '-chardev', 'null,id=c', '-mon', 'chardev=c,id=monitor,mode=control',
                '-nodefaults', '-display', 'none', '-accel', 'qtest']
        with Machine(*args, accel=None, qtest=False) as m:
            self.assertIn('dump: false', m.hmp.command('info memdev'))
            self.assertIn('VM status', m.hmp.command('info status'))


if __name__ == '__main__':
    tap.main()
