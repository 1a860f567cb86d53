/* Walks a text along a path. See gjson_internal.h. */
#include "base/limits.h"
#include "base/vec.h"
#include "lang/gjson/gjson_internal.h"

/* One path on its way through one text. */
struct walk {
    struct gjson_run *run;
    struct str json;
    struct gjson value; /* what was found */
    struct str pipe;    /* path that begins anew with it */
    bool is_piped;
};

/* The elements that a map or a query for all has collected. */
struct harvest {
    struct strbuf text;
    VEC(size_t) positions;
};

static bool into_object(struct walk *w, size_t *at, struct str path);
static bool into_array(struct walk *w, size_t *at, struct str path);

static void remember_pipe(struct walk *w, struct str pipe)
{
    w->pipe = pipe;
    w->is_piped = true;
}

static size_t position(struct str json, struct str part)
{
    uintptr_t begin = (uintptr_t) json.ptr, at = (uintptr_t) part.ptr;

    return part.len > 0 && at >= begin && at - begin < json.len ? at - begin : 0;
}

/* The next member's name and, behind it, the beginning of its value; false at the end. */
static bool next_member(struct walk *w, size_t *at, struct str *ret_key)
{
    struct gjson key;

    while (*at < w->json.len && w->json.ptr[*at] != '"')
        if (w->json.ptr[(*at)++] == '}')
            return false;
    if (*at >= w->json.len)
        return false;
    key = gjson_read(w->run->a, w->json, at);
    *ret_key = key.text;
    return !str_is_empty(key.raw);
}

static bool walk_object(struct walk *w, const struct gjson_part *p, size_t *at)
{
    struct str key;

    while (!w->run->is_over && next_member(w, at, &key)) {
        bool is_it = p->is_wild ? gjson_glob(w->run, key, p->name) : str_eq(key, p->name);
        char first = gjson_next(w->json, at);
        struct gjson v;

        if (!first || first == ']' || first == '}')
            return false;
        if (is_it && p->has_more && (first == '{' || first == '[')) {
            ++*at;
            if (first == '{' ? into_object(w, at, p->path) : into_array(w, at, p->path))
                return true;
            continue;
        }
        v = gjson_read(w->run->a, w->json, at);
        if (is_it && !p->has_more) {
            w->value = v;
            return true;
        }
    }
    return false;
}

static bool into_object(struct walk *w, size_t *at, struct str path)
{
    struct gjson_part p = gjson_object_part(w->run->a, path);
    bool is_found;

    if (p.is_piped)
        remember_pipe(w, p.pipe);
    is_found = gjson_enter(w->run) && walk_object(w, &p, at);
    gjson_leave(w->run);
    return is_found;
}

static void gather(struct walk *w, struct harvest *h, const struct gjson *v, size_t pos)
{
    if (h->text.len > 1)
        strbuf_addc(&h->text, ',');
    strbuf_add(&h->text, v->raw);
    VEC_APUSH(w->run->a, &h->positions, pos);
}

static void take_harvest(struct walk *w, struct harvest *h)
{
    if (h->text.len == 0)
        strbuf_addc(&h->text, '[');
    strbuf_addc(&h->text, ']');
    w->value = (struct gjson){.type = GJSON_JSON,
                              .raw = gjson_keep(w->run, &h->text),
                              .positions = h->positions.at,
                              .position_count = h->positions.len};
}

/* A path behind "#" may have a bar that belongs to the whole. */
static struct str without_pipe(struct walk *w, struct str path)
{
    struct str left, right;

    if (!gjson_split_pipe(path, &left, &right))
        return path;
    remember_pipe(w, right);
    return left;
}

/* "#.path": one element. */
static void map_element(struct walk *w, struct gjson_array_part *p, struct harvest *h,
                        const struct gjson *v)
{
    struct gjson found = gjson_find(w->run, v->raw, p->each_path);

    if (gjson_exists(&found))
        gather(w, h, &found,
               (v->type == GJSON_JSON ? position(w->json, v->raw) : 0) + found.pos);
}

/* "#(...)": one element; true when it is the one. */
static bool query_element(struct walk *w, struct gjson_array_part *p, struct harvest *h,
                          const struct gjson *v)
{
    struct gjson found = *v;

    if (v->type == GJSON_JSON)
        found = gjson_find(w->run, v->raw, p->query_path);
    else if (!str_is_empty(p->query_path))
        return false;
    if (!gjson_matches(w->run, p, found))
        return false;
    found = *v;
    found.pos = 0;
    if (p->part.has_more) {
        p->part.path = without_pipe(w, p->part.path);
        found = gjson_find(w->run, v->raw, p->part.path);
    }
    if (!p->wants_all) {
        w->value = found;
        return true;
    }
    if (found.raw.len > 0)
        gather(w, h, &found, position(w->json, v->raw) + found.pos);
    return false;
}

/* An array has ended without the one element that was looked for. */
static bool end_array(struct walk *w, const struct gjson_array_part *p, struct harvest *h,
                      size_t count)
{
    if (p->has_hash && str_is(p->part.name, "#")) {
        if (p->is_map)
            take_harvest(w, h);
        else
            w->value = (struct gjson){.type = GJSON_NUMBER,
                                      .raw = str_printf(w->run->a, "%zu", count),
                                      .number = (double) count};
        return true;
    }
    if (p->wants_all && !gjson_exists(&w->value))
        take_harvest(w, h);
    return false;
}

/* Looks at the element that begins at @at; true when it is the one. */
static bool array_element(struct walk *w, struct gjson_array_part *p, struct harvest *h,
                          size_t *at, bool is_it)
{
    char first = w->json.ptr[*at];
    struct gjson v;

    if (is_it && p->part.has_more && (first == '{' || first == '[')) {
        ++*at;
        return first == '{' ? into_object(w, at, p->part.path)
                            : into_array(w, at, p->part.path);
    }
    v = gjson_read(w->run->a, w->json, at);
    if (p->is_query)
        return query_element(w, p, h, &v);
    if (p->is_map)
        map_element(w, p, h, &v);
    if (is_it && !p->part.has_more)
        w->value = v;
    return is_it && !p->part.has_more;
}

static bool walk_array(struct walk *w, struct gjson_array_part *p, struct harvest *h,
                       size_t *at)
{
    size_t wanted = p->has_hash ? SIZE_MAX : gjson_digits(p->part.name);

    for (size_t i = 0; !w->run->is_over; i++) {
        char first;

        while ((first = gjson_next(w->json, at)) == '}')
            ++*at;
        if (!first || first == ']') {
            *at += first == ']';
            return end_array(w, p, h, i);
        }
        if (first == '"' && gjson_string_end(w->json, *at + 1) == SIZE_MAX)
            return false;
        if (array_element(w, p, h, at, i == wanted))
            return true;
    }
    return false;
}

static bool into_array(struct walk *w, size_t *at, struct str path)
{
    struct gjson_array_part p = gjson_array_part_of(w->run->a, path);
    struct harvest h = {.text = GJSON_BUFFER};
    bool is_found;

    if (p.part.is_piped)
        remember_pipe(w, p.part.pipe);
    if (p.is_map) {
        p.each_path = without_pipe(w, p.each_path);
        strbuf_addc(&h.text, '[');
    }
    if (p.wants_all)
        strbuf_addc(&h.text, '[');
    is_found = gjson_enter(w->run) && walk_array(w, &p, &h, at);
    gjson_leave(w->run);
    strbuf_done(&h.text);
    return is_found;
}

static struct gjson follow(struct gjson_run *run, struct str json, struct str rest)
{
    struct gjson found;

    if (rest.len == 0 || (rest.ptr[0] != '|' && rest.ptr[0] != '.'))
        return gjson_parse(run->a, json);
    found = gjson_find(run, json, str_skip(rest, 1));
    found.pos = found.position_count = 0;
    found.positions = NULL;
    return found;
}

/* The first object or array of a text, or with ".." its values, along a path. */
static struct gjson walk_text(struct gjson_run *run, struct str json, struct str path)
{
    struct walk w = {.run = run, .json = json, .value.raw = STR("")};
    size_t at = 0;

    if (str_starts(path, STR(".."))) {
        into_array(&w, &at, str_skip(path, 2));
    } else {
        while (at < json.len && json.ptr[at] != '{' && json.ptr[at] != '[')
            at++;
        if (at++ < json.len) {
            if (json.ptr[at - 1] == '{')
                into_object(&w, &at, path);
            else
                into_array(&w, &at, path);
        }
    }
    if (w.is_piped) {
        w.value = gjson_find(run, w.value.raw, w.pipe);
        w.value.pos = 0;
    } else {
        w.value.pos = position(json, w.value.raw);
    }
    return w.value;
}

struct gjson gjson_find(struct gjson_run *run, struct str json, struct str path)
{
    struct gjson found = {.raw = STR("")};
    struct str rest, made;

    if (gjson_enter(run) && gjson_spend(run, json.len + path.len + 1)) {
        if (gjson_modify(run, json, path, &rest, &made))
            found = follow(run, made, rest);
        else if (!gjson_collect(run, json, &path, &found))
            found = walk_text(run, json, path);
    }
    gjson_leave(run);
    return found;
}
