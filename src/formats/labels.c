/*
 * formats/labels.c - label keys and values, checked as Kubernetes checks them.
 *
 * The regular expressions of the originals are small enough to be loops here; the messages
 * quote them all the same. Several faults of one key are joined by "; ". Invariant: a message
 * is made only when there is a fault, so that the good case allocates nothing.
 */
#include "formats/labels.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/goquote.h"

#define NAME_RULE                                                                             \
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with "  \
    "an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for " \
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
#define VALUE_RULE                                                                           \
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' " \
    "or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "    \
    "'my_value',  or '12345', regex used for validation is "                                 \
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
#define SUBDOMAIN_RULE                                                                        \
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' " \
    "or '.', and must start and end with an alphanumeric character (e.g. 'example.com', "     \
    "regex used for validation is "                                                           \
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

enum { NAME_MAX_BYTES = 63, SUBDOMAIN_MAX_BYTES = 253 };

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alphanumeric(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

/* [A-Za-z0-9] at both ends, also '-', '_' and '.' between. */
static bool is_name(struct str s)
{
    if (s.len == 0 || !is_alphanumeric(s.ptr[0]) || !is_alphanumeric(s.ptr[s.len - 1]))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_alphanumeric(s.ptr[i]) && s.ptr[i] != '-' && s.ptr[i] != '_' && s.ptr[i] != '.')
            return false;
    return true;
}

static bool is_dns_label(struct str s)
{
    if (s.len == 0 || !is_lower_or_digit(s.ptr[0]) || !is_lower_or_digit(s.ptr[s.len - 1]))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_lower_or_digit(s.ptr[i]) && s.ptr[i] != '-')
            return false;
    return true;
}

static bool is_subdomain(struct str s)
{
    struct str label;

    if (str_is_empty(s))
        return false;
    while (str_cut(&s, '.', &label))
        if (!is_dns_label(label))
            return false;
    return true;
}

/* Appends one message to a list joined by "; ". */
static struct str also(struct arena *a, struct str list, const char *part, const char *text)
{
    return str_printf(a, STR_FMT "%s%s%s", STR_ARG(list), list.len ? "; " : "", part, text);
}

static struct str subdomain_problems(struct arena *a, struct str list, struct str s,
                                     const char *part)
{
    if (s.len > SUBDOMAIN_MAX_BYTES)
        list = also(a, list, part, "must be no more than 253 bytes");
    if (!is_subdomain(s))
        list = also(a, list, part, SUBDOMAIN_RULE);
    return list;
}

struct str dns_subdomain_problem(struct arena *a, struct str name)
{
    return subdomain_problems(a, STR_NONE, name, "");
}

static struct str name_problems(struct arena *a, struct str list, struct str name)
{
    if (name.len == 0)
        list = also(a, list, "name part ", "must be non-empty");
    else if (name.len > NAME_MAX_BYTES)
        list = also(a, list, "name part ", "must be no more than 63 bytes");
    if (!is_name(name))
        list = also(a, list, "name part ", NAME_RULE);
    return list;
}

static struct str key_problems(struct arena *a, struct str key)
{
    size_t slash = str_find_char(key, '/');
    struct str prefix, name;

    if (slash == SIZE_MAX)
        return name_problems(a, STR_NONE, key);
    prefix = str_head(key, slash);
    name = str_skip(key, slash + 1);
    if (str_find_char(name, '/') != SIZE_MAX)
        return STR("a valid label key " NAME_RULE " with an optional DNS subdomain prefix and "
                   "'/' (e.g. 'example.com/MyName')");
    if (str_is_empty(prefix))
        return name_problems(a, STR("prefix part must be non-empty"), name);
    return name_problems(a, subdomain_problems(a, STR_NONE, prefix, "prefix part "), name);
}

struct str label_key_problem(struct arena *a, struct str key, const char *path)
{
    struct str problems = key_problems(a, key);
    struct str quoted;

    if (str_is_none(problems))
        return STR_NONE;
    quoted = go_quote(a, key);
    return str_printf(a, "%s: Invalid value: " STR_FMT ": " STR_FMT, path, STR_ARG(quoted),
                      STR_ARG(problems));
}

struct str label_value_problem(struct arena *a, struct str key, struct str value,
                               const char *path)
{
    struct str problems = STR_NONE;
    struct str quoted;

    if (value.len > NAME_MAX_BYTES)
        problems = also(a, problems, "", "must be no more than 63 bytes");
    if (value.len > 0 && !is_name(value))
        problems = also(a, problems, "", VALUE_RULE);
    if (str_is_none(problems))
        return STR_NONE;
    quoted = go_quote(a, value);
    return str_printf(a, "%s[" STR_FMT "]: Invalid value: " STR_FMT ": " STR_FMT, path,
                      STR_ARG(key), STR_ARG(quoted), STR_ARG(problems));
}

/* One "key=value"; a wrong one is shown as Go prints its list of pieces. */
static int parse_pair(struct arena *a, struct str pair, struct json_member *ret,
                      struct err *err)
{
    size_t equals = str_find_char(pair, '=');
    struct str key, value, problem;

    if (equals == SIZE_MAX || str_find_char(str_skip(pair, equals + 1), '=') != SIZE_MAX) {
        struct str shown = str_copy(a, pair);
        char *at = str_cz(a, shown);

        for (size_t i = 0; i < shown.len; i++)
            if (at[i] == '=')
                at[i] = ' ';
        return err_set(err, ERR_INVALID, "invalid selector: [%s]", at);
    }
    key = str_copy(a, str_trim(str_head(pair, equals)));
    value = str_copy(a, str_trim(str_skip(pair, equals + 1)));
    problem = label_key_problem(a, key, "<nil>");
    if (str_is_none(problem))
        problem = label_value_problem(a, key, value, "");
    if (!str_is_none(problem))
        return err_set(err, ERR_INVALID, STR_FMT, STR_ARG(problem));
    *ret =
        (struct json_member){.key = key, .value = json_string(value), .key_pos = JSON_NO_POS};
    return 0;
}

int labels_parse(struct arena *a, struct str text, struct json *ret, struct err *err)
{
    _cleanup_map_ struct map seen = {0}; /* key to its member in the builder */
    struct json_object_builder labels = {0};
    bool is_empty = str_is_empty(text);
    struct str pair;

    if (text.len > SELECTOR_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "labels: %zu bytes, at most %d", text.len,
                       SELECTOR_MAX_BYTES);
    map_init_borrowed(&seen);
    while (!is_empty && str_cut(&text, ',', &pair)) {
        struct json_member member;
        uintptr_t number;

        if (parse_pair(a, pair, &member, err) < 0)
            return -1;
        number = (uintptr_t) map_find(&seen, member.key);
        if (number > 0) {
            labels.at[number - 1].value = member.value;
            continue;
        }
        json_add(a, &labels, member.key, member.value);
        map_put(&seen, member.key, (void *) labels.len);
    }
    *ret = json_object(&labels);
    return 0;
}

static int compare_texts(const void *left, const void *right)
{
    return str_cmp(*(const struct str *) left, *(const struct str *) right);
}

struct str labels_print(struct arena *a, const struct json *labels)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(ARENA_DOC_MAX_BYTES);
    VEC(struct str) pairs = {0};

    for (uint32_t i = 0; json_is(labels, JSON_OBJECT) && i < labels->count; i++)
        VEC_APUSH(a, &pairs,
                  str_printf(a, STR_FMT "=" STR_FMT, STR_ARG(labels->members[i].key),
                             STR_ARG(json_str(&labels->members[i].value))));
    if (pairs.len > 1)
        qsort(pairs.at, pairs.len, sizeof(*pairs.at), compare_texts);
    VEC_FOREACH (pair, &pairs) {
        if (text.len > 0)
            strbuf_addc(&text, ',');
        strbuf_add(&text, *pair);
    }
    return str_copy(a, strbuf_str(&text));
}
