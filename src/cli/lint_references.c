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

/* A tag without an end on its line: what is told of it is not what was written. */
static uint32_t open_tag(struct str text, struct str mark, uint32_t from)
{
    for (size_t at = from; at < text.len; at += 2) {
        size_t found = str_find(str_skip(text, at), mark), end;
        struct str line;

        if (found == SIZE_MAX)
            break;
        at += found;
        line = str_skip(text, at);
        line = str_head(line, str_find_char(line, '\n'));
        end = str_find(line, STR("}}"));
        if (end == SIZE_MAX)
            return (uint32_t) at;
        at += end; /* it ends all that stand before it */
    }
    return JSON_NO_POS;
}

/* What a rule names, between these texts of its message. */
static const struct {
    const char *before, *behind;
} marks[] = {{"failed to resolve ", "}}"},
             {"template name '", "'"},
             {"workflow template \"", "\""},
             {"cron schedule ", " is malformed"},
             {"invalid timezone \"", "\""},
             {"invalid dependency ", ""},
             {"'", "' is not a valid concurrencyPolicy"}};

/* The text itself is a better place than the object that holds it: the variable, the undefined
 * name. */
static uint32_t narrow(const struct object_document *doc, struct str text, uint32_t pos)
{
    uint32_t from = pos == JSON_NO_POS ? doc->value.pos : pos, open;

    if (str_find(text, STR("unmarshall JSON expression")) != SIZE_MAX) {
        open = open_tag(doc->text, STR("{{="), doc->value.pos);
        return open == JSON_NO_POS ? pos : open;
    }
    for (size_t i = 0; i < COUNT_OF(marks) && from < doc->text.len; i++) {
        struct str word = lint_between(text, marks[i].before, marks[i].behind);
        size_t at;

        if (word.len == 0)
            continue;
        if (i == 0) /* with its ends: "{{x}}" */
            word = str_of(word.ptr, word.len + 2);
        at = find_word(doc->text, from, word);
        if (at == SIZE_MAX && i == 0) {
            open =
                open_tag(doc->text, str_head(word, str_find_char(word, '}')), doc->value.pos);
            return open == JSON_NO_POS ? pos : open;
        }
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
