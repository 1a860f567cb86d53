/*
 * tiphys explain: what a field of a manifest is, from the tables that check manifests; no
 * server is asked. Laid out as `kubectl explain`, with what is special here said beside a
 * field: required, its default, its choices, not supported yet, without effect.
 */
#include "base/vec.h"
#include "cli/cli.h"
#include "objects/object.h"

enum { PRINT_MAX_BYTES = 1 << 22, DEPTH_MAX = 24 };

/* ---- words ---- */

static const char *scalar_name(enum field_type type)
{
    static const char *const names[] = {
        [FIELD_STR] = "string",
        [FIELD_BOOL] = "boolean",
        [FIELD_I64] = "integer",
        [FIELD_F64] = "number",
        [FIELD_INT_OR_STR] = "IntOrString",
        [FIELD_ANY_STR] = "string, number or boolean",
        [FIELD_NUMBER] = "number",
        [FIELD_QUANTITY] = "Quantity",
        [FIELD_DURATION_MS] = "Duration",
        [FIELD_TIME] = "Time",
        [FIELD_BYTES] = "base64",
        [FIELD_ENUM] = "string",
        [FIELD_ANY] = "any",
    };

    return names[type];
}

static struct str type_name(struct arena *a, const struct field *row, enum field_type type)
{
    bool is_object = type == FIELD_OBJECT || type == FIELD_OBJECT_PTR;

    if (type == FIELD_LIST && row->type == FIELD_LIST && row->item == FIELD_LIST)
        return str_printf(a, "[][]%s", row->shape->name);
    if (type == FIELD_LIST || type == FIELD_MAP)
        return str_printf(a, "%s" STR_FMT, type == FIELD_LIST ? "[]" : "map[string]",
                          STR_ARG(type_name(a, row, row->item)));
    return str_from(is_object ? row->shape->name : scalar_name(type));
}

static void add_choices(struct strbuf *b, const char *lead, const char *choices)
{
    struct str rest = str_from(choices), choice;
    const char *before = lead;

    while (choices && str_cut(&rest, '|', &choice)) {
        if (str_is_empty(choice))
            continue;
        strbuf_addf(b, "%s" STR_FMT, before, STR_ARG(choice));
        before = ", ";
    }
    if (before != lead)
        strbuf_addc(b, '\n');
}

/* What is to be known of a field besides its sentence, a line each. */
static void add_facts(struct strbuf *b, const char *indent, const struct field *row)
{
    if (row->fallback && *row->fallback)
        strbuf_addf(b, "%sDefault: %s\n", indent, row->fallback);
    if (row->type == FIELD_I64 && (row->min != 0 || row->max != 0))
        strbuf_addf(b, "%sFrom %lld to %lld\n", indent, (long long) row->min,
                    (long long) row->max);
    if (row->choices && *row->choices) {
        strbuf_addz(b, indent);
        add_choices(b, "One of: ", row->choices);
    }
    if (row->unbuilt && *row->unbuilt && strcmp(row->unbuilt, "*") != 0) {
        strbuf_addz(b, indent);
        add_choices(b, "Not supported yet: ", row->unbuilt);
    }
    if (row->flags & FIELD_UNSUPPORTED)
        strbuf_addf(b, "%sNot supported yet%s%s\n", indent, row->since ? ": " : "",
                    row->since ? row->since : "");
    if (row->flags & FIELD_NO_OP)
        strbuf_addf(b, "%sAccepted, has no effect here\n", indent);
    if (row->flags & FIELD_DEPRECATED)
        strbuf_addf(b, "%sDeprecated\n", indent);
    if (row->flags & FIELD_STATUS)
        strbuf_addf(b, "%sWritten by the system\n", indent);
}

/* ---- fields ---- */

static void add_fields(struct arena *a, struct strbuf *b, const struct shape *shape)
{
    const struct field *row = NULL;

    strbuf_addz(b, "\nFIELDS:\n");
    while (field_rows_next(&shape, &row)) {
        strbuf_addf(b, "  %s\t<" STR_FMT ">%s\n", row->name,
                    STR_ARG(type_name(a, row, row->type)),
                    row->flags & FIELD_REQUIRED ? " -required-" : "");
        if (row->doc)
            strbuf_addf(b, "    %s\n", row->doc);
        add_facts(b, "    ", row);
        strbuf_addc(b, '\n');
    }
}

/* The tree of names, and the shapes that it has opened: each once. */
struct outline {
    struct arena *a;
    struct strbuf *b;
    VEC(const struct shape *) opened;
};

static bool is_opened(const struct outline *o, const struct shape *shape)
{
    for (size_t i = 0; i < o->opened.len; i++)
        if (o->opened.at[i] == shape)
            return true;
    return false;
}

/* Names and types alone, to the ground. */
static void add_tree(struct outline *o, const struct shape *shape, unsigned depth)
{
    const struct field *row = NULL;

    VEC_APUSH(o->a, &o->opened, shape);
    while (field_rows_next(&shape, &row)) {
        bool has_fields = row->shape && (row->shape->fields || row->shape->inlined),
             is_again = has_fields && is_opened(o, row->shape);

        strbuf_addf(o->b, "%*s%s\t<" STR_FMT ">%s%s\n", (int) depth * 2, "", row->name,
                    STR_ARG(type_name(o->a, row, row->type)),
                    row->flags & FIELD_REQUIRED ? " -required-" : "",
                    is_again ? " (see above)" : "");
        if (has_fields && !is_again && depth < DEPTH_MAX)
            add_tree(o, row->shape, depth + 1);
    }
}

/* ---- finding it ---- */

/* "workflow", "Workflow", "wf"; NULL with the list of kinds in @err. */
static const struct object_kind *find_kind(struct arena *a, struct str word, struct err *err)
{
    size_t count;
    const struct object_kind *all = object_kinds(&count),
                             *kind = object_kind_by_plural(STR_NONE, word);
    struct str names = STR("");

    for (size_t i = 0; !kind && i < count; i++) {
        if (str_eq_nocase(word, str_from(all[i].kind)) ||
            str_eq_nocase(word, str_from(all[i].plural)))
            kind = &all[i];
        names = str_printf(a, STR_FMT "%s%s", STR_ARG(names), i ? ", " : "", all[i].kind);
    }
    if (!kind)
        err_set(err, ERR_NOT_FOUND, "no kind \"" STR_FMT "\": want one of " STR_FMT,
                STR_ARG(word), STR_ARG(names));
    return kind;
}

static int no_field(struct str word, struct str path, const struct shape *shape,
                    struct err *err)
{
    const struct field *near = shape ? field_nearest(shape, word) : NULL;
    const struct field *spec = shape ? field_find(shape, STR("spec")) : NULL;
    const struct field *below = spec && spec->shape ? field_nearest(spec->shape, word) : NULL;

    if (below && !near)
        return err_set(err, ERR_NOT_FOUND,
                       STR_FMT " has no field \"" STR_FMT "\": did you mean " STR_FMT
                               ".spec.%s?",
                       STR_ARG(path), STR_ARG(word), STR_ARG(path), below->name);
    if (near)
        return err_set(err, ERR_NOT_FOUND,
                       STR_FMT " has no field \"" STR_FMT "\": did you mean \"%s\"?",
                       STR_ARG(path), STR_ARG(word), near->name);
    return err_set(err, ERR_NOT_FOUND, STR_FMT " has no field \"" STR_FMT "\"", STR_ARG(path),
                   STR_ARG(word));
}

struct explained {
    const struct object_kind *kind;
    const struct field *row;   /* NULL: the kind itself */
    const struct shape *shape; /* of what is below, or NULL */
};

/* "KIND.field.field"; an index behind a name ("templates[0]") is passed over. */
static int find(struct arena *a, struct str path, struct explained *ret, struct err *err)
{
    struct str rest = path, word = STR(""), before;

    str_cut(&rest, '.', &word);
    ret->row = NULL;
    ret->kind = find_kind(a, word, err);
    if (!ret->kind)
        return -1;
    ret->shape = ret->kind->shape;
    before = word;
    while (str_cut(&rest, '.', &word)) {
        struct str name = str_head(word, str_find_char(word, '['));
        const struct field *row = ret->shape ? field_find(ret->shape, name) : NULL;

        if (!row && ret->shape)
            row = ret->shape->rest;
        if (!row)
            return no_field(name, before, ret->shape, err);
        before = str_head(path, (size_t) (word.ptr - path.ptr) + name.len);
        ret->row = row;
        ret->shape = row->shape;
    }
    return 0;
}

/* ---- printing ---- */

static void print(struct arena *a, struct strbuf *b, const struct explained *e, bool is_tree)
{
    const struct object_kind *kind = e->kind;
    const char *doc = e->row ? e->row->doc : kind->shape->doc;

    if (kind->group[0])
        strbuf_addf(b, "GROUP:      %s\n", kind->group);
    strbuf_addf(b, "KIND:       %s\nVERSION:    %s\n", kind->kind, kind->version);
    if (e->row)
        strbuf_addf(b, "\nFIELD: %s <" STR_FMT ">%s\n", e->row->name,
                    STR_ARG(type_name(a, e->row, e->row->type)),
                    e->row->flags & FIELD_REQUIRED ? " -required-" : "");
    strbuf_addf(b, "\nDESCRIPTION:\n    %s\n", doc ? doc : "<empty>");
    if (e->row && e->shape && e->shape->doc && (!doc || strcmp(e->shape->doc, doc) != 0))
        strbuf_addf(b, "    %s\n", e->shape->doc);
    if (e->row)
        add_facts(b, "    ", e->row);
    if (!e->shape || (!e->shape->fields && !e->shape->inlined))
        return;
    if (is_tree) {
        struct outline o = {.a = a, .b = b};

        strbuf_addz(b, "\nFIELDS:\n");
        add_tree(&o, e->shape, 1);
    } else {
        add_fields(a, b, e->shape);
    }
}

static int run_explain(struct cli *cli, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(PRINT_MAX_BYTES);
    struct explained e;

    if (find(cli->arena, str_from(cli->args[0]), &e, err) < 0)
        return -1;
    print(cli->arena, &b, &e, cli_is_on(cli, "recursive"));
    fwrite(b.ptr, 1, b.len, stdout);
    return 0;
}

static const struct cli_flag flags[] = {
    {.name = "recursive",
     .type = FLAG_SWITCH,
     .state = FLAG_OWN,
     .help = "names and types of all fields below it"},
    {0},
};

extern const struct cli_command cli_explain;
const struct cli_command cli_explain = {
    .name = "explain",
    .usage = "KIND[.FIELD...]",
    .summary = "tell what a kind or a field of a manifest is",
    .example = "explain workflow\nexplain wf.spec.templates.retryStrategy\n"
               "explain sensor.spec.triggers --recursive",
    .flags = flags,
    .surface = CLI_OWN,
    .min_args = 1,
    .max_args = 1,
    .run = run_explain};
