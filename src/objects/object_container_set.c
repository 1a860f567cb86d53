/*
 * objects/object_container_set.c - the rules of containerSet: names, dependencies that are
 * there and go round in no circle, a main container where something is given or taken. In the
 * original's words. Pure; any thread.
 */
#include "base/limits.h"
#include "base/vec.h"
#include "objects/object_internal.h"

struct set {
    struct arena *a;
    struct field_faults *faults;
    struct str path; /* of its containers */
    const struct json *containers;
};

static void broken(const struct set *s, const struct json *at, struct str text)
{
    struct field_fault fault = {
        .kind = ERR_INVALID, .path = s->path, .text = text, .pos = at->pos};

    VEC_APUSH(s->a, s->faults, fault);
}

static struct str name_at(const struct set *s, size_t i)
{
    return json_get_str(json_item(s->containers, i), STR("name"));
}

/* Its place in the list, or how many there are. */
static size_t find(const struct set *s, struct str name)
{
    size_t i = 0;

    while (i < s->containers->count && !str_eq(name_at(s, i), name))
        i++;
    return i;
}

static void check_names(const struct set *s)
{
    for (size_t i = 0; i < s->containers->count; i++) {
        const struct json *item = json_item(s->containers, i), *name;
        const struct json *needs = json_get(item, STR("dependencies"));

        if (find(s, name_at(s, i)) < i)
            broken(
                s, item,
                str_printf(s->a, "name '" STR_FMT "' is not unique", STR_ARG(name_at(s, i))));
        if (str_is(name_at(s, i), "wait") || str_is(name_at(s, i), "supervisor") ||
            str_starts(name_at(s, i), STR("artifact-plugin-")))
            broken(s, item,
                   str_printf(s->a, "name '" STR_FMT "' is reserved", STR_ARG(name_at(s, i))));
        for (size_t j = 0; (name = json_item(needs, j)) != NULL; j++)
            if (find(s, json_str(name)) == s->containers->count)
                broken(s, name,
                       str_printf(s->a, STR_FMT " dependency '" STR_FMT "' not defined",
                                  STR_ARG(name_at(s, i)), STR_ARG(json_str(name))));
    }
}

enum mark { UNSEEN, ON_THE_WAY, SEEN };

/* How one comes from the container @i to itself, "a->b->a", with what comes before it; absent:
 * one does not. */
static struct str circle(const struct set *s, size_t i, enum mark *marks)
{
    const struct json *needs = json_get(json_item(s->containers, i), STR("dependencies")),
                      *name;

    if (marks[i] == ON_THE_WAY)
        return name_at(s, i);
    if (marks[i] == SEEN)
        return STR_NONE;
    marks[i] = ON_THE_WAY;
    for (size_t j = 0; (name = json_item(needs, j)) != NULL; j++) {
        size_t other = find(s, json_str(name));
        struct str rest = other < s->containers->count ? circle(s, other, marks) : STR_NONE;

        if (!str_is_none(rest))
            return str_printf(s->a, STR_FMT "->" STR_FMT, STR_ARG(name_at(s, i)),
                              STR_ARG(rest));
    }
    marks[i] = SEEN;
    return STR_NONE;
}

static void check_circles(const struct set *s)
{
    enum mark *marks = ARENA_ARRAY(s->a, enum mark, s->containers->count);

    for (size_t i = 0; i < s->containers->count; i++) {
        struct str way = circle(s, i, marks);

        if (str_is_none(way))
            continue;
        broken(s, json_item(s->containers, i),
               str_printf(s->a, "dependency cycle detected: " STR_FMT, STR_ARG(way)));
        return;
    }
}

static bool has_items(const struct json *template, const char *side, const char *list)
{
    const struct json *found = json_path(template, side, list, NULL);

    return json_is(found, JSON_ARRAY) && found->count > 0;
}

void object_check_container_set(struct arena *a, struct str path, const struct json *template,
                                struct field_faults *faults)
{
    const struct json *set = json_get(template, STR("containerSet"));
    struct set s = {.a = a, .faults = faults};

    if (!json_is(set, JSON_OBJECT))
        return;
    s.path = str_printf(a, STR_FMT ".containerSet.containers", STR_ARG(path));
    s.containers = json_get(set, STR("containers"));
    if (!json_is(s.containers, JSON_ARRAY) || s.containers->count == 0) {
        broken(&s, set, STR("must have at least one container"));
        return;
    }
    if (s.containers->count > CONTAINER_SET_MAX) {
        broken(&s, s.containers,
               str_printf(a, "%u containers in one pod (limit %d)", s.containers->count,
                          CONTAINER_SET_MAX));
        return;
    }
    check_names(&s);
    check_circles(&s);
    if ((has_items(template, "inputs", "artifacts") ||
         has_items(template, "outputs", "parameters") ||
         has_items(template, "outputs", "artifacts")) &&
        find(&s, STR("main")) == s.containers->count)
        broken(&s, s.containers,
               STR("must have a container named \"main\" for input or output"));
}
