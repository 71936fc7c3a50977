# SPDX-License-Identifier: GPL-2.0-or-later
"""PCI bridges: root ports of PCI Express with their hot-plug slots, and the plain pci-bridge:
bus numbers, windows, interrupts, devices that come and go."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest
from machine import run
from pci import PciFunction
from qmp import Client

ECAM = 0xb0000000
MEMORY, PREFETCH, HIGH = 0xe0000000, 0xe8000000, 0x8000000000
SLTCTL, SLTSTA, LNKSTA = 0x18, 0x1a, 0x12
OFF = 0x7c0  # power and indicators
PRESENT, PRESENCE, BUTTON, COMMAND, LINK = 0x40, 8, 1, 0x10, 0x100
ACTIVE = 0x2000


def capability(function, wanted):
    at = function.readb(0x34)
    while at:
        if function.readb(at) == wanted:
            return at
        at = function.readb(at + 1)
    return 0


def open_bridge(bridge, secondary, subordinate=None):
    bridge.writel(0x18, (subordinate or secondary) << 16 | secondary << 8)
    bridge.writel(0x20, (MEMORY >> 16) | (MEMORY + 0x1ff0000 & 0xfff00000))
    bridge.writel(0x24, (PREFETCH >> 16) | (PREFETCH + 0x1ff0000 & 0xfff00000))
    bridge.writew(0x1c, 0xc0 | 0xc0 << 8)
    bridge.enable()


class PcieTest(HwTest):
    args = None
    monitor = True

    def begin(self, *args):
        self.start('-machine', 'q35', '-m', '64', '-vga', 'none', '-qmp',
                   'unix:qmp,server=on,wait=off', *args, cwd=True)
        self.qmp = Client(self.machine.path('qmp'))
        self.addCleanup(self.qmp.close)
        PciFunction(self.q, 0).writel(0x60, ECAM | 1)


class Bridges(PcieTest):
    def test_bus_numbers(self):
        self.begin('-device', 'pcie-root-port,id=rp,slot=1', '-device', 'pci-bridge,id=b,bus=rp,'
                   'chassis_nr=1', '-device', 'virtio-rng-pci,bus=b,addr=5')
        rp, bridge = PciFunction(self.q, 1), PciFunction(self.q, 0, 0, 3)
        self.assertEqual((rp.id, rp.class_code, rp.readb(0x0e)), ((0x1b36, 0xc), 0x60400, 1))
        self.assertEqual(bridge.id[0], 0xffff, 'not numbered yet')
        rp.writel(0x18, 0x070300)
        self.assertEqual(bridge.id, (0x1b36, 1))
        bridge.writel(0x18, 0x050503)
        rng = PciFunction(self.q, 5, 0, 5)
        self.assertEqual(rng.id, (0x1af4, 0x1044))
        self.assertEqual(self.q.readl(ECAM | 5 << 20 | 5 << 15), 0x10441af4)
        for bus in (2, 4, 6, 7, 8):
            self.assertEqual(PciFunction(self.q, 5, 0, bus).id[0], 0xffff, bus)
        rp.writel(0x18, 0x040300)  # 5 is beyond the port's range now
        self.assertEqual(rng.id[0], 0xffff)
        self.machine.hmp.command('system_reset')
        self.q.sync()
        self.assertEqual(rp.readl(0x18), 0)

    def test_windows(self):
        self.begin('-device', 'pcie-root-port,id=rp,slot=1', '-device', 'qemu-xhci,bus=rp')
        rp, xhci = PciFunction(self.q, 1), PciFunction(self.q, 0, 0, 1)
        open_bridge(rp, 1)
        xhci.enable()
        for addr in (MEMORY + 0x100000, PREFETCH):
            xhci.writel(0x10, addr)
            self.assertEqual(self.q.readl(addr) & 0xff, 0x40, hex(addr))
        xhci.writel(0x10, MEMORY + 0x2000000)
        self.assertEqual(self.q.readl(MEMORY + 0x2000000), 0xffffffff, 'outside')
        xhci.writel(0x10, MEMORY)
        rp.writew(4, 0)
        self.assertEqual(self.q.readl(MEMORY), 0xffffffff, 'the port decodes nothing')
        rp.enable()
        self.assertEqual(self.q.readl(MEMORY) & 0xff, 0x40)
        rp.writew(0x22, (MEMORY >> 16) - 0x10)
        self.assertEqual(self.q.readl(MEMORY), 0xffffffff, 'closed: base above limit')
        xhci.writel(0x14, HIGH >> 32)
        xhci.writel(0x10, 0)
        rp.writel(0x28, HIGH >> 32)
        rp.writel(0x2c, HIGH >> 32)
        rp.writel(0x24, 0x10 << 16)
        self.assertEqual(self.q.readl(HIGH) & 0xff, 0x40)

    def test_express_to_pci(self):
        """Conventional devices behind a root port, by a bridge in its slot."""
        self.begin('-device', 'pcie-root-port,id=rp,slot=1', '-device',
                   'pcie-pci-bridge,id=b,bus=rp', '-device', 'virtio-rng-pci,bus=b,addr=3')
        bridge, rng = PciFunction(self.q, 0, 0, 1), PciFunction(self.q, 3, 0, 2)
        open_bridge(PciFunction(self.q, 1), 1, 2)
        open_bridge(bridge, 2)
        self.assertEqual(bridge.id, (0x1b36, 0x000e))
        self.assertEqual(bridge.readw(capability(bridge, 0x10) + 2), 0x72)
        self.assertEqual(capability(rng, 0x10), 0)
        rng.enable()
        rng.writel(0x20, MEMORY)
        self.assertEqual(self.q.readb(MEMORY + 0x14), 0, 'device status')

    def test_ports_and_vga(self):
        self.begin('-device', 'pci-bridge,id=b,chassis_nr=1', '-device', 'VGA,bus=b,addr=1',
                   '-device', 'piix3-usb-uhci,bus=b,addr=2')
        bridge, vga = PciFunction(self.q, 1), PciFunction(self.q, 1, 0, 1)
        uhci = PciFunction(self.q, 2, 0, 1)
        open_bridge(bridge, 1)
        uhci.enable()
        for base, there in ((0xc100, True), (0xd100, False)):
            uhci.set_bar(4, base)
            self.assertEqual(self.q.inw(base + 0x10) != 0xffff, there)
        vga.enable()
        self.assertEqual(self.q.inb(0x3cc), 0xff)
        bridge.writew(0x3e, 8)
        self.assertNotEqual(self.q.inb(0x3cc), 0xff)
        self.q.outb(0x3c4, 2)
        self.q.outb(0x3c5, 0x0f)
        self.q.writeb(0xb8000, 0x41)
        bridge.writew(0x3e, 0)
        self.assertEqual(self.q.readb(0xb8000), 0xff)

    def test_interrupts_swizzle(self):
        """A pin of a slot behind two bridges ends at the root bus's router."""
        self.begin('-device', 'pci-bridge,id=b,chassis_nr=1,addr=3', '-device',
                   'pci-bridge,id=c,bus=b,chassis_nr=2,addr=2', '-device',
                   'piix3-usb-uhci,bus=c,addr=1')
        open_bridge(PciFunction(self.q, 3), 1, 2)
        open_bridge(PciFunction(self.q, 2, 0, 1), 2)
        uhci = PciFunction(self.q, 1, 0, 2)
        uhci.set_bar(4, 0xc000)
        uhci.enable()
        pin = uhci.readb(0x3d) - 1
        self.q.irq_intercept_in('ioapic')
        self.q.outw(0xc004, 0x0f)
        self.q.outl(0xc008, 0xfffff000)  # a frame list where nothing is: a host system error
        self.q.outw(0xc000, 1)
        self.q.clock_step(5 * 10**6)
        wanted = 20 + (3 + 2 + 1 + pin) % 4
        self.assertEqual([n for n in range(16, 24) if self.q.irq(n)], [wanted])
        PciFunction(self.q, 3).writew(0x3e, 0x40)  # resets what is behind
        self.assertEqual([n for n in range(16, 24) if self.q.irq(n)], [])
        self.assertEqual(uhci.id[0], 0xffff, 'the inner bridge has lost its numbers')

    def test_express_capability(self):
        self.begin('-device', 'pcie-root-port,id=rp,slot=1,port=7', '-device',
                   'virtio-rng-pci,bus=rp', '-device', 'qemu-xhci', '-device', 'virtio-rng-pci')
        rp = PciFunction(self.q, 1)
        rp.writel(0x18, 0x010100)
        for function, kind in ((rp, 0x142), (PciFunction(self.q, 0, 0, 1), 0x02),
                               (PciFunction(self.q, 2), 0x92)):
            at = capability(function, 0x10)
            self.assertEqual(function.readw(at + 2), kind)
        self.assertEqual(rp.readl(capability(rp, 0x10) + 0xc) >> 24, 7)
        self.assertEqual(capability(PciFunction(self.q, 3), 0x10), 0)
        self.assertEqual(self.q.readl(ECAM | 1 << 15 | 0x100), 0)
        self.assertEqual(self.q.readl(ECAM | 3 << 15 | 0x100), 0xffffffff)

    def test_reserve(self):
        """What the firmware is to leave free behind a port."""
        self.begin('-device', 'pcie-root-port,slot=1', '-device',
                   'pcie-root-port,slot=2,bus-reserve=3,io-reserve=0,mem-reserve=4M,'
                   'pref64-reserve=1G')
        self.assertEqual(capability(PciFunction(self.q, 1), 9), 0)
        port = PciFunction(self.q, 2)
        at = capability(port, 9)
        self.assertEqual([port.readl(at + n) for n in range(0, 32, 4)],
                         [port.readl(at) & 0xff00 | 0x01200009, 3, 0, 0, 4 << 20, 0xffffffff,
                          1 << 30, 0])

    def test_reserve_of_plain_bridges(self):
        """They ask for some room, unless told otherwise: devices may come there, too."""
        self.begin('-device', 'pci-bridge,chassis_nr=1', '-device',
                   'pci-bridge,chassis_nr=2,pref32-reserve=2M')
        for slot, wanted in ((1, [0xffffffff, 4096, 0, 1 << 20, 0xffffffff, 1 << 20, 0]),
                             (2, [0xffffffff] * 4 + [2 << 20] + [0xffffffff] * 2)):
            bridge = PciFunction(self.q, slot)
            at = capability(bridge, 9)
            self.assertEqual([bridge.readl(at + n) for n in range(4, 32, 4)], wanted)

    def test_what_monitors_say(self):
        self.begin('-device', 'pcie-root-port,id=rp,slot=1', '-device', 'virtio-rng-pci,bus=rp')
        said = self.machine.hmp.command('info pci')
        self.assertIn('PCI bridge: PCI device 1b36:000c', said)
        self.assertNotIn('1af4:1044', said)
        open_bridge(PciFunction(self.q, 1), 4, 6)
        said = self.machine.hmp.command('info pci')
        for line in ('BUS 0.', 'secondary bus 4.', 'subordinate bus 6.',
                     'IO range [0xc000, 0xcfff]', 'memory range [0xe0000000, 0xe1ffffff]',
                     'Bus  4, device   0, function 0:',
                     'prefetchable memory range [0xe8000000, 0xe9ffffff]'):
            self.assertIn(line, said)
        bridge = self.qmp.value('query-pci')[0]['devices'][1]
        self.assertNotIn('subsystem', bridge['id'])
        info = bridge['pci_bridge']
        self.assertEqual(info['bus'], {
            'number': 0, 'secondary': 4, 'subordinate': 6,
            'io_range': {'base': 0xc000, 'limit': 0xcfff},
            'memory_range': {'base': MEMORY, 'limit': MEMORY + 0x1ffffff},
            'prefetchable_range': {'base': PREFETCH, 'limit': PREFETCH + 0x1ffffff}})
        self.assertEqual([(d['bus'], d['id']['device']) for d in info['devices']], [(4, 0x1044)])

    def test_refusals(self):
        port = 'pcie-root-port,id=rp,slot=1'
        for words, args in (
                ('another port', ('-device', port, '-device', 'pcie-root-port,slot=1')),
                ('no such slot', ('-device', port, '-device', 'virtio-rng-pci,bus=rp,addr=1')),
                ('no free slot', ('-device', port, '-device', 'virtio-rng-pci,bus=rp', '-device',
                                  'virtio-rng-pci,bus=rp')),
                ('root bus', ('-device', port, '-device', 'pcie-root-port,bus=rp,slot=2')),
                ('together', ('-device', port + ',pref32-reserve=1M,pref64-reserve=1M')),
                ('too much', ('-device', port + ',io-reserve=1G')),
                ('too much', ('-device', 'pci-bridge,chassis_nr=1,mem-reserve=4G')),
                ('chassis_nr', ('-device', 'pci-bridge'))):
            status, _, err = run('-machine', 'q35', *args)[:3]
            self.assertNotEqual(status, 0, args)
            self.assertIn(words, str(err))
        status, _, err = run('-machine', 'pc', '-device', port)[:3]
        self.assertNotEqual(status, 0)
        self.assertIn('PCI Express', str(err))


class Hotplug(PcieTest):
    def setUp(self):
        self.begin('-device', 'pcie-root-port,id=rp,slot=9')
        self.rp = PciFunction(self.q, 1)
        open_bridge(self.rp, 1)
        self.at = capability(self.rp, 0x10)
        self.slot = PciFunction(self.q, 0, 0, 1)

    def control(self, value):
        self.rp.writew(self.at + SLTCTL, value)

    def status(self):
        return self.rp.readw(self.at + SLTSTA)

    def clear(self):
        self.rp.writew(self.at + SLTSTA, 0xffff)

    def add(self):
        self.qmp.value('device_add', driver='virtio-rng-pci', bus='rp', id='r')

    def deleted(self):
        self.qmp.value('query-status')
        return [e['data'].get('device') for e in self.qmp.events if e['event'] == 'DEVICE_DELETED']

    def test_comes(self):
        self.assertEqual(self.rp.readl(self.at + 0x14), 9 << 19 | 0x7b)
        self.assertEqual(self.rp.readw(self.at + SLTCTL), OFF)
        self.assertEqual(self.status(), 0)
        self.assertEqual(self.slot.id[0], 0xffff)
        self.add()
        self.assertEqual(self.status(), PRESENT | PRESENCE | BUTTON | LINK)
        self.assertEqual(self.rp.readw(self.at + LNKSTA) & ACTIVE, 0, 'no power yet')
        self.control(0x1c0)
        self.assertEqual(self.rp.readw(self.at + LNKSTA) & ACTIVE, ACTIVE)
        self.assertEqual(self.slot.id, (0x1af4, 0x1044))
        self.clear()
        self.assertEqual(self.status(), PRESENT)

    def test_interrupt(self):
        self.q.irq_intercept_in('ioapic')
        self.control(OFF | 0x20)  # interrupts, of nothing
        self.add()
        self.assertFalse(self.q.irq(21))
        self.control(OFF | 0x28)  # presence
        self.assertTrue(self.q.irq(21))
        self.clear()
        self.assertFalse(self.q.irq(21))
        self.control(OFF | 0x30)  # completed commands, of which this is one
        self.assertTrue(self.q.irq(21))

    def test_message(self):
        self.q.msi_intercept()
        msi = capability(self.rp, 5)
        self.rp.writel(msi + 4, 0xfee00000)
        self.rp.writew(msi + 12, 0x41)
        self.rp.writew(msi + 2, 1)
        self.control(OFF | 0x28)
        self.clear()
        self.add()
        self.q.sync()
        self.assertEqual(self.q.messages, [(0xfee00000, 0x41)])

    def test_goes_when_the_guest_lets_it(self):
        self.add()
        self.control(0x1c0)
        self.clear()
        self.qmp.value('device_del', id='r')
        self.assertEqual(self.status(), PRESENT | BUTTON)
        self.assertIn('in the process of unplug', str(self.qmp.error('device_del', id='r')))
        self.control(0x2c0)  # blinks
        self.control(0x6c0)
        self.assertEqual(self.deleted(), [], 'the indicator still blinks')
        self.control(0x7c0)
        self.assertEqual(self.deleted(), ['r'])
        self.assertEqual(self.status(), PRESENCE | LINK | BUTTON | COMMAND)
        self.assertEqual(self.slot.id[0], 0xffff)
        self.add()  # and again
        self.control(0x1c0)
        self.assertEqual(self.slot.id, (0x1af4, 0x1044))

    def test_goes_at_once_without_power(self):
        self.add()
        self.qmp.value('device_del', id='r')
        self.assertEqual(self.deleted(), ['r'])

    def test_busy_guest(self):
        self.add()
        self.control(0x2c0)
        self.assertIn('power indicator blinking', str(self.qmp.error('device_del', id='r')))

    def test_goes_at_reset(self):
        self.add()
        self.control(0x1c0)
        self.qmp.value('device_del', id='r')
        self.qmp.value('system_reset')
        self.assertEqual(self.qmp.event('DEVICE_DELETED')['data']['device'], 'r')
        self.assertEqual(self.rp.readw(self.at + SLTCTL), OFF)

    def test_there_after_reset(self):
        self.add()
        self.qmp.value('system_reset')
        self.qmp.event('RESET')
        self.assertEqual(self.rp.readw(self.at + SLTCTL), 0x1c0)
        self.assertEqual(self.status(), PRESENT)

    def test_no_hotplug(self):
        self.begin('-device', 'pcie-root-port,id=rp,slot=9,hotplug=off', '-device',
                   'pci-bridge,id=b,chassis_nr=1')
        for bus in ('rp', 'pcie.0'):
            self.assertIn('does not support hotplugging',
                          str(self.qmp.error('device_add', driver='virtio-rng-pci', bus=bus)))
        self.assertIn('from the start',
                      str(self.qmp.error('device_add', driver='pci-bridge', bus='b')))


if __name__ == '__main__':
    tap.main()
