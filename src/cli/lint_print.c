/* What lint says. Pure. See lint.h. */
#include "cli/lint.h"

#define RED       "\x1b[31m"
#define GREEN     "\x1b[32m"
#define UNDERLINE "\x1b[4m"
#define RESET     "\x1b[0m"

struct str lint_object_name(struct arena *a, const struct object_document *doc, size_t index)
{
    struct str name = object_name(&doc->value), kind = json_get_str(&doc->value, STR("kind"));

    if (str_is_empty(name))
        name = json_str(json_path(&doc->value, "metadata", "generateName", NULL));
    if (str_is_empty(name))
        name = str_printf(a, "object #%zu", index + 1);
    return str_printf(a, "\"" STR_FMT "\" (" STR_FMT ")", STR_ARG(name), STR_ARG(kind));
}

struct str lint_fault_text(struct arena *a, const struct object_document *doc,
                           const struct field_fault *fault)
{
    struct str place = STR("");
    unsigned line, column;

    if (fault->pos != JSON_NO_POS && doc->text.len > 0) {
        json_position(doc->text, fault->pos, &line, &column);
        place = str_printf(a, "%u:%u: ", line, column);
    }
    return str_printf(a, STR_FMT STR_FMT "%s" STR_FMT, STR_ARG(place), STR_ARG(fault->path),
                      fault->path.len ? ": " : "", STR_ARG(fault->text));
}

static void print_in(struct strbuf *b, const char *color, const char *text,
                     const struct lint_style *style)
{
    strbuf_addf(b, "%s%s%s", style->has_color ? color : "", text,
                style->has_color ? RESET : "");
}

void lint_print_result(struct strbuf *b, const struct lint_result *r,
                       const struct lint_style *style)
{
    if (r->errors.len == 0)
        return;
    if (style->output == LINT_SIMPLE) {
        for (size_t i = 0; i < r->errors.len; i++)
            strbuf_addf(b, STR_FMT ": " STR_FMT "\n", STR_ARG(r->file),
                        STR_ARG(r->errors.at[i]));
        return;
    }
    strbuf_addf(b, "%s" STR_FMT "%s:\n", style->has_color ? UNDERLINE : "", STR_ARG(r->file),
                style->has_color ? RESET : "");
    for (size_t i = 0; i < r->errors.len; i++) {
        strbuf_addz(b, "   ");
        print_in(b, RED, "✖", style);
        strbuf_addf(b, " " STR_FMT "\n", STR_ARG(r->errors.at[i]));
    }
    strbuf_addc(b, '\n');
}

int lint_print_summary(struct strbuf *b, const struct lint_result *results, size_t count,
                       const struct lint_style *style)
{
    static const char nothing[] = "found nothing to lint in the specified paths, failing...";
    bool is_pretty = style->output == LINT_PRETTY, is_linted = false;
    size_t errors = 0;
    char text[128];

    for (size_t i = 0; i < count; i++) {
        is_linted = is_linted || results[i].is_linted;
        errors += results[i].errors.len;
    }
    if (errors > 0) {
        snprintf(text, sizeof(text), "✖ %zu linting errors found!", errors);
        if (is_pretty)
            print_in(b, RED, text, style);
    } else if (!is_linted) {
        snprintf(text, sizeof(text), "%s%s", is_pretty ? "✖ " : "", nothing);
        if (is_pretty)
            print_in(b, RED, text, style);
        else
            strbuf_addz(b, text);
    } else {
        if (is_pretty)
            print_in(b, GREEN, "✔", style);
        strbuf_addf(b, "%sno linting errors found!", is_pretty ? " " : "");
    }
    if (is_pretty || errors == 0)
        strbuf_addc(b, '\n');
    return errors > 0 || !is_linted;
}
