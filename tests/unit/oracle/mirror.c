/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second engine out of the native one, with memory of its own; it lies if it is told to. */
#include <string.h>

#include "tests/unit/oracle/mirror.h"

#define IMAGE_SIZE (ORACLE_PAGE_COUNT * ORACLE_PAGE_SIZE)

typedef struct MirrorEngine {
    OracleEngine engine;
    OracleEngine *native;
    OracleLie lie;
    guint8 image[IMAGE_SIZE], saved[IMAGE_SIZE];
} MirrorEngine;

static void mirror_code_changed(OracleEngine *engine)
{
}

static void mirror_run(OracleEngine *engine, const OracleCase *test, OracleOutcome *outcome)
{
    MirrorEngine *mirror = (MirrorEngine *)engine;

    memcpy(mirror->saved, mirror->native->image, IMAGE_SIZE);
    memcpy(mirror->native->image, mirror->image, IMAGE_SIZE);
    mirror->native->code_changed(mirror->native);
    mirror->native->run(mirror->native, test, outcome);
    memcpy(mirror->image, mirror->native->image, IMAGE_SIZE);
    memcpy(mirror->native->image, mirror->saved, IMAGE_SIZE);
    mirror->native->code_changed(mirror->native);
    if (mirror->lie) {
        mirror->lie(engine, test, outcome);
    }
}

static void mirror_close(OracleEngine *engine)
{
    g_free(engine);
}

OracleEngine *oracle_mirror_open(OracleEngine *native, OracleLie lie)
{
    MirrorEngine *mirror = g_new0(MirrorEngine, 1);

    mirror->engine = (OracleEngine){
        .image = mirror->image,
        .code_changed = mirror_code_changed,
        .run = mirror_run,
        .close = mirror_close,
    };
    mirror->native = native;
    mirror->lie = lie;
    return &mirror->engine;
}
