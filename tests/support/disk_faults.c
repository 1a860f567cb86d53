/* A disk that fails on purpose; see disk_faults.h. */
#include "tests/support/disk_faults.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum call { CALL_OPEN, CALL_READ, CALL_WRITE, CALL_RESIZE, CALL_SYNC, CALL_LOCK };

static struct {
    atomic_bool is_armed;
    enum disk_fault fault;
    unsigned long first, count;
    atomic_ulong calls, failed;
} faults;

enum { TABLES_MAX = 8 };

static struct {
    int (*open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
    pthread_mutex_t lock;
    struct {
        const sqlite3_io_methods *from;
        sqlite3_io_methods methods; /* the same, with a sync of ours */
    } tables[TABLES_MAX];           /* one a sort of file */
} real = {.lock = PTHREAD_MUTEX_INITIALIZER};

const char *disk_fault_name(enum disk_fault fault)
{
    static const char *const names[] = {"full", "error", "short", "interrupt", "locked"};

    return names[fault];
}

void disk_faults_arm(enum disk_fault fault, unsigned long first, unsigned long count)
{
    faults.fault = fault;
    faults.first = first;
    faults.count = count;
    atomic_store(&faults.calls, 0);
    atomic_store(&faults.failed, 0);
    atomic_store(&faults.is_armed, true);
}

unsigned long disk_faults_disarm(void)
{
    atomic_store(&faults.is_armed, false);
    return atomic_load(&faults.failed);
}

static bool is_about(enum disk_fault fault, enum call call)
{
    switch (fault) {
    case DISK_FULL:
        return call != CALL_READ && call != CALL_LOCK;
    case DISK_ERROR:
        return call != CALL_LOCK;
    case DISK_SHORT:
        return call == CALL_WRITE;
    case DISK_INTERRUPT:
        return call != CALL_SYNC;
    case DISK_LOCKED:
        return call == CALL_LOCK;
    case DISK_FAULT_COUNT:
        break;
    }
    return false;
}

/* Is it this call's turn to fail? errno says how. */
static bool fails(enum call call)
{
    static const int errors[] = {ENOSPC, EIO, ENOSPC, EINTR, EAGAIN};
    unsigned long number;

    if (!atomic_load(&faults.is_armed) || !is_about(faults.fault, call))
        return false;
    number = atomic_fetch_add(&faults.calls, 1) + 1;
    if (number < faults.first || number - faults.first >= faults.count)
        return false;
    atomic_fetch_add(&faults.failed, 1);
    errno = errors[faults.fault];
    return true;
}

static int open_file(const char *path, int flags, int mode)
{
    return fails(CALL_OPEN) ? -1 : open(path, flags, mode);
}

static ssize_t read_at(int fd, void *to, size_t len, off_t at)
{
    return fails(CALL_READ) ? -1 : pread(fd, to, len, at);
}

static ssize_t write_at(int fd, const void *from, size_t len, off_t at)
{
    if (!fails(CALL_WRITE))
        return pwrite(fd, from, len, at);
    if (len < 2 || (faults.fault != DISK_SHORT && faults.fault != DISK_INTERRUPT))
        return -1;
    return pwrite(fd, from, len / 2, at);
}

static int resize(int fd, off_t len)
{
    return fails(CALL_RESIZE) ? -1 : ftruncate(fd, len);
}

static int control(int fd, int command, ...)
{
    va_list args;
    void *arg;

    va_start(args, command);
    arg = va_arg(args, void *);
    va_end(args);
    if (command == F_SETLK && ((struct flock *) arg)->l_type != F_UNLCK && fails(CALL_LOCK))
        return -1;
    return fcntl(fd, command, arg);
}

/* Nothing is synced: power is not lost here, and thousands of runs would take minutes. */
static int sync_file(sqlite3_file *file, int flags)
{
    (void) file;
    (void) flags;
    if (!fails(CALL_SYNC))
        return SQLITE_OK;
    return faults.fault == DISK_FULL ? SQLITE_FULL : SQLITE_IOERR_FSYNC;
}

static const sqlite3_io_methods *methods_of(const sqlite3_io_methods *from)
{
    size_t at = 0;

    pthread_mutex_lock(&real.lock);
    while (real.tables[at].from && real.tables[at].from != from)
        if (++at == TABLES_MAX)
            abort();
    if (!real.tables[at].from) {
        real.tables[at].from = from;
        real.tables[at].methods = *from;
        real.tables[at].methods.xSync = sync_file;
    }
    pthread_mutex_unlock(&real.lock);
    return &real.tables[at].methods;
}

static int open_database(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                         int *ret_flags)
{
    int code = real.open(vfs, name, file, flags, ret_flags);

    if (code == SQLITE_OK && file->pMethods)
        file->pMethods = methods_of(file->pMethods);
    return code;
}

void disk_faults_install(void)
{
    static const struct {
        const char *name;
        sqlite3_syscall_ptr fn;
    } calls[] = {
        {"open", (sqlite3_syscall_ptr) open_file},
        {"pread", (sqlite3_syscall_ptr) read_at},
        {"pread64", (sqlite3_syscall_ptr) read_at},
        {"pwrite", (sqlite3_syscall_ptr) write_at},
        {"pwrite64", (sqlite3_syscall_ptr) write_at},
        {"ftruncate", (sqlite3_syscall_ptr) resize},
        {"fcntl", (sqlite3_syscall_ptr) control},
    };
    static sqlite3_vfs ours;
    sqlite3_vfs *vfs;

    sqlite3_initialize();
    vfs = sqlite3_vfs_find(NULL);
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        if (vfs->xSetSystemCall(vfs, calls[i].name, calls[i].fn) != SQLITE_OK)
            abort();
    ours = *vfs;
    ours.zName = "faulty";
    ours.pNext = NULL;
    real.open = vfs->xOpen;
    ours.xOpen = open_database;
    sqlite3_vfs_register(&ours, 1);
}

unsigned long disk_faults_stride(void)
{
    uint64_t n = 0;

    return parse_u64(str_from(getenv("TIPHYS_FAULTS_STEP")), &n) && n > 0 ? (unsigned long) n
                                                                          : 3;
}

void disk_copy_file(const char *from, const char *to, const char *name)
{
    char path[4096], bytes[65536];
    ssize_t len;
    int in, out;

    snprintf(path, sizeof(path), "%s/%s", from, name);
    in = open(path, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return;
    snprintf(path, sizeof(path), "%s/%s", to, name);
    out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    while ((len = read(in, bytes, sizeof(bytes))) > 0)
        if (write(out, bytes, (size_t) len) != len)
            abort();
    close(in);
    close(out);
}
