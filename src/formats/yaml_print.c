/*
 * JSON values as YAML, as sigs.k8s.io/yaml prints them. The layout is yaml_emit.h's; which
 * scalars need double quotes (those that would be read as something else than text) is decided
 * here, by reading them as we read plain scalars.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "formats/gofloat.h"
#include "formats/goquote.h"
#include "formats/gotime.h"
#include "formats/regex.h"
#include "formats/yaml.h"
#include "formats/yaml_emit.h"

struct printer {
    struct yaml_emitter out;
    struct regex *letters; /* of Unicode, once they are asked for */
};

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

/* Breaks that are no lines of a text which is read alone. */
static bool has_wide_break(struct str s)
{
    return str_find(s, STR("\xe2\x80\xa8")) != SIZE_MAX ||
           str_find(s, STR("\xe2\x80\xa9")) != SIZE_MAX ||
           str_find(s, STR("\xc2\x85")) != SIZE_MAX;
}

/* Would this text, written plainly, be read as something else? */
static bool is_misread(struct str s)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json v;
    struct err err;

    if (s.len == 0)
        return true;
    if (str_is(s, "...") || str_is(s, "---") || has_wide_break(s))
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
    static const struct str layouts[] = {
        STR_INIT("2006-1-2"), STR_INIT("2006-1-2T15:4:5.999999999Z07:00"),
        STR_INIT("2006-1-2t15:4:5.999999999Z07:00"), STR_INIT("2006-1-2 15:4:5.999999999")};
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

static enum yaml_style style_of(struct str s)
{
    if (s.len > 0 && memchr(s.ptr, '\n', s.len))
        return YAML_LITERAL;
    return is_misread(s) || is_base60(s) || is_timestamp(s) ? YAML_DOUBLE_QUOTED : YAML_PLAIN;
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
    yaml_emit_text(&p->out, text, YAML_PLAIN);
}

/* Is the character there a letter? */
static bool is_letter(struct printer *p, struct str s, size_t at)
{
    unsigned char c = (unsigned char) s.ptr[at];
    struct err err;
    size_t size;

    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!p->letters)
        p->letters = regex_new(STR("\\pL"), &err);
    go_rune_next(str_skip(s, at), &size);
    return p->letters && regex_matches(p->letters, str_of(s.ptr + at, size));
}

static uint64_t number_at(struct str s, size_t *at, uint64_t start)
{
    uint64_t n = start;

    while (*at < s.len && is_digit(s.ptr[*at]))
        n = n * 10 + (uint64_t) (s.ptr[(*at)++] - '0');
    return n;
}

/* go-yaml's order of keys: letters after the rest, runs of digits by their number. */
static int compare_keys(struct printer *p, struct str a, struct str b)
{
    size_t i = 0, a_end, b_end;
    uint64_t a_number, b_number, start = 0;
    bool is_a_letter, is_b_letter;

    while (i < a.len && i < b.len && a.ptr[i] == b.ptr[i])
        i++;
    if (i == a.len || i == b.len)
        return a.len < b.len ? -1 : a.len > b.len;
    while (i > 0 && ((unsigned char) a.ptr[i] & 0xc0) == 0x80)
        i--; /* to where the character begins */
    is_a_letter = is_letter(p, a, i);
    is_b_letter = is_letter(p, b, i);
    if (is_a_letter != is_b_letter)
        return is_b_letter ? -1 : 1;
    if (is_a_letter)
        return str_cmp(str_skip(a, i), str_skip(b, i));
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
    return str_cmp(str_skip(a, i), str_skip(b, i));
}

static int compare_members(const void *left, const void *right, void *printer)
{
    const struct json_member *const *a = left, *const *b = right;
    int order = str_eq((*a)->key, (*b)->key) ? 0 : compare_keys(printer, (*a)->key, (*b)->key);

    return order ? order : (*a < *b ? -1 : 1);
}

static void print_value(struct printer *p, const struct json *v);

static void print_mapping(struct printer *p, const struct json *v)
{
    const struct json_member **order = mem_array(v->count, sizeof(const struct json_member *));
    int opened = yaml_emit_open(&p->out, false);

    for (uint32_t i = 0; i < v->count; i++)
        order[i] = &v->members[i];
    qsort_r(order, v->count, sizeof(const struct json_member *), compare_members, p);
    for (uint32_t i = 0; i < v->count; i++) {
        if (i + 1 < v->count && str_eq(order[i]->key, order[i + 1]->key))
            continue; /* the last one wins */
        yaml_emit_key(&p->out, order[i]->key, style_of(order[i]->key));
        print_value(p, &order[i]->value);
    }
    free(order);
    yaml_emit_close(&p->out, opened);
}

static void print_sequence(struct printer *p, const struct json *v)
{
    int opened = yaml_emit_open(&p->out, true);

    for (uint32_t i = 0; i < v->count; i++) {
        yaml_emit_item(&p->out);
        print_value(p, &v->items[i]);
    }
    yaml_emit_close(&p->out, opened);
}

static void print_value(struct printer *p, const struct json *v)
{
    switch ((enum json_type) v->type) {
    case JSON_NULL:
        yaml_emit_text(&p->out, STR("null"), YAML_PLAIN);
        break;
    case JSON_BOOL:
        yaml_emit_text(&p->out, v->is_true ? STR("true") : STR("false"), YAML_PLAIN);
        break;
    case JSON_NUMBER:
        print_number(p, v);
        break;
    case JSON_STRING:
        yaml_emit_text(&p->out, json_str(v), style_of(json_str(v)));
        break;
    case JSON_ARRAY:
        if (v->count == 0)
            yaml_emit_empty(&p->out, "[]");
        else
            print_sequence(p, v);
        break;
    case JSON_OBJECT:
        if (v->count == 0)
            yaml_emit_empty(&p->out, "{}");
        else
            print_mapping(p, v);
        break;
    }
}

void yaml_print(struct strbuf *b, const struct json *v)
{
    struct printer p = {.out = yaml_emit_start(b)};

    print_value(&p, v);
    yaml_emit_end(&p.out);
    regex_free(p.letters);
}
