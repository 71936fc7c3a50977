/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the router and the queue of typed keys know of each other. Vm lock held. */
#pragma once

#include "core/input.h"

typedef struct KeyQueue KeyQueue;

KeyQueue *key_queue_new(InputRouter *router, Machine *machine);
void key_queue_free(KeyQueue *queue);

KeyQueue *input_router_queue(InputRouter *router);
