; SPDX-License-Identifier: GPL-2.0-or-later
; SYSCALL, SYSENTER, SWAPGS, MSRs, CPUID, the time stamp counter, HLT.
; Intel SDM vol. 2 and vol. 3, 5.8.7; AMD APM vol. 2, 6.1.
%include "guest.inc"

MSR_STAR        equ 0xc0000081
MSR_LSTAR       equ 0xc0000082
MSR_CSTAR       equ 0xc0000083
MSR_SFMASK      equ 0xc0000084
MSR_FS_BASE     equ 0xc0000100
MSR_GS_BASE     equ 0xc0000101
MSR_KERNEL_GS   equ 0xc0000102
MSR_SYSENTER_CS equ 0x174
MSR_SYSENTER_SP equ 0x175
MSR_SYSENTER_IP equ 0x176
MSR_TSC         equ 0x10
MSR_APIC_BASE   equ 0x1b

section .data
        align   8
seen            times 16 dq 0
ticks           dd 0
section .text

%macro WRITE_MSR 2-3 0                  ; MSR, low half, high half
        mov     ecx, %1
        mov     eax, %2
        mov     edx, %3
        wrmsr
%endmacro
; READS_BACK MSR, low, high, "name"
%macro READS_BACK 4
        WRITE_MSR %1, %2, %3
        xor     eax, eax
        xor     edx, edx
        rdmsr
        CHECK32 eax, %2, %4
        CHECK32 edx, %3, %4
%endmacro
%macro MSR_FAULTS 4                     ; MSR, low, high, name
        mov     ecx, %1
        mov     eax, %2
        mov     edx, %3
        FAULTS  GP, 0, %4, wrmsr
%endmacro

        MODE    16
main:   call    install_real

        SECTION "MSRs"
        ENTER_LONG
        mov     ecx, 0x12345678
        FAULTS  GP, 0, "rdmsr of an unknown one", rdmsr
        FAULTS  GP, 0, "wrmsr of an unknown one", wrmsr
        READS_BACK MSR_STAR, 0x11111111, 0x00230008, "STAR"
        READS_BACK MSR_LSTAR, 0x22222222, 0xffff8000, "LSTAR"
        READS_BACK MSR_CSTAR, 0x33333333, 0x00007fff, "CSTAR"
        READS_BACK MSR_SFMASK, 0x47700, 0, "SFMASK"
        READS_BACK MSR_FS_BASE, 0x1000, 0xffffffff, "FS base"
        READS_BACK MSR_GS_BASE, 0x2000, 0x7f, "GS base"
        READS_BACK MSR_KERNEL_GS, 0x3000, 0xffff8800, "kernel GS base"
        READS_BACK MSR_SYSENTER_CS, 8, 0, "SYSENTER CS"
        READS_BACK MSR_SYSENTER_SP, 0x4000, 0, "SYSENTER ESP"
        READS_BACK MSR_SYSENTER_IP, 0x5000, 0, "SYSENTER EIP"
        MSR_FAULTS MSR_LSTAR, 0, 0x8000, "LSTAR that is not canonical"
        MSR_FAULTS MSR_FS_BASE, 0, 0x80000000, "FS base that is not canonical"
        MSR_FAULTS MSR_KERNEL_GS, 0, 0x1ffff, "kernel GS base that is not canonical"
        MSR_FAULTS MSR_EFER, 0x80000500, 0, "EFER: reserved bit"
        MSR_FAULTS MSR_EFER, 0x500, 1, "EFER: upper half"
        MSR_FAULTS MSR_EFER, 0x400, 0, "EFER: LME off while paging"
        mov     ecx, MSR_EFER
        rdmsr
        CHECK32 eax, 0x500, "EFER"
        WRITE_MSR MSR_FS_BASE, SCRATCH
        mov     dword [SCRATCH + 4], 0x600dcafe
        mov     ecx, [fs:4]
        CHECK32 ecx, 0x600dcafe, "FS base is used"
        mov     eax, USER_DATA
        mov     fs, ax
        mov     ecx, MSR_FS_BASE
        rdmsr
        CHECK32 eax, 0, "loading FS sets its base"
        mov     ecx, MSR_APIC_BASE
        rdmsr
        and     eax, 0xfffff900
        CHECK32 eax, 0xfee00900, "APIC base, enabled, first processor"
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "swapgs"
        ENTER_LONG
        WRITE_MSR MSR_GS_BASE, SCRATCH
        WRITE_MSR MSR_KERNEL_GS, SCRATCH + 0x100
        mov     dword [SCRATCH], 0x111
        mov     dword [SCRATCH + 0x100], 0x222
        mov     ecx, [gs:0]
        CHECK32 ecx, 0x111, "before"
        swapgs
        mov     ecx, [gs:0]
        CHECK32 ecx, 0x222, "swapped"
        mov     ecx, MSR_KERNEL_GS
        rdmsr
        CHECK32 eax, SCRATCH, "the other one"
        swapgs
        mov     ecx, [gs:0]
        CHECK32 ecx, 0x111, "and back"
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "privileges"
        ENTER_LONG
        WRITE_MSR MSR_GS_BASE, SCRATCH
        USER_FAULTS GP, 0, "swapgs in ring 3", swapgs
        mov     ecx, MSR_EFER
        USER_FAULTS GP, 0, "rdmsr in ring 3", rdmsr
        USER_FAULTS GP, 0, "wrmsr in ring 3", wrmsr
        USER_FAULTS GP, 0, "clts in ring 3", clts
        USER_FAULTS GP, 0, "invd in ring 3", invd
        USER_FAULTS GP, 0, "wbinvd in ring 3", wbinvd
        USER_FAULTS UD, 0, "sysretq with EFER.SCE of 0, in ring 3", o64 sysret
        USER_FAULTS GP, 0, "sysexit in ring 3", sysexit
        USER_RUNS "rdtsc in ring 3", rdtsc
        mov     rax, cr4
        or      eax, CR4_TSD
        mov     cr4, rax
        USER_FAULTS GP, 0, "rdtsc in ring 3 with TSD", rdtsc
        RUNS    "rdtsc in ring 0 with TSD", rdtsc
        mov     rax, cr4
        and     eax, ~CR4_TSD
        mov     cr4, rax
        USER_FAULTS GP, 0, "mov from cr8", mov rax, cr8
        RUNS    "invd", invd
        RUNS    "wbinvd", wbinvd
        xor     eax, eax
        xor     ecx, ecx
        xor     edx, edx
        FAULTS  UD, 0, "monitor, which CPUID hides", monitor
        FAULTS  UD, 0, "mwait, which CPUID hides", mwait
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "syscall in long mode"
        ENTER_LONG
        FAULTS  UD, 0, "syscall with EFER.SCE of 0", syscall
        FAULTS  UD, 0, "sysret with EFER.SCE of 0", o64 sysret
        mov     ecx, MSR_EFER
        rdmsr
        or      eax, EFER_SCE
        wrmsr
        WRITE_MSR MSR_STAR, 0, (USER_CODE << 16) | KERNEL_CODE64
        WRITE_MSR MSR_LSTAR, .entry
        WRITE_MSR MSR_CSTAR, .entry32
        WRITE_MSR MSR_SFMASK, EFLAGS_IF | EFLAGS_DF | EFLAGS_CF
        mov     qword [user_flags], EFLAGS_IF | EFLAGS_DF | EFLAGS_CF | EFLAGS_ZF | 2
        mov     [seen + 64], rsp
        EXPECT_BEGIN .back
        USER_BEGIN
        syscall
.user_next:
        mov     ebx, 99
.user_hlt:
        hlt
.entry: mov     [seen], rcx
        mov     [seen + 8], r11
        mov     eax, cs
        mov     [seen + 16], rax
        mov     eax, ss
        mov     [seen + 24], rax
        mov     [seen + 32], rsp
        mov     rsp, [seen + 64]
        pushfq
        pop     qword [seen + 40]
        mov     rsp, [seen + 32]
        mov     ebx, 0
        mov     rsi, rcx
        o64 sysret
.back:  EXPECT_END GP, 0, .user_hlt, "syscall and sysret"
        cld
        CHECK   [seen], .user_next, "syscall: RCX"
        CHECK   [seen + 8], EFLAGS_IF | EFLAGS_DF | EFLAGS_CF | EFLAGS_ZF | 2, "syscall: R11"
        CHECK   [seen + 16], KERNEL_CODE64, "syscall: CS"
        CHECK   [seen + 24], KERNEL_DATA64, "syscall: SS"
        CHECK   [seen + 32], USER_STACK, "syscall leaves RSP"
        CHECK   [seen + 40], EFLAGS_ZF | 2, "syscall masks RFLAGS"
        CHECK   [exc_cs], USER_CODE64, "sysret: CS"
        CHECK   [exc_ss], USER_DATA, "sysret: SS"
        mov     rax, [exc_flags]
        and     eax, ~EFLAGS_RF
        CHECK   rax, EFLAGS_IF | EFLAGS_DF | EFLAGS_CF | EFLAGS_ZF | 2, "sysret: RFLAGS"
        CHECK   rbx, 99, "sysret: goes on"
        mov     qword [user_flags], 2
        ; SYSRET to 32-bit code.
        EXPECT_BEGIN .back32
        mov     ecx, .to32
        mov     r11d, 2
        sysret
        MODE    32
.to32:  inc     ebx
        hlt
        MODE    64
.back32:
        EXPECT_END GP, 0, .to32 + 1, "sysret to 32-bit code"
        CHECK   [exc_cs], USER_CODE, "sysret to 32-bit code: CS"
        CHECK   [exc_ss], USER_DATA, "sysret to 32-bit code: SS"
        CHECK   rbx, 100, "sysret to 32-bit code: inc"
        jmp     .done32
.entry32:
        nop
.done32:
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "sysenter in 32 bits"
        ENTER_PROTECTED
        WRITE_MSR MSR_SYSENTER_CS, 0
        USER_FAULTS GP, 0, "sysenter without CS", sysenter
        WRITE_MSR MSR_SYSENTER_CS, KERNEL_CODE
        WRITE_MSR MSR_SYSENTER_SP, IST1
        WRITE_MSR MSR_SYSENTER_IP, .entry
        mov     dword [user_flags], EFLAGS_IF | EFLAGS_CF | 2
        EXPECT_BEGIN .back
        USER_BEGIN
        sysenter
        hlt
.entry: pushfd
        pop     dword [seen]
        mov     [seen + 8], esp
        mov     eax, cs
        mov     [seen + 16], eax
        mov     eax, ss
        mov     [seen + 24], eax
        mov     edx, .user
        mov     ecx, USER_STACK - 16
        sysexit
.user:  hlt
.back:  EXPECT_END GP, 0, .user, "sysenter and sysexit"
        CHECK   [seen], EFLAGS_CF | 2, "sysenter clears IF"
        CHECK   [seen + 8], IST1, "sysenter: ESP"
        CHECK   [seen + 16], KERNEL_CODE, "sysenter: CS"
        CHECK   [seen + 24], KERNEL_DATA, "sysenter: SS"
        CHECK   [exc_cs], USER_CODE, "sysexit: CS"
        CHECK   [exc_ss], USER_DATA, "sysexit: SS"
        CHECK   [exc_sp], USER_STACK - 16, "sysexit: ESP"
        mov     dword [user_flags], 2
        WRITE_MSR MSR_SYSENTER_CS, 0
        FAULTS  GP, 0, "sysexit without CS", sysexit
        LEAVE_PROTECTED

        SECTION "cpuid and time"
        ENTER_LONG
        xor     eax, eax
        cpuid
        mov     [seen], rax
        mov     esi, eax
        xor     ebx, ebx
        cmp     eax, 1
        setae   bl
        CHECK32 ebx, 1, "cpuid: the highest leaf"
        mov     eax, 0x80000000
        cpuid
        xor     ebx, ebx
        cmp     eax, 0x80000008
        setae   bl
        CHECK32 ebx, 1, "cpuid: the highest extended leaf"
        mov     eax, 1
        cpuid
        mov     edi, ecx
        and     ecx, 8
        CHECK32 ecx, 0, "cpuid: no monitor"
        and     edx, 0x0780a979         ; what every 64-bit processor has
        CHECK32 edx, 0x0780a979, "cpuid: FPU PSE TSC MSR PAE CX8 SEP PGE CMOV MMX FXSR SSE SSE2"
        mov     eax, 0x80000001
        cpuid
        and     edx, 1 << 29 | 1 << 11
        CHECK32 edx, 1 << 29 | 1 << 11, "cpuid: long mode and syscall"
        mov     rax, -1
        mov     rbx, -1
        mov     rcx, 0
        mov     rdx, -1
        cpuid
        shr     rbx, 32
        CHECK   rbx, 0, "cpuid clears upper halves"
        pushfq
        pop     rax
        xor     eax, EFLAGS_ID
        mov     ebx, eax
        push    rax
        popfq
        pushfq
        pop     rax
        xor     eax, ebx
        and     eax, EFLAGS_ID
        CHECK32 eax, 0, "EFLAGS.ID can be changed"
        mov     edi, 100000
        rdtsc
        shl     rdx, 32
        lea     rbx, [rdx + rax]
        mov     r8, rbx
.tsc:   rdtsc
        shl     rdx, 32
        add     rax, rdx
        cmp     rax, rbx
        jb      .tsc_back
        mov     rbx, rax
        dec     edi
        jnz     .tsc
.tsc_back:
        CHECK32 edi, 0, "rdtsc never goes back"
        sub     rbx, r8
        xor     eax, eax
        cmp     rbx, 1000
        seta    al
        CHECK32 eax, 1, "rdtsc goes on"
        WRITE_MSR MSR_TSC, 0, 0x1000
        rdtsc
        xor     eax, eax
        cmp     edx, 0x1000
        sete    al
        CHECK32 eax, 1, "the time stamp counter can be set"
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "hlt"
        ENTER_PROTECTED
        PICS    0x20, 0xfe
        mov     dword [0xfee000f0], 0x1ff
        mov     dword [0xfee00350], 0x700
        GATE32  0x20, .irq, 0x8e
        GATE32  NMI, .nmi, 0x8e
        PIT     2, 11932                ; 100 Hz
        mov     ecx, 5
        sti
.wait:  hlt
        dec     ecx
        jnz     .wait
        cli
        CHECK   [ticks], 5, "hlt: one interrupt each"
        mov     dword [ticks], 0
        mov     dword [0xfee00350], 0x10000
        mov     dword [0xfee00310], 0
        mov     dword [0xfee00300], 0x4400
        nop
        nop
        jmp     .nmi_done
.irq:   inc     dword [ticks]
        push    eax
        mov     al, 0x20
        out     0x20, al
        pop     eax
        iretd
.nmi:   inc     dword [ticks]
        iretd
.nmi_done:
        mov     ecx, 1000
        loop    $
        CHECK   [ticks], 1, "NMI with IF of 0"
        mov     al, 0xff
        out     0x21, al
        LEAVE_PROTECTED
        END_OF_GUEST
