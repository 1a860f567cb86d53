/*
 * pods/shim/pod_test.h - for tests of the shim's program: plans by words, a run of the program
 * that TIPHYS_SHIM names, what it leaves behind.
 */
#pragma once

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "pods/shim/plan.h"

enum { PLAN_BYTES = 1 << 20, TAKES_TOO_LONG_S = 20 };

struct world {
    char dir[64];
    char *plan;
    size_t plan_len;
    struct pod_record record; /* as the shim left it */
};

static inline const char *file_in(const struct world *w, const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", w->dir, name);
    return path;
}

static inline int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    snprintf(w->dir, sizeof(w->dir), "/tmp/tiphys-shim-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    w->plan = calloc(1, PLAN_BYTES);
    *state = w;
    return 0;
}

static inline int teardown(void **state)
{
    struct world *w = *state;
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", w->dir);
    assert_int_equal(system(command), 0);
    free(w->plan);
    free(w);
    return 0;
}

static inline void word(struct world *w, const char *key, const char *value)
{
    size_t key_len = strlen(key) + 1, value_len = strlen(value) + 1;

    assert_true(w->plan_len + key_len + value_len < PLAN_BYTES);
    memcpy(w->plan + w->plan_len, key, key_len);
    memcpy(w->plan + w->plan_len + key_len, value, value_len);
    w->plan_len += key_len + value_len;
}

/* One container "main" (or @name) that runs a shell script in the pod's folder. */
static inline void script(struct world *w, const char *name, const char *text)
{
    char log[64];

    snprintf(log, sizeof(log), "%s.log", name);
    word(w, "container", name);
    word(w, "cwd", w->dir);
    word(w, "log", log);
    word(w, "env", "PATH=/usr/bin:/bin");
    word(w, "arg", "/bin/sh");
    word(w, "arg", "-c");
    word(w, "arg", text);
}

static inline void write_record(struct world *w, const struct pod_record *record)
{
    int fd = open(file_in(w, POD_RECORD_FILE), O_RDWR | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, record, sizeof(*record)), sizeof(*record));
    assert_int_equal(write(fd, w->plan, w->plan_len), w->plan_len);
    close(fd);
}

static inline struct pod_record planned(const struct world *w)
{
    return (struct pod_record){.magic = POD_RECORD_MAGIC, .plan_bytes = (uint32_t) w->plan_len};
}

static inline pid_t start(const struct world *w)
{
    pid_t pid = fork();

    if (pid == 0) {
        close_range(3, ~0U, 0);
        execl(getenv("TIPHYS_SHIM"), "tiphys-shim", w->dir, (char *) NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

static inline void read_record(struct world *w)
{
    int fd = open(file_in(w, POD_RECORD_FILE), O_RDONLY);

    assert_true(fd >= 0);
    assert_int_equal(read(fd, &w->record, sizeof(w->record)), sizeof(w->record));
    close(fd);
}

/* The shim's exit status; one that hangs is a fault of its own. */
static inline int finish(struct world *w, pid_t pid)
{
    int status = 0;

    for (int i = 0; i < TAKES_TOO_LONG_S * 100; i++) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            read_record(w);
            assert_true(WIFEXITED(status));
            return WEXITSTATUS(status);
        }
        usleep(10000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    fail_msg("the shim does not end");
    return -1;
}

static inline void run(struct world *w)
{
    struct pod_record record = planned(w);
    int status;

    write_record(w, &record);
    status = finish(w, start(w));
    assert_int_equal(status, 0);
    assert_int_equal(w->record.state, POD_RECORD_ENDED);
}

/* A file of the pod's folder; static memory, "" when there is none. */
static inline const char *text_of(const struct world *w, const char *name)
{
    static char text[8192];
    int fd = open(file_in(w, name), O_RDONLY);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;

    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

/* The first line of the log behind its time. */
static inline const char *log_text(const struct world *w)
{
    const char *text = text_of(w, "main.log");

    return *text ? text + strlen("2026-01-01T00:00:00.000000000Z ") : "";
}

static inline int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void wait_for_file(const struct world *w, const char *name)
{
    for (int i = 0; i < 1000 && access(file_in(w, name), F_OK) < 0; i++)
        usleep(10000);
    assert_int_equal(access(file_in(w, name), F_OK), 0);
}
