/* Bodies of answers that go to a file. See http_client.h. */
#include <errno.h>

#include "base/fd.h"
#include "io/http_client.h"

int http_sink_take(void *sink, struct str chunk)
{
    struct http_sink *s = sink;

    if (fd_write(s->fd, chunk.ptr, chunk.len) == 0)
        return 0;
    s->error = errno;
    return -1;
}
