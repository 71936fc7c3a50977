; SPDX-License-Identifier: GPL-2.0-or-later
; The option ROM behind -kernel: a boot entry of the BIOS (BIOS Boot Specification 1.01, BEV) that
; copies a kernel from fw_cfg to where it belongs and enters it.
;
; The program fills in what is at PLAN, and the checksums (kernel-rom.c). The processor may be one
; that runs a few million instructions a second, so DMA does all of the copying.
;
; Scratch memory, all of it below 10000h, where no kernel is loaded:
;   7000h  stack, downwards         7000h  DMA request        7010h  GDT, its register
;   8000h  multiboot memory map

        bits    16
        org     0
        cpu     386

REQUEST         equ 0x7000
GDT             equ 0x7010
GDTR            equ 0x7030
MEMORY_MAP      equ 0x8000
MAP_ENTRY       equ 24                  ; a size of its own, then what E820h gives
MAP_ENTRIES     equ 64
MULTIBOOT_INFO  equ 0x1000              ; segment
CODE32          equ 0x08
DATA32          equ 0x10

; fw_cfg: the port of the DMA address's low half, and bits of a request's control word
DMA_HIGH        equ 0x514
DMA_LOW         equ 0x518
DMA_ERROR       equ 0x01
DMA_READ        equ 0x02
DMA_SKIP        equ 0x04
DMA_SELECT      equ 0x08
CHUNK           equ 0x10000             ; bytes a request: each is carried out at once

ROM_SIZE        equ 4096
MAX_LOADS       equ 96
PLAN            equ 0x90

        db      0x55, 0xaa, ROM_SIZE / 512
        jmp     near init
        times   0x1a - ($ - $$) db 0
        dw      pnp

; Plug and Play BIOS Specification 1.0A, 3.2: option ROM expansion header.
pnp:    db      '$PnP', 1, 2            ; revision, length in 16 bytes
        dw      0                       ; no other header
        db      0, 0                    ; checksum of the header: by the program
        dd      0                       ; device
        dw      vendor, product
        db      0, 0x80, 0              ; class: other; boots
        db      0x04                    ; indicators: an initial program load device
        dw      0, 0, boot, 0, 0        ; BCV, disconnect, BEV, reserved, resources
PNP_SIZE        equ $ - pnp
%if PNP_SIZE != 32
%error the PnP header has another size
%endif

vendor:  db     'Vitrine', 0
product: db     'Kernel', 0
failed:  db     'The kernel cannot be loaded from the fw_cfg device.', 13, 10, 0

; What the program tells (kernel-rom.c).
        times   PLAN - ($ - $$) db 0
entry:          dw 0                    ; 0 = Linux, 1 = multiboot
setup_segment:  dw 0                    ; Linux: data segment of the setup code
setup_stack:    dw 0                    ; Linux: end of the stack in it
count:          dw 0                    ; of loads
entry_addr:     dd 0                    ; multiboot
                dd 0
loads:          times MAX_LOADS * 16 db 0
; each: key, offset in the item, address, length
LOAD_KEY        equ 0
LOAD_OFFSET     equ 4
LOAD_ADDR       equ 8
LOAD_LENGTH     equ 12
LOAD_SIZE       equ 16

; Nothing to set up: only a BIOS that boots needs us.
init:   xor     ax, ax
        retf

; ---- fw_cfg ----

; Swaps the bytes of eax (there are processors under us that do not know BSWAP).
swap:   xchg    al, ah
        ror     eax, 16
        xchg    al, ah
        ret

; Carries out a request: eax = control, ecx = length, edx = address; es = 0. All kept but flags;
; carry = it failed.
request:
        pushad
        call    swap
        mov     [es:REQUEST], eax
        mov     eax, ecx
        call    swap
        mov     [es:REQUEST + 4], eax
        mov     dword [es:REQUEST + 8], 0
        mov     eax, edx
        call    swap
        mov     [es:REQUEST + 12], eax
        xor     eax, eax
        mov     dx, DMA_HIGH
        out     dx, eax
        mov     eax, REQUEST
        call    swap
        mov     dx, DMA_LOW
        out     dx, eax
.wait:  mov     eax, [es:REQUEST]       ; big-endian: the error bit is in the last byte
        test    eax, ~(DMA_ERROR << 24)
        jnz     .wait
        cmp     eax, 1
        cmc
        popad
        ret

; Carries out the load at si; carry = it failed.
load:   mov     eax, [si + LOAD_KEY]
        shl     eax, 16
        mov     al, DMA_SELECT | DMA_SKIP
        mov     ecx, [si + LOAD_OFFSET]
        xor     edx, edx
        call    request
        jc      .done
        mov     ebx, [si + LOAD_LENGTH]
        mov     edx, [si + LOAD_ADDR]
        mov     eax, DMA_READ
.next:  mov     ecx, CHUNK
        cmp     ebx, ecx
        jae     .copy
        mov     ecx, ebx
.copy:  call    request
        jc      .done
        add     edx, ecx
        sub     ebx, ecx                ; never below zero: no carry
        jnz     .next
.done:  ret

; ---- the boot entry ----

boot:   cli
        cld
        xor     ax, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, REQUEST
        mov     ax, cs
        mov     ds, ax
        sti
        mov     si, loads
        mov     cx, [count]
.next:  jcxz    .go
        push    cx
        call    load
        pop     cx
        jc      fail
        add     si, LOAD_SIZE
        dec     cx
        jmp     .next
.go:    cmp     word [entry], 0
        jne     multiboot

; boot.rst, "Running the Kernel".
        mov     ax, [setup_segment]
        movzx   esp, word [setup_stack]
        cli
        mov     ss, ax
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        add     ax, 0x20
        push    ax
        push    word 0
        retf

; Says so, and lets the BIOS try the next device.
fail:   mov     si, failed
.next:  lodsb
        test    al, al
        jz      .end
        mov     ah, 0x0e
        mov     bx, 7
        int     0x10
        jmp     .next
.end:   int     0x18

; ---- multiboot (Multiboot Specification 0.6.96, 3.2 and 3.3) ----

; The structure is loaded; only the BIOS knows its fields on memory.
INFO_LOWER      equ 4
INFO_UPPER      equ 8
INFO_MAP_LENGTH equ 44
INFO_MAP_ADDR   equ 48

multiboot:
        int     0x12
        movzx   eax, ax
        mov     dx, MULTIBOOT_INFO
        mov     gs, dx
        mov     [gs:INFO_LOWER], eax
        xor     ebx, ebx
        mov     di, MEMORY_MAP
.map:   push    di
        add     di, 4
        mov     eax, 0xe820
        mov     edx, 0x534d4150         ; "SMAP"
        mov     ecx, MAP_ENTRY - 4
        int     0x15
        pop     di
        jc      .mapped
        cmp     eax, 0x534d4150
        jne     .mapped
        mov     dword [es:di], MAP_ENTRY - 4
        call    note_upper
        add     di, MAP_ENTRY
        test    ebx, ebx
        jz      .mapped
        cmp     di, MEMORY_MAP + MAP_ENTRIES * MAP_ENTRY
        jb      .map
.mapped:
        movzx   eax, di
        sub     eax, MEMORY_MAP
        mov     [gs:INFO_MAP_LENGTH], eax
        mov     dword [gs:INFO_MAP_ADDR], MEMORY_MAP

; The GDT goes where its linear address is known.
        mov     si, gdt
        mov     di, GDT
        mov     cx, GDT_SIZE / 2
        rep     movsw
        mov     word [es:GDTR], GDT_SIZE - 1
        mov     dword [es:GDTR + 2], GDT
        mov     edi, [entry_addr]
        cli
        o32 lgdt [es:GDTR]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     short .protected
.protected:
        mov     ax, DATA32
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        movzx   esp, sp
        push    dword CODE32
        push    edi
        mov     eax, 0x2badb002
        mov     ebx, MULTIBOOT_INFO << 4
        o32 retf

; Memory above 1 MiB is the RAM of that entry of the map (at es:di) that begins there, in KiB.
note_upper:
        cmp     dword [es:di + 4], 0x100000
        jne     .other
        cmp     dword [es:di + 8], 0
        jne     .other
        cmp     dword [es:di + 20], 1
        jne     .other
        mov     eax, [es:di + 12]
        shr     eax, 10
        mov     [gs:INFO_UPPER], eax
.other: ret

        align   8, db 0
gdt:    dq      0
        dq      0x00cf9a000000ffff      ; code, 4 GiB, 32-bit
        dq      0x00cf92000000ffff      ; data
GDT_SIZE        equ $ - gdt

        times   ROM_SIZE - ($ - $$) db 0
