/*
 * Words of conditions and parts of tasks. See depends_internal.h.
 *
 * A word is what upstream's pattern finds: letters, digits and dashes that begin with a letter
 * or digit, with ".Result" (a capital, then at least one letter) behind it or not.
 */
#include "lang/depends/depends_internal.h"

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_alpha(char c)
{
    return is_capital(c) || (c >= 'a' && c <= 'z');
}

/* Bytes of a result's name at @at, or 0. */
static size_t result_length(struct str text, size_t at)
{
    size_t end = at;

    if (at >= text.len || !is_capital(text.ptr[at]))
        return 0;
    while (end < text.len && is_alpha(text.ptr[end]))
        end++;
    return end - at > 1 ? end - at : 0;
}

bool depends_word_at(struct str text, size_t at, struct depends_word *ret)
{
    size_t end = at, length;

    if (at >= text.len || !is_alphanumeric(text.ptr[at]))
        return false;
    while (end < text.len && (is_alphanumeric(text.ptr[end]) || text.ptr[end] == '-'))
        end++;
    *ret =
        (struct depends_word){.task = str_of(text.ptr + at, end - at), .begin = at, .end = end};
    if (end < text.len && text.ptr[end] == '.') {
        length = result_length(text, end + 1);
        if (length) {
            ret->result = str_of(text.ptr + end + 1, length);
            ret->end = end + 1 + length;
        }
    }
    return true;
}

bool depends_word_next(struct str text, size_t from, struct depends_word *ret)
{
    while (from < text.len && !is_alphanumeric(text.ptr[from]))
        from++;
    return depends_word_at(text, from, ret);
}

static const struct {
    struct str name;
    unsigned bit;
} results[] = {
    {STR_INIT("Succeeded"), DEPENDS_SUCCEEDED},
    {STR_INIT("Failed"), DEPENDS_FAILED},
    {STR_INIT("Errored"), DEPENDS_ERRORED},
    {STR_INIT("Skipped"), DEPENDS_SKIPPED},
    {STR_INIT("Omitted"), DEPENDS_OMITTED},
    {STR_INIT("Daemoned"), DEPENDS_DAEMONED},
    {STR_INIT("AnySucceeded"), DEPENDS_ANY_SUCCEEDED},
    {STR_INIT("AllFailed"), DEPENDS_ALL_FAILED},
};

unsigned depends_result_of(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(results); i++)
        if (str_eq(results[i].name, name))
            return results[i].bit;
    return 0;
}

struct str depends_result_name(unsigned bit)
{
    for (size_t i = 0; i < COUNT_OF(results); i++)
        if (results[i].bit == bit)
            return results[i].name;
    return STR_NONE;
}

struct depends_task depends_task_of(const struct json *task)
{
    const struct json *on = json_get(task, STR("continueOn"));
    const struct json *dependencies = json_get(task, STR("dependencies"));
    const struct json *items = json_get(task, STR("withItems"));

    return (struct depends_task){
        .name = json_get_str(task, STR("name")),
        .depends = json_get_str(task, STR("depends")),
        .dependencies = json_is(dependencies, JSON_ARRAY) ? dependencies : NULL,
        .has_continue_on = json_is(on, JSON_OBJECT),
        .continues_on_failed = json_get_bool(on, STR("failed")),
        .continues_on_error = json_get_bool(on, STR("error")),
        .has_items = (json_is(items, JSON_ARRAY) && items->count > 0) ||
                     !str_is_empty(json_get_str(task, STR("withParam"))) ||
                     json_is(json_get(task, STR("withSequence")), JSON_OBJECT),
    };
}

struct str depends_text_of(struct arena *a, const struct depends_task *task)
{
    size_t count = task->dependencies ? task->dependencies->count : 0, bytes = 0, at = 0;
    char *text;

    if (!str_is_empty(task->depends))
        return task->depends;
    for (size_t i = 0; i < count; i++)
        bytes += json_str(&task->dependencies->items[i]).len + 4;
    text = arena_alloc_raw(a, bytes + 1);
    for (size_t i = 0; i < count; i++) {
        struct str name = json_str(&task->dependencies->items[i]);

        if (i > 0) {
            memcpy(text + at, " && ", 4);
            at += 4;
        }
        if (name.len > 0)
            memcpy(text + at, name.ptr, name.len);
        at += name.len;
    }
    return str_of(text, at);
}

size_t depends_index_of(const struct depends_task *tasks, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(tasks[i].name, name))
            return i;
    return SIZE_MAX;
}
