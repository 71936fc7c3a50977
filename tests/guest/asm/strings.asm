; SPDX-License-Identifier: GPL-2.0-or-later
; String instructions: directions, overlap, faults and interrupts in the middle, addresses that
; wrap, ports. Intel SDM vol. 2.
%include "guest.inc"

A               equ 0x100000
B               equ 0x102000

section .data
interrupts      dd 0
between         dd 0                    ; of them, with ECX neither 0 nor the first
section .text

; Bytes 0 to 255, twice, at `A`; zeros at `B`. Registers and flags stay.
%macro SETUP 0
        call    fill_%[SUFFIX]
%endmacro
%macro SETUP_BODY 0
fill_%[SUFFIX]:
        PUSH_A
        cld
        mov     edi, A
        xor     eax, eax
        mov     ecx, 512
%%next: mov     [edi], al
        inc     edi
        inc     eax
        dec     ecx
        jnz     %%next
        mov     edi, B
        xor     eax, eax
        mov     ecx, 512 / 4
        a32 rep stosd
        POP_A
        ret
%endmacro

; STRING "name", instruction, DF, ESI, EDI, ECX before; ESI, EDI, ECX after
%macro STRING 9
        SETUP
  %if %3
        std
  %else
        cld
  %endif
        mov     XSI, %4
        mov     XDI, %5
        mov     XCX, %6
        %2
        CHECK   XSI, %7, %1
        CHECK   XDI, %8, %1
        CHECK   XCX, %9, %1
        cld
%endmacro

        MODE    16
main:   call    install_real

        SECTION "16-bit addresses"
        mov     ax, 0x5000
        mov     es, ax
        mov     ax, 0x6000
        mov     ds, ax
        mov     byte [0xffff], 0x11
        mov     byte [0], 0x22
        mov     byte [1], 0x33
        mov     esi, 0xabcdffff
        mov     edi, 0x1234fffe
        mov     ecx, 0x55550003
        cld
        rep movsb
        xor     ax, ax
        mov     ds, ax
        CHECK   esi, 0xabcd0002, "rep movsb wraps SI and leaves the upper half"
        CHECK   edi, 0x12340001, "rep movsb wraps DI and leaves the upper half"
        CHECK   ecx, 0x55550000, "rep movsb counts CX"
        movzx   eax, byte [es:0xffff]
        CHECK   eax, 0x22, "rep movsb across 64K: last byte"
        movzx   eax, byte [es:0]
        CHECK   eax, 0x33, "rep movsb across 64K: first byte"
        mov     edi, 0xffff
        mov     al, 0x44
        std
        stosb
        CHECK   edi, 0xfffe, "stosb down"
        xor     edi, edi
        stosb
        CHECK   edi, 0xffff, "stosb down wraps DI"
        cld
        mov     esi, 0xffff
        FAULTS  GP, 0, "lodsw at FFFFh", lodsw
        CHECK   esi, 0xffff, "lodsw at FFFFh leaves SI"
        mov     cx, 3
        mov     di, 0xfffb
        FAULTS  GP, 0, "rep stosw across FFFFh", rep stosw
        movzx   eax, di
        CHECK   eax, 0xffff, "rep stosw across FFFFh: DI"
        movzx   eax, cx
        CHECK   eax, 1, "rep stosw across FFFFh: CX"
        xor     ax, ax
        mov     es, ax
        mov     ecx, 0x10000
        mov     di, 0x9000
        rep stosb
        CHECK   ecx, 0x10000, "rep stosb with CX of 0"
        mov     ecx, 0x10002
        loop    .loop1
.loop1: CHECK   ecx, 0x10001, "loop counts CX"
        mov     ecx, 0x10000
        a32 loop .loop2
.loop2: CHECK   ecx, 0xffff, "a32 loop counts ECX"
        mov     ecx, 0x10000
        jcxz    .jcxz
        SAY     "jcxz did not look at CX only"
        inc     dword [failures]
.jcxz:  cmp     ecx, 0
        jecxz   .jecxz
        jmp     .no_jecxz
.jecxz: SAY     "jecxz looked at CX only"
        inc     dword [failures]
.no_jecxz:

%macro STRING_TESTS 0
        STRING  "movsb", movsb, 0, A, B, 7, A + 1, B + 1, 7
        STRING  "movsw down", movsw, 1, A, B, 7, A - 2, B - 2, 7
        STRING  "rep movsb", rep movsb, 0, A + 1, B, 5, A + 6, B + 5, 0
        CHECK32 [B], 0x04030201, "rep movsb: bytes"
        CHECK32 [B + 4], 5, "rep movsb: and no more"
        STRING  "rep movsd down", rep movsd, 1, A + 4, B + 4, 2, A - 4, B - 4, 0
        CHECK32 [B], 0x03020100, "rep movsd down: first"
        CHECK32 [B + 4], 0x07060504, "rep movsd down: second"
        STRING  "rep movsb over itself", rep movsb, 0, A, A + 1, 8, A + 8, A + 9, 0
        CHECK32 [A + 4], 0, "rep movsb over itself repeats the first byte"
        STRING  "rep movsb over itself by 3", rep movsb, 0, A + 1, A + 4, 9, A + 10, A + 13, 0
        CHECK32 [A + 4], 0x01030201, "rep movsb over itself by 3: bytes"
        CHECK32 [A + 8], 0x02010302, "rep movsb over itself by 3: more bytes"
        STRING  "rep movsd over itself", rep movsd, 0, A, A + 2, 3, A + 12, A + 14, 0
        CHECK32 [A + 2], 0x03020100, "rep movsd over itself: first"
        CHECK32 [A + 6], 0x07060302, "rep movsd over itself: second"
        CHECK32 [A + 10], 0x0b0a0706, "rep movsd over itself: third"
        STRING  "rep movsb down over itself", rep movsb, 1, A + 7, A + 6, 4, A + 3, A + 2, 0
        CHECK32 [A + 3], 0x07070707, "rep movsb down over itself: bytes"
        STRING  "rep movsb backwards over itself", rep movsb, 0, A + 4, A, 8, A + 12, A + 8, 0
        CHECK32 [A + 4], 0x0b0a0908, "rep movsb backwards over itself: bytes"
        STRING  "rep with 0", rep movsb, 0, A, B, 0, A, B, 0
        mov     eax, 0x55667788
        STRING  "rep stosb", rep stosb, 0, A, B, 3, A, B + 3, 0
        CHECK32 [B], 0x00888888, "rep stosb: bytes"
        STRING  "rep stosw down", rep stosw, 1, A, B + 2, 2, A, B - 2, 0
        CHECK32 [B], 0x77887788, "rep stosw down: bytes"
        STRING  "rep stosd", rep stosd, 0, A, B + 1, 2, A, B + 9, 0
        CHECK32 [B + 5], 0x55667788, "rep stosd: bytes"
        STRING  "rep lodsb", rep lodsb, 0, A, B, 4, A + 4, B, 0
        CHECK32 eax, 0x55667703, "rep lodsb: the last"
        STRING  "rep lodsw down", rep lodsw, 1, A + 4, B, 2, A, B, 0
        CHECK32 eax, 0x55660302, "rep lodsw down: the last"
        mov     eax, 5
        STRING  "repne scasb", repne scasb, 0, A, A, 100, A, A + 6, 94
        CHECK_FLAG z, 1, "repne scasb: found"
        cmp     eax, eax
        STRING  "repne scasb with 0", repne scasb, 0, A, A, 0, A, A, 0
        CHECK_FLAG z, 1, "repne scasb with 0 leaves flags"
        mov     eax, 0x0201
        STRING  "repne scasw", repne scasw, 0, A, A, 9, A, A + 18, 0
        CHECK_FLAG z, 0, "repne scasw: not found"
        STRING  "repne scasw, odd", repne scasw, 0, A, A + 1, 9, A, A + 3, 8
        xor     eax, eax
        STRING  "repe scasd", repe scasd, 0, A, B, 9, A, B + 36, 0
        CHECK_FLAG z, 1, "repe scasd: all the same"
        STRING  "repe scasb down", repe scasb, 1, A, A + 1, 9, A, A, 8
        CHECK_FLAG c, 1, "repe scasb: flags of the comparison"
        STRING  "repe cmpsb", repe cmpsb, 0, A, A + 256, 100, A + 100, A + 356, 0
        CHECK_FLAG z, 1, "repe cmpsb: the same"
        STRING  "repe cmpsb, other", repe cmpsb, 0, A, B, 100, A + 2, B + 2, 98
        CHECK_FLAG z, 0, "repe cmpsb, other: ZF"
        CHECK_FLAG c, 0, "repe cmpsb, other: source minus destination"
        STRING  "repne cmpsd", repne cmpsd, 0, A + 4, A, 50, A + 204, A + 200, 0
        STRING  "repne cmpsb down", repne cmpsb, 1, A + 9, B + 9, 50, A - 1, B - 1, 40
        CHECK_FLAG z, 1, "repne cmpsb down: found"
%endmacro

        SECTION "32-bit addresses"
        ENTER_PROTECTED
%define XSI esi
%define XDI edi
%define XCX ecx
        STRING_TESTS
        mov     eax, 0x99
        mov     edi, 0xabcd0000 | 0xfffe
        mov     ecx, 0xffff0002
        push    es
        mov     ebx, DATA16
        mov     es, bx
        a16 rep stosb
        pop     es
        CHECK   edi, 0xabcd0000, "a16 rep stosb wraps DI"
        CHECK   ecx, 0xffff0000, "a16 rep stosb counts CX"
        LEAVE_PROTECTED

        SECTION "64-bit addresses"
        ENTER_LONG
%define XSI rsi
%define XDI rdi
%define XCX rcx
        STRING_TESTS
        STRING  "rep movsq", rep movsq, 0, A, B, 3, A + 24, B + 24, 0
        mov     rax, 0x1716151413121110
        CHECK   rax, [B + 16], "rep movsq: bytes"
        STRING  "rep stosq down", rep stosq, 1, A, B + 8, 2, A, B - 8, 0
        CHECK   rax, [B], "rep stosq down: bytes"
        mov     rdi, 0xffffffff00000000 | B
        mov     rcx, 0xffffffff00000002
        a32 rep stosb
        CHECK   rdi, B + 2, "a32 rep stosb clears the upper half of RDI"
        CHECK   rcx, 0, "a32 rep stosb clears the upper half of RCX"
        ; Page faults in the middle.
%macro PTE 2
        mov     qword [LONG_PT + ((%1) >> 12) * 8], %2
        invlpg  [%1]
%endmacro
        PTE     0x101000, 0
        mov     rsi, B
        mov     rdi, 0x100ff9
        mov     ecx, 100
        FAULTS_PAGE 2, 0x101000, "rep movsb into an absent page", rep movsb
        CHECK   rcx, 93, "rep movsb into an absent page: RCX"
        CHECK   rsi, B + 7, "rep movsb into an absent page: RSI"
        CHECK   rdi, 0x101000, "rep movsb into an absent page: RDI"
        mov     rsi, 0x100ff2
        mov     rdi, B
        mov     ecx, 100
        FAULTS_PAGE 0, 0x101000, "rep movsd from an absent page", rep movsd
        CHECK   rcx, 97, "rep movsd from an absent page: RCX"
        CHECK   rsi, 0x100ffe, "rep movsd from an absent page: RSI"
        mov     rdi, 0x102002
        mov     ecx, 100
        std
        FAULTS_PAGE 2, 0x101ffe, "rep stosd down into an absent page", rep stosd
        CHECK   rcx, 99, "rep stosd down into an absent page: RCX"
        CHECK   rdi, 0x101ffe, "rep stosd down into an absent page: RDI"
        cld
        mov     dword [0x100ffc], 0
        mov     rdi, 0x100ffc
        xor     eax, eax
        mov     ecx, 10
        FAULTS_PAGE 0, 0x101000, "repe scasb into an absent page", repe scasb
        CHECK   rcx, 6, "repe scasb into an absent page: RCX"
        mov     rsi, 0x101000
        mov     rdi, B
        FAULTS_PAGE 0, 0x101000, "cmpsb: the source first", cmpsb
        PTE     0x102000, 0
        mov     rdi, 0x102000
        mov     rsi, 0x101000
        FAULTS_PAGE 0, 0x101000, "movsb: the source first", movsb
        PTE     0x101000, 0x101007
        PTE     0x102000, 0x102007
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "ports"
        ENTER_PROTECTED
        mov     al, 0x60                ; CMOS bytes 60h: written and read by string
        out     0x70, al
        mov     dword [A], 0x44332211
        mov     esi, A
        mov     edx, 0x71
        mov     ecx, 4
        rep outsb
        CHECK   esi, A + 4, "rep outsb: ESI"
        CHECK   ecx, 0, "rep outsb: ECX"
        mov     dword [B], 0
        mov     edi, B + 3
        mov     ecx, 3
        std
        rep insb
        cld
        CHECK   edi, B, "rep insb down: EDI"
        CHECK   [B], 0x44444400, "rep insb down: bytes"
        mov     edx, 0x71
        SET_DESCRIPTOR FREE, A, 0xff, 0xf3, 4
        mov     eax, FREE
        mov     es, ax
        mov     edi, 0xfe
        mov     ecx, 5
        FAULTS  GP, 0, "rep insb beyond the limit", rep insb
        CHECK   edi, 0x100, "rep insb beyond the limit: EDI"
        CHECK   ecx, 3, "rep insb beyond the limit: ECX"
        mov     byte [TSS + 0x66], 0x68
        xor     ecx, ecx
        USER_FAULTS GP, 0, "rep insb of 0 bytes looks at the permission", rep insb
        mov     al, 0x60
        out     0x70, al
        xor     al, al
        out     0x71, al
        LEAVE_PROTECTED

        SECTION "interrupts"
        ENTER_PROTECTED
        PICS    0x20, 0xfe
        mov     dword [0xfee000f0], 0x1ff
        mov     dword [0xfee00350], 0x700
        GATE32  0x20, .irq, 0x8e
        PIT     2, 238                  ; about 5 kHz
        mov     edx, 400
        sti
.again: mov     edi, 0x200000
        mov     ecx, 0x100000
        mov     eax, edx
        rep stosd
.at:    cmp     edi, 0x600000
        jne     .bad
        test    ecx, ecx
        jne     .bad
        cmp     dword [between], 3
        jae     .enough
        dec     edx
        jnz     .again
.enough:
        cli
        xor     ebx, ebx
        cmp     dword [between], 3
        setae   bl
        CHECK   ebx, 1, "interrupts come between iterations"
        CHECK   [0x200000], edx, "first value"
        CHECK   [0x5ffffc], edx, "last value"
        jmp     .irq_done
.bad:   cli
        CHECK   edi, 0x600000, "EDI behind a rep that was interrupted"
        CHECK   ecx, 0, "ECX behind a rep that was interrupted"
        jmp     .irq_done
.irq:   inc     dword [interrupts]
        push    eax
        cmp     dword [esp + 4], ADDRESS(.at) - 2
        jne     .irq_end
        test    ecx, ecx
        jz      .irq_end
        cmp     ecx, 0x100000
        je      .irq_end
        inc     dword [between]
.irq_end:
        mov     al, 0x20
        out     0x20, al
        pop     eax
        iretd
.irq_done:
        mov     al, 0xff
        out     0x21, al
        LEAVE_PROTECTED
        END_OF_GUEST

        MODE    32
        SETUP_BODY
        MODE    64
        SETUP_BODY
