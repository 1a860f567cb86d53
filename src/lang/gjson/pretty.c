/*
 * @pretty and @ugly: JSON text with and without white space.
 *
 * Arrays without objects stay on one line when they fit into the width: one attempt is made to
 * print such an array flat, and taken back when it fails. See gjson_internal.h.
 */
#include "base/vec.h"
#include "lang/gjson/gjson_internal.h"

struct pretty {
    struct gjson_run *run;
    struct str json;
    size_t at;
    struct strbuf out;
    size_t line; /* where the last line begins in the output */
    struct str prefix, indent;
    int64_t width;
    bool sorts, is_flat; /* is_flat: an attempt on one line */
};

/* A member on its lines, for sorting. */
struct member {
    struct str key;    /* decoded */
    size_t begin, end; /* in the output */
    size_t order;
};

static bool print_any(struct pretty *p, size_t level);

static void new_line(struct pretty *p, size_t level)
{
    p->line = p->out.len;
    if (p->line > 0 && p->out.ptr && p->out.ptr[p->line - 1] == ' ')
        p->out.ptr[p->line - 1] = '\n';
    else
        strbuf_addc(&p->out, '\n');
    strbuf_add(&p->out, p->prefix);
    for (size_t i = 0; i < level && !p->out.is_over; i++)
        strbuf_add(&p->out, p->indent);
}

static void print_scalar(struct pretty *p)
{
    struct gjson v = gjson_read(p->run->a, p->json, &p->at);

    strbuf_add(&p->out, v.raw);
}

static int by_key(const void *left, const void *right)
{
    const struct member *a = left, *b = right;
    int order = str_cmp(a->key, b->key);

    return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* Puts the members that were just printed into the order of their keys. */
static void sort_members(struct pretty *p, struct member *members, size_t count)
{
    size_t begin = count ? members[0].begin : 0;
    struct strbuf sorted = GJSON_BUFFER;

    if (count < 2 || p->out.is_over)
        return;
    qsort(members, count, sizeof(*members), by_key);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            strbuf_addz(&sorted, ",\n");
        strbuf_add(&sorted,
                   str_of(p->out.ptr + members[i].begin, members[i].end - members[i].begin));
    }
    p->out.len = begin;
    strbuf_add(&p->out, strbuf_str(&sorted));
    strbuf_done(&sorted);
}

static void print_key(struct pretty *p, size_t level, struct member *ret)
{
    struct gjson key = gjson_read(p->run->a, p->json, &p->at);

    new_line(p, level + 1);
    ret->key = key.text;
    ret->begin = p->line + (p->out.ptr && p->line < p->out.len && p->out.ptr[p->line] == '\n');
    strbuf_add(&p->out, key.raw);
    strbuf_addz(&p->out, ": ");
    gjson_next(p->json, &p->at);
}

static void close_bracket(struct pretty *p, size_t level, size_t count, char bracket)
{
    if (count > 0 && !p->is_flat)
        new_line(p, level);
    strbuf_addc(&p->out, bracket);
}

static void print_object(struct pretty *p, size_t level)
{
    VEC(struct member) members = {0};
    struct member m = {0};
    char next;

    strbuf_addc(&p->out, '{');
    p->at++;
    while ((next = gjson_next(p->json, &p->at)) && next != '}' && next != ']') {
        if (next != '"') {
            p->at++;
            continue;
        }
        if (m.order++ > 0)
            strbuf_addc(&p->out, ',');
        print_key(p, level, &m);
        print_any(p, level + 1);
        m.end = p->out.len;
        if (p->sorts)
            VEC_APUSH(p->run->a, &members, m);
        if (p->out.is_over)
            return;
    }
    p->at += next != '\0';
    sort_members(p, members.at, members.len);
    close_bracket(p, level, m.order, '}');
}

/* Returns false when a flat attempt meets an object. */
static bool print_array(struct pretty *p, size_t level)
{
    size_t count = 0;
    char next;

    strbuf_addc(&p->out, '[');
    p->at++;
    while ((next = gjson_next(p->json, &p->at)) && next != ']' && next != '}') {
        if (count++ > 0)
            strbuf_addz(&p->out, p->width == -1 ? "," : ", ");
        if (!p->is_flat)
            new_line(p, level + 1);
        if (!print_any(p, level + 1) || p->out.is_over)
            return false;
    }
    p->at += next != '\0';
    close_bracket(p, level, count, ']');
    return true;
}

/* One attempt on a single line; all is as before when it fails. */
static bool print_flat(struct pretty *p)
{
    size_t begin = p->out.len, at = p->at;
    int64_t room = p->width - (int64_t) (p->out.len - p->line);
    bool is_good;

    if (room <= 3)
        return false;
    p->is_flat = true;
    is_good = print_array(p, 0) && (int64_t) (p->out.len - begin) <= room;
    p->is_flat = false;
    if (is_good)
        return true;
    gjson_spend(p->run, p->out.len - begin);
    p->out.len = begin;
    p->at = at;
    return false;
}

static bool print_any(struct pretty *p, size_t level)
{
    char first = gjson_next(p->json, &p->at);
    bool is_good = true;

    if (!first || first == '}' || first == ']')
        return true;
    if (first != '{' && first != '[') {
        print_scalar(p);
        return true;
    }
    if (first == '{' && p->is_flat && p->width > 0)
        return false;
    if (!gjson_enter(p->run))
        p->at = p->json.len;
    else if (first == '{')
        print_object(p, level);
    else if (p->is_flat || p->width <= 0 || !print_flat(p))
        is_good = print_array(p, level);
    gjson_leave(p->run);
    return is_good;
}

static struct str blanks_of(struct gjson_run *run, struct str s)
{
    struct strbuf b = GJSON_BUFFER;

    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] && strchr(" \t\r\n", s.ptr[i]))
            strbuf_addc(&b, s.ptr[i]);
    return gjson_keep(run, &b);
}

static void read_options(struct pretty *p, struct str options)
{
    struct gjson_run *run = p->run;
    struct gjson found = gjson_find(run, options, STR("sortKeys"));

    p->sorts = gjson_bool(&found);
    found = gjson_find(run, options, STR("indent"));
    if (gjson_exists(&found))
        p->indent = blanks_of(run, gjson_text(run->a, &found));
    found = gjson_find(run, options, STR("prefix"));
    if (gjson_exists(&found))
        p->prefix = blanks_of(run, gjson_text(run->a, &found));
    found = gjson_find(run, options, STR("width"));
    if (gjson_exists(&found))
        p->width = gjson_int(&found);
}

struct str gjson_pretty(struct gjson_run *run, struct str json, struct str options)
{
    struct pretty p = {.run = run,
                       .json = json,
                       .out = GJSON_BUFFER,
                       .prefix = STR(""),
                       .indent = STR("  "),
                       .width = 80};

    if (!gjson_spend(run, json.len))
        return STR("");
    read_options(&p, options);
    strbuf_add(&p.out, p.prefix);
    print_any(&p, 0);
    if (p.out.len > 0)
        strbuf_addc(&p.out, '\n');
    return gjson_keep(run, &p.out);
}

struct str gjson_ugly(struct gjson_run *run, struct str json)
{
    struct strbuf b = GJSON_BUFFER;

    if (!gjson_spend(run, json.len))
        return STR("");
    for (size_t i = 0; i < json.len; i++) {
        size_t end;

        if (json.ptr[i] == '"') {
            end = gjson_string_end(json, i + 1);
            end = end == SIZE_MAX ? json.len : end + 1;
            strbuf_add(&b, str_of(json.ptr + i, end - i));
            i = end - 1;
        } else if ((unsigned char) json.ptr[i] > ' ') {
            strbuf_addc(&b, json.ptr[i]);
        }
    }
    return gjson_keep(run, &b);
}
