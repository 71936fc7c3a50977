; SPDX-License-Identifier: GPL-2.0-or-later
; The welcome screen, and the main loop. Ring 3.

TEXT            equ 0xb8000
COLUMNS         equ 80
NORMAL          equ 0x1f                ; white on blue
FAINT           equ 0x17
BRIGHT          equ 0x1e
TYPED_ROW       equ 16
TYPED_ROWS      equ 5
TYPED_COLUMN    equ 6
TYPED_WIDTH     equ 68

%define CELL(row, column) (TEXT + ((row) * COLUMNS + (column)) * 2)

main:
        call    input_start
        call    text_draw
.loop:
        mov     rax, [ticks]
        mov     [awaited], rax
        hlt                             ; a request to the kernel: see general_protection
        call    take_keys
        call    take_mouse
        cmp     byte [in_graphics], 0
        jne     .picture
        call    text_clock
        jmp     .loop
.picture:
        mov     rax, [ticks]
        cmp     rax, [picture_tick]
        je      .loop
        mov     [picture_tick], rax
        call    graphics_frame
        jmp     .loop

take_keys:
        call    key_next
        jc      .done
        mov     [last_code], al
        call    key_translate
        cmp     byte [in_graphics], 0
        jne     .picture
        push    rax
        call    text_code
        pop     rax
        cmp     al, 9                   ; Tab
        je      .switch
        call    text_type
        jmp     take_keys
.switch:
        call    graphics_start
        jmp     take_keys
.picture:
        call    graphics_key
        jmp     take_keys
.done:
        ret

take_mouse:
        call    mouse_next
        jc      .done
        cmp     byte [in_graphics], 0
        jne     take_mouse
        call    text_mouse
        jmp     take_mouse
.done:
        ret

; ---- drawing ----

; RSI text ended by 0, RDI cell, AH attribute.
text_put:
        lodsb
        test    al, al
        jz      .done
        stosw
        jmp     text_put
.done:
        ret

; EAX number, RDI cell of the last of ECX digits, BH attribute: decimal, blanks before it.
text_number:
        mov     r8d, 10
.digit:
        xor     edx, edx
        div     r8d
        add     dl, '0'
        mov     dh, bh
        mov     [rdi], dx
        sub     rdi, 2
        dec     ecx
        jz      .done
        test    eax, eax
        jnz     .digit
        mov     dl, ' '
.blank:
        mov     [rdi], dx
        sub     rdi, 2
        dec     ecx
        jnz     .blank
.done:
        ret

; AL byte, RDI cell, AH attribute: two hexadecimal digits.
text_hex:
        mov     bl, al
        shr     al, 4
        call    .digit
        mov     al, bl
        and     al, 15
.digit:
        add     al, '0'
        cmp     al, '9'
        jbe     .put
        add     al, 'A' - '0' - 10
.put:
        stosw
        ret

; RDI cell, ECX count, AX character and attribute.
text_fill:
        rep     stosw
        ret

text_draw:
        mov     rdi, TEXT
        mov     ecx, 25 * COLUMNS
        mov     ax, NORMAL << 8 | ' '
        call    text_fill
        call    text_frame
        lea     r12, [text_lines]
.line:
        movzx   edi, word [r12]         ; cell number, attribute, text
        test    edi, edi
        jz      .colours
        lea     edi, [rdi * 2 + TEXT]
        mov     al, [r12 + 2]
        mov     ah, al
        lea     rsi, [r12 + 3]
        call    text_put
        mov     r12, rsi
        jmp     .line
.colours:
        mov     rdi, CELL(23, 24)       ; the sixteen colours
        mov     ax, 0x00db
.colour:
        mov     [rdi], ax
        mov     [rdi + 2], ax
        add     rdi, 4
        inc     ah
        cmp     ah, 16
        jb      .colour
        call    text_processor
        movzx   eax, word [memory_64k]  ; 64 KiB blocks above 16 MiB, KiB above 1 MiB
        shr     eax, 4
        movzx   ecx, word [memory_kib]
        shr     ecx, 10
        lea     eax, [rax + rcx + 1]
        mov     bh, BRIGHT
        mov     ecx, 6
        mov     rdi, CELL(8, 23)
        call    text_number
        mov     dword [typed_at], 0
        call    text_caret
        jmp     text_mouse

; The processor's name by CPUID, if it has one.
text_processor:
        mov     eax, 0x80000000
        cpuid
        cmp     eax, 0x80000004
        jb      .done
        lea     rdi, [brand]
        mov     r8d, 0x80000002
.part:
        mov     eax, r8d
        cpuid
        mov     [rdi], eax
        mov     [rdi + 4], ebx
        mov     [rdi + 8], ecx
        mov     [rdi + 12], edx
        add     rdi, 16
        inc     r8d
        cmp     r8d, 0x80000004
        jbe     .part
        lea     rsi, [brand]
        mov     rdi, CELL(7, 18)
        mov     ah, BRIGHT
        call    text_put
.done:
        ret

; A double frame in code page 437.
text_frame:
        mov     rdi, CELL(1, 3)
        mov     ax, FAINT << 8 | 0xc9
        stosw
        mov     al, 0xcd
        mov     ecx, 72
        rep     stosw
        mov     al, 0xbb
        stosw
        mov     rdi, CELL(2, 3)
        mov     al, 0xba
        mov     ecx, 20
.side:
        mov     [rdi], ax
        mov     [rdi + 73 * 2], ax
        add     rdi, COLUMNS * 2
        dec     ecx
        jnz     .side
        mov     al, 0xc8
        stosw
        mov     al, 0xcd
        mov     ecx, 72
        rep     stosw
        mov     al, 0xbc
        stosw
        ret

; ---- what changes ----
text_clock:
        mov     rax, [ticks]
        mov     ecx, TICK_HZ
        xor     edx, edx
        div     ecx
        cmp     eax, [shown_seconds]
        je      .done
        mov     [shown_seconds], eax
        mov     bh, BRIGHT
        mov     ecx, 6
        mov     rdi, CELL(9, 23)
        call    text_number
.done:
        ret

text_code:
        mov     al, [last_code]
        mov     ah, BRIGHT
        mov     rdi, CELL(11, 22)
        jmp     text_hex

text_mouse:
        mov     bh, BRIGHT
        mov     eax, [mouse_x]
        mov     ecx, 5
        mov     rdi, CELL(12, 22)
        call    text_number
        mov     eax, [mouse_y]
        mov     ecx, 5
        mov     rdi, CELL(12, 28)
        call    text_number
        mov     ah, BRIGHT
        mov     rdi, CELL(12, 33)
        lea     rsi, [button_letters]
        mov     cl, [mouse_buttons]
.button:
        lodsb
        shr     cl, 1
        jc      .down
        mov     al, 0xfa
.down:
        stosw
        cmp     byte [rsi], 0
        jne     .button
        mov     eax, [mouse_wheel]
        and     eax, 0xff
        mov     ah, BRIGHT
        mov     rdi, CELL(12, 45)
        jmp     text_hex

; AL = character typed into the field below; Backspace takes back, Enter begins a line.
text_type:
        test    al, al
        jz      .done
        mov     ecx, [typed_at]
        cmp     al, 8
        je      .back
        cmp     al, 13
        je      .enter
        cmp     al, ' '
        jb      .done
        push    rcx
        mov     ah, BRIGHT
        call    text_typed_cell
        mov     [rdi], ax
        pop     rcx
        inc     ecx
        jmp     .moved
.back:
        test    ecx, ecx
        jz      .done
        push    rcx
        call    text_typed_cell
        mov     word [rdi], NORMAL << 8 | ' '
        pop     rcx
        dec     ecx
        mov     [typed_at], ecx
        jmp     text_caret
.enter:
        push    rcx
        call    text_typed_cell
        mov     word [rdi], NORMAL << 8 | ' '
        pop     rax
        xor     edx, edx
        mov     ecx, TYPED_WIDTH
        div     ecx
        inc     eax
        mul     ecx
        mov     ecx, eax
.moved:
        cmp     ecx, TYPED_WIDTH * TYPED_ROWS
        jb      .store
        call    text_typed_clear
        xor     ecx, ecx
.store:
        mov     [typed_at], ecx
        jmp     text_caret
.done:
        ret

; ECX place in the field -> RDI its cell. Keeps AX.
text_typed_cell:
        push    rax
        mov     eax, ecx
        xor     edx, edx
        mov     ecx, TYPED_WIDTH
        div     ecx
        imul    eax, eax, COLUMNS
        add     eax, edx
        lea     edi, [rax * 2 + CELL(TYPED_ROW, TYPED_COLUMN)]
        pop     rax
        ret

text_typed_clear:
        mov     rdi, CELL(TYPED_ROW, TYPED_COLUMN)
        mov     edx, TYPED_ROWS
.row:
        mov     ax, NORMAL << 8 | ' '
        mov     ecx, TYPED_WIDTH
        rep     stosw
        add     rdi, (COLUMNS - TYPED_WIDTH) * 2
        dec     edx
        jnz     .row
        ret

text_caret:                             ; a blinking underscore
        mov     ecx, [typed_at]
        call    text_typed_cell
        mov     word [rdi], (0x80 | BRIGHT) << 8 | '_'
        ret

%macro LINE 4+                          ; row, column, attribute, text
        dw      (%1) * COLUMNS + (%2)
        db      %3, %4, 0
%endmacro

text_lines:
        LINE    3, 6, BRIGHT, "Welcome to Vitrine"
        LINE    4, 6, NORMAL, "This machine has booted its own demo disk. Give it one of yours:"
        LINE    5, 6, FAINT, "vitrine IMAGE"
        LINE    7, 6, NORMAL, "Processor"
        LINE    8, 6, NORMAL, "Memory             MiB"
        LINE    9, 6, NORMAL, "Running            s"
        LINE    11, 6, NORMAL, "Scan code"
        LINE    12, 6, NORMAL, "Mouse"
        LINE    12, 38, NORMAL, "wheel"
        LINE    14, 6, NORMAL, "Type something:"
        LINE    22, 20, BRIGHT, " Tab: 1024x768 in true colour "
        dw      0

button_letters: db "LRM", 0
brand:          times 49 db 0
last_code:      db 0
in_graphics:    db 0
        align   8
picture_tick:   dq 0
typed_at:       dd 0
shown_seconds:  dd -1
