# SPDX-License-Identifier: GPL-2.0-or-later
"""A Wayland compositor without a screen (sway), and a keyboard and pointer for it: a small client
of virtual-keyboard-unstable-v1 and wlr-virtual-pointer-unstable-v1, which speaks the wire protocol
itself.

    with Sway('bindsym Mod4+x exec touch FILE') as sway:
        hands = sway.hands()
        hands.key('logo', 'x')
        hands.move(10, -5)
"""
import array
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time

# evdev codes, and the bits of the modifiers in the keymap below.
KEYS = {'esc': 1, 'a': 30, 'b': 48, 'c': 46, 'g': 34, 'q': 16, 'x': 45, 'f': 33, 'enter': 28,
        'shift': 42, 'ctrl': 29, 'alt': 56, 'logo': 125}
MODIFIERS = {'shift': 1, 'ctrl': 4, 'alt': 8, 'logo': 64}
BUTTONS = {'left': 0x110, 'right': 0x111}
KEYMAP = b'''xkb_keymap {
    xkb_keycodes { include "evdev+aliases(qwerty)" };
    xkb_types { include "complete" };
    xkb_compat { include "complete" };
    xkb_symbols { include "pc+us+inet(evdev)" };
};\0'''
DISPLAY, REGISTRY = 1, 2


def missing():
    """What is not installed, as a reason to skip; None if all is there."""
    absent = [name for name in ('sway', 'swaymsg') if not shutil.which(name)]
    return 'not installed: ' + ', '.join(absent) if absent else None


def fixed(value):
    """Wayland's 24.8 number."""
    return round(value * 256) & 0xffffffff


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.last_id = REGISTRY
        self.globals = {}
        self.buffer = b''
        self.request(DISPLAY, 1, REGISTRY)
        self.roundtrip()

    def close(self):
        self.socket.close()

    def request(self, target, opcode, *words, text=None, fds=()):
        """`text` stands behind the first word, as in wl_registry.bind."""
        parts = [struct.pack('=I', word) for word in words]
        if text is not None:
            data = text.encode() + b'\0'
            parts.insert(1, struct.pack('=I', len(data)) + data + bytes(-len(data) % 4))
        body = b''.join(parts)
        head = struct.pack('=II', target, (len(body) + 8) << 16 | opcode)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
        self.socket.sendmsg([head + body], rights)

    def new_id(self):
        self.last_id += 1
        return self.last_id

    def events(self):
        """(object, opcode, body) for ever."""
        while True:
            while len(self.buffer) >= 8:
                target, word = struct.unpack_from('=II', self.buffer)
                if len(self.buffer) < word >> 16:
                    break
                body, self.buffer = self.buffer[8:word >> 16], self.buffer[word >> 16:]
                yield target, word & 0xffff, body
            data = self.socket.recv(65536)
            if not data:
                raise AssertionError('the compositor has gone')
            self.buffer += data

    def roundtrip(self):
        callback = self.new_id()
        self.request(DISPLAY, 0, callback)
        for target, opcode, body in self.events():
            if target == callback:
                return
            if target == REGISTRY and opcode == 0:
                name, length = struct.unpack_from('=II', body)
                self.globals[body[8:8 + length - 1].decode()] = name
            elif target == DISPLAY and opcode == 0:
                raise AssertionError('refused by the compositor: %r' % body)

    def bind(self, interface, version=1):
        new = self.new_id()
        self.request(REGISTRY, 0, self.globals[interface], version, new, text=interface)
        return new


class Hands(Client):
    """A keyboard and a pointer."""

    def __init__(self, path):
        super().__init__(path)
        seat = self.bind('wl_seat')
        keyboards = self.bind('zwp_virtual_keyboard_manager_v1')
        pointers = self.bind('zwlr_virtual_pointer_manager_v1')
        self.keyboard, self.pointer = self.new_id(), self.new_id()
        self.request(keyboards, 0, seat, self.keyboard)
        self.request(pointers, 0, seat, self.pointer)
        with tempfile.TemporaryFile() as file:
            file.write(KEYMAP)
            file.flush()
            self.request(self.keyboard, 0, 1, len(KEYMAP), fds=[file.fileno()])
        self.roundtrip()

    def now(self):
        return int(time.monotonic() * 1000) & 0xffffffff

    def press(self, down, *names):
        for name in names:
            self.request(self.keyboard, 1, self.now(), KEYS[name], int(down))

    def key(self, *names):
        """Presses all, the modifiers first, and releases them."""
        held = 0
        for name in names:
            self.press(True, name)
            held |= MODIFIERS.get(name, 0)
            self.request(self.keyboard, 2, held, 0, 0, 0)
        for name in reversed(names):
            self.press(False, name)
        self.request(self.keyboard, 2, 0, 0, 0, 0)
        self.roundtrip()

    def move(self, dx, dy):
        self.request(self.pointer, 0, self.now(), fixed(dx), fixed(dy))
        self.request(self.pointer, 4)
        self.roundtrip()

    def place(self, x, y, width, height):
        """Of the whole output, which has this size."""
        self.request(self.pointer, 1, self.now(), x, y, width, height)
        self.request(self.pointer, 4)
        self.roundtrip()

    def click(self, name='left'):
        for state in (1, 0):
            self.request(self.pointer, 2, self.now(), BUTTONS[name], state)
            self.request(self.pointer, 4)
        self.roundtrip()


class Sway:
    SIZE = (1024, 768)

    def __init__(self, config=''):
        self.folder = tempfile.mkdtemp()
        with open(self.folder + '/config', 'w', encoding='ascii') as file:
            file.write('xwayland disable\ndefault_border none\n'
                       'seat * pointer_constraint enable\n'
                       'output HEADLESS-1 resolution %dx%d\n' % self.SIZE + config + '\n')
        self.env = {'XDG_RUNTIME_DIR': self.folder, 'WLR_BACKENDS': 'headless',
                    'WLR_RENDERER': 'pixman', 'WLR_LIBINPUT_NO_DEVICES': '1', 'DISPLAY': '',
                    'GDK_BACKEND': '', 'SWAYSOCK': self.folder + '/ipc'}
        self.clients = []
        rights = {}
        if os.geteuid() == 0:  # which sway refuses
            shutil.chown(self.folder, 'nobody', 'nogroup')
            rights = {'user': 'nobody', 'group': 'nogroup', 'extra_groups': []}
        self.process = subprocess.Popen(['sway', '-c', self.folder + '/config'],
                                        env={**os.environ, **self.env}, cwd=self.folder,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        **rights)

    def __enter__(self):
        end = time.monotonic() + 20
        while not self.find_socket():
            if time.monotonic() > end or self.process.poll() is not None:
                self.stop()
                raise AssertionError('sway did not start')
            time.sleep(0.05)
        self.env['WAYLAND_DISPLAY'] = self.find_socket()
        return self

    def find_socket(self):
        names = [name for name in os.listdir(self.folder)
                 if name.startswith('wayland-') and not name.endswith('.lock')]
        return names[0] if names and os.path.exists(self.env['SWAYSOCK']) else None

    def hands(self):
        self.clients.append(Hands(self.folder + '/' + self.env['WAYLAND_DISPLAY']))
        return self.clients[-1]

    def message(self, *words):
        return subprocess.run(['swaymsg', '-s', self.env['SWAYSOCK'], *words], check=True,
                              capture_output=True, timeout=10).stdout.decode()

    def __exit__(self, *exc):
        self.stop()

    def stop(self):
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
