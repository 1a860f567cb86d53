/*
 * All that is wrong with one document. Pure. See lint.h.
 *
 * As argo: what is unknown or twice there is one error, told before anything else; a value that
 * cannot be decoded ends the look; then comes the first broken rule. What argo does not know,
 * but the server would refuse, are warnings: the object is good, and cannot be created here.
 */
#include "cli/lint_internal.h"

#include <stdlib.h>

#include "cli/objects.h"
#include "cli/show.h"
#include "objects/field_go.h"

static int compare_faults(const void *left, const void *right)
{
    const struct field_fault *a = left, *b = right;

    return a->pos != b->pos ? (a->pos < b->pos ? -1 : 1) : str_cmp(a->text, b->text);
}

/* Those have their rules beside their table, and upstream reads their names in any case;
 * workflows' rules are asked with all files. */
static bool is_of_events(const struct object_kind *kind)
{
    static const char *const kinds[] = {"EventSource", "Sensor", "EventBus"};

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(kind->kind, kinds[i]) == 0)
            return true;
    return false;
}

/* Of what steps hold, strict decoding tells nothing. */
static bool is_strict(const struct field_fault *f)
{
    return (f->what == FIELD_UNKNOWN || f->what == FIELD_DUPLICATE) &&
           str_find(f->path, STR("].steps[")) == SIZE_MAX;
}

/* Behind "unknown field "x", ": what is said anyway. */
static struct str note_of(struct str text)
{
    size_t at = str_find(text, STR("did you mean"));

    if (at != SIZE_MAX)
        return str_skip(text, at);
    return str_starts(text, STR("unknown field \"")) ? STR("") : text;
}

static void add_strict(struct arena *a, const struct object_document *doc, struct str object,
                       const struct field_faults *faults, struct lint_result *ret)
{
    struct lint_error e = {.rule = "unknown-field", .object = object};

    e.text = field_go_fault(a, doc->kind->shape, &doc->value, FIELD_GO_STRICT);
    for (size_t i = 0; i < faults->len; i++) {
        const struct field_fault *f = &faults->at[i];

        if (is_strict(f))
            VEC_APUSH(a, &e.spots, lint_spot_at(doc->text, f->pos, note_of(f->text)));
    }
    if (e.spots.len == 0)
        return;
    if (str_is_none(e.text)) /* a duplicate in a map of names */
        e.text = str_printf(a, "strict decoding error: " STR_FMT, STR_ARG(faults->at[0].text));
    VEC_APUSH(a, &ret->errors, e);
}

/* "N" is false in YAML: who wrote it sees no false. */
static struct str type_note(struct arena *a, const struct object_document *doc,
                            const struct field_fault *f)
{
    struct lint_spot spot = lint_spot_at(doc->text, f->pos, STR(""));
    struct str written =
        spot.line > 0 ? str_head(str_skip(doc->text, f->pos), spot.len) : STR("");

    for (int i = 0; i < 2; i++) {
        const char *found = i ? "found true" : "found false", *value = i ? "true" : "false";

        if (str_find(f->text, str_from(found)) != SIZE_MAX && written.len > 0 &&
            !str_eq_nocase(written, str_from(value)))
            return str_printf(a, STR_FMT " (YAML reads " STR_FMT " as %s)", STR_ARG(f->text),
                              STR_ARG(written), value);
    }
    return f->text;
}

/* One error, as in the original, with the places of all that does not fit. */
static bool add_undecodable(struct arena *a, const struct object_document *doc,
                            struct str object, const struct field_faults *faults,
                            struct lint_result *ret)
{
    struct lint_error e = {.rule = "decoding", .object = object, .is_decoding = true};
    struct err err = {0};

    if (field_go_check(a, doc->kind->shape, &doc->value, FIELD_GO_LAX, &err) == 0)
        return false;
    e.text = str_copy(a, str_from(err.text));
    for (size_t i = 0; i < faults->len; i++) {
        const struct field_fault *f = &faults->at[i];

        if (f->what == FIELD_WRONG_TYPE)
            VEC_APUSH(a, &e.spots, lint_spot_at(doc->text, f->pos, type_note(a, doc, f)));
    }
    for (size_t i = 0; e.spots.len == 0 && i < faults->len; i++)
        VEC_APUSH(a, &e.spots,
                  lint_spot_at(doc->text, faults->at[i].pos, note_of(faults->at[i].text)));
    VEC_APUSH(a, &ret->errors, e);
    return true;
}

/* The rest: wrong values, names, what is not built. Argo lets all of it pass in workflows. */
static void add_others(struct arena *a, const struct object_document *doc, struct str object,
                       const struct field_faults *faults, struct lint_result *ret)
{
    bool is_let_pass = !is_of_events(doc->kind);

    for (size_t i = 0; i < faults->len; i++) {
        const struct field_fault *f = &faults->at[i];
        bool is_unbuilt = f->kind == ERR_UNSUPPORTED,
             is_name = str_starts(f->path, STR("metadata."));
        struct lint_error e = {.rule = is_unbuilt ? "unsupported" : "value",
                               .level = is_unbuilt || is_name || is_let_pass ? LINT_WARNING
                                                                             : LINT_ERROR,
                               .object = object};

        if (is_strict(f))
            continue;
        e.text = f->path.len > 0
                     ? str_printf(a, STR_FMT ": " STR_FMT, STR_ARG(f->path), STR_ARG(f->text))
                     : f->text;
        VEC_APUSH(a, &e.spots, lint_spot_at(doc->text, f->pos, STR("")));
        VEC_APUSH(a, &ret->errors, e);
    }
}

static bool has_error(const struct lint_result *r, size_t from)
{
    for (size_t i = from; i < r->errors.len; i++)
        if (r->errors.at[i].level == LINT_ERROR)
            return true;
    return false;
}

/* Unknown fields of steps. */
static bool has_let_pass(const struct object_document *doc, const struct field_faults *faults)
{
    for (size_t i = 0; !is_of_events(doc->kind) && i < faults->len; i++)
        if (faults->at[i].what == FIELD_UNKNOWN && !is_strict(&faults->at[i]))
            return true;
    return false;
}

void lint_check(struct arena *a, const struct object_document *given, size_t index,
                const struct lint_documents *all, struct lint_result *ret)
{
    struct object_document spelled = *given, *doc = &spelled;
    struct str object = lint_object_name(a, given, index);
    struct field_faults faults = {0};
    struct lint_error broken;
    size_t before = ret->errors.len;

    if (is_of_events(doc->kind)) {
        doc->value = field_fold(a, doc->kind->shape, &given->value);
        object_check(a, doc, &faults);
    } else {
        object_check_fields(a, doc, &faults);
    }
    if (faults.len > 1)
        qsort(faults.at, faults.len, sizeof(faults.at[0]), compare_faults);
    if (!add_undecodable(a, doc, object, &faults, ret))
        add_strict(a, doc, object, &faults, ret);
    if (has_let_pass(doc, &faults)) /* what is not decoded has no rules */
        doc->value = cli_without_unknown(a, doc->kind->shape, &doc->value);
    if (!has_error(ret, before) && lint_references(a, doc, all, &broken)) {
        broken.object = object;
        broken.text = show_one_line(a, broken.text);
        VEC_APUSH(a, &ret->errors, broken);
    }
    if (!has_error(ret, before)) {
        add_others(a, doc, object, &faults, ret);
        lint_expressions(a, doc, object, ret);
        lint_sensor(a, doc, object, ret);
    }
}

void lint_unknown_kind(struct arena *a, const struct object_document *doc,
                       struct lint_result *ret)
{
    const struct json *kind = json_get(&doc->value, STR("kind"));
    struct str name = json_str(kind), near = STR("");
    unsigned best = UINT32_MAX;
    size_t count;
    const struct object_kind *kinds = object_kinds(&count);
    struct lint_error e = {.rule = "unknown-kind", .level = LINT_WARNING};

    if (name.len == 0 ||
        !str_starts(json_get_str(&doc->value, STR("apiVersion")), STR("argoproj.io/")))
        return;
    for (size_t i = 0; i < count; i++) {
        unsigned far = field_farness(name, str_from(kinds[i].kind));

        if (far < best) {
            best = far;
            near = str_from(kinds[i].kind);
        }
    }
    e.text = str_printf(a, "unknown kind \"" STR_FMT "\": not looked at", STR_ARG(name));
    VEC_APUSH(a, &e.spots,
              lint_spot_at(doc->text, kind->pos,
                           near.len
                               ? str_printf(a, "did you mean \"" STR_FMT "\"?", STR_ARG(near))
                               : near));
    VEC_APUSH(a, &ret->errors, e);
}

/* What would be right, of the parser's texts that do not say it. */
static struct str parse_note(struct str text)
{
    if (str_find(text, STR("tab character")) != SIZE_MAX)
        return STR("indent with blanks: YAML knows no tabs there");
    if (str_find(text, STR("parsing a flow node")) != SIZE_MAX)
        return STR("is a bracket or a brace missing?");
    if (str_find(text, STR("flow sequence")) != SIZE_MAX)
        return STR("is a \"]\" missing?");
    if (str_find(text, STR("flow mapping")) != SIZE_MAX)
        return STR("is a \"}\" missing?");
    if (str_find(text, STR("quoted scalar")) != SIZE_MAX)
        return STR("is a quote missing?");
    return STR("");
}

/* Offset of the last bracket before a line that is never closed, or SIZE_MAX. */
static size_t unclosed(struct str source, unsigned before_line)
{
    enum { OPEN_MAX = 64 };
    size_t open[OPEN_MAX], depth = 0, line = 1;
    char quote = 0;

    for (size_t i = 0; i < source.len && line < before_line; i++) {
        char c = source.ptr[i];

        line += c == '\n';
        if (quote)
            quote = c == quote ? 0 : quote;
        else if ((c == '"' || c == '\'') && depth > 0)
            quote = c;
        else if (c == '#' && (i == 0 || strchr(" \t\n", source.ptr[i - 1])))
            quote = '\n'; /* to the end of the line */
        else if ((c == '[' || c == '{') && depth < OPEN_MAX)
            open[depth++] = i;
        else if ((c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return depth > 0 ? open[depth - 1] : SIZE_MAX;
}

/* "... that begins in line L, column C": there, too, is something to see. */
static void add_beginning(struct arena *a, struct lint_error *e, struct str source)
{
    size_t at = str_find(e->text, STR(" that begins in line "));
    struct str rest = at == SIZE_MAX ? STR_NONE : str_skip(e->text, at + 21), part;
    uint64_t line, column;

    if (at == SIZE_MAX && e->spots.len > 0 && str_find(e->text, STR("flow")) != SIZE_MAX) {
        at = unclosed(source, e->spots.at[0].line);
        if (at != SIZE_MAX)
            VEC_APUSH(a, &e->spots, lint_spot_at(source, (uint32_t) at, STR("it begins here")));
        return;
    }
    if (str_find(e->text, STR("tab character")) != SIZE_MAX)
        return;
    if (at == SIZE_MAX || !str_cut(&rest, ',', &part) || !parse_u64(part, &line) ||
        !str_starts(rest, STR(" column ")))
        return;
    rest = str_skip(rest, 8);
    if (parse_u64(str_head(rest, str_find_char(rest, ':')), &column))
        VEC_APUSH(
            a, &e->spots,
            lint_spot_of(source, (unsigned) line, (unsigned) column, STR("it begins here")));
}

/* A key that is given twice: where it stands first, at the same column. */
static void add_first_key(struct arena *a, struct lint_error *e, struct str source)
{
    struct str key = lint_between(e->text, "given twice in this mapping: ", ""), line;
    unsigned number = 0, column = e->spots.len > 0 ? e->spots.at[0].column : 0, first = 0;

    if (key.len == 0 || column == 0)
        return;
    while (++number < e->spots.at[0].line && str_cut(&source, '\n', &line)) {
        struct str rest = str_skip(line, column - 1);

        if (line.len < column || strspn(line.ptr, " -") + 1 < column)
            continue;
        if (str_starts(rest, key) && str_starts(str_skip(rest, key.len), STR(":")))
            first = number;
    }
    if (first > 0)
        e->spots.at[0].note =
            str_printf(a, "line %u has it already: one of the two must go", first);
}

/* "file:LINE:COLUMN: text" in its parts. */
void lint_broken(struct arena *a, const struct err *err, struct lint_result *ret)
{
    struct str text = str_copy(a, str_from(err->text)), rest = text, part;
    struct lint_error e = {.rule = "no-manifest", .is_decoding = true, .text = text};
    uint64_t line = 0, column = 0;

    if (str_starts(rest, ret->file))
        rest = str_skip(rest, ret->file.len);
    if (str_starts(rest, STR(":"))) {
        rest = str_skip(rest, 1);
        if (str_cut(&rest, ':', &part) && parse_u64(part, &line) &&
            str_cut(&rest, ':', &part) && parse_u64(part, &column))
            e.text = str_trim(rest);
        e.place = str_head(text, text.len - rest.len);
    }
    if (line > 0 && column > 0)
        VEC_APUSH(
            a, &e.spots,
            lint_spot_of(ret->source, (unsigned) line, (unsigned) column, parse_note(e.text)));
    add_first_key(a, &e, ret->source);
    add_beginning(a, &e, ret->source);
    VEC_APUSH(a, &ret->errors, e);
}
