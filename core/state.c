/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On the wire a table is its version (u32) and then its fields in order; a boolean is one byte, a
 * timer its expiry as a signed 64-bit number (-1 = not pending), a nested table the same again.
 */
#include "core/state.h"

#include <string.h>

#include "core/error.h"
#include "mainloop/timer.h"

/* Bytes of a scalar on the wire. */
static gsize wire_size(StateType type)
{
    switch (type) {
    case STATE_BOOL:
    case STATE_U8: return 1;
    case STATE_U16: return 2;
    case STATE_U32: return 4;
    case STATE_U64:
    case STATE_TIMER: return 8;
    case STATE_STRUCT: break;
    }
    g_assert_not_reached();
}

static guint64 get_scalar(const StateField *field, const guint8 *place)
{
    guint16 u16;
    guint32 u32;
    guint64 u64;

    switch (field->type) {
    case STATE_BOOL:
        for (gsize i = 0; i < field->stride; i++) {
            if (place[i]) {
                return 1;
            }
        }
        return 0;
    case STATE_U8: return *place;
    case STATE_U16: memcpy(&u16, place, sizeof(u16)); return u16;
    case STATE_U32: memcpy(&u32, place, sizeof(u32)); return u32;
    case STATE_U64: memcpy(&u64, place, sizeof(u64)); return u64;
    case STATE_TIMER: return (guint64)timer_expiry((const Timer *)place);
    case STATE_STRUCT: break;
    }
    g_assert_not_reached();
}

static void set_scalar(const StateField *field, guint8 *place, guint64 value)
{
    guint16 u16 = (guint16)value;
    guint32 u32 = (guint32)value;

    switch (field->type) {
    case STATE_BOOL:
        if (field->stride == sizeof(gboolean)) {
            gboolean on = value != 0;

            memcpy(place, &on, sizeof(on));
        } else {
            *place = value != 0;
        }
        return;
    case STATE_U8: *place = (guint8)value; return;
    case STATE_U16: memcpy(place, &u16, sizeof(u16)); return;
    case STATE_U32: memcpy(place, &u32, sizeof(u32)); return;
    case STATE_U64: memcpy(place, &value, sizeof(value)); return;
    case STATE_TIMER:
        if ((gint64)value < 0) {
            timer_cancel((Timer *)place);
        } else {
            timer_set((Timer *)place, (gint64)value);
        }
        return;
    case STATE_STRUCT: break;
    }
    g_assert_not_reached();
}

static void put_le(GByteArray *out, guint64 value, gsize size)
{
    guint64 le = GUINT64_TO_LE(value);

    g_byte_array_append(out, (const guint8 *)&le, (guint)size);
}

static gboolean take_le(const guint8 **data, gsize *length, gsize size, guint64 *value)
{
    guint64 le = 0;

    if (*length < size) {
        return FALSE;
    }
    memcpy(&le, *data, size);
    *data += size;
    *length -= size;
    *value = GUINT64_FROM_LE(le);
    return TRUE;
}

void state_save(const StateTable *table, const void *object, GByteArray *out)
{
    put_le(out, table->version, 4);
    for (const StateField *field = table->fields; field->name; field++) {
        const guint8 *place = (const guint8 *)object + field->offset;

        for (guint i = 0; i < field->count; i++, place += field->stride) {
            if (field->type == STATE_STRUCT) {
                state_save(field->table, place, out);
            } else {
                put_le(out, get_scalar(field, place), wire_size(field->type));
            }
        }
    }
}

static gboolean load_field(const StateField *field, void *object, const guint8 **data,
                           gsize *length, GError **error)
{
    guint8 *place = (guint8 *)object + field->offset;

    for (guint i = 0; i < field->count; i++, place += field->stride) {
        guint64 value;

        if (field->type == STATE_STRUCT) {
            if (!state_load(field->table, place, data, length, error)) {
                g_prefix_error(error, "%s: ", field->name);
                return FALSE;
            }
        } else if (take_le(data, length, wire_size(field->type), &value)) {
            set_scalar(field, place, value);
        } else {
            return error_set(error, "%s: the saved state ends here", field->name);
        }
    }
    return TRUE;
}

gboolean state_load(const StateTable *table, void *object, const guint8 **data, gsize *length,
                    GError **error)
{
    guint64 version;

    if (!take_le(data, length, 4, &version)) {
        return error_set(error, "version: the saved state ends here");
    }
    if (version == 0 || version > table->version) {
        return error_set(error,
                         "version: saved as %" G_GUINT64_FORMAT ", this program knows 1 to %u",
                         version, table->version);
    }
    for (const StateField *field = table->fields; field->name; field++) {
        if (field->since <= version && !load_field(field, object, data, length, error)) {
            return FALSE;
        }
    }
    return !table->loaded || table->loaded(object, error);
}
