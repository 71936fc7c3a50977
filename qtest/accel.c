/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/vcpu.h"
#include "qtest/accel-priv.h"
#include "qtest/qtest.h"

/* Hands the queued interrupt messages to the sessions. Vm lock held. */
static void deliver_messages(void *opaque)
{
    QtestAccel *qa = opaque;
    g_autoptr(GArray) messages = NULL;
    guint i, s;

    g_mutex_lock(&qa->msi_mutex);
    messages = qa->messages;
    qa->messages = g_array_new(FALSE, FALSE, sizeof(QtestMessage));
    g_mutex_unlock(&qa->msi_mutex);
    for (i = 0; i < messages->len; i++) {
        QtestMessage *m = &g_array_index(messages, QtestMessage, i);

        for (s = 0; s < qa->servers->len; s++) {
            qtest_server_msi(g_ptr_array_index(qa->servers, s), m->addr, m->data);
        }
    }
}

static void qtest_send_msi(Accel *accel, guint64 addr, guint32 data)
{
    QtestAccel *qa = (QtestAccel *)accel;
    QtestMessage message = {addr, data};

    g_mutex_lock(&qa->msi_mutex);
    g_array_append_val(qa->messages, message);
    g_mutex_unlock(&qa->msi_mutex);
    if (vm_lock_held(accel->machine->lock)) {
        deliver_messages(qa);
    } else {
        deferred_schedule(qa->deliver);
    }
}

static void qtest_set_slot(Accel *accel, const MemorySlot *slot)
{
}

static void qtest_take_dirty(Accel *accel, const MemorySlot *slot, unsigned long *bitmap)
{
}

static void qtest_set_intr(Accel *accel, int level)
{
}

/* ---- parked vCPUs: they keep the registers that they are given ---- */

static void qtest_vcpu_reset(Accel *accel, Vcpu *vcpu)
{
    /* The state after reset: Intel SDM vol. 3, table 10-1. */
    CpuRegisters *regs = vcpu->accel_data;
    guint i;

    *regs = (CpuRegisters){.rip = 0xfff0, .rflags = 2, .cr0 = 0x60000010};
    for (i = 0; i < G_N_ELEMENTS(regs->segment); i++) {
        regs->segment[i] = (CpuSegment){.limit = 0xffff, .type = 3, .s = 1, .present = 1};
    }
    regs->segment[CPU_CS].selector = 0xf000;
    regs->segment[CPU_CS].base = 0xffff0000;
    regs->segment[CPU_CS].type = 0xb;
    regs->ldt = (CpuSegment){.limit = 0xffff, .type = 2, .present = 1};
    regs->tr = (CpuSegment){.limit = 0xffff, .type = 0xb, .present = 1};
    regs->gdt.limit = regs->idt.limit = 0xffff;
    regs->dr[6] = 0xffff0ff0;
    regs->dr[7] = 0x400;
}

static gboolean qtest_vcpu_open(Accel *accel, Vcpu *vcpu, GError **error)
{
    vcpu->accel_data = g_new0(CpuRegisters, 1);
    qtest_vcpu_reset(accel, vcpu);
    return TRUE;
}

static void qtest_vcpu_close(Accel *accel, Vcpu *vcpu)
{
    g_clear_pointer(&vcpu->accel_data, g_free);
}

static VcpuExit qtest_vcpu_run(Accel *accel, Vcpu *vcpu)
{
    return VCPU_EXIT_HALTED;
}

static void qtest_vcpu_kick(Accel *accel, Vcpu *vcpu)
{
}

static void qtest_get_regs(Accel *accel, Vcpu *vcpu, CpuRegisters *regs)
{
    *regs = *(CpuRegisters *)vcpu->accel_data;
}

static void qtest_set_regs(Accel *accel, Vcpu *vcpu, const CpuRegisters *regs)
{
    *(CpuRegisters *)vcpu->accel_data = *regs;
}

static void qtest_inject_nmi(Accel *accel, Vcpu *vcpu)
{
}

/* ---- lifecycle ---- */

static gboolean qtest_open(Accel *accel, GError **error)
{
    QtestAccel *qa = (QtestAccel *)accel;

    qa->servers = g_ptr_array_new_with_free_func((GDestroyNotify)qtest_server_free);
    g_mutex_init(&qa->msi_mutex);
    qa->messages = g_array_new(FALSE, FALSE, sizeof(QtestMessage));
    qa->deliver = deferred_new(accel->machine->loop, deliver_messages, qa);
    clock_make_manual(accel->machine->guest_clock);
    return TRUE;
}

static void qtest_close(Accel *accel)
{
    QtestAccel *qa = (QtestAccel *)accel;

    deferred_free(qa->deliver);
    g_ptr_array_unref(qa->servers);
    g_array_unref(qa->messages);
    g_mutex_clear(&qa->msi_mutex);
}

const AccelOps qtest_accel_ops = {
    .name = "qtest",
    .summary = "no guest code runs; a test drives the devices (-qtest)",
    .size = sizeof(QtestAccel),
    .open = qtest_open,
    .close = qtest_close,
    .set_slot = qtest_set_slot,
    .take_dirty = qtest_take_dirty,
    .set_intr = qtest_set_intr,
    .send_msi = qtest_send_msi,
    .vcpu_open = qtest_vcpu_open,
    .vcpu_close = qtest_vcpu_close,
    .vcpu_run = qtest_vcpu_run,
    .vcpu_kick = qtest_vcpu_kick,
    .get_regs = qtest_get_regs,
    .set_regs = qtest_set_regs,
    .reset = qtest_vcpu_reset,
    .inject_nmi = qtest_inject_nmi,
};
