/* Bodies of answers that go to a file. See http_client.h. */
#include <errno.h>
#include <unistd.h>

#include "io/http_client.h"

int http_sink_take(void *sink, struct str chunk)
{
    struct http_sink *s = sink;

    while (chunk.len > 0) {
        ssize_t done = write(s->fd, chunk.ptr, chunk.len);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            s->error = errno;
            return -1;
        }
        chunk = str_skip(chunk, (size_t) done);
    }
    return 0;
}
