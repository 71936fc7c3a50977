; SPDX-License-Identifier: GPL-2.0-or-later
; Code that changes: the next instruction, the running block, another page, through other addresses,
; by string instructions, by DMA, by another processor, by the page tables. Intel SDM vol. 3,
; 8.1.3 and 11.6: on one processor a jump is enough, and newer ones need not even that.
%include "guest.inc"

P0              equ 0x100000
P1              equ 0x101000
P2              equ 0x102000
ALIAS           equ 0x180000
FW_CFG_DMA      equ 0x514
ROUNDS          equ 300

section .data
        align   8
dma             dd 0, 0, 0, 0           ; big-endian: control, length, address
signature       db "QEMU"
flag            dd 0, 0
section .text

; A function at an address: MOV EAX, value; RET.
%macro FUNCTION 2                       ; address, value
        mov     byte [%1], 0xb8
        mov     dword [%1 + 1], %2
        mov     byte [%1 + 5], 0xc3
%endmacro
%macro CALLS 3                          ; address, value, name
        mov     eax, %1
        call    XAX
        CHECK32 eax, %2, %3
%endmacro

; What every mode repeats.
%macro SMC_TESTS 0
        FUNCTION P0, 1
        CALLS   P0, 1, "function"
        mov     dword [P0 + 1], 2
        CALLS   P0, 2, "function, operand changed"
        mov     byte [P0 + 1], 3
        CALLS   P0, 3, "function, one byte changed"
        mov     byte [P0], 0xb9         ; mov ecx
        mov     ecx, 77
        CALLS   P0, P0, "function, opcode changed"
        CHECK32 ecx, 3, "function, opcode changed: other register"

        ; The next instruction, and one further on in the same block.
        mov     ebx, 10
        mov     byte [%%next + 1], 5
        jmp     %%next
%%next: mov     bl, 0
        CHECK32 ebx, 5, "next instruction behind a jump"
        mov     ecx, 20
%%loop: mov     [%%imm + 1], cl
        nop
%%imm:  mov     bl, 0
        cmp     bl, cl
        jne     %%differ
        dec     ecx
        jnz     %%loop
%%differ:
        CHECK32 ecx, 0, "the block that runs, twenty times"
        ; Behind CPUID, which serializes, nothing old may be left, whatever the processor.
        mov     byte [%%serial + 1], 9
        push    XBX
        xor     eax, eax
        cpuid
        pop     XBX
%%serial:
        mov     bl, 0
        CHECK32 ebx, 9, "behind a serializing instruction"
        mov     byte [%%serial + 1], 0
        mov     byte [%%next + 1], 0

        ; Data and code in one page: neither disturbs the other.
        FUNCTION P0, 0x1111
        mov     ecx, 1000
%%data: inc     dword [P0 + 0x800]
        mov     edx, ecx
        mov     eax, P0
        call    XAX
        cmp     eax, 0x1111
        jne     %%data_bad
        mov     ecx, edx
        dec     ecx
        jnz     %%data
%%data_bad:
        CHECK32 ecx, 0, "data in a page of code"

        ; An instruction across a page edge, both halves changed.
        mov     byte [P1 - 2], 0xb8
        mov     byte [P1 - 1], 0x44
        mov     dword [P1], 0xc3112233
        CALLS   P1 - 2, 0x11223344, "across pages"
        mov     byte [P1], 0x55
        CALLS   P1 - 2, 0x11225544, "across pages, second half changed"
        mov     byte [P1 - 1], 0x66
        CALLS   P1 - 2, 0x11225566, "across pages, first half changed"
        mov     dword [P1 - 1], 0x88776655
        CALLS   P1 - 2, 0x88776655, "across pages, changed by a write across"

        ; By string instructions.
        FUNCTION P0, 1
        FUNCTION P2, 0x2222
        CALLS   P0, 1, "before rep movsb"
        mov     esi, P2
        mov     edi, P0
        mov     ecx, 6
        rep movsb
        CALLS   P0, 0x2222, "rep movsb over a function"
        mov     eax, 0xc3c3c3c3
        mov     edi, P0
        mov     ecx, 0x2000 / 4
        rep stosd
        CALLS   P0, P0, "rep stosd over a function"
        FUNCTION P0, 3
        CALLS   P0, 3, "a function again"
        mov     eax, P0
        lock inc byte [XAX + 1]
        CALLS   P0, 4, "lock inc in a function"
        mov     eax, 9
        xchg    al, [P0 + 1]
        CALLS   P0, 9, "xchg in a function"
        push    XBX
        mov     [flag], XSP
        mov     esp, P0 + 8
        push    0x55                    ; onto the second half of the function's page
        mov     XSP, [flag]
        pop     XBX
        FUNCTION P0, 10
        CALLS   P0, 10, "after a push into it"

        ; A routine that changes its caller.
        mov     ebx, 0
        call    %%changer
%%changed:
        mov     bl, 1
        CHECK32 ebx, 2, "the caller's next instruction"
        mov     byte [%%changed + 1], 1
        jmp     %%changer_done
%%changer:
        mov     byte [%%changed + 1], 2
        ret
%%changer_done:
        ; Generated code, each time another.
        mov     ecx, ROUNDS
%%generate:
        mov     [P0 + 1], ecx
        mov     edx, ecx
        mov     eax, P0
        call    XAX
        cmp     eax, edx
        jne     %%generated
        dec     ecx
        jnz     %%generate
%%generated:
        CHECK32 ecx, 0, "a function that is generated again and again"
        ; fw_cfg's DMA (QEMU docs/specs/fw_cfg.txt): file 0, the signature, into code.
        FUNCTION P0, 5
        CALLS   P0, 5, "before DMA"
        mov     dword [dma], 0x0a000000 ; select item 0, read
        mov     dword [dma + 4], 0x04000000
        mov     dword [dma + 8], 0
        mov     eax, P0 + 1
        bswap   eax
        mov     [dma + 12], eax
        mov     edx, FW_CFG_DMA
        xor     eax, eax
        out     dx, eax
        mov     eax, dma
        bswap   eax
        add     edx, 4
        out     dx, eax
%%wait: mov     eax, [dma]
        and     eax, 0xfeffffff         ; all but the error bit, big-endian
        jnz     %%wait
        CALLS   P0, "QEMU", "DMA into a function"
%endmacro

        MODE    16
main:   call    install_real

        SECTION "real mode"
        mov     byte [.next + 1], 5
        jmp     .next
.next:  mov     bl, 0
        movzx   eax, bl
        CHECK   eax, 5, "next instruction behind a jump"
        mov     cx, 100
.loop:  mov     [.imm + 1], cl
        jmp     .imm
.imm:   mov     bl, 0
        cmp     bl, cl
        jne     .differ
        loop    .loop
.differ:
        movzx   eax, cx
        CHECK   eax, 0, "a loop that changes itself"
        ; One code at two segments' addresses.
        mov     byte [0xf000], 0xb0     ; mov al, 1; retf
        mov     word [0xf001], 0xcb01
        call    0xf00:0
        movzx   eax, al
        CHECK   eax, 1, "by F00:0"
        mov     ax, 0x800
        mov     es, ax
        mov     byte [es:0x7001], 2
        call    0:0xf000
        movzx   eax, al
        CHECK   eax, 2, "changed by another segment"

        SECTION "32 bits"
        ENTER_PROTECTED
%define XBX ebx
        SMC_TESTS
        LEAVE_PROTECTED

        SECTION "64 bits"
        ENTER_LONG
%define XBX rbx
        SMC_TESTS
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "mappings"
        ENTER_LONG
%macro MAP 2
        mov     qword [LONG_PT + ((%1) >> 12) * 8], %2 | 7
        invlpg  [%1]
%endmacro
        FUNCTION P0, 1
        FUNCTION P2, 3
        MAP     ALIAS, P0
        CALLS   P0, 1, "by its address"
        CALLS   ALIAS, 1, "by its alias"
        mov     dword [ALIAS + 1], 2
        CALLS   P0, 2, "changed through the alias, run at the address"
        CALLS   ALIAS, 2, "changed through the alias, run there"
        mov     dword [P0 + 1], 4
        CALLS   ALIAS, 4, "changed at the address, run at the alias"
        MAP     ALIAS, P2
        CALLS   ALIAS, 3, "mapped elsewhere"
        MAP     ALIAS, P0
        CALLS   ALIAS, 4, "and back"
        mov     qword [LONG_PT + (ALIAS >> 12) * 8], P2 | 7
        mov     rax, cr3
        mov     cr3, rax
        CALLS   ALIAS, 3, "mapped elsewhere by CR3"
        ; Pages swapped while code runs across them.
        mov     byte [P0 + 0xffe], 0x90
        mov     byte [P0 + 0xfff], 0x90
        MAP     ALIAS, P0
        MAP     ALIAS + 0x1000, P2
        CALLS   ALIAS + 0xffe, 3, "on into the next page"
        FUNCTION P1, 7
        MAP     ALIAS + 0x1000, P1
        CALLS   ALIAS + 0xffe, 7, "on into another page"
        ; A page of code that becomes read-only, and is written without WP.
        mov     qword [LONG_PT + (P0 >> 12) * 8], P0 | 5
        invlpg  [P0]
        mov     dword [P0 + 1], 8
        CALLS   ALIAS, 8, "written while read-only, WP off"
        ; The page tables lie in a page of code, too: an entry is changed beside a function.
        FUNCTION LONG_PT + 0x1ff0, 6
        CALLS   LONG_PT + 0x1ff0, 6, "function among page tables"
        MAP     ALIAS, P2
        CALLS   ALIAS, 3, "entry changed in that page"
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "another processor"
        ENTER_PROTECTED
        FUNCTION P0, 0
        mov     dword [flag], 0
        mov     dword [flag + 4], 0
        mov     byte [0x1000], 0xea     ; jmp 0:ap
        mov     word [0x1001], ap
        mov     word [0x1003], 0
        mov     dword [0xfee000f0], 0x1ff
        mov     dword [0xfee00300], 0xc4500
        mov     ecx, 200000
        loop    $
        mov     dword [0xfee00300], 0xc4601
        mov     ecx, 50000000
.wait:  cmp     dword [flag + 4], 1
        je      .started
        pause
        loop    .wait
        CHECK   [flag + 4], 1, "second processor"
        jmp     .smp_done
.started:
        mov     edx, 1
.round: mov     [P0 + 1], edx
        mov     [flag], edx
.answer:
        pause
        cmp     [flag + 4], edx
        je      .answer
        mov     eax, [flag + 4]
        inc     edx
        cmp     eax, edx
        jne     .smp_bad
        cmp     edx, ROUNDS
        jne     .round
.smp_bad:
        CHECK   edx, ROUNDS, "code written by one, run by the other: round"
        CHECK   eax, ROUNDS, "code written by one, run by the other: answer"
        mov     dword [flag], -1
.smp_done:
        LEAVE_PROTECTED
        END_OF_GUEST

; The second processor: runs the function that the first has written, after CPUID, and answers
; with what it returned, plus 1; so it waits with 1 when it has come.
        MODE    16
ap:     cli
        xor     ax, ax
        mov     ds, ax
        lgdt    [gdt_pointer]
        mov     eax, cr0
        or      al, CR0_PE
        mov     cr0, eax
        jmp     dword KERNEL_CODE:.protected
        MODE    32
.protected:
        mov     ax, KERNEL_DATA
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     esp, 0x2000
        mov     dword [flag + 4], 1
        mov     esi, 1
.next:  pause
        cmp     [flag], esi
        jb      .next
        xor     eax, eax
        cpuid
        mov     eax, P0
        call    eax
        cmp     eax, -1
        je      .halt
        inc     eax
        inc     esi
        mov     [flag + 4], eax
        cmp     esi, ROUNDS
        jne     .next
.halt:  cli
        hlt
        jmp     .halt
