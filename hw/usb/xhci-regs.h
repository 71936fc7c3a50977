/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers, contexts and TRBs of xHCI (eXtensible Host Controller Interface 1.1; section numbers
 * are its). No code, no state.
 */
#pragma once

/* Where things lie in the BAR: 5.3 says, the rest is ours. */
#define XHCI_BAR_BYTES     0x4000
#define XHCI_OPERATIONAL   0x0040
#define XHCI_PORTS         0x0440 /* operational + 400h, 16 bytes each */
#define XHCI_RUNTIME       0x1000
#define XHCI_INTERRUPTERS  0x1020 /* 32 bytes each */
#define XHCI_DOORBELLS     0x2000
#define XHCI_REGISTERS_END 0x3000
#define XHCI_MSIX_TABLE    0x3000
#define XHCI_MSIX_PENDING  0x3800

/* Capability registers (5.3). */
#define CAPLENGTH  0x00
#define HCSPARAMS1 0x04
#define HCSPARAMS2 0x08
#define HCSPARAMS3 0x0c
#define HCCPARAMS1 0x10
#define DBOFF      0x14
#define RTSOFF     0x18
#define HCCPARAMS2 0x1c
#define XECP       0x20 /* extended capabilities: two of 16 bytes */

#define HCIVERSION     0x0110
#define ERST_MAX_ORDER 3 /* event ring segments: 8 */
#define CAP_64BIT      (1 << 0)
#define CAP_NO_SID     (1 << 7)
#define CAP_SHORT_STOP (1 << 9) /* "stopped - short packet" */
#define XECP_PROTOCOL  2
#define PROTOCOL_USB   0x20425355 /* "USB " */

/* Operational registers (5.4), from XHCI_OPERATIONAL. */
#define USBCMD    0x00
#define USBSTS    0x04
#define PAGESIZE  0x08
#define DNCTRL    0x14
#define CRCR      0x18
#define CRCR_HI   0x1c
#define DCBAAP    0x30
#define DCBAAP_HI 0x34
#define CONFIG    0x38

#define CMD_RUN           (1u << 0)
#define CMD_RESET         (1u << 1)
#define CMD_INTE          (1u << 2)
#define CMD_HSEE          (1u << 3)
#define CMD_LIGHT_RESET   (1u << 7)
#define CMD_SAVE          (1u << 8)
#define CMD_RESTORE       (1u << 9)
#define CMD_WRAP_EVENT    (1u << 10)
#define CMD_KEPT          (CMD_RUN | CMD_INTE | CMD_HSEE | CMD_WRAP_EVENT)
#define STS_HALTED        (1u << 0)
#define STS_HSE           (1u << 2)
#define STS_EINT          (1u << 3)
#define STS_PORT          (1u << 4)
#define STS_RESTORE_ERROR (1u << 10)
#define STS_HCE           (1u << 12)
#define STS_CLEARED       (STS_HSE | STS_EINT | STS_PORT | STS_RESTORE_ERROR)

#define CRCR_CYCLE   (1u << 0)
#define CRCR_STOP    (1u << 1)
#define CRCR_ABORT   (1u << 2)
#define CRCR_RUNNING (1u << 3)

/* Port registers (5.4.8 to 5.4.11). */
#define PORTSC   0x0
#define PORTPMSC 0x4

#define PORT_CONNECT     (1u << 0)
#define PORT_ENABLED     (1u << 1)
#define PORT_RESET       (1u << 4)
#define PORT_LINK_SHIFT  5
#define PORT_LINK        (15u << PORT_LINK_SHIFT)
#define PORT_POWER       (1u << 9)
#define PORT_SPEED_SHIFT 10
#define PORT_SPEED       (15u << PORT_SPEED_SHIFT)
#define PORT_INDICATOR   (3u << 14)
#define PORT_LINK_WRITE  (1u << 16)
#define PORT_CSC         (1u << 17)
#define PORT_PEC         (1u << 18)
#define PORT_WRC         (1u << 19)
#define PORT_OCC         (1u << 20)
#define PORT_PRC         (1u << 21)
#define PORT_PLC         (1u << 22)
#define PORT_CEC         (1u << 23)
#define PORT_CHANGES     (0x7fu << 17)
#define PORT_WAKE        (7u << 25)
#define PORT_WARM_RESET  (1u << 31)

/* Link states (table 5-27). */
#define LINK_U0        0
#define LINK_U2        2
#define LINK_U3        3
#define LINK_DISABLED  4
#define LINK_RX_DETECT 5
#define LINK_POLLING   7
#define LINK_RESUME    15

/* Runtime registers (5.5), an interrupter's from XHCI_INTERRUPTERS + 32 n. */
#define MFINDEX   0x00
#define IMAN      0x00
#define IMOD      0x04
#define ERSTSZ    0x08
#define ERSTBA    0x10
#define ERSTBA_HI 0x14
#define ERDP      0x18
#define ERDP_HI   0x1c

#define IMAN_PENDING 1u
#define IMAN_ENABLE  2u
#define ERDP_SEGMENT 7u
#define ERDP_BUSY    8u
#define IMOD_DEFAULT 4000 /* units of 250 ns */

/* TRB types (table 6-91). */
enum {
    TRB_NORMAL = 1,
    TRB_SETUP = 2,
    TRB_DATA = 3,
    TRB_STATUS = 4,
    TRB_ISOCH = 5,
    TRB_LINK = 6,
    TRB_EVENT_DATA = 7,
    TRB_NOOP = 8,
    TRB_ENABLE_SLOT = 9,
    TRB_DISABLE_SLOT = 10,
    TRB_ADDRESS_DEVICE = 11,
    TRB_CONFIGURE_ENDPOINT = 12,
    TRB_EVALUATE_CONTEXT = 13,
    TRB_RESET_ENDPOINT = 14,
    TRB_STOP_ENDPOINT = 15,
    TRB_SET_DEQUEUE = 16,
    TRB_RESET_DEVICE = 17,
    TRB_GET_BANDWIDTH = 21,
    TRB_NOOP_COMMAND = 23,
    TRB_TRANSFER_EVENT = 32,
    TRB_COMMAND_EVENT = 33,
    TRB_PORT_EVENT = 34,
    TRB_HOST_EVENT = 37,
    TRB_WRAP_EVENT = 39,
};

/* Bits of a TRB's last word (6.4). */
#define TRB_CYCLE        (1u << 0)
#define TRB_TOGGLE       (1u << 1) /* link */
#define TRB_EVENT_IS_PTR (1u << 2) /* "event data", of a transfer event */
#define TRB_ISP          (1u << 2)
#define TRB_CHAIN        (1u << 4)
#define TRB_IOC          (1u << 5)
#define TRB_IDT          (1u << 6)
#define TRB_BEI          (1u << 9)
#define TRB_BSR          (1u << 9) /* address device */
#define TRB_DC           (1u << 9) /* configure endpoint */
#define TRB_SUSPEND      (1u << 23)
#define TRB_TYPE_SHIFT   10
#define TRB_IN           (1u << 16)

/* Completion codes (table 6-90). */
enum {
    CC_SUCCESS = 1,
    CC_BABBLE = 3,
    CC_TRANSACTION_ERROR = 4,
    CC_TRB_ERROR = 5,
    CC_STALL = 6,
    CC_NO_SLOTS = 9,
    CC_SLOT_NOT_ENABLED = 11,
    CC_ENDPOINT_NOT_ENABLED = 12,
    CC_SHORT_PACKET = 13,
    CC_PARAMETER_ERROR = 17,
    CC_CONTEXT_STATE_ERROR = 19,
    CC_EVENT_RING_FULL = 21,
    CC_COMMAND_RING_STOPPED = 24,
    CC_STOPPED = 26,
};

/* Contexts (6.2): 32 bytes each, eight words. */
#define CONTEXT_BYTES 32
#define CONTEXT_WORDS 8

#define SLOT_DISABLED   0 /* or enabled: the slot's own state tells */
#define SLOT_DEFAULT    1
#define SLOT_ADDRESSED  2
#define SLOT_CONFIGURED 3

#define ENDPOINT_DISABLED 0
#define ENDPOINT_RUNNING  1
#define ENDPOINT_HALTED   2
#define ENDPOINT_STOPPED  3
#define ENDPOINT_ERROR    4

/* Endpoint types, bits 5:3 of the second word. */
#define TYPE_ISOCH_OUT 1
#define TYPE_CONTROL   4
#define TYPE_ISOCH_IN  5
#define TYPE_IN        4 /* the bit that all IN types have, and control */
