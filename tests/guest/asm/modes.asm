; SPDX-License-Identifier: GPL-2.0-or-later
; Ways between the modes, and what is forbidden on them: CR0, CR4, EFER, LMSW; "unreal" mode;
; operand, address and stack sizes; virtual-8086 mode. Intel SDM vol. 3, chapters 9.8, 9.9, 20.
%include "guest.inc"

HIGH_BYTE       equ 0x100000 + 0x123

section .data
seen            times 8 dd 0
salc_value      dd 0
section .text

%macro CR0_FAULTS 2                     ; value, name
        mov     XAX, %1
        FAULTS  GP, 0, %2, mov cr0, XAX
%endmacro

        MODE    16
main:   call    install_real

        SECTION "real mode"
        mov     eax, cr0
        mov     ebx, eax
        and     eax, CR0_PE | CR0_PG
        CHECK   eax, 0, "CR0"
        CR0_FAULTS CR0_PG | 0x10, "PG without PE"
        CR0_FAULTS CR0_NW | 0x10, "NW without CD"
        mov     eax, cr0
        CHECK   eax, ebx, "CR0 afterwards"
        smsw    ax
        movzx   eax, ax
        movzx   ecx, bx
        CHECK   eax, ecx, "smsw"
        mov     eax, 0xffffffff
        smsw    eax
        CHECK   eax, ebx, "smsw of 32 bits"
        mov     ax, bx
        or      ax, CR0_TS | CR0_MP
        lmsw    ax
        mov     eax, cr0
        and     eax, CR0_TS | CR0_MP
        CHECK   eax, CR0_TS | CR0_MP, "lmsw"
        mov     cr0, ebx
        mov     eax, 0xffffffff
        FAULTS  GP, 0, "CR4: reserved bits", mov cr4, eax
        mov     eax, cr4
        or      eax, 1 << 15
        FAULTS  GP, 0, "CR4: bit 15", mov cr4, eax
        FAULTS  UD, 0, "mov to cr1", db 0x0f, 0x22, 0xc8
        mov     sp, 0x1800
        push    sp
        pop     ax
        movzx   eax, ax
        CHECK   eax, 0x1800, "push sp pushes the old one"
        push    dword 0x12345678
        mov     bp, sp
        CHECK   [bp], 0x12345678, "push of 32 bits"
        pop     eax
        mov     sp, REAL_STACK
        mov     ecx, 0xffffffff
        mov     cx, 0x1234
        CHECK   ecx, 0xffff1234, "16-bit writes leave the upper half"
        pushfd
        pop     eax
        and     eax, EFLAGS_VM | EFLAGS_RF
        CHECK   eax, 0, "VM and RF"
        push    word 0x7002
        popf
        pushf
        pop     ax
        movzx   eax, ax
        CHECK   eax, 0x7002, "popf: IOPL and NT"
        push    word 2
        popf

        SECTION "protected mode and back"
        lgdt    [gdt_pointer]
        mov     eax, cr0
        or      al, CR0_PE
        mov     cr0, eax
        ; Still 16-bit code, with the real mode's segments.
        mov     bx, cs
        movzx   ebx, bx
        CHECK   ebx, 0, "CS until a far jump"
        mov     bx, 0x1234
        mov     eax, [param_seed]
        mov     ax, KERNEL_DATA
        mov     gs, ax                  ; base 0, limit 4 GiB
        mov     eax, cr0
        and     al, ~CR0_PE
        mov     cr0, eax
        mov     ebx, HIGH_BYTE
        mov     dword [gs:ebx], 0x0badcafe
        CHECK   [gs:ebx], 0x0badcafe, "unreal mode: beyond 64K"
        mov     ax, gs
        movzx   eax, ax
        CHECK   eax, KERNEL_DATA, "unreal mode: selector"
        mov     ax, 0x5000
        mov     gs, ax
        mov     ebx, 0x20000
        mov     dword [gs:ebx], 0x11223344
        mov     ax, 0x7000
        mov     fs, ax
        CHECK   [fs:0], 0x11223344, "unreal mode: loading a segment keeps the limit"
        xor     ax, ax
        mov     fs, ax
        ; Segments of 64K again.
        mov     eax, cr0
        or      al, CR0_PE
        mov     cr0, eax
        mov     ax, DATA16
        mov     gs, ax
        mov     eax, cr0
        and     al, ~CR0_PE
        mov     cr0, eax
        xor     ax, ax
        mov     gs, ax
        mov     ebx, 0x10000
        FAULTS  GP, 0, "and no longer unreal", mov al, [gs:ebx]
        ; LMSW can enter, but not leave.
        smsw    ax
        or      al, CR0_PE
        lmsw    ax
        smsw    ax
        and     ax, CR0_PE
        movzx   eax, ax
        CHECK   eax, CR0_PE, "lmsw enters"
        xor     ax, ax
        lmsw    ax
        smsw    ax
        and     ax, CR0_PE
        movzx   eax, ax
        CHECK   eax, CR0_PE, "lmsw does not leave"
        mov     eax, cr0
        and     al, ~CR0_PE
        mov     cr0, eax
        jmp     0:.real
.real:  mov     eax, cr0
        and     eax, CR0_PE
        CHECK   eax, 0, "mov to CR0 leaves"

        SECTION "sizes in protected mode"
        ENTER_PROTECTED
        mov     eax, 0xffffffff
        db      0x66, 0xb8, 0x34, 0x12  ; MOV AX
        CHECK   eax, 0xffff1234, "operand of 16 bits"
        jmp     CODE16:.code16
        MODE    16
.code16:
        mov     ebx, 0x12345678
        mov     bx, 0x1111
        CHECK   ebx, 0x12341111, "16-bit code"
        mov     eax, HIGH_BYTE
        mov     dword [eax], 0x77665544
        CHECK   [dword HIGH_BYTE], 0x77665544, "16-bit code, 32-bit address"
        mov     esi, esp
        push    ax                      ; SS.B says that ESP is used
        sub     esi, 2
        CHECK   esp, esi, "16-bit code, 32-bit stack"
        pop     ax
        jmp     dword KERNEL_CODE:.code32
        MODE    32
.code32:
        mov     esi, esp
        mov     eax, DATA16
        mov     ss, ax
        mov     esp, 0xabcd1800
        push    dword 5
        CHECK   esp, 0xabcd17fc, "32-bit code, 16-bit stack: SP"
        CHECK   [0x17fc], 5, "32-bit code, 16-bit stack: address"
        pop     eax
        mov     eax, KERNEL_DATA
        mov     ss, ax
        mov     esp, esi
        LEAVE_PROTECTED

        SECTION "to long mode and back"
        ENTER_PROTECTED
        CR0_FAULTS CR0_NW | CR0_PE | 0x10, "NW without CD"
        call    long_tables
        mov     eax, TABLES
        mov     cr3, eax
        mov     ecx, MSR_EFER
        rdmsr
        or      eax, EFER_LME
        wrmsr
        rdmsr
        and     eax, EFER_LME | EFER_LMA
        CHECK   eax, EFER_LME, "LME without paging"
        mov     eax, cr0
        or      eax, CR0_PG
        FAULTS  GP, 0, "PG with LME and without PAE", mov cr0, eax
        mov     eax, cr4
        or      eax, CR4_PAE
        mov     cr4, eax
        mov     eax, cr0
        or      eax, CR0_PG
        mov     cr0, eax
        mov     ecx, MSR_EFER
        rdmsr
        and     eax, EFER_LME | EFER_LMA
        CHECK   eax, EFER_LME | EFER_LMA, "compatibility mode: LMA"
        mov     eax, 0x12345678
        inc     eax
        CHECK   eax, 0x12345679, "compatibility mode: 40h is INC"
        jmp     KERNEL_CODE64:.long
        MODE    64
.long:  call    setup_64
        mov     rax, cr4
        and     eax, ~CR4_PAE
        FAULTS  GP, 0, "PAE off in long mode", mov cr4, rax
        mov     rax, cr0
        and     eax, ~CR0_PG
        FAULTS  GP, 0, "PG off in 64-bit mode", mov cr0, rax
        mov     rax, cr0
        and     eax, ~CR0_PE
        FAULTS  GP, 0, "PE off while paging", mov cr0, rax
        mov     rax, 1 << 32 | CR0_PG | CR0_PE | 0x10
        FAULTS  GP, 0, "CR0: upper half", mov cr0, rax
        mov     rax, 1 << 32
        FAULTS  GP, 0, "CR4: upper half", mov cr4, rax
        FAULTS  GP, 0, "CR8: above 15", mov cr8, rax
        mov     eax, 5
        mov     cr8, rax
        mov     rcx, cr8
        CHECK   rcx, 5, "CR8"
        xor     eax, eax
        mov     cr8, rax
        mov     rax, -1
        mov     eax, 5
        CHECK   rax, 5, "32-bit writes clear the upper half"
        mov     rax, -1
        mov     ax, 5
        CHECK   rax, -1 ^ 0xffff | 5, "16-bit writes do not"
        mov     rbx, rsp
        push    word 5
        sub     rbx, 2
        CHECK   rsp, rbx, "push of 16 bits"
        pop     ax
        push    -1
        pop     rax
        CHECK   rax, -1, "push of 64 bits, sign-extended"
        FAULTS  UD, 0, "push cs", db 0x0e
        FAULTS  UD, 0, "pop ds", db 0x1f
        FAULTS  UD, 0, "daa", db 0x27
        FAULTS  UD, 0, "pusha", db 0x60
        FAULTS  UD, 0, "aam", db 0xd4, 10
        FAULTS  UD, 0, "salc", db 0xd6
        FAULTS  UD, 0, "les", db 0xc4, 0x00, 0xc0
        FAULTS  UD, 0, "alias of add, 82h", db 0x82, 0xc0, 0
        mov     eax, USER_DATA
        mov     es, ax
        SET_DESCRIPTOR FREE, 0x100, 0xff, 0xf3, 4
        mov     eax, FREE
        mov     es, ax
        mov     dword [HIGH_BYTE], 0x5a5a5a5a
        db      0x26, 0x8b, 0x04, 0x25  ; mov eax, [es:HIGH_BYTE]
        dd      HIGH_BYTE
        CHECK32 eax, 0x5a5a5a5a, "segment overrides do nothing"
        lea     rax, [rel .rip]
.rip:   CHECK   rax, .rip, "RIP-relative"
        LEAVE_LONG
        mov     ecx, MSR_EFER
        rdmsr
        and     eax, EFER_LME | EFER_LMA
        CHECK   eax, 0, "LMA is off without paging"
        LEAVE_PROTECTED
        FAULTS  UD, 0, "real mode again", ud2
%include "vm86.inc"
        END_OF_GUEST
