/* What somebody sends, stored as an artifact. See artifact.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "artifacts/driver.h"
#include "base/fd.h"
#include "base/random.h"

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

int artifact_upload(const struct artifact_call *c, struct str bytes, struct err *err)
{
    struct random random = random_from_system();
    struct json ignored;
    char name[32];
    int scratch = artifact_scratch(c, err), result;

    if (scratch < 0)
        return -1;
    snprintf(name, sizeof(name), "%016llx", (unsigned long long) random_u64(&random));
    result = write_file(scratch, name, bytes, err);
    if (result == 0)
        result = artifact_save(c, scratch, name, &ignored, err);
    unlinkat(scratch, name, 0);
    close(scratch);
    return result;
}
