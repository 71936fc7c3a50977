#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What QMP refuses: the same wrong requests, one after the other, to this program and to QEMU. What
is refused, and with which class of error, must be alike."""
import json
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
from machine import binary  # noqa: E402

QEMU = shutil.which('qemu-system-x86_64')

# Requests as they are sent; NAME ARGUMENTS, the latter in JSON, if there are any. The machine is a
# pc that is stopped.
REQUESTS = '''
nosuch
query-status {"x": 1}
screendump
screendump {"filename": "/nonexist/x"}
screendump {"filename": "/nonexist/x", "device": "nosuch"}
screendump {"filename": "/nonexist/x", "head": 1}
screendump {"filename": "/nonexist/x", "format": "bmp"}
screendump {"filename": 1}
send-key
send-key {"keys": []}
send-key {"keys": [{"type": "qcode", "data": "nosuch"}]}
input-send-event {"events": []}
input-send-event {"device": "nosuch", "events": []}
input-send-event {"events": [{"type": "btn", "data": {"button": "nosuch", "down": true}}]}
set_password {"protocol": "vnc", "password": "x"}
set_password {"protocol": "spice", "password": "x"}
set_password {"protocol": "foo", "password": "x"}
expire_password {"protocol": "vnc", "time": "now"}
change-vnc-password {"password": "x"}
display-update {"type": "vnc"}
display-update {"type": "gtk"}
add_client {"protocol": "vnc", "fdname": "x"}
getfd {"fdname": "x"}
getfd {"fdname": "1x"}
closefd {"fdname": "nosuch"}
blockdev-change-medium {"id": "nosuch", "filename": "/x"}
blockdev-change-medium {"device": "ide1-cd0", "filename": "/nonexist"}
blockdev-change-medium {"device": "ide1-cd0", "id": "x", "filename": "/nonexist"}
blockdev-change-medium {"filename": "/nonexist"}
blockdev-open-tray {"id": "nosuch"}
blockdev-open-tray {"device": "ide1-cd0"}
blockdev-open-tray {"device": "ide1-cd0"}
blockdev-close-tray {"device": "ide1-cd0"}
blockdev-remove-medium {"id": "nosuch"}
blockdev-insert-medium {"id": "nosuch", "node-name": "x"}
eject {"device": "nosuch"}
eject {"id": "nosuch"}
eject
device_add
device_add {"driver": "nosuch"}
device_add {"driver": "usb-kbd", "bus": "nosuch"}
device_add {"driver": "usb-kbd", "id": "1bad"}
device_add {"driver": "usb-kbd", "frob": 1}
device_add {"driver": "VGA"}
device_add {"driver": "virtio-rng-pci", "id": "r"}
device_add {"driver": "virtio-rng-pci", "id": "r"}
device_add {"driver": "virtio-rng-pci", "rng": "nosuch"}
device_del {"id": "nosuch"}
device_del
object-add {"qom-type": "nosuch", "id": "a"}
object-add {"qom-type": "secret"}
object-add {"qom-type": "secret", "id": "s"}
object-add {"qom-type": "secret", "id": "s", "data": "x"}
object-add {"qom-type": "secret", "id": "s", "data": "x"}
object-add {"qom-type": "secret", "id": "1s", "data": "x"}
object-add {"qom-type": "secret", "id": "t", "data": 5}
object-add {"qom-type": "secret", "id": "t", "data": "x", "foo": 1}
object-add {"qom-type": "memory-backend-ram", "id": "m", "size": "x"}
object-add {"qom-type": "memory-backend-file", "id": "m", "size": 4096, "mem-path": "/a/b/c"}
object-del {"id": "nosuch"}
object-del {"id": "s"}
qom-list {"path": "/nosuch"}
qom-get {"path": "/machine", "property": "nosuch"}
qom-get {"path": "/nosuch", "property": "type"}
qom-set {"path": "/machine", "property": "type", "value": "x"}
qom-set {"path": "/machine", "property": "nosuch", "value": 1}
qom-list-types {"abstract": 5}
qom-list-properties {"typename": "nosuch"}
device-list-properties {"typename": "nosuch"}
device-list-properties {"typename": "device"}
human-monitor-command {"command-line": "nosuch"}
human-monitor-command {"command-line": "info status", "cpu-index": 9}
human-monitor-command {"command-line": "info status", "cpu-index": -1}
memsave {"val": 0, "size": 16, "filename": "/nonexist/x"}
memsave {"val": 0, "size": 16, "filename": "/nonexist/x", "cpu-index": 9}
pmemsave {"val": 0, "size": 16, "filename": "/nonexist/x"}
pmemsave {"val": 0, "size": "x", "filename": "/nonexist/x"}
dump-guest-memory {"paging": false, "protocol": "foo"}
dump-guest-memory {"paging": false, "protocol": "file:/nonexist/x"}
dump-guest-memory {"paging": false, "protocol": "fd:nosuch"}
dump-guest-memory {"paging": false, "protocol": "file:/nonexist/x", "begin": 0}
dump-guest-memory {"paging": false, "protocol": "file:/nonexist/x", "format": "nosuch"}
chardev-add {"id": "c", "backend": {"type": "nosuch", "data": {}}}
chardev-add {"id": "c", "backend": {"type": "null", "data": {}}}
chardev-add {"id": "c", "backend": {"type": "null", "data": {}}}
chardev-add {"id": "1c", "backend": {"type": "null", "data": {}}}
chardev-add {"id": "d", "backend": {"type": "ringbuf", "data": {"size": 3}}}
chardev-add {"id": "d", "backend": {"type": "file", "data": {"out": "/nonexist/x"}}}
chardev-change {"id": "nosuch", "backend": {"type": "null", "data": {}}}
chardev-remove {"id": "nosuch"}
chardev-remove {"id": "c"}
chardev-send-break {"id": "nosuch"}
ringbuf-read {"device": "nosuch", "size": 1}
ringbuf-write {"device": "nosuch", "data": "x"}
x-exit-preconfig
query-stats {"target": "nosuch"}
query-stats-schemas {"provider": "nosuch"}
system_wakeup
watchdog-set-action {"action": "nosuch"}
set-action {"reboot": "nosuch"}
balloon {"value": 1}
query-balloon
query-vm-generation-id
block_resize {"device": "ide1-cd0", "size": 512}
block_resize {"device": "nosuch", "size": 512}
block_resize {"size": 512}
blockdev-del {"node-name": "nosuch"}
blockdev-add {"driver": "nosuch"}
blockdev-add {"driver": "file", "filename": "/nonexist", "node-name": "n"}
query-cpu-model-expansion {"type": "full", "model": {"name": "nosuch"}}
query-cpu-model-expansion {"type": "foo", "model": {"name": "qemu64"}}
query-sev-capabilities
query-sgx
query-spice
query-vnc
remove-fd {"fdset-id": 9}
rtc-reset-reinjection
query-command-line-options {"option": "nosuch"}
x-query-opcount
x-query-profile
x-query-usb
'''

# Whole lines that are no good requests.
RAW = ('{"execute": 5}', '{"exec": "x"}', '{"execute": "query-status", "arguments": []}',
       '{"execute": "query-status", "frob": 1}', '{"exec-oob": "query-status"}', '{}', '[]', '7')


def requests():
    for line in REQUESTS.strip().split('\n'):
        name, _, arguments = line.partition(' ')
        yield json.dumps({'execute': name, **({'arguments': json.loads(arguments)} if arguments
                                              else {})})
    yield from RAW


def answers(program):
    """What is said to each request, after the greeting and qmp_capabilities."""
    lines = ['{"execute": "qmp_capabilities"}', *requests(), '{"execute": "quit"}', '']
    text = subprocess.run(
        [program, '-M', 'pc', '-accel', 'tcg', '-S', '-display', 'none', '-qmp', 'stdio'],
        input='\n'.join(lines), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        timeout=60, check=True).stdout
    said = [json.loads(line) for line in text.splitlines()]
    return [answer for answer in said if 'return' in answer or 'error' in answer][1:-1]


class Errors(unittest.TestCase):
    @unittest.skipUnless(QEMU, 'QEMU is not installed')
    def test_alike(self):
        ours, theirs = answers(binary()), answers(QEMU)
        sent = list(requests())
        self.assertEqual((len(ours), len(theirs)), (len(sent), len(sent)))
        for request, a, b in zip(sent, ours, theirs):
            with self.subTest(request=request):
                self.assertEqual('error' in a, 'error' in b, (a, b))
                if 'error' in a:
                    self.assertEqual(a['error']['class'], b['error']['class'], (a, b))
                    self.assertNotRegex(a['error']['desc'], r'^-|\n', 'a person reads this')


if __name__ == '__main__':
    tap.main()
