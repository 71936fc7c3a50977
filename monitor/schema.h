/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of QMP: what commands take and return and events carry, for `query-qmp-schema` and for
 * checking what a client sends. Constant tables; any thread.
 *
 * A type's name is that of QEMU's QAPI where QEMU has it. "[X]" is an array of X; "str", "int",
 * "number", "bool", "null" and "any" are built in.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

typedef struct SchemaMember {
    const char *name; /* NULL ends a list */
    const char *type;
    gboolean optional;
} SchemaMember;

typedef struct SchemaType {
    const char *name;
    const char *const *values;    /* an enumeration; or NULL, and it is an object: */
    const SchemaMember *members;  /* ended by a NULL name; NULL = none */
    const char *tag;              /* which member says what else there is; NULL = nothing else */
    const SchemaMember *variants; /* `name` is the tag's value, `type` the object */
} SchemaType;

typedef struct SchemaEvent {
    const char *name;
    const SchemaMember *members; /* NULL = none */
    guint interval_ms;           /* no two within it: the newest comes at its end. 0 = at once */
} SchemaEvent;

/* Ended by NULL names. */
extern const SchemaType schema_types[];
extern const SchemaEvent schema_events[];

const SchemaType *schema_find_type(const char *name); /* NULL if unknown or built in */
const SchemaEvent *schema_find_event(const char *name);

/* Is `value` of that type? If not, the error names the place in it: "arguments.keys[1].type". */
gboolean schema_check(const char *type, JsonNode *value, const char *place, GError **error);

/* The answer to query-qmp-schema. */
JsonArray *schema_describe(void);
