/*
 * bench/served.h - the real daemon as benchmarks see it: started on a folder, asked over
 * connections that stay, looked at from outside.
 */
#pragma once

#include <sys/types.h>

#include "bench/bench.h"

struct served {
    pid_t pid;
    int port;
    const char *program; /* of the CLI and the daemon */
};

/* Starts a daemon on a folder and waits for its port; the CLI finds it by ARGO_SERVER. Ends the
 * program when it does not start. */
void served_start(struct served *s, char *data);

/* Ends it by SIGTERM. */
void served_stop(struct served *s);

/* Seconds from the start of a daemon to its first answer to /healthz. */
double served_start_s(struct served *s, char *data);

/* Its memory now. */
double served_resident_mb(const struct served *s);

/* The most that it ever was. */
double served_peak_mb(const struct served *s);

/* How often its threads have gone to sleep so far. */
double served_sleeps(const struct served *s);

/* A program whose output goes nowhere. */
pid_t served_spawn(const char *program, char *const args[]);

/* A command that must succeed; its output goes nowhere. */
void served_run(const char *program, char *const args[]);

/* A port of this machine's loopback that nobody listens at. */
int served_free_port(void);

/* Until somebody listens there; ends the program when nobody does. */
void served_wait(int port);

/* A connection to the API; the socket. */
int served_connect(const struct served *s);

/* One request on a connection that stays, its answer read to the end; bytes of the body. Ends
 * the program when the status is not 2xx. */
size_t served_ask(int fd, const char *method, const char *path, const char *type,
                  const char *body);

/* The middle of some times; sorts them. */
double bench_middle(double *values, int count);

/* The value below which @share of them lie; sorts them. */
double bench_share(double *values, size_t count, double share);

/* What something takes, by the clock and by the processors. */
struct bench_took {
    double s, cpu_s;
};

/* All that this process and those that it has waited for have used so far. */
struct bench_took bench_used(void);

/* @best becomes the less of itself, unless it is empty, and what was used since @from. */
void bench_take(struct bench_took *best, struct bench_took from);

/* Two rows, NAME and NAME_by_cpu: @amount of @unit by the seconds of both sides. */
void bench_print_took(const char *name, double amount, const char *unit,
                      const struct bench_took *ours, const struct bench_took *bare,
                      double goal_ratio);
