/* artifacts/raw.c - content that stands in the manifest; it can only be read. */
#include <errno.h>
#include <fcntl.h>

#include "artifacts/driver.h"
#include "base/fd.h"

static int load(const struct artifact_call *c, const struct json *place, int dir,
                const char *name, struct err *err)
{
    struct str data = json_get_str(place, STR("data"));

    (void) c;
    return fd_write_file(dir, name, O_EXCL | O_NOFOLLOW, 0644, data.ptr, data.len) < 0
               ? err_sys(err, errno, "write raw artifact")
               : 0;
}

const struct artifact_driver artifact_raw = {.load = load};
