; SPDX-License-Identifier: GPL-2.0-or-later
; The 8042, keyboard and mouse. Ring 3.

; ---- setting up: polled, before the interrupts are unmasked ----
controller_wait_write:                  ; until the input buffer is empty
        mov     ecx, 10000
.again:
        in      al, 0x64
        test    al, 2
        jz      .done
        dec     ecx
        jnz     .again
.done:
        ret

controller_read:                        ; AL = next byte; 0 if none comes
        mov     ecx, 10000
.again:
        in      al, 0x64
        test    al, 1
        jnz     .there
        dec     ecx
        jnz     .again
        xor     eax, eax
        ret
.there:
        in      al, 0x60
        ret

controller_command:                     ; AL = command
        push    rax
        call    controller_wait_write
        pop     rax
        out     0x64, al
        ret

controller_data:                        ; AL = its parameter
        push    rax
        call    controller_wait_write
        pop     rax
        out     0x60, al
        ret

mouse_command:                          ; AL = byte to the mouse; reads until its acknowledgement
        push    rax
        mov     al, 0xd4
        call    controller_command
        pop     rax
        call    controller_data
.answer:
        call    controller_read
        test    al, al
        jz      .done
        cmp     al, 0xfa
        jne     .answer
.done:
        ret

controller_drain:                       ; what is still there is no answer to what will be asked
        in      al, 0x64
        test    al, 1
        jz      .empty
        in      al, 0x60
        jmp     controller_drain
.empty:
        ret

input_start:
        mov     al, 0xad                ; both ports off while we talk to the controller
        call    controller_command
        mov     al, 0xa7
        call    controller_command
        call    controller_drain
        mov     al, 0x20                ; command byte
        call    controller_command
        call    controller_read
        or      al, 0x43                ; both interrupts, translation to set 1
        and     al, 0xcf                ; both clocks on
        mov     bl, al
        mov     al, 0x60
        call    controller_command
        mov     al, bl
        call    controller_data
        mov     al, 0xa8
        call    controller_command
        mov     al, 0xf6                ; mouse: defaults
        call    mouse_command
        lea     rsi, [.knock]           ; sample rates 200, 100, 80: asks for the wheel
.rate:
        mov     al, 0xf3
        call    mouse_command
        lodsb
        call    mouse_command
        cmp     byte [rsi], 0
        jne     .rate
        mov     al, 0xf2                ; identify: 3 = IntelliMouse, packets of four bytes
        call    mouse_command
        call    controller_read
        cmp     al, 3
        jne     .plain
        mov     byte [mouse_packet_size], 4
.plain:
        mov     al, 0xf4                ; report movement
        call    mouse_command
        mov     al, 0xae
        call    controller_command
        call    controller_drain        ; what came meanwhile is no key
        mov     al, 0xf8                ; unmask timer, keyboard, cascade; mouse
        out     0x21, al
        mov     al, 0xef
        out     0xa1, al
        ret
.knock: db      200, 100, 80, 0

; ---- keys ----

; AL = next scan code of set 1, CF clear; CF set if there is none.
key_next:
        movzx   ebx, byte [key_tail]
        cmp     bl, [key_head]
        je      .none
        mov     al, [key_queue + rbx]
        inc     byte [key_tail]
        clc
        ret
.none:
        stc
        ret

; AL = scan code: follows the modifiers; AL = character, or 0. E0 prefixes are passed over: the keys
; behind them are known by the same codes.
key_translate:
        cmp     al, 0xe0
        je      .nothing
        mov     bl, al
        and     bl, 0x7f
        cmp     bl, 0x2a
        je      .shift
        cmp     bl, 0x36
        je      .shift
        test    al, 0x80
        jnz     .nothing
        cmp     al, 0x3a
        je      .caps
        cmp     al, 58
        jae     .nothing
        movzx   ebx, al
        lea     rdx, [key_plain]
        cmp     byte [key_shifted], 0
        je      .look_up
        lea     rdx, [key_with_shift]
.look_up:
        mov     al, [rdx + rbx]
        cmp     byte [key_caps], 0
        je      .done
        mov     ah, al                  ; Caps Lock turns letters, and nothing else, around
        or      ah, 0x20
        cmp     ah, 'a'
        jb      .done
        cmp     ah, 'z'
        ja      .done
        xor     al, 0x20
.done:
        ret
.shift:
        test    al, 0x80
        setz    [key_shifted]
        jmp     .nothing
.caps:
        xor     byte [key_caps], 1
.nothing:
        xor     eax, eax
        ret

key_shifted:    db 0
key_caps:       db 0
key_plain:
        db      0, 27, "1234567890-=", 8, 9, "qwertyuiop[]", 13, 0, "asdfghjkl;'`", 0
        db      "\zxcvbnm,./", 0, "*", 0, " "
key_with_shift:
        db      0, 27, "!@#$%^&*()_+", 8, 9, "QWERTYUIOP{}", 13, 0, 'ASDFGHJKL:"~', 0
        db      "|ZXCVBNM<>?", 0, "*", 0, " "

; ---- mouse ----

; Takes what has come; CF clear if a whole packet changed mouse_x, mouse_y, mouse_buttons, _wheel.
mouse_next:
        movzx   ebx, byte [mouse_tail]
        cmp     bl, [mouse_head]
        je      .none
        mov     al, [mouse_queue + rbx]
        inc     byte [mouse_tail]
        movzx   ecx, byte [mouse_have]
        test    ecx, ecx
        jnz     .inside
        test    al, 8                   ; bit 3 is set in each first byte: else we lost step
        jz      mouse_next
.inside:
        mov     [mouse_packet + rcx], al
        inc     ecx
        mov     [mouse_have], cl
        cmp     cl, [mouse_packet_size]
        jb      mouse_next
        mov     byte [mouse_have], 0
        mov     al, [mouse_packet]
        and     al, 7
        mov     [mouse_buttons], al
        movzx   eax, byte [mouse_packet + 1]
        test    byte [mouse_packet], 0x10
        jz      .right
        sub     eax, 256
.right:
        add     eax, [mouse_x]
        mov     edx, SCREEN_WIDTH - 1
        call    clamp
        mov     [mouse_x], eax
        movzx   eax, byte [mouse_packet + 2]
        test    byte [mouse_packet], 0x20
        jz      .up
        sub     eax, 256
.up:
        neg     eax
        add     eax, [mouse_y]
        mov     edx, SCREEN_HEIGHT - 1
        call    clamp
        mov     [mouse_y], eax
        cmp     byte [mouse_packet_size], 4
        jne     .done
        movsx   eax, byte [mouse_packet + 3]
        sub     [mouse_wheel], eax
.done:
        clc
        ret
.none:
        stc
        ret

clamp:                                  ; EAX into 0..EDX
        test    eax, eax
        jns     .positive
        xor     eax, eax
.positive:
        cmp     eax, edx
        cmovg   eax, edx
        ret

        align   4
mouse_x:        dd SCREEN_WIDTH / 2
mouse_y:        dd SCREEN_HEIGHT / 2
mouse_wheel:    dd 0
mouse_buttons:  db 0
mouse_have:     db 0
mouse_packet_size: db 3
mouse_packet:   times 4 db 0
