#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an idle USB tablet costs the host, beside QEMU: prints numbers, judges nothing.

    bench_usb.py [--seconds N] [--suspend] [xhci] [ehci] [uhci]

Linux on the software CPU has its driver listen to the tablet, which does not move: wake-ups a
second of the processor's thread and of all others, without the tablet and with it. With --suspend
nobody listens, so that it may put the tablet and the controller to sleep, and is asked which do.
"""
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import linux  # noqa: E402
from machine import binary  # noqa: E402

CONTROLLERS = {'xhci': (('-device', 'qemu-xhci'), 'xhci-pci'),
               'ehci': (('-device', 'usb-ehci'), 'ehci-pci'), 'uhci': (('-usb',), 'uhci-hcd')}


def wakeups(pid):
    """Times that the processor's thread, and that others, went to sleep by themselves."""
    processor = others = 0
    for tid in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{tid}/status', encoding='utf-8') as f:
            lines = f.read().splitlines()
        count = next(int(line.split()[1]) for line in lines
                     if line.startswith('voluntary_ctxt_switches'))
        if lines[0].split(None, 1)[1].startswith('CPU '):
            processor += count
        else:
            others += count
    return processor, others


SUSPEND = ('for i in /sys/bus/usb/devices/*/power /sys/bus/pci/devices/*/power; do '
           'echo auto > $i/control; echo 0 > $i/autosuspend_delay_ms; done 2>/dev/null; sleep 20')
STATES = ('for i in /sys/bus/usb/devices/[0-9u]*; do [ -e $i/product ] && '
          'echo "$(cat $i/product): $(cat $i/power/runtime_status)"; done')


def measure(program, controller, tablet, seconds, suspend):
    args, driver = CONTROLLERS[controller]
    files = linux.FILES % 'text'
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'serial')
        command = [program, '-accel', 'tcg', '-m', '512', '-nodefaults', '-display', 'none',
                   '-kernel', files + 'linux', '-initrd', files + 'initrd.gz', '-append',
                   'console=ttyS0 quiet no_timer_check rdinit=/bin/sh', '-chardev',
                   'socket,id=serial,server=on,wait=off,path=' + path, '-serial',
                   'chardev:serial', *args]
        if not program.endswith('vitrine'):
            command += ['-name', 'bench,debug-threads=on']
        if tablet:
            command += ['-device', 'usb-tablet']
        machine = linux.Program(command)
        try:
            while not os.path.exists(path):
                time.sleep(0.1)
            console = linux.Console(machine, path)
            console.wait('~ # ')
            console.run('mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev; '
                        'modprobe -a usbhid hid-generic evdev %s; sleep 4' % driver)
            if not suspend:
                console.run('for i in /dev/hidraw*; do cat $i > /dev/null & done; sleep 3')
            states = ''
            if suspend:
                console.run(SUSPEND)
                states = console.run(STATES).rstrip().replace('\n', ', ')
            before = wakeups(machine.process.pid)
            time.sleep(seconds)
            after = wakeups(machine.process.pid)
            return [(b - a) / seconds for a, b in zip(before, after)] + [states]
        finally:
            machine.process.kill()
            machine.process.wait()


def main():
    args = sys.argv[1:]
    seconds, suspend = 10, False
    if args[:1] == ['--seconds']:
        seconds, args = int(args[1]), args[2:]
    if args[:1] == ['--suspend']:
        suspend, args = True, args[1:]
    for controller in args or CONTROLLERS:
        for name, program in (('vitrine', binary()), ('qemu', 'qemu-system-x86_64')):
            for tablet in (False, True):
                processor, others, states = measure(program, controller, tablet, seconds, suspend)
                print('%s %-8s %-14s processor %6.1f/s, other threads %6.1f/s %s' %
                      (controller, name, 'idle tablet' if tablet else 'no tablet', processor,
                       others, states), flush=True)


if __name__ == '__main__':
    main()
