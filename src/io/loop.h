/*
 * io/loop.h - the one thread that owns the domain: timers, file descriptors, signals, posted
 * tasks.
 *
 * A thin room over libuv that adds what the house needs: one time reading a turn, stall
 * warnings, ordered stop. Unless said otherwise, functions run on the loop's thread (or before
 * loop_run()). No other room includes uv.h.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"

struct loop;
struct timer;
struct fd_watch;
struct path_watch;

typedef void (*loop_fn)(void *ctx);

/* Work posted from any thread; embed it in what it is about. One task is in the queue at most
 * once at a time. */
struct loop_task {
    struct list link; /* the loop's, while posted */
    void (*run)(struct loop_task *task);
};

/** loop_new() - a loop; owned; NULL and @err on failure */
struct loop *loop_new(struct err *err);

/** loop_free() - release a stopped loop; all timers and watches must be gone */
void loop_free(struct loop *loop);

/** loop_run() - run callbacks until loop_stop(); makes the calling thread the loop's thread */
void loop_run(struct loop *loop);

/** loop_run_once() - run what is due, waiting at most @max_wait_ms for the first; for tests and
 * simulation */
void loop_run_once(struct loop *loop, uint64_t max_wait_ms);

/** loop_stop() - make loop_run() return at the end of this turn; any thread */
void loop_stop(struct loop *loop);

/** loop_assert() - abort unless called on the loop's thread (or before it runs) */
void loop_assert(const struct loop *loop);

/** loop_now() - the monotonic time of this turn: one reading a turn */
struct mono loop_now(const struct loop *loop);

/** loop_wall() - the Unix time of this turn */
struct wall loop_wall(const struct loop *loop);

/** loop_post() - run a task on the loop soon, in order of posting; any thread; @task stays the
 * caller's and must live until run */
void loop_post(struct loop *loop, struct loop_task *task);

/** loop_unpost() - take a task back that has not begun; for who releases it when the loop runs no
 * more. Not from a task or callback of the loop */
void loop_unpost(struct loop *loop, struct loop_task *task);

/** timer_new() - a one-shot timer, not yet started; owned */
struct timer *timer_new(struct loop *loop, loop_fn fn, void *ctx);

/** timer_start() - (re)arm to fire once after @delay_ms */
void timer_start(struct timer *t, uint64_t delay_ms);

/** timer_stop() - disarm; after it returns the callback does not run */
void timer_stop(struct timer *t);

/** timer_free() - disarm and release; NULL is a no-op; allowed inside its own callback */
void timer_free(struct timer *t);

/** fd_watch_new() - call @fn whenever @fd is readable (also end of file, pidfd exit); the fd
 * stays the caller's; NULL on failure */
struct fd_watch *fd_watch_new(struct loop *loop, int fd, loop_fn fn, void *ctx,
                              struct err *err);

/** fd_watch_free() - stop watching; NULL is a no-op; allowed inside its own callback; then the
 * fd may be closed */
void fd_watch_free(struct fd_watch *w);

/** path_watch_new() - call @fn when something in a folder was made, written, renamed or removed
 * (not below its folders), or when a file was written; which, is not told; NULL on failure */
struct path_watch *path_watch_new(struct loop *loop, const char *path, loop_fn fn, void *ctx,
                                  struct err *err);

/** path_watch_free() - stop watching; NULL is a no-op; allowed inside its own callback */
void path_watch_free(struct path_watch *w);

/** loop_on_signal() - call @fn on the loop for each arrival of a signal, for the life of the
 * loop */
int loop_on_signal(struct loop *loop, int signal_number, loop_fn fn, void *ctx,
                   struct err *err);
