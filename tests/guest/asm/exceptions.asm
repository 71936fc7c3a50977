; SPDX-License-Identifier: GPL-2.0-or-later
; Exceptions: which, in what order, with what saved; single step and breakpoints, the shadows of
; STI and MOV SS, NMI, alignment check, x87 availability, double and triple faults.
; Intel SDM vol. 3, chapters 6, 17 (debug) and 2.5.
%include "guest.inc"

CMOS_COUNT      equ 0x60                ; a byte that a reset leaves alone
APIC_ICR        equ 0xfee00300

%macro DR6_IS 2
        mov     XAX, dr6
        and     eax, 0xe00f
        CHECK32 eax, %1, %2
        xor     eax, eax
        mov     dr6, XAX
%endmacro
%macro NO_FLAGS 0
        push    dword 2
        popfd
%endmacro
%macro TF_ON 0
        push    dword EFLAGS_TF | 2
        popfd
%endmacro

; To this processor. A message takes its time.
%macro SEND_NMI 0
        mov     dword [APIC_ICR + 0x10], 0
        mov     dword [APIC_ICR], 0x4400
        push    ecx
        mov     ecx, 1000
        loop    $
        pop     ecx
%endmacro

section .data
        align   8
data8           dq 0x1122334455667788
nmi_count       dd 0
nmi_ip          dd 0
step_count      dd 0
step_ips        times 16 dd 0
bound_pair      dd -5, 5
section .text

        MODE    16
main:   call    install_real
        ; The first of all: the triple faults of the last section come back here.
        mov     al, CMOS_COUNT
        out     0x70, al
        in      al, 0x71
        cmp     al, 0xa0
        je      near resets_1
        cmp     al, 0xa1
        je      near resets_2

        SECTION "faults and traps"
        ENTER_PROTECTED
        NO_FLAGS
        mov     eax, 1
        xor     edx, edx
        xor     ecx, ecx
        FAULTS  DE, 0, "div by 0", div ecx
        CHECK   eax, 1, "div by 0 leaves EAX"
        mov     edx, 1
        mov     ecx, 1
        FAULTS  DE, 0, "div overflows", div ecx
        mov     edx, 0x80000000
        xor     eax, eax
        mov     ecx, -1
%ifndef REFERENCE                       ; QEMU 7.2 dies of this one
        FAULTS  DE, 0, "idiv of the least dividend by -1", idiv ecx
%endif
        mov     edx, -1
        mov     eax, 0x80000000
        FAULTS  DE, 0, "idiv of the least number by -1", idiv ecx
        mov     eax, 0x1234
        FAULTS  DE, 0, "aam 0", aam 0
        CHECK   [exc_flags], EFLAGS_RF | 2, "a fault saves RF"
        TRAPS   BP, 0, "int3", int3
        mov     eax, [exc_flags]
        and     eax, EFLAGS_RF
        CHECK   eax, 0, "a trap saves no RF"
        TRAPS   BP, 0, "int 3", db 0xcd, 3
        push    dword EFLAGS_OF | 2
        popfd
        TRAPS   OF, 0, "into", into
        NO_FLAGS
        mov     eax, 6
        FAULTS  BR, 0, "bound: above", bound eax, [bound_pair]
        mov     eax, -6
        FAULTS  BR, 0, "bound: below", bound eax, [bound_pair]
        mov     eax, 5
        RUNS    "bound: the upper one is inside", bound eax, [bound_pair]
        FAULTS  UD, 0, "bound of a register", db 0x62, 0xc0
        FAULTS  UD, 0, "ud2", ud2
        FAULTS  UD, 0, "ud1", db 0x0f, 0xb9, 0xc0
        FAULTS  UD, 0, "lock nop", db 0xf0, 0x90
        FAULTS  UD, 0, "lock add to a register", db 0xf0, 0x01, 0xc0
        FAULTS  UD, 0, "lock of a read", db 0xf0, 0x8b, 0x05, 0, 0, 0x5, 0
        FAULTS  UD, 0, "lock cmp", db 0xf0, 0x39, 0x05, 0, 0, 0x5, 0
        RUNS    "lock add", lock add dword [data8], 0
        FAULTS  UD, 0, "lea of a register", db 0x8d, 0xc0
        FAULTS  UD, 0, "group 4 /2", db 0xfe, 0xd0
        FAULTS  UD, 0, "group 5 /7", db 0xff, 0xf8
        FAULTS  UD, 0, "pop /1", db 0x8f, 0xc8
        FAULTS  UD, 0, "mov imm /1", db 0xc6, 0xc8, 0
        FAULTS  UD, 0, "cmpxchg8b of a register", db 0x0f, 0xc7, 0xc8
        FAULTS  UD, 0, "mov to cr1", db 0x0f, 0x22, 0xc8
        FAULTS  UD, 0, "mov to cr5", db 0x0f, 0x22, 0xe8
        FAULTS  UD, 0, "mov from cr1", db 0x0f, 0x20, 0xc8
        FAULTS  GP, 0, "an instruction of 16 bytes", \
                db 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, \
                0x66, 0x66, 0x90
        RUNS    "an instruction of 15 bytes", \
                db 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, \
                0x66, 0x90
        ; Which of two wins.
        USER_FAULTS UD, 0, "lock before privilege", db 0xf0, 0xf4
        USER_FAULTS GP, 0, "privilege before the operand", lgdt [0xfffffff0]
        LEAVE_PROTECTED

        SECTION "x87 and its absence"
        ENTER_PROTECTED
%macro CR0_BITS 1
        mov     eax, cr0
        and     eax, ~(CR0_TS | CR0_EM | CR0_MP | CR0_NE)
        or      eax, %1
        mov     cr0, eax
%endmacro
        CR0_BITS CR0_NE
        RUNS    "fninit", fninit
        RUNS    "fwait", fwait
        CR0_BITS CR0_TS
        FAULTS  NM, 0, "TS: fninit", fninit
        FAULTS  NM, 0, "TS: fnstsw", fnstsw ax
        RUNS    "TS: fwait", fwait
        CR0_BITS CR0_TS | CR0_MP
        FAULTS  NM, 0, "TS and MP: fwait", fwait
        FAULTS  NM, 0, "TS and MP: fld1", fld1
        CR0_BITS CR0_EM
        FAULTS  NM, 0, "EM: fninit", fninit
        RUNS    "EM: fwait", fwait
        CR0_BITS CR0_EM | CR0_MP
        RUNS    "EM and MP: fwait", fwait
        FAULTS  UD, 0, "EM: SSE", xorps xmm0, xmm0
        CR0_BITS CR0_TS
        FAULTS  UD, 0, "SSE without OSFXSR", xorps xmm0, xmm0
        mov     eax, cr4
        or      eax, CR4_OSFXSR
        mov     cr4, eax
        FAULTS  NM, 0, "TS: SSE", xorps xmm0, xmm0
        FAULTS  NM, 0, "TS: MMX", pxor mm0, mm0
        FAULTS  NM, 0, "TS: fxsave", fxsave [SCRATCH]
        RUNS    "TS: prefetch", prefetcht0 [SCRATCH]
        RUNS    "TS: sfence", sfence
        clts
        RUNS    "clts: SSE", xorps xmm0, xmm0
        FAULTS  GP, 0, "movaps of what is not aligned", movaps xmm0, [SCRATCH + 4]
        RUNS    "movups of what is not aligned", movups xmm0, [SCRATCH + 4]
        FAULTS  GP, 0, "fxsave to what is not aligned", fxsave [SCRATCH + 4]
        mov     dword [SCRATCH], 0xffffffff
        FAULTS  GP, 0, "ldmxcsr with reserved bits", ldmxcsr [SCRATCH]
        mov     eax, cr4
        and     eax, ~CR4_OSFXSR
        mov     cr4, eax
        CR0_BITS CR0_EM
        FAULTS  UD, 0, "EM: MMX", pxor mm0, mm0
        CR0_BITS CR0_NE
        fninit
        push    dword 0x037b            ; zero divide is not masked
        fldcw   [esp]
        fld1
        fldz
        RUNS    "the fault comes later", fdivp
        FAULTS  MF, 0, "fwait tells it", fwait
        FAULTS  MF, 0, "so does the next", fld1
        RUNS    "fnclex forgets it", fnclex
        RUNS    "fwait afterwards", fwait
        fninit
        pop     eax
        CR0_BITS 0
        LEAVE_PROTECTED

        SECTION "alignment check"
        ENTER_PROTECTED
        mov     eax, cr0
        or      eax, CR0_AM
        mov     cr0, eax
        mov     dword [user_flags], EFLAGS_AC | 2
        USER_FAULTS AC, 0, "dword", mov eax, [SCRATCH + 1]
        USER_FAULTS AC, 0, "word", mov ax, [SCRATCH + 1]
        USER_FAULTS AC, 0, "write", mov [SCRATCH + 2], eax
        USER_FAULTS AC, 0, "add", add [SCRATCH + 3], eax
        USER_RUNS "byte", mov al, [SCRATCH + 1]
        USER_RUNS "dword that is aligned", mov eax, [SCRATCH + 4]
        USER_RUNS "word that is aligned", mov ax, [SCRATCH + 2]
        mov     dword [user_sp], USER_STACK - 2
        USER_FAULTS AC, 0, "push", push eax
        mov     dword [user_sp], USER_STACK
        mov     dword [user_flags], 2
        USER_RUNS "AC is 0", mov eax, [SCRATCH + 1]
        push    dword EFLAGS_AC | 2
        popfd
        RUNS    "ring 0", mov eax, [SCRATCH + 1]
        mov     dword [user_flags], EFLAGS_AC | 2
        mov     eax, cr0
        and     eax, ~CR0_AM
        mov     cr0, eax
        USER_RUNS "AM is 0", mov eax, [SCRATCH + 1]
        mov     dword [user_flags], 2
        NO_FLAGS
        LEAVE_PROTECTED

        SECTION "single step"
        ENTER_PROTECTED
        xor     eax, eax
        mov     dr6, eax
        mov     dr7, eax
        xor     ebx, ebx
        EXPECT_BEGIN .stepped
        TF_ON
        inc     ebx
.after_inc:
        inc     ebx
.stepped:
        EXPECT_END DB, 0, .after_inc, "step"
        CHECK   ebx, 1, "step: one instruction"
        mov     eax, [exc_flags]
        and     eax, EFLAGS_TF
        CHECK   eax, EFLAGS_TF, "step: TF is saved"
        DR6_IS  0x4000, "step: DR6.BS"
        GATE32  DB, count_step, 0x8e
        ; Every instruction, but not the one behind MOV SS.
        mov     dword [step_count], 0
        mov     eax, KERNEL_DATA
        TF_ON
.s0:    nop
.s1:    mov     ss, ax
.s2:    nop
.s3:    nop
.s4:    push    dword 2
.s5:    popfd
.s6:    nop
        CHECK   [step_count], 5, "step over MOV SS: count"
        CHECK   [step_ips + 0], ADDRESS(.s1), "step 1"
        CHECK   [step_ips + 4], ADDRESS(.s3), "step 2: MOV SS and the next"
        CHECK   [step_ips + 8], ADDRESS(.s4), "step 3"
        CHECK   [step_ips + 12], ADDRESS(.s5), "step 4"
        CHECK   [step_ips + 16], ADDRESS(.s6), "step 5: POPF that clears TF"
        ; A repeated instruction traps after each iteration; INT clears TF.
        mov     dword [step_count], 0
        mov     ecx, 3
        mov     edi, SCRATCH
        TF_ON
.r0:    rep stosb
.r1:    push    dword 2
.r2:    popfd
.r3:    CHECK   [step_count], 5, "step: rep stosb of 3 and two more"
        CHECK   [step_ips + 0], ADDRESS(.r0), "step: rep stosb, first iteration"
        CHECK   [step_ips + 4], ADDRESS(.r0), "step: rep stosb, second iteration"
        CHECK   [step_ips + 8], ADDRESS(.r1), "step: rep stosb, last iteration"
        mov     dword [step_count], 0
        GATE32  0x50, .iret, 0x8e
        TF_ON
        int     0x50
.i1:    push    dword 2
        popfd
        jmp     .i2
.iret:  nop
        iretd
.i2:    CHECK   [step_count], 2, "step: an interrupt's handler is not stepped"
        CHECK   [step_ips + 0], ADDRESS(.i1) + 2, "step: not directly behind INT and IRET"
        LEAVE_PROTECTED

        SECTION "breakpoints"
        ENTER_PROTECTED
        xor     eax, eax
        mov     dr7, eax
        mov     dr6, eax
        mov     eax, .break
        mov     dr0, eax
        mov     eax, 1                  ; L0: execution
        mov     dr7, eax
        EXPECT_BEGIN .broke
        xor     ebx, ebx
        inc     ebx
.break: inc     ebx
        inc     ebx
.broke: EXPECT_END DB, 0, .break, "execution"
        CHECK   ebx, 1, "execution: before the instruction"
        DR6_IS  1, "execution: DR6.B0"
        mov     eax, [exc_flags]
        and     eax, EFLAGS_RF
        CHECK   eax, 0, "execution: RF is saved as 0 by this fault only (SDM, 17.3.1.1)"
        GATE32  DB, count_step, 0x8e
        mov     dword [step_count], 0
        mov     eax, .again
        mov     dr0, eax
        xor     ebx, ebx
.again: inc     ebx
        cmp     ebx, 2
        jb      .again
        CHECK   [step_count], 2, "execution: RF lets it through once"
        xor     eax, eax
        mov     dr7, eax
        mov     dr6, eax
        lea     eax, [data8]
        mov     dr1, eax
        mov     eax, 0xd << 20 | 1 << 2 ; dword, write
        mov     dr7, eax
        call    setup_gate
        RUNS    "write: read", mov ecx, [data8]
        TRAPS   DB, 0, "write", mov [data8], ecx
        DR6_IS  2, "write: DR6.B1"
        TRAPS   DB, 0, "write of the last byte", mov [data8 + 3], cl
        TRAPS   DB, 0, "write across", mov [data8 - 2], ecx
        RUNS    "write below", mov [data8 - 4], ecx
        RUNS    "write above", mov [data8 + 4], cl
        TRAPS   DB, 0, "push on it is a write too", inc dword [data8]
        xor     eax, eax
        mov     dr6, eax
        mov     eax, 0xf << 20 | 2 << 2 ; dword, read and write, global
        mov     dr7, eax
        TRAPS   DB, 0, "read", mov ecx, [data8]
        DR6_IS  2, "read: DR6.B1"
        mov     eax, 0x1 << 20 | 2 << 2 ; byte, write
        mov     dr7, eax
        RUNS    "byte: the next one", mov [data8 + 1], cl
        TRAPS   DB, 0, "byte", mov [data8], cl
        mov     eax, 0x5 << 20 | 2 << 2 ; word, write
        mov     dr7, eax
        TRAPS   DB, 0, "word: its second byte", mov [data8 + 1], cl
        RUNS    "word: behind it", mov [data8 + 2], cl
        mov     edi, data8 - 2
        mov     ecx, 8
        EXPECT_BEGIN .rep
.rep_at: rep stosb
.rep:   EXPECT_END DB, 0, .rep_at, "rep stosb"
        CHECK   ecx, 5, "rep stosb stops behind the iteration that hit"
        xor     eax, eax
        mov     dr6, eax
        mov     eax, 1 << 13            ; GD
        mov     dr7, eax
        FAULTS  DB, 0, "GD: mov from dr0", mov ecx, dr0
        DR6_IS  0x2000, "GD: DR6.BD"
        mov     eax, dr7
        and     eax, 1 << 13
        CHECK   eax, 0, "GD: the handler may"
        mov     eax, 0x400
        mov     dr7, eax
        mov     eax, dr6
        CHECK   eax, 0xffff0ff0, "DR6: bits that are fixed"
        mov     eax, dr7
        CHECK   eax, 0x400, "DR7: bit 10 is fixed"
        mov     eax, dr4
        CHECK   eax, 0xffff0ff0, "DR4 is DR6"
        mov     eax, cr4
        or      eax, CR4_DE
        mov     cr4, eax
        FAULTS  UD, 0, "CR4.DE: dr4", mov eax, dr4
        FAULTS  UD, 0, "CR4.DE: dr5", mov dr5, eax
        mov     eax, cr4
        and     eax, ~CR4_DE
        mov     cr4, eax
        LEAVE_PROTECTED

        SECTION "shadows and NMI"
        ENTER_PROTECTED
        GATE32  NMI, count_nmi, 0x8e
        mov     dword [nmi_count], 0
        mov     dword [0xfee000f0], 0x1ff
        SEND_NMI
        CHECK   [nmi_count], 1, "NMI to itself"
        ; In its handler, another one waits for IRET.
        GATE32  NMI, .nested, 0x8e
        mov     dword [nmi_count], 0
        SEND_NMI
        CHECK   [nmi_count], 2, "NMI in the handler comes after IRET"
        jmp     .nested_done
.nested:
        inc     dword [nmi_count]
        cmp     dword [nmi_count], 1
        jne     .nested_iret
        SEND_NMI
        CHECK   [nmi_count], 1, "NMI waits in the handler"
.nested_iret:
        iretd
.nested_done:
        GATE32  NMI, count_nmi, 0x8e
        ; HLT ends by an NMI although IF is 0.
        mov     dword [nmi_count], 0
        SEND_NMI
        CHECK   [nmi_count], 1, "NMI with IF of 0"
        ; Interrupts: STI's shadow.
        call    timer_pending
        GATE32  0x20, .irq, 0x8e
        mov     dword [nmi_count], 0
        sti
.sti1:  nop
.sti2:  nop
        cli
        CHECK   [nmi_count], 1, "sti: the interrupt comes"
        CHECK   [nmi_ip], ADDRESS(.sti2), "sti: behind the next instruction"
        call    timer_pending
        mov     dword [nmi_count], 0
        sti
        cli
        nop
        nop
        CHECK   [nmi_count], 0, "sti, cli: nothing comes"
        mov     ecx, KERNEL_DATA
        push    dword EFLAGS_IF | 2
        mov     eax, esp
        popfd
.popf:  nop
        cli
        CHECK   [nmi_count], 1, "popf has no shadow"
        CHECK   [nmi_ip], ADDRESS(.popf), "popf has no shadow: IP"
        jmp     .irq_done
.irq:   inc     dword [nmi_count]
        push    eax
        mov     eax, [esp + 4]
        mov     [nmi_ip], eax
        mov     al, 0x20
        out     0x20, al
        pop     eax
        iretd
.irq_done:
        LEAVE_PROTECTED
%include "faults.inc"
        END_OF_GUEST

        MODE    32
; #DB: notes where, goes on; a breakpoint's instruction by RF.
count_step:
        push    eax
        push    ebx
        mov     eax, [esp + 8]
        mov     ebx, [step_count]
        and     ebx, 15
        mov     [step_ips + ebx * 4], eax
        inc     dword [step_count]
        or      dword [esp + 16], EFLAGS_RF
        pop     ebx
        pop     eax
        iretd
count_nmi:
        inc     dword [nmi_count]
        iretd
setup_gate:
        GATE32  DB, stubs_32 + DB * 16, 0x8e
        ret

; 8259s at vectors 20h and 28h with nothing but the 8254's interrupt, which is made to wait.
timer_pending:
        PICS    0x20, 0xfe
        mov     dword [0xfee00350], 0x700 ; LINT0: ExtINT
        PIT     0, 16
.wait:  mov     al, 0x0a                ; read IRR
        out     0x20, al
        in      al, 0x20
        test    al, 1
        jz      .wait
        ret
