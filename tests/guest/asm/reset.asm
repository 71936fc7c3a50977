; SPDX-License-Identifier: GPL-2.0-or-later
; The time stamp counter at the first instructions of a start, twice: the guest resets the machine
; by port 92h after some milliseconds. The host compares (tests/guest/test_icount.py).
%include "guest.inc"

MARK            equ 0x12345678
ROUNDS          equ 2000000

        MODE    16
main:   rdtsc
        mov     ebx, edx
        call    print
        mov     eax, ebx
        call    print
        mov     ax, SCRATCH >> 4
        mov     ds, ax
        cmp     dword [0], MARK
        je      .second
        mov     dword [0], MARK
        mov     ecx, ROUNDS
.wait:  dec     ecx
        jnz     .wait
        mov     al, 1
        out     0x92, al
.halt:  hlt
        jmp     .halt
.second:
        xor     ax, ax
        mov     ds, ax
        call    install_real
        END_OF_GUEST

; EAX in hexadecimal and the end of the line.
print:  call    print_hex_16
        mov     al, 10
        out     DEBUG_PORT, al
        ret
