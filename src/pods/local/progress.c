/*
 * What pods say of how far they are: main writes "N/M" into the file ARGO_PROGRESS_FILE, whose
 * last line is told with the next report. One timer looks at the files of all that run; the end
 * of a pod looks once more. Loop, but for progress_stage(), which a worker calls. Source:
 * ../shared/spec/workflows.md 5.13.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "pods/local/local_internal.h"
#include "pods/local/rights.h"

#define FILE_NAME "progress"
#define POD_PATH  "/var/run/argo/progress"

enum { TAIL_BYTES = 128, FILE_MODE = 0666 };

struct str progress_path(const struct local_pod *pod, struct arena *a)
{
    if (pod->isolation != LOCAL_ISOLATION_PROCESS)
        return STR(POD_PATH);
    return str_printf(a, "%s/" STR_FMT "/" FILE_NAME, pod->runner->root, STR_ARG(pod->dir));
}

/* In isolation process the pod makes the file itself, unless it is another user. */
int progress_stage(const struct local_pod *pod, int dirfd, struct strbuf *plan, struct err *err)
{
    bool has_mounts = pod->isolation != LOCAL_ISOLATION_PROCESS;
    _cleanup_arena_ struct arena *a = arena_new();

    if (str_is_empty(pod->req.workflow) || (!has_mounts && !rights_has_other(pod)))
        return 0;
    if (fd_write_file(dirfd, FILE_NAME, O_TRUNC, FILE_MODE, "", 0) < 0 ||
        fchmodat(dirfd, FILE_NAME, FILE_MODE, 0) < 0)
        return err_sys(err, errno, "make the file of a pod's progress");
    if (!has_mounts)
        return 0;
    plan_word(plan, "bind",
              str_printf(a, "%s/" STR_FMT "/" FILE_NAME, pod->runner->root, STR_ARG(pod->dir)));
    plan_word(plan, "at", STR(POD_PATH));
    plan_word(plan, "mode", STR("rw"));
    return 0;
}

/* The end of the file: a pod may have put anything there, no link leads out. */
static struct str read_tail(const struct local_pod *pod, char text[TAIL_BYTES])
{
    char path[4200];
    struct stat st;
    ssize_t len = -1;
    int fd;

    snprintf(path, sizeof(path), "%s/" STR_FMT "/" FILE_NAME, pod->runner->root,
             STR_ARG(pod->dir));
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return STR_NONE;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        len = fd_pread(fd, text, TAIL_BYTES, st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0);
    close(fd);
    return len > 0 ? str_of(text, (size_t) len) : STR_NONE;
}

static struct str last_line(struct str text)
{
    struct str line, ret = STR_NONE;

    while (str_cut(&text, '\n', &line))
        if (!str_is_empty(str_trim(line)))
            ret = str_trim(line);
    return ret;
}

bool progress_look(struct local_pod *pod)
{
    char text[TAIL_BYTES];
    struct str line;

    if (str_is_empty(pod->req.workflow))
        return false;
    line = last_line(read_tail(pod, text));
    if (str_is_empty(line) || line.len >= sizeof(pod->progress) || str_is(line, pod->progress))
        return false;
    memcpy(pod->progress, line.ptr, line.len);
    pod->progress[line.len] = '\0';
    return true;
}

static void on_tick(void *ctx)
{
    struct local *r = ctx;
    bool has_more = false;

    for (size_t i = 0; i < r->by_uid.len; i++) {
        struct local_pod *pod = r->by_uid.entries[i].value;

        if (pod->state != LOCAL_RUNNING)
            continue;
        has_more = true;
        if (progress_look(pod))
            local_tell(pod);
    }
    r->is_progress_on = has_more;
    if (has_more)
        timer_start(r->progress_timer, POD_PROGRESS_MS);
}

void progress_open(struct local *r)
{
    r->progress_timer = timer_new(r->loop, on_tick, r);
}

void progress_begin(struct local *r)
{
    if (!r->is_progress_on)
        timer_start(r->progress_timer, POD_PROGRESS_MS);
    r->is_progress_on = true;
}
