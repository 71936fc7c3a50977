#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""1,000 movements a second of a usb-tablet, beside QEMU: prints numbers, judges nothing.

    bench_pointer.py [uhci] [ehci] [xhci]

Linux on the software CPU reads the tablet, by the interval that the device asks for and every
8 ms. The movements come through QMP and from a VNC viewer.
"""
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import hmp  # noqa: E402
import linux  # noqa: E402
import movement  # noqa: E402
import qmp  # noqa: E402
import rfb  # noqa: E402
from machine import binary  # noqa: E402

CONTROLLERS = {'uhci': 'piix3-usb-uhci', 'ehci': 'usb-ehci', 'xhci': 'qemu-xhci'}
COUNT = 4000


def tell(name, hand, late, reports):
    told = movement.numbers(hand, reports)
    known = [n for n in told if n is not None]
    order = 'in order' if known == sorted(known) else 'NOT IN ORDER'
    print('%-34s %4d of %d arrived, %s, last %d%s; sent at most %.1f ms late' % (
        name, len(set(known)), COUNT, order, known[-1] if known else -1,
        ', %d of nowhere' % (len(told) - len(known)) if len(told) > len(known) else '',
        late * 1000), flush=True)


def measure(label, program, size, controllers):
    files = linux.FILES % 'text'
    with tempfile.TemporaryDirectory() as folder:
        path = {name: os.path.join(folder, name) for name in ('serial', 'qmp', 'hmp', 'vnc')}
        command = [program, '-accel', 'tcg', '-m', '512', '-nodefaults', '-vga', 'std', '-kernel',
                   files + 'linux', '-initrd', files + 'initrd.gz', '-append',
                   'console=ttyS0 quiet no_timer_check rdinit=/bin/sh', '-chardev',
                   'socket,id=serial,server=on,wait=off,path=' + path['serial'], '-serial',
                   'chardev:serial', '-qmp', 'unix:%s,server=on,wait=off' % path['qmp'],
                   '-vnc', 'unix:' + path['vnc']]
        for name in controllers:
            command += ['-device', CONTROLLERS[name] + ',id=' + name]
        machine = linux.Program(command)
        try:
            control = qmp.Client(path['qmp'], timeout=120)
            console = linux.Console(machine, path['serial'])
            console.wait('~ # ')
            console.run('mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev; '
                        'modprobe -a uhci-hcd ehci-pci xhci-pci usbhid hid-generic')
            viewer = rfb.Rfb(path['vnc'])
            for name in controllers:
                for poll in (0, 8):
                    console.run('echo %d > /sys/module/usbhid/parameters/mousepoll' % poll)
                    control.value('device_add', driver='usb-tablet', bus=name + '.0', id='tab')
                    console.wait_for('[ -e /dev/hidraw0 ]')
                    for way, hand in (('QMP', movement.Qmp(control)),
                                      ('VNC', movement.Viewer(viewer))):
                        reports = console.record('/dev/hidraw0', size)
                        time.sleep(1)
                        late = movement.play(hand, COUNT)
                        time.sleep(1)
                        tell('%s %s %s, %s' % (label, name, way, 'every %d ms' % poll if poll
                                               else 'its interval'), hand, late, reports(1))
                        console.run('kill $reader')
                    control.value('device_del', id='tab')
                    console.wait_for('[ ! -e /dev/hidraw0 ]')
        finally:
            machine.process.kill()
            machine.process.wait()


def main():
    controllers = sys.argv[1:] or list(CONTROLLERS)
    for label, program, size in (('vitrine', binary(), 7), ('qemu', 'qemu-system-x86_64', 6)):
        measure(label, program, size, controllers)


if __name__ == '__main__':
    main()
