/* A manifest as the commands read it: linted with its references, without unknown fields, shown
 * as a workflow, with its changes. Nothing it says may hurt; what is left without unknown
 * fields has none. */
#include <assert.h>

#include "cli/lint.h"
#include "cli/live.h"
#include "cli/show.h"

static void show(struct arena *a, const struct json *doc)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    const struct show_options options = {.now = {.ms = 1767330000000}, .has_color = true};
    const struct show_list_options list = {.now = {.ms = 1767330000000}, .is_wide = true};

    show_workflow(a, &b, doc, &options);
    show_list(a, &b, &doc, 1, &list);
    live_changes(a, &b, NULL, doc);
    strbuf_reset(&b);
    live_changes(a, &b, doc, doc);
    assert(b.len == 0);
}

static void lint(struct arena *a, const struct object_document *doc,
                 const struct lint_documents *all)
{
    struct field_faults faults = {0}, again = {0};
    struct object_document pruned = *doc;

    (void) object_check(a, doc, &faults);
    lint_references(a, doc, all, &faults);
    for (size_t i = 0; i < faults.len; i++)
        lint_fault_text(a, doc, &faults.at[i]);
    lint_object_name(a, doc, 0);
    if (!doc->kind)
        return;
    pruned.value = cli_without_unknown(a, doc->kind->shape, &doc->value);
    (void) object_check(a, &pruned, &again);
    for (size_t i = 0; i < again.len; i++)
        assert(!str_starts(again.at[i].text, STR("unknown field")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct lint_documents all = {0};
    struct object_documents docs;
    struct err err;

    if (object_read(a, STR("x"), str_of((const char *) data, size), &docs, &err) < 0)
        return 0;
    for (size_t i = 0; i < docs.len; i++)
        VEC_APUSH(a, &all.list, docs.at[i]);
    for (size_t i = 0; i < docs.len; i++) {
        lint(a, &docs.at[i], &all);
        show(a, &docs.at[i].value);
    }
    return 0;
}
