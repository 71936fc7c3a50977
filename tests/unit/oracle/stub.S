/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way into one instruction under test and back. What is between oracle_stub and
 * oracle_stub_end runs from a copy at ORACLE_STUB: it has absolute addresses only.
 */
#include "tests/unit/oracle/layout.h"

#define IN(offset)      (ORACLE_CONTEXT + CONTEXT_IN + offset)
#define OUT(offset)     (ORACLE_CONTEXT + CONTEXT_OUT + offset)
#define CONTEXT(offset) (ORACLE_CONTEXT + offset)
#define GPR(n)          (STATE_GPR + 8 * n)
#define SELECTOR(n)     (STATE_SELECTOR + 2 * n)

    .text
    .globl oracle_stub, oracle_stub_far, oracle_stub_exit, oracle_stub_end, oracle_signal

    .macro enter
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    pushfq
    sub $8, %rsp
    mov %rsp, CONTEXT(CONTEXT_HOST_RSP)
    /* New code was written through another mapping: IRET serializes (SDM vol. 3, 8.1.3). */
    cmpl $0, CONTEXT(CONTEXT_SERIALIZE)
    je 1f
    movl $0, CONTEXT(CONTEXT_SERIALIZE)
    mov %rsp, %rax
    pushq $ORACLE_SS64
    push %rax
    pushfq
    pushq $ORACLE_CS64
    lea 1f(%rip), %rax
    push %rax
    iretq
1:
    fxrstor64 IN(STATE_FX)
    .endm

    .macro load_general
    mov IN(GPR(0)), %rax
    mov IN(GPR(1)), %rcx
    mov IN(GPR(2)), %rdx
    mov IN(GPR(3)), %rbx
    mov IN(GPR(5)), %rbp
    mov IN(GPR(6)), %rsi
    mov IN(GPR(7)), %rdi
    mov IN(GPR(8)), %r8
    mov IN(GPR(9)), %r9
    mov IN(GPR(10)), %r10
    mov IN(GPR(11)), %r11
    mov IN(GPR(12)), %r12
    mov IN(GPR(13)), %r13
    mov IN(GPR(14)), %r14
    mov IN(GPR(15)), %r15
    .endm

/* All but CS and SS; the host's are back then. Changes RAX. */
    .macro store_segments
    mov %es, OUT(SELECTOR(0))
    mov %ds, OUT(SELECTOR(3))
    mov %fs, OUT(SELECTOR(4))
    mov %gs, OUT(SELECTOR(5))
    rdfsbase %rax
    mov %rax, OUT(STATE_FS_BASE)
    rdgsbase %rax
    mov %rax, OUT(STATE_GS_BASE)
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    mov CONTEXT(CONTEXT_HOST_FS), %rax
    wrfsbase %rax
    mov CONTEXT(CONTEXT_HOST_GS), %rax
    wrgsbase %rax
    .endm

/* void (void): to 64-bit code, segments as they are, FS and GS bases from the state */
oracle_stub:
    enter
    mov IN(STATE_FS_BASE), %rax
    wrfsbase %rax
    mov IN(STATE_GS_BASE), %rax
    wrgsbase %rax
    movl $1, CONTEXT(CONTEXT_RUNNING)
    pushq IN(STATE_RFLAGS)
    popfq
    load_general
    mov IN(GPR(4)), %rsp
    jmp *IN(STATE_RIP)

/* void (void): to 16- or 32-bit code through CONTEXT_TARGET, all segments from the state */
oracle_stub_far:
    enter
    mov IN(SELECTOR(0)), %es
    mov IN(SELECTOR(3)), %ds
    mov IN(SELECTOR(4)), %fs
    mov IN(SELECTOR(5)), %gs
    movl $1, CONTEXT(CONTEXT_RUNNING)
    pushq IN(STATE_RFLAGS)
    popfq
    load_general
    mov IN(SELECTOR(2)), %ss
    mov IN(GPR(4)), %rsp
    ljmpl *CONTEXT(CONTEXT_TARGET)

/* The instruction is done and control fell through to the jump behind it. */
oracle_stub_exit:
    mov %rsp, OUT(GPR(4))
    mov CONTEXT(CONTEXT_HOST_RSP), %rsp
    mov %rax, OUT(GPR(0))
    mov %rcx, OUT(GPR(1))
    mov %rdx, OUT(GPR(2))
    mov %rbx, OUT(GPR(3))
    mov %rbp, OUT(GPR(5))
    mov %rsi, OUT(GPR(6))
    mov %rdi, OUT(GPR(7))
    mov %r8, OUT(GPR(8))
    mov %r9, OUT(GPR(9))
    mov %r10, OUT(GPR(10))
    mov %r11, OUT(GPR(11))
    mov %r12, OUT(GPR(12))
    mov %r13, OUT(GPR(13))
    mov %r14, OUT(GPR(14))
    mov %r15, OUT(GPR(15))
    pushfq
    popq OUT(STATE_RFLAGS)
    fxsave64 OUT(STATE_FX)
    mov %ss, OUT(SELECTOR(2))
    store_segments
oracle_stub_return:
    mov $ORACLE_SS64, %eax
    mov %eax, %ss
    movl $0, CONTEXT(CONTEXT_RUNNING)
    fninit
    ldmxcsr CONTEXT(CONTEXT_MXCSR)
    add $8, %rsp
    popfq
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
oracle_stub_end:

/*
 * void (int, siginfo_t *, void *), on the alternate stack. The kernel leaves data segments and
 * their bases as the instruction had them, so no C may run before FS is right again.
 */
oracle_signal:
    pushfq
    andl $~0x40000, (%rsp) /* AC */
    popfq
    cmpl $0, CONTEXT(CONTEXT_RUNNING)
    je oracle_native_stray
    store_segments
    sub $8, %rsp
    call oracle_native_signal
    mov CONTEXT(CONTEXT_HOST_RSP), %rsp
    jmp oracle_stub_return

    .section .note.GNU-stack, "", @progbits
