/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saved state as data: a device lists the fields that make up its state, with type and version,
 * and this module writes and reads them. Values are little-endian on the wire.
 */
#pragma once

#include <glib.h>

typedef enum StateType {
    STATE_BOOL, /* gboolean or bool, by size */
    STATE_U8,
    STATE_U16,
    STATE_U32,
    STATE_U64,
    STATE_TIMER,  /* Timer: its expiry, or not pending */
    STATE_STRUCT, /* nested table */
} StateType;

typedef struct StateTable StateTable;

typedef struct StateField {
    const char *name;
    StateType type;
    gsize offset;
    guint count;             /* array length; 1 for a scalar */
    gsize stride;            /* bytes between elements */
    guint since;             /* table version that first had it */
    const StateTable *table; /* for STATE_STRUCT */
} StateField;

struct StateTable {
    guint version;
    const StateField *fields;                         /* ended by a NULL name */
    gboolean (*loaded)(void *object, GError **error); /* after loading; may refuse; NULL = none */
};

#define STATE_FIELD(T, Struct, field)                                                          \
    {                                                                                          \
#field, STATE_##T, G_STRUCT_OFFSET(Struct, field), 1, sizeof(((Struct *)0)->field), 1, \
            NULL                                                                               \
    }
#define STATE_ARRAY(T, Struct, field)                                                          \
    {                                                                                          \
#field, STATE_##T, G_STRUCT_OFFSET(Struct, field), G_N_ELEMENTS(((Struct *)0)->field), \
            sizeof(((Struct *)0)->field[0]), 1, NULL                                           \
    }
#define STATE_END \
    {             \
        NULL      \
    }

/* Appends the object's state to `out`. */
void state_save(const StateTable *table, const void *object, GByteArray *out);

/*
 * Reads the object's state from `data`, advancing `*data` and `*length`. Fields newer than the
 * saved version keep their value. Fails, naming the field, on data that is short or too new.
 */
gboolean state_load(const StateTable *table, void *object, const guint8 **data, gsize *length,
                    GError **error);
