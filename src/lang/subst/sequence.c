/*
 * lang/subst/sequence.c - withSequence: counting, with a Go format.
 *
 * The format gets one whole number, as fmt.Sprintf does: what is wrong prints what Go prints
 * ("%!s(int=0)"), because such texts end up in the names of nodes. The text is put between
 * quotes and must then be one JSON string.
 */
#include "base/limits.h"
#include "base/strbuf.h"
#include "formats/anystring.h"
#include "formats/goquote.h"
#include "lang/subst/items.h"
#include "lang/value/text.h"

enum { TEXT_MAX_BYTES = 65536 };

/* strconv.Atoi of a text or number. */
static int take_bound(struct arena *a, const struct json *v, int64_t *ret, struct err *err)
{
    struct str text = any_string(a, v);
    struct str digits =
        str_skip(text, str_starts(text, STR("-")) || str_starts(text, STR("+")));
    struct str quoted;
    bool is_number;

    if (parse_i64(text, ret))
        return 0;
    quoted = go_quote(a, text);
    is_number = digits.len > 0;
    for (size_t i = 0; i < digits.len; i++)
        is_number = is_number && digits.ptr[i] >= '0' && digits.ptr[i] <= '9';
    return err_set(err, ERR_INVALID, "strconv.Atoi: parsing " STR_FMT ": %s", STR_ARG(quoted),
                   is_number ? "value out of range" : "invalid syntax");
}

struct range {
    int64_t first, last;
    bool is_empty;
};

static int take_range(struct arena *a, const struct json *sequence, struct range *ret,
                      struct err *err)
{
    const struct json *start = json_get(sequence, STR("start"));
    const struct json *end = json_get(sequence, STR("end"));
    const struct json *count = json_get(sequence, STR("count"));
    int64_t n = 0;

    *ret = (struct range){0};
    if (start && start->type != JSON_NULL && take_bound(a, start, &ret->first, err) < 0)
        return -1;
    if (end && end->type != JSON_NULL)
        return take_bound(a, end, &ret->last, err);
    if (!count || count->type == JSON_NULL)
        return err_set(err, ERR_INVALID, "neither end nor count was specified in withSequence");
    if (take_bound(a, count, &n, err) < 0)
        return -1;
    ret->is_empty = n == 0;
    if (__builtin_add_overflow(ret->first, n - (n > INT64_MIN), &ret->last))
        return err_set(err, ERR_LIMIT, "withSequence: more than %d items",
                       WORKFLOW_FAN_OUT_MAX);
    return 0;
}

/* Appends one item to the list, which must be a JSON string by itself. */
static int add_item(struct arena *scratch, struct strbuf *list, struct str format, int64_t n,
                    struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX_BYTES);
    struct value_run r = {.a = scratch, .what = "withSequence format", .err = err};
    struct value number = value_int(n);
    struct item item;
    struct str text;

    strbuf_addc(&b, '"');
    if (value_sprintf(&r, &b, format, &number, 1) < 0)
        return -1;
    strbuf_addc(&b, '"');
    if (strbuf_finish(&b, &text, err) < 0)
        return err_wrap(err, "withSequence format");
    arena_reset(scratch);
    if (item_parse(scratch, text, &item, err) < 0)
        return -1;
    if (list->len > 1)
        strbuf_addc(list, ',');
    strbuf_add(list, text);
    return 0;
}

int sequence_texts(struct arena *a, const struct json *sequence, struct str *ret,
                   struct err *err)
{
    _cleanup_strbuf_ struct strbuf list = STRBUF_INIT(ARENA_DOC_MAX_BYTES);
    _cleanup_arena_ struct arena *scratch = arena_new();
    struct str format = json_get_str(sequence, STR("format"));
    struct range range;
    struct str text;
    uint64_t steps;

    if (take_range(a, sequence, &range, err) < 0)
        return -1;
    steps = range.first <= range.last ? (uint64_t) range.last - (uint64_t) range.first
                                      : (uint64_t) range.first - (uint64_t) range.last;
    if (steps >= WORKFLOW_FAN_OUT_MAX)
        return err_set(err, ERR_LIMIT, "withSequence: more than %d items",
                       WORKFLOW_FAN_OUT_MAX);
    strbuf_addc(&list, '[');
    for (uint64_t i = 0; !range.is_empty && i <= steps; i++) {
        int64_t n = range.first + (range.first <= range.last ? (int64_t) i : -(int64_t) i);

        if (add_item(scratch, &list, str_is_empty(format) ? STR("%d") : format, n, err) < 0)
            return -1;
    }
    strbuf_addc(&list, ']');
    if (strbuf_finish(&list, &text, err) < 0)
        return err_wrap(err, "withSequence");
    *ret = str_copy(a, text);
    return 0;
}
