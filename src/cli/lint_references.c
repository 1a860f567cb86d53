/*
 * The rules of an object with the templates of all given files. Pure. See lint.h. What is not
 * in them is not known: argo's offline lint says so, too.
 */
#include "cli/lint_internal.h"
#include "objects/validate/workflow_validate.h"

struct known {
    const struct lint_documents *all;
    bool has_missed; /* something that is referred to is in no file */
};

static int find(void *ctx, struct arena *a, struct str name, enum validate_where where,
                const struct json **ret, struct err *err)
{
    struct known *known = ctx;
    bool is_cluster = where == VALIDATE_CLUSTER;
    const char *kind = is_cluster ? "ClusterWorkflowTemplate" : "WorkflowTemplate";

    (void) a;
    for (size_t i = 0; i < known->all->list.len; i++) {
        const struct object_document *doc = &known->all->list.at[i];

        if (doc->kind && strcmp(doc->kind->kind, kind) == 0 &&
            str_eq(object_name(&doc->value), name)) {
            *ret = &doc->value;
            return 0;
        }
    }
    known->has_missed = true;
    return is_cluster
               ? err_set(err, ERR_NOT_FOUND,
                         "couldn't find cluster workflow template \"" STR_FMT "\"",
                         STR_ARG(name))
               : err_set(err, ERR_NOT_FOUND,
                         "couldn't find workflow template \"" STR_FMT "\" in namespace \"\"",
                         STR_ARG(name));
}

/* ---- what was meant ---- */

/* All texts that are names of something, in the whole document. */
static void best_name(const struct json *v, const char *member, struct str wrong,
                      struct str *ret, unsigned *best)
{
    for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count; i++)
        best_name(&v->items[i], member, wrong, ret, best);
    for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count; i++) {
        const struct json_member *m = &v->members[i];
        struct str text = json_str(&m->value);
        unsigned far;

        if (str_is(m->key, member) && text.len > 0 && !str_eq(text, wrong)) {
            far = field_farness(wrong, text);
            if (far < *best) {
                *best = far;
                *ret = text;
            }
        }
        best_name(&m->value, member, wrong, ret, best);
    }
}

static struct str between(struct str text, const char *before, const char *after)
{
    size_t at = str_find(text, str_from(before)), end;

    if (at == SIZE_MAX)
        return STR("");
    text = str_skip(text, at + strlen(before));
    end = str_find(text, str_from(after));
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

struct str lint_near_name(struct arena *a, const struct json *doc, struct str text)
{
    struct str wrong = between(text, "template name '", "' undefined"), tag, found = STR("");
    unsigned best = UINT32_MAX;

    if (wrong.len > 0) {
        best_name(doc, "name", wrong, &found, &best);
        return found.len > 0 ? str_printf(a, "did you mean \"" STR_FMT "\"?", STR_ARG(found))
                             : STR("");
    }
    tag = str_trim(between(text, "failed to resolve {{", "}}"));
    wrong = last_part(tag);
    if (tag.len > 0)
        best_name(doc, "name", wrong, &found, &best);
    return found.len > 0
               ? str_printf(a, "did you mean {{" STR_FMT STR_FMT "}}?",
                            STR_ARG(str_head(tag, tag.len - wrong.len)), STR_ARG(found))
               : STR("");
}

/* ---- where ---- */

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || c == '.';
}

/* Offset of a text that is no part of a longer word, or SIZE_MAX. */
static size_t find_word(struct str text, size_t from, struct str word)
{
    for (size_t at; from < text.len; from = at + 1) {
        struct str rest = str_skip(text, from);

        at = str_find(rest, word);
        if (at == SIZE_MAX)
            return SIZE_MAX;
        at += from;
        if ((at == 0 || !is_word_char(text.ptr[at - 1])) &&
            (at + word.len >= text.len || !is_word_char(text.ptr[at + word.len])))
            return at;
    }
    return SIZE_MAX;
}

/* The text itself is a better place than the object that holds it: the variable, the undefined
 * name. */
static uint32_t narrow(const struct object_document *doc, struct str text, uint32_t pos)
{
    static const char *const marks[][2] = {{"failed to resolve ", "}}"},
                                           {"template name '", "'"},
                                           {"workflow template \"", "\""},
                                           {"cron schedule ", " is malformed"}};
    uint32_t from = pos == JSON_NO_POS ? doc->value.pos : pos;

    for (size_t i = 0; i < COUNT_OF(marks) && from < doc->text.len; i++) {
        struct str word = between(text, marks[i][0], marks[i][1]);
        size_t at;

        if (word.len == 0)
            continue;
        if (i == 0) /* with its ends: "{{x}}" */
            word = str_of(word.ptr, word.len + 2);
        at = find_word(doc->text, from, word);
        return at == SIZE_MAX ? pos : (uint32_t) at;
    }
    return pos;
}

bool lint_references(struct arena *a, const struct object_document *doc,
                     const struct lint_documents *all, struct lint_error *ret)
{
    struct known known = {.all = all};
    const struct validate_finder finder = {.ctx = &known, .find = find, .has_own_words = true};
    const struct validate_request request = {
        .doc = &doc->value, .finder = &finder, .purpose = VALIDATE_LINT};
    struct err err = {0};
    uint32_t pos;
    struct str note;

    if (validate_workflow(a, &request, &pos, &err) == 0)
        return false;
    *ret = (struct lint_error){.rule = "rule", .text = str_copy(a, str_from(err.text))};
    note = known.has_missed ? STR("it is in none of the given files: give its file, too")
                            : lint_near_name(a, &doc->value, ret->text);
    VEC_APUSH(a, &ret->spots, lint_spot_at(doc->text, narrow(doc, ret->text, pos), note));
    return true;
}
