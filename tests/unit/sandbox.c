/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each check runs in a process of its own, since there is no way out of the sandbox. */
#include "app/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Returns the line of the first check that did not hold, or 0. */
typedef int (*Check)(void);

#define WANT(condition)      \
    do {                     \
        if (!(condition)) {  \
            return __LINE__; \
        }                    \
    } while (0)

#define DENIED(call) ((errno = 0), (call) == -1 && errno == EPERM)

static gpointer sleeper(gpointer data)
{
    while (!g_atomic_int_get((int *)data)) {
        g_usleep(1000);
    }
    return GINT_TO_POINTER(syscall(SYS_ptrace, PTRACE_PEEKDATA, 1, 0, 0) == -1 && errno == EPERM);
}

static gpointer nothing(gpointer data)
{
    return data;
}

static void do_nothing(gpointer data, gpointer opaque)
{
}

/* ---- what is checked ---- */

static int check_denied(void)
{
    struct rlimit limit = {1, 1};
    cpu_set_t cpus;
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    char byte = 'x';

    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    WANT(DENIED(fork()));
    WANT(DENIED(vfork()));
    WANT(DENIED(execl("/bin/true", "true", NULL)));
    WANT(system("true") != 0);
    WANT(DENIED(syscall(SYS_setuid, 0)));
    WANT(DENIED(syscall(SYS_setresgid, 0, 0, 0)));
    WANT(DENIED(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)));
    WANT(DENIED(mount("none", "/mnt", "tmpfs", 0, NULL)));
    WANT(DENIED(unshare(CLONE_NEWUSER)));
    WANT(DENIED(chroot("/")));
    WANT(DENIED(syscall(SYS_bpf, 0, NULL, 0)));
    WANT(DENIED(syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0)));
    WANT(DENIED(syscall(SYS_modify_ldt, 0, NULL, 0)));
    WANT(DENIED(setpriority(PRIO_PROCESS, 0, 0)));
    WANT(DENIED(sched_setaffinity(0, sizeof(cpus), &cpus)));
    WANT(DENIED(setrlimit(RLIMIT_NOFILE, &limit)));
    WANT(fd >= 0 && DENIED(ioctl(fd, TIOCSTI, &byte)));
    WANT(DENIED(syscall(SYS_ioctl, fd, 0x100000000ULL | TIOCSTI, &byte)));
    return 0;
}

/* What a machine does all the time. */
static int check_allowed(void)
{
    struct rlimit limit;
    GThread *thread = g_thread_new("one", nothing, &limit);
    int fds[2];
    void *memory;

    WANT(g_thread_join(thread) == &limit);
    WANT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    WANT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    WANT(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
    WANT(open("/dev/null", O_RDWR | O_CLOEXEC) >= 0);
    WANT(posix_openpt(O_RDWR | O_NOCTTY) >= 0);
    memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    WANT(memory != MAP_FAILED && mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0);
    WANT(kill(getpid(), 0) == 0);
    return 0;
}

/* No word on stderr from pools, whose threads take over attributes. */
static int check_pool(void)
{
    GThreadPool *pool = g_thread_pool_new(do_nothing, NULL, 2, FALSE, NULL);

    g_log_set_always_fatal(G_LOG_LEVEL_MASK);
    WANT(g_thread_pool_push(pool, &pool, NULL));
    g_thread_pool_free(pool, FALSE, TRUE);
    return 0;
}

static int check_spawn_allowed(void)
{
    WANT(system("exit 3") == 3 << 8);
    WANT(DENIED(syscall(SYS_setuid, 0)));
    WANT(DENIED(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)));
    return 0;
}

static int check_children(void)
{
    WANT(syscall(SYS_setuid, getuid()) == 0);
    WANT(DENIED(fork()));
    return 0;
}

static int check_resources_allowed(void)
{
    WANT(setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0)) == 0);
    WANT(DENIED(syscall(SYS_modify_ldt, 0, NULL, 0)));
    return 0;
}

/* ---- processes ---- */

static void run(const SandboxConfig *config, Check check)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        g_autoptr(GError) error = NULL;

        _exit(sandbox_enter(config, &error) ? check() : 255);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static void test_all(void)
{
    const SandboxConfig config = {.on = TRUE};

    run(&config, check_denied);
    run(&config, check_allowed);
    run(&config, check_pool);
}

static void test_groups(void)
{
    const SandboxConfig spawn = {.on = TRUE, .spawn = SANDBOX_ALLOW};
    const SandboxConfig children = {.on = TRUE, .privileges = SANDBOX_CHILDREN};
    const SandboxConfig resources = {.on = TRUE, .resources = SANDBOX_ALLOW};

    run(&spawn, check_spawn_allowed);
    run(&children, check_children);
    run(&resources, check_resources_allowed);
}

/* A thread that was there before is in it, too. */
static void test_threads(void)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        const SandboxConfig config = {.on = TRUE};
        int go = 0;
        GThread *thread = g_thread_new("before", sleeper, &go);

        if (!sandbox_enter(&config, NULL)) {
            _exit(2);
        }
        g_atomic_int_set(&go, 1);
        _exit(g_thread_join(thread) ? 0 : 1);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sandbox/all", test_all);
    g_test_add_func("/sandbox/groups", test_groups);
    g_test_add_func("/sandbox/threads", test_threads);
    return g_test_run();
}
