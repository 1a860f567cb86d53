/* What dev knows of files and workflows. See dev.h. */
#include "cli/dev.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "cli/show.h"
#include "objects/object.h"

/* ---- files that change ---- */

struct dev_stamp {
    struct timespec changed;
    off_t size;
    ino_t inode;
};

bool dev_files_is_new(struct dev_files *f, const char *path)
{
    struct dev_stamp *before = map_find(&f->seen, str_from(path));
    struct dev_stamp now;
    struct stat st;

    if (stat(path, &st) < 0)
        return false;
    now = (struct dev_stamp){st.st_mtim, st.st_size, st.st_ino};
    if (before && before->changed.tv_sec == now.changed.tv_sec &&
        before->changed.tv_nsec == now.changed.tv_nsec && before->size == now.size &&
        before->inode == now.inode)
        return false;
    if (!before) {
        before = NEW(struct dev_stamp);
        map_put(&f->seen, str_from(path), before);
    }
    *before = now;
    return true;
}

struct str dev_files_gone(struct dev_files *f, struct arena *a)
{
    MAP_FOREACH (it, &f->seen) {
        struct str path = str_copy(a, it->key);
        struct stat st;

        if (stat(str_cz(a, path), &st) == 0 || errno != ENOENT)
            continue;
        free(map_take(&f->seen, path));
        return path; /* the map has changed: the rest is for the next call */
    }
    return STR("");
}

void dev_files_done(struct dev_files *f)
{
    MAP_FOREACH (it, &f->seen)
        free(it->value);
    map_done(&f->seen);
}

/* ---- workflows ---- */

/* "namespace/name" unless the namespace is the default one. */
static struct str name_of(struct arena *a, const struct json *workflow)
{
    struct str ns = object_namespace(workflow);

    if (str_is_empty(ns) || str_is(ns, "default"))
        return object_name(workflow);
    return str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(ns), STR_ARG(object_name(workflow)));
}

/* " (sensor S, trigger T)" of one that an event made. */
static struct str origin_of(struct arena *a, const struct json *workflow)
{
    struct str sensor = object_label(workflow, STR("events.argoproj.io/sensor")),
               trigger = object_label(workflow, STR("events.argoproj.io/trigger"));

    if (str_is_empty(sensor))
        return STR("");
    return str_printf(a, " (sensor " STR_FMT ", trigger " STR_FMT ")", STR_ARG(sensor),
                      STR_ARG(trigger));
}

static bool is_old(const struct json *workflow, struct wall since)
{
    struct str finished = json_str(json_path(workflow, "status", "finishedAt", NULL));
    struct wall at;
    struct err ignored;

    return !str_is_empty(finished) && gotime_parse_wall(finished, &at, &ignored) == 0 &&
           at.ms + 999 < since.ms; /* finishedAt is a whole second */
}

/* Remembers what is told; false when it was told before. */
static bool is_news(struct dev_phases *p, struct str name, struct str text)
{
    char *before = map_find(&p->told, name), *copy;

    if (before && str_is(text, before))
        return false;
    copy = mem_alloc(text.len + 1);
    memcpy(copy, text.ptr, text.len);
    free(map_put(&p->told, name, copy));
    return true;
}

struct str dev_tell(struct arena *a, struct dev_phases *p, struct str line, struct wall since)
{
    struct json event, workflow;
    const struct json *object;
    struct str name, text, message;
    struct err ignored;

    if (json_parse(a, line, &event, &ignored) < 0)
        return STR("");
    object = json_get(&event, STR("object"));
    if (!json_is(object, JSON_OBJECT) || !str_is(json_get_str(object, STR("kind")), "Workflow"))
        return STR("");
    workflow = *object;
    name = name_of(a, &workflow);
    if (str_is(json_get_str(&event, STR("type")), "DELETED")) {
        free(map_take(&p->told, name));
        return str_printf(a, "workflow " STR_FMT " deleted\n", STR_ARG(name));
    }
    message = json_str(json_path(&workflow, "status", "message", NULL));
    text = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(show_phase(&workflow)),
                      str_is_empty(message) ? "" : ": ",
                      STR_ARG(show_one_line(a, str_is_none(message) ? STR("") : message)));
    if (!is_news(p, name, text) || is_old(&workflow, since))
        return STR("");
    return str_printf(a, "workflow " STR_FMT " " STR_FMT STR_FMT "\n", STR_ARG(name),
                      STR_ARG(text),
                      STR_ARG(show_is_ended(&workflow) ? STR("") : origin_of(a, &workflow)));
}

void dev_phases_done(struct dev_phases *p)
{
    MAP_FOREACH (it, &p->told)
        free(it->value);
    map_done(&p->told);
}
