/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/ioctl.h>

#include "core/board.h"
#include "core/error.h"
#include "core/log.h"
#include "core/machine.h"
#include "cpu/model.h"
#include "kvm/kvm-priv.h"

/* More leaves than any processor has; the kernel's own limit is 256. */
#define MAX_LEAVES 256

static struct kvm_cpuid2 *cpuid_buffer(void)
{
    struct kvm_cpuid2 *cpuid =
        g_malloc0(sizeof(*cpuid) + MAX_LEAVES * sizeof(struct kvm_cpuid_entry2));
    cpuid->nent = MAX_LEAVES;
    return cpuid;
}

/* Leaf 1 ECX: what KVM emulates in the kernel although its list leaves it out (api.rst,
 * KVM_GET_SUPPORTED_CPUID: x2APIC and TSC deadline need the in-kernel local APIC). */
#define ECX_X2APIC       (1u << 21)
#define ECX_TSC_DEADLINE (1u << 24)

static GArray *supported_cpuid(KvmAccel *kvm, GError **error)
{
    g_autofree struct kvm_cpuid2 *cpuid = cpuid_buffer();

    if (kvm_ioctl(kvm->kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid) < 0) {
        error_set_errno(error, errno, "KVM does not tell which processor features it supports");
        return NULL;
    }
    GArray *entries = g_array_sized_new(FALSE, FALSE, sizeof(CpuidEntry), cpuid->nent);
    for (guint i = 0; i < cpuid->nent; i++) {
        const struct kvm_cpuid_entry2 *from = &cpuid->entries[i];
        CpuidEntry entry = {
            .leaf = from->function,
            .subleaf = from->index,
            .has_subleaf = (from->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0,
            .eax = from->eax,
            .ebx = from->ebx,
            .ecx = from->ecx,
            .edx = from->edx,
        };
        if (entry.leaf == 1) {
            entry.ecx |= ECX_X2APIC;
            if (ioctl(kvm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0) {
                entry.ecx |= ECX_TSC_DEADLINE;
            }
        }
        g_array_append_val(entries, entry);
    }
    return entries;
}

gboolean kvm_cpuid_open(KvmAccel *kvm, GError **error)
{
    const char *model = kvm->accel.machine->cpu_model;
    g_autoptr(GString) missing = g_string_new(NULL);
    GArray *supported = supported_cpuid(kvm, error);

    if (!supported) {
        return FALSE;
    }
    kvm->accel.cpuid_supported = supported;
    kvm->cpuid = cpu_model_build(model, supported, missing, error);
    if (kvm->cpuid && missing->len) {
        report_warning("-cpu %s: KVM on this host lacks %s", model, missing->str);
    }
    return kvm->cpuid != NULL;
}

gboolean kvm_cpuid_apply(KvmAccel *kvm, Vcpu *vcpu, GError **error)
{
    const BoardConfig *board = kvm->accel.machine->board_config;
    g_autoptr(GArray) entries = g_array_copy(kvm->cpuid);
    g_autofree struct kvm_cpuid2 *cpuid = cpuid_buffer();

    cpu_model_set_topology(entries, vcpu->index, MAX(kvm->accel.machine->cpu_count, 1),
                           board ? &board->topology : NULL);
    g_assert(entries->len <= MAX_LEAVES);
    cpuid->nent = entries->len;
    for (guint i = 0; i < entries->len; i++) {
        const CpuidEntry *entry = &g_array_index(entries, CpuidEntry, i);
        cpuid->entries[i] = (struct kvm_cpuid_entry2){
            .function = entry->leaf,
            .index = entry->subleaf,
            .flags = entry->has_subleaf ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0,
            .eax = entry->eax,
            .ebx = entry->ebx,
            .ecx = entry->ecx,
            .edx = entry->edx,
        };
    }
    if (kvm_ioctl(((KvmVcpu *)vcpu->accel_data)->fd, KVM_SET_CPUID2, cpuid) < 0) {
        return error_set_errno(error, errno, "KVM refused the CPUID of -cpu %s",
                               kvm->accel.machine->cpu_model ? kvm->accel.machine->cpu_model
                                                             : CPU_MODEL_DEFAULT);
    }
    return TRUE;
}
