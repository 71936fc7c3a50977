/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/devices.h"

#include <string.h>

#include "hw/block/ahci.h"
#include "hw/block/fdc.h"
#include "hw/block/ide.h"
#include "hw/block/pflash.h"
#include "hw/char/debug-exit.h"
#include "hw/char/debugcon.h"
#include "hw/char/parallel.h"
#include "hw/char/serial.h"
#include "hw/display/cirrus.h"
#include "hw/display/ramfb.h"
#include "hw/display/vga.h"
#include "hw/input/i8042.h"
#include "hw/input/ps2.h"
#include "hw/intc/apic.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "hw/isa/i8237.h"
#include "hw/isa/isa.h"
#include "hw/misc/pc-testdev.h"
#include "hw/misc/pvpanic.h"
#include "hw/pc/fw_cfg.h"
#include "hw/pc/i440fx.h"
#include "hw/pc/ich9.h"
#include "hw/pc/pc-priv.h"
#include "hw/pc/piix3.h"
#include "hw/pc/piix4-pm.h"
#include "hw/pc/port92.h"
#include "hw/pc/q35-mch.h"
#include "hw/pci/pci-bridge.h"
#include "hw/pci/pci.h"
#include "hw/pci/pcie-root-port.h"
#include "hw/timer/hpet.h"
#include "hw/timer/i8254.h"
#include "hw/timer/mc146818.h"
#include "hw/timer/pcspk.h"
#include "hw/usb/ehci.h"
#include "hw/usb/hid.h"
#include "hw/usb/uhci.h"
#include "hw/usb/usb-hub.h"
#include "hw/usb/usb-storage.h"
#include "hw/usb/xhci.h"
#include "hw/virtio/virtio-balloon.h"
#include "hw/virtio/virtio-gpu.h"
#include "hw/virtio/virtio-input.h"
#include "hw/virtio/virtio-rng.h"
#include "hw/watchdog/i6300esb.h"
#include "hw/watchdog/ib700.h"

const DeviceOps *const device_types[] = {
    /* boards */
    &i440fx_pcihost_ops,
    &i440fx_ops.device,
    &piix3_ops.device,
    &piix4_pm_ops.device,
    &q35_pcihost_ops,
    &mch_ops.device,
    &ich9_lpc_ops.device,
    &ich9_smbus_ops.device,
    &pci_bridge_ops.device,
    &pcie_pci_bridge_ops.device,
    &pcie_root_port_ops.device,
    &fw_cfg_ops,
    &port92_ops,
    /* interrupts and time */
    &i8259_ops,
    &ioapic_ops,
    &apic_ops,
    &i8237_ops,
    &i8254_ops,
    &mc146818_ops,
    &pcspk_ops,
    &hpet_ops,
    /* storage */
    &piix3_ide_ops.device,
    &isa_ide_ops,
    &isa_fdc_ops,
    &floppy_ops,
    &pflash_ops,
    &ich9_ahci_ops.device,
    &ide_hd_ops,
    &ide_cd_ops,
    /* input */
    &i8042_ops,
    &ps2_keyboard_ops,
    &ps2_mouse_ops,
    /* character */
    &isa_serial_ops,
    &isa_parallel_ops,
    &isa_debugcon_ops,
    &isa_debug_exit_ops,
    /* display */
    &vga_pci_ops.device,
    &secondary_vga_ops.device,
    &bochs_display_ops.device,
    &isa_vga_ops,
    &cirrus_vga_ops.device,
    &ramfb_ops,
    /* tests, crashes, watchdogs */
    &pc_testdev_ops,
    &pvpanic_ops,
    &pvpanic_pci_ops.device,
    &ib700_ops,
    &i6300esb_ops.device,
    /* USB */
    &piix3_uhci_ops.device,
    &piix4_uhci_ops.device,
    &ich9_uhci1_ops.device,
    &ich9_uhci2_ops.device,
    &ich9_uhci3_ops.device,
    &ich9_uhci4_ops.device,
    &ich9_uhci5_ops.device,
    &ich9_uhci6_ops.device,
    &usb_ehci_ops.device,
    &ich9_ehci1_ops.device,
    &ich9_ehci2_ops.device,
    &qemu_xhci_ops.device,
    &usb_kbd_ops.device,
    &usb_mouse_ops.device,
    &usb_tablet_ops.device,
    &usb_storage_ops.device,
    &usb_hub_ops.device,
    /* virtio */
    &virtio_balloon_ops.pci.device,
    &virtio_gpu_ops.pci.device,
    &virtio_vga_ops.pci.device,
    &virtio_keyboard_ops.pci.device,
    &virtio_mouse_ops.pci.device,
    &virtio_tablet_ops.pci.device,
    &virtio_rng_ops.pci.device,
    NULL,
};

const BusOps *const bus_types[] = {
    &pc_system_bus_ops, &pci_bus_ops, &isa_bus_ops, &ide_bus_ops,
    &floppy_bus_ops,    &ps2_bus_ops, &usb_bus_ops, NULL,
};

const DeviceOps *device_type_find(const char *name)
{
    for (guint i = 0; device_types[i]; i++) {
        if (device_is_called(device_types[i], name)) {
            return device_types[i];
        }
    }
    return NULL;
}
