#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usb-storage and usb-hub, driven through xHCI: commands, errors, stalls, plugs."""

import os
import pathlib
import shutil
import struct
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'lib'))
import tap  # noqa: E402
import xhci  # noqa: E402
from hwtest import HwTest  # noqa: E402
from machine import run  # noqa: E402
from xhci import SHORT, STALL, SUCCESS, TRANSFER_EVENT, Failed  # noqa: E402

BLOCKS = 2048
BUFFER = 0x500000
SUPER_PORT = 5  # of qemu-xhci: the first USB 3 port
OUT, IN = 4, 3  # device context indices of endpoints 2 OUT and 1 IN
BULK_OUT, BULK_IN = 2, 6


class Storage(HwTest):
    args = None
    monitor = True
    options = ''
    drive = ''

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='vitrine-stick-')
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.path = os.path.join(self.dir, 'stick')
        with open(self.path, 'wb') as f:
            for n in range(BLOCKS):
                f.write(struct.pack('<I', n) * 128)
        self.start('-machine', 'pc', '-m', '32', '-device', 'qemu-xhci', '-drive',
                   'if=none,id=stick,format=raw,file=%s%s' % (self.path, self.drive),
                   '-device', 'usb-storage,drive=stick,serial=5551212%s' % self.options)
        self.hc = xhci.Xhci(self.q)
        self.tag = 0
        self.slot = self.hc.slot(SUPER_PORT, 4)
        for endpoint, kind in ((OUT, BULK_OUT), (IN, BULK_IN)):
            self.assertEqual(self.hc.add_endpoint(self.slot, endpoint, kind, 1024), SUCCESS)
        self.hc.control(self.slot, 0, 9, 1)

    def event(self):
        """The next transfer event; the image may have to be waited for."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            for event in iter(self.hc.event, None):
                if event.type == TRANSFER_EVENT:
                    return event
            time.sleep(0.001)
        raise AssertionError('no transfer event')

    def bulk(self, endpoint, length):
        self.hc.transfer(self.slot, endpoint, length, at=BUFFER)
        event = self.event()
        if event.code not in (SUCCESS, SHORT):
            self.hc.recover(self.slot, endpoint)
            raise Failed(event.code)
        return length - event.length

    def clear_halt(self, endpoint):
        self.hc.control(self.slot, 2, 1, 0, 0x81 if endpoint == IN else 2)

    def put_cbw(self, cdb, length, is_in):
        self.tag += 1
        self.q.write(BUFFER, struct.pack('<IIIBBB', 0x43425355, self.tag, length,
                                         0x80 if is_in else 0, 0, len(cdb)) +
                     bytes(cdb).ljust(16, b'\0'))
        self.assertEqual(self.bulk(OUT, 31), 31)

    def csw(self):
        """Residue and status."""
        self.assertEqual(self.bulk(IN, 13), 13)
        signature, tag, residue, status = struct.unpack('<IIIB', self.q.read(BUFFER, 13))
        self.assertEqual((signature, tag), (0x53425355, self.tag))
        return residue, status

    def read_command(self, cdb, length):
        """Data, residue and status of a command that the host expects data of."""
        self.put_cbw(cdb, length, True)
        data = b''
        try:
            data = self.q.read(BUFFER, self.bulk(IN, length)) if length else b''
        except Failed as failed:
            self.assertEqual(failed.code, STALL)
            self.clear_halt(IN)
        return (data,) + self.csw()

    def write_command(self, cdb, data):
        self.put_cbw(cdb, len(data), False)
        if data:
            self.q.write(BUFFER, data)
            try:
                self.bulk(OUT, len(data))
            except Failed as failed:
                self.assertEqual(failed.code, STALL)
                self.clear_halt(OUT)
        return self.csw()

    def sense(self):
        data, residue, status = self.read_command([3, 0, 0, 0, 18, 0], 18)
        self.assertEqual((residue, status), (0, 0))
        return data[2], data[12], data[13]

    def on_disk(self, n, count=1):
        with open(self.path, 'rb') as f:
            f.seek(512 * n)
            return f.read(512 * count)


def move(code, block, count):
    return struct.pack('>BBIBHB', code, 0, block, 0, count, 0)


class Commands(Storage):
    def test_inquiry(self):
        data, residue, status = self.read_command([0x12, 0, 0, 0, 36, 0], 36)
        self.assertEqual((residue, status, data[0], data[1]), (0, 0, 0, 0))
        self.assertEqual(data[8:24], b'VITRINE USB DISK')
        data, residue, status = self.read_command([0x12, 1, 0x80, 0, 255, 0], 255)
        self.assertEqual((data, residue, status), (b'\0\x80\0\x075551212', 255 - 11, 0))
        device = self.hc.descriptor(self.slot, 1)
        self.assertEqual((device[2:4], device[7]), (b'\0\3', 9))
        self.assertEqual(self.hc.control(self.slot, 0xa1, 0xfe, length=1), b'\0')
        self.assertIn('Speed 5000 Mb/s, Product USB Disk', self.machine.hmp.command('info usb'))

    def test_read(self):
        self.assertEqual(self.read_command([0x25] + [0] * 9, 8),
                         (struct.pack('>II', BLOCKS - 1, 512), 0, 0))
        self.assertEqual(self.read_command(move(0x28, 7, 3), 1536), (self.on_disk(7, 3), 0, 0))
        data, residue, status = self.read_command(move(0x28, 100, 1200), 0x1ffff)
        self.assertEqual(status, 2)  # the host wants less than there is
        self.recover()
        self.assertEqual(self.read_command(move(0x28, 2000, 128), 65536)[1:], (65536, 1))
        self.assertEqual(self.sense(), (5, 0x21, 0))

    def recover(self):
        """Reset recovery (5.3.4)."""
        self.hc.control(self.slot, 0x21, 0xff)
        self.clear_halt(IN)
        self.clear_halt(OUT)

    def test_write(self):
        new = os.urandom(512 * 100)
        self.assertEqual(self.write_command(move(0x2a, 50, 100), new), (0, 0))
        self.assertEqual(self.on_disk(50, 100), new)
        self.assertEqual(self.write_command(move(0x35, 0, 0), b''), (0, 0))
        self.assertEqual(self.write_command(struct.pack('>BBQIBB', 0x8a, 8, 3, 1, 0, 0),
                                            b'x' * 512), (0, 0))
        self.assertEqual(self.on_disk(2, 3), struct.pack('<I', 2) * 128 + b'x' * 512 +
                         struct.pack('<I', 4) * 128)
        self.assertEqual(self.write_command(move(0x2a, BLOCKS, 1), new[:512]), (512, 1))
        self.assertEqual(self.sense(), (5, 0x21, 0))

    def test_unknown(self):
        self.assertEqual(self.write_command([0xee] + [0] * 5, b''), (0, 1))
        self.assertEqual(self.sense(), (5, 0x20, 0))
        self.assertEqual(self.sense(), (0, 0, 0))
        self.assertEqual(self.read_command([0xee] + [0] * 5, 64), (b'', 64, 1))
        self.assertEqual(self.read_command([0x1a, 0, 0x3f, 0, 192, 0], 192)[1:], (192 - 24, 0))

    def test_bad_blocks(self):
        self.q.write(BUFFER, b'nonsense' * 4)
        with self.assertRaises(Failed):
            self.bulk(OUT, 31)
        self.clear_halt(OUT)
        with self.assertRaises(Failed):  # until reset recovery
            self.bulk(OUT, 31)
        self.recover()
        self.assertEqual(self.read_command(move(0x28, 1, 1), 512), (self.on_disk(1), 0, 0))

    def test_status_asked_early(self):
        self.hc.transfer(self.slot, IN, 13, at=BUFFER + 0x1000)
        self.assertEqual(self.hc.events(), [])
        self.q.write(BUFFER, struct.pack('<IIIBBB', 0x43425355, 9, 0, 0, 0, 6).ljust(31, b'\0'))
        self.hc.transfer(self.slot, OUT, 31, at=BUFFER)
        self.assertEqual(sorted((self.event().endpoint, self.event().endpoint)), [IN, OUT])
        self.assertEqual(self.q.read(BUFFER + 0x1000, 13),
                         struct.pack('<IIIB', 0x53425355, 9, 0, 0))


class Plug(Storage):
    options = ',id=plug'

    def test_unplug(self):
        """What was told to be written is there; what waits ends in an error, and the port tells."""
        self.hc.set_port(SUPER_PORT, xhci.CHANGES)
        new = os.urandom(65536)
        self.assertEqual(self.write_command(move(0x2a, 0, 128), new), (0, 0))
        self.put_cbw(move(0x28, 0, 128), 65536, True)
        self.hc.transfer(self.slot, IN, 65536, at=BUFFER)
        self.hc.transfer(self.slot, IN, 13, at=BUFFER)
        self.assertEqual(self.machine.hmp.command('device_del plug').strip(), '')
        events = self.hc.events()
        self.assertIn((xhci.PORT_EVENT, SUPER_PORT), [(e.type, e.port) for e in events])
        self.assertFalse(self.hc.port(SUPER_PORT) & xhci.CCS)
        self.assertEqual(self.on_disk(0, 128), new)
        self.hc.transfer(self.slot, OUT, 31, at=BUFFER)
        codes = [e.code for e in events + self.hc.events() if e.type == TRANSFER_EVENT]
        self.assertEqual(codes[-1], xhci.TRANSACTION)
        self.assertEqual(self.hc.command(xhci.DISABLE_SLOT, 0, self.slot).code, SUCCESS)
        self.machine.hmp.command('drive_add 0 if=none,id=stick,format=raw,file=' + self.path)
        self.assertEqual(self.machine.hmp.command(
            'device_add usb-storage,drive=stick,id=plug').strip(), '')
        self.hc.events()
        self.slot = self.hc.slot(SUPER_PORT, 4)
        self.assertEqual(len(self.hc.descriptor(self.slot, 1)), 18)


class ReadOnly(Storage):
    drive = ',readonly=on'
    options = ',removable=on'

    def test_write_protected(self):
        self.assertEqual(self.write_command(move(0x2a, 0, 1), b'x' * 512), (512, 1))
        self.assertEqual(self.sense(), (7, 0x27, 0))
        self.assertEqual(self.read_command([0x1a, 0, 0x3f, 0, 24, 0], 24)[0][2], 0x80)

    def test_medium(self):
        self.assertEqual(self.read_command([0x12, 0, 0, 0, 36, 0], 36)[0][1], 0x80)
        self.assertEqual(self.write_command([0x1e, 0, 0, 0, 1, 0], b''), (0, 0))
        self.machine.hmp.command('eject stick')
        self.assertEqual(self.read_command(move(0x28, 0, 1), 512)[2], 0)  # it is locked
        self.machine.hmp.command('eject -f stick')
        self.assertEqual(self.read_command(move(0x28, 0, 1), 512)[2], 1)
        self.assertEqual(self.sense(), (6, 0x28, 0))
        self.assertEqual(self.write_command([0] * 6, b''), (0, 1))
        self.assertEqual(self.sense(), (2, 0x3a, 0))


class Hub(HwTest):
    args = ('-machine', 'pc', '-m', '16', '-device', 'qemu-xhci', '-device', 'usb-hub,port=1',
            '-device', 'usb-hub,port=1.2', '-device', 'usb-kbd,port=1.2.8,id=kbd')
    monitor = True

    def hub_slot(self, slot):
        hc = self.hc
        hc.control(slot, 0, 9, 1)
        self.assertEqual(hc.add_endpoint(slot, IN, 7, 2, 11), SUCCESS)
        for port in range(1, 9):
            hc.control(slot, 0x23, 3, 8, port)
        return slot

    def status(self, slot, port):
        return struct.unpack('<HH', self.hc.control(slot, 0xa3, 0, 0, port, 4))

    def test_hubs(self):
        self.hc = hc = xhci.Xhci(self.q)
        first = hc.attach(1)
        self.assertEqual(hc.control(first, 0xa0, 6, 0x2900, 0, 11)[:3], bytes((11, 0x29, 8)))
        hc.control(first, 0, 9, 1)
        self.assertEqual(self.status(first, 2), (0, 0))  # no power
        self.hub_slot(first)
        self.assertEqual(self.status(first, 2), (0x501, 1))
        self.assertEqual(self.status(first, 1), (0x100, 0))
        hc.transfer(first, IN, 2)
        event = [e for e in hc.events() if e.type == TRANSFER_EVENT][-1]
        self.assertEqual((event.code, self.q.read(xhci.DATA, 2)), (SUCCESS, b'\4\0'))
        hc.control(first, 0x23, 3, 4, 2)  # reset
        self.assertEqual(self.status(first, 2), (0x503, 0x11))
        hc.control(first, 0x23, 1, 16, 2)
        hc.control(first, 0x23, 1, 20, 2)
        self.assertEqual(self.status(first, 2), (0x503, 0))
        second = self.hub_slot(hc.slot(1, route=2))
        hc.control(second, 0x23, 3, 4, 8)
        keyboard = hc.slot(1, route=0x82)
        self.assertEqual(hc.descriptor(keyboard, 3, 2)[2:].decode('utf-16-le'), 'USB Keyboard')
        hc.control(keyboard, 0, 9, 1)
        hc.control(keyboard, 0x21, 10, 0)
        self.assertEqual(hc.add_endpoint(keyboard, IN, 7), SUCCESS)
        hc.events()
        hc.transfer(keyboard, IN, 8)
        self.assertEqual(hc.events(), [])
        self.machine.hmp.command('sendkey b')
        self.assertEqual([e.slot for e in hc.events() if e.type == TRANSFER_EVENT], [keyboard])
        hc.control(first, 0, 3, 1)  # remote wake-up
        hc.transfer(keyboard, IN, 8)
        hc.transfer(keyboard, IN, 8)
        self.q.clock_step(200000000)  # the key is let go
        hc.events()
        hc.set_link(1, xhci.U3)  # all below sleeps
        self.machine.hmp.command('sendkey c')
        self.assertEqual([e.type for e in hc.events()], [xhci.PORT_EVENT])
        self.assertEqual(hc.link(1), xhci.RESUME)
        hc.set_link(1, xhci.U0)
        self.assertEqual([e.slot for e in hc.events() if e.type == TRANSFER_EVENT], [keyboard])
        with self.assertRaises(Failed):
            hc.slot(1, route=0x92)  # no such port
        for request in ((0x23, 3, 8, 9), (0x23, 3, 1, 1), (0xa3, 0, 0, 0)):
            with self.assertRaises(Failed):
                hc.control(second, *request, length=4 if request[0] & 0x80 else 0)
        hc.control(first, 0x23, 1, 8, 2)  # no power: all behind is gone
        with self.assertRaises(Failed):
            hc.descriptor(second, 1)

    def test_change_before_sleep(self):
        """What the host has not seen of the ports wakes it when it puts the hub to sleep."""
        self.hc = hc = xhci.Xhci(self.q)
        slot = self.hub_slot(hc.attach(1))  # the hub in port 2 is reported
        hc.set_link(1, xhci.U3)
        self.assertEqual(hc.link(1), xhci.U3)  # it may not wake up
        hc.set_link(1, xhci.U0)
        hc.set_port(1, xhci.CHANGES)
        hc.control(slot, 0, 3, 1)
        hc.events()
        hc.set_link(1, xhci.U3)
        self.assertEqual([e.type for e in hc.events()], [xhci.PORT_EVENT])
        self.assertEqual(hc.link(1), xhci.RESUME)
        hc.set_link(1, xhci.U0)
        hc.control(slot, 0x23, 1, 16, 2)
        hc.events()
        hc.set_link(1, xhci.U3)
        self.assertEqual(hc.link(1), xhci.U3)
        self.machine.hmp.command('device_add usb-mouse,port=1.4')
        self.assertEqual(hc.link(1), xhci.RESUME)

    def test_options(self):
        def refused(why, *args):
            self.assertIn(why, run('-accel', 'qtest', '-device', 'qemu-xhci', *args)[2])
        refused('needs drive=', '-device', 'usb-storage')
        refused("no drive 'x'", '-device', 'usb-storage,drive=x')
        refused('at most 5 hubs', *(arg for n in range(6) for arg in
                                    ('-device', 'usb-hub,port=1' + '.1' * n)))
        refused('no such port', '-device', 'usb-hub', '-device', 'usb-kbd,port=1.9')


if __name__ == '__main__':
    tap.main()
