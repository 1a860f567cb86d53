/* bench/bench.h - one result line of a benchmark: a JSON object that tools/bench gathers. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static inline double bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

enum { BENCH_PATH_BYTES = 256 };

/*
 * A new folder below build/bench.data, which tools/bench removes at the very end: an ext4
 * without a journal looks at every inode that was deleted lately when it makes a new one, so a
 * benchmark that cleans up slows down the next one.
 */
static inline void bench_folder(char ret[BENCH_PATH_BYTES])
{
    char relative[] = "build/bench.data/XXXXXX";
    char *full;

    mkdir("build/bench.data", 0700);
    full = mkdtemp(relative) ? realpath(relative, NULL) : NULL;
    if (!full || snprintf(ret, BENCH_PATH_BYTES, "%s", full) >= BENCH_PATH_BYTES) {
        fprintf(stderr, "bench: cannot make build/bench.data: run from the top of the tree\n");
        exit(1);
    }
    free(full);
}

/* @value is ours, @yardstick the bare thing's of the same run, both in @unit, more is better.
 */
static inline void bench_print(const char *name, double value, const char *unit,
                               double yardstick, double goal_ratio)
{
    printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"%s\",\"yardstick\":%.1f,\"ratio\":%.2f,"
           "\"goal_ratio\":%.2f}\n",
           name, value, unit, yardstick, yardstick > 0 ? value / yardstick : 0.0, goal_ratio);
    fflush(stdout);
}

/* The decimal number in a line like "VmRSS:  1234 kB". */
static inline double bench_number(const char *line)
{
    double value = 0;

    for (; *line && (*line < '0' || *line > '9'); line++)
        continue;
    for (; *line >= '0' && *line <= '9'; line++)
        value = 10 * value + (*line - '0');
    return value;
}

/* Kilobytes of a line of /proc/self/status: "VmRSS", "VmHWM". */
static inline double bench_status_kb(const char *name)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[200];
    double kb = 0;

    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, name, strlen(name)) == 0)
            kb = bench_number(line);
    if (f)
        fclose(f);
    return kb;
}

/* Where less is better: @goal is the bound itself, and the ratio says how much room is left. */
static inline void bench_print_less(const char *name, double value, const char *unit,
                                    double goal)
{
    printf("{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\",\"yardstick\":%.3f,\"ratio\":%.2f,"
           "\"goal_ratio\":1.00}\n",
           name, value, unit, goal, value > 0 ? goal / value : 1.0);
    fflush(stdout);
}
