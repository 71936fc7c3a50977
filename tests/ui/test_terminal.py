# SPDX-License-Identifier: GPL-2.0-or-later
"""The frontend "terminal" on a terminal of the test's own: what is seen is what the machine shows,
what is typed arrives, and the terminal is always given back."""

import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import image
import pci
import tap
import vga
from kbc import KbcTest
from machine import Machine, run
from terminal import Terminal

LFB = 0xe0000000
ALL_MODES = (1016, 2026)


class TerminalTest(KbcTest):
    """A machine under qtest, shown in self.t."""

    def setUp(self):
        pass  # each test starts what it needs

    def start(self, options='', term='xterm-256color', args=(), **kinds):
        self.t = Terminal(**kinds)
        self.addCleanup(self.t.close)
        self.machine = Machine('-machine', 'pc', *args, display='terminal,tty=%s,term=%s,lang='
                               'C.UTF-8%s' % (self.t.name, term, options and ',' + options))
        self.addCleanup(self.machine.stop)
        self.machine.start()
        self.q, self.hmp = self.machine.qtest, self.machine.hmp
        self.vga = vga.Vga(self.q)

    def text_mode(self):
        self.vga.set_mode('text')
        self.vga.ega_palette()
        self.vga.load_font()
        self.q.memset(0xb8000, 4000, 0)

    def graphics(self, width, height):
        card = pci.find(self.q, 0x1234, 0x1111)
        card.set_bar(0, LFB)
        card.enable(pci.COMMAND_MEMORY)
        self.vga.vbe_mode(width, height, 32)

    def paint(self, width, height, color):
        """color(x, y) gives 00RRGGBBh."""
        rows = [b''.join(color(x, y).to_bytes(4, 'little') for x in range(width))
                for y in range(height)]
        self.q.write(LFB, b''.join(rows))

    def dump(self):
        path = self.machine.path('dump.ppm')
        self.assertEqual(self.hmp.command('screendump ' + path), '')
        return image.read(path)

    def info(self):
        return self.hmp.command('info terminal')


class Text(TerminalTest):
    def test_characters_and_colours(self):
        self.start('colors=24bit')
        self.text_mode()
        for row in range(8):
            data = bytes(range(row * 32, row * 32 + 32))
            self.q.write(0xb8000 + 160 * row, b''.join(bytes((ch, 7)) for ch in data))
        self.vga.text(3, 10, 'red on blue', 0x14)
        self.vga.text(70, 24, 'the end', 0x8f)
        column, row = self.t.wait(lambda: self.t.find('the end'))
        left, top = column - 70, row - 24
        screen = self.hmp.command('screen_text').split('\n')
        for y in range(25):
            self.assertEqual(self.t.line(top + y)[left:].rstrip(),
                             (screen + [''] * 25)[y].rstrip(), 'row %d' % y)
        self.assertEqual(self.t.cell_at(left + 3, top + 10), ('r', (170, 0, 0), (0, 0, 170), ()))
        self.assertEqual(self.t.cell_at(column, row)[3], (5,))  # blinks

    def test_only_changes(self):
        self.start()
        self.text_mode()
        self.vga.text(0, 0, 'before')
        self.t.wait(lambda: self.t.find('before'))
        time.sleep(0.3)
        before = self.t.received
        self.vga.text(0, 0, 'B')
        self.t.wait(lambda: self.t.find('Before'))
        self.assertLess(self.t.received - before, 120)
        time.sleep(1)  # a cursor that blinks in the picture is the terminal's own here
        self.assertLess(self.t.received - before, 120)

    def test_cursor(self):
        self.start()
        self.text_mode()
        self.vga.crtc(0x0e, 0x01)
        self.vga.crtc(0x0f, 0x45)  # 325 = row 4, column 5
        self.vga.text(0, 0, 'Q')
        left, top = self.t.wait(lambda: self.t.find('Q'))
        self.t.wait(lambda: (self.t.column, self.t.row) == (left + 5, top + 4))
        self.assertTrue(self.t.modes['25'])
        self.vga.crtc(0x0a, 0x20)
        self.t.wait(lambda: not self.t.modes['25'])

    def test_small_terminal_follows_the_cursor(self):
        self.start(columns=40, rows=10)
        self.text_mode()
        self.vga.text(0, 0, 'first line')
        self.vga.text(0, 24, 'last line')
        self.t.wait(lambda: self.t.find('first line'))
        self.assertIsNone(self.t.find('last line'))
        self.vga.crtc(0x0e, 0x07)
        self.vga.crtc(0x0f, 0x80)  # row 24
        self.t.wait(lambda: self.t.find('last line'))

    def test_few_colours(self):
        self.start('colors=16')
        self.text_mode()
        self.vga.text(0, 0, 'Q', 0x14)
        left, top = self.t.wait(lambda: self.t.find('Q'))
        self.t.wait(lambda: self.t.cell_at(left, top) == ('Q', 31, 44, ()))

    def test_silent_terminal(self):
        """Nothing is answered: after a while it is taken as its TERM says."""
        self.start(silent=True)
        self.text_mode()
        self.vga.text(0, 0, 'hello')
        self.t.wait(lambda: self.t.find('hello'), 5)
        self.vga.text(0, 0, 'again')
        self.t.wait(lambda: self.t.find('again'), 5)


class Keys(TerminalTest):
    def setUp(self):
        self.start()
        self.text_mode()
        self.command(0x60, 0x40)  # the controller translates to scan code set 1
        self.vga.text(0, 0, 'ready')
        self.t.wait(lambda: self.t.find('ready'))

    def codes(self, count):
        got = []
        end = time.monotonic() + 5
        while len(got) < count and time.monotonic() < end:
            got += self.receive()
            time.sleep(0.01)
        return got

    def test_legacy(self):
        for text, expected in (
                ('a', [0x1e, 0x9e]),
                ('A', [0x2a, 0x1e, 0x9e, 0xaa]),
                ('\x03', [0x1d, 0x2e, 0xae, 0x9d]),
                ('\x1bx', [0x38, 0x2d, 0xad, 0xb8]),
                ('\x1b[A', [0xe0, 0x48, 0xe0, 0xc8]),
                ('\x1b[1;5P', [0x1d, 0x3b, 0xbb, 0x9d]),
                ('\x1b[3~', [0xe0, 0x53, 0xe0, 0xd3]),
                ('\x7f', [0x0e, 0x8e]),
                ('\r', [0x1c, 0x9c])):
            self.t.send(text)
            self.assertEqual(self.codes(len(expected)), expected, repr(text))

    def test_escape_alone(self):
        self.t.send('\x1b')
        self.assertEqual(self.codes(2), [0x01, 0x81])

    def test_split(self):
        for byte in b'\x1b[1;2B':
            self.t.send(bytes([byte]))
        self.assertEqual(self.codes(6), [0x2a, 0xe0, 0x50, 0xe0, 0xd0, 0xaa])

    def test_paste(self):
        self.t.send('\x1b[200~Hi\n\x1b[201~')
        self.assertEqual(self.codes(8), [0x2a, 0x23, 0xa3, 0xaa, 0x17, 0x97, 0x1c, 0x9c])

    def test_mouse(self):
        self.mouse_enable()
        self.t.send('\x1b[<35;10;10M\x1b[<35;11;11M')
        x, y = self.packet()[1:]
        self.assertGreater(x, 0)
        self.assertLess(y, 0)  # a PS/2 mouse counts upwards
        self.t.send('\x1b[<0;11;11M')
        self.assertEqual(self.packet()[0] & 7, 1)
        self.t.send('\x1b[<0;11;11m')
        self.assertEqual(self.packet()[0] & 7, 0)

    def packet(self):
        got = []
        end = time.monotonic() + 5
        while len(got) < 3 and time.monotonic() < end:
            got += self.receive(aux=True)
            self.step(8)
            time.sleep(0.01)
        self.assertEqual(len(got), 3)
        return (got[0], got[1] - (256 if got[0] & 0x10 else 0),
                got[2] - (256 if got[0] & 0x20 else 0))

    def test_hostile_input(self):
        for junk in (b'\x1b[' + b'9' * 5000 + b'u', b'\x1bP' + b'x' * 100000 + b'\x1b\\',
                     b'\x1b[<999999999;999999999;99999999M', bytes(range(0x80, 0x100)) * 20,
                     b'\x1b[200~' + b'\xff' * 3000 + b'\x1b[201~'):
            self.t.send(junk)
            time.sleep(0.1)
        self.receive()
        self.assertIn('paused', self.hmp.command('info status') + 'paused')
        self.t.send('\x18')
        time.sleep(0.2)
        self.receive()
        self.t.send('a')
        self.assertEqual(self.codes(2)[-2:], [0x1e, 0x9e])


class KittyKeys(TerminalTest):
    codes = Keys.codes

    def start(self, *args, **kinds):
        super().start(*args, **kinds)
        self.command(0x60, 0x40)

    def test_press_and_release(self):
        self.start(kitty_keys=True)
        self.t.wait(lambda: self.t.kitty_pushed)
        self.t.send('\x1b[57441;2:1u\x1b[97;2:1u')  # Shift, A
        self.assertEqual(self.codes(2), [0x2a, 0x1e])
        time.sleep(0.2)
        self.assertEqual(self.receive(), [])  # held until it is released
        self.t.send('\x1b[97;2:3u\x1b[57441;1:3u')
        self.assertEqual(self.codes(2), [0x9e, 0xaa])
        self.t.send('\x1b[122::121;1:1u\x1b[122::121;1:3u')  # Z of a German keyboard, by its place
        self.assertEqual(self.codes(2), [0x15, 0x95])

    def test_focus_and_hang_up_release(self):
        self.start(kitty_keys=True)
        self.t.wait(lambda: self.t.kitty_pushed)
        self.t.send('\x1b[97;1:1u')
        self.assertEqual(self.codes(1), [0x1e])
        self.t.send('\x1b[O')
        self.assertEqual(self.codes(1), [0x9e])
        self.t.send('\x1b[97;1:1u')
        self.assertEqual(self.codes(1), [0x1e])
        self.t.close()
        got = []
        end = time.monotonic() + 5
        while 0x9e not in got and time.monotonic() < end:  # it repeats until then
            got += self.codes(1)
        self.assertIn(0x9e, got)


def pattern(x, y):
    return x * 255 // 400 << 16 | y * 255 // 300 << 8 | (x ^ y) & 255


class Graphics(TerminalTest):
    def compare(self, tolerance):
        """The images in the terminal against the machine's own picture."""
        dump = self.dump()
        got = self.t.picture(dump.width, dump.height)
        if not got:
            return False
        worst = max(abs(a - b) for a, b in zip(got[2], dump.rgb))
        return worst <= tolerance

    def test_kitty(self):
        self.start(kitty=True, modes=ALL_MODES)
        self.graphics(400, 300)
        self.paint(400, 300, pattern)
        self.t.wait(lambda: self.compare(0), what='the picture')
        before = self.t.received
        self.q.write(LFB + 4 * (400 * 100 + 50), b'\xff\xff\xff\0' * 3)
        self.t.wait(lambda: self.compare(0), what='the change')
        self.assertLess(self.t.received - before, 40000)  # a tile
        self.assertIn('graphics kitty', self.info())
        self.vga.vbe(vga.VBE_ENABLE, 0)
        self.text_mode()
        self.vga.text(0, 0, 'back')
        self.t.wait(lambda: self.t.find('back'))
        self.assertEqual(self.t.images, {})

    def test_sixel(self):
        self.start(sixel=True, cell=(8, 17))
        self.graphics(400, 300)
        colors = (0xff0000, 0x00ff00, 0x0000ff, 0xffffff, 0x336699)
        self.paint(400, 300, lambda x, y: colors[(x // 50 + y // 37) % 5])
        self.t.wait(lambda: self.compare(8), what='the picture')
        self.q.memset(LFB + 1600 * 46, 1600 * 90, 0xcc)
        self.t.wait(lambda: self.compare(8), what='the change')

    def test_iterm(self):
        self.start('graphics=iterm', cell=(8, 17))
        self.graphics(200, 150)
        colors = (0xff0000, 0x00ff00, 0x0000ff, 0xffffff, 0x336699)
        self.paint(200, 150, lambda x, y: colors[(x // 50 + y // 37) % 5])
        self.t.wait(lambda: self.compare(0), what='the picture')
        self.q.memset(LFB + 800 * 46, 800 * 90, 0xcc)
        self.t.wait(lambda: self.compare(0), what='the change')

    def test_blocks(self):
        self.start('colors=24bit,graphics=blocks')
        self.graphics(640, 480)
        self.paint(640, 480, lambda x, y: 0x2040c0 if x < 320 else 0xc0a020)

        def halves():
            left, right = self.t.cell_at(30, 14), self.t.cell_at(60, 14)
            return (0x20, 0x40, 0xc0) in left[1:3] and (0xc0, 0xa0, 0x20) in right[1:3]
        self.t.wait(halves, what='two halves')

    def test_off(self):
        self.start('graphics=off')
        self.graphics(640, 480)
        self.t.wait(lambda: self.t.find('graphics mode, 640x480'))

    def test_shrinks(self):
        self.start(kitty=True, columns=60, rows=20)
        self.graphics(1024, 768)
        self.q.memset(LFB, 1024 * 768 * 4, 0x55)

        def right():
            got = self.t.picture(405, 304)
            return got and got[2].count(0x55) == 405 * 304 * 3
        self.t.wait(right, what='a smaller picture')

    def test_stalled_terminal(self):
        """Frames are dropped while the terminal takes none; then the newest is shown."""
        self.start(kitty=True)
        self.graphics(400, 300)
        self.paint(400, 300, pattern)
        self.t.wait(lambda: self.compare(0))
        self.t.paused.set()
        for value in range(20):
            self.q.write(LFB, os.urandom(400 * 300 * 4))
            start = time.monotonic()
            self.hmp.command('info status')
            self.assertLess(time.monotonic() - start, 2)
        self.paint(400, 300, pattern)
        frames = int(re.search(r'frames (\d+)', self.info()).group(1))
        time.sleep(0.5)
        self.assertLessEqual(int(re.search(r'frames (\d+)', self.info()).group(1)), frames + 1)
        self.t.paused.clear()
        self.t.wait(lambda: self.compare(0), what='the newest frame')


class CommandLine(TerminalTest):
    def test_commands(self):
        self.start()
        self.text_mode()
        self.vga.text(0, 0, 'guest')
        self.t.wait(lambda: self.t.find('guest'))
        self.t.send('\x1d')
        self.t.wait(lambda: self.t.find('(vitrine)'))
        self.t.send('info mice\r')
        self.t.wait(lambda: self.t.find('Mouse #'))
        self.t.send('no_such_command\r')
        self.t.wait(lambda: self.t.find('no_such_command'))
        self.t.send('\x1b')
        self.t.wait(lambda: not self.t.find('(vitrine)'))
        self.assertEqual(self.receive(), [])  # nothing of it was typed in the guest

    def test_consoles(self):
        self.start(args=('-serial', 'vc'))
        self.text_mode()
        self.vga.text(0, 0, 'guest')
        self.t.wait(lambda: self.t.find('guest'))
        self.t.send('\x1d2')
        self.t.wait(lambda: not self.t.find('guest'))
        for ch in b'from the port':
            self.q.outb(0x3f8, ch)
            self.step(2)
        self.t.wait(lambda: self.t.find('from the port'))
        self.q.outb(0x3fc, 0x0b)
        self.t.send('y')
        end = time.monotonic() + 5
        while not self.q.inb(0x3fd) & 1 and time.monotonic() < end:
            self.step(2)
        self.assertEqual(self.q.inb(0x3f8), ord('y'))
        self.t.send('\x1d1')
        self.t.wait(lambda: self.t.find('guest'))
        self.t.send('\x1d9')
        self.t.wait(lambda: self.t.find('no console of this number'))

    def test_detach(self):
        self.start()
        self.text_mode()
        self.t.wait(lambda: self.t.modes.get('1049'))
        self.t.send('\x1d')
        self.t.wait(lambda: self.t.find('(vitrine)'))
        self.t.send('\x04')
        self.t.wait(lambda: self.t.restored() == [], what='the terminal back')
        self.assertNotIn('frames', self.info())
        self.assertTrue(self.machine.running())
        self.assertEqual(self.hmp.command('display_add terminal,tty=%s,term=xterm' % self.t.name),
                         'terminal')
        self.t.wait(lambda: self.t.modes.get('1049'))

    def test_attach_loop(self):
        self.start()
        for i in range(10):
            self.hmp.command('display_del terminal')
            self.t.wait(lambda: self.t.restored() == [], what='the terminal back')
            self.hmp.command('display_add terminal,tty=%s,term=xterm' % self.t.name)
        self.assertIn('frames', self.info())

    def test_hang_up(self):
        self.start()
        self.t.wait(lambda: self.t.modes.get('1049'))
        self.t.close()
        end = time.monotonic() + 5
        while 'frames' in self.info() and time.monotonic() < end:
            time.sleep(0.05)
        self.assertNotIn('frames', self.info())
        self.assertIn('VM status', self.hmp.command('info status'))

    def test_bad_options(self):
        for options, said in (('tty=/dev/null', 'no terminal'), ('tty=/no/such', '/no/such'),
                              ('tty=fd:77', 'fd:77'), ('escape=x', 'escape'),
                              ('graphics=x', 'kitty')):
            tty = '' if 'tty' in options else ',tty=/dev/ptmx'
            status, out, err = run('-accel', 'qtest', '-display', 'terminal,' + options + tty)
            self.assertEqual(status, 1)
            self.assertEqual(len(err.splitlines()), 1, err)
            self.assertIn(said, err)


class OwnTerminal(TerminalTest):
    """The program in the foreground of its terminal."""

    def start(self, *args, display='terminal', term='xterm-256color', **kinds):
        self.t = Terminal(**kinds)
        self.addCleanup(self.t.close)
        env = {'TERM': term, 'LANG': 'C.UTF-8', 'LC_ALL': 'C.UTF-8', 'DISPLAY': '',
               'WAYLAND_DISPLAY': '', 'XDG_RUNTIME_DIR': '',
               'ASAN_OPTIONS': 'handle_segv=0:handle_abort=0'}  # a crash is to be seen as it is
        self.machine = Machine('-machine', 'pc', *args, display=display, env=env, tty=self.t.slave)
        self.addCleanup(self.machine.stop)
        self.machine.start()
        self.q, self.hmp = self.machine.qtest, self.machine.hmp
        self.vga = vga.Vga(self.q)

    def ends(self, action, status):
        self.start(kitty_keys=True, modes=ALL_MODES)
        self.t.wait(lambda: self.t.kitty_pushed)
        action()
        self.assertEqual(self.machine.wait(), status)
        self.t.wait(lambda: self.t.restored() == [], what='the terminal back')
        self.machine.process = None

    def test_quit(self):
        self.ends(lambda: self.hmp.send('quit'), 0)

    def test_quit_by_key(self):
        self.ends(lambda: self.t.send('\x1b[93;5u\x1b[113;5u'), 0)

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number.name):
                self.ends(lambda: self.machine.process.send_signal(number), 0)

    def test_crash(self):
        for number in (signal.SIGSEGV, signal.SIGABRT):
            with self.subTest(number.name):
                self.ends(lambda: self.machine.process.send_signal(number), -number)

    def test_crash_while_the_terminal_is_full(self):
        self.start(kitty=True, modes=ALL_MODES)
        self.graphics(400, 300)
        self.paint(400, 300, pattern)
        self.t.wait(lambda: self.t.picture(400, 300))
        self.t.paused.set()
        for _ in range(5):
            self.q.write(LFB, os.urandom(400 * 300 * 4))
            time.sleep(0.2)
        self.machine.process.send_signal(signal.SIGSEGV)
        time.sleep(0.3)
        self.t.paused.clear()
        self.assertEqual(self.machine.wait(), -signal.SIGSEGV)
        self.t.wait(lambda: self.t.restored() == [], what='the terminal back')
        self.machine.process = None

    def test_is_chosen_without_a_display_server(self):
        self.start(display=None)
        self.t.wait(lambda: self.t.modes.get('1049'))
        self.hmp.send('quit')
        self.machine.wait()
        self.t.wait(lambda: 'in this terminal' in self.t.text())

    def test_curses_means_the_same(self):
        self.start(display='curses')
        self.t.wait(lambda: self.t.modes.get('1049'))

    def test_resize(self):
        self.start(columns=90, rows=30)
        self.text_mode()
        self.vga.text(0, 0, 'hello')
        self.assertEqual(self.t.wait(lambda: self.t.find('hello'))[0], 5)
        self.t.set_size(120, 40)
        self.t.wait(lambda: (self.t.find('hello') or [0])[0] == 20)
        self.t.set_size(20, 5)
        self.t.wait(lambda: '20x5 cells' in self.info())
        for columns in list(range(1, 100, 7)) + [90]:  # a storm
            self.t.set_size(columns, max(columns // 3, 1))
        self.t.set_size(90, 30)
        self.t.wait(lambda: (self.t.find('hello') or [0])[0] == 5)

    def test_messages(self):
        """What goes to stderr is told in the status line, and kept for the end."""
        self.start()
        self.t.wait(lambda: self.t.find('commands'))
        self.machine.process.send_signal(signal.SIGTERM)
        self.machine.wait()
        self.t.wait(lambda: 'ends on signal 15' in self.t.text())

    def test_suspend(self):
        self.start()
        self.t.wait(lambda: self.t.modes.get('1049'))
        self.t.send('\x1d')
        self.t.wait(lambda: self.t.find('(vitrine)'))
        self.t.send('\x1a')
        # Nobody waits for a session leader's job: SIGTSTP is ignored there, and we go on at once.
        self.t.wait(lambda: not self.t.find('(vitrine)'))
        self.t.wait(lambda: self.t.modes.get('1049') and self.t.find('commands'))

    def test_hung_up_controlling_terminal(self):
        self.start()
        self.t.wait(lambda: self.t.modes.get('1049'))
        self.t.close()
        time.sleep(0.5)
        self.assertIn('VM status', self.hmp.command('info status'))
        self.assertNotIn('frames', self.info())

    def test_stdio_is_taken(self):
        self.start('-serial', 'stdio')
        self.assertEqual(self.machine.wait(), 1)
        self.machine.process = None
        self.t.wait(lambda: "used by 'serial0'" in self.t.text().replace('\n', ''))

    def test_dumb(self):
        status, out, err = run('-accel', 'qtest', '-display', 'terminal')
        self.assertEqual(status, 1)
        self.assertIn('no terminal', err)


if __name__ == '__main__':
    tap.main()
