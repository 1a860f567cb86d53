/* A manifest as the commands read it: linted with its references, without unknown fields, shown
 * as a workflow, with its changes, rendered. Nothing it says may hurt; what is left without
 * unknown fields has none. */
#include <assert.h>

#include "cli/lint.h"
#include "cli/live.h"
#include "cli/render.h"
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

/* In every format, with colours and carets. */
static void print(struct arena *a, const struct lint_result *r)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 24);

    for (enum lint_output output = LINT_PRETTY; output <= LINT_SARIF; output++) {
        const struct lint_style style = {
            .output = output, .has_color = true, .has_spots = output != LINT_SIMPLE};

        lint_print_result(&b, r, &style);
        (void) lint_print_summary(&b, r, 1, &style);
        lint_print_report(a, &b, r, 1, &style);
    }
}

static void lint(struct arena *a, const struct object_document *doc,
                 const struct lint_documents *all, struct lint_result *r)
{
    struct field_faults again = {0};
    struct object_document pruned = *doc;

    if (!doc->kind)
        return;
    lint_check(a, doc, 0, all, r);
    pruned.value = cli_without_unknown(a, doc->kind->shape, &doc->value);
    (void) object_check(a, &pruned, &again);
    for (size_t i = 0; i < again.len; i++)
        assert(again.at[i].what != FIELD_UNKNOWN);
}

/* What it becomes, as far as it can be told. */
static void render(struct arena *a, const struct object_document *doc,
                   const struct lint_documents *all)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 26);
    const struct render_input in = {.doc = &doc->value, .all = all};
    struct render_calls calls = {0};
    struct field_faults faults = {0};
    struct err err;

    if (!doc->kind || !object_check_fields(a, doc, &faults) ||
        render_workflow(a, &in, &calls, &err) < 0)
        return;
    render_print(&b, &calls);
    (void) render_value(a, &calls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct lint_documents all = {0};
    struct object_documents docs;
    struct lint_result r = {.file = STR_INIT("x"), .source = str_of((const char *) data, size)};
    struct err err;

    if (object_read(a, r.file, r.source, &docs, &err) < 0) {
        lint_broken(a, &err, &r);
        print(a, &r);
        return 0;
    }
    for (size_t i = 0; i < docs.len; i++)
        VEC_APUSH(a, &all.list, docs.at[i]);
    for (size_t i = 0; i < docs.len; i++) {
        lint(a, &docs.at[i], &all, &r);
        show(a, &docs.at[i].value);
        render(a, &docs.at[i], &all);
    }
    print(a, &r);
    return 0;
}
