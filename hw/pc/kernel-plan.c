/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/kernel-plan.h"

#include <string.h>

#include "core/error.h"

#define PAGE 4096u

static void item_clear(gpointer data)
{
    g_bytes_unref(((KernelItem *)data)->bytes);
}

KernelPlan *kernel_plan_new(KernelEntry entry)
{
    KernelPlan *plan = g_new0(KernelPlan, 1);

    plan->entry = entry;
    plan->items = g_array_new(FALSE, FALSE, sizeof(KernelItem));
    g_array_set_clear_func(plan->items, item_clear);
    plan->loads = g_array_new(FALSE, FALSE, sizeof(KernelLoad));
    return plan;
}

void kernel_plan_free(KernelPlan *plan)
{
    if (plan) {
        g_array_unref(plan->items);
        g_array_unref(plan->loads);
        g_free(plan);
    }
}

void kernel_plan_item(KernelPlan *plan, guint16 key, GBytes *bytes)
{
    KernelItem item = {key, g_bytes_ref(bytes)};
    g_array_append_val(plan->items, item);
}

void kernel_plan_data(KernelPlan *plan, guint16 key, const void *data, gsize length)
{
    KernelItem item = {key, g_bytes_new(data, length)};
    g_array_append_val(plan->items, item);
}

void kernel_plan_u32(KernelPlan *plan, guint16 key, guint32 value)
{
    guint8 bytes[4];

    kernel_put_u32(bytes, value);
    kernel_plan_data(plan, key, bytes, sizeof(bytes));
}

gboolean kernel_plan_load(KernelPlan *plan, KernelLoad load, GError **error)
{
    if (!load.length) {
        return TRUE;
    }
    if (plan->loads->len == KERNEL_MAX_LOADS) {
        return error_set(error, "has more than %u pieces to load", KERNEL_MAX_LOADS);
    }
    g_array_append_val(plan->loads, load);
    return TRUE;
}

guint16 kernel_u16(const guint8 *at)
{
    return (guint16)(at[0] | at[1] << 8);
}

guint32 kernel_u32(const guint8 *at)
{
    return kernel_u16(at) | (guint32)kernel_u16(at + 2) << 16;
}

guint64 kernel_u64(const guint8 *at)
{
    return kernel_u32(at) | (guint64)kernel_u32(at + 4) << 32;
}

void kernel_put_u16(guint8 *at, guint16 value)
{
    at[0] = (guint8)value;
    at[1] = (guint8)(value >> 8);
}

void kernel_put_u32(guint8 *at, guint32 value)
{
    kernel_put_u16(at, (guint16)value);
    kernel_put_u16(at + 2, (guint16)(value >> 16));
}

guint64 kernel_place_below(guint64 end, guint64 length)
{
    return length <= end ? (end - length) & ~(guint64)(PAGE - 1) : 0;
}
