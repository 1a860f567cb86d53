/* The loop and the workers: order of tasks from many threads, timers, watches, signals, jobs
 * and their limits. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/workers.h"

enum { POSTERS = 4, POSTS = 500 };

struct posted {
    struct loop_task task;
    int *count;
    int poster, number;
    int *last;
};

static void on_post(struct loop_task *task)
{
    struct posted *p = CONTAINER_OF(task, struct posted, task);

    assert_true(p->number > p->last[p->poster]); /* in order of posting, for each thread */
    p->last[p->poster] = p->number;
    (*p->count)++;
    free(p);
}

struct poster {
    struct loop *loop;
    int number, *count, *last;
};

static void *post_many(void *ctx)
{
    struct poster *p = ctx;

    for (int i = 1; i <= POSTS; i++) {
        struct posted *task = NEW(struct posted);

        *task = (struct posted){.task.run = on_post,
                                .count = p->count,
                                .poster = p->number,
                                .number = i,
                                .last = p->last};
        loop_post(p->loop, &task->task);
    }
    return NULL;
}

static void test_posts_from_threads(void **state)
{
    struct err err;
    struct loop *loop = loop_new(&err);
    struct poster posters[POSTERS];
    pthread_t threads[POSTERS];
    int count = 0, last[POSTERS] = {0};

    (void) state;
    for (int i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){.loop = loop, .number = i, .count = &count, .last = last};
        pthread_create(&threads[i], NULL, post_many, &posters[i]);
    }
    for (int i = 0; i < 10000 && count < POSTERS * POSTS; i++)
        loop_run_once(loop, 10);
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(count, POSTERS * POSTS);
    loop_free(loop);
}

static void count_up(void *ctx)
{
    (*(int *) ctx)++;
}

static void test_timers(void **state)
{
    struct err err;
    struct loop *loop = loop_new(&err);
    int early = 0, late = 0, never = 0;
    struct timer *a = timer_new(loop, count_up, &early), *b = timer_new(loop, count_up, &late),
                 *c = timer_new(loop, count_up, &never);

    (void) state;
    timer_start(a, 1);
    timer_start(b, 5000);
    timer_start(b, 2); /* armed again: the last one counts */
    timer_start(c, 1);
    timer_stop(c);
    for (int i = 0; i < 500 && !late; i++)
        loop_run_once(loop, 10);
    assert_int_equal(early, 1);
    assert_int_equal(late, 1);
    assert_int_equal(never, 0);
    timer_free(a);
    timer_free(b);
    timer_free(c);
    loop_free(loop);
}

struct watched {
    int fd, count;
    struct fd_watch *watch;
};

static void on_readable(void *ctx)
{
    struct watched *w = ctx;
    uint64_t n;

    assert_int_equal(read(w->fd, &n, sizeof(n)), sizeof(n));
    w->count++;
    if (w->count == 2)
        fd_watch_free(TAKE(w->watch)); /* inside of its own callback */
}

static void test_watches(void **state)
{
    struct err err;
    struct loop *loop = loop_new(&err);
    struct watched w = {.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};

    (void) state;
    w.watch = fd_watch_new(loop, w.fd, on_readable, &w, &err);
    assert_non_null(w.watch);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(eventfd_write(w.fd, 1), 0);
        loop_run_once(loop, 100);
    }
    assert_int_equal(w.count, 2);
    loop_free(loop);
    close(w.fd);
}

static void on_path_change(void *ctx)
{
    ++*(int *) ctx;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void turn_until(struct loop *loop, const int *count, int least)
{
    for (int i = 0; i < 100 && *count < least; i++)
        loop_run_once(loop, 50);
    assert_true(*count >= least);
}

/* A folder's files are made, written and renamed; a folder that is not there is an error. */
static void test_paths(void **state)
{
    char folder[] = "/tmp/loop_test.XXXXXX", path[64], other[64];
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    struct path_watch *w;
    int count = 0, before;

    (void) state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a", folder);
    snprintf(other, sizeof(other), "%s/b", folder);
    assert_null(path_watch_new(loop, path, on_path_change, &count, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    w = path_watch_new(loop, folder, on_path_change, &count, &err);
    assert_non_null(w);
    write_file(path, "x");
    turn_until(loop, &count, 1);
    before = count;
    write_file(path, "y");
    turn_until(loop, &count, before + 1);
    before = count;
    assert_int_equal(rename(path, other), 0);
    turn_until(loop, &count, before + 1);
    path_watch_free(w);
    loop_run_once(loop, 0);
    before = count;
    assert_int_equal(unlink(other), 0);
    loop_run_once(loop, 20);
    assert_int_equal(count, before);
    assert_int_equal(rmdir(folder), 0);
    loop_free(loop);
}

static void test_signals(void **state)
{
    struct err err;
    struct loop *loop = loop_new(&err);
    int count = 0;

    (void) state;
    assert_int_equal(loop_on_signal(loop, SIGUSR1, count_up, &count, &err), 0);
    raise(SIGUSR1);
    for (int i = 0; i < 100 && !count; i++)
        loop_run_once(loop, 10);
    assert_int_equal(count, 1);
    loop_free(loop);
}

struct work {
    struct job job;
    int *done, *running, *most;
    pthread_t ran_on;
};

static void run_work(struct job *job)
{
    struct work *work = CONTAINER_OF(job, struct work, job);
    int now = __atomic_add_fetch(work->running, 1, __ATOMIC_SEQ_CST);
    int most = __atomic_load_n(work->most, __ATOMIC_SEQ_CST);

    while (now > most && !__atomic_compare_exchange_n(work->most, &most, now, false,
                                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        continue;
    work->ran_on = pthread_self();
    usleep(200);
    __atomic_sub_fetch(work->running, 1, __ATOMIC_SEQ_CST);
}

static void done_work(struct job *job)
{
    struct work *work = CONTAINER_OF(job, struct work, job);

    assert_false(pthread_equal(work->ran_on, pthread_self()));
    (*work->done)++;
    free(work);
}

static void test_jobs(void **state)
{
    struct err err;
    struct loop *loop = loop_new(&err);
    struct workers *workers = workers_new(loop, 4, &err);
    int done = 0, running = 0, most = 0;

    (void) state;
    for (int i = 0; i < 100; i++) {
        struct work *work = NEW(struct work);

        *work = (struct work){.job = {.run = run_work, .done = done_work, .class = JOB_BULK},
                              .done = &done,
                              .running = &running,
                              .most = &most};
        assert_int_equal(workers_submit(workers, &work->job, &err), 0);
    }
    workers_free(workers);
    for (int i = 0; i < 100 && done < 100; i++)
        loop_run_once(loop, 10);
    assert_int_equal(done, 100);
    assert_true(most <= 2); /* bulk holds at most half of the threads */
    loop_free(loop);
}

static void take_time(int number)
{
    uint64_t from = clock_mono().ns;

    (void) number;
    while (clock_mono().ns - from < 3000000)
        continue;
}

/* Others take the processor at any place: a wait of one millisecond still comes to its end. */
static void test_wait_on_a_busy_machine(void **state)
{
    struct itimerval often = {.it_interval.tv_usec = 3300, .it_value.tv_usec = 1000};
    struct sigaction action = {.sa_handler = take_time, .sa_flags = SA_RESTART};
    struct itimerval never = {0};
    struct err err;
    struct loop *loop = loop_new(&err);
    int waits = 0;

    (void) state;
    assert_non_null(loop);
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    for (; waits < 200; waits++) /* one that lasts for ever is the failure */
        loop_run_once(loop, (uint64_t) (waits % 3));
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    action.sa_handler = SIG_DFL;
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(waits, 200);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_posts_from_threads),
        cmocka_unit_test(test_timers),
        cmocka_unit_test(test_watches),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_wait_on_a_busy_machine),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
