/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/block.h"

#include <sys/mman.h>

#include "tcg/mmu.h"
#include "tcg/run.h"
#include "tcg/trace.h"
#include "tcg/watch.h"

#define ARENA_SIZE (48u << 20)
#define BLOCK_HASH (1u << 14)
#define PAGE_HASH  (1u << 12)
#define PAGES_SEEN (1u << 15)
#define STEPS      256

/* A block's records follow its header, then their Insns. */
typedef struct Block Block;
struct Block {
    const guint8 *host; /* of its first byte */
    guint32 mode;
    guint16 length; /* bytes of code */
    guint8 count;   /* records, the closing one included */
    gboolean stale;
    Block *next_hash;
    Block *next_page;
    Record records[];
};

/* A page of host memory that has blocks. */
typedef struct CodePage CodePage;
struct CodePage {
    const guint8 *host;
    Block *blocks;
    CodePage *next_hash;
};

/* An instruction that code_step() has decoded. */
typedef struct Step {
    guint8 bytes[DECODE_MAX_LENGTH];
    guint32 mode;
    Insn insn; /* length 0: empty */
    Record records[2];
} Step;

struct CodeCache {
    guint8 *arena;
    gsize used;
    Block *blocks[BLOCK_HASH];
    CodePage *pages[PAGE_HASH];
    Jump jumps[JUMP_HASH];
    guint64 pages_seen[PAGES_SEEN / 64]; /* by hash: is a jump into the page remembered? */
    guint64 generation;                  /* counts clears */
    CodeStats stats;
    Insn insns[BLOCK_MAX + 1]; /* of the block being decoded */
    Step steps[STEPS];         /* by linear address */
};

/* ---- life ---- */

gboolean code_cache_open(TcgCpu *cpu)
{
    CodeCache *cache = g_new0(CodeCache, 1);

    /* Costs memory only where it is used. */
    cache->arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (cache->arena == MAP_FAILED) {
        g_free(cache);
        return FALSE;
    }
    cpu->code = cache;
    cpu->jumps = cache->jumps;
    code_cache_unmap(cpu, TRUE);
    return TRUE;
}

void code_cache_close(TcgCpu *cpu)
{
    if (cpu->code) {
        munmap(cpu->code->arena, ARENA_SIZE);
        g_clear_pointer(&cpu->code, g_free);
    }
}

/* ---- where linear addresses lead ---- */

void code_cache_unmap(TcgCpu *cpu, gboolean global)
{
    CodeCache *cache = cpu->code;
    guint64 epoch = MAX(cpu->epochs[0], cpu->epochs[1]) + 1;

    cpu->epochs[1] = epoch;
    if (global || cpu->local_codes) {
        cpu->epochs[0] = epoch;
        cpu->local_codes = FALSE;
        memset(cache->pages_seen, 0, sizeof(cache->pages_seen));
    }
    cpu->key = tcg_code_key(cpu);
    cache->stats.unmaps++;
}

static guint64 *seen_word(CodeCache *cache, guint64 linear, guint64 *bit)
{
    guint hash = (guint)(linear >> PAGE_BITS) & (PAGES_SEEN - 1);

    *bit = (guint64)1 << (hash & 63);
    return &cache->pages_seen[hash / 64];
}

void code_cache_unmap_page(TcgCpu *cpu, guint64 linear)
{
    guint64 bit, *word = seen_word(cpu->code, linear, &bit);

    if (*word & bit) {
        code_cache_unmap(cpu, TRUE);
    }
}

/* That the page leads to that memory is going to be remembered. */
static void note_seen(TcgCpu *cpu, const TlbCode *code)
{
    guint64 bit, *word = seen_word(cpu->code, code->linear, &bit);

    *word |= bit;
    cpu->local_codes |= !code->global && !(cpu->mode & MODE_USER);
}

void code_cache_stats(const CodeCache *cache, CodeStats *stats)
{
    *stats = cache->stats;
    stats->used = cache->used;
    stats->size = ARENA_SIZE;
    stats->clears = cache->generation;
}

void code_cache_clear(TcgCpu *cpu)
{
    CodeCache *cache = cpu->code;

    code_cache_unmap(cpu, TRUE);
    memset(cache->jumps, 0, sizeof(cache->jumps));
    memset(cache->blocks, 0, sizeof(cache->blocks));
    memset(cache->pages, 0, sizeof(cache->pages));
    cache->used = 0;
    cache->generation++;
    cache->stats.blocks = cache->stats.insns = cache->stats.bytes = cache->stats.links = 0;
}

static void *arena_alloc(CodeCache *cache, gsize size)
{
    void *memory = cache->arena + cache->used;

    cache->used += (size + 63) & ~(gsize)63;
    return memory;
}

/* ---- finding ---- */

static guint hash_address(const guint8 *host, guint bits)
{
    return (guint)(((guint64)host * 0x9e3779b97f4a7c15ULL) >> (64 - bits));
}

static Block **block_bucket(CodeCache *cache, const guint8 *host)
{
    return &cache->blocks[hash_address(host, 14)];
}

static CodePage **page_bucket(CodeCache *cache, const guint8 *host)
{
    return &cache->pages[hash_address(host, 12)];
}

static Block *block_find(CodeCache *cache, const guint8 *host, guint32 mode)
{
    Block *block = *block_bucket(cache, host);

    while (block && (block->host != host || block->mode != mode || block->stale)) {
        block = block->next_hash;
    }
    return block;
}

static CodePage *page_find(CodeCache *cache, const guint8 *host, gboolean make)
{
    CodePage **bucket = page_bucket(cache, host), *page = *bucket;

    while (page && page->host != host) {
        page = page->next_hash;
    }
    if (!page && make) {
        page = arena_alloc(cache, sizeof(CodePage));
        *page = (CodePage){.host = host, .next_hash = *bucket};
        *bucket = page;
    }
    return page;
}

static void block_unhash(CodeCache *cache, Block *block)
{
    Block **link = block_bucket(cache, block->host);

    while (*link != block) {
        link = &(*link)->next_hash;
    }
    *link = block->next_hash;
}

void code_cache_invalidate(TcgCpu *cpu, const guint8 *host_page)
{
    CodeCache *cache = cpu->code;
    CodePage *page = page_find(cache, host_page, FALSE);

    if (!page || !page->blocks) {
        return;
    }
    for (Block *block = page->blocks; block; block = block->next_page) {
        block_unhash(cache, block);
        block->stale = TRUE;
        cache->stats.invalidated++;
        for (guint i = 0; i < block->count; i++) {
            block->records[i].run = record_stale;
        }
    }
    page->blocks = NULL;
    code_cache_unmap(cpu, TRUE);
}

/* ---- decoding ---- */

static void decode_mode(const TcgCpu *cpu, DecodeMode *mode)
{
    static const guint8 bits[] = {[MODE_16] = 16, [MODE_32] = 32, [MODE_64] = 64};

    *mode = (DecodeMode){
        .bits = bits[cpu->mode & MODE_BITS],
        .protect = (cpu->mode & MODE_PROTECT) != 0,
        .amd_near = cpu->vendor_amd,
        .extensions = cpu->extensions,
    };
}

/* What an instruction needs of the flags before it: those it reads, and all if it may fault. */
static guint32 live_before(const Insn *insn, guint32 live_after)
{
    const OpInfo *info = &decode_op_info[insn->op];
    guint32 written = info->flags_written;

    if (record_may_fault(insn) || record_ends_block(insn)) {
        return FLAG_ARITH;
    }
    if (record_is_shift(insn)) {
        written = 0; /* a count of 0 leaves them */
    }
    return (live_after & ~written) | info->flags_read;
}

static void record_init(Record *record, const Insn *insn, guint offset)
{
    *record = (Record){
        .offset = (guint16)offset,
        .length = insn->length,
        .insn = insn,
    };
}

/* Is the last one that which interrupts wait for after STI? */
static gboolean follows_sti(const Insn *insns, guint count)
{
    return count > 1 && insns[count - 2].op == OP_STI;
}

/* Decodes what follows `host` in its page into cache->insns; `closing` is how it ends. */
static guint decode_run(TcgCpu *cpu, const guint8 *host, guint room, DecodeStatus *closing)
{
    CodeCache *cache = cpu->code;
    DecodeMode mode;
    guint count = 0, offset = 0, most = cpu->accel->accel.one_insn ? 1 : BLOCK_MAX;

    decode_mode(cpu, &mode);
    *closing = DECODE_OK;
    while (count < most) {
        Insn *insn = &cache->insns[count];
        *closing = decode_insn(&mode, host + offset, room - offset, insn);
        if (*closing != DECODE_OK) {
            break;
        }
        count++;
        offset += insn->length;
        if (insn->op != OP_STI && (record_ends_block(insn) || follows_sti(cache->insns, count))) {
            break;
        }
    }
    return count;
}

static gboolean step_at_rip(TcgCpu *cpu);

/* An instruction that crosses the page's end: a block of its own, which holds nothing of it. */
static const Record *record_cross(TcgCpu *cpu, const Record *record)
{
    cpu->current = record;
    cpu->rip = tcg_this_rip(cpu);
    cpu->current = NULL; /* the fetch may fault */
    return step_at_rip(cpu) ? code_find_cached(cpu) : NULL;
}

/* The record behind the last instruction: goes on, or raises what decoding found. */
static void closing_record(const TcgCpu *cpu, Record *record, DecodeStatus status, guint offset)
{
    *record = (Record){.offset = (guint16)offset, .imm = offset};
    record->run = status == DECODE_UNDEFINED                 ? record_undefined
                  : status == DECODE_TOO_LONG                ? record_too_long
                  : offset >= PAGE_SIZE && tcg_is_64bit(cpu) ? record_close_far
                                                             : record_close;
}

/* NOPs take no record, but the last of a block and one that interrupts wait for. */
static gboolean is_left_out(const Insn *insns, guint i, guint count)
{
    return insns[i].op == OP_NOP && i + 1 < count && (i == 0 || insns[i - 1].op != OP_STI);
}

/* Of the first of `left` records, those behind have theirs; `live`: flags that are read behind it,
 * then before it. */
static void choose_handlers(const TcgCpu *cpu, Record *record, guint left, guint32 *live)
{
    const Insn *insn = record->insn;
    Handler several = NULL;

    record->run = insn->op == OP_STI && left > 1 ? record_sti
                                                 : record_choose_handler(cpu, insn, *live, record);
    if (left > 1) {
        several = fast_fused_handler(cpu, record);
        several = several ? several : fast_run_handler(cpu, record, left);
    }
    record->run = several ? several : record->run;
    *live = live_before(insn, *live);
}

static Block *block_decode(TcgCpu *cpu, const TlbCode *code, guint offset)
{
    CodeCache *cache = cpu->code;
    const guint8 *host = code->host + offset;
    DecodeStatus closing;
    guint count = decode_run(cpu, host, PAGE_SIZE - offset, &closing), at = offset;
    guint32 live = FLAG_ARITH;
    CodePage *page;
    Block *block;
    Insn *insns;
    guint records = 0;

    page = page_find(cache, code->host, TRUE);
    block = arena_alloc(cache, sizeof(Block) + (count + 1) * sizeof(Record));
    insns = arena_alloc(cache, MAX(count, 1) * sizeof(Insn));
    memcpy(insns, cache->insns, count * sizeof(Insn));
    *block = (Block){.host = host, .mode = cpu->mode};
    for (guint i = 0; i < count; i++) {
        if (!is_left_out(insns, i, count)) {
            record_init(&block->records[records], &insns[i], at);
            block->records[records++].count = (guint8)(count - i);
        }
        at += insns[i].length;
    }
    block->count = (guint8)(records + 1);
    closing_record(cpu, &block->records[records], closing, at);
    if (count == 0 && closing == DECODE_MORE) {
        block->records[0].run = record_cross;
    }
    for (guint i = records; i-- > 0;) {
        choose_handlers(cpu, &block->records[i], records - i, &live);
    }
    block->length = (guint16)(at - offset);
    block->next_hash = *block_bucket(cache, host);
    *block_bucket(cache, host) = block;
    block->next_page = page->blocks;
    page->blocks = block;
    tcg_trace_block(cpu, host, block->length);
    return block;
}

/* ---- looking up ---- */

/* With a CS that has a limit: is all of the block below it? */
static gboolean within_limit(const TcgCpu *cpu, guint length)
{
    return (cpu->mode & MODE_FLAT_CODE) ||
           cpu->rip + MAX(length, 1) - 1 <= cpu->segment[CPU_CS].limit;
}

guint64 code_linear(const TcgCpu *cpu)
{
    guint64 linear = cpu->base[CPU_CS] + cpu->rip;

    return tcg_is_64bit(cpu) ? linear : (guint32)linear;
}

static const Record *code_find_slow(TcgCpu *cpu, guint64 linear)
{
    CodeCache *cache = cpu->code;
    guint offset = (guint)(linear & ~PAGE_MASK);
    const TlbCode *code = mmu_fetch_page(cpu, linear);
    Jump *jump = &cache->jumps[jump_index(linear)];
    Block *block;

    if (!code->host || tcg_break_page(cpu, linear & PAGE_MASK)) {
        return NULL;
    }
    block = block_find(cache, code->host + offset, cpu->mode);
    if (!block) {
        if (cache->used + sizeof(Block) + (BLOCK_MAX + 1) * (sizeof(Record) + sizeof(Insn)) + 1024 >
            ARENA_SIZE) {
            code_cache_clear(cpu);
        }
        /* Marked first: a write between this and the decoding is noticed. */
        tcg_code_mark(cpu, code->ram, (guint64)(code->host + offset - code->ram->host),
                      MIN(PAGE_SIZE - offset, BLOCK_MAX * DECODE_MAX_LENGTH));
        block = block_decode(cpu, code, offset);
        cache->stats.decoded++;
        cache->stats.blocks++;
        cache->stats.insns += block->count - 1u;
        cache->stats.bytes += block->length;
    }
    note_seen(cpu, code);
    *jump = (Jump){linear, cpu->key, block->records, block->length};
    return within_limit(cpu, block->length) ? block->records : NULL;
}

const Record *code_find(TcgCpu *cpu)
{
    guint64 linear = code_linear(cpu);
    const Jump *jump = &cpu->code->jumps[jump_index(linear)];

    cpu->page_rip = (linear & PAGE_MASK) - cpu->base[CPU_CS];
    if (G_LIKELY(jump->linear == linear && jump->key == cpu->key)) {
        return G_LIKELY(within_limit(cpu, jump->length)) ? jump->record : NULL;
    }
    return code_find_slow(cpu, linear);
}

const Record *code_find_cached(TcgCpu *cpu)
{
    guint64 linear = code_linear(cpu);
    const Jump *jump = &cpu->code->jumps[jump_index(linear)];

    if (G_LIKELY(jump->linear == linear && jump->key == cpu->key && (cpu->mode & MODE_FLAT_CODE))) {
        cpu->page_rip = (linear & PAGE_MASK) - cpu->base[CPU_CS];
        return jump->record;
    }
    return NULL;
}

const Record *code_link(TcgCpu *cpu, const Record *record, guint which, guint64 target)
{
    CodeCache *cache = cpu->code;
    guint64 generation = cache->generation;
    const Record *next;

    cpu->rip = cpu->page_rip + target;
    if (!(cpu->mode & MODE_FLAT_CODE)) {
        cpu->rip = (cpu->mode & MODE_BITS) == MODE_16 ? (guint16)cpu->rip : (guint32)cpu->rip;
        return NULL;
    }
    if (!tcg_is_64bit(cpu)) {
        cpu->rip = (guint32)cpu->rip;
    }
    if (target >= PAGE_SIZE) {
        return code_find_cached(cpu);
    }
    cpu->current = NULL; /* the fetch belongs to the next instruction */
    next = code_find(cpu);
    if (next && cache->generation == generation) {
        cache->stats.links += !record->link[which];
        ((Record *)record)->link[which] = next;
    }
    return next;
}

const Record *code_link_far(TcgCpu *cpu, Record *record)
{
    guint64 page_rip = cpu->page_rip;
    const Record *next;

    cpu->rip = page_rip + record->imm;
    next = code_find_cached(cpu);
    if (next) {
        cpu->code->stats.links += !record->link[1];
        record->link[1] = next;
        record->key = cpu->key;
        record->disp = (gint64)page_rip;
    }
    return next;
}

/* ---- one instruction ---- */

/* Copies up to 15 bytes at rip; stops where the next page or CS ends, and says how many. */
static guint fetch(TcgCpu *cpu, guint8 bytes[DECODE_MAX_LENGTH], guint64 linear, guint wanted)
{
    const TlbCode *code = mmu_fetch_page(cpu, linear);
    guint room = PAGE_SIZE - (guint)(linear & ~PAGE_MASK), count = MIN(wanted, room);

    if (code->host) {
        memcpy(bytes, code->host + (linear & ~PAGE_MASK), count);
        return count;
    }
    for (guint i = 0; i < count; i++) {
        bytes[i] = (guint8)mmu_load_physical(cpu, code->physical + (linear & ~PAGE_MASK) + i, 1);
    }
    return count;
}

/* Bytes from rip to the end of CS, as many as an instruction can have. #GP if there are none. */
static guint limit_room(TcgCpu *cpu)
{
    guint64 limit = cpu->segment[CPU_CS].limit;

    if (tcg_is_64bit(cpu)) {
        return DECODE_MAX_LENGTH;
    }
    if (cpu->rip > limit) {
        tcg_raise_gp(cpu);
    }
    return (guint)MIN(limit - cpu->rip + 1, DECODE_MAX_LENGTH);
}

static Step *step_slot(TcgCpu *cpu, guint64 linear)
{
    return &cpu->code->steps[hash_address((const guint8 *)linear, 8)];
}

/*
 * The instruction at rip. What was last decoded in its place is taken again if the bytes are the
 * same; of the next page only as many are looked at as it has there.
 */
static Step *step_find(TcgCpu *cpu, guint64 linear, guint room, guint8 bytes[DECODE_MAX_LENGTH],
                       guint *count)
{
    Step *step = step_slot(cpu, linear);
    guint length = step->insn.length;

    *count = fetch(cpu, bytes, linear, room);
    if (length == 0 || length > room || step->mode != cpu->mode ||
        step->records[0].offset != (linear & ~PAGE_MASK) ||
        memcmp(step->bytes, bytes, MIN(length, *count))) {
        return NULL;
    }
    if (length > *count) {
        guint64 next = tcg_is_64bit(cpu) ? linear + *count : (guint32)(linear + *count);
        guint first = *count;
        *count += fetch(cpu, bytes + first, next, room - first);
        if (memcmp(step->bytes + first, bytes + first, length - first)) {
            return NULL;
        }
    }
    return step;
}

static void step_decode(TcgCpu *cpu, guint64 linear, guint room, guint8 bytes[DECODE_MAX_LENGTH],
                        guint count, Insn *insn)
{
    DecodeMode mode;
    DecodeStatus status;

    decode_mode(cpu, &mode);
    status = decode_insn(&mode, bytes, count, insn);
    if (status == DECODE_MORE && count < room) {
        guint64 next = tcg_is_64bit(cpu) ? linear + count : (guint32)(linear + count);
        count += fetch(cpu, bytes + count, next, room - count);
        status = decode_insn(&mode, bytes, count, insn);
    }
    if (status == DECODE_UNDEFINED) {
        tcg_raise(cpu, EXC_UD);
    }
    if (status != DECODE_OK) {
        tcg_raise_gp(cpu); /* too long, or beyond the limit of CS */
    }
}

/* FALSE: the loop shall look before it goes on. */
static gboolean step_at_rip(TcgCpu *cpu)
{
    guint64 linear = code_linear(cpu);
    guint8 bytes[DECODE_MAX_LENGTH] = {0};
    guint room = limit_room(cpu), count;
    Step *step = step_find(cpu, linear, room, bytes, &count);

    cpu->page_rip = (linear & PAGE_MASK) - cpu->base[CPU_CS];
    if (!step) {
        Insn insn;
        step_decode(cpu, linear, room, bytes, count, &insn);
        step = step_slot(cpu, linear);
        *step = (Step){.mode = cpu->mode, .insn = insn};
        memcpy(step->bytes, bytes, insn.length);
        record_init(&step->records[0], &step->insn, (guint)(linear & ~PAGE_MASK));
        closing_record(cpu, &step->records[1], DECODE_OK, step->records[0].offset + insn.length);
        step->records[1].run = record_leave;
        /* A branch's fast handler would fetch the next instruction, which is for later. */
        step->records[0].run =
            record_ends_block(&insn)
                ? record_op_handler(&step->insn, &step->records[0])
                : record_choose_handler(cpu, &step->insn, FLAG_ARITH, &step->records[0]);
    }
    step->records[0].run(cpu, step->records);
    return !record_ends_block(&step->insn);
}

void code_step(TcgCpu *cpu)
{
    step_at_rip(cpu);
}
