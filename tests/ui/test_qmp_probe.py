#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers ask of the program and its machines before they use them: libvirt's questions in
its order, tables of machines, processors and options, and the same requests to QEMU compared."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import pci  # noqa: E402
import tap  # noqa: E402
from machine import Machine, binary, run  # noqa: E402
from qmp import Client  # noqa: E402

QEMU = shutil.which('qemu-system-x86_64')

# Of libvirt, in its order; the object tree's are tested where that is.
PROBE = (
    ('query-version', {}), ('query-target', {}), ('query-qmp-schema', {}), ('query-commands', {}),
    ('query-kvm', {}), ('qom-list-types', {}),
    ('device-list-properties', {'typename': 'VGA'}),
    ('qom-list-properties', {'typename': 'max-x86_64-cpu'}),
    ('query-machines', {}), ('query-cpu-definitions', {}), ('query-tpm-models', {}),
    ('query-tpm-types', {}), ('query-command-line-options', {}),
    ('query-migrate-capabilities', {}), ('query-sev-capabilities', {}),
    ('query-sgx-capabilities', {}),
    ('query-cpu-model-expansion', {'type': 'static', 'model': {'name': 'max'}}),
)
OBJECT_TREE = ('qom-list-types', 'device-list-properties', 'qom-list-properties')
REFUSED = ('query-sev-capabilities', 'query-sgx-capabilities')


class Started:
    """A program with a QMP client, without the helpers that need a monitor."""

    def __init__(self, test, program, *args):
        folder = tempfile.mkdtemp(prefix='vitrine-test-')
        test.addCleanup(shutil.rmtree, folder, True)
        path = os.path.join(folder, 'q')
        self.process = subprocess.Popen(
            [program, *args, '-qmp', 'unix:%s,server=on,wait=off' % path],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        test.addCleanup(self.end)
        self.qmp = Client(path)
        test.addCleanup(self.qmp.close)

    def end(self):
        self.process.kill()
        self.process.wait()


class Probe(unittest.TestCase):
    def machine(self, *args, **more):
        m = Machine(*args, '-qmp', 'unix:q,server=on,wait=off', cwd=True, **more)
        self.addCleanup(m.stop)
        m.start()
        client = Client(m.path('q'))
        self.addCleanup(client.close)
        return m, client

    def test_libvirt_asks(self):
        program = Started(self, binary(), '-S', '-no-user-config', '-nodefaults', '-nographic',
                          '-machine', 'none,accel=kvm:tcg')
        known = {c['name'] for c in program.qmp.value('query-commands')}
        for command, arguments in PROBE:
            if command in OBJECT_TREE and command not in known:
                continue
            answer = program.qmp.execute(command, **arguments)
            if command in REFUSED:
                self.assertEqual(answer['error']['class'], 'GenericError', command)
            elif command not in OBJECT_TREE:
                self.assertIn('return', answer, command)
            self.assertNotEqual(answer.get('error', {}).get('class'), 'CommandNotFound')
        self.assertEqual(program.qmp.value('quit'), {})
        self.assertEqual(program.process.wait(10), 0)

    def test_machines_are_those_of_the_help(self):
        _, out, _ = run('-machine', 'help')
        _, client = self.machine('-machine', 'none')
        machines = client.value('query-machines')
        for info in machines:
            self.assertRegex(out, r'(?m)^%s ' % info['name'])
        self.assertEqual(len(machines), len(out.splitlines()) - 1)
        self.assertEqual([m['name'] for m in machines if m.get('is-default')], ['pc'])

    def test_processors_are_those_of_the_help(self):
        _, out, _ = run('-cpu', 'help')
        _, client = self.machine('-machine', 'none', accel='tcg')
        models = client.value('query-cpu-definitions')
        for info in models:
            # At the begin of its line, or as the other name of an edition.
            self.assertRegex(out, r'(?m)^( +|.* )%s[ :]' % info['name'])
            self.assertEqual(info['typename'], info['name'] + '-x86_64-cpu')
        lacks = {m['name']: m['unavailable-features'] for m in models}
        self.assertEqual(lacks['max'], [])
        self.assertEqual(lacks['host'], ['kvm'])
        # The same is said to who uses the model.
        self.assertIn('vme', lacks['kvm64'])
        _, _, err = run('-machine', 'none', '-accel', 'tcg', '-cpu', 'kvm64', '-display', 'none',
                        '-qmp', 'stdio', stdin=b'{"execute":"qmp_capabilities"}{"execute":"quit"}')
        self.assertIn('lacks ' + ' '.join(lacks['kvm64']), err)

    def test_who_runs_no_processors_cannot_tell(self):
        _, client = self.machine('-machine', 'none')  # qtest
        for info in client.value('query-cpu-definitions'):
            self.assertNotIn('unavailable-features', info)
        error = client.error('query-cpu-model-expansion', type='full', model={'name': 'max'})
        self.assertEqual(error['class'], 'GenericError')

    def test_expansion(self):
        _, client = self.machine('-machine', 'none', accel='tcg')

        def expand(kind, name, **props):
            model = {'name': name, **({'props': props} if props else {})}
            return client.value('query-cpu-model-expansion', type=kind, model=model)['model']
        model = expand('static', 'max')
        self.assertEqual(model['name'], 'base')
        model = expand('full', 'qemu64')
        self.assertEqual(model['name'], 'qemu64')
        self.assertEqual((model['props']['vendor'], model['props']['family'],
                          model['props']['model'], model['props']['lm'], model['props']['avx']),
                         ('AuthenticAMD', 15, 107, True, False))
        self.assertFalse(expand('full', 'qemu64', cx16=False)['props']['cx16'])
        self.assertEqual(expand('full', 'base')['props']['sse2'], False)
        self.assertFalse(expand('full', 'max', migratable=True)['props']['invtsc'])
        for model, word in (({'name': 'nope'}, 'nope'), ({'name': 'max', 'props': 5}, 'object'),
                            ({'name': 'max', 'props': {'avx': 'on'}}, 'boolean'),
                            ({'name': 'max', 'props': {'wings': True}}, 'wings'), ({}, 'name')):
            error = client.error('query-cpu-model-expansion', type='full', model=model)
            self.assertIn(word, error['desc'])

    def test_processors_of_the_machine(self):
        _, client = self.machine('-smp', '3')
        cpus = client.value('query-hotpluggable-cpus')
        fast = client.value('query-cpus-fast')
        self.assertEqual({c['qom-path'] for c in cpus}, {c['qom-path'] for c in fast})
        self.assertEqual(sorted(c['props']['core-id'] for c in cpus), [0, 1, 2])
        self.assertEqual({c['type'] for c in cpus}, {'max-x86_64-cpu'})
        _, client = self.machine('-machine', 'none')
        self.assertIn('not enabled', client.error('query-hotpluggable-cpus')['desc'])

    def test_options_are_those_of_the_help(self):
        _, client = self.machine('-machine', 'none')
        options = {o['option']: {p['name']: p for p in o['parameters']}
                   for o in client.value('query-command-line-options')}
        for option, parameter, kind in (
                ('machine', 'accel', 'string'), ('memory', 'size', 'size'),
                ('smp-opts', 'cores', 'number'), ('boot-opts', 'menu', 'boolean'),
                ('boot-opts', 'once', 'string'), ('rtc', 'base', 'string'),
                ('name', 'guest', 'string'), ('icount', 'shift', 'number'),
                ('drive', 'media', 'string'), ('drive', 'index', 'number'),
                ('chardev', 'path', 'string'), ('chardev', 'server', 'boolean'),
                ('mon', 'mode', 'string'), ('vnc', 'password', 'boolean'),
                ('vnc', 'power-control', 'boolean')):
            self.assertEqual(options[option][parameter]['type'], kind, (option, parameter))
        self.assertEqual(options['device'], {})
        self.assertEqual(options['vnc']['share']['default'], 'allow-exclusive')
        _, out, _ = run('-help')
        for name in options:
            name = {'memory': 'm', 'smp-opts': 'smp', 'boot-opts': 'boot'}.get(name, name)
            self.assertRegex(out, r'(?m)^-%s ' % name)
        only = client.value('query-command-line-options', option='rtc')
        self.assertEqual([o['option'] for o in only], ['rtc'])
        self.assertEqual(client.error('query-command-line-options', option='nope')['desc'],
                         'invalid option name: nope')

    def test_pci(self):
        m, client = self.machine()
        card = pci.find(m.qtest, 0x1234, 0x1111)
        card.set_bar(0, 0xe0000000)

        def vga():
            return [d for d in client.value('query-pci')[0]['devices']
                    if d['id']['vendor'] == 0x1234][0]
        self.assertEqual(vga()['class_info'], {'class': 0x300, 'desc': 'VGA controller'})
        self.assertEqual(vga()['regions'][0]['address'], -1)
        card.enable(pci.COMMAND_MEMORY)
        self.assertEqual(vga()['regions'][0],
                         {'bar': 0, 'type': 'memory', 'address': 0xe0000000, 'size': 16 << 20,
                          'prefetch': True, 'mem_type_64': False})
        text = client.hmp('info pci')
        for device in client.value('query-pci')[0]['devices']:
            self.assertIn('%04x:%04x' % (device['id']['vendor'], device['id']['device']), text)
        _, client = self.machine('-machine', 'none')
        self.assertEqual(client.value('query-pci'), [])

    def test_text_of_info(self):
        m, client = self.machine()
        for topic in ('irq', 'ramblock', 'roms'):
            self.assertEqual(client.value('x-query-' + topic)['human-readable-text'],
                             client.hmp('info ' + topic))

    def test_display_options(self):
        _, client = self.machine('-vnc', 'unix:vnc')
        self.assertEqual(client.value('query-display-options'), {'type': 'none'})

    def test_what_there_is_not(self):
        _, client = self.machine('-machine', 'none')
        for command, value in (('query-migrate', {}), ('query-tpm', []), ('query-memdev', []),
                               ('query-block-jobs', []), ('query-stats-schemas', [])):
            self.assertEqual(client.value(command), value, command)
        self.assertEqual(client.value('query-stats', target='vm'), [])
        for command in ('query-balloon', 'balloon'):
            error = client.error(command, **({'value': 1} if command == 'balloon' else {}))
            self.assertEqual(error['class'], 'DeviceNotActive')
        self.assertEqual(client.value('migrate-set-capabilities', capabilities=[]), {})
        off, on = ({'capability': 'xbzrle', 'state': state} for state in (False, True))
        self.assertEqual(client.value('migrate-set-capabilities', capabilities=[off]), {})
        self.assertIn('xbzrle', client.error('migrate-set-capabilities',
                                             capabilities=[on])['desc'])
        # libvirt wants these from every machine, and does not start it otherwise.
        on['capability'] = 'events'
        self.assertEqual(client.value('migrate-set-capabilities', capabilities=[on]), {})


@unittest.skipUnless(os.access('/dev/kvm', os.R_OK | os.W_OK), 'there is no KVM')
class Statistics(unittest.TestCase):
    def test_of_kvm(self):
        program = Started(self, binary(), '-accel', 'kvm', '-m', '16', '-display', 'none', '-smp',
                          '2', '-nodefaults')
        client = program.qmp
        if not client.value('query-kvm')['enabled']:
            self.skipTest('KVM does not work')
        schemas = {s['target']: s['stats'] for s in client.value('query-stats-schemas')}
        self.assertEqual(set(schemas), {'vm', 'vcpu'})
        names = {s['name'] for s in schemas['vcpu']}
        self.assertIn('exits', names)
        results = client.value('query-stats', target='vcpu')
        self.assertEqual(len(results), 2)
        self.assertEqual({s['name'] for s in results[0]['stats']}, names)
        chosen = client.value('query-stats', target='vcpu', vcpus=[results[1]['qom-path']],
                              providers=[{'provider': 'kvm', 'names': ['exits', 'nope']}])
        self.assertEqual([r['qom-path'] for r in chosen], [results[1]['qom-path']])
        self.assertEqual([s['name'] for s in chosen[0]['stats']], ['exits'])
        before = self.exits(client)
        end = time.monotonic() + 20
        while self.exits(client) == before and time.monotonic() < end:
            time.sleep(0.05)
        self.assertGreater(self.exits(client), before)  # while it runs
        self.assertIn('vcpus', client.error('query-stats', target='vm', vcpus=['/x'])['desc'])

    def exits(self, client):
        results = client.value('query-stats', target='vcpu',
                               providers=[{'provider': 'kvm', 'names': ['exits']}])
        return max(r['stats'][0]['value'] for r in results)


@unittest.skipUnless(QEMU, 'qemu-system-x86_64 is not installed')
class Conformance(unittest.TestCase):
    """The same requests to both: kinds of answers, members, classes of errors."""

    REQUESTS = (
        ('query-machines', {}), ('query-cpu-definitions', {}), ('query-hotpluggable-cpus', {}),
        ('query-cpus-fast', {}), ('query-vnc', {}), ('query-vnc-servers', {}),
        ('query-display-options', {}), ('query-command-line-options', {}),
        ('query-command-line-options', {'option': 'nope'}), ('query-pci', {}),
        ('query-stats', {'target': 'vm'}), ('query-stats-schemas', {}), ('query-tpm-models', {}),
        ('query-tpm-types', {}), ('query-tpm', {}), ('query-sev', {}),
        ('query-sev-capabilities', {}), ('query-sgx', {}), ('query-sgx-capabilities', {}),
        ('query-migrate', {}), ('query-migrate-parameters', {}), ('query-dirty-rate', {}),
        ('query-balloon', {}), ('balloon', {'value': 1}), ('query-memdev', {}),
        ('query-memory-devices', {}), ('query-block-jobs', {}), ('query-block-exports', {}),
        ('query-replay', {}), ('query-rx-filter', {}), ('query-yank', {}),
        ('query-pr-managers', {}), ('query-vm-generation-id', {}), ('query-acpi-ospm-status', {}),
        ('x-query-irq', {}), ('x-query-ramblock', {}), ('x-query-roms', {}),
        ('getfd', {'fdname': 'x'}), ('closefd', {'fdname': 'x'}),
        ('add_client', {'protocol': 'vnc', 'fdname': 'x'}),
        ('display-reload', {'type': 'vnc'}),
        ('display-reload', {'type': 'vnc', 'tls-certs': True}), ('display-update', {'type': 'vnc'}),
        ('display-update', {'type': 'gtk'}), ('migrate-set-capabilities', {'capabilities': []}),
        ('migrate-set-capabilities', {'capabilities': 5}),
        ('query-cpu-model-expansion', {'type': 'full', 'model': {'name': 'nope'}}),
        ('query-cpu-model-expansion', {'type': 'x', 'model': {'name': 'max'}}))
    # Members that QEMU's first item happens to lack.
    OPTIONAL = {'is-default', 'default', 'help', 'irq', 'regions'}

    def test_processor_models(self):
        """What our models are and want is what QEMU's are and want, where both have a name."""
        args = ('-machine', 'none', '-accel', 'tcg', '-S', '-nodefaults', '-display', 'none')
        ours, theirs = (Started(self, p, *args).qmp for p in (binary(), QEMU))
        compared = 0
        for info in ours.value('query-cpu-definitions'):
            if info['name'] in ('max', 'host', 'base', 'qemu64', 'kvm64'):
                continue
            mine, other = (q.value('query-cpu-model-expansion', type='full',
                                   model={'name': info['name']})['model']['props']
                           for q in (ours, theirs))
            for word in ('vendor', 'family', 'model', 'stepping', 'level', 'xlevel'):
                self.assertEqual(mine[word], other[word], info['name'])
            known = {k for k, v in mine.items() if isinstance(v, bool)}
            wanted = {k for k in known if mine[k]} | set(info['unavailable-features'])
            # QEMU's tcg takes vme out of all; ours leave these to +NAME.
            apart = {'vme', 'svm', 'npt', 'nrip-save', 'svme-addr-chk', 'monitor', 'acpi'}
            self.assertEqual(wanted - apart, {k for k in known if other.get(k)} - apart,
                             info['name'])
            compared += 1
        self.assertGreaterEqual(compared, 23)

    def answers(self, program):
        folder = tempfile.mkdtemp(prefix='vitrine-test-')
        self.addCleanup(shutil.rmtree, folder)
        started = Started(self, program, '-accel', 'tcg', '-m', '64', '-S', '-nodefaults', '-vga',
                          'std', '-vnc', 'unix:%s/vnc' % folder)
        return {json.dumps(r): started.qmp.execute(r[0], **r[1]) for r in self.REQUESTS}

    def compare(self, ours, theirs, where):
        self.assertEqual(type(ours), type(theirs), where)
        if isinstance(ours, dict):
            self.assertLessEqual(set(ours) - self.OPTIONAL, set(theirs), where)
            for key in set(ours) & set(theirs):
                self.compare(ours[key], theirs[key], where + '.' + key)
        elif isinstance(ours, list) and ours and theirs:
            self.compare(ours[0], theirs[0], where + '[0]')

    def test_shapes(self):
        ours, theirs = self.answers(binary()), self.answers(QEMU)
        for request, a in ours.items():
            with self.subTest(request=request):
                b = theirs[request]
                self.assertEqual('error' in a, 'error' in b, (a, b))
                if 'error' in a:
                    self.assertEqual(a['error']['class'], b['error']['class'])
                else:
                    self.compare(a, b, request)

    def test_schema(self):
        """What our commands need, QEMU's need, too: other arguments are optional."""
        def commands(program):
            started = Started(self, program, '-machine', 'none', '-display', 'none')
            schema = {e['name']: e for e in started.qmp.value('query-qmp-schema')}
            found = {}
            for name, entry in schema.items():
                if entry['meta-type'] == 'command':
                    members = schema[entry['arg-type']].get('members', [])
                    found[name] = {m['name']: 'default' in m for m in members}
                    for variant in schema[entry['arg-type']].get('variants', []):
                        for member in schema[variant['type']]['members']:
                            found[name].setdefault(member['name'], True)
            return found
        ours, theirs = commands(binary()), commands(QEMU)
        for name, members in ours.items():
            with self.subTest(command=name):
                if name in theirs:
                    needed = {m for m, optional in members.items() if not optional}
                    self.assertLessEqual(
                        needed, {m for m, optional in theirs[name].items() if not optional})


if __name__ == '__main__':
    tap.main()
