; SPDX-License-Identifier: GPL-2.0-or-later
; Time as the processor and the timer see it. Prints time stamps, port 40h's count and rounds of a
; loop between timer interrupts; the host compares two runs (tests/guest/test_icount.py).
%include "guest.inc"

        MODE    16
main:   call    install_real
        ; channel 0: mode 2, 1193 ticks, about 1 ms
        mov     al, 0x34
        out     0x43, al
        mov     al, 1193 & 0xff
        out     0x40, al
        mov     al, 1193 >> 8
        out     0x40, al
        ; the master 8259 at 20h, all but IRQ 0 masked
        mov     al, 0x11
        out     0x20, al
        mov     al, 0x20
        out     0x21, al
        mov     al, 4
        out     0x21, al
        mov     al, 1
        out     0x21, al
        mov     al, 0xfe
        out     0x21, al
        mov     word [4 * 0x20], tick
        mov     word [4 * 0x20 + 2], 0
        mov     cx, 20
.round: xor     ebx, ebx
        mov     byte [ticked], 0
        sti
.wait:  inc     ebx
        cmp     byte [ticked], 0
        je      .wait
        cli
        mov     eax, ebx
        call    print
        rdtsc
        call    print
        mov     al, 0
        out     0x43, al                ; latch
        in      al, 0x40
        mov     ah, al
        in      al, 0x40
        xchg    al, ah
        movzx   eax, ax
        call    print
        loop    .round
        sti
        hlt
        cli
        rdtsc
        call    print
        END_OF_GUEST

tick:   push    ax
        mov     byte [ticked], 1
        mov     al, 0x20
        out     0x20, al
        pop     ax
        iret

; EAX in hexadecimal and a space.
print:  push    cx
        mov     cx, 8
.digit: rol     eax, 4
        push    eax
        and     al, 15
        cmp     al, 10
        sbb     al, 0x69
        das
        out     DEBUG_PORT, al
        pop     eax
        loop    .digit
        mov     al, 10
        out     DEBUG_PORT, al
        pop     cx
        ret

ticked: db      0
