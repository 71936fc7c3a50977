#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Browsers: WebSockets, the page that web=on serves, those who want other files, and noVNC in
headless Chromium, which shows the picture and types a key."""

import base64
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from fake import Fake  # noqa: E402
from machine import ROOT  # noqa: E402
from websocket import UPGRADE, WebSocket  # noqa: E402

MODULE = os.environ.get('VITRINE_VNC', ROOT + '/build/ui/vnc/libvitrine-ui-vnc.so')
NOVNC = '/usr/share/novnc/vnc.html'
CHROMIUM = shutil.which('chromium')


class WebTest(unittest.TestCase):
    def start(self, *options):
        self.fake = Fake(MODULE, ','.join(('vnc=127.0.0.1:42', 'to=49', *options)))
        self.addCleanup(self.check_end)
        self.fake.send('mode 320 200')
        self.fake.send('info')
        said = ''
        end = time.monotonic() + 10
        while 'websocket' not in said and time.monotonic() < end:
            said += '\n'.join(self.fake.lines(0.2))
        self.port = int(re.search(r':(\d+) \(ipv4\) \(websocket', said).group(1))

    def check_end(self):
        status, error = self.fake.stop()
        self.assertEqual((status, error), (0, ''))

    def connect(self):
        sock = socket.create_connection(('127.0.0.1', self.port), 10)
        self.addCleanup(sock.close)
        return sock

    def ask(self, data):
        """The whole answer to these bytes."""
        sock = self.connect()
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        got = b''
        try:
            while True:
                more = sock.recv(65536)
                if not more:
                    return got
                got += more
        except ConnectionError:
            return got

    def upgrade(self, origin=None):
        sock = self.connect()
        sock.sendall((UPGRADE % (self.port, origin or 'http://127.0.0.1:%d' % self.port)).encode())
        head = b''
        while not head.endswith(b'\r\n\r\n'):
            byte = sock.recv(1)
            if not byte:
                break
            head += byte
        return head, WebSocket(sock)

    def look_through(self, web):
        """Shakes hands over a WebSocket and takes a picture."""
        self.assertEqual(web.recv(12), b'RFB 003.008\n')
        web.send(b'RFB 003.008\n')
        self.assertEqual(web.recv(2), b'\1\1')
        web.send(b'\1')
        self.assertEqual(web.recv(4), bytes(4))
        web.send(b'\1')
        width, height = struct.unpack('>HH', web.recv(4))
        web.recv(16)
        web.recv(struct.unpack('>I', web.recv(4))[0])
        # Several messages in one frame; then one message in several frames.
        web.send(struct.pack('>BxHi', 2, 1, 0) + struct.pack('>BBxxI', 4, 1, 0x61))
        self.fake.expect('key 30 1')
        request = struct.pack('>BBHHHH', 3, 0, 0, 0, width, height)
        web.send(request[:3])
        web.send(request[3:])
        self.assertEqual(web.recv(4), b'\0\0\0\1')
        self.assertEqual(len(web.recv(12 + width * height * 4)), 12 + width * height * 4)


class Sockets(WebTest):
    def test_websocket(self):
        self.start('websocket=on')
        head, web = self.upgrade('http://elsewhere')  # a page of a proxy's
        self.assertIn(b'101', head)
        self.assertIn(b's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', head)  # RFC 6455, 1.3
        self.look_through(web)
        web.file.close()
        web.sock.close()
        self.fake.expect('key 30 0')

    def test_plain_viewer_is_not_served_there(self):
        self.start('websocket=on')
        self.assertNotIn(b'003.008\n\1', self.ask(b'RFB 003.008\n\1\1'))

    def test_own_port(self):
        self.start('websocket=5949')
        self.assertEqual(self.port, 5949)


@unittest.skipIf(not os.path.exists(NOVNC), 'noVNC is not there')
class Pages(WebTest):
    def get(self, path):
        return urllib.request.urlopen('http://127.0.0.1:%d%s' % (self.port, path), timeout=10)

    def test_files(self):
        self.start('web=on')
        with self.get('/') as answer:
            self.assertIn('/vnc.html?', answer.url)
            self.assertEqual(answer.headers['Content-Type'], 'text/html; charset=utf-8')
            with open(NOVNC, 'rb') as f:
                self.assertEqual(answer.read(), f.read())
        with self.get('/app/ui.js?x=1') as answer:
            self.assertEqual(answer.headers['Content-Type'], 'text/javascript; charset=utf-8')

    def test_no_other_files(self):
        self.start('web=on')
        for path in ('/../../../etc/passwd', '/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
                     '/app/..%2f..%2f..%2f..%2fetc/passwd', '//etc/passwd', '/app', '/app/',
                     '/vnc.html/', '/vnc.html%00.js', '/%', '/nothing', '/..', '/../novnc-other/x',
                     '/\x01', '/proc/self/environ'):
            got = self.ask(b'GET ' + path.encode() + b' HTTP/1.1\r\nHost: x\r\n\r\n')
            self.assertTrue(got.startswith((b'HTTP/1.1 404', b'HTTP/1.1 400')), (path, got[:60]))
            self.assertNotIn(b'root:', got)

    def test_bad_requests(self):
        self.start('web=on')
        for data, status in ((b'POST / HTTP/1.1\r\n\r\n', b'405'), (b'GET\r\n\r\n', b'405'),
                             (b'\r\n\r\n', b'405'), (b'GET / SPDY/9\r\n\r\n', b'405'),
                             (b'GET etc HTTP/1.1\r\n\r\n', b'400'),
                             (b'GET /' + b'x' * 9000, b'400'),
                             (b'', b'400'), (os.urandom(3000) + b'\r\n\r\n', b'40')):
            self.assertIn(status, self.ask(data)[:14], data[:20])
        slow = [self.connect() for _ in range(70)]  # more than may wait
        for sock in slow[::2]:
            sock.sendall(b'GET /')
        for sock in slow:
            sock.close()
        time.sleep(0.5)
        with self.get('/vnc.html') as answer:
            self.assertEqual(answer.status, 200)

    def test_only_our_page_opens_a_socket(self):
        self.start('web=on')
        head, _ = self.upgrade('http://evil.example')
        self.assertIn(b'403', head)
        head, web = self.upgrade()
        self.assertIn(b'101', head)
        self.look_through(web)


@unittest.skipIf(not CHROMIUM or not os.path.exists(NOVNC), 'no Chromium, or no noVNC')
class Browser(WebTest):
    """noVNC in headless Chromium, driven by its debugging protocol over a WebSocket."""

    def browse(self, url):
        folder = tempfile.mkdtemp(prefix='vitrine-web-')
        self.addCleanup(shutil.rmtree, folder, True)
        process = subprocess.Popen(
            [CHROMIUM, '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run',
             '--disable-dev-shm-usage', '--remote-debugging-port=0', '--remote-allow-origins=*',
             '--window-size=800,600', '--user-data-dir=' + folder, url],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, 'HOME': folder})
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        port = None
        for line in process.stderr:
            found = re.search(rb'ws://127.0.0.1:(\d+)/', line)
            if found:
                port = int(found.group(1))
                break
        self.assertTrue(port, 'Chromium does not start')
        end = time.monotonic() + 30
        while True:
            with urllib.request.urlopen('http://127.0.0.1:%d/json' % port, timeout=10) as answer:
                pages = [page for page in json.load(answer) if page['type'] == 'page']
            if pages and '127.0.0.1:%d' % self.port in pages[0]['url']:
                break
            self.assertLess(time.monotonic(), end, pages)
            time.sleep(0.2)
        sock = socket.create_connection(('127.0.0.1', port), 20)
        self.addCleanup(sock.close)
        path = pages[0]['webSocketDebuggerUrl'].split(str(port), 1)[1]
        sock.sendall(('GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n'
                      'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
                      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
                      % (path, port)).encode())
        head = b''
        while not head.endswith(b'\r\n\r\n'):
            head += sock.recv(1)
        self.tool, self.calls = WebSocket(sock), 0

    def call(self, method, **params):
        self.calls += 1
        self.tool.send(json.dumps({'id': self.calls, 'method': method, 'params': params}).encode(),
                       opcode=1)
        while True:
            answer = json.loads(self.tool.frame()[1])
            if answer.get('id') == self.calls:
                return answer['result']

    def evaluate(self, expression):
        result = self.call('Runtime.evaluate', expression=expression, returnByValue=True)
        return result['result'].get('value')

    PIXELS = '''(() => {
        const c = document.querySelector('#noVNC_container canvas');
        if (!c || c.width != 320) return null;
        return btoa(String.fromCharCode(
            ...c.getContext('2d').getImageData(0, 100, 320, 3).data));
    })()'''

    def test_novnc(self):
        self.start('web=on')
        self.browse('http://127.0.0.1:%d/' % self.port)
        wanted = b''.join(bytes((x * 7 & 255, y * 5 & 255, (x ^ y) & 255, 255))
                          for y in range(100, 103) for x in range(320))
        got, end = None, time.monotonic() + 40
        while got != wanted and time.monotonic() < end:
            text = self.evaluate(self.PIXELS)
            got = base64.b64decode(text) if text else None
            time.sleep(0.2)
        self.assertEqual(got, wanted)
        shot = os.environ.get('VITRINE_SCREENSHOT')
        if shot:
            with open(shot, 'wb') as f:
                f.write(base64.b64decode(self.call('Page.captureScreenshot')['data']))
        self.evaluate("document.querySelector('#noVNC_container canvas').focus()")
        for kind, down in (('keyDown', 1), ('keyUp', 0)):
            self.call('Input.dispatchKeyEvent', type=kind, key='q', code='KeyQ',
                      windowsVirtualKeyCode=81)
            self.fake.expect('key 16 %d' % down)
        self.fake.send('abs on')
        for x in (200, 400):
            self.call('Input.dispatchMouseEvent', type='mouseMoved', x=x, y=300)
        self.fake.expect(r'abs 0 \d+')


if __name__ == '__main__':
    tap.main()
