; SPDX-License-Identifier: GPL-2.0-or-later
; Long mode, descriptor tables, interrupt handlers: all that runs in ring 0.

KERNEL_CODE     equ 0x08
KERNEL_DATA     equ 0x10
USER_DATA       equ 0x18 | 3
USER_CODE       equ 0x20 | 3
TSS_SELECTOR    equ 0x28

PIT_HZ          equ 1193182
TICK_HZ         equ 60

        bits    16
enter_long_mode:
        mov     ax, PAGE_TABLES >> 4
        mov     es, ax
        xor     eax, eax
        xor     di, di
        mov     cx, 0x6000 / 4
        rep     stosd
        mov     dword [es:0], PAGE_TABLES + 0x1000 + 7
        mov     eax, PAGE_TABLES + 0x2000 + 7
        mov     di, 0x1000
        mov     cx, 4
.directory:
        mov     [es:di], eax
        add     eax, 0x1000
        add     di, 8
        loop    .directory
        mov     eax, 0x87               ; 2 MiB pages: present, writable, for ring 3
        mov     di, 0x2000
        mov     cx, 4 * 512
.page:
        mov     [es:di], eax
        add     eax, 0x200000
        add     di, 8
        loop    .page

        lgdt    [gdt_pointer]
        mov     eax, 0xa0               ; CR4: PAE, PGE
        mov     cr4, eax
        mov     eax, PAGE_TABLES
        mov     cr3, eax
        mov     ecx, 0xc0000080         ; EFER.LME
        rdmsr
        or      eax, 0x100
        wrmsr
        mov     eax, cr0                ; PG and PE, caches on
        and     eax, 0x9fffffff
        or      eax, 0x80000001
        mov     cr0, eax
        jmp     KERNEL_CODE:kernel

        align   8
gdt:
        dq      0
        dq      0x00af9a000000ffff      ; 08 ring 0 code, 64 bits
        dq      0x00cf92000000ffff      ; 10 ring 0 data
        dq      0x00cff2000000ffff      ; 18 ring 3 data
        dq      0x00affa000000ffff      ; 20 ring 3 code, 64 bits
        dw      0x68 + 8192, TSS_ADDR & 0xffff ; 28 TSS, with the whole I/O permission bitmap
        db      TSS_ADDR >> 16, 0x89, 0, 0
        dq      0
gdt_pointer:
        dw      $ - gdt - 1
        dd      gdt

        bits    64
        default rel
kernel:
        mov     ax, KERNEL_DATA
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     rsp, RING0_STACK

        mov     rdi, TSS_ADDR           ; all ports are open: their bits are 0
        mov     rcx, (0x68 + 8192) / 8
        xor     eax, eax
        rep     stosq
        mov     byte [rdi], 0xff        ; the byte of ones that ends the bitmap
        mov     qword [abs TSS_ADDR + 4], RING0_STACK
        mov     word [abs TSS_ADDR + 0x66], 0x68
        mov     ax, TSS_SELECTOR
        ltr     ax

        mov     rdi, IDT_ADDR
        mov     ecx, 256
        mov     rax, other_exception
        call    set_gates
        mov     rdi, IDT_ADDR + 13 * 16
        mov     rax, general_protection
        call    set_gate
        mov     rdi, IDT_ADDR + 0x20 * 16
        mov     rax, irq_timer
        call    set_gate
        mov     rdi, IDT_ADDR + 0x21 * 16
        mov     rax, irq_keyboard
        call    set_gate
        mov     rdi, IDT_ADDR + 0x2c * 16
        mov     rax, irq_mouse
        call    set_gate
        lidt    [idt_pointer]

        mov     al, 0x11                ; both 8259As: edges, vectors 20h and 28h, all masked
        out     0x20, al
        out     0xa0, al
        mov     al, 0x20
        out     0x21, al
        mov     al, 0x28
        out     0xa1, al
        mov     al, 4
        out     0x21, al
        mov     al, 2
        out     0xa1, al
        mov     al, 1
        out     0x21, al
        out     0xa1, al
        mov     al, 0xff
        out     0x21, al
        out     0xa1, al
        mov     al, 0x34                ; PIT channel 0: rate generator
        out     0x43, al
        mov     al, (PIT_HZ / TICK_HZ) & 0xff
        out     0x40, al
        mov     al, (PIT_HZ / TICK_HZ) >> 8
        out     0x40, al

        push    USER_DATA
        push    RING3_STACK
        push    0x202                   ; interrupts on
        push    USER_CODE
        push    main
        iretq

; RDI gates from ->, RAX handler: fills one, or ECX of them.
set_gate:
        mov     ecx, 1
set_gates:
        mov     [rdi], ax
        mov     word [rdi + 2], KERNEL_CODE
        mov     word [rdi + 4], 0x8e00
        mov     rdx, rax
        shr     rdx, 16
        mov     [rdi + 6], dx
        mov     qword [rdi + 8], 0
        add     rdi, 16
        dec     ecx
        jnz     set_gates
        ret

        align   8
idt_pointer:
        dw      256 * 16 - 1
        dq      IDT_ADDR

; ---- interrupts ----
irq_timer:
        push    rax
        inc     qword [ticks]
        mov     al, 0x20
        out     0x20, al
        pop     rax
        iretq

irq_keyboard:
        push    rax
        push    rbx
        in      al, 0x64                ; a byte that was polled for leaves its request behind
        test    al, 1
        jz      .nothing
        in      al, 0x60
        movzx   ebx, byte [key_head]
        mov     [key_queue + rbx], al
        inc     byte [key_head]
.nothing:
        mov     al, 0x20
        out     0x20, al
        pop     rbx
        pop     rax
        iretq

irq_mouse:
        push    rax
        push    rbx
        in      al, 0x64                ; a byte that was polled for leaves its request behind
        test    al, 1
        jz      .nothing
        in      al, 0x60
        movzx   ebx, byte [mouse_head]
        mov     [mouse_queue + rbx], al
        inc     byte [mouse_head]
.nothing:
        mov     al, 0x20
        out     0xa0, al
        out     0x20, al
        pop     rbx
        pop     rax
        iretq

; Ring 3 executes HLT to wait until `ticks` differs from [awaited] or another interrupt comes.
general_protection:
        push    rax
        mov     rax, [rsp + 16]         ; behind RAX and the error code: RIP
        cmp     byte [rax], 0xf4
        jne     exception
        inc     qword [rsp + 16]
        mov     rax, [ticks]
        cmp     rax, [awaited]
        jne     .done
        sti
        hlt
        cli
.done:
        pop     rax
        add     rsp, 8
        iretq

other_exception:
exception:                              ; ours alone: says so in the corner of the text screen
        mov     rax, 0x4f214f724f724f45 ; "Err!", white on red
        mov     [abs 0xb8000], rax
.stop:
        hlt
        jmp     .stop

        align   8
ticks:          dq 0
awaited:        dq 0
key_head:       db 0
key_tail:       db 0
mouse_head:     db 0
mouse_tail:     db 0
key_queue:      times 256 db 0
mouse_queue:    times 256 db 0
