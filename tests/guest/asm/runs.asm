; SPDX-License-Identifier: GPL-2.0-or-later
; Moves, pushes and pops one behind the other, which a software processor may take together: every
; three of a kind give what they give one by one, and a fault in their midst finds all before it
; done and nothing behind it. NOPs between them. Intel SDM vol. 3, 6.5: faults restart.
%include "guest.inc"

P0              equ 0x100000
P1              equ 0x101000
P2              equ 0x102000
ONES            equ 0x1111111111111111

%macro PTE 2
        mov     dword [LONG_PT + ((%1) >> 12) * 8], %2
        invlpg  [%1]
%endmacro

; One of six: between registers and with memory, of 8 and 4 bytes, and a push.
%macro ONE 1
  %if %1 == 0
        mov     r8, r9
  %elif %1 == 1
        mov     r10d, r8d
  %elif %1 == 2
        mov     r9, [rbx + 8]
  %elif %1 == 3
        mov     r8d, [rbx + 4]
  %elif %1 == 4
        mov     [rbx + 8], r8
  %else
        push    r9
  %endif
%endmacro

; Three at once, then one by one, then with NOPs: RDI counts what differs.
%macro THREE 3
        call    begin
        mov     rsp, P1 + 0x100
        ONE     %1
        ONE     %2
        ONE     %3
        mov     r14, rsp
        mov     rsp, rbp
        call    digest
        mov     rsi, rax
        call    begin
        mov     rsp, P1 + 0x100
        ONE     %1
        jmp     short %%second
%%second:
        ONE     %2
        jmp     short %%third
%%third:
        ONE     %3
        mov     r14, rsp
        mov     rsp, rbp
        call    digest
        cmp     rsi, rax
        setne   cl
        add     edi, ecx
%endmacro

; FAULT_AT error code, CR2, "name": PF at the label .at of what stands between this and FAULT_END,
; in ring 3.
%macro FAULT_AT 3
  %define FAULT_NAME %3
  %assign FAULT_ERROR %1
  %assign FAULT_CR2 %2
        EXPECT_BEGIN %%done
  %define FAULT_DONE %%done
        USER_BEGIN
%endmacro
%macro FAULT_END 1
        hlt
FAULT_DONE:
        EXPECT_END PF, FAULT_ERROR, %1, FAULT_NAME
        CHECK   [exc_cr2], FAULT_CR2, FAULT_NAME
%endmacro

; Registers whose contents tell them apart.
%macro FILL 0
        mov     rax, ONES
        mov     rbx, P0
        mov     rcx, P1
        lea     r8, [rax]
        lea     r9, [r8 + rax]
        lea     r10, [r9 + rax]
        lea     r11, [r10 + rax]
        lea     r12, [r11 + rax]
%endmacro

        MODE    16
main:   call    install_real

        SECTION "three of a kind"
        ENTER_LONG
        xor     edi, edi
%assign a 0
%rep 6
  %assign b 0
  %rep 6
    %assign c 0
    %rep 6
        THREE   a, b, c
      %assign c c + 1
    %endrep
    %assign b b + 1
  %endrep
  %assign a a + 1
%endrep
        CHECK   rdi, 0, "three at once as one by one"

        SECTION "runs of pushes and pops"
        FILL
        mov     rdx, rsp
        push    r8
        push    r9
        push    rsp
        push    r10
        push    r11
        push    r12
        push    rbx
        push    rcx
        lea     rdi, [rdx - 64]
        CHECK   rsp, rdi, "eight pushes"
        CHECK   [rsp + 56], ONES, "the first one"
        lea     rdi, [rdx - 16]
        CHECK   [rsp + 40], rdi, "push rsp: the value before"
        CHECK   [rsp + 32], ONES * 3, "behind it"
        CHECK   [rsp], P1, "the last one"
        pop     r8
        pop     r9
        pop     r10
        pop     r11
        pop     r12
        pop     rsp
        CHECK   rsp, rdi, "pop rsp: the value popped"
        CHECK   r8, P1, "the first pop"
        CHECK   r12, ONES * 3, "the fifth pop"
        mov     rsp, rdx
        ; Across the edge of two pages that are there.
        FILL
        mov     rsp, P1 + 16
        push    r8
        push    r9
        push    r10
        push    r11
        pop     r8
        pop     r9
        pop     r10
        pop     r11
        mov     rdi, rsp
        mov     rsp, rdx
        CHECK   rdi, P1 + 16, "across an edge: RSP"
        CHECK   [P1 - 8], ONES * 3, "across an edge: third push"
        CHECK   r8, ONES * 4, "across an edge: first pop"
        CHECK   r11, ONES, "across an edge: last pop"

        SECTION "faults in their midst"
        mov     ebp, 2                  ; once more, when the pages are known
.again: PTE     P1, 0
        FILL
        mov     qword [user_sp], P2 + 16
        mov     qword [P2], 0
        mov     qword [P2 + 8], 0
        FAULT_AT 6, P1 + 0xff8, "third push into an absent page"
        push    r8
        push    r9
.push:  push    r10
        push    r11
        FAULT_END .push
        CHECK   [exc_sp], P2, "third push into an absent page: RSP"
        CHECK   [P2 + 8], ONES, "the first push is done"
        CHECK   [P2], ONES * 2, "the second push is done"

        mov     qword [user_sp], P1 - 16
        mov     qword [P1 - 16], 5
        mov     qword [P1 - 8], 6
        FAULT_AT 4, P1, "third pop from an absent page"
        pop     r8
        pop     r9
.pop:   pop     r10
        pop     r11
        FAULT_END .pop
        CHECK   [exc_sp], P1, "third pop from an absent page: RSP"
        CHECK   r8, 5, "the first pop is done"
        CHECK   r9, 6, "the second pop is done"
        CHECK   r10, ONES * 3, "the third pop is not"

        FILL
        mov     qword [P0], 7
        FAULT_AT 4, P1, "first of three"
.first: mov     r10, [rcx]
        mov     r8, r9
        mov     r11, [rbx]
        FAULT_END .first
        CHECK   r8, ONES, "first of three: nothing is done"
        FAULT_AT 4, P1 + 4, "second of three"
        mov     r10, [rbx]
.second:
        mov     r11d, [rcx + 4]
        mov     r8, r9
        FAULT_END .second
        CHECK   r10, 7, "second of three: the first is done"
        CHECK   r11, ONES * 4, "second of three: it is not"
        CHECK   r8, ONES, "second of three: nor is the third"
        PTE     P1, P1 | 5
        FILL
        FAULT_AT 7, P1, "third of three, a write to a page that may be read"
        mov     r10, [rbx]
        mov     r8, r9
.third: mov     [rcx], r8
        mov     r11, r12
        FAULT_END .third
        CHECK   r10, 7, "third of three: the first is done"
        CHECK   r8, ONES * 2, "third of three: the second is done"
        CHECK   r11, ONES * 4, "third of three: what follows is not"
        ; What ends such a run: a return, a call, a test with its branch.
        PTE     P1, 0
        FILL
        mov     qword [user_sp], P1 - 16
        mov     qword [P1 - 16], 5
        mov     qword [P1 - 8], 6
        FAULT_AT 4, P1, "return behind two pops, from an absent page"
        pop     r8
        pop     r9
.ret:   ret
        FAULT_END .ret
        CHECK   [exc_sp], P1, "return from an absent page: RSP"
        CHECK   r8, 5, "return from an absent page: the first pop is done"
        CHECK   r9, 6, "return from an absent page: the second pop is done"
        mov     qword [user_sp], P2
        FAULT_AT 6, P1 + 0xff8, "call behind two moves, an absent stack"
        mov     r10, [rbx]
        mov     r11, r12
.call:  call    main
        FAULT_END .call
        CHECK   [exc_sp], P2, "call on an absent stack: RSP"
        CHECK   r10, 7, "call on an absent stack: the first move is done"
        CHECK   r11, ONES * 5, "call on an absent stack: the second move is done"
        mov     qword [user_sp], P1 - 24
        mov     rax, .returned
        mov     [P1 - 8], rax
        mov     qword [P1 - 24], 8
        mov     qword [P1 - 16], 9
        EXPECT_BEGIN .return_done
        USER_BEGIN
        pop     r8
        pop     r9
        ret
        ud2
.returned:
        hlt
.return_done:
        EXPECT_END GP, 0, .returned, "return behind two pops"
        CHECK   [exc_sp], P1, "return behind two pops: RSP"
        CHECK   r9, 9, "return behind two pops: the second one"
        PTE     P1, P1 | 7
        dec     ebp
        jnz     near .again
        mov     qword [user_sp], USER_STACK

        SECTION "accessed and dirty"
        FILL
        mov     r8, r9
        mov     r10, [rcx]
        mov     r11, r12
        mov     edx, [LONG_PT + (P1 >> 12) * 8]
        CHECK32 edx, P1 | 0x27, "a read sets A"
        mov     r8, r9
        mov     [rcx], r8
        mov     r11, r12
        mov     edx, [LONG_PT + (P1 >> 12) * 8]
        CHECK32 edx, P1 | 0x67, "a write sets D"

        SECTION "code that changes"
        mov     ebp, 3
.patch: FILL
        mov     rdx, 0x0000441f0fc28945 ; mov r10d, r8d; nop
        cmp     ebp, 2
        je      .write
        mov     rdx, 0x0000441f0fda8945 ; mov r10d, r11d; nop
.write: mov     r8, r9
        mov     [rel .next], rdx
.next:  mov     r10d, r11d
        nop     dword [rax]
        nop
        nop
        mov     rsi, ONES * 4 & 0xffffffff
        cmp     ebp, 2
        jne     .other
        mov     rsi, ONES * 2 & 0xffffffff
.other: CHECK   r10, rsi, "the instruction behind a write"
        dec     ebp
        jnz     .patch

        SECTION "tests behind moves"
        mov     ebp, 3
.tests: FILL
        mov     qword [rbx], 0
        mov     r8, [rbx]
        test    r8, r8
        jz      .zero
        xor     r12, r12
.zero:  mov     r10, r9
        mov     r8d, [rbx]
        test    r8d, r8d
        jnz     .wrong
        mov     r8, r11
        mov     r10, r8
        test    r10, r10
        jnz     .right
.wrong: xor     r12, r12
.right: pushfq
        pop     rdx
        and     edx, 0x8c5              ; OF SF ZF PF CF of the last test
        CHECK   r12, ONES * 5, "tests behind moves"
        CHECK32 edx, 4, "their flags"
        dec     ebp
        jnz     .tests

        SECTION "nops"
        jmp     .nops
.nops:  nop
        nop     dword [rax + 0x12]
        nop     word [rax + rax]
        FAULTS  UD, 0, "behind nops", ud2
        EXPECT_BEGIN .behind
        jmp     .nop
.nop:   nop
        nop
.ud:    ud2
.behind:
        EXPECT_END UD, 0, .ud, "nops at a block's begin"
        FILL
        cmp     r8, r9
        nop
        jne     .differ
        mov     r8, r12
.differ:
        CHECK   r8, ONES, "a nop between compare and branch"
        LEAVE_LONG
        LEAVE_PROTECTED
        END_OF_GUEST

; What ONE works on; RBP is the stack.
        MODE    64
begin:  FILL
        lea     rbp, [rsp + 8]          ; as it is behind RET
        mov     qword [rbx], 0x1234
        mov     [rbx + 8], r12
        mov     [P1 + 0xe8], rcx
        mov     [P1 + 0xf0], rcx
        mov     [P1 + 0xf8], rcx
        xor     ecx, ecx
        ret
; All that it can have changed, in RAX; R14 is where its stack was.
digest: xor     eax, eax
%macro MIX 1
        add     rax, %1
        rol     rax, 7
        imul    rax, rax, 31
%endmacro
        MIX     r8
        MIX     r9
        MIX     r10
        MIX     [rbx]
        MIX     [rbx + 8]
        MIX     [P1 + 0xe8]
        MIX     [P1 + 0xf0]
        MIX     [P1 + 0xf8]
        MIX     r14
        ret
