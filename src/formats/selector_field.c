/*
 * formats/selector_field.c - reads field selector texts:
 * "metadata.name=x,status.phase!=Running".
 *
 * Field selectors know equality only; keys are not checked, blanks belong to key and value, and
 * a backslash escapes comma, equals sign and backslash in values. Terms are sorted as texts
 * before they are read, as the original does, so that its first error is ours, too.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "formats/goquote.h"
#include "formats/selector_internal.h"

struct str field_escape(struct arena *a, struct str s)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(s.len * 2 + 1);

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\\' || s.ptr[i] == ',' || s.ptr[i] == '=')
            strbuf_addc(&b, '\\');
        strbuf_addc(&b, s.ptr[i]);
    }
    return str_copy(a, strbuf_str(&b));
}

/* Pieces between commas that no backslash stands before. */
static void split_terms(struct arena *a, struct str text, selector_texts *ret)
{
    size_t start = 0;
    bool is_escaped = false;

    for (size_t i = 0; i < text.len; i++) {
        if (is_escaped) {
            is_escaped = false;
        } else if (text.ptr[i] == '\\') {
            is_escaped = true;
        } else if (text.ptr[i] == ',') {
            VEC_APUSH(a, ret, str_of(text.ptr + start, i - start));
            start = i + 1;
        }
    }
    VEC_APUSH(a, ret, str_skip(text, start));
}

static bool split_term(struct str term, struct selector_requirement *ret, struct str *ret_value)
{
    for (size_t i = 0; i < term.len; i++) {
        struct str rest = str_skip(term, i);
        size_t skip = 1;

        if (str_starts(rest, STR("!=")) || str_starts(rest, STR("==")))
            skip = 2;
        else if (rest.ptr[0] != '=')
            continue;
        ret->key = str_head(term, i);
        ret->op = rest.ptr[0] == '!' ? SELECTOR_NOT_EQUAL : SELECTOR_EQUAL;
        *ret_value = str_skip(rest, skip);
        return true;
    }
    return false;
}

static int unescape(struct arena *a, struct str s, struct str *ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(s.len + 1);

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (c == ',' || c == '=')
            return err_set(err, ERR_INVALID,
                           "invalid field selector: unescaped character in value: %d", c);
        if (c == '\\') {
            struct str escaped = str_skip(s, ++i);
            size_t size = 0;

            if (escaped.len > 0)
                go_rune_next(escaped, &size);
            escaped = str_head(escaped, size);
            if (!str_is(escaped, "\\") && !str_is(escaped, ",") && !str_is(escaped, "="))
                return err_set(err, ERR_INVALID,
                               "invalid field selector: invalid escape sequence: \\" STR_FMT,
                               STR_ARG(escaped));
            c = escaped.ptr[0];
        }
        strbuf_addc(&b, c);
    }
    *ret = str_copy(a, strbuf_str(&b));
    return 0;
}

static int compare_texts(const void *left, const void *right)
{
    return str_cmp(*(const struct str *) left, *(const struct str *) right);
}

int selector_parse_fields(struct arena *a, struct str text, struct selector *ret,
                          struct err *err)
{
    struct selector_draft draft = {.arena = a};
    selector_texts terms = {0};
    struct str own = str_copy(a, text.ptr ? text : STR(""));

    if (text.len > SELECTOR_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "field selector: %zu bytes, at most %d", text.len,
                       SELECTOR_MAX_BYTES);
    split_terms(a, own, &terms);
    qsort(terms.at, terms.len, sizeof(*terms.at), compare_texts);
    VEC_FOREACH (term, &terms) {
        struct selector_requirement req = {.is_field = true, .value_count = 1};
        struct str *value = ARENA_NEW(a, struct str);

        if (str_is_empty(*term))
            continue;
        if (!split_term(*term, &req, value))
            return err_set(err, ERR_INVALID,
                           "invalid selector: '" STR_FMT "'; can't understand '" STR_FMT "'",
                           STR_ARG(own), STR_ARG(*term));
        if (unescape(a, *value, value, err) < 0)
            return -1;
        if (str_is_empty(req.key) && str_is_empty(*value))
            continue; /* "=" alone says nothing */
        req.values = value;
        VEC_APUSH(a, &draft.requirements, req);
    }
    *ret = (struct selector){.at = draft.requirements.at, .len = draft.requirements.len};
    return 0;
}
