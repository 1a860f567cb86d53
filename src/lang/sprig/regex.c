/*
 * lang/sprig/regex.c - sprig's functions on regular expressions, as Go's regexp package; and
 * versions.
 *
 * Any thread. Matching is linear in the text; each match counts as work.
 */
#include "formats/regex.h"
#include "formats/goquote.h"
#include "formats/semver.h"
#include "lang/sprig/sprig_internal.h"

SPRIG_FN(mustRegexMatch)
{
    int found;

    if (value_charge(r, args[0].count + args[1].count / 64) < 0)
        return -1;
    found = regex_search(value_text(&args[0]), value_text(&args[1]), r->err);
    *ret = value_bool(found > 0);
    return found < 0 ? -1 : 0;
}

/* A bad expression matches nothing. */
SPRIG_FN(regexMatch)
{
    *ret = value_bool(false);
    if (sprig_fn_mustRegexMatch(r, args, count, ret) == 0)
        return 0;
    return r->err->kind == ERR_INVALID ? 0 : -1;
}

static struct regex *compile(struct value_run *r, const struct value *pattern,
                             const struct value *text)
{
    if (value_charge(r, pattern->count + text->count / 16) < 0)
        return NULL;
    return regex_new(value_text(pattern), r->err);
}

/* The functions without "must" panic with Go's MustCompile. */
static int unless_bad(struct value_run *r, const struct value *pattern, int rc)
{
    _cleanup_regex_ struct regex *re = rc < 0 ? regex_new(value_text(pattern), r->err) : NULL;
    struct str shown = value_text(pattern);

    if (rc == 0 || re || r->err->kind != ERR_INVALID)
        return rc;
    shown = str_find_char(shown, '`') == SIZE_MAX
                ? str_printf(r->a, "`" STR_FMT "`", STR_ARG(shown))
                : go_quote(r->a, shown);
    return err_wrap(r->err, "regexp: Compile(" STR_FMT ")", STR_ARG(str_head(shown, 300)));
}

SPRIG_FN(mustRegexFind)
{
    _cleanup_regex_ struct regex *re = compile(r, &args[0], &args[1]);
    struct str text = value_text(&args[1]);
    struct regex_span found;

    *ret = value_string(STR(""));
    if (!re)
        return -1;
    if (regex_find(re, text, 0, &found, 1))
        *ret = value_string(str_head(str_skip(text, found.from), found.to - found.from));
    return 0;
}

/* Bytes of the code point at a place; 1 at the end. */
static size_t step_at(struct str text, size_t at)
{
    size_t size = 1;

    if (at < text.len)
        go_rune_next(str_skip(text, at), &size);
    return size;
}

typedef VEC(struct regex_span) span_list;

/* All matches, at most @limit (below 0: all); an empty one behind another does not count. */
static int find_all(struct value_run *r, const struct regex *re, struct str text, int64_t limit,
                    span_list *ret)
{
    size_t last = SIZE_MAX;
    struct regex_span m;

    for (size_t at = 0; at <= text.len && (limit < 0 || ret->len < (uint64_t) limit) &&
                        regex_find(re, text, at, &m, 1);) {
        bool is_good = m.to > m.from || m.from != last;

        if (value_charge(r, 1 + (m.to - at) / 64) < 0 || value_make(r, sizeof(m)) < 0)
            return -1;
        at = m.to > at ? m.to : at + step_at(text, at);
        last = m.to;
        if (is_good)
            VEC_APUSH(r->a, ret, m);
    }
    return 0;
}

static struct str part(struct str text, size_t from, size_t to)
{
    return str_head(str_skip(text, from), to - from);
}

SPRIG_FN(mustRegexFindAll)
{
    _cleanup_regex_ struct regex *re = compile(r, &args[0], &args[1]);
    struct str text = value_text(&args[1]);
    span_list spans = {};
    sprig_list list = {};

    if (!re || find_all(r, re, text, args[2].number, &spans) < 0)
        return -1;
    VEC_FOREACH (m, &spans)
        if (sprig_add(r, &list, value_string(part(text, m->from, m->to))) < 0)
            return -1;
    *ret = value_strings(list.at, list.len);
    ret->is_go_nil = list.len == 0;
    return 0;
}

SPRIG_FN(mustRegexSplit)
{
    _cleanup_regex_ struct regex *re = compile(r, &args[0], &args[1]);
    struct str text = value_text(&args[1]);
    int64_t limit = args[2].number;
    span_list spans = {};
    sprig_list list = {};
    size_t from = 0, end = 0;

    *ret = value_strings(NULL, 0);
    ret->is_go_nil = true;
    if (!re)
        return -1;
    if (limit == 0)
        return 0;
    if (find_all(r, re, text, limit, &spans) < 0)
        return -1;
    VEC_FOREACH (m, &spans) {
        if ((limit > 0 && list.len + 1 == (uint64_t) limit) ||
            (text.len == 0 && args[0].count > 0))
            break;
        end = m->from;
        if (m->to != 0 && sprig_add(r, &list, value_string(part(text, from, end))) < 0)
            return -1;
        from = m->to;
    }
    if ((end != text.len || (text.len == 0 && args[0].count > 0)) &&
        sprig_add(r, &list, value_string(str_skip(text, from))) < 0)
        return -1;
    *ret = value_strings(list.at, list.len);
    return 0;
}

/* A replacement with what its "$" mean. */
struct replacement {
    struct str pattern, text;
    bool is_literal;
};

static bool is_name_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           c == '_';
}

/* The name behind a "$", in braces or not; false when there is none. */
static bool take_name(struct str *rest, struct str *name)
{
    bool has_brace = rest->len > 0 && rest->ptr[0] == '{';
    struct str from = str_skip(*rest, has_brace);
    size_t len = 0;

    while (len < from.len && is_name_char(from.ptr[len]))
        len++;
    if (len == 0 || (has_brace && (len == from.len || from.ptr[len] != '}')))
        return false;
    *name = str_head(from, len);
    *rest = str_skip(from, len + has_brace);
    return true;
}

static void expand(struct strbuf *b, const struct replacement *by, struct str source,
                   const struct regex_span *spans, size_t count)
{
    struct str rest = by->text;

    while (!by->is_literal && rest.len > 0) {
        size_t at = str_find_char(rest, '$');
        struct str name;
        uint64_t group = 0;

        strbuf_add(b, str_head(rest, at));
        if (at == SIZE_MAX)
            return;
        rest = str_skip(rest, at + 1);
        if (rest.len > 0 && rest.ptr[0] == '$') {
            strbuf_addc(b, '$');
            rest = str_skip(rest, 1);
        } else if (!take_name(&rest, &name)) {
            strbuf_addc(b, '$');
        } else {
            if (!parse_u64(name, &group)) {
                group = regex_group_of(by->pattern, name);
                group = group > 0 ? group : SIZE_MAX;
            }
            if (group < count && spans[group].from != SIZE_MAX)
                strbuf_add(b, part(source, spans[group].from, spans[group].to));
        }
    }
    strbuf_add(b, rest);
}

static int replace_all(struct value_run *r, const struct value *args, bool is_literal,
                       struct value *ret)
{
    _cleanup_regex_ struct regex *re = compile(r, &args[0], &args[1]);
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    const struct replacement by = {value_text(&args[0]), value_text(&args[2]), is_literal};
    struct str text = value_text(&args[1]);
    struct regex_span spans[REGEX_SPANS_MAX];
    size_t last = 0, count;

    if (!re)
        return -1;
    count = regex_groups(re) + 1 < REGEX_SPANS_MAX ? regex_groups(re) + 1 : REGEX_SPANS_MAX;
    for (size_t at = 0; at <= text.len && regex_find(re, text, at, spans, count);) {
        strbuf_add(&b, part(text, last, spans[0].from));
        if (spans[0].to > last || spans[0].from == 0)
            expand(&b, &by, text, spans, count);
        last = spans[0].to;
        at = at + step_at(text, at) > last ? at + step_at(text, at) : last;
        if (b.is_over || value_charge(r, 1 + by.text.len / 64) < 0)
            return b.is_over ? value_make(r, SIZE_MAX) : -1;
    }
    strbuf_add(&b, str_skip(text, last));
    return value_text_value(r, &b, ret);
}

SPRIG_FN(mustRegexReplaceAll)
{
    return replace_all(r, args, false, ret);
}

SPRIG_FN(mustRegexReplaceAllLiteral)
{
    return replace_all(r, args, true, ret);
}

SPRIG_FN(regexFind)
{
    return unless_bad(r, &args[0], sprig_fn_mustRegexFind(r, args, count, ret));
}

SPRIG_FN(regexFindAll)
{
    return unless_bad(r, &args[0], sprig_fn_mustRegexFindAll(r, args, count, ret));
}

SPRIG_FN(regexSplit)
{
    return unless_bad(r, &args[0], sprig_fn_mustRegexSplit(r, args, count, ret));
}

SPRIG_FN(regexReplaceAll)
{
    return unless_bad(r, &args[0], sprig_fn_mustRegexReplaceAll(r, args, count, ret));
}

SPRIG_FN(regexReplaceAllLiteral)
{
    return unless_bad(r, &args[0], sprig_fn_mustRegexReplaceAllLiteral(r, args, count, ret));
}

SPRIG_FN(regexQuoteMeta)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str s = value_text(&args[0]);

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] && strchr("\\.+*?()|[]{}^$", s.ptr[i]))
            strbuf_addc(&b, '\\');
        strbuf_addc(&b, s.ptr[i]);
    }
    return value_text_value(r, &b, ret);
}

SPRIG_FN(semver)
{
    struct semver *v = ARENA_NEW(r->a, struct semver);

    if (semver_parse(r->a, value_text(&args[0]), v, r->err) < 0)
        return -1;
    *ret = (struct value){.type = VALUE_SEMVER, .semver = v};
    return 0;
}

SPRIG_FN(semverCompare)
{
    struct semver v;
    int is_fitting;

    const struct semver any = {.prerelease = STR(""), .metadata = STR("")};

    if (semver_fits(value_text(&args[0]), &any, r->err) < 0 ||
        semver_parse(r->a, value_text(&args[1]), &v, r->err) < 0)
        return -1;
    is_fitting = semver_fits(value_text(&args[0]), &v, r->err);
    *ret = value_bool(is_fitting > 0);
    return is_fitting < 0 ? -1 : 0;
}
