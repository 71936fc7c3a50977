/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The software TLB: linear pages to host addresses. Each vCPU has its own, used by its thread.
 *
 * A tag is the page's linear address. `linear - tag <= 4096 - size` in unsigned arithmetic is
 * TRUE only for an access that lies within the page, so one comparison finds the page and keeps
 * accesses that cross its end out. A page whose accesses need more than a host address (I/O, ROM,
 * dirty log, cached code, watchpoint) has a tag that never matches, and flags say what it needs.
 */
#pragma once

#include <glib.h>

typedef struct TcgRam TcgRam;

#define TLB_SIZE      1024
#define TLB_CODE_SIZE 256
#define PAGE_BITS     12
#define PAGE_SIZE     4096u
#define PAGE_MASK     (~(guint64)0xfff)

/* One TLB each: a privilege sees only what it may. */
typedef enum TlbKind {
    TLB_KERNEL,    /* CPL 0-2 and implicit accesses to descriptor tables; with SMAP: AC clear */
    TLB_USER,      /* CPL 3 */
    TLB_KERNEL_AC, /* CPL 0-2 with CR4.SMAP and RFLAGS.AC: user pages may be touched */
    TLB_KINDS,
} TlbKind;

/* Low bits of TlbEntry.page */
enum {
    TLB_VALID = 1 << 0,
    TLB_IO = 1 << 1,       /* no host memory: through the address space */
    TLB_READONLY = 1 << 2, /* ROM or write watch: writes go through the address space */
    TLB_LOGGED = 1 << 3,   /* writes are marked in the region's dirty log */
    TLB_CODE = 1 << 4,     /* writes may hit decoded code */
    TLB_WATCH = 1 << 5,    /* a watchpoint lies in the page */
    TLB_DIRTY = 1 << 6,    /* the page table's dirty bit is set and writing is allowed */
    TLB_GLOBAL = 1 << 7,
};

/* What the fast path reads: 32 bytes. */
typedef struct TlbEntry {
    guint64 read_tag, write_tag; /* page, or one that does not match */
    guint64 addend;              /* host = linear + addend, unless TLB_IO */
    guint64 page;                /* linear page | flags; 0: not in use */
} TlbEntry;

/* The rest of an entry. */
typedef struct TlbInfo {
    guint64 physical; /* guest physical address of the page */
    TcgRam *ram;      /* NULL with TLB_IO */
} TlbInfo;

/* For instruction fetch. */
typedef struct TlbCode {
    guint64 linear; /* page; bit 0 set: invalid */
    guint64 physical;
    guint8 *host; /* NULL: not memory */
    TcgRam *ram;  /* NULL: not memory */
    guint32 user; /* was entered for CPL 3 */
    gboolean global;
} TlbCode;

static inline guint tlb_index(guint64 linear)
{
    return (guint)(linear >> PAGE_BITS) & (TLB_SIZE - 1);
}

/* A tag for slot `index` that no page of that slot has. */
static inline guint64 tlb_no_tag(guint index)
{
    return (guint64)(index ^ 1) << PAGE_BITS;
}
