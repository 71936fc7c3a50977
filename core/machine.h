/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine: what every part of it can reach, and its run state.
 *
 * app/ makes one, fills it and destroys it; a test may hold several. Fields are set before any
 * device is made and stay; read them freely, change them only through functions. Vm lock held
 * unless said otherwise.
 */
#pragma once

#include <glib.h>

#include "core/accel.h"
#include "core/action.h"
#include "core/device.h"
#include "core/memory.h"
#include "mainloop/loop.h"
#include "mainloop/timer.h"
#include "mainloop/worker.h"

typedef struct InputRouter InputRouter;
typedef struct CharManager CharManager;
typedef struct BlockManager BlockManager;
typedef struct Keymap Keymap;
typedef struct Frontend Frontend;
struct BalloonOps;
struct Clipboard;
struct FdSets;
struct termios;

/* QMP's RunState names, as far as they exist here. */
typedef enum RunState {
    RUN_STATE_PRELAUNCH, /* -S: not yet started */
    RUN_STATE_RUNNING,
    RUN_STATE_PAUSED,
    RUN_STATE_SHUTDOWN,       /* guest has shut down, -no-shutdown keeps us here */
    RUN_STATE_INTERNAL_ERROR, /* a vCPU cannot go on */
    RUN_STATE_IO_ERROR,
    RUN_STATE_GUEST_PANICKED,
    RUN_STATE_WATCHDOG,  /* a watchdog ran out, and -action says so */
    RUN_STATE_SUSPENDED, /* the guest sleeps (ACPI S3): devices live, no processor runs */
    RUN_STATE_DEBUG,     /* a debugger has stopped it, or a break- or watchpoint, or a step */
    RUN_STATE_SAVE_VM,   /* it stands still while its memory is saved, see machine_freeze() */
} RunState;

typedef enum ShutdownCause {
    SHUTDOWN_HOST_QMP_QUIT, /* quit at a monitor */
    SHUTDOWN_HOST_SIGNAL,
    SHUTDOWN_HOST_UI,    /* window closed, menu */
    SHUTDOWN_HOST_RESET, /* reset by a monitor with -no-reboot */
    SHUTDOWN_GUEST_EXIT, /* isa-debug-exit: ends the program, whatever -no-shutdown says */
    SHUTDOWN_GUEST_SHUTDOWN,
    SHUTDOWN_GUEST_RESET, /* reset with -no-reboot */
    SHUTDOWN_GUEST_PANIC,
} ShutdownCause;

typedef enum MachineEvent {
    MACHINE_EVENT_RUN_STATE, /* machine->run_state has changed */
    MACHINE_EVENT_RESET,     /* all devices have been reset */
    MACHINE_EVENT_POWERDOWN, /* the power button was pressed (the PM device listens) */
    MACHINE_EVENT_SUSPEND,   /* the guest goes to sleep (S3) */
    MACHINE_EVENT_WAKEUP,    /* it is woken: all devices have been reset, no processor runs yet */
    MACHINE_EVENT_CONSOLES,  /* a display or a vc came or went */
    MACHINE_EVENT_SHUTDOWN,  /* the process is about to end, machine->shutdown_cause tells why */
} MachineEvent;

/* Who wakes a sleeping guest. */
typedef enum WakeReason { WAKE_RTC, WAKE_PM_TIMER, WAKE_OTHER } WakeReason;

typedef struct MachineListener MachineListener;

struct Machine {
    char *name; /* -name, or NULL */
    char *uuid; /* -uuid, canonical text, or NULL */
    EventLoop *loop;
    VmLock *lock;
    Clock *host_clock;
    Clock *guest_clock; /* runs while RUN_STATE_RUNNING */
    WorkerPool *workers;
    Region system_memory, system_io; /* roots of the two spaces */
    AddressSpace *memory, *io;       /* io: 64 KiB of ports */
    guint64 ram_size;
    guint cpu_count;       /* what vcpus_create() was asked for, set before it makes the first */
    const char *cpu_model; /* -cpu MODEL,+f,-f as typed, NULL = default; outlives the machine */
    int icount_shift;      /* an instruction takes 2^icount_shift ns; negative = as time passes */
    const char *const *firmware_dirs; /* NULL-ended, see core/firmware.h; outlives the machine */
    Accel *accel;
    GPtrArray *vcpus; /* of Vcpu* */
    GPtrArray *apics; /* of Apic* (core/apic.h), by vCPU index; empty if they are not ours */
    Device *root;     /* the board; NULL with -machine none */
    /* What devices can be made, on what buses, set by app/: ended by NULL, or NULL itself. */
    const DeviceOps *const *device_types;
    const BusOps *const *bus_types;
    gboolean assembled; /* all that the command line asks for is there: what comes is hot-plugged */
    GPtrArray *displays; /* of Display*, owned by their devices; the first is the primary one */
    InputRouter *input;
    const char *keymap_layout; /* -k LAYOUT, NULL = default; outlives the machine */
    Keymap *keymap;            /* made by machine_keymap() */
    CharManager *chars;
    guint8 mux_escape;     /* the escape character of muxes, -echr; Ctrl-A if app/ sets nothing */
    BlockManager *blocks;  /* set by app/, which knows the image formats; may be NULL */
    struct FdSets *fdsets; /* files opened by others, core/fdset.h */
    struct Clipboard *clipboard; /* private to core/clipboard.c */
    GPtrArray *frontends;        /* of Frontend*, open ones */
    /* Opens a frontend by name, loading its module, with "key=value,..." or NULL; see
     * frontend_open_text(). Set by app/; NULL = frontends cannot be loaded. */
    Frontend *(*open_frontend)(Machine *machine, const char *name, const char *options,
                               void *opaque, GError **error);
    void *open_frontend_opaque;
    /* Loads a frontend's module, from any thread. Set with open_frontend. */
    const struct FrontendOps *(*load_frontend)(const char *name, GError **error);
    const char *const *frontend_names; /* those there can be, NULL-ended; set by app/, or NULL */
    const struct BoardOps *const *board_types; /* likewise */
    const struct BoardOps *board;              /* the one it is; set by app/, or NULL */
    const struct BoardConfig *board_config;    /* what it was made of; likewise */
    /* What the command line takes, as query-command-line-options answers (an aa{sv}, floating).
     * From any thread: it may load modules. Set by app/, or NULL. */
    GVariant *(*describe_command_line)(void);
    char *attach_name; /* what `vitrine attach` finds this machine by; NULL = it cannot */
    /* Runs a monitor command: `done` is called once with what it prints, maybe before the return
     * (then returns NULL); cancel_command(): not at all. Set by app/; NULL = no monitor. */
    void *(*run_command)(Machine *machine, const char *line,
                         void (*done)(const char *text, void *opaque), void *opaque);
    void (*cancel_command)(void *run);
    /*
     * Gives a terminal back (these settings, then these bytes, both must live until it is called
     * again for the descriptor with NULL) should the process crash. Set by app/, or NULL.
     */
    void (*guard_tty)(int fd, const struct termios *saved, const char *restore);
    /* How many frontends show the machine on the process's own terminal, and want to go alone when
     * that hangs up, or have done so: the signal comes before or after. */
    guint hangups_taken;
    void *gdbstub; /* gdbstub/'s, which app/ ends */
    void *dump;    /* monitor/'s newest memory dump, freed by g_free() */
    RunState run_state;
    ShutdownCause shutdown_cause;
    int exit_status;
    MachineActions actions;  /* -action, set-action */
    gboolean falling_asleep; /* it was asked for and is not yet carried out */
    gboolean can_sleep;      /* there is power management: set by it */
    gboolean asleep;         /* in S3, even if the machine was stopped meanwhile */
    gboolean waking;         /* a device's reset() is that of waking: the memory controller, which
                             * keeps memory alive meanwhile, keeps its registers, too */
    guint wake_mask;         /* bit n: WakeReason n wakes. Set by the power management */
    WakeReason wake_reason;  /* of the last wake-up */
    /* Board: the vector of the pending PIC interrupt, acknowledging it (8259A INTA cycle). Set by
     * the interrupt controller; called by the accelerator. */
    guint (*pic_acknowledge)(void *opaque);
    void *pic_opaque;
    /* Told of each PIC interrupt (0 to 15) that a processor takes. Set by the timer. */
    void (*pic_taken)(void *opaque, guint irq);
    void *pic_taken_opaque;
    /* Board: EOI of a vector whose route was level-triggered (see AccelOps.set_route). */
    void (*eoi)(void *opaque, guint vector);
    void *eoi_opaque;
    GPtrArray *globals; /* private to core/device.c; NULL = none */
    /*
     * Not NULL while the machine waits to be made (-preconfig): makes it, and starts it unless -S.
     * Set by app/, which ends the program if that fails.
     */
    gboolean (*exit_preconfig)(struct Machine *machine, void *opaque, GError **error);
    void *exit_preconfig_opaque;
    const struct BalloonOps *balloon; /* of core/balloon.h; NULL = there is none */
    void *balloon_opaque;
    /* Board: tries boot devices in this order ("cad") from now on. NULL = it has no such order. */
    gboolean (*set_boot_order)(void *opaque, const char *order, GError **error);
    void *boot_order_opaque;
    GPtrArray *backends; /* of Backend* (core/backend.h), in the order made */
    /* private to core/device.c */
    guint next_board_device, next_user_device;
    /* private to core/event.c */
    GPtrArray *event_watches;
    guint events_depth;
    /* private to core/machine.c */
    GPtrArray *listeners;
    gboolean reset_by_guest;     /* the reset that was requested last */
    GPtrArray *frontend_watches; /* core/frontend.c's; NULL = none yet */
    gboolean ending;             /* machine_free() is under way */
    gboolean frozen;             /* by machine_freeze() */
    RunState thaw_state;         /* what it goes to then */
    gboolean shutdown_requested; /* and not yet carried out */
    Deferred *reset_request;
    Deferred *shutdown_request;
    Deferred *vcpu_error_request;
    Deferred *vcpu_debug_request;
    Deferred *stop_request;
    RunState stop_state; /* that it enters */
    Deferred *suspend_request;
    Deferred *wakeup_request;
};

/* Makes a machine on `loop`, without board or accelerator, in RUN_STATE_PRELAUNCH. */
Machine *machine_new(EventLoop *loop);

/* Stops and frees all of it: frontends, vCPUs, devices, accelerator. NULL is fine. */
void machine_free(Machine *machine);

/* Lets the guest run, or sleep on; the guest clock goes on. Nothing to do if it does. */
void machine_cont(Machine *machine);

/* Stops the vCPUs and the guest clock, entering `state`. Waits until no vCPU is in guest code. */
void machine_stop(Machine *machine, RunState state);

/*
 * For work that takes time and needs a still machine (a memory dump): stops it if it runs, and
 * keeps it from going on. Whoever wants it to go on or to stop meanwhile has the wish noted, and
 * machine_thaw() fulfils it. At most one at a time: see machine->frozen.
 */
void machine_freeze(Machine *machine);
void machine_thaw(Machine *machine);

gboolean machine_is_running(const Machine *machine);
const char *run_state_name(RunState state);           /* "running", "internal-error" */
const char *shutdown_cause_name(ShutdownCause cause); /* QMP's: "host-signal" */

/*
 * Requests; they return at once and are carried out on the loop, in a moment when no vCPU is in
 * guest code. From any thread with the lock held; a vCPU whose guest asks runs nothing until then.
 */
void machine_request_reset(Machine *machine, gboolean by_guest);
/* Presses the power button. */
void machine_request_powerdown(Machine *machine);
/* Stops the machine, if it runs then. */
void machine_request_stop(Machine *machine, RunState state);
/* Ends the machine (or, by_guest with -no-shutdown, stops it). `status` is the exit status. */
void machine_request_shutdown(Machine *machine, ShutdownCause cause, int status);

/* The guest goes to sleep, keeping memory (ACPI S3). */
void machine_request_suspend(Machine *machine);
/* Wakes a guest that sleeps, if it is to be woken so (wake_mask): devices and processors are reset,
 * but memory and its controller, and the firmware finds its way from there. */
void machine_request_wakeup(Machine *machine, WakeReason reason);

/* Calls fn after each event, with the lock held. */
MachineListener *machine_listen(Machine *machine,
                                void (*fn)(Machine *machine, MachineEvent event, void *opaque),
                                void *opaque);
void machine_unlisten(Machine *machine, MachineListener *listener);

/* For core/ itself: MACHINE_EVENT_CONSOLES. */
void machine_announce_consoles(Machine *machine);

/*
 * The guest's keyboard layout (machine->keymap_layout, -k), made when it is first asked for; it
 * belongs to the machine. NULL with an error if there is no such layout.
 */
const Keymap *machine_keymap(Machine *machine, GError **error);

/* A title for windows and remote desktops: -name, or "Vitrine". */
const char *machine_title(const Machine *machine);
