; SPDX-License-Identifier: GPL-2.0-or-later
;
; The guest of bench_stall.py, a boot sector: reads port 61h without end, times each read with the
; time stamp counter, and counts the times in memory. About 60 times a second it draws 16 KiB of a
; 1024x768x32 picture, another part each time, so that viewers have something to be sent.
;
; The histogram is 1024 doublewords at 20000h: 32 for each power of two, in equal steps.

bits 16
org 7c00h

histogram equ 2000h             ; a segment
dispi     equ 1ceh              ; Bochs display interface: index, then data at the next port
bank      equ 5
banks     equ 48                ; 64 KiB each
period    equ 40000000          ; cycles between two pictures

start:
    cli
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 7c00h
    mov si, mode
set_mode:                       ; VBE_DISPI: disable, 1024, 768, 32 bits, enable
    lodsw
    cmp ax, -1
    je count
    mov dx, dispi
    out dx, ax
    lodsw
    inc dx
    out dx, ax
    jmp set_mode

count:
    mov dx, 3ceh                ; graphics controller 6: the window is 64 KiB at A0000h
    mov ax, 0506h
    out dx, ax
    mov ax, histogram
    mov fs, ax
    xor di, di
    xor eax, eax
clear:
    mov [fs:di], eax
    add di, 4
    cmp di, 1000h
    jb clear
    mov ax, 0a000h
    mov es, ax
    xor ebp, ebp                ; when the last picture was drawn
    xor si, si                  ; its bank

again:
    rdtsc
    mov edi, eax
    in al, 61h
    rdtsc
    sub eax, edi
    or eax, 32                  ; at least five bits below the first
    bsr ecx, eax
    mov ebx, ecx
    shl ebx, 5
    sub cl, 5
    shr eax, cl
    and eax, 31
    or ebx, eax
    and ebx, 3ffh
    shl bx, 2
    inc dword [fs:bx]
    mov eax, edi
    sub eax, ebp
    cmp eax, period
    jb again

    mov ebp, edi
    inc si
    cmp si, banks
    jb draw
    xor si, si
draw:
    mov dx, dispi
    mov ax, bank
    out dx, ax
    inc dx
    mov ax, si
    out dx, ax
    mov eax, edi
    xor di, di
    mov cx, 1000h
    rep stosd
    jmp again

mode:
    dw 4, 0, 1, 1024, 2, 768, 3, 32, 4, 1, -1

times 510 - ($ - $$) db 0
    dw 0aa55h
