; SPDX-License-Identifier: GPL-2.0-or-later
; 1024x768 in 32 bits a pixel through the Bochs display interface. Ring 3.
;
; Four pictures: shapes that move over a still ground (a few changes a frame), a plasma (every
; pixel changes), a scrolling one, and a console that gets a line of letters a frame. Two pages are
; flipped by the vertical offset. They begin behind the first MiB of video memory, where the text
; screen and its font stay as they are.

SCREEN_WIDTH    equ 1024
SCREEN_HEIGHT   equ 768
PITCH           equ SCREEN_WIDTH * 4
FIRST_LINE      equ 256                 ; 1 MiB into video memory

DISPI_INDEX     equ 0x1ce
DISPI_DATA      equ 0x1cf

%macro DISPI 2                          ; register, value
        mov     dx, DISPI_INDEX
        mov     ax, %1
        out     dx, ax
        mov     dx, DISPI_DATA
        mov     ax, %2
        out     dx, ax
%endmacro

; ---- entering and leaving ----
graphics_start:
        mov     dx, DISPI_INDEX         ; identification B0C0h and up
        xor     eax, eax
        out     dx, ax
        mov     dx, DISPI_DATA
        in      ax, dx
        and     ax, 0xfff0
        cmp     ax, 0xb0c0
        jne     .none
        call    find_framebuffer
        test    rax, rax
        jz      .none
        mov     [framebuffer], rax
        call    vga_save
        DISPI   4, 0                    ; off while the geometry changes
        DISPI   1, SCREEN_WIDTH
        DISPI   2, SCREEN_HEIGHT
        DISPI   3, 32
        DISPI   4, 0xc1                 ; on, linear, without clearing
        DISPI   6, SCREEN_WIDTH
        DISPI   8, 0
        DISPI   9, FIRST_LINE
        mov     byte [in_graphics], 1
        mov     dword [page_line], FIRST_LINE
        mov     rax, [ticks]
        mov     [fps_tick], rax
        jmp     picture_begin
.none:
        lea     rsi, [no_card]
        mov     rdi, CELL(22, 20)
        mov     ah, 0x4f
        jmp     text_put

graphics_stop:
        mov     byte [in_graphics], 0
        DISPI   4, 0
        call    vga_restore
        jmp     text_mouse

no_card: db     " There is no Bochs display here ", 0

; RAX = base address of the framebuffer: the first memory BAR of the first display controller on PCI
; bus 0, else where ISA cards have it.
find_framebuffer:
        mov     r8d, 0x80000000
.slot:
        lea     eax, [r8d + 8]          ; class code
        call    pci_read
        shr     eax, 24
        cmp     al, 3
        je      .found
        add     r8d, 0x100
        cmp     r8d, 0x80010000
        jb      .slot
        mov     eax, 0xe0000000
        ret
.found:
        lea     eax, [r8d + 0x10]
        call    pci_read
        and     eax, 0xfffffff0
        ret

pci_read:                               ; EAX = address -> EAX
        mov     dx, 0xcf8
        out     dx, eax
        mov     dx, 0xcfc
        in      eax, dx
        ret

; Some cards change their VGA registers when the linear mode is switched on: keep the text mode's.
vga_save:
        mov     rdi, VGA_SAVE
        lea     rsi, [vga_groups]
.group:
        movzx   ebx, byte [rsi + 2]     ; how many
        movzx   edx, word [rsi]         ; index port
        xor     ecx, ecx
.register:
        mov     al, cl
        out     dx, al
        inc     edx
        in      al, dx
        dec     edx
        stosb
        inc     ecx
        cmp     ecx, ebx
        jb      .register
        add     rsi, 3
        cmp     word [rsi], 0
        jne     .group
        ret

vga_restore:
        mov     dx, 0x3d4               ; registers 0-7 of the CRTC are locked by bit 7 of 11h
        mov     ax, 0x0011
        out     dx, ax
        mov     rdi, VGA_SAVE
        lea     rsi, [vga_groups]
.group:
        movzx   ebx, byte [rsi + 2]
        movzx   edx, word [rsi]
        xor     ecx, ecx
.register:
        mov     al, cl
        mov     ah, [rdi]
        out     dx, ax
        inc     rdi
        inc     ecx
        cmp     ecx, ebx
        jb      .register
        add     rsi, 3
        cmp     word [rsi], 0
        jne     .group
        ret

vga_groups:
        dw      0x3c4
        db      5                       ; sequencer
        dw      0x3ce
        db      9                       ; graphics controller
        dw      0x3d4
        db      25                      ; CRTC
        dw      0

; ---- keys ----
graphics_key:
        cmp     al, 27                  ; Esc
        je      graphics_stop
        cmp     al, '1'
        jb      .done
        cmp     al, '4'
        ja      .done
        sub     al, '1'
        mov     [picture], al
        jmp     picture_begin
.done:
        ret

; ---- pictures ----
picture_begin:
        mov     dword [frames], 0
        mov     rdi, [framebuffer]
        add     rdi, FIRST_LINE * PITCH
        call    draw_ground
        mov     rdi, [framebuffer]
        add     rdi, (FIRST_LINE + SCREEN_HEIGHT) * PITCH
        call    draw_ground
        mov     dword [page_line], FIRST_LINE
        DISPI   9, FIRST_LINE
        ret

graphics_frame:
        inc     dword [frames]
        mov     al, [picture]
        cmp     al, 1
        je      frame_plasma
        cmp     al, 2
        je      frame_scroll
        cmp     al, 3
        je      frame_console
        jmp     frame_shapes

; RDI page: a gradient, and the line of help on it.
draw_ground:
        push    rdi
        xor     r8d, r8d
.row:
        xor     ecx, ecx
.pixel:
        call    ground_colour
        stosd
        inc     ecx
        cmp     ecx, SCREEN_WIDTH
        jb      .pixel
        inc     r8d
        cmp     r8d, SCREEN_HEIGHT
        jb      .row
        pop     rdi
        lea     rsi, [help_line]
        mov     ecx, 32
        mov     edx, SCREEN_HEIGHT - 40
        mov     r9d, 0xffffff
        jmp     draw_text

; ECX column, R8D row -> EAX colour: dark blue above, teal below, lighter to the right.
ground_colour:
        mov     eax, r8d
        imul    eax, eax, 85
        shr     eax, 9                  ; 0..127
        mov     edx, eax
        shl     eax, 8                  ; green
        lea     eax, [rax + rdx + 0x201040] ; blue
        mov     edx, ecx
        shr     edx, 4                  ; 0..63
        add     eax, edx
        ret

help_line: db   "1 shapes   2 plasma   3 scroll   4 console   Esc text", 0

; RDI page, RSI text, ECX column, EDX row, R9D colour: 8x16 letters, no background.
draw_text:
        imul    edx, edx, PITCH
        add     rdi, rdx
        lea     rdi, [rdi + rcx * 4]
.letter:
        movzx   eax, byte [rsi]
        inc     rsi
        test    eax, eax
        jz      .done
        shl     eax, 4
        lea     r10, [rax + FONT_ADDR]
        mov     r11, rdi
        mov     ecx, 16
.line:
        mov     dl, [r10]
        inc     r10
        mov     ebx, 8
.dot:
        shl     dl, 1
        jnc     .clear
        mov     [r11], r9d
.clear:
        add     r11, 4
        dec     ebx
        jnz     .dot
        add     r11, PITCH - 32
        dec     ecx
        jnz     .line
        add     rdi, 32
        jmp     .letter
.done:
        ret

; ---- 1: shapes ----
SHAPES          equ 6
SHAPE_SIZE      equ 64

frame_shapes:
        mov     r15, [framebuffer]
        add     r15, FIRST_LINE * PITCH
        lea     r14, [shapes]
        mov     r13d, SHAPES
.shape:
        mov     ecx, [r14]
        mov     r8d, [r14 + 4]
        xor     r12d, r12d              ; erase where it was
        mov     r9d, SHAPE_SIZE
        call    draw_square
        mov     edx, SCREEN_WIDTH - SHAPE_SIZE
        lea     rsi, [r14]
        call    move_axis
        mov     edx, SCREEN_HEIGHT - SHAPE_SIZE - 48
        lea     rsi, [r14 + 4]
        call    move_axis
        mov     ecx, [r14]
        mov     r8d, [r14 + 4]
        mov     r12d, [r14 + 16]
        mov     r9d, SHAPE_SIZE
        call    draw_square
        add     r14, 20
        dec     r13d
        jnz     .shape
        call    draw_pointer
        jmp     draw_rate

; RSI -> place, speed at RSI+8: moves, bouncing at 0 and EDX.
move_axis:
        mov     eax, [rsi]
        add     eax, [rsi + 8]
        js      .bounce
        cmp     eax, edx
        jg      .bounce
        mov     [rsi], eax
        ret
.bounce:
        neg     dword [rsi + 8]
        ret

; R15 page, ECX column, R8D row, R9D size, R12D colour (0: the ground). Keeps R13-R15.
draw_square:
        mov     r10d, ecx
        lea     r11d, [r8d + r9d]
.row:
        mov     ecx, r10d
        mov     eax, r8d
        imul    eax, eax, PITCH
        lea     rdi, [r15 + rax]
        lea     rdi, [rdi + rcx * 4]
        lea     ebx, [ecx + r9d]
.pixel:
        mov     eax, r12d
        test    eax, eax
        jnz     .put
        call    ground_colour
.put:
        stosd
        inc     ecx
        cmp     ecx, ebx
        jb      .pixel
        inc     r8d
        cmp     r8d, r11d
        jb      .row
        ret

; The mouse: a white square of 8x8, red with a button down; the old one is erased.
POINTER_SIZE    equ 8

draw_pointer:
        mov     ecx, [pointer_x]
        mov     r8d, [pointer_y]
        xor     r12d, r12d
        call    .square
        mov     ecx, [mouse_x]
        mov     r8d, [mouse_y]
        mov     eax, SCREEN_WIDTH - POINTER_SIZE
        cmp     ecx, eax
        cmova   ecx, eax
        mov     eax, SCREEN_HEIGHT - 48 - POINTER_SIZE
        cmp     r8d, eax
        cmova   r8d, eax
        mov     [pointer_x], ecx
        mov     [pointer_y], r8d
        mov     r12d, 0xffffff
        cmp     byte [mouse_buttons], 0
        je      .square
        mov     r12d, 0xff4040
.square:
        mov     r9d, POINTER_SIZE
        jmp     draw_square

; ---- frames a second, once a second, in the upper left corner of the page at R15 ----
draw_rate:
        mov     rax, [ticks]
        sub     rax, [fps_tick]
        cmp     rax, TICK_HZ
        jb      .done
        mov     rcx, rax
        mov     rax, [ticks]
        mov     [fps_tick], rax
        mov     eax, [frames]
        mov     dword [frames], 0
        imul    eax, eax, TICK_HZ
        xor     edx, edx
        div     ecx
        lea     rsi, [rate_text + 2]
        mov     ecx, 3
        mov     r8d, 10
.digit:
        xor     edx, edx
        div     r8d
        add     dl, '0'
        mov     [rsi], dl
        dec     rsi
        dec     ecx
        jnz     .digit
        mov     r8d, 24                 ; the ground under it
.row:
        mov     ecx, 32
        mov     eax, r8d
        imul    eax, eax, PITCH
        lea     rdi, [r15 + rax + 32 * 4]
.pixel:
        call    ground_colour
        stosd
        inc     ecx
        cmp     ecx, 32 + 8 * 12
        jb      .pixel
        inc     r8d
        cmp     r8d, 40
        jb      .row
        mov     rdi, r15
        lea     rsi, [rate_text]
        mov     ecx, 32
        mov     edx, 24
        mov     r9d, 0xffff80
        jmp     draw_text
.done:
        ret

rate_text: db   "000 frames/s", 0

; ---- 2: plasma; every pixel changes, drawn on the page that is not shown ----
frame_plasma:
        call    hidden_page
        mov     rdi, r15
        mov     r9d, [ticks]
        shl     r9d, 1
        xor     r8d, r8d
.row:
        mov     eax, r8d                ; a triangle wave down, one across, moving
        add     eax, r9d
        call    .wave
        mov     r10d, eax
        xor     ecx, ecx
.pixel:
        lea     eax, [ecx + r9d * 2]
        test    eax, 256
        jz      .rising
        not     eax
.rising:
        and     eax, 0xff
        lea     edx, [r10 + rax]
        and     edx, 0xff
        shl     eax, 16
        or      eax, edx
        mov     edx, r10d
        shl     edx, 8
        or      eax, edx
        mov     [rdi], eax
        add     rdi, 4
        inc     ecx
        cmp     ecx, SCREEN_WIDTH
        jb      .pixel
        inc     r8d
        cmp     r8d, SCREEN_HEIGHT
        jb      .row
        jmp     show_page
.wave:
        test    eax, 256
        jz      .up
        not     eax
.up:
        and     eax, 0xff
        ret

; R15 = address of the page that is not shown.
hidden_page:
        mov     eax, FIRST_LINE + FIRST_LINE + SCREEN_HEIGHT
        sub     eax, [page_line]
        mov     [page_line], eax
        imul    eax, eax, PITCH
        mov     r15, [framebuffer]
        add     r15, rax
        ret

show_page:
        mov     dx, DISPI_INDEX
        mov     ax, 9
        out     dx, ax
        mov     dx, DISPI_DATA
        mov     eax, [page_line]
        out     dx, ax
        ret

; ---- 3: scrolling up by four lines a frame, new ones below ----
frame_scroll:
        mov     r15, [framebuffer]
        add     r15, FIRST_LINE * PITCH
        mov     rdi, r15
        lea     rsi, [r15 + 4 * PITCH]
        mov     ecx, (SCREEN_HEIGHT - 4) * PITCH / 8
        rep     movsq
        mov     r8d, 4
.row:
        mov     edx, [scroll_line]
        inc     dword [scroll_line]
        mov     ecx, SCREEN_WIDTH
        xor     ebx, ebx
.pixel:
        mov     eax, ebx
        xor     eax, edx
        and     eax, 0x40
        neg     eax
        sbb     eax, eax
        and     eax, 0x305070
        add     eax, 0x102030
        add     eax, ebx
        stosd
        inc     ebx
        and     ebx, 0xff
        dec     ecx
        jnz     .pixel
        dec     r8d
        jnz     .row
        ret

; ---- 4: a console, scrolling up by a line of letters a frame ----
frame_console:
        mov     r15, [framebuffer]
        add     r15, FIRST_LINE * PITCH
        mov     rdi, r15
        lea     rsi, [r15 + 16 * PITCH]
        mov     ecx, (SCREEN_HEIGHT - 16) * PITCH / 8
        rep     movsq
        xor     eax, eax
        mov     ecx, 16 * PITCH / 8
        rep     stosq
        lea     rdi, [console_line]
        mov     ecx, SCREEN_WIDTH / 8
.letter:
        imul    eax, [console_seed], 1103515245
        add     eax, 12345
        mov     [console_seed], eax
        shr     eax, 16
        and     eax, 127
        cmp     eax, '!'
        jae     .put
        mov     eax, ' '
.put:
        stosb
        dec     ecx
        jnz     .letter
        mov     rdi, r15
        lea     rsi, [console_line]
        mov     edx, SCREEN_HEIGHT - 16
        mov     r9d, [console_seed]
        or      r9d, 0x808080
        and     r9d, 0xffffff
        jmp     draw_text

        align   8
framebuffer:    dq 0
fps_tick:       dq 0
frames:         dd 0
page_line:      dd FIRST_LINE
scroll_line:    dd 0
console_seed:   dd 1
pointer_x:      dd 0
pointer_y:      dd 0
picture:        db 0
console_line:   times SCREEN_WIDTH / 8 + 1 db 0
        align   4
shapes:         ; column, row, speeds, colour
        dd      100, 100, 5, 3, 0xffd040
        dd      400, 50, -3, 4, 0xff6060
        dd      800, 300, 6, -2, 0x60ff90
        dd      250, 500, -4, -5, 0x60a0ff
        dd      600, 600, 2, 6, 0xf080ff
        dd      50, 350, 7, 1, 0xffffff
