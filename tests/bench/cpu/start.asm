; SPDX-License-Identifier: GPL-2.0-or-later
;
; Entry of the processor benchmark: a multiboot kernel that goes to long mode with the first 64 MiB
; mapped to themselves (2 MiB pages) and calls bench_main(). See kernels.c.

bits 32
section .multiboot
align 4
        dd 0x1badb002, 0, -0x1badb002   ; magic, flags, checksum

section .text
global _start
_start:
        cli
        mov esp, stack_top
        mov ebp, [ebx + 16]             ; multiboot information: command line
        ; page tables: PML4 -> PDPT -> page directory
        mov edi, pml4
        lea eax, [pdpt + 3]
        mov [edi], eax
        lea eax, [directory + 3]
        mov [pdpt], eax
        mov edi, directory
        mov eax, 0x83                   ; present, writable, 2 MiB
        mov ecx, 32
.entry: mov [edi], eax
        add eax, 2 << 20
        add edi, 8
        loop .entry
        mov eax, pml4
        mov cr3, eax
        mov eax, cr4
        or eax, (1 << 5) | (1 << 9) | (1 << 10) ; PAE, OSFXSR, OSXMMEXCPT
        mov cr4, eax
        mov ecx, 0xc0000080
        rdmsr
        or eax, 1 << 8                  ; LME
        wrmsr
        mov eax, cr0
        and eax, ~(1 << 2)              ; EM
        or eax, (1 << 31) | (1 << 1) | 1
        mov cr0, eax
        lgdt [gdt_pointer]
        jmp 0x08:long_mode

bits 64
extern bench_main
long_mode:
        mov ax, 0x10
        mov ds, ax
        mov es, ax
        mov ss, ax
        fninit
        mov edi, ebp
        call bench_main
        mov al, 0
        out 0xf4, al                    ; isa-debug-exit
.halt:  hlt
        jmp .halt

section .data
align 8
gdt:    dq 0
        dq 0x00af9b000000ffff           ; 64-bit code
        dq 0x00cf93000000ffff           ; data
gdt_pointer:
        dw gdt_pointer - gdt - 1
        dd gdt

section .bss
align 4096
pml4:   resb 4096
pdpt:   resb 4096
directory: resb 4096
        resb 65536
stack_top:
