; SPDX-License-Identifier: GPL-2.0-or-later
; Task switches by JMP, CALL, IRET, interrupt and call through task gates, with 32- and 16-bit TSSs;
; busy bits, back link, NT, the T bit, and TSSs that are wrong. Intel SDM vol. 3, chapter 7.
%include "guest.inc"

TASK            equ FREE                ; the other task's TSS
TASK16          equ FREE + 8
TASK_GATE       equ FREE + 0x10
BAD             equ FREE + 0x18
LDT             equ FREE + 0x20
NESTED          equ FREE + 0x28
HANDLER         equ FREE + 0x30
OTHERS          equ FREE + 0x38
TSS2            equ SCRATCH
TSS16           equ SCRATCH + 0x100
LDT_AT          equ SCRATCH + 0x300
TSS4            equ SCRATCH + 0x400
TSS5            equ SCRATCH + 0x500
TASK_STACK      equ SCRATCH + 0x2000
TYPE_AVAILABLE  equ 0x89
TYPE_BUSY       equ 0x8b

; The fields of a 32-bit TSS.
T_LINK          equ 0
T_CR3           equ 0x1c
T_EIP           equ 0x20
T_EFLAGS        equ 0x24
T_EAX           equ 0x28
T_ECX           equ 0x2c
T_EBX           equ 0x34
T_ESP           equ 0x38
T_ES            equ 0x48
T_CS            equ 0x4c
T_SS            equ 0x50
T_DS            equ 0x54
T_FS            equ 0x58
T_GS            equ 0x5c
T_LDT           equ 0x60
T_TRAP          equ 0x64

%macro TYPE_OF 3                        ; selector, type byte, name
        movzx   eax, byte [gdt + %1 + 5]
        CHECK   eax, %2, %3
%endmacro
%macro TASK_AT 1                        ; where the other task starts
        call    fill_tss
        mov     dword [TSS2 + T_EIP], %1
%endmacro

section .data
seen            times 16 dd 0           ; what the other task found
task_error      dd 0
task_link       dd 0
section .text

        MODE    32
; A good TSS of the other task in ring 0, with an own stack; the descriptors anew.
fill_tss:
        pushad
        xor     eax, eax
        mov     edi, TSS2
        mov     ecx, 0x300 / 4
        rep     stosd
        mov     dword [TSS2 + 4], STACK0
        mov     dword [TSS2 + 8], KERNEL_DATA
        mov     dword [TSS2 + T_EFLAGS], 2
        mov     dword [TSS2 + T_EAX], 0xaaaa0001
        mov     dword [TSS2 + T_ECX], 0xaaaa0002
        mov     dword [TSS2 + T_EBX], 0xaaaa0004
        mov     dword [TSS2 + T_ESP], TASK_STACK
        mov     dword [TSS2 + T_ES], USER_DATA
        mov     dword [TSS2 + T_CS], KERNEL_CODE
        mov     dword [TSS2 + T_SS], KERNEL_DATA
        mov     dword [TSS2 + T_DS], USER_DATA
        mov     dword [TSS2 + T_FS], KERNEL_DATA
        mov     dword [TSS2 + T_GS], 0
        mov     word [TSS2 + 0x66], 0x68
        mov     dword [TSS16 + 2], STACK0 & 0xffff
        mov     word [TSS16 + 4], KERNEL_DATA
        mov     word [TSS16 + 0x10], 2
        mov     word [TSS16 + 0x12], 0xbb01
        mov     word [TSS16 + 0x14], 0xbb02
        mov     word [TSS16 + 0x1a], 0x1ff0
        mov     word [TSS16 + 0x22], USER_DATA
        mov     word [TSS16 + 0x24], KERNEL_CODE
        mov     word [TSS16 + 0x26], DATA16
        mov     word [TSS16 + 0x28], USER_DATA
        SET_DESCRIPTOR TASK, TSS2, 0x67, TYPE_AVAILABLE, 0
        SET_DESCRIPTOR TASK16, TSS16, 0x2b, 0x81, 0
        mov     dword [gdt + TASK_GATE], TASK << 16
        mov     dword [gdt + TASK_GATE + 4], 0x8500
        SET_DESCRIPTOR TSS_SELECTOR, TSS, 0x67, TYPE_BUSY, 0
        popad
        ret

; Tasks for the handlers of #TS, #NP, #SS and #GP.
fill_handlers:
        pushad
        mov     esi, TSS2
        mov     edi, TSS4
        mov     ecx, 0x68 / 4
        rep     movsd
        mov     esi, TSS2
        mov     edi, TSS5
        mov     ecx, 0x68 / 4
        rep     movsd
%macro GOOD_TASK 2                      ; TSS, EIP
        mov     dword [%1 + T_EIP], %2
        mov     dword [%1 + T_LDT], 0
        mov     dword [%1 + T_CS], KERNEL_CODE
        mov     dword [%1 + T_SS], KERNEL_DATA
        mov     dword [%1 + T_DS], USER_DATA
        mov     dword [%1 + T_ES], USER_DATA
        mov     dword [%1 + T_FS], USER_DATA
        mov     dword [%1 + T_ESP], TASK_STACK + 0x1000
%endmacro
        GOOD_TASK TSS4, fault_handler
        GOOD_TASK TSS5, other_handler
        SET_DESCRIPTOR HANDLER, TSS4, 0x67, TYPE_AVAILABLE, 0
        SET_DESCRIPTOR OTHERS, TSS5, 0x67, TYPE_AVAILABLE, 0
        GATE32  TS, 0, 0x85, OTHERS
        GATE32  NP, 0, 0x85, OTHERS
        GATE32  SS_, 0, 0x85, OTHERS
        GATE32  GP, 0, 0x85, OTHERS
        popad
        ret
other_handler:
        mov     dword [esp], 0xbadfa017 ; the fault has another vector
        mov     ax, [TSS5]
        mov     [TSS4], ax
fault_handler:
        pop     dword [task_error]
        movzx   eax, word [TSS4]
        mov     [task_link], eax
        SET_DESCRIPTOR TSS_SELECTOR, TSS, 0x67, TYPE_AVAILABLE, 0
        push    dword 2
        popfd
        jmp     TSS_SELECTOR:0

; What the other task notes first.
note_task:
        mov     [seen], eax
        mov     [seen + 4], ecx
        mov     [seen + 8], esp
        mov     eax, ds
        mov     [seen + 12], eax
        mov     eax, fs
        mov     [seen + 16], eax
        mov     eax, gs
        mov     [seen + 20], eax
        mov     eax, ss
        mov     [seen + 24], eax
        pushfd
        pop     dword [seen + 28]
        str     eax
        mov     [seen + 32], eax
        mov     eax, cr0
        mov     [seen + 36], eax
        mov     eax, cs
        mov     [seen + 40], eax
        movzx   eax, word [TSS2]
        mov     [seen + 44], eax
        ret

        MODE    16
main:   call    install_real

        SECTION "jump"
        ENTER_PROTECTED
        mov     ebx, 0x1234
        TASK_AT .jumped
        stc
        jmp     TASK:0xffffffff
.after_jump:
        CHECK   ebx, 0x1234, "back: EBX"
        CHECK   esp, MAIN_STACK, "back: ESP"
        CHECK_FLAG c, 1, "back: carry"
        TYPE_OF TSS_SELECTOR, TYPE_BUSY, "back: busy"
        TYPE_OF TASK, TYPE_AVAILABLE, "back: the other is available"
        mov     eax, [TSS2 + T_ECX]
        CHECK   eax, 0x5555, "back: the other's ECX is saved"
        CHECK   [TSS2 + T_EIP], ADDRESS(.next_time), "back: the other's EIP is saved"
        jmp     .jump_again
.jumped:
        mov     ebx, esp
        call    note_task
        CHECK   ebx, TASK_STACK, "jump: ESP"
        CHECK   [seen], 0xaaaa0001, "jump: EAX"
        CHECK   [seen + 4], 0xaaaa0002, "jump: ECX"
        CHECK   [seen + 12], USER_DATA, "jump: DS"
        CHECK   [seen + 16], KERNEL_DATA, "jump: FS"
        CHECK   [seen + 20], 0, "jump: GS"
        CHECK   [seen + 24], KERNEL_DATA, "jump: SS"
        CHECK   [seen + 28], 2, "jump: EFLAGS without NT"
        CHECK   [seen + 32], TASK, "jump: TR"
        CHECK   [seen + 44], 0, "jump: no back link"
        CHECK   [TSS + T_EIP], ADDRESS(.after_jump), "jump: EIP is saved"
        CHECK   [TSS + T_EBX], 0x1234, "jump: EBX is saved"
        CHECK   [TSS + T_ESP], MAIN_STACK, "jump: ESP is saved"
        movzx   eax, word [TSS + T_CS]
        CHECK   eax, KERNEL_CODE, "jump: CS is saved"
        movzx   eax, word [TSS + T_DS]
        CHECK   eax, USER_DATA, "jump: DS is saved"
        mov     eax, [TSS + T_EFLAGS]
        and     eax, EFLAGS_CF
        CHECK   eax, EFLAGS_CF, "jump: EFLAGS are saved"
        TYPE_OF TSS_SELECTOR, TYPE_AVAILABLE, "jump: the old one is available"
        TYPE_OF TASK, TYPE_BUSY, "jump: the new one is busy"
        mov     eax, [seen + 36]
        and     eax, CR0_TS
        CHECK   eax, CR0_TS, "jump sets CR0.TS"
        clts
        mov     ecx, 0x5555
        jmp     TSS_SELECTOR:0
.next_time:
        CHECK   ecx, 0x5555, "again: ECX"
        jmp     TSS_SELECTOR:0
.jump_again:
        jmp     TASK:0
        clts
        FAULTS  GP, TSS_SELECTOR, "jump to itself, which is busy", jmp TSS_SELECTOR:0
        mov     dword [TSS2 + T_EIP], .by_gate
        jmp     TASK_GATE:0
        jmp     .gate_done
.by_gate:
        str     eax
        CHECK   eax, TASK, "jump through a task gate: TR"
        jmp     TSS_SELECTOR:0
.gate_done:
        clts
        LEAVE_PROTECTED

        SECTION "call and iret"
        ENTER_PROTECTED
        TASK_AT .called
        mov     ebx, 0x4321
        call    TASK:0
.after_call:
        CHECK   ebx, 0x4321, "back: EBX"
        TYPE_OF TSS_SELECTOR, TYPE_BUSY, "back: busy"
        TYPE_OF TASK, TYPE_AVAILABLE, "back: the other is available"
        mov     eax, [TSS2 + T_EFLAGS]
        and     eax, EFLAGS_NT
        CHECK   eax, 0, "iret clears NT in what it saves"
        pushfd
        pop     eax
        and     eax, EFLAGS_NT
        CHECK   eax, 0, "back: NT"
        jmp     .call_done
.called:
        call    note_task
        mov     eax, [seen + 28]
        CHECK   eax, EFLAGS_NT | 2, "call sets NT"
        CHECK   [seen + 44], TSS_SELECTOR, "call: back link"
        TYPE_OF TSS_SELECTOR, TYPE_BUSY, "call: the old one stays busy"
        TYPE_OF TASK, TYPE_BUSY, "call: the new one is busy"
        FAULTS  GP, TASK, "call of itself", call TASK:0
        push    dword EFLAGS_NT | 2     ; the fault's handler has none
        popfd
        iretd
        jmp     .called
.call_done:
        TASK_AT .called_by_gate
        call    TASK_GATE:0
        jmp     .gate_done
.called_by_gate:
        str     eax
        CHECK   eax, TASK, "call through a task gate: TR"
        iretd
.gate_done:
        push    dword EFLAGS_NT | 2
        popfd
        mov     word [TSS], TASK
        mov     eax, esp
        FAULTS  TS, TASK, "iret to a task that is not busy", iretd
        mov     word [TSS], 0
        push    dword EFLAGS_NT | 2
        popfd
        FAULTS  TS, 0, "iret to null", iretd
        mov     word [TSS], KERNEL_DATA
        push    dword EFLAGS_NT | 2
        popfd
        FAULTS  TS, KERNEL_DATA, "iret to data", iretd
        push    dword 2
        popfd
        LEAVE_PROTECTED

        SECTION "interrupts and faults"
        ENTER_PROTECTED
        TASK_AT .interrupt
        GATE32  0x50, 0, 0xe5, TASK
        mov     ebx, 77
        int     0x50
        CHECK   ebx, 77, "interrupt: back"
        jmp     .fault_task
.interrupt:
        call    note_task
        CHECK   [seen + 28], EFLAGS_NT | 2, "interrupt: NT"
        CHECK   [seen + 44], TSS_SELECTOR, "interrupt: back link"
        CHECK   [seen + 8], TASK_STACK - 4, "interrupt: nothing is pushed"
        mov     dword [TSS2 + T_EIP], 0
        iretd
.fault_task:
        TASK_AT .fault
        GATE32  NP, 0, 0x85, TASK
        SET_DESCRIPTOR BAD, 0, 0xfff, 0x13, 0
        mov     eax, BAD
.faulting:
        mov     es, ax
.fault_back:
        jmp     .fault_done
.fault: pop     dword [seen]
        CHECK   [seen], BAD, "fault: error code on the task's stack"
        CHECK   esp, TASK_STACK, "fault: stack"
        CHECK   [TSS + T_EIP], ADDRESS(.faulting), "fault: EIP of the old task"
        mov     dword [TSS + T_EIP], .fault_back
        iretd
.fault_done:
        USER_RUNS "ring 3 before", nop
        TASK_AT .user
        USER_RUNS "interrupt from ring 3", int 0x50
        jmp     .user_done
.user:  movzx   eax, word [TSS + T_CS]
        CHECK   eax, USER_CODE, "interrupt from ring 3: CS is saved"
        mov     eax, [TSS + T_ESP]
        CHECK   eax, USER_STACK, "interrupt from ring 3: ESP is saved"
        iretd
.user_done:
        USER_FAULTS GP, TASK, "ring 3 calls a TSS of DPL 0", call TASK | 3:0
        mov     byte [gdt + TASK_GATE + 5], 0xe5
        mov     dword [TSS2 + T_EIP], .user_gate
        USER_RUNS "ring 3 calls a task gate of DPL 3", call TASK_GATE | 3:0
        jmp     .user_gate_done
.user_gate:
        mov     eax, cs
        CHECK   eax, KERNEL_CODE, "a task gate leads to any ring"
        iretd
.user_gate_done:
        ; A task in ring 3.
        TASK_AT .ring3
        mov     dword [TSS2 + T_CS], USER_CODE
        mov     dword [TSS2 + T_SS], USER_DATA
        mov     dword [TSS2 + T_FS], USER_DATA
        EXPECT_BEGIN .ring3_done
        call    TASK:0
.ring3: hlt
.ring3_done:
        EXPECT_END GP, 0, .ring3, "a task in ring 3"
        CHECK   [exc_cs], USER_CODE, "a task in ring 3: CS"
        CHECK   [exc_sp], TASK_STACK, "a task in ring 3: ESP"
        str     eax
        CHECK   eax, TASK, "a task in ring 3: TR"
        SET_DESCRIPTOR TSS_SELECTOR, TSS, 0x67, TYPE_AVAILABLE, 0
        mov     eax, TSS_SELECTOR
        ltr     ax
        clts
        LEAVE_PROTECTED

        SECTION "tasks of 16 bits"
        ENTER_PROTECTED
        call    fill_tss
        mov     word [TSS16 + 0xe], .task16
        call    TASK16:0
        TYPE_OF TASK16, 0x81, "back: the other is available"
        movzx   eax, word [TSS16 + 0x12]
        CHECK   eax, 0x7777, "back: AX is saved"
        jmp     .done16
.task16:
        movzx   ebx, ax
        CHECK   ebx, 0xbb01, "AX"
        movzx   ebx, cx
        CHECK   ebx, 0xbb02, "CX"
        movzx   ebx, sp
        CHECK   ebx, 0x1ff0, "SP"
        mov     ebx, ss
        CHECK   ebx, DATA16, "SS"
        mov     ebx, fs
        CHECK   ebx, 0, "FS is null"
        TYPE_OF TASK16, 0x83, "busy"
        movzx   eax, word [TSS16]
        CHECK   eax, TSS_SELECTOR, "back link"
        mov     ax, 0x7777
        iretd
.done16:
        clts
        LEAVE_PROTECTED

        SECTION "wrong tasks"
        ENTER_PROTECTED
        ; What is found before the switch is the old task's fault.
%macro SWITCH_FAULTS 4                  ; vector, error code, name, selector
        FAULTS  %1, %2, %3, jmp %4:0
        str     eax
        CHECK   eax, TSS_SELECTOR, %3
%endmacro
        TASK_AT main
        SET_DESCRIPTOR BAD, TSS2, 0x66, TYPE_AVAILABLE, 0
        SWITCH_FAULTS TS, BAD, "limit of 66h", BAD
        SET_DESCRIPTOR BAD, TSS16, 0x2a, 0x81, 0
        SWITCH_FAULTS TS, BAD, "16 bits, limit of 2Ah", BAD
        SET_DESCRIPTOR BAD, TSS2, 0x67, 0x09, 0
        SWITCH_FAULTS NP, BAD, "not present", BAD
        SET_DESCRIPTOR BAD, TSS2, 0x67, TYPE_BUSY, 0
        SWITCH_FAULTS GP, BAD, "busy", BAD
        SET_DESCRIPTOR BAD, TSS2, 0x67, TYPE_AVAILABLE, 0
        SWITCH_FAULTS GP, BAD, "RPL 3", BAD | 3
        mov     dword [gdt + TASK_GATE], BAD << 16
        mov     dword [gdt + TASK_GATE + 4], 0x0500
        SWITCH_FAULTS NP, TASK_GATE, "task gate that is not present", TASK_GATE
        mov     byte [gdt + TASK_GATE + 5], 0x85
        mov     word [gdt + TASK_GATE + 2], KERNEL_DATA
        SWITCH_FAULTS GP, KERNEL_DATA, "task gate to data", TASK_GATE
        mov     word [gdt + TASK_GATE + 2], 0
        SWITCH_FAULTS GP, 0, "task gate to null", TASK_GATE
        mov     word [gdt + TASK_GATE + 2], BAD | 4
        SWITCH_FAULTS GP, BAD | 4, "task gate into the LDT", TASK_GATE

        ; What is found after it is the new task's fault. Its stack may be what is wrong, so that
        ; the handler is a task too: HANDLER for the vector that is expected, OTHERS for all others.
%macro TASK_FAULTS 5                    ; vector, error code, name, TSS field, value
        TASK_AT main
        mov     word [TSS2 + %4], %5
        call    fill_handlers
        mov     word [IDT + %1 * 8 + 2], HANDLER
        jmp     TASK:0
        CHECK   [task_error], %2, %3
        CHECK   [task_link], TASK, %3
        clts
%endmacro
        SET_DESCRIPTOR LDT, LDT_AT, 0xff, 0x02, 0
        SET_DESCRIPTOR BAD, 0, 0xfffff, 0x13, 0xc
        SET_DESCRIPTOR NESTED, 0, 0xfffff, 0x1b, 0xc
        TASK_FAULTS TS, KERNEL_DATA, "data for an LDT", T_LDT, KERNEL_DATA
        TASK_FAULTS TS, LDT, "an LDT that is not present", T_LDT, LDT
        TASK_FAULTS TS, KERNEL_DATA, "data for CS", T_CS, KERNEL_DATA
        TASK_FAULTS TS, 0, "null CS", T_CS, 0
        TASK_FAULTS TS, USER_CODE & ~3, "CS of DPL 3 with RPL 0", T_CS, USER_CODE & ~3
        TASK_FAULTS NP, NESTED, "CS that is not present", T_CS, NESTED
        TASK_FAULTS TS, 0, "null SS", T_SS, 0
        TASK_FAULTS TS, USER_DATA & ~3, "SS of DPL 3", T_SS, USER_DATA & ~3
        TASK_FAULTS SS_, BAD, "SS that is not present", T_SS, BAD
        TASK_FAULTS NP, BAD, "DS that is not present", T_DS, BAD
        TASK_FAULTS TS, TSS_SELECTOR, "TSS for ES", T_ES, TSS_SELECTOR
        TASK_FAULTS TS, 0xfff8, "FS beyond the GDT", T_FS, 0xfff8
        call    setup_32
        TASK_AT .trapped
        mov     word [TSS2 + T_TRAP], 1
        EXPECT_BEGIN .trap_done
        jmp     TASK:0
.trapped:
        nop
.trap_done:
        EXPECT_END DB, 0, .trapped, "the T bit"
        mov     eax, dr6
        and     eax, 0xe000
        CHECK   eax, 0x8000, "the T bit: DR6.BT"
        xor     eax, eax
        mov     dr6, eax
        clts
        LEAVE_PROTECTED
        END_OF_GUEST
