#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line: help, version, man page, and one clear line for whatever is wrong."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from machine import Machine, binary, run  # noqa: E402

NO_DISPLAY = {'DISPLAY': '', 'WAYLAND_DISPLAY': ''}
BARE = ['-machine', 'none', '-accel', 'qtest', '-display', 'none', '-nodefaults']


class CliCase(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='vitrine-cli-')
        self.addCleanup(shutil.rmtree, self.dir, True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, data):
        with open(self.path(name), 'wb') as f:
            f.write(data)
        return self.path(name)

    def refused(self, *args, **kwargs):
        """Runs; wants exit status 1, one line on stderr and nothing else. Returns the line."""
        status, out, err = run(*args, **kwargs)
        self.assertEqual(status, 1, f'{args}: {err}')
        self.assertEqual(out, '')
        self.assertRegex(err, r'\Avitrine: [^\n]+\n\Z', f'{args}')
        return err

    def start(self, *args):
        """Starts the program; ends it in the end if it is still there."""
        process = subprocess.Popen([binary(), *args], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, cwd=self.dir)

        def end():
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stderr.close()
        self.addCleanup(end)
        return process

    def wait_for(self, condition, timeout=10):
        end = time.monotonic() + timeout
        while not condition():
            self.assertLess(time.monotonic(), end, 'waited in vain')
            time.sleep(0.02)


class Help(CliCase):
    def test_help_by_topic(self):
        status, out, err = run('--help')
        self.assertEqual((status, err), (0, ''))
        for topic in ('Standard', 'Block device', 'Display', 'Character device', 'Debug/Expert'):
            self.assertIn(f'\n{topic} options:\n', out)
        for name in 'vnc', 'spice':  # as complete as that of -display
            self.assertEqual(run('-' + name, 'help'), run('-display', name + ',help'))
        for option in ('-m', '-hda', '-cdrom', '-drive', '-boot', '-smp', '-accel', '-vnc'):
            self.assertRegex(out, rf'(?m)^{option}\b')
        for line in out.splitlines():
            self.assertLessEqual(len(line), 160)

    def test_spellings(self):
        texts = {run(word)[1] for word in ('-help', '--help', '-h')}
        self.assertEqual(len(texts), 1)

    def test_version(self):
        status, out, err = run('-version')
        self.assertEqual((status, err), (0, ''))
        self.assertRegex(out, r'\Avitrine \d+\.\d+')
        self.assertRegex(out, r'(?m)^frontends:.* none$')
        self.assertRegex(out, r'(?m)^accelerators:.*\bqtest\b')

    def test_lists(self):
        for args, word in ((['-machine', 'help'], 'none'), (['-accel', 'help'], 'qtest'),
                           (['-chardev', 'help'], 'socket'), (['-display', 'help'], 'none'),
                           (['-vga', 'help'], 'none'), (['-d', 'help'], 'guest_errors'),
                           (['-drive', 'help'], 'file='), (['-M', '?'], 'none'),
                           (['-chardev', 'file,help'], 'path=')):
            status, out, err = run(*args)
            self.assertEqual((status, err), (0, ''), args)
            self.assertIn(word, out, args)

    def test_man_page(self):
        page = os.path.join(os.path.dirname(os.path.dirname(binary())), 'data', 'vitrine.1')
        if not shutil.which('mandoc') or not os.path.exists(page):
            self.skipTest('no mandoc, or no man page built')
        lint = subprocess.run(['mandoc', '-Tlint', '-Wwarning', page], capture_output=True,
                              text=True)
        self.assertEqual((lint.returncode, lint.stdout), (0, ''))
        text = subprocess.run(['mandoc', '-Tascii', page], capture_output=True, text=True).stdout
        text = text.replace('\b', '')
        with open(page, encoding='utf-8') as f:
            source = f.read()
        for option in ('cdrom', 'drive', 'boot', 'full-screen'):
            self.assertIn(f'.It Fl {option}', source)


class BadOptions(CliCase):
    def test_unknown(self):
        self.assertIn('-foo: unknown option (vitrine --help', self.refused('-foo'))
        self.assertIn('did you mean -serial?', self.refused('-seriall', 'x'))
        self.assertIn('did you mean -cdrom?', self.refused('--cdrm', 'x'))
        self.assertIn('a word of its own', self.refused('-m=512'))
        self.refused('-')
        self.refused('--')
        self.refused('')

    def test_value_missing(self):
        self.assertIn('-m [size=]SIZE', self.refused('-m'))
        self.assertIn('-hda FILE', self.refused('-S', '-hda'))

    def test_bad_values(self):
        for args, part in (
                (['-m', 'lots'], "'lots' is not a size"),
                (['-m', '12Q'], "'12Q' is not a size"),
                (['-m', '100k'], '1M is the least'),
                (['-m', '1G,slots=2'], "no option 'slots'"),
                (['-m', '99999999999999999999'], 'not a size'),
                (['-smp', '0'], 'out of range'),
                (['-smp', '3,cores=2'], 'must match maxcpus'),
                (['-smp', '4,maxcpus=2'], '== maxcpus (2) < smp_cpus (4)'),
                (['-smp', '200,sockets=40,cores=5', '-machine', 'pc'], 'APIC id would be 316'),
                (['-smp', '2,maxcpus=256', '-machine', 'pc'], 'at most 255'),
                (['-cpu', '386'], "no model '386'"),
                (['-cpu', 'max,+warp'], 'warp'),
                (['-boot', 'x'], "no boot device 'x'"),
                (['-boot', 'cc'], 'given twice'),
                (['-boot', 'order=c,menu=perhaps'], 'neither on nor off'),
                (['-boot', 'colour=red'], "no option 'colour'"),
                (['-rtc', 'base=yesterday'], 'neither utc, localtime nor a date'),
                (['-rtc', 'clock=sundial'], "'sundial' is unknown"),
                (['-uuid', '1234'], 'is not a UUID'),
                (['-d', 'int,gossip'], "unknown log item 'gossip'"),
                (['-L', self.path('nowhere')], "nowhere' is not a folder"),
                (['-nic', 'user'], 'no network cards'),
                (['-machine', 'none,colour=red', '-accel', 'qtest', '-display', 'none'],
                 "none has no option 'colour'"),
                (['-machine', 'pdp11', *BARE[2:]], "no machine 'pdp11' (known: "),
                ([*BARE[:2], *BARE[4:], '-accel', 'warp'], 'warp: not in this version'),
                ([*BARE, '-vga', 'voodoo'], "no such card for the machine 'none'"),
                ([*BARE[:4], '-display', 'crystal'], "no frontend 'crystal' (known: none"),
                ([*BARE, '-device', 'flux-capacitor'], 'flux-capacitor'),
                ([*BARE, '-chardev', 'null'], 'the id is missing'),
                ([*BARE, '-chardev', 'tube,id=x'], 'tube'),
                ([*BARE, '-serial', 'chardev:nobody'], "no character device 'nobody'"),
                ([*BARE, '-monitor', 'smoke:signals'], 'smoke'),
                ([*BARE, '-mon', 'nobody'], 'no such -chardev'),
                ([*BARE, '-drive', 'file=/nonexistent/x.img'], '/nonexistent/x.img'),
                ([*BARE, '-drive', 'colour=red'], 'colour'),
                ([*BARE] + ['-serial', 'null'] * 5, 'only 4 such ports'),
                ([*BARE, '-D', '/nonexistent/log'], '/nonexistent/log'),
                ([*BARE, '-daemonize', '-monitor', 'stdio'], 'cannot be used with'),
                ([*BARE, '-daemonize', '-serial', 'mon:stdio'], 'with -serial mon:stdio'),
                ([*BARE, '-daemonize', '-debugcon', 'stdio'], 'with -debugcon stdio'),
                ([*BARE[:6], '-daemonize', '-nographic'], 'with -nographic'),
                (['-accel', 'warp', '-display', 'none'], 'warp: not in this version'),
                ([*BARE, '-qtest-log', '/nonexistent/log', '-qtest', 'null'], '/nonexistent/log'),
                (['-d', 'gossip'], 'known: unimp, guest_errors'),
                ([*BARE[2:], '-machine', 'pc,usb=maybe'], "-machine: usb: 'maybe' is neither"),
                ([*BARE, '-k', 'klingon'], "-k: no keyboard layout 'klingon'"),
                ([*BARE, '-drive', 'file=/nonexistent/x.img'], '-drive file=/nonexistent/x.img: '),
                (['-machine', 'none', '-device', 'x,help'], "no device 'x'")):
            message = self.refused(*args)
            self.assertIn(part, message, args)
            # Which option it was; only an accelerator may be missing without one.
            self.assertRegex(message, r'\Avitrine: (-[A-Za-z]|no accelerator)', args)


class BadFiles(CliCase):
    def test_missing_image(self):
        err = self.refused(*BARE, self.path('no.img'))
        self.assertIn(self.path('no.img'), err)
        self.assertIn('No such file', err)
        self.assertIn('-hda: ', self.refused(*BARE, '-hda', self.path('no.img')))
        self.assertIn('-cdrom: ', self.refused(*BARE, '-cdrom', self.path('no.iso')))

    def test_folder_as_image(self):
        self.assertIn('neither a file nor a block device', self.refused(*BARE, self.dir))

    def test_fifo_as_image(self):
        os.mkfifo(self.path('fifo'))
        # A FIFO without a writer must not make us wait.
        self.assertIn('neither a file', self.refused(*BARE, self.path('fifo')))

    def test_empty_image(self):
        self.assertIn('empty.img', self.refused(*BARE, self.write('empty.img', b'')))

    def test_truncated_cd(self):
        image = bytearray(40 * 2048)
        image[16 * 2048:16 * 2048 + 6] = b'\1CD001'
        image[16 * 2048 + 80:16 * 2048 + 84] = (1000).to_bytes(4, 'little')
        image = self.write('cut.iso', image)
        for args in ([image], ['-cdrom', image]):
            err = self.refused(*BARE, *args)
            self.assertIn('is truncated: it has 81920 of 2048000 bytes', err)

    def test_image_twice(self):
        image = self.write('twice.img', bytes(1 << 20))
        self.assertIn('another drive of this machine',
                      self.refused('-accel', 'qtest', '-display', 'none', '-hda', image, image))

    def test_too_many_images(self):
        images = [self.write(f'{n}.img', bytes(1 << 20)) for n in range(5)]
        self.assertIn('all four', self.refused(*BARE, *images))

    def test_missing_bios(self):
        if 'pc ' not in run('-machine', 'help')[1]:
            self.skipTest('no board pc')
        err = self.refused('-accel', 'qtest', '-display', 'none', '-bios', 'nosuchbios.bin')
        self.assertIn('nosuchbios.bin', err)
        image = self.write('big.bin', bytes(17 << 20))
        err = self.refused('-accel', 'qtest', '-display', 'none', '-bios', image)
        self.assertIn('big.bin', err)


class Surroundings(CliCase):
    def test_no_display_server(self):
        if ' gtk' not in run('-version')[1]:
            self.skipTest('no GTK frontend')
        err = self.refused(*BARE[:4], '-display', 'gtk', env=NO_DISPLAY)
        self.assertIn('-display gtk: ', err)

    def test_no_kvm(self):
        if ' kvm' not in run('-version')[1]:
            self.skipTest('no accelerator kvm')
        hide = ['unshare', '-m', 'sh', '-c', 'mount --bind /dev/null /dev/kvm && exec "$@"', 'sh']
        if subprocess.run([*hide, 'true'], capture_output=True).returncode:
            self.skipTest('/dev/kvm cannot be hidden')
        p = subprocess.run([*hide, binary(), '-accel', 'kvm', '-display', 'none'],
                           capture_output=True, text=True, timeout=20)
        self.assertEqual(p.returncode, 1)
        self.assertRegex(p.stderr, r'\Avitrine: no accelerator works: kvm: [^\n]*/dev/kvm')
        self.assertEqual(p.stderr.count('\n'), 1)

    def test_fallback_is_said(self):
        process = self.start('-machine', 'none', '-accel', 'warp:qtest', '-display', 'none',
                             '-pidfile', 'pid')
        self.wait_for(lambda: os.path.exists(self.path('pid')))
        line = process.stderr.readline().decode()
        self.assertRegex(line, r'using the accelerator qtest \(warp: not in this version')
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 0)

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen(1)
            port = taken.getsockname()[1]
            err = self.refused(*BARE, '-serial', f'tcp:127.0.0.1:{port},server=on,wait=off')
            self.assertIn('in use', err)
            self.assertIn(str(port), err)

    def test_layout(self):
        if ' vnc' not in run('-version')[1]:
            self.skipTest('no VNC frontend')
        err = self.refused('-accel', 'qtest', '-vnc', 'unix:vnc', '-k', 'klingon', cwd=self.dir)
        self.assertIn("no keyboard layout 'klingon'", err)
        self.assertEqual(os.listdir(self.dir), [])

    def test_vnc_port_in_use(self):
        if ' vnc' not in run('-version')[1]:
            self.skipTest('no VNC frontend')
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen(1)
            port = taken.getsockname()[1]
            err = self.refused('-accel', 'qtest', '-vnc', f'127.0.0.1:{port - 5900}')
            self.assertIn('in use', err)


class Drives(CliCase):
    def blocks(self, *args):
        if not os.access('/dev/kvm', os.R_OK | os.W_OK):
            self.skipTest('no /dev/kvm')
        status, out, _ = run('-S', '-accel', 'kvm', '-display', 'none', '-monitor', 'stdio', *args,
                             stdin=b'info block\nquit\n')
        self.assertEqual(status, 0)
        return out

    def test_empty_cdrom(self):
        image = self.write('a.img', bytes(1 << 20))
        self.assertIn('ide1-cd0: [not inserted]', self.blocks('-hda', image))
        self.assertNotIn('ide1-cd0', self.blocks('-hdc', image))
        self.assertNotIn('ide1-cd0', self.blocks('-nodefaults'))
        self.assertNotIn('ide1-cd0', self.blocks('-machine', 'none'))

    def test_empty_floppy(self):
        self.assertIn('floppy0: [not inserted]', self.blocks())
        self.assertNotIn('floppy', self.blocks('-nodefaults'))
        self.assertNotIn('floppy', self.blocks('-machine', 'q35'))
        self.assertIn('a.img', self.blocks('-fda', self.write('a.img', bytes(1474560))))


class QtestLog(CliCase):
    def test_dialogue(self):
        with Machine('-machine', 'none', '-qtest-log', self.path('log'), monitor=False) as m:
            self.assertEqual(m.qtest.command('endianness'), ['little'])
        with open(self.path('log'), encoding='ascii') as f:
            log = f.read()
        self.assertRegex(log, r'(?m)^\[R \+\d+\.\d{6}\] endianness\n\[S \+\d+\.\d{6}\] OK little$')


class Choice(CliCase):
    """The best frontend is chosen when none is asked for, and said in one line."""

    def said(self, env):
        process = subprocess.Popen([binary(), '-accel', 'qtest', '-S'],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env={**os.environ, **env})
        try:
            return process.stderr.readline().decode()
        finally:
            process.terminate()
            self.assertEqual(process.wait(10), 0, process.stderr.read())
            process.stderr.close()

    def test_window(self):
        if ' gtk' not in run('-version')[1] or not shutil.which('Xvfb'):
            self.skipTest('no GTK frontend, or no Xvfb')
        read_end, write_end = os.pipe()
        server = subprocess.Popen(['Xvfb', '-displayfd', str(write_end), '-nolisten', 'tcp'],
                                  pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        try:
            with os.fdopen(read_end) as f:
                display = f':{f.readline().strip()}'
            # fontconfig keeps what it has read.
            line = self.said({'DISPLAY': display, 'WAYLAND_DISPLAY': '',
                              'ASAN_OPTIONS': 'detect_leaks=0'})
            self.assertEqual(line, 'vitrine: showing the machine in a GTK window\n')
        finally:
            server.terminate()
            server.wait()

    def test_vnc(self):
        if ' vnc' not in run('-version')[1]:
            self.skipTest('no VNC frontend')
        line = self.said(NO_DISPLAY)
        match = re.match(r'vitrine: showing the machine to VNC viewers at 127\.0\.0\.1:(\d+) '
                         r'\(no window: .*DISPLAY.*\)\n$', line)
        self.assertTrue(match, line)
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(('127.0.0.1', int(match[1])))
            taken.listen(1)
            other = self.said(NO_DISPLAY)
            self.assertIn('127.0.0.1:59', other)
            self.assertNotIn(f':{match[1]} ', other)

    def test_neither(self):
        if ' vnc' in run('-version')[1]:
            env = {**NO_DISPLAY, 'VITRINE_MODULE_DIR': self.dir}
        else:
            env = NO_DISPLAY
        err = self.refused('-machine', 'none', '-accel', 'qtest', env=env)
        self.assertIn('no way to show the machine: gtk: ', err)
        self.assertIn('-display none', err)


class Nographic(CliCase):
    def test_terminal_is_shared(self):
        status, out, err = run('-accel', 'qtest', '-nographic', timeout=20,
                               stdin=b'\x01h\x01cinfo status\n\x01x')
        self.assertEqual((status, err), (0, ''))
        self.assertIn('Ctrl-A x', out)
        self.assertIn('(qemu) ', out)
        self.assertIn('VM status: running', out)

    def test_monitor_beside_a_port(self):
        status, out, err = run(*BARE, '-serial', 'mon:stdio', stdin=b'\x01cquit\n')
        self.assertEqual((status, err), (0, ''))
        self.assertIn('(qemu) ', out)
        self.assertIn('unknown character device', self.refused(*BARE, '-serial', 'mon:smoke'))


class Process(CliCase):
    def test_nothing_left_behind(self):
        self.refused(*BARE, '-pidfile', self.path('pid'), '-serial',
                     f"unix:{self.path('serial')},server=on,wait=off", '-vga', 'voodoo')
        self.refused(*BARE, '-pidfile', self.path('pid'), '-chardev',
                     f"socket,id=a,path={self.path('a')},server=on,wait=off", '-chardev',
                     'tube,id=b')
        self.assertEqual(os.listdir(self.dir), [])

    def test_pidfile_and_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self.start(*BARE, '-pidfile', 'pid', '-serial',
                                 'unix:serial,server=on,wait=off')
            self.wait_for(lambda: os.path.exists(self.path('serial')))
            with open(self.path('pid'), encoding='ascii') as f:
                self.assertEqual(int(f.read()), process.pid)
            self.assertIn('another machine', self.refused(*BARE, '-pidfile', self.path('pid')))
            process.send_signal(number)
            self.assertEqual(process.wait(10), 0)
            self.assertEqual(os.listdir(self.dir), [])

    def test_daemonize(self):
        status, out, err = run(*BARE, '-daemonize', '-pidfile', self.path('pid'))
        self.assertEqual((status, out, err), (0, '', ''))
        with open(self.path('pid'), encoding='ascii') as f:
            pid = int(f.read())
        self.assertEqual(os.readlink(f'/proc/{pid}/cwd'), '/')
        self.assertEqual(os.readlink(f'/proc/{pid}/fd/2'), '/dev/null')
        os.kill(pid, signal.SIGTERM)
        self.wait_for(lambda: not os.path.exists(self.path('pid')))

    def test_daemonize_fails(self):
        self.refused(*BARE, '-daemonize', '-pidfile', self.path('pid'), self.path('no.img'))
        self.assertEqual(os.listdir(self.dir), [])

    def test_log_file(self):
        process = self.start(*BARE, '-d', 'guest_errors', '-D', 'log-%d', '-pidfile', 'pid')
        self.wait_for(lambda: os.path.exists(self.path('pid')))
        self.assertTrue(os.path.exists(self.path(f'log-{process.pid}')))


if __name__ == '__main__':
    tap.main()
