/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

static int ready_fd = -1; /* write end of the pipe that a daemon's parent reads */
static int pidfile_fd = -1;
typedef struct GuardedTty {
    int fd;  /* valid while `saved` is there */
    int own; /* our own descriptor of the same terminal, which no other thread writes to, or -1 */
    const struct termios *saved;
    const char *restore;
} GuardedTty;

/* Read by a signal handler: `saved` is set last and cleared first. */
#define GUARDED_MAX       16
#define CRASH_SETTLE_MS   10 /* for a write of another thread that is in the kernel */
#define CRASH_WAIT_MS     1000
#define CRASH_WRITE_TRIES 100
static GuardedTty guarded[GUARDED_MAX];
static int quiet[2] = {-1, -1}; /* a socket nobody reads or writes, made with the first of them */
static gboolean crashed;

static char *pidfile_path; /* absolute: a daemon changes its folder */

G_NORETURN static void wait_for_child(int fd)
{
    char status = 1;
    ssize_t n;

    do {
        n = read(fd, &status, 1);
    } while (n < 0 && errno == EINTR);
    _exit(n == 1 ? status : 1);
}

gboolean process_daemonize(GError **error)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        return error_set_errno(error, errno, "-daemonize: cannot make a pipe");
    }
    pid = fork();
    if (pid < 0) {
        return error_set_errno(error, errno, "-daemonize: cannot fork");
    }
    if (pid > 0) {
        close(ends[1]);
        wait_for_child(ends[0]);
    }
    close(ends[0]);
    ready_fd = ends[1];
    setsid();
    /* The child of a session leader cannot get a controlling terminal by opening one. */
    pid = fork();
    if (pid < 0) {
        return error_set_errno(error, errno, "-daemonize: cannot fork");
    }
    if (pid > 0) {
        _exit(0);
    }
    umask(027);
    return TRUE;
}

void process_ready(void)
{
    const char good = 0;
    int null;

    if (ready_fd < 0) {
        return;
    }
    null = open("/dev/null", O_RDWR);
    if (null < 0 || chdir("/") < 0) {
        return; /* the parent hears of our end */
    }
    for (int fd = 0; fd <= 2; fd++) {
        dup2(null, fd);
    }
    if (null > 2) {
        close(null);
    }
    if (write(ready_fd, &good, 1) < 0) {
        /* The parent was killed; the machine goes on. */
    }
    close(ready_fd);
    ready_fd = -1;
}

gboolean process_write_pidfile(const char *path, GError **error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char text[32];
    int length = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);

    if (fd < 0) {
        return error_set_errno(error, errno, "-pidfile: cannot open '%s'", path);
    }
    if (fcntl(fd, F_SETLK, &lock) < 0) {
        close(fd);
        return error_set(error, "-pidfile: '%s' belongs to another machine that is running", path);
    }
    if (ftruncate(fd, 0) < 0 || write(fd, text, (size_t)length) != length) {
        error_set_errno(error, errno, "-pidfile: cannot write '%s'", path);
        unlink(path);
        close(fd);
        return FALSE;
    }
    pidfile_fd = fd;
    pidfile_path = realpath(path, NULL);
    return TRUE;
}

void process_remove_pidfile(void)
{
    if (pidfile_fd >= 0) {
        if (pidfile_path) {
            unlink(pidfile_path);
        }
        close(pidfile_fd);
        pidfile_fd = -1;
    }
    g_clear_pointer(&pidfile_path, free);
}

/* ---- rights ---- */

gboolean process_enter_folder(const char *folder, GError **error)
{
    if (chroot(folder) < 0 || chdir("/") < 0) {
        return error_set_errno(error, errno, "-chroot: cannot go to '%s'", folder);
    }
    g_clear_pointer(&pidfile_path, free); /* the name means another file now */
    return TRUE;
}

gboolean process_become(const char *name, guint uid, guint gid, GError **error)
{
    gboolean good = (name ? initgroups(name, gid) : setgroups(1, &gid)) == 0 && setgid(gid) == 0 &&
                    setuid(uid) == 0;

    if (!good) {
        return error_set_errno(error, errno, "-runas: cannot become %u:%u", uid, gid);
    }
    /* A kernel with odd settings may have kept the way back open. */
    return uid == 0 || setuid(0) < 0 ||
           error_set(error, "-runas: user %u can become root again", uid);
}

/* ---- crashes ---- */

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

/* Writes all of it to a terminal that may be full, but does not wait for one that is stopped. */
static void crash_write(int fd, const char *text)
{
    size_t left = strlen(text);

    for (int i = 0; i < CRASH_WRITE_TRIES && left > 0; i++) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        ssize_t n = write(fd, text, left);

        if (n > 0) {
            text += n;
            left -= (size_t)n;
        } else if (poll(&ready, 1, CRASH_WAIT_MS) <= 0) {
            return;
        }
    }
}

/* This and what it calls: only what signal-safety(7) allows. */
static void on_crash(int number)
{
    __atomic_store_n(&crashed, TRUE, __ATOMIC_RELEASE);
    /* What other threads still write, in the middle of a frame, shall not follow. */
    for (int i = 0; i < GUARDED_MAX; i++) {
        if (__atomic_load_n(&guarded[i].saved, __ATOMIC_ACQUIRE) && guarded[i].own >= 0) {
            dup2(quiet[0], guarded[i].fd);
            poll(NULL, 0, CRASH_SETTLE_MS);
        }
    }
    for (int i = 0; i < GUARDED_MAX; i++) {
        const struct termios *saved = __atomic_load_n(&guarded[i].saved, __ATOMIC_ACQUIRE);
        int fd = guarded[i].own >= 0 ? guarded[i].own : guarded[i].fd;

        if (saved) {
            crash_write(fd, guarded[i].restore);
            tcsetattr(fd, TCSANOW, saved);
        }
    }
    /* SA_RESETHAND: the second time is the default's. */
    raise(number);
}

static gboolean make_quiet(void)
{
    return quiet[0] >= 0 ||
           socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, quiet) == 0;
}

void process_guard_tty(int fd, const struct termios *saved, const char *restore)
{
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    struct sigaction before;

    if (__atomic_load_n(&crashed, __ATOMIC_ACQUIRE)) {
        return; /* another thread is at it */
    }
    for (int i = 0; i < GUARDED_MAX; i++) {
        if (!saved && guarded[i].saved && guarded[i].fd == fd) {
            __atomic_store_n(&guarded[i].saved, NULL, __ATOMIC_RELEASE);
            if (guarded[i].own >= 0) {
                close(guarded[i].own);
            }
            return;
        }
        if (saved && !guarded[i].saved) {
            guarded[i].fd = fd;
            guarded[i].own = make_quiet() ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
            guarded[i].restore = restore;
            __atomic_store_n(&guarded[i].saved, saved, __ATOMIC_RELEASE);
            break;
        }
    }
    for (size_t i = 0; saved && i < G_N_ELEMENTS(crash_signals); i++) {
        /* A sanitizer's own handler stays. */
        if (sigaction(crash_signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL) {
            sigaction(crash_signals[i], &action, NULL);
        }
    }
}
