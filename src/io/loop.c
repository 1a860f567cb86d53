/*
 * The loop over libuv. One uv_async wakes it for posted tasks; a posted list is taken whole
 * under a lock and run in order. uv handles are closed asynchronously, so timers and watches
 * are freed by their close callback: after timer_free() no callback runs, the memory goes at
 * the end of the turn.
 */
#include "io/loop.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <uv.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"

struct signal_watch {
    uv_signal_t handle;
    loop_fn fn;
    void *ctx;
    struct list link;
};

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_timer_t limit; /* of loop_run_once() */
    pthread_t thread;
    bool is_running;
    bool is_stopping; /* under the lock */
    pthread_mutex_t lock;
    struct list posted; /* of struct loop_task, under the lock */
    struct list signals;
};

struct timer {
    uv_timer_t handle;
    struct loop *loop;
    loop_fn fn;
    void *ctx;
};

struct fd_watch {
    uv_poll_t handle;
    struct loop *loop;
    loop_fn fn;
    void *ctx;
};

struct path_watch {
    uv_fs_event_t handle;
    struct loop *loop;
    loop_fn fn;
    void *ctx;
};

/* Calls back and warns when that took the loop for too long. */
static void call(const struct loop *loop, loop_fn fn, void *ctx)
{
    uint64_t start = uv_hrtime();
    uint64_t took_ms;

    (void) loop;
    fn(ctx);
    took_ms = (uv_hrtime() - start) / 1000000;
    if (took_ms > LOOP_STALL_MS)
        log_warn(NULL, "a callback held the loop", LOG_I64(DURATION_MS, took_ms));
}

static void run_task(void *ctx)
{
    struct loop_task *task = ctx;

    task->run(task);
}

static void on_wake(uv_async_t *handle)
{
    struct loop *loop = handle->data;
    struct list taken;
    bool is_stopping;

    list_init(&taken);
    pthread_mutex_lock(&loop->lock);
    list_splice(&taken, &loop->posted);
    is_stopping = loop->is_stopping;
    pthread_mutex_unlock(&loop->lock);
    log_hold(); /* an effect that must come after its line belongs into a task posted now */
    while (!list_is_empty(&taken)) {
        struct loop_task *task = LIST_ENTRY(taken.next, struct loop_task, link);

        list_remove(&task->link);
        call(loop, run_task, task);
    }
    log_release();
    if (is_stopping)
        uv_stop(&loop->uv);
}

struct loop *loop_new(struct err *err)
{
    struct loop *loop = NEW(struct loop);
    int error = uv_loop_init(&loop->uv);

    if (error == 0)
        error = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (error == 0)
        error = uv_timer_init(&loop->uv, &loop->limit);
    if (error != 0) {
        err_sys(err, -error, "make the event loop");
        free(loop);
        return NULL;
    }
    loop->wake.data = loop;
    loop->thread = pthread_self();
    pthread_mutex_init(&loop->lock, NULL);
    list_init(&loop->posted);
    list_init(&loop->signals);
    return loop;
}

static void on_signal_closed(uv_handle_t *handle)
{
    free(CONTAINER_OF(handle, struct signal_watch, handle));
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    while (!list_is_empty(&loop->signals)) {
        struct signal_watch *w = LIST_ENTRY(loop->signals.next, struct signal_watch, link);

        list_remove(&w->link);
        uv_close((uv_handle_t *) &w->handle, on_signal_closed);
    }
    uv_close((uv_handle_t *) &loop->wake, NULL);
    uv_close((uv_handle_t *) &loop->limit, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT); /* lets close callbacks run */
    if (uv_loop_close(&loop->uv) != 0)
        log_error(NULL, "the event loop is freed with handles open");
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

void loop_run(struct loop *loop)
{
    loop->thread = pthread_self();
    loop->is_running = true;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    loop->is_running = false;
    pthread_mutex_lock(&loop->lock);
    loop->is_stopping = false;
    pthread_mutex_unlock(&loop->lock);
}

static void on_limit(uv_timer_t *handle)
{
    (void) handle; /* it only ends the wait */
}

void loop_run_once(struct loop *loop, uint64_t max_wait_ms)
{
    loop->thread = pthread_self();
    loop->is_running = true;
    uv_update_time(&loop->uv);
    /* It repeats: on a busy machine the first one may be over before the wait begins, and what
     * has no timer waits for ever. */
    uv_timer_start(&loop->limit, on_limit, max_wait_ms, max_wait_ms ? max_wait_ms : 1);
    uv_run(&loop->uv, UV_RUN_ONCE);
    uv_timer_stop(&loop->limit);
    loop->is_running = false;
}

void loop_stop(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    loop->is_stopping = true;
    pthread_mutex_unlock(&loop->lock);
    uv_async_send(&loop->wake);
}

void loop_assert(const struct loop *loop)
{
    assert(!loop->is_running || pthread_equal(loop->thread, pthread_self()));
}

struct mono loop_now(const struct loop *loop)
{
    return (struct mono){.ns = uv_now(&loop->uv) * 1000000U};
}

struct wall loop_wall(const struct loop *loop)
{
    (void) loop;
    return clock_wall();
}

void loop_post(struct loop *loop, struct loop_task *task)
{
    bool was_empty;

    pthread_mutex_lock(&loop->lock);
    was_empty = list_is_empty(&loop->posted);
    list_append(&loop->posted, &task->link);
    pthread_mutex_unlock(&loop->lock);
    if (was_empty)
        uv_async_send(&loop->wake);
}

void loop_unpost(struct loop *loop, struct loop_task *task)
{
    pthread_mutex_lock(&loop->lock);
    for (struct list *at = loop->posted.next; at != &loop->posted; at = at->next)
        if (at == &task->link) {
            list_remove(at);
            break;
        }
    pthread_mutex_unlock(&loop->lock);
}

static void on_timer(uv_timer_t *handle)
{
    struct timer *t = CONTAINER_OF(handle, struct timer, handle);

    call(t->loop, t->fn, t->ctx);
}

struct timer *timer_new(struct loop *loop, loop_fn fn, void *ctx)
{
    struct timer *t = NEW(struct timer);

    t->loop = loop;
    t->fn = fn;
    t->ctx = ctx;
    uv_timer_init(&loop->uv, &t->handle);
    return t;
}

void timer_start(struct timer *t, uint64_t delay_ms)
{
    loop_assert(t->loop);
    uv_update_time(&t->loop->uv);
    uv_timer_start(&t->handle, on_timer, delay_ms, 0);
}

void timer_stop(struct timer *t)
{
    loop_assert(t->loop);
    uv_timer_stop(&t->handle);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(CONTAINER_OF(handle, struct timer, handle));
}

void timer_free(struct timer *t)
{
    if (!t)
        return;
    loop_assert(t->loop);
    uv_timer_stop(&t->handle);
    uv_close((uv_handle_t *) &t->handle, on_timer_closed);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct fd_watch *w = CONTAINER_OF(handle, struct fd_watch, handle);

    (void) status;
    (void) events;
    call(w->loop, w->fn, w->ctx);
}

struct fd_watch *fd_watch_new(struct loop *loop, int fd, loop_fn fn, void *ctx, struct err *err)
{
    struct fd_watch *w = NEW(struct fd_watch);
    int error;

    loop_assert(loop);
    w->loop = loop;
    w->fn = fn;
    w->ctx = ctx;
    error = uv_poll_init(&loop->uv, &w->handle, fd);
    if (error == 0)
        error = uv_poll_start(&w->handle, UV_READABLE, on_poll);
    if (error == 0)
        return w;
    err_sys(err, -error, "watch file descriptor %d", fd);
    free(w);
    return NULL;
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(CONTAINER_OF(handle, struct fd_watch, handle));
}

void fd_watch_free(struct fd_watch *w)
{
    if (!w)
        return;
    loop_assert(w->loop);
    uv_poll_stop(&w->handle);
    uv_close((uv_handle_t *) &w->handle, on_watch_closed);
}

static void on_path(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct path_watch *w = CONTAINER_OF(handle, struct path_watch, handle);

    (void) name;
    (void) events;
    (void) status;
    call(w->loop, w->fn, w->ctx);
}

static void on_path_closed(uv_handle_t *handle)
{
    free(CONTAINER_OF(handle, struct path_watch, handle));
}

struct path_watch *path_watch_new(struct loop *loop, const char *path, loop_fn fn, void *ctx,
                                  struct err *err)
{
    struct path_watch *w = NEW(struct path_watch);
    int error;

    loop_assert(loop);
    w->loop = loop;
    w->fn = fn;
    w->ctx = ctx;
    error = uv_fs_event_init(&loop->uv, &w->handle);
    if (error != 0) {
        free(w);
        err_sys(err, -error, "watch %s", path);
        return NULL;
    }
    error = uv_fs_event_start(&w->handle, on_path, path, 0);
    if (error == 0)
        return w;
    uv_close((uv_handle_t *) &w->handle, on_path_closed);
    err_sys(err, -error, "watch %s", path);
    return NULL;
}

void path_watch_free(struct path_watch *w)
{
    if (!w)
        return;
    loop_assert(w->loop);
    uv_fs_event_stop(&w->handle);
    uv_close((uv_handle_t *) &w->handle, on_path_closed);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct signal_watch *w = CONTAINER_OF(handle, struct signal_watch, handle);

    (void) number;
    w->fn(w->ctx);
}

int loop_on_signal(struct loop *loop, int signal_number, loop_fn fn, void *ctx, struct err *err)
{
    struct signal_watch *w = NEW(struct signal_watch);
    int error;

    w->fn = fn;
    w->ctx = ctx;
    uv_signal_init(&loop->uv, &w->handle);
    list_append(&loop->signals, &w->link);
    error = uv_signal_start(&w->handle, on_signal, signal_number);
    return error ? err_sys(err, -error, "listen for signal %d", signal_number) : 0;
}
