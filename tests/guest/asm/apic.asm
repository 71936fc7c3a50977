; SPDX-License-Identifier: GPL-2.0-or-later
; Local APICs (Intel SDM vol. 3, chapter 11): priorities, timer, what comes from the 8259 and the
; I/O APIC, and four processors that start by INIT and SIPI and send each other interrupts.
; QEMU 7.2 lets software unmask entries of a disabled APIC.
%include "guest.inc"

APIC            equ 0xfee00000
ID              equ APIC + 0x20
TPR             equ APIC + 0x80
PPR             equ APIC + 0xa0
EOI             equ APIC + 0xb0
LDR             equ APIC + 0xd0
SVR             equ APIC + 0xf0
ISR             equ APIC + 0x100
IRR             equ APIC + 0x200
ICR             equ APIC + 0x300
ICR_DEST        equ APIC + 0x310
LVT_TIMER       equ APIC + 0x320
LINT0           equ APIC + 0x350
COUNT           equ APIC + 0x380
CURRENT         equ APIC + 0x390
DIVIDE          equ APIC + 0x3e0
IOAPIC          equ 0xfec00000

MASKED          equ 1 << 16
PERIODIC        equ 1 << 17
SELF            equ 1 << 18 | 1 << 14
OTHERS          equ 3 << 18 | 1 << 14

TRAMPOLINE      equ SCRATCH             ; where a SIPI leads
AP_STACKS       equ SCRATCH + 0x1000    ; 1 KiB each
PROCESSORS      equ 4

section .data
log             times 64 db 0           ; vectors, in the order in which they came
log_count       dd 0
stray           dd 0                    ; handlers that ran on the wrong processor
ticks           dd 0                    ; of the PIT
nmis            dd 0
started         dd 0                    ; processors that have come up
ids             dd 0                    ; and the set of their ids
hits            times PROCESSORS dd 0   ; of vector 71h, by processor

section .text
        MODE    32

; Handlers. The boot processor logs 41h to 6Fh; 71h to 73h are for messages between processors.
%macro LOGGED 1
on_%1:  push    eax
        mov     eax, 0x%1
        jmp     near log_it
%endmacro
        LOGGED  41
        LOGGED  42
        LOGGED  51
        LOGGED  61
        LOGGED  62
log_it: push    ebx
        mov     ebx, [log_count]
        and     ebx, 63
        mov     [log + ebx], al
        inc     dword [log_count]
        cmp     dword [ID], 0
        je      .here
        lock inc dword [stray]
.here:  mov     dword [EOI], 0
        pop     ebx
        pop     eax
        iretd

; Vector 52h lets higher ones in before it is noted.
on_52:  push    eax
        sti
        nop
        nop
        cli
        mov     eax, 0x52
        jmp     near log_it

on_pit: push    eax                     ; from the 8259: vector 28h
        inc     dword [ticks]
        mov     al, 0x20
        out     0x20, al
        pop     eax
        iretd

on_pin: inc     dword [ticks]           ; from the I/O APIC: vector 63h
        mov     dword [EOI], 0
        iretd

on_71:  push    ebx
        mov     ebx, [ID]
        shr     ebx, 24
        and     ebx, PROCESSORS - 1
        lock inc dword [hits + ebx * 4]
        mov     dword [EOI], 0
        pop     ebx
        iretd

on_nmi: lock inc dword [nmis]
        iretd

; WAIT_FOR memory, value: at most some seconds; what is there then is for a CHECK.
%macro WAIT_FOR 2
        rdtsc
        mov     ebx, edx
%%next: cmp     dword %1, %2
        je      %%done
        pause
        rdtsc
        sub     edx, ebx
        cmp     edx, 4
        jb      %%next
%%done:
%endmacro

; WAIT_TICKS n, name: that many interrupts come, or on a busy host more before it is seen; CLI.
%macro WAIT_TICKS 2
        WAIT_FOR [ticks], %1
        cli
        xor     eax, eax
        cmp     dword [ticks], %1
        setae   al
        CHECK   eax, 1, %2
%endmacro

; DELAY n: about n microseconds, by the timer's count, which runs at 100 MHz or more everywhere.
%macro DELAY 1
        mov     dword [LVT_TIMER], MASKED
        mov     dword [DIVIDE], 0xb
        mov     dword [COUNT], 1000 * %1
%%next: cmp     dword [CURRENT], 0
        jne     %%next
%endmacro

; An application processor, in real mode at 0:ap_start.
        MODE    16
ap_start:
        cli
        xor     ax, ax
        mov     ds, ax
        lgdt    [gdt_pointer]
        lidt    [idt_pointer]
        mov     eax, cr0
        or      al, CR0_PE
        and     eax, ~(CR0_CD | CR0_NW)
        mov     cr0, eax
        jmp     dword KERNEL_CODE:ap_32
        MODE    32
ap_32:  mov     ax, KERNEL_DATA
        mov     ss, ax
        mov     ds, ax
        mov     es, ax
        mov     ebx, [ID]
        shr     ebx, 24
        mov     esp, ebx
        shl     esp, 10
        add     esp, AP_STACKS + 0x400
        mov     dword [SVR], 0x1ff
        mov     ecx, ebx
        mov     eax, 1 << 24
        shl     eax, cl
        mov     [LDR], eax
        shr     eax, 24
        lock or [ids], eax
        lock inc dword [started]
        sti
.sleep: hlt
        jmp     .sleep

install:
        GATE32  0x28, on_pit, 0x8e
        GATE32  0x41, on_41, 0x8e
        GATE32  0x42, on_42, 0x8e
        GATE32  0x51, on_51, 0x8e
        GATE32  0x52, on_52, 0x8e
        GATE32  0x61, on_61, 0x8e
        GATE32  0x62, on_62, 0x8e
        GATE32  0x63, on_pin, 0x8e
        GATE32  0x71, on_71, 0x8e
        GATE32  NMI, on_nmi, 0x8e
        mov     dword [SVR], 0x1ff
        mov     dword [TPR], 0
        mov     dword [log_count], 0
        mov     dword [log], 0
        mov     dword [log + 4], 0
        mov     dword [ticks], 0
        ret

; Counter 0 as a rate generator of 1 kHz.
start_pit:
        PIT     2, 1193
        ret

        MODE    16
main:   call    install_real
        ENTER_PROTECTED
        mov     ecx, 0x1b
        rdmsr
        CHECK   eax, 0xfee00900, "IA32_APIC_BASE of the boot processor"

        SECTION "registers"
        mov     eax, [APIC + 0x30]
        and     eax, 0xf0
        CHECK   eax, 0x10, "version: an integrated APIC"
        CHECK   [ID], 0, "the boot processor's id"
        CHECK   [SVR], 0xff, "disabled after power-up"
        CHECK   [LVT_TIMER], MASKED, "the timer's entry after power-up"
        mov     dword [LVT_TIMER], 0x41
        CHECK   [LVT_TIMER], MASKED | 0x41, "an entry stays masked while the APIC is disabled"
        call    install
        mov     dword [LVT_TIMER], 0x41
        CHECK   [LVT_TIMER], 0x41, "an entry of an enabled one"
        mov     dword [SVR], 0xff
        CHECK   [LVT_TIMER], MASKED | 0x41, "disabling masks it"
        mov     dword [LDR], 0xffffffff
        CHECK   [LDR], 0xff000000, "bits of LDR"
        CHECK   [APIC + 0xe0], 0xffffffff, "DFR"

        SECTION "priorities"
        call    install
        mov     dword [ICR], SELF | 0x41
        mov     dword [ICR], SELF | 0x62
        mov     dword [ICR], SELF | 0x51
        CHECK   [IRR + 0x20], 1 << 1 | 1 << 17, "requests of classes 4 and 5"
        CHECK   [IRR + 0x30], 1 << 2, "a request of class 6"
        CHECK   [log_count], 0, "while IF is clear"
        sti
        nop
        nop
        cli
        CHECK   [log], 0x00415162, "the highest first"
        CHECK   [IRR + 0x20], 0, "requests are gone"
        CHECK   [ISR + 0x20], 0, "and service has ended"

        call    install
        mov     dword [ICR], SELF | 0x52 ; whose handler opens IF
        mov     dword [ICR], SELF | 0x51
        mov     dword [ICR], SELF | 0x41
        sti
        nop
        nop
        cli
        CHECK   [log], 0x00415152, "its own class and lower ones wait for the handler"

        call    install
        mov     dword [TPR], 0x50
        mov     dword [ICR], SELF | 0x51
        mov     dword [ICR], SELF | 0x61
        sti
        nop
        nop
        cli
        CHECK   [log], 0x61, "the task priority holds its own class back"
        CHECK   [PPR], 0x50, "processor priority"
        sti
        mov     dword [TPR], 0x4f
        nop
        nop
        cli
        CHECK   [log], 0x5161, "and lets it in when it is lower"
        mov     dword [TPR], 0

        SECTION "timer"
        call    install
        mov     dword [DIVIDE], 0xb
        mov     dword [LVT_TIMER], 0x41
        mov     dword [COUNT], 100000
        sti
        WAIT_FOR [log_count], 1
        DELAY   1000
        cli
        CHECK   [log_count], 1, "a one-shot timer fires once"
        CHECK   [CURRENT], 0, "and stands"
        mov     dword [LVT_TIMER], PERIODIC | 0x41
        mov     dword [COUNT], 100000
        sti
        WAIT_FOR [log_count], 6
        cli
        cmp     dword [log_count], 6
        setae   al
        movzx   eax, al
        CHECK   eax, 1, "a periodic one goes on"
        cmp     dword [CURRENT], 100000
        setbe   al
        movzx   eax, al
        CHECK   eax, 1, "its count stays below the initial one"
        mov     dword [COUNT], 0
        CHECK   [CURRENT], 0, "0 stops it"
        sti
        nop
        nop
        cli
        mov     dword [log_count], 0
        mov     dword [DIVIDE], 0       ; by 2
        mov     dword [LVT_TIMER], MASKED | 0x41
        mov     dword [COUNT], 1000
        WAIT_FOR [CURRENT], 0
        mov     dword [LVT_TIMER], 0x41
        sti
        nop
        nop
        cli
        CHECK   [log_count], 0, "what expires masked is lost"
        mov     dword [COUNT], 0xffffffff
        mov     eax, [CURRENT]
        mov     edx, [CURRENT]
        cmp     eax, edx
        setae   al
        movzx   eax, al
        CHECK   eax, 1, "it counts down"
        mov     dword [DIVIDE], 0xb
        mov     dword [LVT_TIMER], 0x41
        mov     dword [COUNT], 1000000
        sti
        hlt
        cli
        CHECK   [log_count], 1, "it ends HLT"

        SECTION "8259 through LINT0"
        call    install
        mov     dword [LINT0], 0x700
        PICS    0x28, 0xfe
        call    start_pit
        sti
        WAIT_TICKS 5, "the PIT's interrupts"
        mov     dword [LINT0], MASKED | 0x700
        mov     dword [ticks], 0
        sti
        DELAY   3000
        cli
        CHECK   [ticks], 0, "masked at LINT0"
        mov     dword [LINT0], 0x700
        mov     dword [TPR], 0xff
        sti
        WAIT_TICKS 2, "the task priority does not hold them back"
        mov     dword [TPR], 0
        mov     al, 0xff
        out     0x21, al

        SECTION "I/O APIC"
        call    install
        PICS    0x28, 0xff
        mov     dword [IOAPIC], 0x15    ; pin 2, where the PIT is
        mov     dword [IOAPIC + 0x10], 0
        mov     dword [IOAPIC], 0x14
        mov     dword [IOAPIC + 0x10], 0x63
        call    start_pit
        sti
        WAIT_TICKS 5, "the PIT's interrupts"
        mov     dword [IOAPIC + 0x10], MASKED

        SECTION "INIT and SIPI"
        call    install
        mov     byte [TRAMPOLINE], 0xea ; jmp 0:ap_start
        mov     word [TRAMPOLINE + 1], ap_start
        mov     word [TRAMPOLINE + 3], 0
        mov     dword [started], 0
        mov     dword [ids], 0
        mov     dword [ICR], OTHERS | 0x500
        DELAY   1000
        CHECK   [started], 0, "INIT alone starts nobody"
        mov     dword [ICR], OTHERS | 0x600 | TRAMPOLINE >> 12
        WAIT_FOR [started], PROCESSORS - 1
        CHECK   [started], PROCESSORS - 1, "processors that start"
        CHECK   [ids], 0xe, "their ids"
        mov     dword [ICR], OTHERS | 0x600 | TRAMPOLINE >> 12
        DELAY   1000
        CHECK   [started], PROCESSORS - 1, "the second SIPI of a pair starts nobody"

        SECTION "messages between processors"
        mov     dword [LDR], 1 << 24
%assign n 0
%rep PROCESSORS
        mov     dword [hits + n * 4], 0
  %assign n n + 1
%endrep
        mov     dword [ICR_DEST], 2 << 24
        mov     dword [ICR], 0x4071
        WAIT_FOR [hits + 8], 1
        CHECK   [hits + 8], 1, "to an id"
        CHECK   [hits + 4], 0, "and to no other"
        mov     dword [ICR_DEST], 0xa << 24
        mov     dword [ICR], 0x4871
        WAIT_FOR [hits + 4], 1
        WAIT_FOR [hits + 12], 1
        CHECK   [hits + 4], 1, "to a set: the second"
        CHECK   [hits + 12], 1, "to a set: the fourth"
        CHECK   [hits + 8], 1, "to a set: not the third"
        mov     dword [ICR], OTHERS | 0x71
        WAIT_FOR [hits + 4], 2
        WAIT_FOR [hits + 8], 2
        WAIT_FOR [hits + 12], 2
        CHECK   [hits + 4], 2, "to all others: the second"
        CHECK   [hits + 8], 2, "to all others: the third"
        CHECK   [hits + 12], 2, "to all others: the fourth"
        CHECK   [hits], 0, "to all others: not the first"
        mov     dword [ICR_DEST], 3 << 24
        mov     dword [ICR], 0x4400
        WAIT_FOR [nmis], 1
        CHECK   [nmis], 1, "an NMI"
        CHECK   [stray], 0, "interrupts on the wrong processor"

        SECTION "many messages"
        mov     dword [hits + 4], 0
        mov     dword [ICR_DEST], 1 << 24
        mov     ecx, 1000
.next:  mov     dword [ICR], 0x4071
        mov     esi, 1001
        sub     esi, ecx
        WAIT_FOR [hits + 4], esi
        dec     ecx
        jnz     .next
        CHECK   [hits + 4], 1000, "each arrives"
        END_OF_GUEST
