/*
 * A story that shows the same with less: workflows, and then parts of their documents, are
 * taken away one by one as long as something is wrong with the rest. See simulate_test.h.
 */
#include <string.h>

#include "workflows/engine/simulate_test.h"

enum { TRIALS_MAX = 500, DEPTH_MAX = 12 };

struct shrinking {
    struct arena *a;
    struct simulate_story story;
    struct json docs[SIMULATE_WORKFLOWS_MAX];
    unsigned tries, trials;
};

static bool is_wrong(struct shrinking *s, const struct simulate_story *story)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct simulate_play play;

    s->trials++;
    return simulate_fault(a, story, s->tries, &play, NULL).len > 0;
}

/* Without what a workflow cannot be read. */
static bool is_needed(struct str name)
{
    static const char *const names[] = {"metadata", "spec",     "entrypoint", "templates",
                                        "name",     "template", "namespace",  "uid"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

/* The document with one part of it, the @at'th that can go, taken away; counts down @at. */
static struct json without(struct arena *a, const struct json *v, size_t *at, unsigned depth)
{
    struct json_object_builder object = {0};
    struct json_array_builder array = {0};

    if (depth == DEPTH_MAX || (v->type != JSON_OBJECT && v->type != JSON_ARRAY))
        return *v;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct json *part = v->type == JSON_OBJECT ? &v->members[i].value : &v->items[i];
        bool can_go = v->type == JSON_ARRAY ? v->count > 1 : !is_needed(v->members[i].key);
        struct json made;

        if (can_go && (*at)-- == 0)
            continue;
        made = *at == SIZE_MAX ? *part : without(a, part, at, depth + 1);
        if (v->type == JSON_OBJECT)
            json_add(a, &object, v->members[i].key, made);
        else
            json_push(a, &array, made);
    }
    return v->type == JSON_OBJECT ? json_object(&object) : json_array(&array);
}

static bool try_without(struct shrinking *s, unsigned which, size_t at)
{
    struct simulate_story smaller = s->story;
    struct json made;
    size_t left = at;

    made = without(s->a, &s->docs[which], &left, 0);
    if (left != SIZE_MAX) /* there are not so many */
        return false;
    smaller.docs[which] = json_text(s->a, &made, JSON_COMPACT);
    if (!is_wrong(s, &smaller))
        return false;
    s->story = smaller;
    s->docs[which] = made;
    return true;
}

static size_t count_parts(const struct json *v, unsigned depth)
{
    size_t count = 0;

    if (depth == DEPTH_MAX || (v->type != JSON_OBJECT && v->type != JSON_ARRAY))
        return 0;
    for (uint32_t i = 0; i < v->count; i++) {
        bool can_go = v->type == JSON_ARRAY ? v->count > 1 : !is_needed(v->members[i].key);

        count += can_go;
        count += count_parts(v->type == JSON_OBJECT ? &v->members[i].value : &v->items[i],
                             depth + 1);
    }
    return count;
}

static void drop_workflows(struct shrinking *s)
{
    for (unsigned i = s->story.count; i > 0 && s->story.count > 1; i--) {
        struct simulate_story smaller = s->story;

        memmove(&smaller.docs[i - 1], &smaller.docs[i],
                (smaller.count - i) * sizeof(smaller.docs[0]));
        smaller.count--;
        if (is_wrong(s, &smaller))
            s->story = smaller;
    }
}

struct simulate_story simulate_shrink(struct arena *a, const struct simulate_story *story,
                                      unsigned tries)
{
    struct shrinking s = {.a = a, .story = *story, .tries = tries};
    bool is_smaller = true;

    drop_workflows(&s);
    for (unsigned i = 0; i < s.story.count; i++) {
        struct err err;

        if (json_parse(a, s.story.docs[i], &s.docs[i], &err) < 0)
            return s.story;
    }
    while (is_smaller && s.trials < TRIALS_MAX) {
        is_smaller = false;
        for (unsigned i = 0; i < s.story.count; i++)
            for (size_t at = 0; at < count_parts(&s.docs[i], 0) && s.trials < TRIALS_MAX;)
                if (try_without(&s, i, at))
                    is_smaller = true;
                else
                    at++;
    }
    return s.story;
}
