#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What QMP tells of VNC and SPICE viewers, with real ones: events, queries; and descriptors that
clients send along, of which some become viewers."""

import os
import socket
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import des  # noqa: E402
import rfb  # noqa: E402
import spice  # noqa: E402
import tap  # noqa: E402
from machine import Machine  # noqa: E402
from qmp import Client  # noqa: E402
from screen import wait  # noqa: E402

UNIX = {'host': '', 'service': '', 'family': 'unix', 'websocket': False}


class ViewersTest(unittest.TestCase):
    def start(self, *options):
        self.m = Machine('-m', '64', *options, '-qmp', 'unix:q,server=on,wait=off', cwd=True)
        self.addCleanup(self.m.stop)
        self.m.start()
        self.qmp = self.client()

    def client(self):
        client = Client(self.m.path('q'))
        self.addCleanup(client.close)
        return client

    def viewer(self, address, **more):
        viewer = rfb.Rfb(address, **more)
        self.addCleanup(viewer.sock.close)
        return viewer

    def port(self, kind):
        return int(self.qmp.value('query-' + kind)['service' if kind == 'vnc' else 'port'])

    def descriptors(self):
        return len(os.listdir('/proc/%d/fd' % self.m.pid))

    def send(self, fds, command, **arguments):
        """Descriptors, and the request that they are for; its answer."""
        socket.send_fds(self.qmp.socket, [b' '], fds)
        return self.qmp.execute(command, **arguments)


class Vnc(ViewersTest):
    def test_events_over_tcp(self):
        self.start('-vnc', '127.0.0.1:20,to=29')
        port = self.port('vnc')
        viewer = self.viewer(('127.0.0.1', port))
        host, mine = viewer.sock.getsockname()
        server = {'host': '127.0.0.1', 'service': str(port), 'family': 'ipv4', 'websocket': False,
                  'auth': 'none'}
        end = {'host': host, 'service': str(mine), 'family': 'ipv4', 'websocket': False}
        for name in ('VNC_CONNECTED', 'VNC_INITIALIZED'):
            self.assertEqual(self.qmp.event_data(name), {'server': server, 'client': end}, name)
        self.assertEqual(self.qmp.value('query-vnc'),
                         {'enabled': True, 'host': '127.0.0.1', 'service': str(port),
                          'family': 'ipv4', 'auth': 'none', 'clients': [end]})
        self.assertEqual(self.qmp.value('query-vnc-servers'),
                         [{'id': 'vnc', 'server': [server], 'clients': [end], 'auth': 'none'}])
        self.assertIn('Client: %s:%d (ipv4)' % (host, mine), self.qmp.hmp('info vnc'))
        viewer.close()
        self.assertEqual(self.qmp.event_data('VNC_DISCONNECTED'), {'server': server, 'client': end})
        self.assertEqual(self.qmp.value('query-vnc')['clients'], [])

    def test_only_who_enters_is_initialized(self):
        self.start('-vnc', 'unix:vnc,password=on')
        self.qmp.value('change-vnc-password', password='secret')
        self.assertRaises(rfb.RfbError, self.viewer, self.m.path('vnc'), password='wrong',
                          encrypt=des.vnc_response)
        event = self.qmp.event_data('VNC_CONNECTED')
        self.assertEqual(event['server'], {'host': '', 'service': 'vnc', 'family': 'unix',
                                           'websocket': False, 'auth': 'vnc'})
        self.assertEqual(event['client'], UNIX)
        self.assertEqual(self.qmp.event_data('VNC_DISCONNECTED'), event)
        stray = rfb.connect(self.m.path('vnc'))
        self.qmp.event_data('VNC_CONNECTED')
        stray.close()
        self.qmp.event_data('VNC_DISCONNECTED')
        self.viewer(self.m.path('vnc'), password='secret', encrypt=des.vnc_response)
        self.assertNotIn('VNC_INITIALIZED', [e['event'] for e in self.qmp.events])
        self.qmp.event_data('VNC_CONNECTED')
        self.assertEqual(self.qmp.event_data('VNC_INITIALIZED'), event)

    def test_a_server_that_goes_tells_of_its_viewers(self):
        self.start('-vnc', 'unix:vnc')
        self.viewer(self.m.path('vnc'))
        self.qmp.event_data('VNC_INITIALIZED')
        self.qmp.hmp('display_del vnc')
        self.assertEqual(self.qmp.event_data('VNC_DISCONNECTED')['client'], UNIX)
        self.assertEqual(self.qmp.value('query-vnc'), {'enabled': False})

    def test_reload(self):
        self.start()
        self.assertEqual(self.qmp.value('display-reload', type='vnc'), {})  # nothing to reload
        self.assertIn('vnc', self.qmp.error('display-update', type='vnc')['desc'])
        self.qmp.hmp('display_add vnc=unix:vnc')
        self.assertEqual(self.qmp.value('display-reload', type='vnc'), {})
        self.assertIn('tls', self.qmp.error('display-reload', type='vnc', tls_certs=True)['desc'])
        self.assertEqual(self.qmp.value('display-update', type='vnc'), {})
        address = {'type': 'inet', 'host': '127.0.0.1', 'port': '5929'}
        self.assertIn('display_add',
                      self.qmp.error('display-update', type='vnc', addresses=[address])['desc'])


class Spice(ViewersTest):
    def test_events(self):
        self.start('-spice', 'port=5927,disable-ticketing=on')
        viewer = spice.Viewer(('127.0.0.1', 5927))
        self.addCleanup(viewer.close)
        host, mine = viewer.main.sock.getsockname()
        server = {'host': '127.0.0.1', 'port': '5927', 'family': 'ipv4'}
        end = {'host': host, 'port': str(mine), 'family': 'ipv4'}
        self.assertEqual(self.qmp.event_data('SPICE_CONNECTED'), {'server': server, 'client': end})
        event = self.qmp.event_data('SPICE_INITIALIZED')
        self.assertEqual(event['server'], {**server, 'auth': 'none'})
        session = event['client'].pop('connection-id')
        self.assertEqual(event['client'],
                         {**end, 'channel-type': spice.MAIN, 'channel-id': 0, 'tls': False})
        viewer.display()
        while self.qmp.event_data('SPICE_INITIALIZED')['client']['channel-type'] != spice.DISPLAY:
            pass
        info = self.qmp.value('query-spice')
        self.assertEqual((info['enabled'], info['migrated'], info['port'], info['auth']),
                         (True, False, 5927, 'none'))
        main = [c for c in info['channels'] if c['channel-type'] == spice.MAIN]
        self.assertEqual(main, [{**end, 'connection-id': session, 'channel-type': spice.MAIN,
                                 'channel-id': 0, 'tls': False}])
        viewer.close()
        gone = {self.qmp.event_data('SPICE_DISCONNECTED')['client']['port']
                for _ in range(len(info['channels']))}
        self.assertEqual(gone, {c['port'] for c in info['channels']})
        self.assertEqual(self.qmp.value('query-spice')['channels'], [])

    def test_a_server_that_goes_tells_of_its_viewers(self):
        self.start('-spice', 'unix=on,addr=spice')
        viewer = spice.Viewer(self.m.path('spice'))
        self.addCleanup(viewer.close)
        self.assertEqual(self.qmp.event_data('SPICE_INITIALIZED')['client']['family'], 'unix')
        self.qmp.hmp('display_del spice')
        self.qmp.event_data('SPICE_DISCONNECTED')
        self.assertEqual(self.qmp.value('query-spice'),
                         {'enabled': False, 'migrated': False, 'mouse-mode': 'client'})


class Descriptors(ViewersTest):
    def give(self, name, sock):
        """Names our end of a socket, and closes it here."""
        self.assertEqual(self.send([sock.fileno()], 'getfd', fdname=name), {'return': {}})
        sock.close()

    def test_names(self):
        self.start()
        before = self.descriptors()
        self.assertIn('SCM_RIGHTS', self.qmp.error('getfd', fdname='none')['desc'])
        with open('/dev/null', 'rb') as null:
            self.assertEqual(self.send([null.fileno()], 'getfd', fdname='a'), {'return': {}})
            self.assertEqual(self.descriptors(), before + 1)
            self.send([null.fileno()], 'getfd', fdname='a')  # in its place
            self.assertEqual(self.descriptors(), before + 1)
            self.assertIn('digit', self.send([null.fileno()], 'getfd',
                                             fdname='1a')['error']['desc'])
            self.assertEqual(self.descriptors(), before + 1)
        other = self.client()  # names are a client's own
        self.assertIn("'a' not found", other.error('closefd', fdname='a')['desc'])
        other.close()
        self.assertEqual(self.qmp.value('closefd', fdname='a'), {})
        self.assertIn("'a' not found", self.qmp.error('closefd', fdname='a')['desc'])
        wait(lambda: self.descriptors() == before, 'all closed', 10)

    def test_what_nobody_takes_is_closed(self):
        self.start()
        before = self.descriptors()
        with open('/dev/null', 'rb') as null:
            for _ in range(200):  # without a request
                socket.send_fds(self.qmp.socket, [b' '], [null.fileno()] * 100)
            self.qmp.value('query-name')
            self.assertLessEqual(self.descriptors(), before + 16)
            self.send([null.fileno()] * 3, 'query-name')
            self.assertLessEqual(self.descriptors(), before + 3)
            self.send([null.fileno()], 'query-name')
            self.assertLessEqual(self.descriptors(), before + 1)
            for i in range(400):
                answer = self.send([null.fileno()], 'getfd', fdname='n%d' % i)
            self.assertIn('256', answer['error']['desc'])
            self.assertLessEqual(self.descriptors(), before + 256)
            # The human monitor's socket takes none.
            self.m.hmp.command('info name')
        self.qmp.close()
        self.qmp = self.client()
        wait(lambda: self.descriptors() <= before, 'the client has taken them with it', 10)

    def test_each_request_gets_its_own(self):
        self.start()
        ours, theirs = socket.socketpair()
        text = (b'{"execute": "query-name"}', b'{"execute": "getfd", "arguments": {"fdname": "a"}}',
                b'{"execute": "closefd", "arguments": {"fdname": "a"}}')
        with open('/dev/null', 'rb') as null:
            socket.send_fds(self.qmp.socket, [text[0]], [null.fileno()])
            socket.send_fds(self.qmp.socket, [text[1] + text[2]], [theirs.fileno()])
        theirs.close()
        for _ in range(3):
            self.assertIn('return', self.qmp.read())
        ours.settimeout(10)
        self.assertEqual(ours.recv(1), b'')  # it was this one that was closed
        ours.close()

    def test_a_vnc_viewer(self):
        self.start('-vnc', 'unix:vnc,password=on')
        for skip in (True, False):
            ours, theirs = socket.socketpair()
            self.give('viewer', theirs)
            self.assertEqual(self.qmp.value('add_client', protocol='vnc', fdname='viewer',
                                            skipauth=skip), {})
            self.assertEqual(self.qmp.event_data('VNC_CONNECTED')['client'], UNIX)
            ours.settimeout(20)
            self.assertEqual(ours.recv(12), b'RFB 003.008\n')
            ours.sendall(b'RFB 003.008\n')
            self.assertEqual(ours.recv(2), b'\1\1' if skip else b'\1\2')
            if skip:
                ours.sendall(b'\1')
                self.assertEqual(ours.recv(4), bytes(4))
                ours.sendall(b'\1')
                self.assertEqual(len(ours.recv(4)), 4)
                self.qmp.event_data('VNC_INITIALIZED')
            ours.close()
            self.qmp.event_data('VNC_DISCONNECTED')

    def test_a_spice_viewer(self):
        self.start('-spice', 'unix=on,addr=spice,password=secret')
        ours, theirs = socket.socketpair()
        self.give('viewer', theirs)
        self.assertEqual(self.qmp.value('add_client', protocol='spice', fdname='viewer'), {})
        self.qmp.event_data('SPICE_CONNECTED')
        ours.settimeout(20)
        ours.sendall(spice.link_message(spice.MAIN))
        self.assertEqual(ours.recv(4), spice.MAGIC)
        ours.close()
        self.qmp.event_data('SPICE_DISCONNECTED')

    def test_refusals(self):
        self.start('-vnc', 'unix:vnc')
        before = self.descriptors()

        def refused(fd, **arguments):
            self.send([fd], 'getfd', fdname='x')
            error = self.qmp.error('add_client', fdname='x', **arguments)
            self.assertEqual(self.descriptors(), before, arguments)
            return error['class'] + ': ' + error['desc']
        error = self.qmp.error('add_client', protocol='vnc', fdname='x')
        self.assertIn("'x' has not been found", error['desc'])
        ours, theirs = socket.socketpair()
        with open('/dev/null', 'rb') as null, ours, theirs:
            self.assertIn('no connected socket', refused(null.fileno(), protocol='vnc'))
            self.assertIn("'fax' is invalid", refused(theirs.fileno(), protocol='fax'))
            self.assertIn('DeviceNotActive', refused(theirs.fileno(), protocol='spice'))
            self.assertIn('encrypt', refused(theirs.fileno(), protocol='vnc', tls=True))
            with socket.socket() as unconnected:
                self.assertIn('no connected', refused(unconnected.fileno(), protocol='vnc'))


if __name__ == '__main__':
    tap.main()
