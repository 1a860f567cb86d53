/*
 * A pool of threads over two queues. Quick jobs go first; at most half of the threads hold bulk
 * jobs. done() is posted to the loop through the job's own task, so a finished job costs no
 * memory.
 */
#include "io/workers.h"

#include <pthread.h>
#include <signal.h>

#include "base/limits.h"
#include "base/mem.h"

struct workers {
    struct loop *loop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct list quick, bulk; /* all below: under the lock */
    unsigned waiting, bulk_running, bulk_max, idle;
    bool is_stopping;
    unsigned thread_count;
    pthread_t *threads;
};

static void on_done(struct loop_task *task)
{
    struct job *job = CONTAINER_OF(task, struct job, task);

    job->done(job);
}

/* The next job that may run now, or NULL. */
static struct job *take_job(struct workers *w)
{
    struct list *from = NULL;
    struct job *job;

    if (!list_is_empty(&w->quick))
        from = &w->quick;
    else if (!list_is_empty(&w->bulk) && w->bulk_running < w->bulk_max)
        from = &w->bulk;
    if (!from)
        return NULL;
    job = LIST_ENTRY(from->next, struct job, link);
    list_remove(&job->link);
    w->waiting--;
    w->bulk_running += from == &w->bulk;
    return job;
}

static void run_job(struct workers *w, struct job *job)
{
    bool is_bulk = job->class == JOB_BULK;
    bool has_done = job->done != NULL;

    pthread_mutex_unlock(&w->lock);
    job->run(job);
    if (has_done)
        loop_post(w->loop, &job->task);
    pthread_mutex_lock(&w->lock);
    w->bulk_running -= is_bulk;
}

static void *worker_main(void *ctx)
{
    struct workers *w = ctx;
    struct job *job;

    pthread_mutex_lock(&w->lock);
    for (;;) {
        while ((job = take_job(w)))
            run_job(w, job);
        if (w->is_stopping && w->waiting == 0)
            break;
        w->idle++;
        pthread_cond_wait(&w->wake, &w->lock);
        w->idle--;
    }
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct workers *workers_new(struct loop *loop, unsigned count, struct err *err)
{
    struct workers *w = NEW(struct workers);
    sigset_t all, kept;
    int error = 0;

    w->loop = loop;
    w->bulk_max = count > 1 ? count / 2 : 1;
    w->threads = mem_array(count, sizeof(*w->threads));
    list_init(&w->quick);
    list_init(&w->bulk);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept); /* signals are the loop's */
    while (w->thread_count < count && error == 0) {
        error = pthread_create(&w->threads[w->thread_count], NULL, worker_main, w);
        w->thread_count += error == 0;
    }
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    if (error == 0)
        return w;
    err_sys(err, error, "start worker %u of %u", w->thread_count + 1, count);
    workers_free(w);
    return NULL;
}

int workers_submit(struct workers *w, struct job *job, struct err *err)
{
    bool has_idle;

    job->task.run = on_done;
    pthread_mutex_lock(&w->lock);
    if (w->is_stopping || w->waiting >= JOB_QUEUE_MAX) {
        pthread_mutex_unlock(&w->lock);
        return err_set(err, ERR_TRANSIENT, "%u jobs wait for a worker (limit %d)", w->waiting,
                       JOB_QUEUE_MAX);
    }
    list_append(job->class == JOB_BULK ? &w->bulk : &w->quick, &job->link);
    w->waiting++;
    has_idle = w->idle > 0;
    pthread_mutex_unlock(&w->lock);
    if (has_idle)
        pthread_cond_signal(&w->wake);
    return 0;
}

void workers_stop(struct workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->is_stopping = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->thread_count; i++)
        pthread_join(w->threads[i], NULL);
    w->thread_count = 0;
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    workers_stop(w);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
    free(w->threads);
    free(w);
}
