; SPDX-License-Identifier: GPL-2.0-or-later
; A kernel by the Multiboot Specification 0.6.96 that tells at port E9h what its loader gave it, and
; ends the program through port F4h. An ELF file made by hand, its virtual addresses elsewhere than
; its physical ones; with -DAOUT, one whose multiboot header has the addresses.

BASE            equ 0x200000
VIRTUAL         equ 0xc0200000
DATA            equ 0x600000
BSS             equ 0x30000             ; more than one DMA request

        bits    32
        org     BASE
file:
%ifndef AOUT
        db      0x7f, 'ELF', 1, 1, 1
        times   9 db 0
        dw      2, 3                    ; executable, i386
        dd      1, VIRTUAL + (start - file), headers - file, 0, 0
        dw      52, 32, 2, 0, 0, 0
headers:
        dd      1, 0, VIRTUAL, BASE, data - file, data - file, 7, 4096
        dd      1, data - file, DATA, DATA, file_end - data, file_end - data + BSS, 7, 4096
FLAGS           equ 0x7
%else
        times   100 db 0                ; what is not loaded
loaded:
FLAGS           equ 0x10003
%endif
        align   4, db 0
header: dd      0x1badb002, FLAGS, -(0x1badb002 + FLAGS)
%ifdef AOUT
        dd      header, loaded, file_end, file_end + BSS, start
%else
        dd      0, 0, 0, 0, 0
%endif
        dd      1, 80, 25, 0

%ifdef AOUT
%define IN_DATA(x) (x)
%else
%define IN_DATA(x) (DATA + (x) - data)
%endif

start:  mov     esp, 0x80000
        mov     ebp, ebx
%macro TELL 2                           ; name, operand
        push    dword %2
        mov     esi, %%name
        call    puts
        pop     eax
        call    hex
        jmp     %%end
%%name: db      %1, '=', 0
%%end:
%endmacro
        push    eax
        TELL    'magic', [esp]
        pop     eax
        TELL    'flags', [ebp]
        TELL    'lower', [ebp + 4]
        TELL    'upper', [ebp + 8]
        TELL    'tail', [IN_DATA(tail)]
        mov     eax, cr0
        and     eax, 0x80000001
        push    eax
        TELL    'cr0', [esp]
        pushfd
        TELL    'eflags', [esp]
        mov     ax, ss
        push    eax

; The uninitialized data.
        mov     esi, IN_DATA(file_end)
        mov     ecx, BSS
        call    sum
        push    eax
        TELL    'bss', [esp]

        mov     esi, [ebp + 64]
        call    puts
        mov     al, 10
        out     0xe9, al
        mov     esi, [ebp + 16]
        call    puts
        mov     al, 10
        out     0xe9, al

; Modules.
        mov     ebx, [ebp + 24]
        mov     edi, [ebp + 20]
        TELL    'modules', edi
.module:
        test    edi, edi
        jz      .map
        mov     esi, [ebx + 8]
        call    puts
        mov     al, 10
        out     0xe9, al
        TELL    'start', [ebx]
        mov     esi, [ebx]
        mov     ecx, [ebx + 4]
        sub     ecx, esi
        push    ecx
        call    sum
        push    eax
        TELL    'size', [esp + 4]
        TELL    'sum', [esp]
        add     esp, 8
        add     ebx, 16
        dec     edi
        jmp     .module

; The memory map.
.map:   mov     ebx, [ebp + 48]
        mov     edi, [ebp + 44]
        add     edi, ebx
.entry: cmp     ebx, edi
        jae     .end
        TELL    'map', [ebx + 4]
        TELL    'length', [ebx + 12]
        TELL    'type', [ebx + 20]
        add     ebx, [ebx]
        add     ebx, 4
        jmp     .entry
.end:   mov     al, 0
        out     0xf4, al
stop:   hlt
        jmp     stop

%include "common.asm"

        align   16, db 0
data:   times   0x12000 db 0x5a
tail:   dd      0x55667788
file_end:
%ifndef AOUT
        dd      0xdeadbeef              ; behind what is loaded
%endif
