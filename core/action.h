/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the machine does when its guest asks for a reset, switches itself off, panics, or lets a
 * watchdog run out: `-action` and QMP's set-action. Devices report what has happened with the
 * functions below; the machine's run state, events and end follow from machine->actions.
 *
 * Vm lock held. A vCPU that reports runs nothing more until the machine goes on.
 */
#pragma once

#include <glib.h>

#include "core/option.h"

typedef struct Machine Machine;

typedef enum RebootAction { REBOOT_ACTION_RESET, REBOOT_ACTION_SHUTDOWN } RebootAction;

typedef enum ShutdownAction { SHUTDOWN_ACTION_POWEROFF, SHUTDOWN_ACTION_PAUSE } ShutdownAction;

typedef enum PanicAction {
    PANIC_ACTION_PAUSE,
    PANIC_ACTION_SHUTDOWN,     /* the default */
    PANIC_ACTION_EXIT_FAILURE, /* the same, and the program's exit status is 1 */
    PANIC_ACTION_NONE,
} PanicAction;

typedef enum WatchdogAction {
    WATCHDOG_ACTION_RESET, /* the default */
    WATCHDOG_ACTION_SHUTDOWN,
    WATCHDOG_ACTION_POWEROFF,
    WATCHDOG_ACTION_PAUSE,
    WATCHDOG_ACTION_DEBUG,
    WATCHDOG_ACTION_NONE,
    WATCHDOG_ACTION_INJECT_NMI,
} WatchdogAction;

typedef struct MachineActions {
    int reboot;   /* RebootAction; -no-reboot = SHUTDOWN */
    int shutdown; /* ShutdownAction; -no-shutdown = PAUSE */
    int panic;    /* PanicAction */
    int watchdog; /* WatchdogAction */
} MachineActions;

/* "reboot", "shutdown", "panic" and "watchdog" of a MachineActions, with defaults. */
extern const OptionSpec machine_action_specs[];

/* The words for each, NULL-ended, in the order of the enumerations. */
extern const char *const reboot_action_names[],
    *const shutdown_action_names[], *const panic_action_names[], *const watchdog_action_names[];

/* The guest's system has crashed (pvpanic). */
void machine_guest_panicked(Machine *machine);

/* It has crashed, and a crash kernel of its own takes care of it: it is only told. */
void machine_guest_crashloaded(Machine *machine);

/* A watchdog has run out. From its timer, as the last thing that it does. */
void machine_watchdog_expired(Machine *machine);
