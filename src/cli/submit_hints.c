/* Hints to those who submit workflows. See submit_hints.h. */
#include "cli/submit_hints.h"

#include "objects/field.h"

/* ---- arguments that nobody knows ---- */

static const struct json *arguments_of(const struct json *doc)
{
    return json_path(doc, "spec", "arguments", "parameters", NULL);
}

/* The template of the server that the workflow is made of; NULL: none, or it cannot be got. */
static const struct json *template_of(struct cli *cli, const struct json *doc)
{
    const struct json *ref = json_path(doc, "spec", "workflowTemplateRef", NULL);
    const char *kind = json_get_bool(ref, STR("clusterScope")) ? "ClusterWorkflowTemplate"
                                                               : "WorkflowTemplate";
    struct cli_answer *answer = ARENA_NEW(cli->arena, struct cli_answer);
    struct str ns = object_namespace(doc);
    struct err ignored;
    struct str path;

    if (!ref)
        return NULL;
    path = cli_path(cli, object_kind_find(STR("argoproj.io/v1alpha1"), str_from(kind)),
                    str_is_empty(ns) ? cli_namespace(cli) : ns, json_get_str(ref, STR("name")));
    return cli_call(cli, "GET", path, STR(""), answer, &ignored) == 0 ? &answer->body : NULL;
}

/* Is it declared? Else @near may become a declared name that is like it. */
static bool declares(const struct json *list, struct str name, struct str *near)
{
    unsigned least = UINT32_MAX;
    const struct json *p;

    for (size_t i = 0; (p = json_item(list, i)) != NULL; i++) {
        struct str declared = json_get_str(p, STR("name"));
        unsigned far = field_farness(name, declared);

        if (str_eq(declared, name))
            return true;
        if (far < least) {
            least = far;
            *near = declared;
        }
    }
    return false;
}

/* Undeclared ones may be used all the same, or all of them at once. */
static bool uses(struct arena *a, const struct json *doc, struct str name)
{
    struct str text = json_text(a, doc, 0), word = STR("workflow.parameters");

    for (size_t at; (at = str_find(text, word)) != SIZE_MAX;) {
        text = str_skip(text, at + word.len);
        if (!str_starts(text, STR(".")) || str_starts(str_skip(text, 1), name))
            return true;
    }
    return false;
}

static void warn_of(struct cli *cli, const struct json *doc, const struct json *template,
                    struct str name)
{
    struct str near = STR("");

    if (declares(arguments_of(doc), name, &near) ||
        declares(arguments_of(template), name, &near) || uses(cli->arena, doc, name) ||
        (template && uses(cli->arena, template, name)))
        return;
    fprintf(stderr,
            "Warning: -p " STR_FMT ": the workflow has no argument of that name%s" STR_FMT
            "%s\n",
            STR_ARG(name), near.len > 0 ? ", did you mean \"" : "", STR_ARG(near),
            near.len > 0 ? "\"?" : "");
}

void submit_hint_parameters(struct cli *cli, const struct json *doc)
{
    const struct json *template;
    size_t count;
    const struct str *given = flags_list(cli->arena, &cli->flags, "parameter", &count);

    if (cli_is_argo(cli) || count == 0)
        return;
    template = template_of(cli, doc);
    if (!template && json_path(doc, "spec", "workflowTemplateRef", NULL))
        return; /* the server will say why */
    for (size_t i = 0; i < count; i++)
        warn_of(cli, doc, template, str_head(given[i], str_find_char(given[i], '=')));
}

/* ---- refusals ---- */

void submit_hint_refusal(const struct cli *cli, struct err *err)
{
    static const struct str before = STR_INIT("spec.arguments."),
                            behind = STR_INIT(".value or spec.arguments.");
    struct str text = str_from(err->text), name;
    size_t at = str_find(text, before);

    if (cli_is_argo(cli) || at == SIZE_MAX)
        return;
    name = str_skip(text, at + before.len);
    at = str_find(name, behind);
    if (at == SIZE_MAX)
        return;
    name = str_head(name, at);
    err_set(err, err->kind, STR_FMT ": give it with -p " STR_FMT "=VALUE",
            STR_ARG(str_copy(cli->arena, text)), STR_ARG(str_copy(cli->arena, name)));
}

void submit_hint_left(const struct cli *cli, const struct object_document *doc,
                      const char *file)
{
    if (cli_is_argo(cli) || !doc || !doc->kind)
        return;
    fprintf(stderr,
            "Warning: %s: the %s \"" STR_FMT
            "\" is not created: submit makes workflows alone, 'tiphys apply -f %s' all\n",
            file, doc->kind->kind, STR_ARG(object_name(&doc->value)), file);
}

int submit_hint_other(const struct object_document *doc, const char *file, struct err *err)
{
    struct str kind = json_get_str(&doc->value, STR("kind"));

    if (doc->kind)
        return err_set(err, ERR_INVALID,
                       "no workflow found in given files: %s holds a %s, which 'tiphys apply "
                       "-f %s' creates",
                       file, doc->kind->kind, file);
    if (field_farness(kind, STR("Workflow")) != UINT32_MAX)
        return err_set(err, ERR_INVALID,
                       "no workflow found in given files: %s: there is no kind \"" STR_FMT
                       "\", did you mean \"Workflow\"?",
                       file, STR_ARG(kind));
    return err_set(err, ERR_INVALID, "no workflow found in given files: %s holds a " STR_FMT,
                   file, STR_ARG(str_is_empty(kind) ? STR("document without kind") : kind));
}
