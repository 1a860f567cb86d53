/*
 * What a writer most probably meant: the nearest name among those of the document and of the
 * languages. Pure. See lint.h.
 */
#include "cli/lint_internal.h"

/* The nearest text so far. */
struct nearest {
    struct str wrong, found;
    unsigned best;
};

static struct nearest nearest_to(struct str wrong)
{
    return (struct nearest){.wrong = wrong, .found = STR(""), .best = UINT32_MAX};
}

static void offer(struct nearest *n, struct str text)
{
    unsigned far =
        text.len > 0 && !str_eq(text, n->wrong) ? field_farness(n->wrong, text) : UINT32_MAX;

    if (far < n->best) {
        n->best = far;
        n->found = text;
    }
}

static void offer_words(struct nearest *n, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        offer(n, str_from(words[i]));
}

/* All texts of a member of this name, in the whole document. */
static void offer_members(struct nearest *n, const struct json *v, const char *member)
{
    for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
        offer_members(n, &v->items[i], member);
    for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++) {
        if (str_is(v->members[i].key, member))
            offer(n, json_str(&v->members[i].value));
        offer_members(n, &v->members[i].value, member);
    }
}

struct str lint_between(struct str text, const char *before, const char *after)
{
    size_t at = str_find(text, str_from(before)), end;

    if (at == SIZE_MAX)
        return STR("");
    text = str_skip(text, at + strlen(before));
    end = after[0] ? str_find(text, str_from(after)) : text.len;
    return end == SIZE_MAX ? STR("") : str_head(text, end);
}

/* Behind the last dot of a variable: "inputs.parameters.mesage". */
static struct str last_part(struct str tag)
{
    size_t at = tag.len;

    while (at > 0 && tag.ptr[at - 1] != '.')
        at--;
    return str_skip(tag, at);
}

static const char *const roots[] = {"inputs",   "outputs",   "steps",       "tasks",
                                    "workflow", "item",      "pod",         "node",
                                    "retries",  "lastRetry", "cronworkflow"};
static const char *const functions[] = {"asInt", "asFloat", "jsonpath", "toJson", "sprig"};
static const char *const words[] = {"name",
                                    "namespace",
                                    "uid",
                                    "mainEntrypoint",
                                    "priority",
                                    "serviceAccountName",
                                    "creationTimestamp",
                                    "scheduledTime",
                                    "status",
                                    "duration",
                                    "failures",
                                    "result",
                                    "exitCode",
                                    "startedAt",
                                    "finishedAt",
                                    "hostNodeName",
                                    "parameters",
                                    "artifacts",
                                    "outputs",
                                    "ip",
                                    "id"};

static bool is_one_of(struct str word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(word, list[i]))
            return true;
    return false;
}

struct str lint_near_root(struct str name, bool is_expr)
{
    struct str root = str_head(name, str_find_char(name, '.'));
    struct nearest n = nearest_to(root);

    if (is_one_of(root, roots, COUNT_OF(roots)) ||
        (is_expr && is_one_of(root, functions, COUNT_OF(functions))))
        return STR("");
    offer_words(&n, roots, COUNT_OF(roots));
    if (is_expr)
        offer_words(&n, functions, COUNT_OF(functions));
    return n.found;
}

static struct str mean(struct arena *a, struct str found)
{
    return found.len > 0 ? str_printf(a, "did you mean \"" STR_FMT "\"?", STR_ARG(found))
                         : STR("");
}

/* Of a name of the document that is not there. */
static struct str near_member(struct arena *a, const struct json *doc, struct str wrong)
{
    struct nearest n = nearest_to(wrong);

    offer_members(&n, doc, "name");
    return mean(a, n.found);
}

static struct str near_variable(struct arena *a, const struct json *doc, struct str tag)
{
    struct str last = last_part(tag);
    struct nearest n = nearest_to(last);

    if (str_find_char(tag, '}') != SIZE_MAX || str_find_char(tag, '{') != SIZE_MAX)
        return STR("is a \"}\" missing?");
    offer_members(&n, doc, "name");
    offer_words(&n, words, COUNT_OF(words));
    return n.found.len > 0
               ? str_printf(a, "did you mean {{" STR_FMT STR_FMT "}}?",
                            STR_ARG(str_head(tag, tag.len - last.len)), STR_ARG(n.found))
               : STR("");
}

struct str lint_near_name(struct arena *a, const struct json *doc, struct str text)
{
    static const char *const policies[] = {"Allow", "Forbid", "Replace"};
    struct str wrong = lint_between(text, "template name '", "' undefined");
    struct nearest n;

    if (wrong.len == 0)
        wrong = lint_between(text, "invalid dependency ", "");
    if (wrong.len > 0)
        return near_member(a, doc, wrong);
    wrong = str_trim(lint_between(text, "failed to resolve {{", "}}"));
    if (wrong.len > 0)
        return near_variable(a, doc, wrong);
    wrong = lint_between(text, "'", "' is not a valid concurrencyPolicy");
    if (wrong.len > 0) {
        n = nearest_to(wrong);
        offer_words(&n, policies, COUNT_OF(policies));
        return n.found.len > 0 ? mean(a, n.found) : STR("one of Allow, Forbid, Replace");
    }
    if (str_find(text, STR(" after top-level value")) != SIZE_MAX)
        return STR("is a \"}\" missing?");
    if (str_starts(text, STR("cron schedule ")))
        return STR("minute, hour, day, month, weekday, as \"30 4 * * 1-5\"");
    return str_starts(text, STR("invalid timezone ")) ? STR("a name as \"Europe/Berlin\"")
                                                      : STR("");
}
