/*
 * The writer's connection tells by SQLite's hook how long the log has become. The thread has a
 * connection of its own and makes passive checkpoints, which hinder nobody. One of these does
 * not sync the database when the writer has gone on meanwhile, so the thread does it: what the
 * writer has to sync in the end is little. A failure is nothing to tell: the log is the truth
 * and stays until some checkpoint has come to its end.
 */
#include "store/checkpoint.h"

#include <pthread.h>
#include <signal.h>

#include "base/mem.h"

enum { PIECE_PAGES = 1000, LOG_PAGES = 4000 };

struct checkpointer {
    sqlite3 *db;     /* the thread's */
    sqlite3 *writer; /* its hook runs on the writer's thread */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int asked_at; /* pages of the log when it was asked last: writer */
    bool is_asked, is_running, is_stopping;
};

static void sync_database(sqlite3 *db)
{
    sqlite3_file *file = NULL;

    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
        file && file->pMethods)
        file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

static void *checkpointer_main(void *ctx)
{
    struct checkpointer *c = ctx;

    pthread_mutex_lock(&c->lock);
    while (!c->is_stopping) {
        if (!c->is_asked) {
            pthread_cond_wait(&c->wake, &c->lock);
            continue;
        }
        c->is_asked = false;
        c->is_running = true;
        pthread_mutex_unlock(&c->lock);
        if (sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) ==
            SQLITE_OK)
            sync_database(c->db);
        pthread_mutex_lock(&c->lock);
        c->is_running = false;
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* After each commit of the writer. */
static int on_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct checkpointer *c = ctx;
    bool is_idle;

    if (pages < c->asked_at)
        c->asked_at = 0; /* the log has started again */
    if (pages - c->asked_at < PIECE_PAGES && pages < LOG_PAGES)
        return SQLITE_OK;
    pthread_mutex_lock(&c->lock);
    is_idle = !c->is_asked && !c->is_running;
    if (is_idle && pages < LOG_PAGES) {
        c->is_asked = true;
        c->asked_at = pages;
        pthread_cond_signal(&c->wake);
    }
    pthread_mutex_unlock(&c->lock);
    if (is_idle && pages >= LOG_PAGES)
        sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK;
}

static int start(struct checkpointer *c, struct err *err)
{
    sigset_t all, kept;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    error = pthread_create(&c->thread, NULL, checkpointer_main, c);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return error ? err_sys(err, error, "start the checkpointer") : 0;
}

static void release(struct checkpointer *c)
{
    sqlite3_close(c->db);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->wake);
    free(c);
}

struct checkpointer *checkpointer_open(const char *file, sqlite3 *writer, struct err *err)
{
    struct checkpointer *c = NEW(struct checkpointer);

    c->writer = writer;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, NULL);
    if (sqlite3_open_v2(file, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        sqlite3_db_readonly(c->db, "main") == 1 || /* what SQLite makes of a failed open */
        sqlite3_exec(c->db, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0", NULL,
                     NULL, NULL) != SQLITE_OK) {
        err_set(err, ERR_IO, "%s: %s", file, sqlite3_errmsg(c->db));
    } else if (start(c, err) == 0) {
        sqlite3_wal_hook(writer, on_commit, c);
        return c;
    }
    release(c);
    return NULL;
}

void checkpointer_close(struct checkpointer *c)
{
    if (!c)
        return;
    sqlite3_wal_hook(c->writer, NULL, NULL);
    pthread_mutex_lock(&c->lock);
    c->is_stopping = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    release(c);
}
