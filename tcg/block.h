/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoded code: blocks of records, one record an instruction, and the cache that finds them.
 *
 * A block is found by the host address of its page (so two guest addresses of the same memory
 * share it), the offset in the page and the mode. It ends at a branch, at the page's end, or after
 * BLOCK_MAX instructions. The last record jumps to another block of the same page by a link that
 * is made when the jump is first taken. Code keeps no linear address: rip is page_rip + offset.
 * A link to another page holds for one page_rip, and as long as addresses lead where they did.
 *
 * Each vCPU has a cache of its own, touched by its thread alone. Records are never freed one by
 * one: a block whose bytes have changed is made stale - every record's `run` becomes one that
 * leaves the block before its instruction - and the memory is taken back when the cache is full.
 * So a store may make the very block stale in which it stands, and nothing need be checked after
 * it: what follows is decoded anew.
 */
#pragma once

#include "tcg/cpu.h"
#include "tcg/ops.h"

#define BLOCK_MAX 32

/*
 * Executes a record's instruction and, in turn, those that follow in its block. Returns the first
 * record of the next block, or NULL: cpu->rip says where to go on.
 */
typedef const Record *(*Handler)(TcgCpu *cpu, const Record *record);

/* Record.flags */
enum {
    RECORD_ADDRESS32 = 1 << 0, /* the effective address is cut to 32 bits */
    RECORD_ADDRESS16 = 1 << 1,
    RECORD_CHECKED = 1 << 2, /* not MODE_FLAT_DATA: limit and rights are checked */
    RECORD_LEGACY = 1 << 3,  /* the linear address is cut to 32 bits */
    RECORD_FIRST = 1 << 4,   /* of its block */
    RECORD_PLAIN = 1 << 5,   /* the address is base + disp, 64 bits wide, of a segment at 0 */
};

/* 64 bytes: a cache line. Byte offsets are into TcgCpu. */
struct Record {
    Handler run;
    guint16 offset; /* of the instruction in its page */
    guint8 length;
    guint8 flags;
    union {
        struct {
            guint16 dst, src;    /* registers; AH is the offset of RAX plus 1 */
            guint16 base, index; /* of the address; `zero` where absent, `page_rip` for RIP */
        };
        guint64 key; /* of a branch to another page: what link[1] holds for, with page_rip `disp` */
    };
    guint16 segment; /* effective base of the segment */
    guint8 scale;
    guint8 count; /* instructions from here to the block's end */
    gint64 disp;
    guint64 imm; /* of a near branch: target's offset from page_rip */
    /* Targets in this page, NULL until first used: taken, not taken. */
    const Record *link[2];
    const Insn *insn; /* whole, for OpFns */
};

/* ---- handlers that every family may use ---- */

/* Goes on with the next record of the block. */
static inline const Record *record_next(TcgCpu *cpu, const Record *record)
{
    return record[1].run(cpu, record + 1);
}

/* rip of the record's instruction and of the next one, before cutting to the code's width. */
static inline guint64 record_rip(const TcgCpu *cpu, const Record *record)
{
    return cpu->page_rip + record->offset;
}

static inline guint64 record_next_rip(const TcgCpu *cpu, const Record *record)
{
    return cpu->page_rip + record->offset + record->length;
}

/* ---- the cache ---- */

#define JUMP_HASH (1u << 12)

/* Where a linear address was last found to lead. */
struct Jump {
    guint64 linear, key; /* key 0: empty */
    const Record *record;
    guint64 length; /* of the block */
};

static inline guint jump_index(guint64 linear)
{
    return (guint)(linear ^ (linear >> 12)) & (JUMP_HASH - 1);
}

/* What a cache has done since the machine began. */
typedef struct CodeStats {
    gsize used, size;             /* bytes, now and at most */
    guint64 blocks;               /* now, stale ones included */
    guint64 insns;                /* in them */
    guint64 bytes;                /* of guest code in them */
    guint64 links;                /* jumps from block to block that they hold */
    guint64 decoded, invalidated; /* blocks, ever */
    guint64 clears, unmaps;
} CodeStats;

void code_cache_stats(const CodeCache *cache, CodeStats *stats);

/* Makes cpu->code. FALSE if there is no address space left. */
gboolean code_cache_open(TcgCpu *cpu);
void code_cache_close(TcgCpu *cpu);

/* Forgets everything; no record may be in use. */
void code_cache_clear(TcgCpu *cpu);

/* Linear addresses, those in global pages too or not, have changed their meaning: forgets which
 * block is where, keeps the blocks. */
void code_cache_unmap(TcgCpu *cpu, gboolean global);
void code_cache_unmap_page(TcgCpu *cpu, guint64 linear);

/*
 * The block at cpu->rip in the present mode, decoded if need be; sets page_rip. Raises #PF, #GP
 * and #UD of the fetch. NULL if it cannot be cached (page-crossing instruction, code in a device):
 * code_step() executes that.
 */
const Record *code_find(TcgCpu *cpu);

/* The linear address of cpu->rip. */
guint64 code_linear(const TcgCpu *cpu);

/* Executes exactly one instruction at cpu->rip, cached or not. */
void code_step(TcgCpu *cpu);

/* The page of `host` was written: makes its blocks stale. */
void code_cache_invalidate(TcgCpu *cpu, const guint8 *host_page);

/*
 * The first record at page_rip + target, where a branch of `record` leads; sets rip. Links them if
 * they are in the same page. NULL: leave, and find it from rip.
 */
const Record *code_link(TcgCpu *cpu, const Record *record, guint which, guint64 target);

/* The block at cpu->rip if it was found there before; else NULL. For returns and the like. */
const Record *code_find_cached(TcgCpu *cpu);

/* Likewise of a branch to another page in 64-bit mode: links record->link[1] for its present
 * page_rip. NULL: leave. */
const Record *code_link_far(TcgCpu *cpu, Record *record);

/* ---- handlers ---- */

/* Chooses the handler of a decoded instruction; never fails (falls back to the OpFn). `live`:
 * FLAG_* that something after it may read. */
Handler record_choose_handler(const TcgCpu *cpu, const Insn *insn, guint32 live, Record *record);

/* For an instruction and the Jcc in the next record, whose handlers are chosen: one for both, or
 * NULL. */
Handler fast_fused_handler(const TcgCpu *cpu, Record *record);

/* For the first of `left` records that are moves one behind the other, in 64-bit mode: one for two
 * of them or more, or NULL. */
Handler fast_run_handler(const TcgCpu *cpu, Record *record, guint left);

/* The plain one: calls the OpFn. */
Handler record_op_handler(const Insn *insn, Record *record);

/* A repeated string instruction: goes on behind it when it has come to its end. */
const Record *record_repeat(TcgCpu *cpu, const Record *record);
/* STI with an instruction behind it in its block, which interrupts have to wait for. */
const Record *record_sti(TcgCpu *cpu, const Record *record);

/* Leave the block with rip at this record; `stale` because its bytes have changed. */
const Record *record_leave(TcgCpu *cpu, const Record *record);
const Record *record_stale(TcgCpu *cpu, const Record *record);
/* Behind the last instruction: goes on at page_rip + imm, which is in the next page or not. */
const Record *record_close(TcgCpu *cpu, const Record *record);
const Record *record_close_far(TcgCpu *cpu, const Record *record);
/* Raise #UD, #GP. */
const Record *record_undefined(TcgCpu *cpu, const Record *record);
const Record *record_too_long(TcgCpu *cpu, const Record *record);

/* Must the block end here? String instructions that repeat do so in turns, between which interrupts
 * are taken; after STI and the like the next instruction is on its own. */
gboolean record_ends_block(const Insn *insn);
/* May it fault (so that the state before it must be exact)? */
gboolean record_may_fault(const Insn *insn);
/* Flags are left alone when the count is 0. */
gboolean record_is_shift(const Insn *insn);
