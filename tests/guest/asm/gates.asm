; SPDX-License-Identifier: GPL-2.0-or-later
; Gates: interrupts and traps with and without a change of privilege, call gates with parameters,
; far returns and IRET to outer rings, IST; who may use which. Intel SDM vol. 3, chapters 5 and 6.
%include "guest.inc"

GATE            equ FREE                ; selectors: a call gate (two entries in long mode)
CONFORMING      equ FREE + 0x10
OTHER           equ FREE + 0x18

; CALL_GATE offset, code selector, parameters, type byte: at GATE
%macro CALL_GATE 4
        mov     dword [gdt + GATE], ADDRESS(%1) | (%2) << 16
        mov     dword [gdt + GATE + 4], (%3) | (%4) << 8
  %if SUFFIX == 64
        mov     qword [gdt + GATE + 8], 0
  %endif
%endmacro

section .data
        align   8
frame           times 8 dq 0            ; what a handler found on its stack
frame_sp        dq 0
frame_flags     dq 0
frame_cs        dq 0
frame_ss        dq 0
far_target      dq 0
                dw 0
section .text

        MODE    32
; Notes the caller's stack and the flags; all registers and flags stay.
note_32:
        pushfd
        push    eax
        mov     eax, [esp + 4]
        mov     [frame_flags], eax
        mov     eax, cs
        mov     [frame_cs], eax
        mov     eax, ss
        mov     [frame_ss], eax
        lea     eax, [esp + 12]
        mov     [frame_sp], eax
%assign n 0
%rep 7
        mov     eax, [esp + 12 + n * 4]
        mov     [frame + n * 4], eax
  %assign n n + 1
%endrep
        pop     eax
        popfd
        ret
iret_32:
        call    note_32
        iretd
retf_32:
        call    note_32
        retf
retf8_32:
        call    note_32
        retf    8
retf16_32:
        call    note_32
        o16 retf 4

        MODE    16
main:   call    install_real

        SECTION "interrupts in ring 0"
        ENTER_PROTECTED
        GATE32  0x50, iret_32, 0x8e
        GATE32  0x51, iret_32, 0x8f
        mov     ebx, esp
        push    dword EFLAGS_IF | 2
        popfd
        RUNS    "interrupt gate", int 0x50
        CHECK   esp, ebx, "interrupt gate: ESP afterwards"
        sub     ebx, 12
        CHECK   [frame_sp], ebx, "interrupt gate: frame"
        CHECK   [frame + 4], KERNEL_CODE, "interrupt gate: CS"
        CHECK   [frame + 8], EFLAGS_IF | 2, "interrupt gate: EFLAGS"
        CHECK   [frame_flags], 2, "interrupt gate clears IF"
        pushfd
        pop     eax
        and     eax, EFLAGS_IF
        CHECK   eax, EFLAGS_IF, "iret brings IF back"
        RUNS    "trap gate", int 0x51
        mov     eax, [frame_flags]
        and     eax, EFLAGS_IF
        CHECK   eax, EFLAGS_IF, "trap gate leaves IF"
        cli
        push    dword EFLAGS_AC | 0xcd7
        popfd
        RUNS    "trap gate", int 0x51
        CHECK   [frame_flags], EFLAGS_AC | 0xcd7, "arithmetic flags stay"
        push    dword 2
        popfd
        FAULTS  GP, 0x40 * 8 + 2, "absent vector's type", int 0x40
        GATE32  0x52, iret_32, 0x0e
        FAULTS  NP, 0x52 * 8 + 2, "gate that is not present", int 0x52
        GATE32  0x52, iret_32, 0x8e, KERNEL_DATA
        FAULTS  GP, KERNEL_DATA, "gate to data", int 0x52
        GATE32  0x52, iret_32, 0x8e, 0
        FAULTS  GP, 0, "gate to null", int 0x52
        GATE32  0x52, iret_32, 0x8e, 0xfff8
        FAULTS  GP, 0xfff8, "gate beyond the GDT", int 0x52
        GATE32  0x52, iret_32, 0x8e, USER_CODE
        FAULTS  GP, USER_CODE & ~3, "gate to a less privileged ring", int 0x52
        SET_DESCRIPTOR OTHER, 0, 0xfffff, 0x1b, 0xc
        GATE32  0x52, iret_32, 0x8e, OTHER
        FAULTS  NP, OTHER, "gate to code that is not present", int 0x52
        SET_DESCRIPTOR OTHER, 0, 0x1000, 0x9b, 0x4
        FAULTS  GP, 0, "gate beyond the limit", int 0x52
        GATE32  0x52, iret_32, 0x8c
        FAULTS  GP, 0x52 * 8 + 2, "gate of type Ch", int 0x52
        mov     word [idt_pointer], 0x51 * 8 + 6
        lidt    [idt_pointer]
        FAULTS  GP, 0x51 * 8 + 2, "gate across the IDT's limit", int 0x51
        mov     word [idt_pointer], 0xfff
        lidt    [idt_pointer]
        ; A 16-bit gate pushes words.
        GATE32  0x52, .words, 0x86
        mov     ebx, esp
        int     0x52
        CHECK   esp, ebx, "16-bit gate: ESP afterwards"
        sub     ebx, 6
        CHECK   [frame_sp], ebx, "16-bit gate: frame of words"
        jmp     .words_done
.words: call    note_32
        iretw
.words_done:
        push    dword EFLAGS_OF | 2
        popfd
        TRAPS   OF, 0, "into with OF", into
        push    dword 2
        popfd
        RUNS    "into without OF", into
        LEAVE_PROTECTED

        SECTION "interrupts from ring 3"
        ENTER_PROTECTED
        GATE32  0x50, iret_32, 0xee
        GATE32  0x51, iret_32, 0xef
        mov     dword [user_flags], EFLAGS_IF | EFLAGS_CF | 2
        USER_RUNS "interrupt gate", int 0x50
        CHECK   [frame_sp], STACK0 - 20, "interrupt gate: stack of the TSS"
        CHECK   [frame_ss], KERNEL_DATA, "interrupt gate: SS of the TSS"
        CHECK   [frame_cs], KERNEL_CODE, "interrupt gate: CS"
        CHECK   [frame + 4], USER_CODE, "interrupt gate: saved CS"
        CHECK   [frame + 8], EFLAGS_IF | EFLAGS_CF | 2, "interrupt gate: saved EFLAGS"
        CHECK   [frame + 12], USER_STACK, "interrupt gate: saved ESP"
        CHECK   [frame + 16], USER_DATA, "interrupt gate: saved SS"
        CHECK   [frame_flags], EFLAGS_CF | 2, "interrupt gate clears IF"
        USER_RUNS "trap gate", int 0x51
        CHECK   [frame_flags], EFLAGS_IF | EFLAGS_CF | 2, "trap gate leaves IF"
        CHECK   [exc_flags], EFLAGS_IF | EFLAGS_CF | EFLAGS_RF | 2, "a fault saves RF"
        mov     dword [user_flags], 2
        USER_TRAPS SYSTEM_CALL, ANY, "the system call's gate", int SYSTEM_CALL
        USER_FAULTS GP, 0x30 * 8 + 2, "DPL 0 gate", int 0x30
        USER_FAULTS GP, 3 * 8 + 2, "DPL 0 gate of vector 3 by int3", int3
        USER_FAULTS GP, 3 * 8 + 2, "DPL 0 gate of vector 3 by CD 03", db 0xcd, 3
        USER_FAULTS GP, 13 * 8 + 2, "DPL 0 gate of vector 13", int 13
        USER_FAULTS UD, 0, "a fault does not look at the DPL", ud2
        GATE32  0x52, iret_32, 0x6e
        USER_FAULTS NP, 0x52 * 8 + 2, "gate that is not present", int 0x52
        GATE32  0x52, iret_32, 0x0e
        USER_FAULTS GP, 0x52 * 8 + 2, "DPL before presence", int 0x52
        SET_DESCRIPTOR CONFORMING, 0, 0xfffff, 0x9f, 0xc
        GATE32  0x53, .conforming, 0xee, CONFORMING
        USER_RUNS "gate to conforming code", int 0x53
        CHECK   [frame_cs], CONFORMING | 3, "gate to conforming code: CS"
        CHECK   [frame_sp], USER_STACK - 12, "gate to conforming code: the same stack"
        jmp     .conforming_done
.conforming:
        call    note_32
        iretd
.conforming_done:
        ; IRET and RETF to an outer ring forget segments that it may not use.
        mov     eax, KERNEL_DATA
        mov     gs, ax
        USER_RUNS "iret to ring 3", mov ebx, gs
        CHECK   ebx, 0, "iret to ring 3: a ring 0 segment is gone"
        mov     eax, CONFORMING
        mov     gs, ax
        USER_RUNS "iret to ring 3", mov ebx, gs
        CHECK   ebx, CONFORMING, "iret to ring 3: conforming code stays"
        mov     eax, esp
%macro IRET_FAULTS 6                    ; vector, error, name, cs, ss, eflags
        push    dword %5
        push    dword USER_STACK
        push    dword %6
        push    dword %4
        push    dword main
        mov     ebx, esp
        FAULTS  %1, %2, %3, iretd
        CHECK   esp, ebx, "a failed iret leaves ESP"
        mov     esp, eax
%endmacro
        IRET_FAULTS GP, 0, "iret to null", 0, USER_DATA, 2
        IRET_FAULTS GP, USER_DATA & ~3, "iret to data", USER_DATA, USER_DATA, 2
        IRET_FAULTS GP, KERNEL_CODE, "iret to ring 0 code with RPL 3", KERNEL_CODE | 3, USER_DATA, 2
        IRET_FAULTS GP, USER_CODE & ~3, "iret with RPL 1 to DPL 3", USER_CODE & ~2, USER_DATA, 2
        IRET_FAULTS GP, 0, "iret with a null SS", USER_CODE, 0, 2
        IRET_FAULTS GP, KERNEL_DATA, "iret with a ring 0 SS", USER_CODE, KERNEL_DATA, 2
        IRET_FAULTS GP, USER_DATA & ~3, "iret with RPL 0 in SS", USER_CODE, USER_DATA & ~3, 2
        SET_DESCRIPTOR OTHER, 0, 0xfffff, 0x73, 0xc
        IRET_FAULTS SS_, OTHER, "iret with an absent SS", USER_CODE, OTHER | 3, 2
        SET_DESCRIPTOR OTHER, 0, 0xfffff, 0x7b, 0xc
        IRET_FAULTS NP, OTHER, "iret to absent code", OTHER | 3, USER_DATA, 2
        ; What IRET in ring 3 may change.
        mov     dword [user_flags], 2
        EXPECT_BEGIN .user_iret
        USER_BEGIN
        push    dword 0x3000 | EFLAGS_IF | EFLAGS_CF | EFLAGS_ID | 2
        push    dword USER_CODE
        push    dword .user_iret_hlt
        iretd
.user_iret_hlt:
        hlt
.user_iret:
        EXPECT_END GP, 0, .user_iret_hlt, "iret in ring 3"
        CHECK   [exc_flags], EFLAGS_CF | EFLAGS_ID | EFLAGS_RF | 2, "ring 3 keeps IOPL and IF"
        EXPECT_BEGIN .inward
        USER_BEGIN
        push    dword KERNEL_CODE
        push    dword main
.inward_retf:
        retf
.inward:
        EXPECT_END GP, KERNEL_CODE, .inward_retf, "ring 3 returns to ring 0"
        LEAVE_PROTECTED

        SECTION "far returns"
        ENTER_PROTECTED
        mov     ebx, esp
        push    dword KERNEL_CODE
        push    dword .same
        retf
.same:  CHECK   esp, ebx, "retf in ring 0"
        sub     esp, 8
        push    dword KERNEL_CODE
        push    dword .same8
        retf    8
.same8: CHECK   esp, ebx, "retf 8 in ring 0"
        EXPECT_BEGIN .out
        push    dword USER_DATA
        push    dword USER_STACK
        push    dword 0x11111111
        push    dword 0x22222222
        push    dword USER_CODE
        push    dword .out_user
        retf    8
.out_user:
        hlt
.out:   EXPECT_END GP, 0, .out_user, "retf 8 to ring 3"
        CHECK   [exc_sp], USER_STACK + 8, "retf 8 to ring 3: ESP"
        CHECK   [exc_ss], USER_DATA, "retf 8 to ring 3: SS"
        CHECK   [exc_cs], USER_CODE, "retf 8 to ring 3: CS"
        mov     eax, esp
        push    dword USER_CODE & ~3
        push    dword main
        FAULTS  GP, USER_CODE & ~3, "retf to DPL 3 with RPL 0", retf
        mov     esp, eax
        push    dword 0
        push    dword main
        FAULTS  GP, 0, "retf to null", retf
        mov     esp, eax
        push    dword KERNEL_DATA
        push    dword main
        FAULTS  GP, KERNEL_DATA, "retf to data", retf
        mov     esp, eax
        push    dword 0
        push    dword USER_STACK
        push    dword USER_CODE
        push    dword main
        FAULTS  GP, 0, "retf to ring 3 with a null SS", retf
        mov     esp, eax
        LEAVE_PROTECTED

        SECTION "call gates in ring 0"
        ENTER_PROTECTED
        CALL_GATE retf_32, KERNEL_CODE, 0, 0x8c
        mov     ebx, esp
        RUNS    "call gate", call GATE:0x12345678
        CHECK   esp, ebx, "call gate: ESP afterwards"
        sub     ebx, 8
        CHECK   [frame_sp], ebx, "call gate: frame"
        CHECK   [frame + 4], KERNEL_CODE, "call gate: saved CS"
        CALL_GATE retf_32, KERNEL_CODE, 5, 0x8c
        mov     ebx, esp
        RUNS    "call gate with parameters in ring 0", call GATE:0
        CHECK   esp, ebx, "parameters are not copied in ring 0"
        CALL_GATE .jumped, KERNEL_CODE, 0, 0x8c
        jmp     GATE:0
        SAY     "a jump through a gate went on behind itself"
.jumped:
        CHECK   esp, ebx, "jump through a gate"
        CALL_GATE retf_32, KERNEL_CODE, 0, 0x0c
        FAULTS  NP, GATE, "gate that is not present", call GATE:0
        FAULTS  NP, GATE, "jump to a gate that is not present", jmp GATE:0
        CALL_GATE retf_32, KERNEL_CODE, 0, 0x8c
        FAULTS  GP, GATE, "RPL 3 of a DPL 0 gate", call GATE | 3:0
        CALL_GATE retf_32, 0, 0, 0x8c
        FAULTS  GP, 0, "gate to null", call GATE:0
        CALL_GATE retf_32, KERNEL_DATA, 0, 0x8c
        FAULTS  GP, KERNEL_DATA, "gate to data", call GATE:0
        CALL_GATE retf_32, USER_CODE, 0, 0x8c
        FAULTS  GP, USER_CODE & ~3, "gate to a less privileged ring", call GATE:0
        CALL_GATE retf_32, KERNEL_CODE, 0, 0x8e
        FAULTS  GP, GATE, "call of an interrupt gate", call GATE:0
        FAULTS  GP, GATE, "jump to an interrupt gate", jmp GATE:0
        LEAVE_PROTECTED

        SECTION "call gates from ring 3"
        ENTER_PROTECTED
        CALL_GATE retf8_32, KERNEL_CODE, 2, 0xec
        EXPECT_BEGIN .called
        USER_BEGIN
        push    dword 0xa1a1a1a1
        push    dword 0xb2b2b2b2
        call    GATE | 3:0
.called_hlt:
        hlt
.called:
        EXPECT_END GP, 0, .called_hlt, "call gate with two parameters"
        CHECK   [frame_sp], STACK0 - 24, "two parameters: frame"
        CHECK   [frame], ADDRESS(.called_hlt), "two parameters: saved EIP"
        CHECK   [frame + 4], USER_CODE, "two parameters: saved CS"
        CHECK   [frame + 8], 0xb2b2b2b2, "two parameters: the last"
        CHECK   [frame + 12], 0xa1a1a1a1, "two parameters: the first"
        CHECK   [frame + 16], USER_STACK - 8, "two parameters: saved ESP"
        CHECK   [frame + 20], USER_DATA, "two parameters: saved SS"
        CHECK   [frame_cs], KERNEL_CODE, "two parameters: CS"
        CHECK   [frame_ss], KERNEL_DATA, "two parameters: SS"
        CHECK   [exc_sp], USER_STACK, "two parameters: retf 8 releases them on both stacks"
        CALL_GATE retf16_32, KERNEL_CODE, 2, 0xe4
        EXPECT_BEGIN .called16
        USER_BEGIN
        push    dword 0xa1a1b2b2
        call    GATE | 3:0
.called16_hlt:
        hlt
.called16:
        EXPECT_END GP, 0, .called16_hlt, "16-bit call gate"
        CHECK   [frame_sp], STACK0 - 12, "16-bit call gate: frame"
        CHECK   [frame + 4], 0xa1a1b2b2, "16-bit call gate: parameters"
        CALL_GATE retf_32, KERNEL_CODE, 0, 0x8c
        USER_FAULTS GP, GATE, "DPL 0 gate", call GATE:0
        CALL_GATE retf_32, KERNEL_CODE, 0, 0xec
        USER_FAULTS GP, KERNEL_CODE, "jump to an inner ring", jmp GATE:0
        ; To ring 1, whose stack may be wrong while that of the exception's handler is right.
        SET_DESCRIPTOR OTHER, 0, 0xfffff, 0xbb, 0xc
        CALL_GATE retf_32, OTHER, 0, 0xec
        mov     dword [TSS + 12], STACK0
        mov     word [TSS + 16], 0
        USER_FAULTS TS, 0, "TSS with a null SS1", call GATE:0
        mov     word [TSS + 16], USER_DATA
        USER_FAULTS TS, USER_DATA & ~3, "TSS with an SS1 of ring 3", call GATE:0
        mov     word [TSS + 16], KERNEL_CODE | 1
        USER_FAULTS TS, KERNEL_CODE, "TSS with code for SS1", call GATE:0
        mov     word [TSS + 16], 0xfff9
        USER_FAULTS TS, 0xfff8, "TSS with an SS1 beyond the GDT", call GATE:0
        SET_DESCRIPTOR CONFORMING, 0, 0xfffff, 0x33, 0xc
        mov     word [TSS + 16], CONFORMING | 1
        USER_FAULTS SS_, CONFORMING, "TSS with an absent SS1", call GATE:0
        SET_DESCRIPTOR CONFORMING, 0, 0xfffff, 0xb3, 0xc
        USER_RUNS "call gate to ring 1", call GATE:0
        CHECK   [frame_cs], OTHER | 1, "call gate to ring 1: CS"
        CHECK   [frame_ss], CONFORMING | 1, "call gate to ring 1: SS"
        LEAVE_PROTECTED
%include "gates-long.inc"
        END_OF_GUEST
