/*
 * The log of a resource template, in kubectl's words: what was done with which object, and what
 * was found of its conditions. There is no pod whose log it could be: it is kept as artifact
 * where logs are.
 */
#include <poll.h>

#include "artifacts/artifact.h"
#include "workflows/engine/resource_internal.h"

enum { KEEP_TRIES = 3, KEEP_PAUSE_MS = 1000 };

void resource_log_say(struct resource_work *w, struct str line)
{
    w->job->log =
        str_printf(w->kept, STR_FMT STR_FMT "\n", STR_ARG(w->job->log), STR_ARG(line));
}

/* "workflow.argoproj.io/name" */
static struct str shown_name(const struct resource_work *w, const struct json *of)
{
    struct str group = json_get_str(of, STR("apiVersion")),
               kind = json_get_str(of, STR("kind"));
    char *lower = arena_alloc(w->a, kind.len + 1);
    size_t slash = str_find_char(group, '/');

    for (size_t i = 0; i < kind.len; i++)
        lower[i] =
            (char) (kind.ptr[i] >= 'A' && kind.ptr[i] <= 'Z' ? kind.ptr[i] + 32 : kind.ptr[i]);
    group = slash == SIZE_MAX ? STR("") : str_head(group, slash);
    return str_printf(w->a, STR_FMT "%s" STR_FMT "/" STR_FMT, STR_ARG(str_of(lower, kind.len)),
                      group.len > 0 ? "." : "", STR_ARG(group), STR_ARG(object_name(of)));
}

void resource_log_action(struct resource_work *w)
{
    static const struct {
        const char *action, *done;
    } words[] = {{"create", " created"},
                 {"apply", " applied"},
                 {"replace", " replaced"},
                 {"patch", " patched"},
                 {"delete", " deleted"}};
    const struct json *of = w->has_object ? &w->object : w->named ? w->named : &w->manifest;
    const char *done = "";

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(w->action, words[i].action))
            done = words[i].done;
    if (!str_is_empty(object_name(of)))
        resource_log_say(w, str_concat(w->a, shown_name(w, of), str_from(done)));
}

/* A worker waits: a repository that is away for a moment is no failure of what was done. */
static int keep(const struct resource_work *w, const struct artifact_call *c, struct json *ret,
                struct err *err)
{
    struct pollfd cancelled = {.fd = w->job->cancel_fd, .events = POLLIN};

    for (int tries = 1;; tries++) {
        if (artifact_upload(c, w->job->log, ret, err) == 0)
            return 0;
        if (tries == KEEP_TRIES || !err_is_retryable(err) ||
            poll(&cancelled, 1, KEEP_PAUSE_MS) > 0)
            return err_wrap(err, "archive the log");
    }
}

int resource_log_keep(struct resource_work *w, struct err *err)
{
    const struct json *location = json_get(&w->job->tmpl, STR("archiveLocation"));
    struct json artifact = json_set_path(
        w->a, NULL, json_object(&(struct json_object_builder){0}), "archive", "none", NULL);
    struct json_array_builder list = {0};
    struct json made;

    if (!w->job->artifacts || !json_get_bool(location, STR("archiveLogs")))
        return 0;
    artifact = json_set(w->a, &artifact, STR("name"), json_string(STR("main-logs")));
    artifact = json_set(w->a, &artifact, STR("path"), json_string(STR("main.log")));
    const struct artifact_call c = {.house = w->job->artifacts,
                                    .a = w->a,
                                    .ns = w->job->ns,
                                    .artifact = &artifact,
                                    .location = location};

    if (keep(w, &c, &made, err) < 0)
        return -1;
    made = json_without(w->a, &made, STR("archive"));
    json_push(w->a, &list, json_without(w->a, &made, STR("path")));
    w->outputs = json_set(w->a, &w->outputs, STR("artifacts"), json_array(&list));
    return 0;
}
