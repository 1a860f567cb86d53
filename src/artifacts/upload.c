/* What somebody sends, stored as an artifact; and the text of one. See artifact.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifacts/driver.h"
#include "base/fd.h"
#include "base/random.h"
#include "base/tree.h"

int artifact_upload_file(const struct artifact_house *house, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct artifact_call c = {.house = house, .a = a, .ns = STR("")};
    int scratch = artifact_scratch(&c, err), fd;

    if (scratch < 0)
        return -1;
    fd = openat(scratch, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (fd < 0)
        err_sys(err, errno, "make a file for an upload");
    close(scratch);
    return fd;
}

static int write_file(int dir, const char *name, struct str bytes, struct err *err)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), result = 0;

    if (fd < 0 || fd_write(fd, bytes.ptr, bytes.len) < 0)
        result = err_sys(err, errno, "write an upload");
    if (fd >= 0)
        close(fd);
    return result;
}

/* A name in the folder of what has none yet. */
static void make_name(char ret[static 32])
{
    struct random random = random_from_system();

    snprintf(ret, 32, "%016llx", (unsigned long long) random_u64(&random));
}

int artifact_upload(const struct artifact_call *c, struct str bytes, struct json *ret,
                    struct err *err)
{
    char name[32];
    int scratch = artifact_scratch(c, err), result;

    if (scratch < 0)
        return -1;
    make_name(name);
    result = write_file(scratch, name, bytes, err);
    if (result == 0)
        result = artifact_save(c, scratch, name, ret, err);
    unlinkat(scratch, name, 0);
    close(scratch);
    return result;
}

static int read_file(struct arena *a, int dir, const char *name, size_t max, struct str *ret,
                     struct err *err)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    char *bytes = NULL;
    ssize_t len = -1;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        err_sys(err, errno, "open an artifact");
    else if (!S_ISREG(st.st_mode))
        err_set(err, ERR_INVALID, "the artifact is a folder, not a file");
    else if ((size_t) st.st_size > max)
        err_set(err, ERR_LIMIT, "the artifact has more than %zu bytes", max);
    else if ((len = fd_read(fd, bytes = arena_alloc(a, (size_t) st.st_size + 1),
                            (size_t) st.st_size)) < 0)
        err_sys(err, errno, "read an artifact");
    if (fd >= 0)
        close(fd);
    if (len < 0)
        return -1;
    *ret = str_of(bytes, (size_t) len);
    return 0;
}

int artifact_text(const struct artifact_call *c, size_t max, struct str *ret, struct err *err)
{
    int scratch = artifact_scratch(c, err), result;
    enum artifact_found found;
    char name[32];

    if (scratch < 0)
        return -1;
    make_name(name);
    *ret = STR("");
    result = artifact_load(c, scratch, name, &found, err);
    if (result == 0 && found == ARTIFACT_LOADED)
        result = read_file(c->a, scratch, name, max, ret, err);
    tree_remove(scratch, name);
    close(scratch);
    return result;
}
