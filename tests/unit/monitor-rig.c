/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/monitor-rig.h"

#include "core/vcpu.h"
#include "mainloop/worker.h"

/* ---- a processor that does nothing ---- */

static gboolean rig_open(Accel *accel, GError **error)
{
    return TRUE;
}

static void rig_close(Accel *accel)
{
}

static void rig_set_slot(Accel *accel, const MemorySlot *slot)
{
}

static void rig_take_dirty(Accel *accel, const MemorySlot *slot, unsigned long *bitmap)
{
}

static void rig_set_intr(Accel *accel, int level)
{
}

static void rig_send_msi(Accel *accel, guint64 addr, guint32 data)
{
}

static gboolean rig_vcpu_open(Accel *accel, Vcpu *vcpu, GError **error)
{
    return TRUE;
}

static void rig_vcpu_nothing(Accel *accel, Vcpu *vcpu)
{
}

static VcpuExit rig_vcpu_run(Accel *accel, Vcpu *vcpu)
{
    RigAccel *rig = (RigAccel *)accel;
    VcpuExit exit = VCPU_EXIT_HALTED;

    vm_lock_take(accel->machine->lock, "rig");
    rig->ran[vcpu->index]++;
    rig->ran_debug[vcpu->index] = *vcpu->debug;
    if (rig->hits[vcpu->index].reason != CPU_DEBUG_NONE) {
        vcpu->debug_hit = rig->hits[vcpu->index];
        rig->hits[vcpu->index].reason = CPU_DEBUG_NONE;
        exit = VCPU_EXIT_DEBUG;
    }
    vm_lock_drop(accel->machine->lock);
    return exit;
}

static gboolean rig_set_debug(Accel *accel, Vcpu *vcpu, const CpuDebug *debug, GError **error)
{
    RigAccel *rig = (RigAccel *)accel;

    if (debug->watchpoint_count > RIG_WATCHPOINTS) {
        return FALSE;
    }
    rig->debug[vcpu->index] = debug;
    return TRUE;
}

static void rig_get_regs(Accel *accel, Vcpu *vcpu, CpuRegisters *regs)
{
    *regs = ((RigAccel *)accel)->regs;
}

static void rig_set_regs(Accel *accel, Vcpu *vcpu, const CpuRegisters *regs)
{
    ((RigAccel *)accel)->regs = *regs;
}

static void rig_inject_nmi(Accel *accel, Vcpu *vcpu)
{
    ((RigAccel *)accel)->nmis++;
}

static const AccelOps rig_accel_ops = {
    .name = "rig",
    .size = sizeof(RigAccel),
    .open = rig_open,
    .close = rig_close,
    .set_slot = rig_set_slot,
    .take_dirty = rig_take_dirty,
    .set_intr = rig_set_intr,
    .send_msi = rig_send_msi,
    .vcpu_open = rig_vcpu_open,
    .vcpu_close = rig_vcpu_nothing,
    .vcpu_run = rig_vcpu_run,
    .vcpu_kick = rig_vcpu_nothing,
    .get_regs = rig_get_regs,
    .set_regs = rig_set_regs,
    .reset = rig_vcpu_nothing,
    .inject_nmi = rig_inject_nmi,
    .set_debug = rig_set_debug,
};

/* ---- a port ---- */

static guint64 port_read(void *opaque, guint64 addr, guint size)
{
    Rig *rig = opaque;

    rig->port_size = size;
    return rig->port_value;
}

static void port_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Rig *rig = opaque;

    rig->port_size = size;
    rig->port_value = value;
}

static const IoOps port_ops = {.read = port_read, .write = port_write};

/* ---- a peer ---- */

static gsize peer_write(Chardev *chr, const guint8 *data, gsize length)
{
    Rig *rig = (Rig *)((char *)chr - G_STRUCT_OFFSET(Rig, chr));
    gsize n = MIN(length, rig->write_room);

    g_string_append_len(rig->peer, (const char *)data, n);
    rig->write_room -= n;
    return n;
}

static void peer_accept(Chardev *chr)
{
    Rig *rig = (Rig *)((char *)chr - G_STRUCT_OFFSET(Rig, chr));

    rig->asked_to_send = TRUE;
}

static const ChardevOps peer_ops = {.name = "peer", .write = peer_write, .accept = peer_accept};

gsize rig_type(Rig *rig, const char *bytes, gsize length)
{
    gsize done = 0;

    while (done < length) {
        gsize n = MIN(chardev_user_room(&rig->chr), length - done);
        if (n == 0 && !event_loop_iterate(rig->loop, FALSE)) {
            break;
        }
        chardev_receive(&rig->chr, (const guint8 *)bytes + done, n);
        done += n;
    }
    return done;
}

/* ---- lifecycle ---- */

void rig_settle(Rig *rig)
{
    worker_pool_drain(rig->machine->workers);
    while (event_loop_iterate(rig->loop, FALSE)) {
        continue;
    }
}

void rig_init(Rig *rig)
{
    rig_init_cpus(rig, 1);
}

void rig_init_cpus(Rig *rig, guint cpus)
{
    g_autoptr(GError) error = NULL;

    *rig = (Rig){.write_room = G_MAXSIZE};
    rig->lock = vm_lock_new();
    vm_lock_take(rig->lock, "test");
    rig->loop = event_loop_new(NULL, rig->lock);
    rig->machine = machine_new(rig->loop);
    g_assert_true(region_init_ram(&rig->ram, "ram", RIG_RAM_SIZE, &error));
    region_add(&rig->machine->system_memory, 0, &rig->ram, 0);
    region_init_io(&rig->port, "port", &port_ops, rig, 4);
    region_add(&rig->machine->system_io, 0x80, &rig->port, 0);
    g_assert_true(accel_open(rig->machine, &rig_accel_ops, NULL, &error));
    rig->accel = (RigAccel *)rig->machine->accel;
    rig->accel->regs.segment[CPU_CS].base = 0xf0000;
    rig->accel->regs.rip = 0xfff0;
    g_assert_true(vcpus_create(rig->machine, cpus, &error));
    rig->chr = (Chardev){.ops = &peer_ops, .machine = rig->machine, .id = (char *)"peer"};
    rig->peer = g_string_new(NULL);
}

void rig_clear(Rig *rig)
{
    region_remove(&rig->ram);
    region_remove(&rig->port);
    machine_free(rig->machine);
    region_finish(&rig->ram);
    region_finish(&rig->port);
    event_loop_free(rig->loop);
    vm_lock_drop(rig->lock);
    vm_lock_free(rig->lock);
    g_string_free(rig->peer, TRUE);
}
