/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small programs that load a software processor in different ways, run on the bare machine in long
 * mode: the one named last on the command line, as often as the number before it says. Each is on
 * pages of its own and starts with a fresh TLB (CR3 is loaded before each round), so that
 * neither a page border in a loop nor a TLB sized by luck decides. The debug port gets the name
 * and checksum; the host takes the processor time (tests/bench/bench_cpu.py).
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

#define KERNEL(name) \
    static __attribute__((noinline, aligned(4096), section(".text." #name))) u64 name(void)

static u8 heap[16 << 20] __attribute__((aligned(4096)));

static void put(char c)
{
    __asm__ volatile("outb %0, %1" ::"a"(c), "Nd"((unsigned short)0xe9));
}

/* ---- integer ---- */

KERNEL(alu)
{
    u64 x = 88172645463325252ul, sum = 0;

    for (u32 i = 0; i < 80000000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        sum += x;
    }
    return sum;
}

KERNEL(sieve)
{
    u32 n = 4000000, count = 0;

    for (u32 i = 0; i < n; i++) {
        heap[i] = 1;
    }
    for (u32 i = 2; i < n; i++) {
        if (heap[i]) {
            count++;
            for (u32 j = 2 * i; j < n; j += i) {
                heap[j] = 0;
            }
        }
    }
    return count;
}

static __attribute__((aligned(4096), section(".text.qsort"))) void sort(u32 *a, long low, long high)
{
    while (low < high) {
        u32 pivot = a[(low + high) / 2];
        long i = low, j = high;
        while (i <= j) {
            while (a[i] < pivot) {
                i++;
            }
            while (a[j] > pivot) {
                j--;
            }
            if (i <= j) {
                u32 t = a[i];
                a[i++] = a[j];
                a[j--] = t;
            }
        }
        if (j - low < high - i) {
            sort(a, low, j);
            low = i;
        } else {
            sort(a, i, high);
            high = j;
        }
    }
}

KERNEL(quicksort)
{
    u32 *a = (u32 *)heap, x = 1;

    for (u32 i = 0; i < 600000; i++) {
        x = x * 1664525 + 1013904223;
        a[i] = x;
    }
    sort(a, 0, 599999);
    return a[1000] + a[599999];
}

KERNEL(hash)
{
    u32 *table = (u32 *)heap, mask = (1 << 20) - 1, x = 1, hits = 0;

    for (u32 i = 0; i <= mask; i++) {
        table[i] = 0;
    }
    for (u32 i = 0; i < 1000000; i++) {
        u32 slot;
        x = x * 1664525 + 1013904223;
        slot = (x >> 8) * 2654435761u >> 12;
        while (table[slot & mask] && table[slot & mask] != x) {
            slot++;
            hits++;
        }
        table[slot & mask] = x;
    }
    return hits;
}

KERNEL(crc32)
{
    u32 *table = (u32 *)heap, crc = ~0u;
    u8 *data = heap + 4096;

    for (u32 i = 0; i < 256; i++) {
        u32 c = i;
        for (u32 k = 0; k < 8; k++) {
            c = (c & 1) ? 0xedb88320u ^ (c >> 1) : c >> 1;
        }
        table[i] = c;
    }
    for (u32 i = 0; i < 12000000; i++) {
        crc = table[(crc ^ data[i & 0xfffff]) & 0xff] ^ (crc >> 8);
    }
    return crc;
}

/* A loop of five byte codes, by a switch that gcc makes a jump table of. */
KERNEL(bytecode)
{
    static const u8 program[] = {0, 1, 2, 3, 1, 2, 0, 3, 2, 4};
    u64 a = 1, b = 2, loops = 2000000;
    u32 pc = 0;

    for (;;) {
        switch (program[pc++]) {
        case 0: a += b; break;
        case 1: b ^= a; break;
        case 2: a = a * 3 + 1; break;
        case 3: b -= a >> 3; break;
        case 4:
            if (--loops == 0) {
                return a ^ b;
            }
            pc = 0;
            break;
        default: a = ~a; break;
        }
    }
}

static __attribute__((noinline, aligned(4096), optimize("no-optimize-sibling-calls"),
                      section(".text.fib_calls"))) u64
fib_calls(u32 n)
{
    return n < 2 ? n : fib_calls(n - 1) + fib_calls(n - 2);
}

KERNEL(fib)
{
    return fib_calls(33);
}

static __attribute__((noinline, aligned(4096), section(".text.pointers_a"))) u64 add_one(u64 x)
{
    return x + 1;
}

static __attribute__((noinline, section(".text.pointers_a"))) u64 twice(u64 x)
{
    return x * 2;
}

static __attribute__((noinline, section(".text.pointers_a"))) u64 mix(u64 x)
{
    return x ^ (x >> 5);
}

KERNEL(pointers)
{
    static u64 (*const volatile functions[])(u64) = {add_one, twice, mix, add_one};
    u64 x = 1;

    for (u32 i = 0; i < 6000000; i++) {
        x = functions[i & 3](x);
    }
    return x;
}

KERNEL(walk)
{
    u64 *a = (u64 *)heap, sum = 0;

    for (u32 round = 0; round < 12000; round++) {
        for (u32 i = 0; i < 8192; i += 4) {
            a[i] += round;
            a[i + 1] ^= a[i];
            sum += a[i + 2] + a[i + 3];
        }
    }
    return sum;
}

KERNEL(random)
{
    u64 *a = (u64 *)heap, x = 1, sum = 0;

    for (u32 i = 0; i < 4000000; i++) {
        x = x * 6364136223846793005ul + 1442695040888963407ul;
        sum += a[x >> 45]++;
    }
    return sum;
}

/* ---- floating point ---- */

KERNEL(matmul)
{
    double *a = (double *)heap, *b = a + 128 * 128, *c = b + 128 * 128;

    for (u32 i = 0; i < 128 * 128; i++) {
        a[i] = i * 0.5;
        b[i] = i * 0.25;
    }
    for (u32 round = 0; round < 4; round++) {
        for (u32 i = 0; i < 128; i++) {
            for (u32 j = 0; j < 128; j++) {
                double sum = 0;
                for (u32 k = 0; k < 128; k++) {
                    sum += a[i * 128 + k] * b[k * 128 + j];
                }
                c[i * 128 + j] = sum;
            }
        }
    }
    return (u64)c[1234];
}

KERNEL(x87)
{
    volatile double seed = 0.5;
    long double x = seed, y = 0;

    for (u32 i = 0; i < 2000000; i++) {
        x = x * 1.0000001L + 0.25L;
        y += x / 3.0L;
    }
    return (u64)y;
}

KERNEL(sse)
{
    float *a = (float *)heap, sum = 0;

    for (u32 i = 0; i < 4096; i++) {
        a[i] = (float)i;
    }
    for (u32 round = 0; round < 1200; round++) {
        for (u32 i = 0; i < 4096; i++) {
            a[i] = a[i] * 0.999f + 1.5f;
            sum += a[i];
        }
    }
    return (u64)sum;
}

KERNEL(rep)
{
    u8 *to = heap + (8 << 20), *from = heap;
    u64 count;

    for (u32 i = 0; i < 4; i++) {
        count = 4 << 20;
        to = heap + (8 << 20);
        from = heap;
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count)::"memory");
    }
    return heap[9 << 20];
}

/* ---- all of them ---- */

static const struct {
    const char *name;
    u64 (*run)(void);
} kernels[] = {
    {"alu", alu},       {"sieve", sieve},       {"quicksort", quicksort},
    {"hash", hash},     {"crc32", crc32},       {"bytecode", bytecode},
    {"fib", fib},       {"pointers", pointers}, {"walk", walk},
    {"random", random}, {"matmul", matmul},     {"x87", x87},
    {"sse", sse},       {"rep", rep},
};

static int is_same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* The last two words of the command line: a number and a name. */
static const char *parse(char *text, u32 *rounds)
{
    char *name = text, *number = text;

    for (; *text; text++) {
        if (*text == ' ') {
            *text = 0;
            number = name;
            name = text + 1;
        }
    }
    for (*rounds = 0; *number >= '0' && *number <= '9'; number++) {
        *rounds = *rounds * 10 + (u32)(*number - '0');
    }
    return name;
}

void bench_main(char *command_line)
{
    u32 rounds;
    const char *name = parse(command_line, &rounds);

    for (u32 i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
        u64 result = 0;
        if (!is_same(kernels[i].name, name)) {
            continue;
        }
        for (u32 round = 0; round < rounds; round++) {
            u64 cr3;
            __asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(cr3)::"memory");
            result = kernels[i].run();
        }
        for (const char *p = name; *p; p++) {
            put(*p);
        }
        put(' ');
        for (int shift = 60; shift >= 0; shift -= 4) {
            put("0123456789abcdef"[result >> shift & 15]);
        }
        put('\n');
    }
}
