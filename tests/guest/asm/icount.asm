; SPDX-License-Identifier: GPL-2.0-or-later
; Time as the processor and the timer see it. Prints time stamps, port 40h's count and rounds of a
; loop between timer interrupts; the host compares two runs (tests/guest/test_icount.py).
%include "guest.inc"

        MODE    16
main:   call    install_real
        PIT     2, 1193                 ; about 1 ms
        PICS    0x20, 0xfe
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

; EAX in hexadecimal and the end of the line.
print:  push    cx
        call    print_hex_16
        mov     al, 10
        out     DEBUG_PORT, al
        pop     cx
        ret

ticked: db      0
