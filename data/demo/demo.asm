; SPDX-License-Identifier: GPL-2.0-or-later
;
; Vitrine's demo disk: what `vitrine` without arguments boots.
;
; A welcome screen in text mode echoes keys and mouse; a key switches to 1024x768x32 with something
; that moves at 60 Hz. It is its own small kernel: long mode, everything but the interrupt handlers
; in ring 3, so that it runs natively even where KVM emulates ring 0. There, ring 3 has no software
; interrupts and IRET forgets IOPL, so ports are opened by the I/O permission bitmap of the TSS, and
; waiting is the privileged instruction HLT, whose #GP the kernel takes as a request.
;
; Files: demo.asm boot sector, memory map; kernel.asm long mode, interrupts; input.asm keyboard and
; mouse; text.asm welcome screen; graphics.asm pictures.

; ---- memory map (bytes below 1 MiB; page tables map the first 4 GiB one to one) ----
LOAD_ADDR       equ 0x7c00
RING0_STACK     equ 0x5000
RING3_STACK     equ 0x7000
PAGE_TABLES     equ 0x20000             ; PML4, PDPT, four page directories
IDT_ADDR        equ 0x30000
TSS_ADDR        equ 0x31000             ; 104 bytes, then 8 KiB + 1 of permission bits
FONT_ADDR       equ 0x34000             ; 256 characters of 8x16
VGA_SAVE        equ 0x35000             ; registers of the text mode

DISK_SECTORS    equ 63                  ; loaded in one go: the first track

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
        mov     ah, 0x42                ; INT 13h extensions: read by block number; DL is the disk
        int     0x13
        jc      .no_disk
        jmp     real_mode
.no_disk:
        mov     si, .message
.next:
        lodsb
        test    al, al
        jz      .stop
        mov     ah, 0x0e
        int     0x10
        jmp     .next
.stop:
        hlt
        jmp     .stop
.message: db "The demo disk cannot be read.", 0

        align   4
disk_packet:
        db      16, 0
        dw      DISK_SECTORS - 1
        dw      LOAD_ADDR + 512, 0
        dq      1

        times   446 - ($ - $$) db 0
        ; One partition over the whole disk, so that tools see what it is (DAh: no file system).
        db      0x80, 0, 2, 0, 0xda, 0, 63, 0
        dd      1, DEMO_SECTORS - 1
        times   510 - ($ - $$) db 0
        dw      0xaa55

DEMO_SECTORS    equ 2016                ; a whole number of cylinders of 16 heads, 63 sectors

; ---- the rest of real mode ----
real_mode:
        mov     ax, 0x0003              ; 80x25 text
        int     0x10
        mov     ah, 0x01                ; no cursor
        mov     cx, 0x2000
        int     0x10
        mov     ax, 0x1130              ; the 8x16 font of the video BIOS, for text in pictures
        mov     bh, 6
        int     0x10
        push    ds
        push    es
        pop     ds
        mov     si, bp
        mov     ax, FONT_ADDR >> 4
        mov     es, ax
        xor     di, di
        mov     cx, 4096 / 2
        rep     movsw
        pop     ds
        mov     ah, 0x88                ; memory above 1 MiB, in KiB, as the old call tells
        int     0x15
        mov     [memory_kib], ax
        mov     ax, 0xe801              ; ... and as the newer one does
        int     0x15
        jc      .memory_done
        mov     [memory_kib], ax
        mov     [memory_64k], bx
.memory_done:
        mov     al, 2                   ; A20 (system control port A)
        out     0x92, al
        cli
        jmp     enter_long_mode

memory_kib:     dw 0                    ; above 1 MiB, up to 16 MiB
memory_64k:     dw 0                    ; blocks of 64 KiB above 16 MiB

%include "kernel.asm"
%include "input.asm"
%include "text.asm"
%include "graphics.asm"

        times   DISK_SECTORS * 512 - ($ - $$) db 0
        times   DEMO_SECTORS * 512 - ($ - $$) db 0
