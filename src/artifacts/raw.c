/* artifacts/raw.c - content that stands in the manifest; it can only be read. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "artifacts/driver.h"

static int load(const struct artifact_call *c, const struct json *place, int dir,
                const char *name, struct err *err)
{
    struct str data = json_get_str(place, STR("data"));
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    ssize_t done = fd >= 0 ? write(fd, data.ptr, data.len) : -1;
    int error = done < 0 ? errno : ENOSPC;

    (void) c;
    if (fd >= 0)
        close(fd);
    return done == (ssize_t) data.len ? 0 : err_sys(err, error, "write raw artifact");
}

const struct artifact_driver artifact_raw = {.load = load};
