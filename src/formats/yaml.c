/*
 * YAML to JSON values: libyaml scans, we resolve plain scalars as sigs.k8s.io/yaml (go-yaml v2)
 * does: YAML 1.1 booleans, numbers with _, 0x, 0o, 0b and octal, .inf and .nan refused, ~ and
 * null, << merges, timestamps stay text. Where libyaml is younger than go-yaml, we refuse: YAML
 * 1.2, the escape \/, a ? within a plain scalar of a flow collection.
 *
 * Events become values in one recursive function a node. Anchored values are remembered and
 * shared: an alias costs nothing in memory, but its size counts against YAML_ALIAS_MAX_NODES,
 * so a document of doubling aliases is refused.
 */
#include "formats/yaml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/base64.h"

typedef VEC(struct json_member) member_vec;
typedef VEC(struct json) item_vec;

struct anchor {
    bool is_open; /* its value is being read */
    struct json value;
    size_t nodes; /* values that it stands for */
};

struct reader {
    struct arena *a;
    struct str text;
    struct err *err;
    yaml_parser_t parser;
    yaml_event_t event;
    struct map anchors; /* name -> struct anchor */
    size_t nodes;
    unsigned depth;
    bool is_lax;                  /* of keys that are given twice the last counts */
    bool is_flow;                 /* inside of [] or {} */
    bool is_key, is_float;        /* of the scalar: it is a key; it was a number with a point */
    size_t start;                 /* bytes of the byte order mark */
    size_t seen_index, seen_byte; /* libyaml counts characters: where we know both */
    size_t colon_begin,
        colon_at; /* a plain scalar that libyaml refuses for its colon; 0: none */
};

static int read_node(struct reader *r, struct json *ret);

static int fail_mark(struct reader *r, const yaml_mark_t *mark, const char *what,
                     const char *more)
{
    return err_set(r->err, ERR_INVALID, "line %zu, column %zu: %s%s%s", mark->line + 1,
                   mark->column + 1, what, more ? " " : "", more ? more : "");
}

/* "while parsing a flow sequence", with the place where it begins. */
static const char *context_text(struct reader *r)
{
    const yaml_mark_t *mark = &r->parser.context_mark;

    return str_printf(r->a, "%s that begins in line %zu, column %zu", r->parser.context,
                      mark->line + 1, mark->column + 1)
        .ptr;
}

/* Byte offset of a mark. Marks come almost in order, so the walk is short. */
static uint32_t byte_of(struct reader *r, const yaml_mark_t *mark)
{
    if (mark->index < r->seen_index) {
        r->seen_index = 0;
        r->seen_byte = r->start;
    }
    while (r->seen_index < mark->index && r->seen_byte < r->text.len) {
        r->seen_byte++;
        while (r->seen_byte < r->text.len &&
               ((unsigned char) r->text.ptr[r->seen_byte] & 0xc0) == 0x80)
            r->seen_byte++;
        r->seen_index++;
    }
    return (uint32_t) r->seen_byte;
}

static int next_event(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->parser, &r->event))
        return 0;
    if (r->parser.problem && strcmp(r->parser.problem, "found unexpected ':'") == 0) {
        r->colon_begin = byte_of(r, &r->parser.context_mark);
        r->colon_at = byte_of(r, &r->parser.problem_mark);
    }
    if (r->parser.context && r->parser.context_mark.line != r->parser.problem_mark.line)
        return fail_mark(r, &r->parser.problem_mark,
                         r->parser.problem ? r->parser.problem : "not YAML", context_text(r));
    return fail_mark(r, &r->parser.problem_mark,
                     r->parser.problem ? r->parser.problem : "not YAML", r->parser.context);
}

static struct str scalar_text(const struct reader *r)
{
    return str_copy(
        r->a, str_of((const char *) r->event.data.scalar.value, r->event.data.scalar.length));
}

static const char *anchor_name(const struct reader *r)
{
    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        return (const char *) r->event.data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return (const char *) r->event.data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT:
        return (const char *) r->event.data.mapping_start.anchor;
    default:
        return NULL;
    }
}

/* ---- plain scalars ---- */

static bool is_one_of(struct str s, const char *const *words)
{
    for (; *words; words++)
        if ((s.len == 0 || s.ptr[0] == **words) && str_is(s, *words))
            return true;
    return false;
}

static struct str without_underscores(struct arena *a, struct str s)
{
    char *out = arena_alloc_raw(a, s.len + 1);
    size_t used = 0;

    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] != '_')
            out[used++] = s.ptr[i];
    out[used] = '\0';
    return str_of(out, used);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

static bool read_digits(struct str s, unsigned base, uint64_t *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned) digit_of(s.ptr[i]);

        if (digit >= base || __builtin_mul_overflow(value, (uint64_t) base, &value) ||
            __builtin_add_overflow(value, (uint64_t) digit, &value))
            return false;
    }
    *ret = value;
    return s.len > 0;
}

/* Go's strconv with base 0 on text without underscores: the number as JSON text, or absent. */
static struct str whole_number(struct arena *a, struct str s)
{
    bool is_negative = s.len > 0 && s.ptr[0] == '-';
    struct str digits = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+') ? str_skip(s, 1) : s;
    unsigned base = 10;
    uint64_t value;

    if (digits.len > 1 && digits.ptr[0] == '0') {
        char kind = (char) (digits.ptr[1] | 0x20);

        base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
        digits = str_skip(digits, kind == 'x' || kind == 'b' || kind == 'o' ? 2 : 1);
    }
    if (!read_digits(digits, base, &value) || (is_negative && value > 9223372036854775808ULL))
        return STR_NONE;
    return str_printf(a, "%s%llu", is_negative && value ? "-" : "", (unsigned long long) value);
}

static bool looks_like_float(struct str s)
{
    size_t i = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+') ? 1 : 0;
    size_t digits = 0;

    for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
        digits++;
    if (i < s.len && s.ptr[i] == '.')
        for (i++; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
            digits++;
    if (digits == 0)
        return false;
    if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
        i++;
        if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+'))
            i++;
        if (i >= s.len)
            return false;
        while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
            i++;
    }
    return i == s.len;
}

static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {"y",  "Y",  "yes",  "Yes",  "YES",  "on",
                                    "On", "ON", "true", "True", "TRUE", NULL};
static const char *const falses[] = {"n",   "N",   "no",    "No",    "NO",    "off",
                                     "Off", "OFF", "false", "False", "FALSE", NULL};
static const char *const infinities[] = {".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf",
                                         "+.INF", "-.inf", "-.Inf", "-.INF", ".nan",
                                         ".NaN",  ".NAN",  NULL};

static void set_text(struct json *v, struct str s)
{
    v->type = JSON_STRING;
    v->text = s.ptr;
    v->count = (uint32_t) s.len;
}

/* As a value it has no JSON; as a key it is a text. */
static int resolve_infinity(struct reader *r, struct str s, struct json *ret)
{
    if (!r->is_key)
        return fail_mark(r, &r->event.start_mark, "json: unsupported value:", s.ptr);
    set_text(ret, (s.ptr[s.len - 1] | 0x20) == 'n' ? STR(".nan")
                  : s.ptr[0] == '-'                ? STR("-.inf")
                                                   : STR(".inf"));
    return 0;
}

enum { WORD_MAX_BYTES = 5 }; /* of the words above */

/* Plain text that means no text: 1, 0 or -1. */
static int resolve_word(struct reader *r, struct str s, struct json *ret)
{
    if (s.len > WORD_MAX_BYTES)
        return 0;
    if (is_one_of(s, nulls)) {
        ret->type = JSON_NULL;
        return 1;
    }
    ret->is_true = is_one_of(s, trues);
    if (ret->is_true || is_one_of(s, falses)) {
        ret->type = JSON_BOOL;
        return 1;
    }
    if (is_one_of(s, infinities))
        return resolve_infinity(r, s, ret) < 0 ? -1 : 1;
    return 0;
}

static int resolve_plain(struct reader *r, struct str s, struct json *ret)
{
    int is_word = resolve_word(r, s, ret);
    struct str plain, number;
    struct json made;
    double value;

    r->is_float = false;
    if (is_word != 0)
        return is_word < 0 ? -1 : 0;
    if (s.len > 0 && strchr("+-.0123456789", s.ptr[0])) {
        plain = without_underscores(r->a, s);
        number = whole_number(r->a, plain);
        if (str_is_none(number) && looks_like_float(plain)) {
            value = strtod(plain.ptr, NULL);
            r->is_float = true;
            made = json_float(r->a, isfinite(value) ? value : 0);
            number = isfinite(value) ? json_number(&made) : STR_NONE; /* 1e400 is text */
        }
        if (!str_is_none(number)) {
            ret->type = JSON_NUMBER;
            ret->text = number.ptr;
            ret->count = (uint32_t) number.len;
            return 0;
        }
    }
    set_text(ret, s);
    return 0;
}

static bool has_tag(const char *tag, const char *name)
{
    return tag && strncmp(tag, "tag:yaml.org,2002:", 18) == 0 && strcmp(tag + 18, name) == 0;
}

/* An explicit tag must fit what the text is. */
static int check_tag(struct reader *r, const char *tag, struct str s, const struct json *v)
{
    bool is_number = v->type == JSON_NUMBER;
    bool is_whole = is_number && !r->is_float;

    if ((has_tag(tag, "int") && !is_whole) || (has_tag(tag, "float") && !is_number) ||
        (has_tag(tag, "bool") && v->type != JSON_BOOL) ||
        (has_tag(tag, "null") && v->type != JSON_NULL))
        return fail_mark(r, &r->event.start_mark, "value does not fit its tag:", s.ptr);
    return 0;
}

static int read_binary(struct reader *r, struct str s, struct json *ret)
{
    struct err err;
    struct str bytes;

    if (base64_decode(r->a, s, &bytes, &err) < 0)
        return fail_mark(r, &r->event.start_mark, "!!binary value contains invalid base64 data",
                         NULL);
    set_text(ret, bytes);
    return 0;
}

/* What libyaml takes and go-yaml, whose port is older, does not. */
static int check_scalar(struct reader *r, struct str s)
{
    yaml_scalar_style_t style = r->event.data.scalar.style;

    if (style == YAML_PLAIN_SCALAR_STYLE && r->is_flow && s.len > 1 &&
        memchr(s.ptr + 1, '?', s.len - 1))
        return fail_mark(r, &r->event.start_mark,
                         "did not find expected ',' or ']' at the ? of", s.ptr);
    if (style == YAML_DOUBLE_QUOTED_SCALAR_STYLE && s.len > 0 && memchr(s.ptr, '/', s.len)) {
        uint32_t start = byte_of(r, &r->event.start_mark), end = byte_of(r, &r->event.end_mark);

        for (uint32_t i = start; i + 1 < end; i++)
            if (r->text.ptr[i] == '\\' && r->text.ptr[++i] == '/')
                return fail_mark(r, &r->event.start_mark, "found unknown escape character \\/",
                                 NULL);
    }
    return 0;
}

static int read_scalar(struct reader *r, struct json *ret)
{
    struct str s = scalar_text(r);
    const char *tag = (const char *) r->event.data.scalar.tag;
    bool is_plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE && (!tag || !*tag);

    if (check_scalar(r, s) < 0)
        return -1;
    if (is_plain || has_tag(tag, "int") || has_tag(tag, "float") || has_tag(tag, "bool") ||
        has_tag(tag, "null"))
        return resolve_plain(r, s, ret) < 0 ? -1 : check_tag(r, tag, s, ret);
    if (has_tag(tag, "binary"))
        return read_binary(r, s, ret);
    if (has_tag(tag, "timestamp") && (s.len < 8 || s.ptr[0] < '0' || s.ptr[0] > '9'))
        return fail_mark(r, &r->event.start_mark, "value does not fit its tag:", s.ptr);
    set_text(ret, s);
    return 0;
}

/* ---- collections ---- */

static int read_sequence(struct reader *r, struct json *ret)
{
    item_vec items = {0};

    for (;;) {
        struct json item = {0};

        if (next_event(r) < 0)
            return -1;
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (read_node(r, &item) < 0)
            return -1;
        VEC_APUSH(r->a, &items, item);
    }
    ret->type = JSON_ARRAY;
    ret->items = items.at;
    ret->count = (uint32_t) items.len;
    return 0;
}

/* A number with a point as a key: the shortest text that is the same number of 32 bits. */
static struct str float_key(struct arena *a, double value)
{
    float wanted = (float) value;
    char text[64], *at;
    int digits = 0, exponent;

    if (!isfinite(wanted))
        return wanted < 0 ? STR("-.inf") : STR(".inf");
    do
        snprintf(text, sizeof(text), "%.*e", digits, (double) wanted);
    while (digits++ < 9 && (strtof(text, NULL) < wanted || strtof(text, NULL) > wanted));
    at = strchr(text, 'e');
    exponent = (at[2] - '0') * 10 + at[3] - '0';
    exponent = at[1] == '-' ? -exponent : exponent;
    digits -= 1 + exponent; /* behind the point when there is no exponent */
    if (exponent >= -4 && exponent < 6)
        snprintf(text, sizeof(text), "%.*f", digits > 0 ? digits : 0, (double) wanted);
    return str_copy(a, str_from(text));
}

/* A key is any scalar; JSON wants text, as sigs.k8s.io/yaml prints it. */
static int key_text(struct reader *r, const struct json *key, const yaml_mark_t *mark,
                    struct str *ret)
{
    int64_t whole;

    switch ((enum json_type) key->type) {
    case JSON_NUMBER:
        *ret = json_number(key);
        if (r->is_float)
            *ret = float_key(r->a, strtod(str_cz(r->a, *ret), NULL));
        else if (!parse_i64(*ret, &whole))
            return fail_mark(r, mark, "a key must be a whole number of 64 bits, found",
                             str_cz(r->a, *ret));
        return 0;
    case JSON_STRING:
        *ret = json_str(key);
        return 0;
    case JSON_BOOL:
        *ret = key->is_true ? STR("true") : STR("false");
        return 0;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return fail_mark(r, mark, "a key must be a scalar other than null", NULL);
}

/* The members of a mapping; what is wide has an index, so that looking for keys that are given
 * twice stays linear. */
struct members {
    member_vec list;
    struct map index; /* key -> its place + 1; of those below indexed */
    size_t indexed;
};

enum { UNINDEXED_MAX = 16 };

static void members_done(struct members *m)
{
    map_done(&m->index);
}

static struct json_member *find_member(struct members *m, struct str key)
{
    member_vec *list = &m->list;
    uintptr_t place;

    if (list->len <= UNINDEXED_MAX) {
        for (size_t i = 0; i < list->len; i++)
            if (str_eq(list->at[i].key, key))
                return &list->at[i];
        return NULL;
    }
    if (m->indexed == 0)
        map_init_borrowed(&m->index);
    for (; m->indexed < list->len; m->indexed++)
        map_put(&m->index, list->at[m->indexed].key, (void *) (m->indexed + 1));
    place = (uintptr_t) map_find(&m->index, key);
    return place ? &list->at[place - 1] : NULL;
}

static int put_member(struct reader *r, struct members *members,
                      const struct json_member *member, const yaml_mark_t *mark)
{
    struct json_member *old = find_member(members, member->key);

    if (old && !r->is_lax)
        return fail_mark(r, mark,
                         "key is given twice in this mapping:", str_cz(r->a, member->key));
    if (old)
        old->value = member->value;
    else
        VEC_APUSH(r->a, &members->list, *member);
    return 0;
}

/* "<<": as if the members stood here, so the key of one that is there already is given twice;
 * of a list, the first that has it counts. */
static int merge(struct reader *r, struct members *members, const struct json *from,
                 bool may_be_list, const yaml_mark_t *mark)
{
    if (from->type == JSON_ARRAY && may_be_list) {
        for (uint32_t i = from->count; i > 0; i--)
            if (merge(r, members, &from->items[i - 1], false, mark) < 0)
                return -1;
        return 0;
    }
    if (from->type != JSON_OBJECT)
        return fail_mark(r, mark, "map merge requires map or sequence of maps as the value",
                         NULL);
    for (uint32_t i = 0; i < from->count; i++)
        if (put_member(r, members, &from->members[i], mark) < 0)
            return -1;
    return 0;
}

static int read_pair(struct reader *r, struct members *members)
{
    yaml_mark_t mark = r->event.start_mark;
    bool is_merge = r->event.type == YAML_SCALAR_EVENT &&
                    r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                    strcmp((const char *) r->event.data.scalar.value, "<<") == 0;
    bool is_alias;
    struct json key = {0};
    struct json_member member = {.key_pos = byte_of(r, &mark)};

    r->is_key = true;
    r->is_float = false;
    if (read_node(r, &key) < 0 || key_text(r, &key, &mark, &member.key) < 0)
        return -1;
    r->is_key = false;
    if (next_event(r) < 0)
        return -1;
    is_alias = r->event.type == YAML_ALIAS_EVENT;
    if (read_node(r, &member.value) < 0)
        return -1;
    return is_merge ? merge(r, members, &member.value, !is_alias, &mark)
                    : put_member(r, members, &member, &mark);
}

static int read_mapping(struct reader *r, struct json *ret)
{
    _cleanup_(members_done) struct members members = {0};

    for (;;) {
        if (next_event(r) < 0)
            return -1;
        if (r->event.type == YAML_MAPPING_END_EVENT)
            break;
        if (read_pair(r, &members) < 0)
            return -1;
    }
    ret->type = JSON_OBJECT;
    ret->members = members.list.at;
    ret->count = (uint32_t) members.list.len;
    return 0;
}

static int read_alias(struct reader *r, struct json *ret)
{
    const char *name = (const char *) r->event.data.alias.anchor;
    const struct anchor *anchor = map_find(&r->anchors, str_from(name));

    if (!anchor)
        return fail_mark(r, &r->event.start_mark, "unknown anchor", name);
    if (anchor->is_open)
        return err_set(r->err, ERR_INVALID, "yaml: anchor '%.200s' value contains itself",
                       name);
    *ret = anchor->value;
    r->nodes += anchor->nodes;
    if (r->nodes > YAML_ALIAS_MAX_NODES)
        return err_set(r->err, ERR_LIMIT,
                       "document expands to more than %d values through aliases",
                       YAML_ALIAS_MAX_NODES);
    return 0;
}

static bool is_flow_start(const yaml_event_t *event)
{
    return event->type == YAML_SEQUENCE_START_EVENT
               ? event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
               : event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
}

static int read_collection(struct reader *r, struct json *ret)
{
    bool was_flow = r->is_flow;
    int result;

    if (r->depth >= JSON_DEPTH_MAX)
        return err_set(r->err, ERR_LIMIT, "document is nested deeper than %d levels",
                       JSON_DEPTH_MAX);
    r->depth++;
    r->is_flow = was_flow || is_flow_start(&r->event);
    result = r->event.type == YAML_SEQUENCE_START_EVENT ? read_sequence(r, ret)
                                                        : read_mapping(r, ret);
    r->depth--;
    r->is_flow = was_flow;
    return result;
}

/* The node whose first event is the current one. */
static int read_node(struct reader *r, struct json *ret)
{
    const char *name = anchor_name(r);
    struct str kept_name = name ? str_copy(r->a, str_from(name)) : STR_NONE;
    struct anchor *anchor = name ? ARENA_NEW(r->a, struct anchor) : NULL;
    size_t before = r->nodes++;
    int result;

    if (anchor)
        anchor->is_open = true;
    *ret = (struct json){.pos = byte_of(r, &r->event.start_mark)};
    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        result = read_scalar(r, ret);
        break;
    case YAML_ALIAS_EVENT:
        return read_alias(r, ret);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        if (anchor)
            map_put(&r->anchors, kept_name, anchor);
        result = read_collection(r, ret);
        break;
    default:
        return fail_mark(r, &r->event.start_mark, "a value is missing", NULL);
    }
    if (result == 0 && anchor) {
        *anchor = (struct anchor){.value = *ret, .nodes = r->nodes - before};
        map_put(&r->anchors, kept_name, anchor);
    }
    return result;
}

/* ---- documents ---- */

static int check_version(struct reader *r)
{
    const yaml_version_directive_t *version = r->event.data.document_start.version_directive;

    if (version && (version->major != 1 || version->minor != 1))
        return fail_mark(r, &r->event.start_mark,
                         "found incompatible YAML document: %YAML 1.1 expected", NULL);
    return 0;
}

/* 1: a document, 0: the stream has ended. */
static int read_document(struct reader *r, struct json *ret)
{
    do {
        if (next_event(r) < 0)
            return -1;
    } while (r->event.type == YAML_STREAM_START_EVENT);
    if (r->event.type == YAML_STREAM_END_EVENT)
        return 0;
    map_done(&r->anchors);
    r->nodes = 0;
    if (check_version(r) < 0 || next_event(r) < 0 || read_node(r, ret) < 0 || next_event(r) < 0)
        return -1;
    return 1;
}

static int reader_open(struct reader *r, struct arena *a, struct str text, struct err *err)
{
    *r = (struct reader){.a = a, .text = text, .err = err};
    if (text.len > ARENA_DOC_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "document of %zu bytes (limit %d)", text.len,
                       ARENA_DOC_MAX_BYTES);
    if (!yaml_parser_initialize(&r->parser))
        abort(); /* out of memory */
    if (!str_starts(text, STR("\xff\xfe")) && !str_starts(text, STR("\xfe\xff")))
        yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    /* libyaml would count a byte order mark as a column. */
    if (str_starts(text, STR("\xef\xbb\xbf"))) {
        r->start = r->seen_byte = 3;
        text = str_skip(text, 3);
    }
    yaml_parser_set_input_string(&r->parser, (const unsigned char *) (text.ptr ? text.ptr : ""),
                                 text.len);
    return 0;
}

static void reader_close(struct reader *r)
{
    yaml_event_delete(&r->event);
    yaml_parser_delete(&r->parser);
    map_done(&r->anchors);
}

/* go-yaml wants a blank behind a colon: in {a:} and [a:, b] it is of the text before it, which
 * libyaml refuses. Puts that text into quotes; how often is bounded, as all is read again. */
static bool quote_colon(struct arena *a, const struct reader *r, struct str *text, int *left)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(ARENA_DOC_MAX_BYTES);
    size_t at = r->colon_at;

    if (at == 0 || at + 1 >= text->len || !text->ptr[at + 1] ||
        !strchr(",]}", text->ptr[at + 1]) || (*left)-- == 0)
        return false;
    strbuf_add(&b, str_head(*text, r->colon_begin));
    strbuf_addc(&b, '\'');
    for (size_t i = r->colon_begin; i <= at; i++) {
        if (text->ptr[i] == '\'')
            strbuf_addc(&b, '\'');
        strbuf_addc(&b, text->ptr[i]);
    }
    strbuf_addc(&b, '\'');
    strbuf_add(&b, str_skip(*text, at + 1));
    *text = str_copy(a, strbuf_str(&b));
    return !b.is_over;
}

static int parse_one(struct arena *a, struct str text, bool is_lax, struct json *ret,
                     struct err *err)
{
    struct reader r;
    struct json value = {.type = JSON_NULL, .pos = JSON_NO_POS};
    int result, left = YAML_COLONS_MAX;

    do {
        if (reader_open(&r, a, text, err) < 0)
            return -1;
        r.is_lax = is_lax;
        result = read_document(&r, &value);
        reader_close(&r);
    } while (result < 0 && quote_colon(a, &r, &text, &left));
    if (result >= 0)
        *ret = value;
    return result < 0 ? -1 : 0;
}

int yaml_parse(struct arena *a, struct str text, struct json *ret, struct err *err)
{
    return parse_one(a, text, false, ret, err);
}

int yaml_parse_lax(struct arena *a, struct str text, struct json *ret, struct err *err)
{
    return parse_one(a, text, true, ret, err);
}

static int parse_all(struct arena *a, struct str *text, item_vec *documents, int *left,
                     struct err *err)
{
    struct reader r;
    struct json value;
    int result;

    do {
        documents->len = 0;
        if (reader_open(&r, a, *text, err) < 0)
            return -1;
        while ((result = read_document(&r, &value)) > 0)
            if (value.type != JSON_NULL)
                VEC_APUSH(a, documents, value);
        reader_close(&r);
    } while (result < 0 && quote_colon(a, &r, text, left));
    return result;
}

int yaml_parse_all(struct arena *a, struct str text, struct yaml_documents *ret,
                   struct err *err)
{
    item_vec documents = {0};
    int left = YAML_COLONS_MAX;
    int result = parse_all(a, &text, &documents, &left, err);

    *ret = (struct yaml_documents){.at = documents.at, .len = documents.len};
    return result;
}
