; SPDX-License-Identifier: GPL-2.0-or-later
; Paging: two levels with 4 MiB pages, PAE, four levels; error codes, CR2, A and D, pages that
; end in the middle of an access, reserved bits, NX, addresses that are not canonical.
; Intel SDM vol. 3, chapter 4.
%include "guest.inc"

P0              equ 0x100000
P1              equ 0x101000
P2              equ 0x102000

%macro WP_ON 0
        mov     XAX, cr0
        or      eax, CR0_WP
        mov     cr0, XAX
%endmacro
%macro WP_OFF 0
        mov     XAX, cr0
        and     eax, ~CR0_WP
        mov     cr0, XAX
%endmacro
%macro NXE 1                            ; 1 or 0
        mov     ecx, MSR_EFER
        rdmsr
        and     eax, ~EFER_NXE
        or      eax, %1 * EFER_NXE
        wrmsr
%endmacro
%macro FETCHES_FAULT_AT 4               ; error code, where to jump, CR2, name
        EXPECT_BEGIN %%done
        mov     eax, %2
        jmp     XAX
%%done: EXPECT_END PF, %1, %2, %4
        CHECK   [exc_cr2], %3, %4
%endmacro
%macro FETCHES_FAULT_FROM 4             ; error code, where to jump, CR2 = saved IP, name
        EXPECT_BEGIN %%done
        mov     eax, %2
        jmp     XAX
%%done: EXPECT_END PF, %1, %3, %4
        CHECK   [exc_cr2], %3, %4
%endmacro
%macro FETCHES_FAULT 3
        FETCHES_FAULT_AT %1, %2, %2, %3
%endmacro
%macro USER_FETCHES_FAULT 3
        EXPECT_BEGIN %%done
        USER_BEGIN
        mov     eax, %2
        jmp     XAX
%%done: EXPECT_END PF, %1, %2, %3
        CHECK   [exc_cr2], %2, %3
%endmacro

        MODE    16
main:   call    install_real

        SECTION "two levels"
        ENTER_PROTECTED
        call    two_levels
        mov     eax, cr4
        or      eax, CR4_PSE | CR4_PGE
        mov     cr4, eax
        mov     eax, TABLES
        mov     cr3, eax
        mov     eax, cr0
        or      eax, CR0_PG
        RUNS    "two levels: paging on", mov cr0, eax
        cmp     dword [exc_vector], NONE
        jne     near no_two
%macro PTE 2
        mov     dword [PTE_OF(%1)], %2
        invlpg  [%1]
%endmacro
%define PTE_OF(address) (TABLES + 0x1000 + ((address) >> 12) * 4)
%define FETCH 0
%define WORD_SIZE 4
%define W dword
%include "paging-body.inc"

        mov     dword [P0], 0x13572468
        mov     ecx, [TABLES + 4]
        and     ecx, ~0x60
        mov     [TABLES + 4], ecx
        invlpg  [0x400000]
        mov     eax, cr3
        mov     cr3, eax
        mov     ecx, [0x400000]
        mov     ecx, [TABLES + 4]
        CHECK   ecx, 0x4000a7, "4 MiB page: a read sets A"
        mov     dword [0x5ffffc], 0x24681357
        CHECK   [TABLES + 4], 0x4000e7, "4 MiB page: a write sets D"
        mov     dword [TABLES + 8], 0x400087
        invlpg  [0x800000]
        CHECK   [0x9ffffc], 0x24681357, "4 MiB page: address"
        mov     dword [TABLES + 8], 0x400083
        invlpg  [0x800000]
        USER_FAULTS_PAGE 5, 0x812345, "4 MiB page: supervisor", mov cl, [0x812345]
        mov     dword [TABLES + 8], 0x400085
        invlpg  [0x800000]
        FAULTS_PAGE 3, 0x812345, "4 MiB page: read-only", mov [0x812345], cl
        mov     dword [TABLES + 8], 0x600087 ; bit 21 is reserved: PSE-36 has bits 13 to 20
        invlpg  [0x800000]
        FAULTS_PAGE 9, 0x812345, "4 MiB page: reserved bit, read", mov cl, [0x812345]
        FAULTS_PAGE 0xb, 0x812345, "4 MiB page: reserved bit, write", mov [0x812345], cl
        USER_FAULTS_PAGE 0xd, 0x812345, "4 MiB page: reserved bit, user", mov cl, [0x812345]
        mov     dword [TABLES + 8], 0
        invlpg  [0x800000]
        FAULTS_PAGE 0, 0xabcdef, "absent directory entry", mov cl, [0xabcdef]
        mov     dword [TABLES + 8], (TABLES + 0x1000) | 5
        invlpg  [0x800000 + P0]
        mov     cl, [0x800000 + P0]
        mov     ecx, [TABLES + 8]
        CHECK   ecx, (TABLES + 0x1000) | 0x25, "a walk sets A of the directory entry"
        FAULTS_PAGE 3, 0x800000 + P0, "read-only directory entry", mov [0x800000 + P0], cl
        mov     dword [TABLES + 8], (TABLES + 0x1000) | 3
        invlpg  [0x800000 + P0]
        USER_FAULTS_PAGE 5, 0x800000 + P0, "supervisor directory entry", mov cl, [0x800000 + P0]
        ; Without CR4.PSE, bit 7 means nothing.
        mov     dword [SCRATCH + 0x1000], P0 | 7
        mov     eax, cr4
        and     eax, ~CR4_PSE
        mov     dword [TABLES + 8], (SCRATCH + 0x1000) | 0x87
        mov     cr4, eax
        invlpg  [0x800000]
        CHECK   [0x800000], 0x13572468, "PS without CR4.PSE"
no_two: call    paging_off
        LEAVE_PROTECTED

        SECTION "PAE"
        ENTER_PROTECTED
        call    pae_levels
        mov     eax, cr4
        or      eax, CR4_PAE | CR4_PGE
        mov     cr4, eax
        mov     eax, TABLES
        mov     cr3, eax
        mov     eax, cr0
        or      eax, CR0_PG
        RUNS    "PAE: paging on", mov cr0, eax
        cmp     dword [exc_vector], NONE
        jne     near no_pae
%unmacro PTE 2
%macro PTE 2-3 0
        mov     dword [PTE_OF(%1)], %2
        mov     dword [PTE_OF(%1) + 4], %3
        invlpg  [%1]
%endmacro
%define PTE_OF(address) (LONG_PT + ((address) >> 12) * 8)
%include "paging-body.inc"
        PTE     P0, P0 | 7, 0x80000000
        FAULTS_PAGE 9, P0, "NX is reserved while EFER.NXE is 0", mov cl, [P0]
        NXE     1
        PTE     P0, P0 | 7, 0x80000000
        RUNS    "NX: read", mov cl, [P0]
        FETCHES_FAULT 0x11, P0, "NX: fetch"
        USER_FETCHES_FAULT 0x15, P0, "NX: user fetch"
        PTE     P0, 0
        FETCHES_FAULT 0x10, P0, "absent, NXE: fetch"
        PTE     P0, P0 | 7, 0x00100000  ; bit 52
        FAULTS_PAGE 9, P0, "reserved bit 52, read", mov cl, [P0]
        PTE     P0, P0 | 7
        mov     dword [LONG_PD + 16], 0x402087
        invlpg  [0x400000]
        FAULTS_PAGE 9, 0x412345, "2 MiB page: reserved bit 13", mov cl, [0x412345]
        mov     dword [LONG_PD + 16], 0x400087
        mov     dword [LONG_PD + 20], 0x80000000
        invlpg  [0x400000]
        mov     byte [0x400000], 0xc3
        CHECK   [LONG_PD + 16], 0x4000e7, "2 MiB page: a write sets A and D"
        FETCHES_FAULT 0x11, 0x400000, "2 MiB page: NX"
        NXE     0
        mov     dword [TABLES + 24], 0
        mov     eax, TABLES
        mov     cr3, eax
        FAULTS_PAGE 0, 0xc0000000, "absent PDPT entry", mov cl, [0xc0000000]
        mov     dword [TABLES + 24], LONG_PD + 0x3000 + 3
        FAULTS  GP, 0, "reserved bit of a PDPT entry, CR3 is written", mov cr3, eax
        mov     dword [TABLES + 24], LONG_PD + 0x3000 + 1
        RUNS    "good PDPT entries", mov cr3, eax
no_pae: call    paging_off
        LEAVE_PROTECTED

        SECTION "four levels"
        ENTER_LONG
        NXE     1
%define FETCH 0x10
%define WORD_SIZE 8
%define W qword
%include "paging-body.inc"
        PTE     P0, P0 | 7, 0x80000000
        RUNS    "NX: write", mov byte [P0], 0xc3
        FETCHES_FAULT 0x11, P0, "NX: fetch"
        USER_FETCHES_FAULT 0x15, P0, "NX: user fetch"
        PTE     P0, P0 | 3, 0x80000000
        USER_FETCHES_FAULT 0x15, P0, "NX and supervisor: user fetch"
        PTE     P0, P0 | 7
        mov     dword [LONG_PD + 8 + 4], 0x80000000
        invlpg  [0x200000]
        mov     byte [0x200000], 0xc3
        FETCHES_FAULT 0x11, 0x200000, "NX in the directory"
        mov     dword [LONG_PD + 8 + 4], 0
        NXE     0
        PTE     P0, P0 | 7, 0x80000000
        FAULTS_PAGE 9, P0, "NX is reserved while EFER.NXE is 0", mov cl, [P0]
        USER_FAULTS_PAGE 0xf, P0, "NX is reserved: user write", mov [P0], cl
        PTE     P0, P0 | 7
        PTE     P1, 0
        FETCHES_FAULT 0, P1, "absent, no NXE: fetch"
        PTE     P1, P1 | 7
        mov     eax, 0x80000008
        cpuid
        movzx   ecx, al
        cmp     ecx, 52
        je      near .all_bits
        mov     rdx, 7 | P0
        bts     rdx, rcx
        mov     [PTE_OF(P0)], rdx
        invlpg  [P0]
        FAULTS_PAGE 9, P0, "first bit beyond MAXPHYADDR", mov cl, [P0]
        mov     rdx, 1 << 51 | 7 | P0
        mov     [PTE_OF(P0)], rdx
        invlpg  [P0]
        FAULTS_PAGE 9, P0, "bit 51", mov cl, [P0]
.all_bits:
        PTE     P0, P0 | 7, 0x7ff00000
        RUNS    "bits 52 to 62 are the system's", mov cl, [P0]
        PTE     P0, P0 | 0xe07
        RUNS    "bits 9 to 11 are the system's", mov cl, [P0]
        PTE     P0, P0 | 7
        mov     dword [LONG_PD + 16], 0x402087
        invlpg  [0x400000]
        FAULTS_PAGE 9, 0x412345, "2 MiB page: reserved bit 13", mov cl, [0x412345]
        FAULTS_PAGE 0xb, 0x412345, "2 MiB page: reserved bit 13, write", mov [0x412345], cl
        mov     dword [LONG_PD + 16], 0x401087
        invlpg  [0x400000]
        RUNS    "2 MiB page: bit 12 is PAT", mov cl, [0x412345]
        mov     dword [LONG_PD + 16], 0x400087
        invlpg  [0x400000]
        mov     cl, [0x400000]
        CHECK32 [LONG_PD + 16], 0x4000a7, "2 MiB page: a read sets A"
        mov     dword [0x5ffffc], 0x24681357
        CHECK32 [LONG_PD + 16], 0x4000e7, "2 MiB page: a write sets D"
        mov     qword [LONG_PD + 24], 0x400087
        invlpg  [0x600000]
        CHECK32 [0x7ffffc], 0x24681357, "2 MiB page: address"
        mov     dword [LONG_PD + 24], 0x600085
        invlpg  [0x600000]
        FAULTS_PAGE 3, 0x700000, "2 MiB page: read-only", mov [0x700000], cl
        mov     dword [LONG_PD + 24], 0x600083
        invlpg  [0x600000]
        USER_FAULTS_PAGE 5, 0x700000, "2 MiB page: supervisor", mov cl, [0x700000]
        mov     dword [LONG_PD + 24], 0
        invlpg  [0x600000]
        FAULTS_PAGE 0, LONG_HOLE, "absent directory entry", mov cl, [LONG_HOLE]
        mov     dword [LONG_PDPT + 24], 0
        mov     dword [LONG_PDPT + 16], (LONG_PD + 0x2000) | 5
        mov     rax, cr3
        mov     cr3, rax
        mov     eax, 0xc0000000
        FAULTS_PAGE 2, 0xc0000000, "absent PDPT entry", mov [rax], cl
        CHECK   [exc_cr2], rax, "CR2 has 64 bits"
        mov     eax, 0x80000000
        FAULTS_PAGE 3, 0x80000000, "read-only PDPT entry", mov [rax], cl
        CHECK32 [LONG_PDPT + 16], (LONG_PD + 0x2000) | 0x25, "a walk sets A of the PDPT entry"
        mov     dword [TABLES + 16], LONG_PDPT | 0x87 ; PML4 entry 2
        mov     rax, 2 << 39
        FAULTS_PAGE 9, rax, "PS of a PML4 entry", mov cl, [rax]
        mov     dword [TABLES + 16], LONG_PDPT | 3
        invlpg  [rax]
        mov     ecx, [rax + P2]
        CHECK32 ecx, [P2], "another PML4 entry"
        CHECK32 [TABLES + 16], LONG_PDPT | 0x23, "a walk sets A of the PML4 entry"
        mov     dword [TABLES + 256 * 8], LONG_PDPT | 7
        mov     rax, 0xffff800000000000
        mov     ecx, [rax + P2]
        CHECK32 ecx, [P2], "the upper half"
        mov     rax, 0xffffff8000001234
        FAULTS_PAGE 0, rax, "absent PML4 entry", mov cl, [rax]
        USER_FAULTS_PAGE 6, rax, "absent PML4 entry, user write", mov [rax], cl

        mov     eax, 0x80000001
        cpuid
        bt      edx, 26
        jnc     near .no_gigabyte
        mov     qword [LONG_PDPT + 24], 0x87
        mov     rax, cr3
        mov     cr3, rax
        mov     eax, 0xc0000000 + P2
        mov     ecx, [rax]
        CHECK32 ecx, [P2], "1 GiB page"
        mov     [rax], ecx
        CHECK32 [LONG_PDPT + 24], 0xe7, "1 GiB page: A and D"
        mov     qword [LONG_PDPT + 24], 0x2087
        invlpg  [rax]
        FAULTS_PAGE 9, rax, "1 GiB page: reserved bit 13", mov cl, [rax]
        jmp     .gigabyte
.no_gigabyte:
        mov     qword [LONG_PDPT + 24], 0x87
        mov     rax, cr3
        mov     cr3, rax
        mov     eax, 0xc0000000 + P2
        FAULTS_PAGE 9, rax, "1 GiB page where there is none", mov cl, [rax]
.gigabyte:
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "canonical addresses"
        ENTER_LONG
        mov     qword [TABLES + 255 * 8], LONG_PDPT | 7
        mov     qword [LONG_PDPT + 511 * 8], LONG_PD | 7
        mov     qword [LONG_PD + 511 * 8], 0x87
        mov     rax, 0x0000800000000000
        FAULTS  GP, 0, "read", mov cl, [rax]
        RUNS    "last byte below the hole", mov cl, [rax - 1]
        FAULTS  GP, 0, "write", mov [rax + 7], ecx
        FAULTS  GP, 0, "last byte below the hole and beyond", mov [rax - 1], ecx
        FAULTS  GP, 0, "call", call rax
        FAULTS  GP, 0, "jump", jmp rax
        FAULTS  GP, 0, "jump by memory", jmp [not_canonical]
        mov     rbp, rax
        FAULTS  SS_, 0, "by RBP", mov cl, [rbp]
        FAULTS  GP, 0, "by RBP, DS", mov cl, [rax + rbp * 1]
        RUNS    "invlpg", invlpg [rax]
        RUNS    "lea", lea rcx, [rax]
        CHECK   rcx, rax, "lea: value"
        mov     rax, 0xffff7fffffffffff
        FAULTS  GP, 0, "end of the hole", mov cl, [rax]
        mov     rax, -1
        FAULTS_PAGE 0, -1, "last byte", mov cl, [rax]
        mov     rax, not_canonical
        mov     rax, [rax]
        mov     rsi, rax
        mov     edi, P0
        FAULTS  GP, 0, "movsb", movsb
        mov     rax, 0x0000800000000000
        mov     [user_sp], rax
        USER_FAULTS SS_, 0, "pop by RSP", pop rcx
        USER_FAULTS SS_, 0, "read by RSP", mov ecx, [rsp]
        USER_FAULTS SS_, 0, "ret", ret
        USER_RUNS "push just below the hole", nop
        add     rax, 4
        mov     [user_sp], rax
        USER_FAULTS SS_, 0, "push across the hole's begin", push rcx
        mov     rax, not_canonical
        mov     rax, [rax]
        FAULTS  GP, 0, "mov to cr3", mov cr3, rax
        LEAVE_LONG
        LEAVE_PROTECTED
        END_OF_GUEST

section .data
        align   8
not_canonical   dq 0x8000000000000000
section .text
LONG_HOLE       equ 0x654321            ; no RAM needs to be there

        MODE    32
; All of the first 4 MiB in pages, the rest in pages of 4 MiB.
two_levels:
        mov     edi, TABLES
        mov     eax, 0x87
        mov     ecx, 1024
.pd:    mov     [edi], eax
        add     edi, 4
        add     eax, 0x400000
        dec     ecx
        jnz     .pd
        mov     dword [TABLES], (TABLES + 0x1000) | 7
        mov     eax, 7
        mov     ecx, 1024
.pt:    mov     [edi], eax
        add     edi, 4
        add     eax, 0x1000
        dec     ecx
        jnz     .pt
        ret

pae_levels:
        call    long_tables
        mov     edi, TABLES
        mov     eax, LONG_PD + 1
        mov     ecx, 4
.pdpt:  mov     [edi], eax
        mov     dword [edi + 4], 0
        add     edi, 8
        add     eax, 0x1000
        dec     ecx
        jnz     .pdpt
        ret

paging_off:
        mov     eax, cr0
        and     eax, ~(CR0_PG | CR0_WP)
        mov     cr0, eax
        mov     eax, cr4
        and     eax, ~(CR4_PAE | CR4_PGE | CR4_PSE)
        mov     cr4, eax
        ret
