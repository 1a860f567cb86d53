/*
 * The log of a pod whose files are gone, as its artifact "main-logs" keeps it: read like a log
 * of a container. All its lines have the time at which the node ended, and are of standard
 * output. Blocks while it is fetched.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/core/log_internal.h"
#include "base/fd.h"
#include "base/mem.h"
#include "objects/workflow_node.h"

enum { CHUNK_BYTES = 16384 };

struct archived_log {
    struct pod_log base;
    int fd;
    struct strbuf out; /* lines in the form of a container's log, not read yet */
    char time[40];
    bool is_partial, is_over;
};

/* A piece of a line; the reader joins pieces until one is the last. */
static void add_piece(struct archived_log *log, struct str text, const char *tag)
{
    strbuf_addf(&log->out, "%s stdout %s " STR_FMT "\n", log->time, tag, STR_ARG(text));
    log->is_partial = *tag == 'P';
}

static int fill(struct archived_log *log, struct err *err)
{
    char bytes[CHUNK_BYTES];
    ssize_t len = fd_read_some(log->fd, bytes, sizeof(bytes));
    struct str rest = str_of(bytes, len > 0 ? (size_t) len : 0);
    size_t at;

    if (len < 0)
        return err_sys(err, errno, "read an archived log");
    while ((at = str_find_char(rest, '\n')) != SIZE_MAX) {
        add_piece(log, str_head(rest, at), "F");
        rest = str_skip(rest, at + 1);
    }
    if (rest.len > 0)
        add_piece(log, rest, "P");
    log->is_over = len == 0;
    if (log->is_over && log->is_partial)
        add_piece(log, STR(""), "F");
    return 0;
}

static long archived_read(struct pod_log *base, char *buf, size_t size, struct err *err)
{
    struct archived_log *log = CONTAINER_OF(base, struct archived_log, base);
    size_t len;

    if (log->out.len == 0 && !log->is_over && fill(log, err) < 0)
        return -1;
    len = log->out.len < size ? log->out.len : size;
    if (len > 0) {
        memcpy(buf, log->out.ptr, len);
        strbuf_skip(&log->out, len);
    }
    return (long) len;
}

static bool archived_is_ended(struct pod_log *base)
{
    const struct archived_log *log = CONTAINER_OF(base, struct archived_log, base);

    return log->is_over && log->out.len == 0;
}

static int archived_wait_fd(struct pod_log *base)
{
    (void) base;
    return -1; /* it is all there */
}

static void archived_close(struct pod_log *base)
{
    struct archived_log *log = CONTAINER_OF(base, struct archived_log, base);

    close(log->fd);
    strbuf_done(&log->out);
    free(log);
}

static const struct json *find_log(const struct json *node)
{
    const struct json *list = json_path(node, "outputs", "artifacts", NULL), *item,
                      *first = NULL; /* of a set without main */

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str name = json_get_str(item, STR("name"));

        if (json_get_bool(item, STR("deleted")))
            continue;
        if (str_is(name, "main-logs"))
            return item;
        if (!first && str_ends(name, STR("-logs")) &&
            str_ends(json_str(json_path(item, "s3", "key", NULL)), STR(".log")))
            first = item;
    }
    return first;
}

bool log_is_archived(const struct json *node)
{
    return find_log(node) != NULL;
}

struct pod_log *log_archived_open(struct api *api, struct arena *a, const struct json *workflow,
                                  const struct json *node, struct err *err)
{
    static const struct pod_log_ops ops = {
        .read = archived_read,
        .is_ended = archived_is_ended,
        .wait_fd = archived_wait_fd,
        .close = archived_close,
    };
    const struct artifact_call call = {.house = api->options.artifacts,
                                       .a = a,
                                       .ns = object_namespace(workflow),
                                       .artifact = find_log(node),
                                       .location = workflow_node_location(workflow, node)};
    struct artifact_file file;
    struct archived_log *log;

    if (!call.artifact || !call.house) {
        err_set(err, ERR_NOT_FOUND, "node \"" STR_FMT "\" has no log any more",
                STR_ARG(json_get_str(node, STR("id"))));
        return NULL;
    }
    if (artifact_download(&call, &file, err) < 0)
        return NULL;
    log = NEW(struct archived_log);
    log->base.ops = &ops;
    log->fd = file.fd;
    strbuf_init(&log->out, (size_t) 64 * CHUNK_BYTES);
    snprintf(log->time, sizeof(log->time), STR_FMT,
             STR_ARG(json_get_str(node, STR("finishedAt"))));
    return &log->base;
}
