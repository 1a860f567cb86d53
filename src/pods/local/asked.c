/*
 * What a pod was asked for, as a file beside its logs, for those who look at pods: its template
 * with all tags filled in. Values of Secrets are not in it, only their names. Written by workers,
 * read by any thread; a half-written file is as none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "pods/local/local_internal.h"

#define ASKED_FILE "asked"

int asked_write(const struct local_pod *pod, int dirfd, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json_object_builder b = {0};
    struct json doc;
    struct str text;
    int fd = openat(dirfd, ASKED_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_written = false;
    int error;

    json_add_str(a, &b, STR("uid"), pod->req.uid);
    json_add(a, &b, STR("template"), *pod->req.template);
    if (pod->req.grace_ms > 0)
        json_add(a, &b, STR("graceSeconds"), json_int(a, (int64_t) pod->req.grace_ms / 1000));
    if (pod->req.resources)
        json_add(a, &b, STR("resources"), *pod->req.resources);
    doc = json_object(&b);
    text = json_text(a, &doc, JSON_COMPACT);
    if (fd >= 0)
        is_written = fd_write(fd, text.ptr, text.len) == 0;
    error = errno;
    if (fd >= 0)
        close(fd);
    return is_written ? 0
                      : err_sys(err, error, "write what pod " STR_FMT " was asked for",
                                STR_ARG(pod->req.name));
}

int local_asked(struct pod_runner *r, struct arena *a, struct str ns, struct str pod,
                struct json *ret, struct err *err)
{
    struct local *runner = CONTAINER_OF(r, struct local, base);
    char path[4096];
    struct stat st;
    int result, fd = -1;
    char *text;

    snprintf(path, sizeof(path), "%s/" STR_FMT "/" STR_FMT "/" ASKED_FILE, runner->root,
             STR_ARG(ns), STR_ARG(pod));
    if (local_is_name(ns) && local_is_name(pod))
        fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0) {
        if (fd >= 0)
            close(fd);
        return err_set(err, ERR_NOT_FOUND, "of pod " STR_FMT " nothing is kept", STR_ARG(pod));
    }
    text = arena_alloc(a, (size_t) st.st_size);
    result = fd_read(fd, text, (size_t) st.st_size) == st.st_size ? 0 : -1;
    close(fd);
    if (result < 0 || json_parse(a, str_of(text, (size_t) st.st_size), ret, err) < 0)
        return err_set(err, ERR_NOT_FOUND, "of pod " STR_FMT " nothing is kept", STR_ARG(pod));
    return 0;
}
