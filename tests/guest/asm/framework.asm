; SPDX-License-Identifier: GPL-2.0-or-later
; The frame itself: every mode, and with the seed BADh checks that have to fail.
%include "guest.inc"

        MODE    16
main:   call    install_real

        SECTION "real mode"
        mov     eax, 5
        CHECK   eax, 5, "a register"
        stc
        CHECK_FLAG c, 1, "carry"
        clc
        CHECK_FLAG c, 0, "no carry"
        xor     ecx, ecx
        FAULTS  DE, 0, "division by zero", div ecx
        TRAPS   BP, 0, "int3", int3
        FAULTS  UD, 0, "ud2", ud2
        RUNS    "nop", nop

        SECTION "protected mode"
        ENTER_PROTECTED
        FAULTS  UD, 0, "ud2", ud2
        mov     eax, 0xfff8
        FAULTS  GP, 0xfff8, "a selector beyond the GDT", mov es, ax
        CHECK   eax, 0xfff8, "registers after a fault"
        LEAVE_PROTECTED
        FAULTS  UD, 0, "ud2 in real mode again", ud2

        SECTION "ring 3 of protected mode"
        ENTER_PROTECTED
        USER_FAULTS GP, 0, "hlt", hlt
        USER_RUNS "nop", nop
        LEAVE_PROTECTED

        SECTION "long mode"
        ENTER_LONG
        mov     rax, 0x123456789abcdef0
        FAULTS  UD, 0, "ud2", ud2
        CHECK   rax, 0x123456789abcdef0, "registers after a fault"
        LEAVE_LONG
        LEAVE_PROTECTED
        FAULTS  UD, 0, "ud2 in real mode again", ud2

        SECTION "ring 3 of long mode"
        ENTER_LONG
        USER_FAULTS GP, 0, "hlt", hlt
        USER_RUNS "nop", nop
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "checks that fail"
        cmp     dword [param_seed], 0xbad
        jne     near good
        mov     eax, 5
        CHECK   eax, 6, "a value"
        FAULTS  UD, 0, "no fault", nop
        ENTER_PROTECTED
        FAULTS  GP, 0, "another vector", ud2
        mov     eax, 0xfff8
        FAULTS  GP, 0xfff0, "an error code", mov es, ax
        mov     dword [got], 0
        LEAVE_PROTECTED
        mov     dword [got + 4], 0x12345678
        mov     dword [want + 4], 0x12345678
        xor     eax, eax
        CHECK   eax, 1, "64 bits"
good:
        END_OF_GUEST
