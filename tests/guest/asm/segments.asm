; SPDX-License-Identifier: GPL-2.0-or-later
; Segments: limits, rights, presence, selectors, the LDT and the instructions that ask about them.
; Intel SDM vol. 3, chapters 3 and 5. QEMU checks no limits.
%include "guest.inc"

LDT_AT          equ SCRATCH + 0x8000

; Loads ES anew (a fault makes it flat), then runs an instruction that uses it.
%macro ES_RUNS 2+
        mov     es, [es_selector]
        RUNS    %1, %2
%endmacro
%macro ES_FAULTS 2+
        mov     es, [es_selector]
        FAULTS  GP, 0, %1, %2
%endmacro
%macro LOAD_FAULTS 3                    ; vector, selector, name: loading DS
        mov     eax, %2
        FAULTS  %1, (%2) & 0xfffc, %3, mov ds, ax
%endmacro
%macro JUMP_FAULTS 3                    ; vector, selector, name: far jump
        FAULTS  %1, (%2) & 0xfffc, %3, jmp %2:main
%endmacro
%macro ASK 4                            ; instruction, selector, ZF, name
        mov     eax, %2
        %1      ax
        CHECK_FLAG z, %3, %4
%endmacro
%macro ASK_VALUE 5                      ; instruction, selector, ZF, value & 00F0FF00h, name
        mov     eax, %2
        mov     ecx, 0x5a5a5a5a
        %1      ecx, eax
        CHECK_FLAG z, %3, %5
  %if %3
    %ifidn %1, lar
        and     ecx, 0xf0ff00
    %endif
        CHECK   ecx, %4, %5
  %else
        CHECK   ecx, 0x5a5a5a5a, %5
  %endif
%endmacro

section .data
es_selector     dw FREE, 0
far_pointer     dd 0x11223344
                dw 0
section .text

        MODE    16
main:   call    install_real

        SECTION "real mode"
        mov     word [0xffe], 0xbeef
        mov     si, 0xffff
        FAULTS  GP, 0, "word at FFFFh", mov ax, [si]
        RUNS    "byte at FFFFh", mov al, [si]
        mov     si, 0xfffe
        RUNS    "word at FFFEh", mov ax, [si]
        FAULTS  GP, 0, "dword at FFFEh", mov eax, [si]
        mov     bp, 0xffff
        FAULTS  SS_, 0, "word at SS:FFFFh", mov ax, [bp]
        FAULTS  GP, 0, "word at ES:FFFFh by BP", mov ax, [es:bp]
        mov     esi, 0x10000
        FAULTS  GP, 0, "32-bit address beyond 64K", mov al, [esi]
        mov     bx, 0xffff
        mov     si, 0x0fff
        mov     ax, [bx + si]
        movzx   eax, ax
        CHECK   eax, 0xbeef, "16-bit address wraps"
        mov     ebx, 0xffffffff
        mov     esi, 0xfff
        mov     ax, [ebx + esi]
        movzx   eax, ax
        CHECK   eax, 0xbeef, "32-bit address wraps"
        mov     ax, 0x10
        mov     gs, ax
        mov     eax, [gs:0xefe]
        movzx   eax, ax
        CHECK   eax, 0xbeef, "base is 16 times the selector"

        SECTION "what real mode lacks"
        FAULTS  UD, 0, "lar", lar eax, ax
        FAULTS  UD, 0, "lsl", lsl eax, ax
        FAULTS  UD, 0, "verr", verr ax
        FAULTS  UD, 0, "verw", verw ax
        FAULTS  UD, 0, "arpl", arpl ax, cx
        FAULTS  UD, 0, "sldt", sldt ax
        FAULTS  UD, 0, "str", str ax
        FAULTS  UD, 0, "lldt", lldt ax
        FAULTS  UD, 0, "ltr", ltr ax
        FAULTS  UD, 0, "mov to cs", db 0x8e, 0xc8
        FAULTS  UD, 0, "mov to segment 6", db 0x8e, 0xf0

        SECTION "limits"
        ENTER_PROTECTED
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0xf3, 4
        ES_RUNS "byte at the limit", mov al, [es:0xfff]
        ES_FAULTS "byte beyond", mov al, [es:0x1000]
        ES_RUNS "word at the limit", mov ax, [es:0xffe]
        ES_FAULTS "word across", mov ax, [es:0xfff]
        ES_RUNS "dword at the limit", mov eax, [es:0xffc]
        ES_FAULTS "dword across by 1", mov eax, [es:0xffd]
        ES_FAULTS "dword across by 3", mov eax, [es:0xfff]
        ES_FAULTS "write across", mov [es:0xfff], eax
        ES_FAULTS "add across", add [es:0xffd], eax
        ES_FAULTS "far away", mov al, [es:0x80000000]
        ES_FAULTS "last byte of 4 GiB", mov al, [es:0xffffffff]
        ES_FAULTS "wrap at 4 GiB", mov eax, [es:0xfffffffe]
        mov     dword [SCRATCH + 0x10], 0
        mov     es, [es_selector]
        mov     dword [es:0x10], 0x600df00d
        CHECK   [SCRATCH + 0x10], 0x600df00d, "base"
        ES_RUNS "bound's pair", bound ecx, [es:0xff8]
        ES_FAULTS "bound's pair across", bound ecx, [es:0xffa]
        ES_FAULTS "far pointer across", lds ecx, [es:0xffb]
        mov     edi, 0xffe
        mov     ecx, 4
        mov     al, 0x77
        mov     es, [es_selector]
        FAULTS  GP, 0, "rep stosb across", rep stosb
        CHECK   edi, 0x1000, "rep stosb stops at the limit: EDI"
        CHECK   ecx, 2, "rep stosb stops at the limit: ECX"
        CHECK   [SCRATCH + 0xffc], 0x77770000, "rep stosb stops at the limit: memory"
        SET_DESCRIPTOR FREE, SCRATCH, 1, 0xf3, 0xc
        ES_RUNS "pages: at the limit", mov eax, [es:0x1ffc]
        ES_FAULTS "pages: beyond", mov eax, [es:0x1ffd]
        SET_DESCRIPTOR FREE, SCRATCH, 0, 0xf3, 4
        ES_RUNS "limit 0: byte 0", mov al, [es:0]
        ES_FAULTS "limit 0: word 0", mov ax, [es:0]
        mov     ebx, 1
        ES_FAULTS "the whole instruction is undone", xadd [es:ebx], ebx
        CHECK   ebx, 1, "register after a fault"

        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0xf7, 4
        ES_FAULTS "expand-down: below", mov al, [es:0xfff]
        ES_RUNS "expand-down: first", mov al, [es:0x1000]
        ES_FAULTS "expand-down: across", mov eax, [es:0xffe]
        ES_FAULTS "expand-down: 0", mov al, [es:0]
        ES_RUNS "expand-down: up to 4 GiB", mov al, [es:0x20000]
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0xf7, 0
        ES_FAULTS "expand-down 16: below", mov al, [es:0xfff]
        ES_RUNS "expand-down 16: last", mov al, [es:0xffff]
        ES_FAULTS "expand-down 16: across the end", mov ax, [es:0xffff]
        ES_FAULTS "expand-down 16: beyond the end", mov al, [es:0x10000]
        SET_DESCRIPTOR FREE, SCRATCH, 1, 0xf7, 0xc
        ES_FAULTS "expand-down pages: below", mov al, [es:0x1fff]
        ES_RUNS "expand-down pages: first", mov al, [es:0x2000]
        SET_DESCRIPTOR FREE, SCRATCH, 0xfffff, 0xf7, 0xc
        ES_FAULTS "expand-down: empty", mov al, [es:0xffffffff]

        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0x93, 4
        mov     eax, esp
        mov     ebx, FREE
        mov     ss, bx
        mov     esp, 0x800
        RUNS    "SS: at the limit", mov ecx, [ss:0xffc]
        FAULTS  SS_, 0, "SS: across", mov ecx, [ss:0xffd]
        mov     ebp, 0xffd
        FAULTS  SS_, 0, "SS by EBP", mov ecx, [ebp]
        RUNS    "DS by EBP", mov ecx, [ds:ebp]
        FAULTS  SS_, 0, "SS by ESP", mov ecx, [esp + 0x7fd]
        mov     ebx, KERNEL_DATA
        mov     ss, bx
        mov     esp, eax
        LEAVE_PROTECTED

        SECTION "rights"
        ENTER_PROTECTED
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0xf1, 4
        ES_RUNS "read-only data: read", mov al, [es:0]
        ES_FAULTS "read-only data: write", mov [es:0], al
        ES_FAULTS "read-only data: read and write", inc byte [es:0]
        ES_FAULTS "read-only data: cmpxchg that fails", lock cmpxchg [es:0], ecx
        ES_FAULTS "read-only data: limit or right", mov [es:0x1000], al
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0xfb, 4
        ES_RUNS "readable code: read", mov al, [es:0]
        ES_FAULTS "readable code: write", mov [es:0], al
        FAULTS  GP, 0, "code segment: write", mov [cs:SCRATCH], al
        xor     eax, eax
        RUNS    "null: load es", mov es, ax
        mov     eax, USER_DATA
        mov     ds, ax
        xor     eax, eax
        mov     es, ax
        FAULTS  GP, 0, "null: read", mov al, [es:0]
        mov     ecx, 3
        mov     es, cx
        FAULTS  GP, 0, "null with RPL 3: write", mov [es:0], al
        mov     eax, USER_DATA
        mov     es, ax
        xor     eax, eax
        FAULTS  GP, 0, "null: load ss", mov ss, ax
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0x99, 4
        LOAD_FAULTS GP, FREE, "execute-only code"
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0x13, 4
        LOAD_FAULTS NP, FREE, "not present"
        LOAD_FAULTS GP, FREE | 3, "not present, and RPL 3 of a DPL 0 segment"
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0x19, 4
        LOAD_FAULTS GP, FREE, "execute-only code, not present"
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0x93, 4
        LOAD_FAULTS GP, FREE | 3, "DPL 0 with RPL 3"
        LOAD_FAULTS GP, FREE | 1, "DPL 0 with RPL 1"
        LOAD_FAULTS GP, TSS_SELECTOR, "a TSS"
        LOAD_FAULTS GP, FREE | 4, "LDT where there is none"
        LOAD_FAULTS GP, 7, "LDT 0 where there is none"
        LOAD_FAULTS GP, GDT_LIMIT + 1, "just beyond the GDT"
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0x9f, 4
        mov     eax, FREE | 3
        RUNS    "readable conforming code with RPL 3", mov es, ax
        mov     eax, USER_DATA
        mov     ds, ax
        FAULTS  UD, 0, "mov to cs", db 0x8e, 0xc8
        FAULTS  UD, 0, "mov to segment 6", db 0x8e, 0xf0
        FAULTS  UD, 0, "mov from segment 7", db 0x8c, 0xf8

        mov     eax, FREE
        FAULTS  GP, FREE, "ss: code", mov ss, ax
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0x91, 4
        FAULTS  GP, FREE, "ss: read-only data", mov ss, ax
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0x13, 4
        FAULTS  SS_, FREE, "ss: not present", mov ss, ax
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0xf3, 4
        FAULTS  GP, FREE, "ss: DPL 3", mov ss, ax
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0x93, 4
        mov     eax, FREE | 3
        FAULTS  GP, FREE, "ss: RPL 3", mov ss, ax
        mov     eax, TSS_SELECTOR
        FAULTS  GP, TSS_SELECTOR, "ss: a TSS", mov ss, ax

        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0x92, 4
        mov     eax, FREE
        mov     es, ax
        movzx   ecx, byte [gdt + FREE + 5]
        CHECK   ecx, 0x93, "accessed bit of data"
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0x12, 4
        FAULTS  NP, FREE, "not present", mov es, ax
        movzx   ecx, byte [gdt + FREE + 5]
        CHECK   ecx, 0x12, "no accessed bit when it is not present"
        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0x92, 4
        lar     ecx, eax
        movzx   ecx, byte [gdt + FREE + 5]
        CHECK   ecx, 0x92, "no accessed bit by lar"
        mov     ecx, esp
        mov     ss, ax
        mov     ax, KERNEL_DATA
        mov     ss, ax
        mov     esp, ecx
        movzx   ecx, byte [gdt + FREE + 5]
        CHECK   ecx, 0x93, "accessed bit of a stack"
        SET_DESCRIPTOR FREE, 0, 0xffff, 0x9a, 4
        jmp     FREE:.accessed
.accessed:
        jmp     KERNEL_CODE:.back
.back:  movzx   ecx, byte [gdt + FREE + 5]
        CHECK   ecx, 0x9b, "accessed bit of code"
        LEAVE_PROTECTED

        SECTION "far pointers"
        ENTER_PROTECTED
        mov     word [far_pointer + 4], USER_DATA
        mov     ebx, 0
        les     ebx, [far_pointer]
        CHECK   ebx, 0x11223344, "les: offset"
        mov     eax, es
        CHECK   eax, USER_DATA, "les: selector"
        mov     word [far_pointer + 4], 0xfff8
        FAULTS  GP, 0xfff8, "lfs with a bad selector", lfs ecx, [far_pointer]
        mov     ebx, 0x1234
        FAULTS  GP, 0xfff8, "lgs with a bad selector", lgs ebx, [far_pointer]
        CHECK   ebx, 0x1234, "lgs with a bad selector leaves the register"
        FAULTS  UD, 0, "les of a register", db 0xc4, 0xc0
        FAULTS  UD, 0, "lss of a register", db 0x0f, 0xb2, 0xc0
        mov     word [far_pointer + 4], KERNEL_DATA
        mov     eax, esp
        mov     [far_pointer], eax
        lss     esp, [far_pointer]
        CHECK   esp, eax, "lss"
        push    dword 0xffff0000 | USER_DATA
        pop     fs
        mov     eax, fs
        CHECK   eax, USER_DATA, "pop fs takes the low half"
        push    fs
        pop     eax
        movzx   eax, ax
        CHECK   eax, USER_DATA, "push fs"
        mov     eax, esp
        push    dword 0xfff8
        mov     ecx, esp
        FAULTS  GP, 0xfff8, "pop of a bad selector", pop es
        CHECK   esp, ecx, "pop of a bad selector leaves ESP"
        mov     esp, eax
        LEAVE_PROTECTED

        SECTION "far jumps"
        ENTER_PROTECTED
        JUMP_FAULTS GP, 0, "null"
        JUMP_FAULTS GP, 3, "null with RPL 3"
        JUMP_FAULTS GP, KERNEL_DATA, "data"
        JUMP_FAULTS GP, USER_CODE, "ring 3 code"
        JUMP_FAULTS GP, KERNEL_CODE | 3, "RPL 3 of ring 0 code"
        JUMP_FAULTS GP, 0xfff8, "beyond the GDT"
        SET_DESCRIPTOR FREE, 0, 0xfffff, 0x1b, 0xc
        JUMP_FAULTS NP, FREE, "not present"
        SET_DESCRIPTOR FREE, 0, 0xfffff, 0xff, 0xc
        JUMP_FAULTS GP, FREE, "conforming code of DPL 3"
        SET_DESCRIPTOR FREE, 0, 0x1fff, 0x9b, 4
        FAULTS  GP, 0, "offset beyond the limit", jmp FREE:main
        FAULTS  GP, 0, "call: offset beyond the limit", call FREE:main
        SET_DESCRIPTOR FREE, 0, 0xfffff, 0x9f, 0xc
        jmp     FREE | 3:.conforming
.conforming:
        mov     eax, cs
        CHECK   eax, FREE, "conforming code keeps the CPL"
        jmp     KERNEL_CODE:.kernel
.kernel:
        SET_DESCRIPTOR FREE, 0, ADDRESS(.edge) + 3, 0x9b, 4
        jmp     FREE:.limited
.limited:
        mov     ebx, 7
        FAULTS  GP, 0, "near jump beyond the limit", jmp dword image_end
        FAULTS  GP, 0, "near call beyond the limit", call dword image_end
        mov     eax, image_end
        FAULTS  GP, 0, "indirect jump beyond the limit", jmp eax
        EXPECT_BEGIN .fetched
        mov     word [resume_cs], KERNEL_CODE
        jmp     .edge
        align   16
.edge:  inc     ebx
        nop
.across:
        mov     eax, 0x12345678
.fetched:
        EXPECT_END GP, 0, .across, "fetch across the limit"
        CHECK   ebx, 8, "up to the limit"
        jmp     KERNEL_CODE:.whole
.whole:
        SET_DESCRIPTOR FREE, 0, 0xfffff, 0x99, 0xc
        jmp     FREE:.execute_only
.execute_only:
        FAULTS  GP, 0, "read of execute-only code", mov eax, [cs:main]
        jmp     KERNEL_CODE:.readable
.readable:
        mov     eax, [cs:gdt]
        CHECK   eax, 0, "read of readable code"
        LEAVE_PROTECTED

        SECTION "LDT and TR"
        ENTER_PROTECTED
        sldt    eax
        CHECK   eax, 0, "sldt without LDT"
        str     eax
        CHECK   eax, TSS_SELECTOR, "str"
        movzx   eax, byte [gdt + TSS_SELECTOR + 5]
        CHECK   eax, 0x8b, "ltr sets the busy bit"
        mov     eax, TSS_SELECTOR
        FAULTS  GP, TSS_SELECTOR, "ltr of a busy TSS", ltr ax
        xor     eax, eax
        FAULTS  GP, 0, "ltr of null", ltr ax
        mov     eax, KERNEL_DATA
        FAULTS  GP, KERNEL_DATA, "ltr of data", ltr ax
        FAULTS  GP, KERNEL_DATA, "lldt of data", lldt ax
        SET_DESCRIPTOR FREE, TSS, 0x67, 0x09, 0
        mov     eax, FREE
        FAULTS  NP, FREE, "ltr of what is not present", ltr ax
        mov     eax, 0x5c
        FAULTS  GP, 0x5c, "ltr from the LDT", ltr ax
        FAULTS  GP, 0x5c, "lldt from the LDT", lldt ax
        SET_DESCRIPTOR FREE, LDT_AT, 0x17, 0x02, 0
        mov     eax, FREE
        FAULTS  NP, FREE, "lldt of what is not present", lldt ax
        SET_DESCRIPTOR FREE, LDT_AT, 0x17, 0x82, 0
        mov     eax, FREE | 3
        RUNS    "lldt, RPL does not matter", lldt ax
        sldt    eax
        CHECK   eax, FREE | 3, "sldt"
        mov     dword [LDT_AT], (SCRATCH & 0xffff) << 16 | 0xfff
        mov     dword [LDT_AT + 4], 0x4093 << 8 | SCRATCH >> 16
        mov     dword [LDT_AT + 16], (SCRATCH & 0xffff) << 16 | 0xfff
        mov     dword [LDT_AT + 20], 0x40f3 << 8 | SCRATCH >> 16
        mov     dword [LDT_AT + 24], (SCRATCH & 0xffff) << 16 | 0xfff
        mov     dword [LDT_AT + 28], 0x4093 << 8 | SCRATCH >> 16
        mov     eax, 4
        RUNS    "LDT entry 0", mov es, ax
        mov     byte [SCRATCH + 5], 0x66
        mov     es, ax
        movzx   ecx, byte [es:5]
        CHECK   ecx, 0x66, "base from the LDT"
        mov     eax, 0x17
        RUNS    "LDT entry 2", mov es, ax
        mov     eax, 0x1c
        FAULTS  GP, 0x1c, "beyond the LDT", mov es, ax
        xor     eax, eax
        RUNS    "lldt of null", lldt ax
        mov     eax, 4
        FAULTS  GP, 4, "LDT gone", mov es, ax
        mov     dword [SCRATCH], 0xffffffff
        sldt    [SCRATCH]
        CHECK   [SCRATCH], 0xffff0000, "sldt writes two bytes"
        mov     eax, -1
        o16 str ax
        CHECK   eax, 0xffff0000 | TSS_SELECTOR, "str with an operand of 16 bits"
        LEAVE_PROTECTED

        SECTION "asking"
        ENTER_PROTECTED
        ASK     verr, 0, 0, "verr null"
        ASK     verw, 3, 0, "verw null"
        ASK     verr, KERNEL_DATA, 1, "verr data"
        ASK     verw, KERNEL_DATA, 1, "verw data"
        ASK     verr, KERNEL_DATA | 3, 0, "verr DPL 0 with RPL 3"
        ASK     verw, KERNEL_DATA | 1, 0, "verw DPL 0 with RPL 1"
        ASK     verw, USER_DATA, 1, "verw DPL 3 with RPL 3"
        ASK     verr, KERNEL_CODE, 1, "verr code"
        ASK     verw, KERNEL_CODE, 0, "verw code"
        ASK     verr, TSS_SELECTOR, 0, "verr a TSS"
        ASK     verr, 0xfff8, 0, "verr beyond the GDT"
        ASK     verr, KERNEL_DATA | 4, 0, "verr in no LDT"
        SET_DESCRIPTOR FREE, 0, 0x12345, 0x91, 4
        ASK     verw, FREE, 0, "verw read-only data"
        ASK     verr, FREE, 1, "verr read-only data"
        ASK_VALUE lsl, FREE, 1, 0x12345, "lsl of bytes"
        SET_DESCRIPTOR FREE, 0, 0x12345, 0x99, 0xc
        ASK     verr, FREE, 0, "verr execute-only code"
        ASK_VALUE lsl, FREE, 1, 0x12345fff, "lsl of pages"
        ASK_VALUE lsl, FREE | 3, 0, 0, "lsl DPL 0 with RPL 3"
        ASK_VALUE lar, FREE, 1, 0xc09900, "lar of code"
        ASK_VALUE lar, FREE | 3, 0, 0, "lar DPL 0 with RPL 3"
        SET_DESCRIPTOR FREE, 0, 0x12345, 0x9e, 0xc
        ASK     verr, FREE | 3, 1, "verr conforming code with RPL 3"
        ASK_VALUE lar, FREE | 3, 1, 0xc09e00, "lar of conforming code with RPL 3"
        ASK_VALUE lsl, FREE | 3, 1, 0x12345fff, "lsl of conforming code with RPL 3"
        SET_DESCRIPTOR FREE, 0, 0x12345, 0x13, 4
        ASK_VALUE lar, FREE, 1, 0x401300, "lar of what is not present"
        ASK     verr, FREE, 1, "verr of what is not present"
        ASK_VALUE lar, 0, 0, 0, "lar of null"
        ASK_VALUE lsl, 0, 0, 0, "lsl of null"
        ASK_VALUE lar, 0xfff8, 0, 0, "lar beyond the GDT"
        ASK_VALUE lar, TSS_SELECTOR, 1, 0x8b00, "lar of a TSS"
        ASK_VALUE lsl, TSS_SELECTOR, 1, 0x67, "lsl of a TSS"
        ; LAR takes TSSs, LDTs, call and task gates; LSL the first two (SDM vol. 2).
%assign type 0
%rep 16
        SET_DESCRIPTOR FREE, 0, 0x10, 0x80 | type, 0
  %assign lar_good (0x1a3e >> type) & 1 ; 1 2 3 4 5 9 B C
  %assign lsl_good (0x0a0e >> type) & 1 ; 1 2 3 9 B
  %defstr type_name type
  %strcat lar_name "lar of system type ", type_name
  %strcat lsl_name "lsl of system type ", type_name
        ASK_VALUE lar, FREE, lar_good, 0x8000 | type << 8, lar_name
        ASK_VALUE lsl, FREE, lsl_good, 0x10, lsl_name
  %assign type type + 1
%endrep
        mov     ecx, 0xffffffff
        mov     eax, KERNEL_DATA
        o16 lar cx, ax
        CHECK   ecx, 0xffff9300, "lar of 16 bits"
        o16 lsl cx, ax
        CHECK   ecx, 0xffffffff, "lsl of 16 bits"
        LEAVE_PROTECTED

        SECTION "arpl"
        ENTER_PROTECTED
        mov     eax, 0xab0010
        mov     ecx, 3
        arpl    ax, cx
        CHECK_FLAG z, 1, "arpl raises"
        CHECK   eax, 0xab0013, "arpl raises: selector"
        mov     ecx, 1
        arpl    ax, cx
        CHECK_FLAG z, 0, "arpl leaves"
        CHECK   eax, 0xab0013, "arpl leaves: selector"
        mov     word [SCRATCH], 0x20
        mov     ecx, 2
        arpl    [SCRATCH], cx
        movzx   eax, word [SCRATCH]
        CHECK   eax, 0x22, "arpl of memory"
        LEAVE_PROTECTED

        SECTION "ring 3"
        ENTER_PROTECTED
        mov     eax, KERNEL_DATA
        USER_FAULTS GP, KERNEL_DATA, "ds: DPL 0", mov ds, ax
        mov     eax, USER_DATA & ~3
        USER_RUNS "ds: DPL 3 with RPL 0", mov ds, ax
        USER_FAULTS GP, USER_DATA & ~3, "ss: RPL 0", mov ss, ax
        xor     eax, eax
        USER_RUNS "ds: null", mov ds, ax
        USER_FAULTS GP, 0, "ss: null", mov ss, ax
        USER_FAULTS GP, 0, "lldt", lldt ax
        USER_FAULTS GP, 0, "ltr", ltr ax
        USER_FAULTS GP, 0, "lgdt", lgdt [gdt_pointer]
        USER_FAULTS GP, 0, "lidt", lidt [idt_pointer]
        USER_FAULTS GP, 0, "lmsw", lmsw ax
        USER_FAULTS GP, 0, "clts", clts
        USER_FAULTS GP, 0, "mov from cr0", mov eax, cr0
        USER_FAULTS GP, 0, "mov to dr7", mov dr7, eax
        USER_FAULTS GP, 0, "rdmsr", rdmsr
        USER_FAULTS GP, 0, "invlpg", invlpg [eax]
        USER_FAULTS GP, 0, "invd", invd
        USER_FAULTS GP, 0, "wbinvd", wbinvd
        USER_FAULTS GP, 0, "cli", cli
        USER_FAULTS GP, 0, "sti", sti
        USER_FAULTS GP, 0, "in beyond the TSS", in al, 0x80
        USER_FAULTS GP, 0, "outsb beyond the TSS", outsb
        USER_RUNS "sgdt", sgdt [SCRATCH]
        USER_RUNS "sldt", sldt ax
        USER_RUNS "smsw", smsw ax
        USER_FAULTS GP, KERNEL_CODE, "jump to ring 0", jmp KERNEL_CODE:main
        USER_FAULTS GP, KERNEL_CODE, "call of ring 0", call KERNEL_CODE | 3:main
        SET_DESCRIPTOR FREE, 0, 0xfffff, 0x9f, 0xc
        mov     eax, FREE | 3
        USER_RUNS "ds: conforming code of DPL 0", mov ds, ax

        SET_DESCRIPTOR FREE, SCRATCH, 0xfff, 0xf3, 4
        mov     dword [user_ss], FREE | 3
        mov     dword [user_sp], 2
        USER_FAULTS SS_, 0, "push below 0", push eax
        CHECK   [exc_sp], 2, "push below 0 leaves ESP"
        USER_FAULTS SS_, 0, "call below 0", call main
        CHECK   [exc_sp], 2, "call below 0 leaves ESP"
        USER_FAULTS SS_, 0, "pushf below 0", pushfd
        mov     dword [user_sp], 0x10
        USER_FAULTS SS_, 0, "pushad below 0", pushad
        CHECK   [exc_sp], 0x10, "pushad below 0 leaves ESP"
        mov     dword [user_sp], 0x1000
        USER_RUNS "push at the limit", push eax
        mov     dword [user_sp], 0x1002
        USER_FAULTS SS_, 0, "push across the limit", push eax
        mov     dword [user_sp], 0xffc
        USER_RUNS "pop at the limit", pop eax
        CHECK   [exc_sp], 0x1000, "pop moves ESP"
        mov     dword [user_sp], 0xffd
        USER_FAULTS SS_, 0, "pop across the limit", pop eax
        CHECK   [exc_sp], 0xffd, "pop across the limit leaves ESP"
        USER_FAULTS SS_, 0, "ret across the limit", ret
        USER_FAULTS SS_, 0, "popad across the limit", popad
        USER_FAULTS SS_, 0, "iret across the limit", iretd
        mov     ebp, 0xffe
        USER_FAULTS SS_, 0, "leave across the limit", leave
        CHECK   [exc_sp], 0xffd, "leave across the limit leaves ESP"

        SET_DESCRIPTOR FREE, SCRATCH, 0xffff, 0xf3, 0
        mov     dword [user_sp], 0
        USER_RUNS "16-bit stack: push at 0", push eax
        mov     eax, [exc_sp]
        movzx   eax, ax
        CHECK   eax, 0xfffc, "16-bit stack: push wraps SP"
        mov     dword [user_sp], 2
        USER_FAULTS SS_, 0, "16-bit stack: push across the end", push eax
        mov     dword [user_sp], 0x12340010
        USER_RUNS "16-bit stack: push", push eax
        mov     eax, [exc_sp]           ; the upper half is ours: IRET has left it, and push
        xor     eax, esp
        shr     eax, 16
        CHECK   eax, 0, "16-bit stack: iret and push leave the upper half of ESP"
        LEAVE_PROTECTED
        END_OF_GUEST
image_end:
