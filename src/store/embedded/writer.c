/*
 * The writer thread: all waiting transactions become one commit, each inside a savepoint of its
 * own, so one that fails (name taken, changed meanwhile) takes nothing of the others with it.
 *
 * When the disk refuses (full, locked, I/O error) the whole batch is rolled back and tried
 * again until it works: done callbacks come later, nothing is lost, store_is_stalled() says so
 * meanwhile. Only store_close() does not wait for ever: then they fail. After the commit the
 * batch is posted to the loop, where watches are told and done callbacks run, in the order of
 * commits.
 */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/embedded/embedded_internal.h"

enum { TRIM_EVERY = 1000, LAST_TRIES = 10 };
enum { ONCE_KEEP_S = 30 * 24 * 3600 };

static int trim(struct store *s, int64_t rv)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_CHANGE_TRIM);

    sqlite3_bind_int64(stmt, 1, rv - (int64_t) s->history_changes);
    sqlite3_step(stmt);
    sqlite3_reset(stmt);
    stmt = connection_statement(&s->writer, STATEMENT_ONCE_TRIM);
    sqlite3_bind_int64(stmt, 1, clock_wall().ms / 1000 - ONCE_KEEP_S);
    sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return 0;
}

static int save_rv(struct store *s, int64_t rv)
{
    sqlite3_stmt *stmt = connection_statement(&s->writer, STATEMENT_RV_SET);
    int code;

    sqlite3_bind_int64(stmt, 1, rv);
    code = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? 0 : -1;
}

static int apply_batch(struct store *s, struct list *batch)
{
    int64_t rv = atomic_load(&s->rv);
    int64_t start = rv;

    if (store_step(s, STATEMENT_BEGIN) < 0)
        return -1;
    LIST_FOREACH (txn, batch, struct store_txn, link) {
        if (store_txn_apply(s, txn, &rv) < 0)
            return -1;
    }
    if (rv != start && save_rv(s, rv) < 0)
        return -1;
    if (rv / TRIM_EVERY != start / TRIM_EVERY)
        trim(s, rv);
    FAULT_POINT("store.commit.before");
    if (store_step(s, STATEMENT_COMMIT) < 0)
        return -1;
    FAULT_POINT("store.commit.after");
    atomic_store(&s->rv, rv);
    return 0;
}

static void wait_a_little(struct store *s)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long) s->retry_ms * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&s->lock);
    pthread_cond_timedwait(&s->wake, &s->lock, &until);
    pthread_mutex_unlock(&s->lock);
}

/* Takes back what an attempt did. */
static void undo_batch(struct store *s, struct list *batch)
{
    if (!sqlite3_get_autocommit(s->writer.db))
        store_step(s, STATEMENT_ROLLBACK);
    LIST_FOREACH (txn, batch, struct store_txn, link) {
        store_txn_forget(txn);
    }
}

static bool is_stopping(struct store *s)
{
    bool is;

    pthread_mutex_lock(&s->lock);
    is = s->is_stopping;
    pthread_mutex_unlock(&s->lock);
    return is;
}

/* Nobody was told that it is stored: it is not. */
static void refuse_batch(struct list *batch, const struct err *why)
{
    LIST_FOREACH (txn, batch, struct store_txn, link) {
        txn->err = *why;
    }
}

/* Until it works; when the store is being closed, not for ever. */
static void write_batch(struct store *s, struct list *batch)
{
    int last_tries = LAST_TRIES;

    while (apply_batch(s, batch) < 0) {
        struct err err;

        schema_error(s->writer.db, "write the store", &err);
        if (!atomic_exchange(&s->is_stalled, true))
            log_error(NULL, "the store cannot write: waiting", LOG_ERR(&err));
        undo_batch(s, batch);
        if (is_stopping(s) && last_tries-- == 0) {
            log_error(NULL, "the store is closed with changes that it could not write",
                      LOG_ERR(&err));
            refuse_batch(batch, &err);
            return;
        }
        wait_a_little(s);
    }
    if (atomic_exchange(&s->is_stalled, false))
        log_info(NULL, "the store writes again");
}

static void tell_waiter(struct store_txn *txn)
{
    struct waiter *w = txn->waiter;

    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->err = txn->err;
    w->result = txn->result;
    if (w->result.object)
        store_object_ref(w->result.object);
    w->is_done = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

static void post_batch(struct store *s, struct list *batch)
{
    bool must_post;

    FAULT_POINT("store.done.before");
    LIST_FOREACH (txn, batch, struct store_txn, link) {
        tell_waiter(txn);
    }
    pthread_mutex_lock(&s->lock);
    list_splice(&s->done, batch);
    must_post = !s->is_task_posted;
    s->is_task_posted = true;
    pthread_mutex_unlock(&s->lock);
    if (must_post)
        loop_post(s->loop, &s->task);
}

static void *writer_main(void *ctx)
{
    struct store *s = ctx;
    struct list batch;

    for (;;) {
        list_init(&batch);
        pthread_mutex_lock(&s->lock);
        while (list_is_empty(&s->queue) && !s->is_stopping)
            pthread_cond_wait(&s->wake, &s->lock);
        list_splice(&batch, &s->queue);
        s->queue_len = 0;
        pthread_mutex_unlock(&s->lock);
        if (list_is_empty(&batch))
            return NULL;
        write_batch(s, &batch);
        post_batch(s, &batch);
    }
}

int store_writer_start(struct store *s, struct err *err)
{
    sigset_t all, kept;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    error = pthread_create(&s->thread, NULL, writer_main, s);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    if (error)
        return err_sys(err, error, "start the store's writer");
    s->has_thread = true;
    return 0;
}

void store_writer_stop(struct store *s)
{
    if (!s->has_thread)
        return;
    pthread_mutex_lock(&s->lock);
    s->is_stopping = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    s->has_thread = false;
}
