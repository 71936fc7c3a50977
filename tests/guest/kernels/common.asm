; SPDX-License-Identifier: GPL-2.0-or-later
; 32-bit routines of the test kernels.

; Writes the text at esi to port E9h.
puts:   lodsb
        test    al, al
        jz      .end
        out     0xe9, al
        jmp     puts
.end:   ret

; Writes eax as eight digits and a newline.
hex:    mov     edx, eax
        mov     ecx, 8
.next:  rol     edx, 4
        mov     al, dl
        and     al, 15
        add     al, '0'
        cmp     al, '9'
        jbe     .out
        add     al, 'a' - '0' - 10
.out:   out     0xe9, al
        dec     ecx
        jnz     .next
        mov     al, 10
        out     0xe9, al
        ret

; eax = a sum of the ecx bytes at esi that knows their order.
sum:    xor     eax, eax
        xor     edx, edx
        jecxz   .end
.next:  mov     dl, [esi]
        inc     esi
        rol     eax, 1
        add     eax, edx
        dec     ecx
        jnz     .next
.end:   ret
