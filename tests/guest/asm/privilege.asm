; SPDX-License-Identifier: GPL-2.0-or-later
; Virtual-8086 mode, ports and who may use them, flags that depend on privilege, SYSENTER and
; SYSCALL, control and debug registers, MSRs. Intel SDM vol. 3, chapters 2, 5.8, 17 and 20; vol. 1,
; chapter 19.
%include "guest.inc"

V86_DS          equ SCRATCH >> 4
TSS_LIMIT       equ 0x68 + 0x100        ; with a bitmap for ports below 800h
MSR_SYSENTER    equ 0x174
MSR_PAT         equ 0x277
MSR_STAR        equ 0xc0000081
MSR_LSTAR       equ 0xc0000082
MSR_FMASK       equ 0xc0000084
MSR_FS_BASE     equ 0xc0000100
MSR_KERNEL_GS   equ 0xc0000102
EFLAGS_IOPL     equ 3 << 12

section .data
v86_flags       dd 2 | EFLAGS_VM
v86_sp          dd REAL_STACK

; What FAULTS and its like do, for an instruction in virtual-8086 mode: CS = SS = 0, DS = 5000h.
section .text
%macro V86_BEGIN 0
        push    dword 0x4444            ; GS, FS
        push    dword 0x3333
        push    dword V86_DS
        push    dword 0x2222            ; ES
        push    dword 0
        push    dword [v86_sp]
        push    dword [v86_flags]
        push    dword 0
        push    dword %%v86
        iretd
        MODE    16
%%v86:
%endmacro
%macro V86_FAULTS 4+
        EXPECT_BEGIN %%done
        V86_BEGIN
%%at:   %4
        hlt
        MODE    32
%%done: EXPECT_END %1, %2, %%at, %3
%endmacro
%macro V86_TRAPS 4+
        EXPECT_BEGIN %%done
        V86_BEGIN
        %4
%%next: hlt
        MODE    32
%%done: EXPECT_END %1, %2, %%next, %3
%endmacro
%macro V86_RUNS 2+
        EXPECT_BEGIN %%done
        V86_BEGIN
        %2
%%next: hlt
        MODE    32
%%done: EXPECT_END GP, 0, %%next, %1
%endmacro

%macro WRITE_MSR 3                      ; index, high, low
        mov     ecx, %1
        mov     edx, %2
        mov     eax, %3
        wrmsr
%endmacro

main:   call    install_real
        ENTER_PROTECTED

        SECTION "virtual-8086 mode, IOPL 0"
        mov     dword [SCRATCH], 0x12345678
        V86_RUNS "v86: nop", nop
        CHECK   [exc_ds], 0, "v86: DS is null in the handler"
        mov     eax, [exc_flags]
        and     eax, EFLAGS_VM | EFLAGS_RF
        CHECK   eax, EFLAGS_VM | EFLAGS_RF, "v86: saved VM and RF"
        mov     ebx, [exc_frame]        ; error code, EIP, CS, EFLAGS, ESP, SS, ES, DS, FS, GS
        CHECK   ebx, STACK0 - 40, "v86: the frame"
        CHECK   [ebx + 24], 0x2222, "v86: saved ES"
        CHECK   [ebx + 28], V86_DS, "v86: saved DS"
        CHECK   [ebx + 32], 0x3333, "v86: saved FS"
        CHECK   [ebx + 36], 0x4444, "v86: saved GS"
        CHECK   [exc_sp], REAL_STACK, "v86: saved ESP"
        V86_RUNS "v86: a base of 16 times the selector", mov eax, [0]
        CHECK   [exc_regs], 0x12345678, "v86: read through DS"
        V86_FAULTS GP, 0, "v86: cli", cli
        V86_FAULTS GP, 0, "v86: sti", sti
        V86_FAULTS GP, 0, "v86: pushf", pushf
        V86_FAULTS GP, 0, "v86: popf", popf
        V86_FAULTS GP, 0, "v86: iret", iret
        V86_FAULTS GP, 0, "v86: int 80h", int SYSTEM_CALL
        V86_FAULTS GP, BP * 8 + 2, "v86: int3 to a gate of ring 0", int3
        V86_FAULTS GP, 0, "v86: mov eax, cr0", mov eax, cr0
        V86_FAULTS GP, 0, "v86: lgdt", lgdt [0]
        V86_FAULTS GP, 0, "v86: clts", clts
        V86_FAULTS UD, 0, "v86: sldt", sldt ax
        V86_FAULTS UD, 0, "v86: lar", lar ax, bx
        V86_FAULTS UD, 0, "v86: arpl", arpl ax, bx
        V86_RUNS "v86: smsw", smsw ax
        V86_FAULTS GP, 0, "v86: in without a bitmap", in al, 0x71
        V86_FAULTS GP, 0, "v86: read across 64 KiB", mov ax, [0xffff]
        V86_RUNS "v86: read below 64 KiB", mov al, [0xffff]
        mov     dword [v86_sp], 1
        V86_FAULTS SS_, 0, "v86: push across 64 KiB", push ax
        mov     dword [v86_sp], REAL_STACK
        V86_FAULTS UD, 0, "v86: ud2", ud2
        GATE32  BP, stubs_32 + BP * 16, 0xee
        V86_TRAPS BP, 0, "v86: int3", int3
        GATE32  BP, stubs_32 + BP * 16, 0x8e

        SECTION "virtual-8086 mode, IOPL 3"
        or      dword [v86_flags], EFLAGS_IOPL
        V86_RUNS "v86: pushf with IOPL 3", pushf
        movzx   eax, word [REAL_STACK - 2]
        CHECK   eax, 2 | EFLAGS_IOPL, "v86: pushed flags"
        mov     word [REAL_STACK - 2], 2 | EFLAGS_IF | EFLAGS_CF
        mov     dword [v86_sp], REAL_STACK - 2
        V86_RUNS "v86: popf with IOPL 3", popf
        mov     eax, [exc_flags]
        and     eax, ~EFLAGS_RF
        CHECK   eax, 2 | EFLAGS_VM | EFLAGS_IF | EFLAGS_CF | EFLAGS_IOPL, "v86: popf keeps IOPL"
        mov     dword [v86_sp], REAL_STACK
        or      dword [v86_flags], EFLAGS_IF
        V86_RUNS "v86: cli with IOPL 3", cli
        mov     eax, [exc_flags]
        and     eax, EFLAGS_IF
        CHECK   eax, 0, "v86: cli clears IF"
        V86_TRAPS SYSTEM_CALL, 0, "v86: int 80h with IOPL 3", int SYSTEM_CALL
        CHECK   [exc_cs], 0, "v86: saved CS"
        V86_FAULTS GP, 0x31 * 8 + 2, "v86: int to a gate of ring 0", int 0x31
        mov     dword [v86_flags], 2 | EFLAGS_VM

        SECTION "ports"
        USER_FAULTS GP, 0, "in beyond the TSS", in al, 0x71
        RUNS    "in in ring 0", in al, 0x71
        mov     edi, TSS + 0x68
        mov     ecx, 0x100
        mov     al, 0xff
        rep     stosb
        mov     byte [TSS + 0x68 + 0x71 / 8], ~(1 << (0x71 & 7)) & 0xff
        mov     byte [TSS + 0x68 + 0x78 / 8], 0xf0
        SET_DESCRIPTOR TSS_SELECTOR, TSS, TSS_LIMIT - 1, 0x89, 0
        mov     eax, TSS_SELECTOR
        ltr     ax
        USER_RUNS "in of a port that is open", in al, 0x71
        USER_FAULTS GP, 0, "in of one that is not", in al, 0x70
        USER_FAULTS GP, 0, "in of two, one of which is not", in ax, 0x71
        USER_RUNS "in of four", in eax, 0x78
        USER_FAULTS GP, 0, "out", out 0x70, al
        mov     edx, 0x7f8
        USER_FAULTS GP, 0, "the last byte of the bitmap needs another behind it", in al, dx
        mov     byte [TSS + 0x68 + 0x7f0 / 8], 0
        mov     edx, 0x7f0
        USER_RUNS "the one before does not", in al, dx
        mov     edx, 0x71
        mov     ecx, 3
        mov     edi, SCRATCH
        mov     dword [SCRATCH], 0xcccccccc
        USER_RUNS "rep insb", rep insb
        CHECK   [exc_regs + 8], 0, "rep insb: ECX"
        CHECK   [exc_regs + 7 * 8], SCRATCH + 3, "rep insb: EDI"
        movzx   eax, byte [SCRATCH + 3]
        CHECK   eax, 0xcc, "rep insb: not more"
        mov     edx, 0x70
        USER_FAULTS GP, 0, "rep outsb", rep outsb
        mov     dword [user_flags], 2 | EFLAGS_IOPL
        USER_RUNS "IOPL 3: any port", in al, 0x70
        mov     dword [user_flags], 2
        V86_RUNS "v86: in of a port that is open", in al, 0x71
        or      dword [v86_flags], EFLAGS_IOPL
        V86_FAULTS GP, 0, "v86: IOPL does not open ports", in al, 0x70
        mov     dword [v86_flags], 2 | EFLAGS_VM
        SET_DESCRIPTOR TSS_SELECTOR, TSS, 0x67, 0x89, 0
        mov     eax, TSS_SELECTOR
        ltr     ax

        SECTION "flags and privilege"
        USER_FAULTS GP, 0, "cli in ring 3", cli
        USER_FAULTS GP, 0, "sti in ring 3", sti
        mov     dword [USER_STACK], 2 | EFLAGS_IF | EFLAGS_IOPL | EFLAGS_CF | EFLAGS_ID
        USER_RUNS "popf in ring 3", popfd
        mov     eax, [exc_flags]
        and     eax, ~EFLAGS_RF
        CHECK   eax, 2 | EFLAGS_CF | EFLAGS_ID, "popf leaves IF and IOPL"
        mov     dword [user_flags], 2 | EFLAGS_IOPL
        USER_RUNS "popf with IOPL 3", popfd
        mov     eax, [exc_flags]
        and     eax, ~EFLAGS_RF
        CHECK   eax, 2 | EFLAGS_CF | EFLAGS_ID | EFLAGS_IF | EFLAGS_IOPL, "popf changes IF"
        USER_RUNS "sti with IOPL 3", sti
        mov     eax, [exc_flags]
        and     eax, EFLAGS_IF
        CHECK   eax, EFLAGS_IF, "sti with IOPL 3 sets IF"
        mov     dword [user_flags], 2
        push    dword 2 | EFLAGS_VM | EFLAGS_IOPL
        popfd
        pushfd
        pop     eax
        CHECK   eax, 2 | EFLAGS_IOPL, "popf in ring 0 changes IOPL, not VM"
        push    dword 2
        popfd

        SECTION "sysenter"
        WRITE_MSR MSR_SYSENTER, 0, 0
        USER_FAULTS GP, 0, "sysenter without CS", sysenter
        FAULTS  GP, 0, "sysexit without CS", sysexit
        WRITE_MSR MSR_SYSENTER, 0, KERNEL_CODE
        WRITE_MSR MSR_SYSENTER + 1, 0, STACK0 - 0x100
        WRITE_MSR MSR_SYSENTER + 2, 0, sysenter_target
        USER_FAULTS GP, 0, "sysexit in ring 3", sysexit
        mov     dword [user_flags], 2 | EFLAGS_IF
        EXPECT_BEGIN sysenter_done
        USER_BEGIN
        sysenter
sysenter_next:
        hlt
sysenter_done:
        EXPECT_END GP, 0, sysenter_next, "sysenter and back"
        mov     dword [user_flags], 2
        CHECK   [exc_regs + 3 * 8], 0x5e, "sysenter: its target has run"
        CHECK   [exc_cs], USER_CODE, "sysexit: CS"
        CHECK   [exc_ss], USER_DATA, "sysexit: SS"
        CHECK   [exc_sp], USER_STACK - 0x20, "sysexit: ESP"
        jmp     sysenter_end
sysenter_target:
        mov     esi, esp
        pushfd
        pop     edi
        mov     ebp, cs
        CHECK   esi, STACK0 - 0x100, "sysenter: ESP"
        CHECK   edi, 2, "sysenter: IF is off"
        CHECK   ebp, KERNEL_CODE, "sysenter: CS"
        mov     ebp, ss
        CHECK   ebp, KERNEL_DATA, "sysenter: SS"
        mov     ebx, 0x5e
        mov     ecx, USER_STACK - 0x20
        mov     edx, sysenter_next
        sysexit
sysenter_end:

        SECTION "control and debug registers"
        mov     ebx, cr0
        mov     eax, ebx
        or      eax, CR0_PG
        and     eax, ~CR0_PE
        FAULTS  GP, 0, "PG without PE", mov cr0, eax
        mov     eax, ebx
        or      eax, CR0_NW
        and     eax, ~CR0_CD
        FAULTS  GP, 0, "NW without CD", mov cr0, eax
        mov     eax, cr0
        CHECK   eax, ebx, "CR0 is as it was"
        mov     eax, cr4
        or      eax, 1 << 15
        FAULTS  GP, 0, "a reserved bit of CR4", mov cr4, eax
        USER_FAULTS GP, 0, "mov to CR0 in ring 3", mov cr0, eax
        USER_FAULTS GP, 0, "lmsw in ring 3", lmsw ax
        USER_FAULTS GP, 0, "mov from CR3 in ring 3", mov eax, cr3
        USER_FAULTS GP, 0, "invlpg in ring 3", invlpg [0]
        USER_FAULTS GP, 0, "wbinvd in ring 3", wbinvd
        USER_FAULTS GP, 0, "rdmsr in ring 3", rdmsr
        USER_FAULTS GP, 0, "mov from DR7 in ring 3", mov eax, dr7
        USER_RUNS "rdtsc in ring 3", rdtsc
        mov     eax, CR4_TSD
        mov     cr4, eax
        USER_FAULTS GP, 0, "rdtsc in ring 3 with TSD", rdtsc
        RUNS    "rdtsc in ring 0 with TSD", rdtsc
        mov     eax, CR4_DE
        mov     cr4, eax
        FAULTS  UD, 0, "DR4 with DE", mov eax, dr4
        xor     eax, eax
        mov     cr4, eax
        mov     dr6, eax
        mov     eax, dr4
        CHECK   eax, 0xffff0ff0, "DR4 is DR6"
        mov     eax, 1 << 13
        mov     dr7, eax
        FAULTS  DB, 0, "GD", mov eax, dr0
        mov     eax, dr6
        CHECK   eax, 0xffff2ff0, "GD: DR6.BD"
        mov     eax, dr7
        CHECK   eax, 0x400, "GD: off in the handler"
        xor     eax, eax
        mov     dr6, eax
        mov     eax, 0x71               ; breakpoint 1: a byte of I/O
        mov     dr1, eax
        mov     eax, 2 << 20 | 1 << 2
        mov     dr7, eax
        RUNS    "a breakpoint at a port without DE", in al, 0x71
        mov     eax, CR4_DE
        mov     cr4, eax
        TRAPS   DB, 0, "a breakpoint at a port: in", in al, 0x71
        TRAPS   DB, 0, "a breakpoint at a port: the second byte of a word", in ax, 0x70
        RUNS    "a breakpoint at a port: another", in al, 0x72
        mov     eax, dr6
        CHECK   eax, 0xffff0ff2, "a breakpoint at a port: DR6"
        xor     eax, eax
        mov     dr7, eax
        mov     dr6, eax
        mov     cr4, eax
        smsw    ax
        or      al, CR0_MP | CR0_TS
        lmsw    ax
        and     al, ~(CR0_PE | CR0_TS)
        lmsw    ax
        smsw    ax
        and     eax, CR0_PE | CR0_MP | CR0_TS
        CHECK   eax, CR0_PE | CR0_MP, "lmsw cannot clear PE"
        mov     eax, ebx
        mov     cr0, eax

        SECTION "MSRs"
        mov     ecx, 0x12345678
        FAULTS  GP, 0, "rdmsr of nothing", rdmsr
        FAULTS  GP, 0, "wrmsr of nothing", wrmsr
        mov     ecx, MSR_PAT
        rdmsr
        mov     ebx, eax
        mov     eax, 2
        FAULTS  GP, 0, "a reserved type in PAT", wrmsr
        mov     ecx, MSR_PAT
        rdmsr
        CHECK   eax, ebx, "PAT is as it was"
        mov     ecx, MSR_EFER
        mov     eax, 1 << 9
        xor     edx, edx
        FAULTS  GP, 0, "a reserved bit of EFER", wrmsr
        mov     ecx, MSR_LSTAR
        xor     eax, eax
        mov     edx, 0x8000
        FAULTS  GP, 0, "LSTAR, not canonical", wrmsr

        SECTION "syscall"
        ENTER_LONG
        USER_FAULTS UD, 0, "syscall without SCE", syscall
        FAULTS  UD, 0, "sysret without SCE", o64 sysret
        mov     ecx, MSR_EFER
        rdmsr
        or      eax, EFER_SCE
        wrmsr
        USER_FAULTS GP, 0, "sysret in ring 3", o64 sysret
        WRITE_MSR MSR_STAR, (USER_CODE - 0) << 16 | KERNEL_CODE64, 0
        WRITE_MSR MSR_LSTAR, 0, syscall_target
        WRITE_MSR MSR_FMASK, 0, EFLAGS_IF | EFLAGS_DF
        WRITE_MSR MSR_FS_BASE, 0x1234, 0x56789000
        WRITE_MSR MSR_KERNEL_GS, 0, SCRATCH
        mov     qword [SCRATCH + 8], 0x77
        mov     qword [user_flags], 2 | EFLAGS_IF | EFLAGS_DF | EFLAGS_CF
        EXPECT_BEGIN syscall_done
        USER_BEGIN
        syscall
syscall_next:
        hlt
syscall_target:
        mov     r8, rcx
        mov     r9, r11
        pushfq
        pop     r10
        mov     r12d, cs
        mov     r13d, ss
        mov     r14, rsp
        swapgs
        mov     r15, [gs:8]
        swapgs
        o64 sysret
syscall_done:
        EXPECT_END GP, 0, syscall_next, "syscall and back"
        mov     qword [user_flags], 2
        CHECK   [exc_regs + 8 * 8], syscall_next, "syscall: RCX"
        CHECK   [exc_regs + 9 * 8], 2 | EFLAGS_IF | EFLAGS_DF | EFLAGS_CF, "syscall: R11"
        CHECK   [exc_regs + 10 * 8], 2 | EFLAGS_CF, "syscall: RFLAGS"
        CHECK   [exc_regs + 12 * 8], KERNEL_CODE64, "syscall: CS"
        CHECK   [exc_regs + 13 * 8], KERNEL_DATA64, "syscall: SS"
        CHECK   [exc_regs + 14 * 8], USER_STACK, "syscall: RSP is the user's"
        CHECK   [exc_regs + 15 * 8], 0x77, "swapgs"
        CHECK   [exc_cs], USER_CODE64, "sysret: CS"
        CHECK   [exc_ss], USER_DATA, "sysret: SS"
        mov     rax, [exc_flags]
        and     eax, ~EFLAGS_RF
        CHECK   rax, 2 | EFLAGS_IF | EFLAGS_DF | EFLAGS_CF, "sysret: RFLAGS"
        mov     ecx, MSR_FS_BASE
        rdmsr
        CHECK32 edx, 0x1234, "FS base keeps its upper half"
        xor     eax, eax
        mov     fs, eax
        USER_FAULTS GP, 0, "swapgs in ring 3", swapgs
        mov     rax, cr8
        CHECK   rax, 0, "CR8"
        mov     eax, 0x10
        FAULTS  GP, 0, "CR8 above 15", mov cr8, rax
        mov     rax, 1 << 32
        FAULTS  GP, 0, "DR7 above 32 bits", mov dr7, rax
        mov     rbx, cr0
        mov     rax, rbx
        and     eax, ~CR0_PG
        FAULTS  GP, 0, "leaving paging in 64-bit mode", mov cr0, rax
        mov     rax, cr4
        and     eax, ~CR4_PAE
        FAULTS  GP, 0, "leaving PAE in IA-32e mode", mov cr4, rax
        mov     ecx, MSR_EFER
        rdmsr
        and     eax, ~EFER_LME
        FAULTS  GP, 0, "leaving LME with paging", wrmsr
        LEAVE_LONG
        LEAVE_PROTECTED
        END_OF_GUEST
image_end:
