/* The log's writes, joined: see wal_file.h. One connection, so one thread at a time, has a
 * file.
 */
#include "store/wal_file.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define WAL_FILE_VFS "tiphys-wal"

enum { JOINED_MAX_BYTES = 124 << 10 }; /* SQLite's own VFS takes 2^17 - 1 at most */

struct wal_file {
    sqlite3_file file;
    sqlite3_file *below; /* opened by the VFS below; right behind this */
    char *joined;        /* or NULL: nothing was written yet */
    sqlite3_int64 at;    /* where joined begins in the file */
    int used;
};

static sqlite3_vfs vfs;
static sqlite3_vfs *below;

static struct wal_file *of(sqlite3_file *file)
{
    return (struct wal_file *) file;
}

static int flush(struct wal_file *w)
{
    int len = w->used;

    w->used = 0;
    return len ? w->below->pMethods->xWrite(w->below, w->joined, len, w->at) : SQLITE_OK;
}

static int on_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct wal_file *w = of(file);

    if (w->used && (at != w->at + w->used || w->used + len > JOINED_MAX_BYTES)) {
        int code = flush(w);

        if (code != SQLITE_OK)
            return code;
    }
    if (len > JOINED_MAX_BYTES)
        return w->below->pMethods->xWrite(w->below, bytes, len, at);
    if (!w->joined)
        w->joined = mem_alloc(JOINED_MAX_BYTES);
    if (!w->used)
        w->at = at;
    memcpy(w->joined + w->used, bytes, (size_t) len);
    w->used += len;
    return SQLITE_OK;
}

static int on_read(sqlite3_file *file, void *ret, int len, sqlite3_int64 at)
{
    int code = flush(of(file));

    return code != SQLITE_OK ? code
                             : of(file)->below->pMethods->xRead(of(file)->below, ret, len, at);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = flush(of(file));

    return code != SQLITE_OK ? code
                             : of(file)->below->pMethods->xTruncate(of(file)->below, size);
}

static int on_sync(sqlite3_file *file, int flags)
{
    int code = flush(of(file));

    return code != SQLITE_OK ? code : of(file)->below->pMethods->xSync(of(file)->below, flags);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    int code = flush(of(file));

    return code != SQLITE_OK ? code
                             : of(file)->below->pMethods->xFileSize(of(file)->below, ret);
}

/* What is kept back here was never synced: it is of no commit. */
static int on_close(sqlite3_file *file)
{
    free(of(file)->joined);
    of(file)->joined = NULL;
    return of(file)->below->pMethods->xClose(of(file)->below);
}

static int on_control(sqlite3_file *file, int op, void *arg)
{
    return of(file)->below->pMethods->xFileControl(of(file)->below, op, arg);
}

static int on_sector_size(sqlite3_file *file)
{
    return of(file)->below->pMethods->xSectorSize(of(file)->below);
}

static int on_characteristics(sqlite3_file *file)
{
    return of(file)->below->pMethods->xDeviceCharacteristics(of(file)->below);
}

static int on_lock(sqlite3_file *file, int level)
{
    return of(file)->below->pMethods->xLock(of(file)->below, level);
}

static int on_unlock(sqlite3_file *file, int level)
{
    return of(file)->below->pMethods->xUnlock(of(file)->below, level);
}

static int on_reserved(sqlite3_file *file, int *ret)
{
    return of(file)->below->pMethods->xCheckReservedLock(of(file)->below, ret);
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_reserved,
    .xFileControl = on_control,
    .xSectorSize = on_sector_size,
    .xDeviceCharacteristics = on_characteristics,
};

static int on_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                   int *ret_flags)
{
    struct wal_file *w = of(file);
    int code;

    (void) self;
    if (!(flags & SQLITE_OPEN_WAL))
        return below->xOpen(below, name, file, flags, ret_flags);
    *w = (struct wal_file){.below = (sqlite3_file *) (w + 1)};
    code = below->xOpen(below, name, w->below, flags, ret_flags);
    if (code == SQLITE_OK)
        w->file.pMethods = &methods;
    else if (w->below->pMethods)
        w->below->pMethods->xClose(w->below);
    return code;
}

static void set_up(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* no lock of all threads around malloc */
    below = sqlite3_vfs_find(NULL);
    vfs = *below;
    vfs.pNext = NULL;
    vfs.zName = WAL_FILE_VFS;
    vfs.szOsFile = (int) sizeof(struct wal_file) + below->szOsFile;
    vfs.xOpen = on_open;
    sqlite3_vfs_register(&vfs, 0);
}

const char *wal_file_vfs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, set_up);
    return WAL_FILE_VFS;
}
