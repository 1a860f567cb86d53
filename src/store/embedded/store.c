/* Opening and closing the embedded store, and its turn on the loop: watches first, then done
 * callbacks. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "store/embedded/embedded_internal.h"

enum { RETRY_MS = 100 };

/* One daemon a folder: the lock file holds the pid of the one that has it. */
static int lock_folder(struct store *s, const char *path, struct err *err)
{
    char file[4096], pid[32] = "";
    ssize_t len;

    snprintf(file, sizeof(file), "%s/state.lock", path);
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make folder %s", path);
    s->lock_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd < 0)
        return err_sys(err, errno, "open %s", file);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        len = fd_read(s->lock_fd, pid, sizeof(pid) - 1);
        pid[len > 0 ? len : 0] = '\0';
        return err_set(err, ERR_EXISTS, "%s is in use by another tiphys (pid %s)", path, pid);
    }
    len = snprintf(pid, sizeof(pid), "%d", (int) getpid());
    if (ftruncate(s->lock_fd, 0) < 0 || fd_write(s->lock_fd, pid, (size_t) len) < 0)
        return err_sys(err, errno, "write %s", file);
    return 0;
}

static void on_loop(struct loop_task *task)
{
    struct store *s = CONTAINER_OF(task, struct store, task);
    struct list done;

    list_init(&done);
    pthread_mutex_lock(&s->lock);
    list_splice(&done, &s->done);
    s->is_task_posted = false;
    pthread_mutex_unlock(&s->lock);
    while (!list_is_empty(&done)) {
        struct store_txn *txn = LIST_ENTRY(done.next, struct store_txn, link);

        list_remove(&txn->link);
        if (txn->err.kind == ERR_NONE && !txn->result.already_done) {
            store_watches_deliver(s, txn);
            sync_limits_deliver(s, txn);
        }
        if (txn->done)
            txn->done(txn->ctx, &txn->result, &txn->err);
        txn_release(txn);
    }
}

static int read_rv(struct store *s, struct err *err)
{
    int64_t rv;

    if (connection_number(&s->writer, STATEMENT_RV_GET, &rv, err) < 0)
        return -1;
    atomic_store(&s->rv, rv);
    return 0;
}

static void release(struct store *s)
{
    checkpointer_close(s->checkpointer);
    connection_close(&s->writer);
    while (s->pool_free > 0) {
        connection_close(s->pool[--s->pool_free]);
        free(s->pool[s->pool_free]);
    }
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->pool_lock);
    pthread_cond_destroy(&s->wake);
    pthread_cond_destroy(&s->pool_wake);
    map_done(&s->limits);
    free(s->file);
    free(s);
}

static int set_mode(const char *file, struct err *err)
{
    return chmod(file, 0600) < 0 ? err_sys(err, errno, "set the mode of %s", file) : 0;
}

struct store *store_open(const struct store_options *options, struct err *err)
{
    struct store *s = NEW(struct store);
    char file[4096];
    int len = snprintf(file, sizeof(file), "%s/state.db", options->path);

    s->loop = options->loop;
    s->file = mem_dup(file, strlen(file));
    s->lock_fd = -1;
    s->history_changes =
        options->history_changes ? options->history_changes : WATCH_HISTORY_MAX_CHANGES;
    s->retry_ms = options->retry_ms ? options->retry_ms : RETRY_MS;
    s->pool_max = options->reader_count ? options->reader_count : 4;
    s->task.run = on_loop;
    list_init(&s->queue);
    list_init(&s->done);
    list_init(&s->watches);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->pool_lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    pthread_cond_init(&s->pool_wake, NULL);
    if (s->pool_max > STORE_READERS_MAX)
        s->pool_max = STORE_READERS_MAX;
    if ((size_t) len >= sizeof(file))
        err_set(err, ERR_LIMIT, "path of the state folder: %d bytes (limit %zu)", len,
                sizeof(file) - 1);
    else if (lock_folder(s, options->path, err) == 0 &&
             connection_open(&s->writer, file, true, err) == 0 && set_mode(file, err) == 0 &&
             read_rv(s, err) == 0 && sync_limits_open(s, err) == 0 &&
             (s->checkpointer = checkpointer_open(file, s->writer.db, err)) &&
             store_writer_start(s, err) == 0)
        return s;
    if (s->lock_fd >= 0 && str_find(str_from(err->text), STR("state.")) == SIZE_MAX)
        err_wrap(err, "%s", file); /* SQLite does not name it */
    release(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_writer_stop(s);
    if (s->is_task_posted) {
        list_remove(
            &s->task.link); /* the loop has stopped or is here: nobody else touches its list */
        on_loop(&s->task);
    }
    store_watches_close(s);
    release(s);
}
