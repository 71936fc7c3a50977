; SPDX-License-Identifier: GPL-2.0-or-later
; Two processors at once: locked instructions of every kind, plain and misaligned, across a page's
; edge; order of writes; page tables changed by one and looked at by the other.
; Intel SDM vol. 3, 8.1, 8.2, 4.10.5. (tests/guest/asm/apic.asm starts and interrupts processors.)
%include "guest.inc"

COUNT           equ 5000
SHOOTS          equ 100
ALIAS           equ 0x180000
P0              equ 0x100000
P1              equ 0x101000
AP_STACK        equ 0x1c000
APIC            equ 0xfee00000          ; in R14

section .data
        align   16
wide            dq 0, 0
counter         dq 0
split           dq 0, 0                 ; used at an odd address
spin            dd 0
        align   8
guarded         dq 0
job             dq 0                    ; what the second processor is to call
came            dd 0
wrong           dd 0
sent            dd 0
message         dd 0
first           dd 0
second          dd 0
stale           dd 0
meetings        dd 0
section .text

; BOTH routine: both processors call it; returns when both are through.
%macro BOTH 1
        mov     dword [meetings], 0
        mov     qword [job], %1
        xor     ebx, ebx
        xor     r15d, r15d
        call    %1
%%wait: pause
        cmp     qword [job], 0
        jne     %%wait
%endmacro
%macro REPEATED 2+                      ; label, instruction
%1:     call    meet_next
        mov     ecx, COUNT
%%next: %2
        dec     ecx
        jnz     %%next
        ret
%endmacro

        MODE    16
main:   call    install_real

        SECTION "two processors"
        ENTER_LONG
        call    start_second
        CHECK32 [came], 1, "the second processor comes"
        cmp     dword [came], 1
        jne     near .done

        BOTH    do_inc
        CHECK   [counter], 2 * COUNT, "lock inc"
        BOTH    do_dec
        CHECK   [counter], 0, "lock dec"
        BOTH    do_add
        CHECK   [counter], 2 * COUNT * 5, "lock add"
        BOTH    do_sub
        CHECK   [counter], 0, "lock sub"
        BOTH    do_add_byte
        CHECK   [counter], (2 * COUNT * 3) & 0xff, "lock add of a byte"
        mov     qword [counter], 0
        BOTH    do_add_word
        CHECK   [counter], (2 * COUNT * 3) & 0xffff, "lock add of a word"
        mov     qword [counter], 0
        BOTH    do_xadd
        CHECK   [counter], 2 * COUNT, "lock xadd"
        CHECK32 [wrong], 0, "lock xadd: what is read grows"
        mov     qword [counter], 0
        BOTH    do_cmpxchg
        CHECK   [counter], 2 * COUNT, "lock cmpxchg"
        BOTH    do_xchg
        CHECK   [guarded], 2 * COUNT, "a lock by xchg"
        mov     qword [guarded], 0
        BOTH    do_bts
        CHECK   [guarded], 2 * COUNT, "a lock by lock bts"
        mov     qword [guarded], 0
        BOTH    do_cmpxchg8b
        CHECK32 [wide], 2 * COUNT, "lock cmpxchg8b: lower half"
        CHECK32 [wide + 4], -(2 * COUNT) & 0xffffffff, "lock cmpxchg8b: upper half"
        mov     qword [wide], 0
        BOTH    do_split
        CHECK   [split + 5], 2 * COUNT, "lock inc of what is not aligned"
        mov     qword [P1 - 4], 0
        BOTH    do_across
        CHECK   [P1 - 4], 2 * COUNT, "lock inc across pages"
        mov     dword [guarded], 0xffffffff
        BOTH    do_neg
        CHECK32 [guarded], 0xffffffff, "lock neg, an even number of times"
        BOTH    do_not
        CHECK32 [guarded], 0xffffffff, "lock not, an even number of times"
        BOTH    do_xor
        CHECK32 [guarded], 0xffffffff, "lock xor, an even number of times"

        BOTH    do_messages
        CHECK32 [wrong], 0, "what was written first is seen first"
        mov     dword [wrong], 0
        BOTH    do_fences
        CHECK32 [wrong], 0, "mfence: one of two sees the other's write"
.done:  mov     qword [job], retire
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "a device"
        ENTER_LONG
        mov     dword [came], 0
        mov     qword [job], 0
        call    start_second
        mov     dword [counter], 0
        BOTH    do_device
        CHECK32 [counter], 0, "lock xchg with a register of a device gives what was written"
        mov     qword [job], retire
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "16 bytes"
        ENTER_LONG
        mov     dword [came], 0
        mov     qword [job], 0
        call    start_second
        mov     qword [wide], 0
        mov     eax, 1
        cpuid
        bt      ecx, 13
        jnc     .no_16
        BOTH    do_cmpxchg16b
        CHECK   [wide], 2 * COUNT, "lock cmpxchg16b: lower half"
        CHECK   [wide + 8], -(2 * COUNT), "lock cmpxchg16b: upper half"
.no_16: mov     qword [job], retire
        LEAVE_LONG
        LEAVE_PROTECTED

        SECTION "translations"
        ENTER_LONG
        mov     dword [came], 0
        mov     qword [job], 0
        call    start_second
        cmp     dword [came], 1
        jne     near .no_second
        mov     dword [P0], 0
        mov     dword [P1], 0
        mov     qword [LONG_PT + (ALIAS >> 12) * 8], P0 | 7
        invlpg  [ALIAS]
        BOTH    do_shoot
        CHECK32 [stale], 0, "a page is not seen after its translation was shot down"
.no_second:
        mov     qword [job], retire
        LEAVE_LONG
        LEAVE_PROTECTED
        END_OF_GUEST

        MODE    64
        REPEATED do_inc, lock inc qword [counter]
        REPEATED do_dec, lock dec qword [counter]
        REPEATED do_add, lock add qword [counter], 5
        REPEATED do_sub, lock sub qword [counter], 5
        REPEATED do_add_byte, lock add byte [counter], 3
        REPEATED do_add_word, lock add word [counter], 3
        REPEATED do_split, lock inc qword [split + 5]
        REPEATED do_across, lock inc qword [P1 - 4]
        REPEATED do_neg, lock neg dword [guarded]
        REPEATED do_not, lock not dword [guarded]
        REPEATED do_xor, lock xor dword [guarded], 0x55aa55aa
do_xadd:
        call    meet_next               ; neither is through before the other begins
        mov     ecx, COUNT
        mov     rsi, -1
.next:  mov     eax, 1
        lock xadd [counter], rax
        cmp     rax, rsi                ; what is read always grows
        jg      .grows
        inc     dword [wrong]
.grows: mov     rsi, rax
        dec     ecx
        jnz     .next
        ret
do_cmpxchg:
        call    meet_next
        mov     ecx, COUNT
.next:  mov     rax, [counter]
.again: lea     rdx, [rax + 1]
        lock cmpxchg [counter], rdx
        jne     .again
        dec     ecx
        jnz     .next
        ret
do_xchg:
        call    meet_next
        mov     ecx, COUNT
.next:  mov     eax, 1
        xchg    eax, [spin]
        test    eax, eax
        jz      .have
        pause
        jmp     .next
.have:  inc     qword [guarded]
        mov     dword [spin], 0
        dec     ecx
        jnz     .next
        ret
do_bts:
        call    meet_next
        mov     ecx, COUNT
.next:  lock bts dword [spin], 7
        jnc     .have
        pause
        jmp     .next
.have:  inc     qword [guarded]
        mov     dword [spin], 0
        dec     ecx
        jnz     .next
        ret
do_cmpxchg8b:
        call    meet_next
        mov     esi, COUNT
.next:  mov     eax, [wide]
        mov     edx, [wide + 4]
.again: mov     ebx, eax
        mov     ecx, edx
        inc     ebx
        dec     ecx
        lock cmpxchg8b [wide]
        jne     .again
        dec     esi
        jnz     .next
        ret
do_cmpxchg16b:
        call    meet_next
        mov     esi, COUNT
.next:  mov     rax, [wide]
        mov     rdx, [wide + 8]
.again: mov     rbx, rax
        mov     rcx, rdx
        inc     rbx
        dec     rcx
        lock cmpxchg16b [wide]
        jne     .again
        dec     esi
        jnz     .next
        ret

; The first one writes a message and then says so; the second looks the other way round.
do_messages:
        call    meet_next
        mov     ecx, COUNT
        test    ebx, ebx
        jnz     .reader
.write: mov     [message], ecx
        mov     [sent], ecx
        dec     ecx
        jnz     .write
        ret
.reader:
        mov     edx, [sent]
        mov     eax, [message]
        test    edx, edx
        jz      .next
        cmp     eax, edx                ; numbers go down
        jbe     .next
        inc     dword [wrong]
.next:  dec     ecx
        jnz     .reader
        ret

; Each writes its own word, then reads the other's: with a fence between, not both see 0.
do_fences:
        mov     esi, 0
.round: test    ebx, ebx
        jnz     .clear_done
        mov     dword [first], 0
        mov     dword [second], 0
        mov     dword [sent], 0
.clear_done:
        call    meet_next
        test    ebx, ebx
        jnz     .other
        mov     dword [first], 1
        mfence
        mov     eax, [second]
        jmp     .saw
.other: mov     dword [second], 1
        mfence
        mov     eax, [first]
.saw:   test    eax, eax
        jnz     .good
        lock inc dword [sent]
.good:  call    meet_next
        test    ebx, ebx
        jnz     .counted
        cmp     dword [sent], 2
        jne     .counted
        inc     dword [wrong]
.counted:
        inc     esi
        cmp     esi, 100
        jne     .round
        ret

; Both wait for each other; R15 counts how often.
meet_next:
        lock inc dword [meetings]
        add     r15d, 2
.wait:  pause
        cmp     [meetings], r15d
        jb      .wait
        ret

; The first one maps the alias elsewhere and interrupts the second, which flushes; what the page
; showed before must not be seen afterwards.
do_shoot:
        test    ebx, ebx
        jnz     .second
        mov     esi, 1
.round: mov     eax, P0
        mov     edx, P1
        test    esi, 1
        jz      .even
        xchg    eax, edx
.even:  mov     [eax], esi              ; the page that is not mapped yet has the new number
        or      eax, 7
        mov     [LONG_PT + (ALIAS >> 12) * 8], eax
        invlpg  [ALIAS]
        mov     dword [r14 + 0x310], 1 << 24
        mov     dword [r14 + 0x300], 0x4040     ; vector 40h to processor 1
.wait:  pause
        cmp     [message], esi
        jne     .wait
        mov     [sent], esi             ; from now on the second must see the new one
        mov     ecx, 200
        loop    $
        inc     esi
        cmp     esi, SHOOTS
        jne     .round
        mov     dword [sent], -1
        ret
.second:
        sti
.look:  mov     edx, [sent]
        cmp     edx, -1
        je      .end
        mov     eax, [ALIAS]
        cmp     eax, edx
        jge     .look
        inc     dword [stale]
        jmp     .look
.end:   cli
        ret
shoot_irq:
        push    rax
        invlpg  [ALIAS]
        mov     eax, [message]
        inc     eax
        mov     dword [r14 + 0xb0], 0
        mov     [message], eax
        pop     rax
        iretq

; Each has a task priority of its own; what is read is what this processor wrote before.
do_device:
        call    meet_next
        mov     ecx, 1000
        xor     edx, edx
        mov     [r14 + 0x80], edx
.next:  lea     eax, [edx + 0x10]
        and     eax, 0xf0
        mov     esi, eax
        lock xchg [r14 + 0x80], eax
        cmp     eax, edx
        je      .good
        lock inc dword [counter]
.good:  mov     edx, esi
        dec     ecx
        jnz     .next
        mov     dword [r14 + 0x80], 0
        ret

start_second:
        mov     r14d, APIC
        GATE64  0x40, shoot_irq, 0x8e
        mov     dword [message], 0
        mov     dword [sent], 0
        mov     byte [0x1000], 0xea     ; jmp 0:ap
        mov     word [0x1001], ap
        mov     word [0x1003], 0
        mov     dword [r14 + 0xf0], 0x1ff
        mov     dword [r14 + 0x300], 0xc4500
        mov     ecx, 200000
        loop    $
        mov     dword [r14 + 0x300], 0xc4601
        mov     ecx, 20000000
.wait:  cmp     dword [came], 1
        je      .came
        pause
        dec     ecx
        jnz     .wait
.came:  ret

retire: cli
        hlt
        jmp     retire

; The second processor, into the first one's long mode.
        MODE    16
ap:     cli
        xor     ax, ax
        mov     ds, ax
        lgdt    [gdt_pointer]
        lidt    [idt_pointer]
        mov     eax, CR4_PAE | CR4_PGE
        mov     cr4, eax
        mov     eax, TABLES
        mov     cr3, eax
        mov     ecx, MSR_EFER
        mov     eax, EFER_LME
        xor     edx, edx
        wrmsr
        mov     eax, CR0_PG | CR0_PE | 0x10
        mov     cr0, eax
        jmp     dword KERNEL_CODE64:.long
        MODE    64
.long:  mov     eax, KERNEL_DATA
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     esp, AP_STACK
        mov     r14d, APIC
        mov     dword [r14 + 0xf0], 0x1ff
        mov     dword [came], 1
.next:  pause
        cmp     qword [job], 0
        je      .next
        mov     ebx, 1
        xor     r15d, r15d
        call    [job]
        mov     qword [job], 0
        jmp     .next
