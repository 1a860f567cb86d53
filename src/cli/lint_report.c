/* What lint found, for programs: JSON of our own, and SARIF 2.1.0. Pure. See lint.h. */
#include "cli/lint.h"

static void add_text(struct arena *a, struct json_object_builder *b, const char *name,
                     struct str text)
{
    json_add(a, b, str_from(name), json_string(text));
}

static const char *level_name(const struct lint_error *e)
{
    return e->level == LINT_WARNING ? "warning" : "error";
}

/* ---- our own ---- */

static struct json spot_value(struct arena *a, const struct lint_spot *s)
{
    struct json_object_builder b = {0};

    if (s->line > 0) {
        json_add(a, &b, STR("line"), json_int(a, s->line));
        json_add(a, &b, STR("column"), json_int(a, s->column));
        json_add(a, &b, STR("endColumn"), json_int(a, s->column + s->width));
    }
    if (s->note.len > 0)
        add_text(a, &b, "note", s->note);
    return json_object(&b);
}

static struct json error_value(struct arena *a, const struct lint_result *r,
                               const struct lint_error *e)
{
    struct json_object_builder b = {0};
    struct json_array_builder spots = {0};

    add_text(a, &b, "file", r->file);
    add_text(a, &b, "level", str_from(level_name(e)));
    add_text(a, &b, "rule", str_from(e->rule));
    add_text(a, &b, "object", e->object);
    add_text(a, &b, "message", e->text);
    for (size_t i = 0; i < e->spots.len; i++)
        json_push(a, &spots, spot_value(a, &e->spots.at[i]));
    json_add(a, &b, STR("places"), json_array(&spots));
    return json_object(&b);
}

static struct json own_report(struct arena *a, const struct lint_result *results, size_t count)
{
    struct json_array_builder all = {0};
    struct json_object_builder b = {0};
    int64_t linted = 0, errors = 0, warnings = 0;

    for (size_t i = 0; i < count; i++) {
        linted += results[i].is_linted;
        for (size_t k = 0; k < results[i].errors.len; k++) {
            const struct lint_error *e = &results[i].errors.at[k];

            errors += e->level == LINT_ERROR;
            warnings += e->level == LINT_WARNING;
            json_push(a, &all, error_value(a, &results[i], e));
        }
    }
    json_add(a, &b, STR("files"), json_int(a, (int64_t) count));
    json_add(a, &b, STR("linted"), json_int(a, linted));
    json_add(a, &b, STR("errors"), json_int(a, errors));
    json_add(a, &b, STR("warnings"), json_int(a, warnings));
    json_add(a, &b, STR("results"), json_array(&all));
    return json_object(&b);
}

/* ---- SARIF ---- */

static struct json text_value(struct arena *a, const char *name, struct str text)
{
    struct json_object_builder b = {0};

    add_text(a, &b, name, text);
    return json_object(&b);
}

static struct json location(struct arena *a, struct str file, const struct lint_spot *s)
{
    struct json_object_builder physical = {0}, region = {0}, b = {0};

    json_add(a, &physical, STR("artifactLocation"), text_value(a, "uri", file));
    if (s && s->line > 0) {
        json_add(a, &region, STR("startLine"), json_int(a, s->line));
        json_add(a, &region, STR("startColumn"), json_int(a, s->column));
        json_add(a, &region, STR("endColumn"), json_int(a, s->column + s->width));
        json_add(a, &physical, STR("region"), json_object(&region));
    }
    json_add(a, &b, STR("physicalLocation"), json_object(&physical));
    if (s && s->note.len > 0)
        json_add(a, &b, STR("message"), text_value(a, "text", s->note));
    return json_object(&b);
}

static struct json sarif_result(struct arena *a, const struct lint_result *r,
                                const struct lint_error *e)
{
    struct json_object_builder b = {0};
    struct json_array_builder places = {0};
    struct str text = e->object.len > 0 ? str_printf(a, "in " STR_FMT ": " STR_FMT,
                                                     STR_ARG(e->object), STR_ARG(e->text))
                                        : e->text;

    if (e->spots.len > 0 && e->spots.at[0].note.len > 0)
        text = str_printf(a, STR_FMT " (" STR_FMT ")", STR_ARG(text),
                          STR_ARG(e->spots.at[0].note));
    add_text(a, &b, "ruleId", str_from(e->rule));
    add_text(a, &b, "level", str_from(level_name(e)));
    json_add(a, &b, STR("message"), text_value(a, "text", text));
    for (size_t i = 0; i < e->spots.len; i++)
        json_push(a, &places, location(a, r->file, &e->spots.at[i]));
    if (e->spots.len == 0)
        json_push(a, &places, location(a, r->file, NULL));
    json_add(a, &b, STR("locations"), json_array(&places));
    return json_object(&b);
}

static struct json driver(struct arena *a)
{
    static const char *const rules[] = {"decoding",      "expression",  "no-manifest", "rule",
                                        "unknown-field", "unsupported", "value"};
    struct json_object_builder b = {0}, tool = {0};
    struct json_array_builder list = {0};

    for (size_t i = 0; i < COUNT_OF(rules); i++)
        json_push(a, &list, text_value(a, "id", str_from(rules[i])));
    add_text(a, &b, "name", STR("tiphys lint"));
    add_text(a, &b, "version", STR(TIPHYS_VERSION));
    json_add(a, &b, STR("rules"), json_array(&list));
    json_add(a, &tool, STR("driver"), json_object(&b));
    return json_object(&tool);
}

static struct json sarif_report(struct arena *a, const struct lint_result *results,
                                size_t count)
{
    struct json_object_builder run = {0}, b = {0};
    struct json_array_builder all = {0}, runs = {0};

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < results[i].errors.len; k++)
            json_push(a, &all, sarif_result(a, &results[i], &results[i].errors.at[k]));
    json_add(a, &run, STR("tool"), driver(a));
    json_add(a, &run, STR("columnKind"), json_string(STR("unicodeCodePoints")));
    json_add(a, &run, STR("results"), json_array(&all));
    json_push(a, &runs, json_object(&run));
    add_text(a, &b, "$schema", STR("https://json.schemastore.org/sarif-2.1.0.json"));
    add_text(a, &b, "version", STR("2.1.0"));
    json_add(a, &b, STR("runs"), json_array(&runs));
    return json_object(&b);
}

void lint_print_report(struct arena *a, struct strbuf *b, const struct lint_result *results,
                       size_t count, const struct lint_style *style)
{
    struct json v = style->output == LINT_SARIF ? sarif_report(a, results, count)
                                                : own_report(a, results, count);

    json_print(b, &v, JSON_INDENT);
    strbuf_addc(b, '\n');
}
