/* What lint says. Pure. See lint.h. */
#include "cli/lint_internal.h"

#define RED       "\x1b[31m"
#define YELLOW    "\x1b[33m"
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

static void print_in(struct strbuf *b, const char *color, const char *text,
                     const struct lint_style *style)
{
    strbuf_addf(b, "%s%s%s", style->has_color ? color : "", text,
                style->has_color ? RESET : "");
}

/* Is it of what argo prints to standard output? What it cannot decode it tells elsewhere; it
 * knows no warnings. */
static bool is_shown(const struct lint_error *e, const struct lint_style *style)
{
    return style->has_spots ? true : e->level == LINT_ERROR && !e->is_decoding;
}

static void add_where(struct strbuf *b, const struct lint_error *e)
{
    if (e->object.len > 0)
        strbuf_addf(b, "in " STR_FMT ": ", STR_ARG(e->object));
}

static void print_error(struct strbuf *b, const struct lint_result *r,
                        const struct lint_error *e, const struct lint_style *style)
{
    bool is_warning = e->level == LINT_WARNING;

    strbuf_addz(b, "   ");
    print_in(b, is_warning ? YELLOW : RED, is_warning ? "⚠" : "✖", style);
    strbuf_addc(b, ' ');
    add_where(b, e);
    strbuf_addf(b, STR_FMT "\n", STR_ARG(e->text));
    for (size_t i = 0; style->has_spots && i < e->spots.len; i++)
        lint_print_spot(b, r->file, r->source, &e->spots.at[i], style);
}

void lint_print_result(struct strbuf *b, const struct lint_result *r,
                       const struct lint_style *style)
{
    bool has_heading = false;

    for (size_t i = 0; i < r->errors.len; i++) {
        const struct lint_error *e = &r->errors.at[i];

        if (!is_shown(e, style))
            continue;
        if (style->output == LINT_SIMPLE) {
            strbuf_addf(b, STR_FMT ": ", STR_ARG(r->file));
            add_where(b, e);
            strbuf_addf(b, STR_FMT "\n", STR_ARG(e->text));
            continue;
        }
        if (!has_heading)
            strbuf_addf(b, "%s" STR_FMT "%s:\n", style->has_color ? UNDERLINE : "",
                        STR_ARG(r->file), style->has_color ? RESET : "");
        has_heading = true;
        print_error(b, r, e, style);
    }
    if (has_heading)
        strbuf_addc(b, '\n');
}

static size_t count_errors(const struct lint_result *r, const struct lint_style *style)
{
    size_t count = 0;

    for (size_t i = 0; i < r->errors.len; i++)
        count += r->errors.at[i].level == LINT_ERROR && is_shown(&r->errors.at[i], style);
    return count;
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
        errors += count_errors(&results[i], style);
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
