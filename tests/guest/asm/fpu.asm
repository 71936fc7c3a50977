; SPDX-License-Identifier: GPL-2.0-or-later
; x87, MMX and SSE: who may use them, exceptions that are not masked, faults in the middle of a run
; of instructions, and the images in which state is saved.
; Intel SDM vol. 1, chapters 8 to 11; vol. 3, 2.5 and chapter 13.
%include "guest.inc"

%define XM 19
CR4_OSXMMEXCPT  equ 1 << 10
PLACE           equ SCRATCH + 0x1000    ; for operands
IMAGE_AT        equ SCRATCH + 0x2000
END_OF_MAP      equ 0x100000000         ; of long mode's page tables

; The three bits of CR0 that matter, and CR4.OSFXSR.
%macro SET_CR0 1
        mov     XAX, cr0
        and     eax, ~(CR0_MP | CR0_EM | CR0_TS)
        or      eax, CR0_NE | (%1)
        mov     cr0, XAX
%endmacro
%macro SET_CR4 1
        mov     XAX, cr4
        and     eax, ~(CR4_OSFXSR | CR4_OSXMMEXCPT)
        or      eax, %1
        mov     cr4, XAX
%endmacro
%macro CHECK_FSW 3                      ; mask, expected, name
        fnstsw  ax
        movzx   eax, ax
        and     eax, %1
        CHECK32 eax, %2, %3
%endmacro
%macro CHECK_MXCSR 2
        stmxcsr [PLACE]
        mov     eax, [PLACE]
        CHECK32 eax, %1, %2
%endmacro

section .data
        align   16
unmask_zero     dw 0x37b                ; FCW: division by zero
fcw_up          dw 0xb7f
fcw_usual       dw 0x37f
        align   4
mxcsr_zero      dd 0x1d80
mxcsr_usual     dd 0x1f80
mxcsr_up        dd 0x5f80
mxcsr_bad       dd 0x11f80
        align   16
doubles         dq 1.0, 2.0, 0.0, 2.5
section .text

        MODE    16
main:   call    install_real

        SECTION "real mode"
        fninit
        fld1
        fldpi
        faddp   st1
        mov     bx, IMAGE_AT & 0xffff
        mov     ax, IMAGE_AT >> 4 & 0xf000
        mov     ds, ax
.fistp: fistp   dword [bx]
        fnstenv [bx + 16]
        mov     eax, [bx]
        movzx   ecx, word [bx + 16 + 6]
        movzx   edx, word [bx + 16 + 8]
        xor     si, si
        mov     ds, si
        CHECK   eax, 4, "1 + pi"
        CHECK   ecx, ADDRESS(.fistp), "IP of the environment"
        shr     edx, 12
        CHECK   edx, 0, "its bits 19-16"

        SECTION "who may"
        ENTER_PROTECTED
        SET_CR4 CR4_OSFXSR
        SET_CR0 CR0_MP
        RUNS    "x87", fldz
        RUNS    "MMX", pxor mm0, mm0
        RUNS    "SSE", xorps xmm0, xmm0
        SET_CR0 CR0_MP | CR0_TS
        FAULTS  NM, 0, "x87 with TS", fldz
        FAULTS  NM, 0, "fnstsw with TS", fnstsw ax
        FAULTS  NM, 0, "MMX with TS", pxor mm0, mm0
        FAULTS  NM, 0, "SSE with TS", xorps xmm0, xmm0
        FAULTS  NM, 0, "fwait with TS and MP", fwait
        FAULTS  NM, 0, "fxsave with TS", fxsave [IMAGE_AT]
        RUNS    "sfence with TS", sfence
        clts
        RUNS    "x87 after clts", fldz
        RUNS    "SSE after clts", xorps xmm0, xmm0
        SET_CR0 CR0_TS
        RUNS    "fwait with TS alone", fwait
        SET_CR0 CR0_EM
        FAULTS  NM, 0, "x87 with EM", fldz
        FAULTS  UD, 0, "MMX with EM", pxor mm0, mm0
        FAULTS  UD, 0, "SSE with EM", xorps xmm0, xmm0
        RUNS    "fwait with EM", fwait
        SET_CR0 CR0_MP
        SET_CR4 0
        FAULTS  UD, 0, "SSE without OSFXSR", xorps xmm0, xmm0
        RUNS    "MMX without OSFXSR", pxor mm0, mm0
        LEAVE_PROTECTED

        SECTION "x87 exceptions"
        ENTER_PROTECTED
        SET_CR0 CR0_MP
        fninit
        fldcw   [unmask_zero]
        fld1
        fldz
        RUNS    "division by zero itself", fdivp st1
        CHECK_FSW 0x80ff, 0x8084, "flags of the division"
        FAULTS  MF, 0, "the next one that waits", fld1
        FAULTS  MF, 0, "fwait", fwait
        FAULTS  MF, 0, "MMX", pxor mm0, mm0
        FAULTS  MF, 0, "emms", emms
        FAULTS  MF, 0, "fldcw", fldcw [fcw_usual]
        RUNS    "fnstcw does not wait", fnstcw [PLACE]
        RUNS    "fnstenv does not", fnstenv [IMAGE_AT]
        RUNS    "and masks all", fld1
        fnclex
        fldcw   [unmask_zero]
        RUNS    "after fnclex", fwait
        fldz
        fdivp   st1
        RUNS    "fnsave does not wait", fnsave [IMAGE_AT]
        RUNS    "and initializes", fwait
        RUNS    "frstor brings it back", frstor [IMAGE_AT]
        FAULTS  MF, 0, "and it is pending", fwait
        fnclex
        fninit
        LEAVE_PROTECTED

        SECTION "where the last instruction was"
        ENTER_PROTECTED
        SET_CR0 CR0_MP
        fninit
.fldz:  fldz
        fnstenv [IMAGE_AT]
        CHECK   [IMAGE_AT + 12], ADDRESS(.fldz), "fnstenv"
        mov     ecx, 3
.loop:  fld1
.pop:   fstp    st0
        loop    .loop
        fnsave  [IMAGE_AT]
        CHECK   [IMAGE_AT + 12], ADDRESS(.pop), "fnsave"
        LEAVE_PROTECTED

        SECTION "SSE exceptions"
        ENTER_LONG
        SET_CR0 CR0_MP
        SET_CR4 CR4_OSFXSR | CR4_OSXMMEXCPT
        ldmxcsr [mxcsr_usual]
        movsd   xmm1, [doubles]
        RUNS    "division by zero, masked", divsd xmm1, [doubles + 16]
        CHECK_MXCSR 0x1f84, "its flag"
        movsd   xmm1, [doubles]
        ; Unmasked within a run of instructions.
        ldmxcsr [mxcsr_zero]
        movapd  xmm2, xmm1
        addsd   xmm1, [doubles + 8]
        FAULTS  XM, 0, "division by zero", divsd xmm1, [doubles + 16]
        CHECK_MXCSR 0x1d84, "its flag, unmasked"
        movq    rax, xmm1
        mov     rcx, 0x4008000000000000
        CHECK   rax, rcx, "the target is as before"
        SET_CR4 CR4_OSFXSR
        FAULTS  UD, 0, "without OSXMMEXCPT", divsd xmm1, [doubles + 16]
        FAULTS  GP, 0, "reserved bits of MXCSR", ldmxcsr [mxcsr_bad]
        ldmxcsr [mxcsr_usual]
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "rounding"
        ENTER_LONG
        SET_CR0 CR0_MP
        SET_CR4 CR4_OSFXSR
        ldmxcsr [mxcsr_usual]
        cvtsd2si eax, [doubles + 24]
        ldmxcsr [mxcsr_up]
        cvtsd2si ecx, [doubles + 24]
        ldmxcsr [mxcsr_usual]
        cvtsd2si edx, [doubles + 24]
        CHECK32 eax, 2, "2.5 to nearest"
        CHECK32 ecx, 3, "2.5 up"
        CHECK32 edx, 2, "2.5 to nearest again"
        fninit
        fld     qword [doubles + 24]
        fist    dword [PLACE]
        fldcw   [fcw_up]
        fist    dword [PLACE + 4]
        fldcw   [fcw_usual]
        fistp   dword [PLACE + 8]
        CHECK32 [PLACE], 2, "x87 to nearest"
        CHECK32 [PLACE + 4], 3, "x87 up"
        CHECK32 [PLACE + 8], 2, "x87 to nearest again"
        LEAVE_LONG
        LEAVE_PROTECTED

        ; Another owner of the registers, as operating systems switch them.
        SECTION "lazy switching"
        ENTER_LONG
        SET_CR0 CR0_MP
        SET_CR4 CR4_OSFXSR
        fninit
        ldmxcsr [mxcsr_usual]
        fldz
        xorpd   xmm3, xmm3
        mov     ecx, 20
.next:  mov     ebx, 100
.add:   addsd   xmm3, [doubles]
        fadd    qword [doubles]
        dec     ebx
        jnz     .add
        mov     rax, cr0
        or      eax, CR0_TS
        mov     cr0, rax
        FAULTS  NM, 0, "the first SSE instruction", addsd xmm3, [doubles]
        FAULTS  NM, 0, "the first x87 instruction", fadd qword [doubles]
        clts
        fxsave64 [IMAGE_AT]
        fninit
        fldpi
        pxor    xmm3, xmm3
        ldmxcsr [mxcsr_up]
        fxrstor64 [IMAGE_AT]
        dec     ecx
        jnz     .next
        cvtsd2si eax, xmm3
        CHECK   rax, 2000, "sum of SSE"
        fistp   dword [PLACE]
        CHECK32 [PLACE], 2000, "sum of x87"
        CHECK_FSW 0x3800, 0, "the stack is empty again"
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "faults of memory"
        ENTER_LONG
        SET_CR0 CR0_MP
        SET_CR4 CR4_OSFXSR
        fninit
        mov     rbx, END_OF_MAP
        movsd   xmm1, [doubles]
        mov     dword [PLACE], 0
        FAULTS_PAGE 0, END_OF_MAP, "movups across", movups xmm1, [rbx - 8]
        FAULTS_PAGE 0, END_OF_MAP, "addsd across", addsd xmm1, [rbx - 4]
        FAULTS_PAGE 2, END_OF_MAP, "store of movups across", movups [rbx - 8], xmm1
        movq    rax, xmm1
        mov     rcx, 0x3ff0000000000000
        CHECK   rax, rcx, "xmm1 is as before"
        FAULTS_PAGE 0, END_OF_MAP, "fld across", fld tword [rbx - 8]
        CHECK_FSW 0x3800, 0, "nothing was pushed"
        fld1
        FAULTS_PAGE 2, END_OF_MAP, "fstp across", fstp tword [rbx - 8]
        CHECK_FSW 0x3800, 0x3800, "nothing was popped"
        fninit
        FAULTS_PAGE 2, END_OF_MAP, "fxsave across", fxsave [rbx - 16]
        FAULTS  GP, 0, "movaps not aligned", movaps xmm1, [doubles + 8]
        FAULTS  GP, 0, "mulpd not aligned", mulpd xmm1, [doubles + 8]
        FAULTS  GP, 0, "fxsave not aligned", fxsave [IMAGE_AT + 8]
        RUNS    "movups not aligned", movups xmm1, [doubles + 8]
        mov     rcx, 0x4000000000000000
        movq    rax, xmm1
        CHECK   rax, rcx, "what it loaded"
        LEAVE_LONG
        LEAVE_PROTECTED
        END_OF_GUEST
