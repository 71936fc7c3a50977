/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "app/build-info.h"
#include "core/error.h"

/* Names, because the library knows more calls than the headers of the system it is built on. Those
 * that this host's architecture never had are passed over. */

static const char *const obsolete_calls[] = {
    "_sysctl",         "afs_syscall", "create_module", "epoll_ctl_old", "epoll_wait_old",
    "get_kernel_syms", "getpmsg",     "ioperm",        "iopl",          "lookup_dcookie",
    "modify_ldt",      "nfsservctl",  "putpmsg",       "query_module",  "remap_file_pages",
    "security",        "sysfs",       "tuxcall",       "uselib",        "ustat",
    "vserver",         NULL,
};

/* What administers the host, or looks into other processes. */
static const char *const always_denied[] = {
    "acct",
    "add_key",
    "adjtimex",
    "bpf",
    "chroot",
    "clock_adjtime",
    "clock_settime",
    "delete_module",
    "fanotify_init",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "migrate_pages",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "personality",
    "pidfd_getfd",
    "pivot_root",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "swapoff",
    "swapon",
    "syslog",
    "umount2",
    "unshare",
    "userfaultfd",
    "vhangup",
    NULL,
};

static const char *const privilege_calls[] = {
    "capset",    "setfsgid",  "setfsuid", "setgid", "setgroups", "setregid",
    "setresgid", "setresuid", "setreuid", "setuid", NULL,
};

/* clone() is not among them: it makes threads, too. */
static const char *const spawn_calls[] = {"execve", "execveat", "fork", "vfork", NULL};

static const char *const resource_calls[] = {
    "ioprio_set",
    "mbind",
    "sched_setaffinity",
    "sched_setparam",
    "sched_setscheduler",
    "set_mempolicy",
    "set_mempolicy_home_node",
    "setpriority",
    "setrlimit",
    NULL,
};

gboolean sandbox_is_built(void)
{
    return TRUE;
}

gboolean sandbox_by_default(void)
{
    return VITRINE_SANDBOX_DEFAULT;
}

/* ---- rules; they return 0 or -errno, as the library does ---- */

static int deny(scmp_filter_ctx filter, const char *const *names)
{
    int result = 0;

    for (; *names && result == 0; names++) {
        int number = seccomp_syscall_resolve_name(*names);

        if (number >= 0) {
            result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
        }
    }
    return result;
}

/* Bytes put into a terminal are typed by whoever sits there, and read by that person's shell. */
static int deny_typing(scmp_filter_ctx filter)
{
    const guint64 requests[] = {TIOCSTI, TIOCLINUX};
    int result = 0;

    for (guint i = 0; i < G_N_ELEMENTS(requests) && result == 0; i++) {
        result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                                  SCMP_A1(SCMP_CMP_MASKED_EQ, G_MAXUINT32, requests[i]));
    }
    return result;
}

/* Threads are made all the time. clone3() keeps its flags in memory, where no filter sees them:
 * the C library falls back to clone() where it is missing. */
static int deny_spawn(scmp_filter_ctx filter)
{
    int clone3 = seccomp_syscall_resolve_name("clone3");
    int result = deny(filter, spawn_calls);

    if (result == 0 && clone3 >= 0) {
        result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0);
    }
    return result ? result
                  : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                     SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
}

/* To ask for a limit is fine. GLib gives the threads of its pools the settings of the thread that
 * made the pool, and complains loudly if it cannot: sched_setattr() does nothing, quietly. */
static int deny_resources(scmp_filter_ctx filter)
{
    int attributes = seccomp_syscall_resolve_name("sched_setattr");
    int result = deny(filter, resource_calls);

    if (result == 0 && attributes >= 0) {
        result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(0), attributes, 0);
    }
    return result ? result
                  : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prlimit64), 1,
                                     SCMP_A2(SCMP_CMP_NE, 0));
}

static int add_rules(scmp_filter_ctx filter, const SandboxConfig *config)
{
    int result = deny(filter, always_denied);

    if (result == 0) {
        result = deny_typing(filter);
    }
    if (result == 0 && config->obsolete == SANDBOX_DENY) {
        result = deny(filter, obsolete_calls);
    }
    if (result == 0 && config->privileges == SANDBOX_DENY) {
        result = deny(filter, privilege_calls);
    }
    if (result == 0 && config->spawn == SANDBOX_DENY) {
        result = deny_spawn(filter);
    }
    if (result == 0 && config->resources == SANDBOX_DENY) {
        result = deny_resources(filter);
    }
    return result;
}

/* All threads at once; a binary tree, since a processor's every exit goes through the filter. No
 * program that is started gains rights (no_new_privs), which the library sees to. */
static int set_attributes(scmp_filter_ctx filter)
{
    static const struct {
        enum scmp_filter_attr attribute;
        guint32 value;
    } attributes[] = {
        {SCMP_FLTATR_CTL_TSYNC, 1},
        {SCMP_FLTATR_CTL_OPTIMIZE, 2},
        {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS},
    };
    int result = 0;

    for (guint i = 0; i < G_N_ELEMENTS(attributes) && result == 0; i++) {
        result = seccomp_attr_set(filter, attributes[i].attribute, attributes[i].value);
    }
    return result;
}

gboolean sandbox_enter(const SandboxConfig *config, GError **error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int result = filter ? set_attributes(filter) : -ENOMEM;

    if (result == 0) {
        result = add_rules(filter, config);
    }
    if (result == 0) {
        result = seccomp_load(filter);
    }
    if (filter) {
        seccomp_release(filter);
    }
    return result == 0 ||
           error_set(error, "-sandbox: the kernel does not take the filter of system calls: %s",
                     g_strerror(-result));
}
