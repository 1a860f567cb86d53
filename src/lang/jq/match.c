/* Regular expressions of jq: all matches with their groups. See jq_internal.h. */
#include "lang/jq/jq_internal.h"

#include "formats/goquote.h"
#include "formats/regex.h"

static size_t rune_count(struct str s)
{
    size_t count = 0, size = 1;

    for (size_t i = 0; i < s.len; i += size, count++)
        go_rune_next(str_skip(s, i), &size);
    return count;
}

/* Offsets are in characters; those of a group that took no part are -1. */
static struct jq_value make_span(struct jq_run *r, struct str s, struct regex_span span,
                                 struct jq_value captures, struct jq_value name)
{
    struct jq_member *m = ARENA_ARRAY(r->a, struct jq_member, 4);
    bool is_group = captures.type == JQ_NULL, is_there = span.from != SIZE_MAX;
    struct str text = is_there ? str_of(s.ptr + span.from, span.to - span.from) : STR_NONE;
    size_t n = 0;

    if (!is_group)
        m[n++] = (struct jq_member){.key = STR("captures"), .value = captures};
    m[n++] =
        (struct jq_member){.key = STR("length"), .value = jq_int((int64_t) rune_count(text))};
    if (is_group)
        m[n++] = (struct jq_member){.key = STR("name"), .value = name};
    m[n++] = (struct jq_member){
        .key = STR("offset"),
        .value = jq_int(is_there ? (int64_t) rune_count(str_head(s, span.from)) : -1)};
    m[n] = (struct jq_member){.key = STR("string"),
                              .value = is_there ? jq_string(text) : jq_null()};
    return jq_object(m, 4);
}

static struct jq_value make_match(struct jq_run *r, struct str pattern, struct str s,
                                  const struct regex_span *spans, size_t groups)
{
    struct jq_value *items = ARENA_ARRAY(r->a, struct jq_value, groups + 1);

    for (size_t i = 0; i < groups; i++) {
        struct str name = regex_group_name(pattern, i + 1);

        items[i] = make_span(r, s, spans[i + 1], jq_null(),
                             str_is_none(name) ? jq_null() : jq_string(str_copy(r->a, name)));
    }
    return make_span(r, s, spans[0], jq_array(items, groups), jq_null());
}

/* As Go's FindAll: no empty match directly behind another one. */
static int find_all(struct jq_run *r, const struct regex *re, struct str pattern, struct str s,
                    bool is_global, struct jq_value *ret)
{
    size_t groups = regex_groups(re), at = 0, last_end = SIZE_MAX, size = 1;
    struct regex_span spans[REGEX_SPANS_MAX];
    VEC(struct jq_value) found = {};
    int rc = JQ_OK;

    if (groups + 1 > REGEX_SPANS_MAX)
        return jq_fail(r, "regular expression has more than %d groups", REGEX_SPANS_MAX - 1);
    while (rc == JQ_OK && at <= s.len && regex_find(re, s, at, spans, groups + 1)) {
        bool is_empty = spans[0].from == spans[0].to;

        if (!is_empty || spans[0].from != last_end) {
            VEC_APUSH(r->a, &found, make_match(r, pattern, s, spans, groups));
            if (!is_global)
                break;
        }
        last_end = spans[0].to;
        at = spans[0].to;
        if (is_empty && at < s.len)
            go_rune_next(str_skip(s, at), &size);
        at += is_empty ? size : 0;
        rc = jq_charge(r, 1 + s.len / 16, 0);
    }
    *ret = jq_array(found.at, found.len);
    return rc;
}

static int compile(struct jq_run *r, struct str pattern, struct str flags, struct regex **ret)
{
    struct err err;
    struct str whole = pattern;

    for (size_t i = 0; i < flags.len; i++)
        if (!strchr("gim", flags.ptr[i]))
            return jq_fail(r, "unsupported regular expression flag: \"" STR_FMT "\"",
                           STR_ARG(flags));
    if (str_find_char(flags, 'i') != SIZE_MAX)
        whole = str_concat(r->a, STR("(?i)"), whole);
    if (str_find_char(flags, 'm') != SIZE_MAX)
        whole = str_concat(r->a, STR("(?s)"), whole);
    *ret = regex_new(whole, &err);
    return *ret ? jq_charge(r, 20 + pattern.len, 0)
                : jq_fail(r, "invalid regular expression \"" STR_FMT "\": %s", STR_ARG(whole),
                          err.text);
}

/* _match(pattern; flags; testing) */
static int f_match(struct jq_run *r, const struct jq_value *in, const struct jq_value *args,
                   struct jq_value *ret)
{
    _cleanup_regex_ struct regex *re = NULL;
    struct str flags = args[1].type == JQ_STRING ? jq_str(&args[1]) : STR("");
    bool is_test = args[2].type == JQ_TRUE;
    int rc;

    if (in->type != JQ_STRING || args[0].type != JQ_STRING ||
        (args[1].type != JQ_STRING && args[1].type != JQ_NULL))
        return jq_fail(r, "%s(" STR_FMT "; " STR_FMT ") cannot be applied to: " STR_FMT,
                       is_test ? "test" : "match", STR_ARG(jq_preview(r, &args[0])),
                       STR_ARG(jq_preview(r, &args[1])), STR_ARG(jq_shown(r, in)));
    rc = compile(r, jq_str(&args[0]), flags, &re);
    if (rc)
        return rc;
    if (!is_test)
        return find_all(r, re, jq_str(&args[0]), jq_str(in),
                        str_find_char(flags, 'g') != SIZE_MAX, ret);
    *ret = jq_bool(regex_matches(re, jq_str(in)));
    return jq_charge(r, 1 + in->count / 16, 0);
}

/* The named groups of a match as an object. */
static int f_captures(struct jq_run *r, const struct jq_value *in,
                      const struct jq_value *args _unused_, struct jq_value *ret)
{
    struct jq_member *m;
    size_t count = 0;

    if (in->type != JQ_ARRAY)
        return jq_fail(r, "expected an array but got: " STR_FMT, STR_ARG(jq_shown(r, in)));
    m = ARENA_ARRAY(r->a, struct jq_member, in->count + 1);
    for (size_t i = 0; i < in->count; i++) {
        const struct jq_value *item = &in->items[i];
        const struct jq_value *name =
            item->type == JQ_OBJECT ? jq_get(item, STR("name")) : NULL;
        const struct jq_value *text = name ? jq_get(item, STR("string")) : NULL;

        if (name && name->type == JQ_STRING)
            m[count++] =
                (struct jq_member){.key = jq_str(name), .value = text ? *text : jq_null()};
    }
    *ret = jq_make_object(m, count);
    return jq_charge(r, 1 + in->count, 0);
}

const struct jq_native jq_natives_regex[] = {
    {"_captures", 0, f_captures},
    {"_match", 3, f_match},
    {0},
};
