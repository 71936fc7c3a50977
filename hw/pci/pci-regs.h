/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of configuration space registers and bits (PCI Local Bus Specification 3.0, section 6.1
 * and appendix D). No code, no state.
 */
#pragma once

#define PCI_CONFIG_SIZE  256
#define PCIE_CONFIG_SIZE 4096 /* of a device with the PCI Express capability */
#define PCI_HEADER_SIZE  64   /* capabilities come after it */

#define PCI_VENDOR_ID           0x00
#define PCI_DEVICE_ID           0x02
#define PCI_COMMAND             0x04
#define PCI_STATUS              0x06
#define PCI_REVISION            0x08
#define PCI_CLASS_PROG          0x09
#define PCI_CLASS_SUB           0x0a
#define PCI_CLASS_BASE          0x0b
#define PCI_CACHE_LINE_SIZE     0x0c
#define PCI_LATENCY_TIMER       0x0d
#define PCI_HEADER_TYPE         0x0e
#define PCI_BAR0                0x10
#define PCI_SUBSYSTEM_VENDOR_ID 0x2c
#define PCI_SUBSYSTEM_ID        0x2e
#define PCI_ROM_ADDRESS         0x30
#define PCI_CAPABILITIES        0x34
#define PCI_INTERRUPT_LINE      0x3c
#define PCI_INTERRUPT_PIN       0x3d

/* Type 1 headers (PCI-to-PCI Bridge Architecture Specification 1.2, 3.2). */
#define PCI_PRIMARY_BUS       0x18
#define PCI_SECONDARY_BUS     0x19
#define PCI_SUBORDINATE_BUS   0x1a
#define PCI_SECONDARY_LATENCY 0x1b
#define PCI_IO_BASE           0x1c
#define PCI_IO_LIMIT          0x1d
#define PCI_SECONDARY_STATUS  0x1e
#define PCI_MEMORY_BASE       0x20
#define PCI_MEMORY_LIMIT      0x22
#define PCI_PREFETCH_BASE     0x24
#define PCI_PREFETCH_LIMIT    0x26
#define PCI_PREFETCH_BASE_UP  0x28
#define PCI_PREFETCH_LIMIT_UP 0x2c
#define PCI_BRIDGE_CONTROL    0x3e

#define PCI_BRIDGE_CONTROL_PARITY 0x0001
#define PCI_BRIDGE_CONTROL_SERR   0x0002
#define PCI_BRIDGE_CONTROL_VGA    0x0008
#define PCI_BRIDGE_CONTROL_VGA16  0x0010
#define PCI_BRIDGE_CONTROL_RESET  0x0040

#define PCI_HEADER_BRIDGE 0x01

#define PCI_COMMAND_IO           0x0001
#define PCI_COMMAND_MEMORY       0x0002
#define PCI_COMMAND_MASTER       0x0004
#define PCI_COMMAND_PARITY       0x0040
#define PCI_COMMAND_SERR         0x0100
#define PCI_COMMAND_INTX_DISABLE 0x0400

#define PCI_STATUS_INTERRUPT     0x0008
#define PCI_STATUS_CAPABILITIES  0x0010
#define PCI_STATUS_FAST_BACK     0x0080
#define PCI_STATUS_PARITY_MASTER 0x0100
#define PCI_STATUS_DEVSEL_MEDIUM 0x0200
#define PCI_STATUS_ERRORS        0xf900 /* write one to clear */

#define PCI_HEADER_MULTIFUNCTION 0x80

#define PCI_CLASS_STORAGE_IDE   0x010100
#define PCI_CLASS_NETWORK_ETH   0x020000
#define PCI_CLASS_DISPLAY_VGA   0x030000
#define PCI_CLASS_DISPLAY_OTHER 0x038000
#define PCI_CLASS_BRIDGE_HOST   0x060000
#define PCI_CLASS_BRIDGE_ISA    0x060100
#define PCI_CLASS_BRIDGE_PCI    0x060400
#define PCI_CLASS_BRIDGE_OTHER  0x068000

#define PCI_VENDOR_INTEL   0x8086
#define PCI_VENDOR_VIRTUAL 0x1b36 /* Red Hat: virtual devices of no real model */
#define PCI_VENDOR_REDHAT  0x1af4 /* Red Hat/Qumranet: subsystem of emulated devices */
#define PCI_SUBSYSTEM_VM   0x1100
