; SPDX-License-Identifier: GPL-2.0-or-later
; A firmware image for test_gdb.py: real mode where CS has a base, then a loop in long mode, ring 0
; (partial KVM emulates that; what it runs natively, ring 3, cannot be debugged there). Labels are
; found in the map file.
PAGE_TABLES     equ 0x20000
WATCHED         equ 0x9000              ; quadwords that the loop writes, and reads
WRITTEN_MUCH    equ 0x9010              ; same page, another place
        [map    symbols guest.map]
        bits    16
        org     0x8000
start:  mov     ax, PAGE_TABLES >> 4
        mov     es, ax
        xor     eax, eax
        xor     di, di
        mov     cx, 0x3000 / 4
        rep     stosd
        mov     dword [es:0], PAGE_TABLES + 0x1000 + 3
        mov     dword [es:0x1000], PAGE_TABLES + 0x2000 + 3
        mov     eax, 0x83               ; 2 MiB pages: present, writable
        mov     di, 0x2000
        mov     cx, 512
.page:  mov     [es:di], eax
        add     eax, 0x200000
        add     di, 8
        loop    .page
        lgdt    [gdt_pointer]
        mov     eax, 0x20               ; CR4.PAE
        mov     cr4, eax
        mov     eax, PAGE_TABLES
        mov     cr3, eax
        mov     ecx, 0xc0000080         ; EFER.LME
        rdmsr
        or      eax, 0x100
        wrmsr
        mov     eax, cr0
        or      eax, 0x80000001
        mov     cr0, eax
        jmp     8:main

        align   8
gdt:    dq      0
        dq      0x00af9a000000ffff      ; 08 code, 64 bits
        dq      0x00cf92000000ffff      ; 10 data
gdt_pointer:
        dw      $ - gdt - 1
        dd      gdt

        bits    64
        align   16
main:   mov     ax, 0x10
        mov     ss, ax
        mov     ds, ax
        mov     esp, 0x7000
        xor     ebx, ebx
        mov     r15, 0x123456789abcdef0
loop64: inc     rbx
        mov     [abs WRITTEN_MUCH], rbx
        call    function
after_call:
        mov     [abs WATCHED], rbx
after_write:
        mov     rax, [abs WATCHED]
after_read:
        lock inc qword [abs WATCHED + 24]
after_rmw:
        push    rbx
        pop     rcx
        jmp     loop64
function:
        nop
        nop
        nop
        nop
        nop
        nop
        ret

        times   0xff00 - ($ - $$) db 0
        bits    16
reset:  cli                             ; at F000:FF00h: rip is not the linear address
        cld
        mov     ax, 0xf000
        mov     ds, ax
        xor     ax, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 0x7000
        mov     cx, 2
rounds: nop
        loop    rounds
        xor     si, si
        mov     di, 0x8000
        mov     cx, 0x2000 / 2
        rep     movsw
        mov     ds, ax
        jmp     0:0x8000
        times   0xfff0 - ($ - $$) db 0
        jmp     0xf000:0xff00
        times   0x10000 - ($ - $$) db 0
