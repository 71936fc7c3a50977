; SPDX-License-Identifier: GPL-2.0-or-later
; A file in the shape of a bzImage (the kernel's Documentation/arch/x86/boot.rst) that tells at port
; E9h what its loader gave it, and ends the program through port F4h.
;
; -DRESETS makes one that resets the machine when it has run for the first time;
; -DPROTOCOL=0x... chooses the boot protocol; -DZIMAGE makes one that is loaded low.

        bits    16
        org     0
%ifndef PROTOCOL
%define PROTOCOL 0x020f
%endif
SETUP_SECTS     equ 4
MARK            equ 0x180000            ; unused memory
%ifdef ZIMAGE
KERNEL          equ 0x10000
LOADED_HIGH     equ 0
%else
KERNEL          equ 0x100000
LOADED_HIGH     equ 1
%endif

        times   0x1f1 - ($ - $$) db 0
        db      SETUP_SECTS
        dw      0
        dd      (kernel_end - kernel + 15) / 16
        dw      0, 0xffff, 0            ; vid_mode: normal
        dw      0xaa55
        jmp     short start
        db      'HdrS'
        dw      PROTOCOL
        dd      0
        dw      0, 0
        db      0, LOADED_HIGH
        dw      0
        dd      KERNEL                  ; code32_start
        dd      0, 0, 0                 ; initrd, bootsect_kludge
        dw      0
        db      0, 0
        dd      0                       ; cmd_line_ptr
        dd      0x7fffffff              ; initrd_addr_max
        dd      0x200000
        db      1, 21
        dw      0
        dd      300                     ; cmdline_size
        times   0x258 - ($ - $$) db 0
        dq      0x200000                ; pref_address
        dd      0x100000                ; init_size
        dd      0

; Real mode; ds and ss are our segment, cs is 20h higher.
start:  cli
        mov     [said.ss], ss
        mov     [said.sp], sp
        mov     [said.cs], cs
        xor     ebx, ebx
        mov     bx, ds
        shl     ebx, 4
        lea     eax, [ebx + gdt]
        mov     [gdtr + 2], eax
        in      al, 0x92                ; A20
        or      al, 2
        out     0x92, al
        o32 lgdt [gdtr]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     dword 0x10:KERNEL

        align   8, db 0
gdt:    dq      0, 0
        dq      0x00cf9a000000ffff
        dq      0x00cf92000000ffff
gdtr:   dw      $ - gdt - 1
        dd      0
said:
.ss:    dw      0
.sp:    dw      0
.cs:    dw      0
        times   (SETUP_SECTS + 1) * 512 - ($ - $$) db 0

; 32-bit code; ebx = the setup's address.
        bits    32
kernel: mov     ax, 0x18
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     esp, 0x80000
        mov     ebp, ebx
%macro TELL 3                           ; name, address, bytes
        mov     esi, TEXT(%%name)
        call    puts
        xor     eax, eax
%if %3 = 1
        mov     al, [%2]
%elif %3 = 2
        mov     ax, [%2]
%else
        mov     eax, [%2]
%endif
        call    hex
        jmp     %%end
%%name: db      %1, '=', 0
%%end:
%endmacro
%define TEXT(x) (KERNEL + (x) - kernel)
        TELL    'loader', ebp + 0x210, 1
        TELL    'loadflags', ebp + 0x211, 1
        TELL    'heap_end', ebp + 0x224, 2
        TELL    'vid_mode', ebp + 0x1fa, 2
        TELL    'ss', ebp + said.ss, 2
        TELL    'sp', ebp + said.sp, 2
        TELL    'cs', ebp + said.cs, 2
        TELL    'initrd', ebp + 0x218, 4
        TELL    'size', ebp + 0x21c, 4
        TELL    'tail', TEXT(tail), 4

        mov     esi, [ebp + 0x218]
        mov     ecx, [ebp + 0x21c]
        call    sum
        mov     [ebp + said], eax
        TELL    'sum', ebp + said, 4

%if PROTOCOL >= 0x202
        mov     esi, [ebp + 0x228]
%else
        TELL    'magic', ebp + 0x20, 2
        movzx   esi, word [ebp + 0x22]
        add     esi, ebp
%endif
        call    puts
        mov     al, 10
        out     0xe9, al
%ifdef RESETS
        mov     eax, 0x12345678
        xchg    eax, [MARK]             ; a reset leaves memory alone
        cmp     eax, 0x12345678
        je      .second
        mov     dword [KERNEL], 0       ; what is run the next time has been loaded anew
        mov     dx, 0xcf9
        mov     al, 6
        out     dx, al
.second:
%endif
        mov     al, 0
        out     0xf4, al
stop:   hlt
        jmp     stop

%include "common.asm"

        times   0x20000 db 0x90         ; more than one DMA request
tail:   dd      0x11223344
        align   16, db 0
kernel_end:
