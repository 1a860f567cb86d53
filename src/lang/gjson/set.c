/*
 * Puts values into JSON text, and takes them out: the original's sjson. Walks down the path
 * component by component, copies what is before and behind, makes what is missing. See gjson.h.
 */
#include "base/limits.h"
#include "base/vec.h"
#include "lang/gjson/gjson_internal.h"

/* A component of a path. */
struct step {
    struct str name; /* decoded */
    struct str path; /* as gjson_get() takes it */
    bool is_name;    /* ":" in front: a member, even when it is a number */
};

struct change {
    struct gjson_run run;
    VEC(struct step) steps;
    struct strbuf out;
    struct str value;
    bool is_text, is_delete;
};

enum change_result { CHANGE_MADE, CHANGE_NONE, CHANGE_FAILED };

static bool is_simple(struct str path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (strchr("|#@*?", path.ptr[i]) && path.ptr[i])
            return false;
        i += path.ptr[i] == '\\';
    }
    return true;
}

static void read_steps(struct change *c, struct str path)
{
    bool has_more = true;

    while (has_more) {
        struct step s = {.is_name = path.len > 0 && path.ptr[0] == ':'};
        size_t end = 0;

        path = str_skip(path, s.is_name);
        while (end < path.len && path.ptr[end] != '.')
            end += path.ptr[end] == '\\' && end + 1 < path.len ? 2 : 1;
        s.path = str_head(path, end);
        s.name = gjson_plain_name(c->run.a, s.path);
        has_more = end < path.len;
        path = str_skip(path, end + 1);
        VEC_APUSH(c->run.a, &c->steps, s);
    }
}

/* The index that a step means; SIZE_MAX when it is none. No digits are 0. */
static size_t index_of(const struct step *s)
{
    if (s->is_name)
        return SIZE_MAX;
    return str_is_empty(s->name) ? 0 : gjson_digits(s->name);
}

static bool is_last(const struct step *s)
{
    return !s->is_name && str_is(s->name, "-1");
}

static void add_string(struct strbuf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char) s.ptr[i] < ' ' || (unsigned char) s.ptr[i] > 0x7f ||
            s.ptr[i] == '"' || s.ptr[i] == '\\') {
            json_print_string(b, s, JSON_ESCAPE_HTML);
            return;
        }
    strbuf_addc(b, '"');
    strbuf_add(b, s);
    strbuf_addc(b, '"');
}

static void add_value(struct change *c)
{
    if (c->is_text)
        add_string(&c->out, c->value);
    else
        strbuf_add(&c->out, c->value);
}

static void add_times(struct strbuf *b, struct str s, size_t count)
{
    for (size_t i = 0; i < count && !b->is_over; i++)
        strbuf_add(b, s);
}

/* Is it an element of an array rather than a member? */
static bool is_element(const struct step *s)
{
    return index_of(s) != SIZE_MAX || is_last(s);
}

static void open_container(struct change *c, const struct step *s)
{
    strbuf_addc(&c->out, is_element(s) ? '[' : '{');
    if (is_element(s) && !is_last(s))
        add_times(&c->out, STR("null,"), index_of(s));
}

static void add_name(struct change *c, const struct step *s)
{
    add_string(&c->out, s->name);
    strbuf_addc(&c->out, ':');
}

/* All behind step @at, which has its place: containers, and the value in the innermost. */
static void add_missing(struct change *c, size_t at)
{
    for (size_t i = at + 1; i < c->steps.len; i++) {
        const struct step *s = &c->steps.at[i];

        open_container(c, s);
        if (!is_element(s))
            add_name(c, s);
    }
    add_value(c);
    for (size_t i = c->steps.len - 1; i > at; i--)
        strbuf_addc(&c->out, is_element(&c->steps.at[i]) ? ']' : '}');
}

/* The last byte before @end that is one of @bytes; SIZE_MAX when there is none. */
static size_t find_back(struct str s, size_t end, struct str bytes)
{
    while (end-- > 0)
        if (str_find_char(bytes, s.ptr[end]) != SIZE_MAX)
            return end;
    return SIZE_MAX;
}

/* Where the member begins whose colon is at @colon: its opening quote, or SIZE_MAX. */
static size_t key_start(struct str s, size_t colon)
{
    size_t at = find_back(s, colon, STR("\""));

    do {
        if (at == SIZE_MAX)
            return SIZE_MAX;
        at = find_back(s, at, STR("\""));
    } while (at != SIZE_MAX && at > 0 && s.ptr[at - 1] == '\\');
    return at;
}

/* Before a value that is taken out: takes away a member's name, and the comma in front (0), or
 * says that the one behind must go (1). */
static int cut_tail(struct strbuf *b)
{
    struct str s = strbuf_str(b);
    size_t at = find_back(s, s.len, STR("[,:"));

    if (at != SIZE_MAX && s.ptr[at] == ':') {
        at = key_start(s, at);
        at = at == SIZE_MAX ? at : find_back(s, at, STR("{,"));
    }
    if (at == SIZE_MAX)
        return 0;
    if (s.ptr[at] == ',') {
        b->len = at;
        return 0;
    }
    if (s.ptr[at] == '{')
        b->len = at + 1;
    return 1;
}

static size_t comma_size(struct str rest)
{
    size_t i = 0;

    while (i < rest.len && (unsigned char) rest.ptr[i] <= ' ')
        i++;
    return i < rest.len && rest.ptr[i] == ',' ? i + 1 : 0;
}

/* A document to put the step into, when there is none that can take it. */
static struct str document(struct change *c, struct str json, const struct step *s)
{
    struct gjson parsed = gjson_parse(c->run.a, json);

    if (parsed.type == GJSON_JSON)
        return parsed.raw;
    return index_of(s) != SIZE_MAX ? STR("[]") : STR("{}");
}

static bool has_content(struct str raw)
{
    size_t i = 1;

    while (i < raw.len && (unsigned char) raw.ptr[i] <= ' ')
        i++;
    return i < raw.len && raw.ptr[i] != '}' && raw.ptr[i] != ']';
}

static void add_member(struct change *c, struct str raw, size_t at)
{
    size_t end = raw.len - 1;

    while (end > 0 && raw.ptr[end] != '}')
        end--;
    strbuf_add(&c->out, str_head(raw, end));
    if (has_content(raw))
        strbuf_addc(&c->out, ',');
    add_name(c, &c->steps.at[at]);
    add_missing(c, at);
    strbuf_addc(&c->out, '}');
}

struct elements {
    struct strbuf *out;
    size_t count;
};

static bool copy_element(void *ctx, const struct gjson *key _unused_, const struct gjson *value)
{
    struct elements *e = ctx;

    if (e->count++ > 0)
        strbuf_addc(e->out, ',');
    strbuf_add(e->out, value->raw);
    return true;
}

static void append_element(struct change *c, struct str raw, size_t at)
{
    struct str trimmed = gjson_trim(raw);

    trimmed.len -= trimmed.ptr[trimmed.len - 1] == ']';
    strbuf_add(&c->out, trimmed);
    if (has_content(raw))
        strbuf_addc(&c->out, ',');
    add_missing(c, at);
    strbuf_addc(&c->out, ']');
}

static void add_element(struct change *c, struct str raw, size_t at)
{
    struct gjson array = {.type = GJSON_JSON, .raw = raw};
    struct elements e = {.out = &c->out};
    size_t index = index_of(&c->steps.at[at]), missing;

    strbuf_addc(&c->out, '[');
    gjson_each(c->run.a, &array, copy_element, &e);
    missing = index > e.count ? index - e.count : 0;
    add_times(&c->out, e.count ? STR(",null") : STR("null,"), missing);
    if (e.count && has_content(raw))
        strbuf_addc(&c->out, ',');
    add_missing(c, at);
    strbuf_addc(&c->out, ']');
}

/* Step @at is not in the document: puts it in. */
static enum change_result add_step(struct change *c, struct str json, size_t at)
{
    const struct step *s = &c->steps.at[at];
    struct str raw;

    if (c->is_delete)
        return CHANGE_NONE;
    raw = document(c, json, s);
    if (raw.ptr[0] == '{') {
        add_member(c, raw, at);
    } else if (is_last(s)) {
        append_element(c, raw, at);
    } else if (index_of(s) != SIZE_MAX) {
        add_element(c, raw, at);
    } else {
        err_set(c->run.err, ERR_INVALID,
                "cannot set array element for non-numeric key '" STR_FMT "'", STR_ARG(s->name));
        return CHANGE_FAILED;
    }
    return CHANGE_MADE;
}

static struct gjson find_step(struct change *c, struct str json, const struct step *s)
{
    struct gjson found;

    if (c->is_delete && is_last(s)) {
        found = gjson_find(&c->run, json, STR("#"));
        if (gjson_int(&found) > 0)
            return gjson_find(
                &c->run, json,
                str_printf(c->run.a, "%lld", (long long) (gjson_int(&found) - 1)));
    }
    return gjson_find(&c->run, json, s->path);
}

static enum change_result change_at(struct change *c, struct str json, size_t at)
{
    struct gjson found = find_step(c, json, &c->steps.at[at]);
    enum change_result result = CHANGE_MADE;
    struct str rest;

    if (c->run.is_over)
        return CHANGE_FAILED;
    if (found.pos == 0)
        return add_step(c, json, at);
    rest = str_skip(json, found.pos + found.raw.len);
    strbuf_add(&c->out, str_head(json, found.pos));
    if (at + 1 < c->steps.len) {
        if (!gjson_enter(&c->run))
            return CHANGE_FAILED;
        result = change_at(c, found.raw, at + 1);
        gjson_leave(&c->run);
    } else if (!c->is_delete) {
        add_value(c);
    } else if (cut_tail(&c->out) == 1) {
        rest = str_skip(rest, comma_size(rest));
    }
    strbuf_add(&c->out, rest);
    return result;
}

/* ---- paths with wildcards: what is there is replaced ---- */

struct place {
    size_t pos, len; /* @pos 0: none */
};

struct places {
    struct change *c;
    struct str json;
    const struct gjson *found;
    VEC(struct place) list;
};

static bool add_place(void *ctx, const struct gjson *key _unused_, const struct gjson *value)
{
    struct places *p = ctx;
    size_t i = p->list.len;
    struct place place = {.len = value->raw.len};

    /* A made element has no place in the document; the original writes over something. */
    if (i < p->found->position_count &&
        str_starts(str_skip(p->json, p->found->positions[i]), value->raw))
        place.pos = p->found->positions[i];
    VEC_APUSH(p->c->run.a, &p->list, place);
    return true;
}

static int by_position(const void *left, const void *right)
{
    const struct place *a = left, *b = right;

    return (a->pos > b->pos) - (a->pos < b->pos);
}

static enum change_result replace_found(struct change *c, struct str json,
                                        const struct gjson *found)
{
    struct places p = {.c = c, .json = json, .found = found};
    size_t at = 0;

    if (found->pos > 0)
        VEC_APUSH(c->run.a, &p.list, ((struct place){found->pos, found->raw.len}));
    else
        gjson_each(c->run.a, found, add_place, &p);
    if (found->pos == 0 && p.list.len != found->position_count)
        return CHANGE_NONE;
    if (p.list.len > 0)
        qsort(p.list.at, p.list.len, sizeof(*p.list.at), by_position);
    if (p.list.len > 0 && p.list.at[0].pos == 0)
        return CHANGE_NONE;
    VEC_FOREACH (it, &p.list) {
        if (it->pos < at)
            continue;
        strbuf_add(&c->out, str_of(json.ptr + at, it->pos - at));
        add_value(c);
        at = it->pos + it->len;
    }
    strbuf_add(&c->out, str_skip(json, at));
    return CHANGE_MADE;
}

static enum change_result change_complex(struct change *c, struct str json, struct str path)
{
    struct gjson found;

    if (c->is_delete) {
        err_set(c->run.err, ERR_INVALID, "cannot delete value from a complex path");
        return CHANGE_FAILED;
    }
    found = gjson_find(&c->run, json, path);
    if (!gjson_exists(&found) || (found.pos == 0 && found.position_count == 0))
        return CHANGE_NONE;
    return replace_found(c, json, &found);
}

static int change(struct change *c, struct str json, struct str path, struct str *ret)
{
    enum change_result result;
    struct str made;

    c->out = (struct strbuf) GJSON_BUFFER;
    if (str_is_empty(path))
        return err_set(c->run.err, ERR_INVALID, "path cannot be empty");
    if (is_simple(path)) {
        read_steps(c, path);
        result = change_at(c, json, 0);
    } else {
        result = change_complex(c, json, path);
    }
    made = gjson_keep(&c->run, &c->out);
    if (c->run.is_over || result == CHANGE_FAILED)
        return -1;
    *ret = result == CHANGE_NONE ? json : made;
    return 0;
}

int gjson_set_text(struct arena *a, struct str json, struct str path, struct str value,
                   struct str *ret, struct err *err)
{
    struct change c = {.run = {.a = a, .err = err}, .value = value, .is_text = true};

    return change(&c, json, path, ret);
}

int gjson_set_raw(struct arena *a, struct str json, struct str path, struct str value,
                  struct str *ret, struct err *err)
{
    struct change c = {.run = {.a = a, .err = err}, .value = value};

    return change(&c, json, path, ret);
}

int gjson_delete(struct arena *a, struct str json, struct str path, struct str *ret,
                 struct err *err)
{
    struct change c = {.run = {.a = a, .err = err}, .is_delete = true};

    return change(&c, json, path, ret);
}
