/*
 * JSON values as YAML, as sigs.k8s.io/yaml prints them: go-yaml's emitter is a port of
 * libyaml's, so libyaml's own does the layout and the quoting of special characters; which
 * scalars need double quotes (those that would be read as something else than text) is decided
 * here, by reading them as we read plain scalars.
 */
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "base/mem.h"
#include "formats/gofloat.h"
#include "formats/gotime.h"
#include "formats/yaml.h"

enum { LINE_COLUMNS = 80 }; /* go-yaml's: longer texts are folded at blanks */

struct printer {
    yaml_emitter_t emitter;
    struct strbuf *b;
};

static int on_write(void *ctx, unsigned char *bytes, size_t len)
{
    strbuf_add(((struct printer *) ctx)->b, str_of((const char *) bytes, len));
    return 1;
}

static void emit(struct printer *p, yaml_event_t *event)
{
    yaml_emitter_emit(&p->emitter, event); /* it only fails for a wrong order of events */
}

static void emit_scalar(struct printer *p, struct str s, yaml_scalar_style_t style)
{
    yaml_event_t event;

    yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *) (s.ptr ? s.ptr : ""),
                                 (int) s.len, 1, 1, style);
    emit(p, &event);
}

/* Texts as long as this are read as something else only if they are numbers. */
static bool is_long(struct str s)
{
    if (s.len <= 80)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!s.ptr[i] || !strchr("+-.0123456789_eE", s.ptr[i]))
            return true;
    return false;
}

/* Would this text, written plainly, be read as something else? */
static bool is_misread(struct str s)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json v;
    struct err err;

    if (s.len == 0)
        return true;
    if (str_is(s, "...") || str_is(s, "---"))
        return false;
    if (is_long(s) || strpbrk(str_cz(a, s), "#[]{}&*!|>'\"%@`\n\t, ?") ||
        str_ends(s, STR(":")) || str_find(s, STR(": ")) != SIZE_MAX)
        return false;
    if (yaml_parse(a, s, &v, &err) < 0)
        return s.ptr[0] == '.' || s.ptr[0] == '+' || (s.ptr[0] == '-' && s.len > 1);
    return v.type == JSON_BOOL || v.type == JSON_NUMBER ||
           (v.type == JSON_NULL && strchr("~nN", s.ptr[0]));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Skips digits and underscores. */
static struct str skip_digits(struct str s)
{
    while (s.len > 0 && (is_digit(s.ptr[0]) || s.ptr[0] == '_'))
        s = str_skip(s, 1);
    return s;
}

/* A number to the base of 60, "1:30" or "-1:05:00.5": readers of YAML 1.1 take it for one. */
static bool is_base60(struct str s)
{
    size_t places = 0;

    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        s = str_skip(s, 1);
    if (s.len == 0 || !is_digit(s.ptr[0]))
        return false;
    for (s = skip_digits(s); s.len > 1 && s.ptr[0] == ':' && is_digit(s.ptr[1]); places++)
        s = str_skip(s, s.ptr[1] < '6' && s.len > 2 && is_digit(s.ptr[2]) ? 3 : 2);
    if (s.len > 0 && s.ptr[0] == '.')
        s = skip_digits(str_skip(s, 1));
    return places > 0 && s.len == 0;
}

/* Four digits and a dash, then what one of go-yaml's layouts says. */
static bool is_timestamp(struct str s)
{
    static const struct str layouts[] = {STR_INIT("2006-1-2"),
                                         STR_INIT("2006-1-2T15:4:5.999999999Z07:00"),
                                         STR_INIT("2006-1-2t15:4:5.999999999Z07:00"),
                                         STR_INIT("2006-1-2 15:4:5.999999999")};
    struct gotime t;
    struct err err;

    if (s.len < 8 || s.len > 40 || s.ptr[4] != '-')
        return false;
    for (size_t i = 0; i < 4; i++)
        if (!is_digit(s.ptr[i]))
            return false;
    for (size_t i = 0; i < COUNT_OF(layouts); i++)
        if (gotime_parse(layouts[i], s, NULL, &t, &err) == 0)
            return true;
    return false;
}

static bool has_controls(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char) s.ptr[i] < 0x20 && s.ptr[i] != '\n')
            return true;
    return false;
}

static void print_text(struct printer *p, struct str s)
{
    if (is_misread(s) || is_base60(s) || is_timestamp(s))
        emit_scalar(p, s, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
    else if (s.len > 0 && memchr(s.ptr, '\n', s.len))
        emit_scalar(p, s,
                    has_controls(s) ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
                                    : YAML_LITERAL_SCALAR_STYLE);
    else if (str_find(s, STR("\xe2\x80\xa8")) != SIZE_MAX ||
             str_find(s, STR("\xe2\x80\xa9")) != SIZE_MAX)
        emit_scalar(p, s, YAML_SINGLE_QUOTED_SCALAR_STYLE);
    else
        emit_scalar(p, s, YAML_PLAIN_SCALAR_STYLE);
}

static void print_number(struct printer *p, const struct json *v)
{
    char shortest[GO_FLOAT_TEXT_SIZE];
    struct str text = json_number(v);
    int64_t whole;
    uint64_t large;
    double value = 0;

    if (!parse_i64(text, &whole) && !parse_u64(text, &large) && json_f64(v, &value)) {
        go_float_text(value, shortest);
        text = str_from(shortest);
    }
    if (str_is(text, "-0") && text.ptr != shortest) /* a whole number */
        text = STR("0");
    emit_scalar(p, text, YAML_PLAIN_SCALAR_STYLE);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char) c >= 0x80;
}

static uint64_t number_at(struct str s, size_t *at, uint64_t start)
{
    uint64_t n = start;

    while (*at < s.len && is_digit(s.ptr[*at]))
        n = n * 10 + (uint64_t) (s.ptr[(*at)++] - '0');
    return n;
}

/* go-yaml's order of keys: letters after the rest, runs of digits by their number. */
static int compare_keys(struct str a, struct str b)
{
    size_t i = 0, a_end, b_end;
    uint64_t a_number, b_number, start = 0;

    while (i < a.len && i < b.len && a.ptr[i] == b.ptr[i])
        i++;
    if (i == a.len || i == b.len)
        return a.len < b.len ? -1 : a.len > b.len;
    if (is_letter(a.ptr[i]) && is_letter(b.ptr[i]))
        return (unsigned char) a.ptr[i] < (unsigned char) b.ptr[i] ? -1 : 1;
    if (is_letter(a.ptr[i]) || is_letter(b.ptr[i]))
        return is_letter(b.ptr[i]) ? -1 : 1;
    for (size_t j = i;
         (a.ptr[i] == '0' || b.ptr[i] == '0') && j > 0 && is_digit(a.ptr[j - 1]) && start == 0;
         j--)
        start = a.ptr[j - 1] != '0';
    a_end = b_end = i;
    a_number = number_at(a, &a_end, start);
    b_number = number_at(b, &b_end, start);
    if (a_number != b_number) /* more than 63 bits wrap, as in go-yaml */
        return (int64_t) a_number < (int64_t) b_number ? -1 : 1;
    if (a_end != b_end)
        return a_end < b_end ? -1 : 1;
    return (unsigned char) a.ptr[i] < (unsigned char) b.ptr[i] ? -1 : 1;
}

static int compare_members(const void *left, const void *right)
{
    const struct json_member *const *a = left, *const *b = right;
    int order = str_eq((*a)->key, (*b)->key) ? 0 : compare_keys((*a)->key, (*b)->key);

    return order ? order : (*a < *b ? -1 : 1);
}

static void print_value(struct printer *p, const struct json *v);

static void print_mapping(struct printer *p, const struct json *v)
{
    const struct json_member **order = mem_array(v->count, sizeof(const struct json_member *));
    yaml_event_t event;

    yaml_mapping_start_event_initialize(
        &event, NULL, NULL, 1, v->count ? YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE);
    emit(p, &event);
    for (uint32_t i = 0; i < v->count; i++)
        order[i] = &v->members[i];
    qsort(order, v->count, sizeof(const struct json_member *), compare_members);
    for (uint32_t i = 0; i < v->count; i++) {
        if (i + 1 < v->count && str_eq(order[i]->key, order[i + 1]->key))
            continue; /* the last one wins */
        print_text(p, order[i]->key);
        print_value(p, &order[i]->value);
    }
    free(order);
    yaml_mapping_end_event_initialize(&event);
    emit(p, &event);
}

static void print_sequence(struct printer *p, const struct json *v)
{
    yaml_event_t event;

    yaml_sequence_start_event_initialize(
        &event, NULL, NULL, 1, v->count ? YAML_BLOCK_SEQUENCE_STYLE : YAML_FLOW_SEQUENCE_STYLE);
    emit(p, &event);
    for (uint32_t i = 0; i < v->count; i++)
        print_value(p, &v->items[i]);
    yaml_sequence_end_event_initialize(&event);
    emit(p, &event);
}

static void print_value(struct printer *p, const struct json *v)
{
    switch ((enum json_type) v->type) {
    case JSON_NULL:
        emit_scalar(p, STR("null"), YAML_PLAIN_SCALAR_STYLE);
        break;
    case JSON_BOOL:
        emit_scalar(p, v->is_true ? STR("true") : STR("false"), YAML_PLAIN_SCALAR_STYLE);
        break;
    case JSON_NUMBER:
        print_number(p, v);
        break;
    case JSON_STRING:
        print_text(p, json_str(v));
        break;
    case JSON_ARRAY:
        print_sequence(p, v);
        break;
    case JSON_OBJECT:
        print_mapping(p, v);
        break;
    }
}

void yaml_print(struct strbuf *b, const struct json *v)
{
    struct printer p = {.b = b};
    yaml_event_t event;

    if (!yaml_emitter_initialize(&p.emitter))
        abort(); /* out of memory */
    yaml_emitter_set_output(&p.emitter, on_write, &p);
    yaml_emitter_set_unicode(&p.emitter, 1);
    yaml_emitter_set_width(&p.emitter, LINE_COLUMNS);
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(&p, &event);
    yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
    emit(&p, &event);
    print_value(&p, v);
    yaml_document_end_event_initialize(&event, 1);
    emit(&p, &event);
    yaml_stream_end_event_initialize(&event);
    emit(&p, &event);
    yaml_emitter_delete(&p.emitter);
    if (str_ends(
            strbuf_str(b),
            STR("\n...\n"))) { /* libyaml closes an open-ended block so, go-yaml does not */
        b->len -= 4;
        b->ptr[b->len] = '\0';
    }
}
