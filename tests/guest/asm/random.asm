; SPDX-License-Identifier: GPL-2.0-or-later
; Executes random bytes, in a mode that changes with every reset, until it is stopped: the program
; must neither crash nor hang (test_asm.py asks its monitor). Exceptions and the 8254's interrupt
; lead back to new bytes; what they do not catch, a reset by the test does. The seed is a parameter.
; A second processor, if there is one, does the same in real mode with the same bytes and the same
; generator, while the first changes them.
%include "guest.inc"

RESETS          equ 0x600               ; in memory, which a reset leaves alone
ROUNDS          equ 0x604
SECOND_ROUNDS   equ 0x608
TRAMPOLINE      equ 0x1000
SECOND_VECTORS  equ SCRATCH + 0x20000
SECOND_STACK    equ 0x8000              ; segment, below which SECOND_VECTORS is
APIC            equ 0xfee00000
BYTES           equ SCRATCH + 0x10000
COUNT           equ 192                 ; and then INT3s
IRQ_VECTOR      equ 0x20

section .data
state           dd 1                    ; of the generator, never 0
; What makes random bytes reach further: prefixes, escapes, and short ways on.
spice           db 0x0f, 0x0f, 0x0f, 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x48, 0x41, 0x4c, 0x64
                db 0x8b, 0x89, 0xa5, 0xab
second_idt      dw 0x3ff
                dd SECOND_VECTORS
section .text

; EAX: the next number (xorshift). Changes EDX.
%macro NEXT 0
        mov     eax, [state]
        mov     edx, eax
        shl     edx, 13
        xor     eax, edx
        mov     edx, eax
        shr     edx, 17
        xor     eax, edx
        mov     edx, eax
        shl     edx, 5
        xor     eax, edx
        mov     [state], eax
%endmacro

; Fills the page to execute; changes all registers. Included for each size of code.
%macro FILL 0
fill_%[SUFFIX]:
        cld
        mov     al, 0x20                ; the interrupt that may have led here is over
        out     0x20, al
        inc     dword [ROUNDS]
        mov     edi, BYTES
        mov     ecx, COUNT
%%next: NEXT
        mov     edx, eax
        shr     edx, 8
        test    edx, 3
        jnz     %%plain
        shr     edx, 2
        and     edx, 15
        mov     al, [spice + edx]
%%plain:
        mov     [edi], al
        inc     edi
        dec     ecx
        jnz     %%next
        mov     ecx, 64
        mov     al, 0xcc
        a32 rep stosb
        NEXT
        mov     ecx, eax
        NEXT
        mov     ebx, eax
        NEXT
        mov     esi, eax
        and     esi, 0x7ffff
        mov     edi, esi
        xor     edi, 0x50000
        mov     ebp, ebx
        and     ebp, 0xfffff
        ret
%endmacro

        MODE    16
main:   call    install_real
        mov     byte [TRAMPOLINE], 0xea ; jmp 0:second
        mov     word [TRAMPOLINE + 1], second
        mov     word [TRAMPOLINE + 3], 0
        ENTER_PROTECTED
        mov     dword [APIC + 0x300], 0xc4500 ; INIT and SIPI to all others
        mov     ecx, 20000
        loop    $
        mov     dword [APIC + 0x300], 0xc4600 | TRAMPOLINE >> 12
        LEAVE_PROTECTED
        mov     dword [IRQ_VECTOR * 4], real_irq
        PICS    IRQ_VECTOR, 0xfe
        PIT     2, 1193182 / 4000

        inc     dword [RESETS]
        mov     eax, [RESETS]
        imul    eax, eax, 0x9e3779b9
        add     eax, [param_seed]
        or      eax, 1
        mov     [state], eax
        NEXT
        shr     eax, 8
        xor     edx, edx
        mov     ecx, 5
        div     ecx
        cmp     edx, 1
        jb      near in_real
        je      near in_protected
        cmp     edx, 3
        jb      near in_user
        je      near in_long
        jmp     in_long_user

second: cli
        xor     ax, ax
        mov     ds, ax
        lidt    [second_idt]
        mov     ax, SECOND_VECTORS >> 4
        mov     es, ax
        xor     di, di
        mov     cx, 256
        mov     eax, .next
        cld
        rep stosd
; Every exception leads here; registers, segments and stack are anything.
.next:  cld
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ax, SECOND_STACK
        mov     ss, ax
        mov     sp, 0x1000
        inc     dword [SECOND_ROUNDS]
        call    fill_16
        jmp     BYTES >> 4:0

real_irq:
        push    word IRQ_VECTOR
        jmp     near real_exception

in_real:
        EXPECT_BEGIN in_real
        call    fill_16
        sti
        jmp     BYTES >> 4:0
        FILL

in_protected:
        ENTER_PROTECTED
.next:  EXPECT_BEGIN .next
        call    fill_32
        sti
        jmp     BYTES
        FILL

        MODE    16
in_user:
        ENTER_PROTECTED
        mov     dword [user_flags], EFLAGS_IF | 2
.next:  EXPECT_BEGIN .next
        call    fill_32
        USER_BEGIN
        jmp     BYTES

        MODE    16
in_long:
        ENTER_LONG
.next:  EXPECT_BEGIN .next
        call    fill_64
        sti
        jmp     BYTES
        FILL

        MODE    16
in_long_user:
        ENTER_LONG
        mov     dword [user_flags], EFLAGS_IF | 2
.next:  EXPECT_BEGIN .next
        call    fill_64
        USER_BEGIN
        jmp     BYTES
