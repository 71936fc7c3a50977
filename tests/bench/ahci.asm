; SPDX-License-Identifier: GPL-2.0-or-later
;
; The guest of bench_disk.py: reads the first SIZE bytes of the disk at the AHCI controller's first
; port again and again, SECTORS a command, and counts the bytes at COUNTER. It is ring-3 code on the
; demo's small kernel.
;
; Serial ATA AHCI 1.3.1: 3.1 and 3.3 registers, 4.2 structures in memory.

LOAD_ADDR       equ 0x7c00
RING0_STACK     equ 0x5000
RING3_STACK     equ 0x7000
PAGE_TABLES     equ 0x20000
IDT_ADDR        equ 0x30000
TSS_ADDR        equ 0x31000
COUNTER         equ 0x90000
COMMAND_LIST    equ 0x100000
RECEIVED_FIS    equ 0x101000
COMMAND_TABLE   equ 0x102000
BUFFER          equ 0x200000
%ifndef SECTORS
%define SECTORS 1024                    ; a command
%endif
SIZE            equ 64 << 20

GHC             equ 0x04                ; bit 31: AHCI
PORT            equ 0x100
PX_CLB          equ PORT + 0x00
PX_FB           equ PORT + 0x08
PX_SERR         equ PORT + 0x30
PX_CMD          equ PORT + 0x18         ; bit 0 ST, 4 FRE, 14 FR, 15 CR
PX_CI           equ PORT + 0x38

        bits    16
        org     LOAD_ADDR
start:
        jmp     0:.flat
.flat:
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, LOAD_ADDR
        mov     si, disk_packet
        mov     ah, 0x42
        int     0x13
        mov     al, 2                   ; A20
        out     0x92, al
        cli
        jmp     enter_long_mode

        align   4
disk_packet:
        db      16, 0
        dw      7
        dw      LOAD_ADDR + 512, 0
        dq      1

        times   510 - ($ - $$) db 0
        dw      0xaa55

%include "kernel.asm"

        bits    64
main:
        mov     qword [abs COUNTER], 0
        mov     ebx, 0x80000000         ; configuration address: the function's
.function:
        mov     eax, ebx
        or      eax, 8
        mov     dx, 0xcf8
        out     dx, eax
        mov     dx, 0xcfc
        in      eax, dx
        shr     eax, 8
        cmp     eax, 0x010601           ; class: SATA, AHCI
        je      .found
        add     ebx, 0x100
        cmp     ebx, 0x80010000
        jb      .function
        jmp     exception
.found:
        mov     eax, ebx
        or      eax, 4
        mov     dx, 0xcf8
        out     dx, eax
        mov     dx, 0xcfc
        mov     ax, 6                   ; memory, bus master
        out     dx, ax
        mov     eax, ebx
        or      eax, 0x24
        mov     dx, 0xcf8
        out     dx, eax
        mov     dx, 0xcfc
        in      eax, dx
        and     eax, ~15
        mov     ebp, eax                ; the registers

        or      dword [rbp + GHC], 0x80000000
        and     dword [rbp + PX_CMD], ~0x11
.stopping:
        test    dword [rbp + PX_CMD], 0xc000
        jnz     .stopping
        mov     dword [rbp + PX_CLB], COMMAND_LIST
        mov     dword [rbp + PX_CLB + 4], 0
        mov     dword [rbp + PX_FB], RECEIVED_FIS
        mov     dword [rbp + PX_FB + 4], 0
        mov     dword [rbp + PX_SERR], -1
        or      dword [rbp + PX_CMD], 0x10
        or      dword [rbp + PX_CMD], 0x01

        mov     edi, COMMAND_LIST
        xor     eax, eax
        mov     ecx, 0x3000 / 8
        rep     stosq
        mov     dword [abs COMMAND_LIST], 1 << 16 | 5
        mov     dword [abs COMMAND_LIST + 8], COMMAND_TABLE
        mov     dword [abs COMMAND_TABLE], 0x00258027       ; register FIS: READ DMA EXT
        mov     dword [abs COMMAND_TABLE + 12], SECTORS
        mov     dword [abs COMMAND_TABLE + 0x80], BUFFER
        mov     dword [abs COMMAND_TABLE + 0x8c], SECTORS * 512 - 1

.round:
        xor     esi, esi                ; block number
.command:
        mov     eax, esi
        and     eax, 0xffffff
        or      eax, 0x40000000
        mov     [abs COMMAND_TABLE + 4], eax
        mov     eax, esi
        shr     eax, 24
        mov     [abs COMMAND_TABLE + 8], eax
        mov     dword [rbp + PX_CI], 1
.wait:
        mov     eax, [rbp + PX_CI]
        test    eax, eax
        jnz     .wait
        add     qword [abs COUNTER], SECTORS * 512
        add     esi, SECTORS
        cmp     esi, SIZE / 512
        jb      .command
        jmp     .round

        times   8 * 512 - ($ - $$) db 0
        times   1024 * 1024 - ($ - $$) db 0
