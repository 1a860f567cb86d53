/* The flags of submit applied to a workflow. Pure but for --parameter-file and --from cronwf.
 * See submit_options.h. */
#include "cli/submit_options.h"

#include "base/vec.h"
#include "cli/instance.h"
#include "formats/anystring.h"
#include "formats/gotime.h"
#include "formats/yaml.h"
#include "objects/cron_workflow.h"

/* ---- parameters ---- */

static bool is_given(const struct str *pairs, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(str_head(pairs[i], str_find_char(pairs[i], '=')), name))
            return true;
    return false;
}

/* A value as an argument's text: lists and maps as JSON. */
static struct str text_of(struct arena *a, const struct json *v)
{
    return v->type == JSON_ARRAY || v->type == JSON_OBJECT ? json_text(a, v, 0)
                                                           : any_string(a, v);
}

/* Appends "NAME=VALUE" of each member of the file that no -p gives. */
static int read_parameter_file(struct cli *cli, const char *path, struct str **pairs,
                               size_t *count, struct err *err)
{
    struct arena *a = cli->arena;
    VEC(struct str) all = {0};
    struct json map;
    struct str text;

    if (cli_read_file(cli, path, &text, err) < 0 || yaml_parse(a, text, &map, err) < 0)
        return err_wrap(err, "--parameter-file %s", path);
    if (map.type != JSON_OBJECT)
        return err_set(err, ERR_INVALID,
                       "--parameter-file %s: want one map of names and values", path);
    for (uint32_t i = 0; i < map.count; i++)
        if (!is_given(*pairs, *count, map.members[i].key))
            VEC_APUSH(a, &all,
                      str_printf(a, STR_FMT "=" STR_FMT, STR_ARG(map.members[i].key),
                                 STR_ARG(text_of(a, &map.members[i].value))));
    for (size_t i = 0; i < *count; i++)
        VEC_APUSH(a, &all, (*pairs)[i]);
    *pairs = all.at;
    *count = all.len;
    return 0;
}

static int set_parameters(struct cli *cli, struct json *spec, struct err *err)
{
    const char *file = cli_flag(cli, "parameter-file");
    size_t count;
    const struct str *given = flags_list(cli->arena, &cli->flags, "parameter", &count);
    struct str *pairs = ARENA_ARRAY(cli->arena, struct str, count + 1);

    for (size_t i = 0; i < count; i++)
        pairs[i] = given[i];
    if (file && *file && read_parameter_file(cli, file, &pairs, &count, err) < 0)
        return -1;
    return object_set_parameters(cli->arena, spec, pairs, count, err);
}

/* Does the command have it? Not all that send workflows have all flags. */
static bool has_flag(const struct cli *cli, const char *name)
{
    return flags_find(&cli->flags.tables, str_from(name)) != NULL;
}

/* ---- metadata ---- */

static int set_labels(struct cli *cli, struct json *doc, struct err *err)
{
    const char *given = cli_flag(cli, "labels");
    struct str rest = str_from(given), pair;

    while (given && *given && str_cut(&rest, ',', &pair)) {
        struct str value = pair, name;

        str_cut(&value, '=', &name);
        if (str_is_none(value) || str_is_empty(name))
            return err_set(err, ERR_INVALID,
                           "expected labels of the form: NAME1=VALUE2,NAME2=VALUE2. Received: "
                           "%s",
                           given);
        *doc = json_set_path(cli->arena, doc, json_string(value), "metadata", "labels",
                             str_cz(cli->arena, name), NULL);
    }
    return 0;
}

static int set_metadata(struct cli *cli, struct json *doc, struct err *err)
{
    const char *name = cli_flag(cli, "name"), *generate = cli_flag(cli, "generate-name"),
               *time = has_flag(cli, "scheduled-time") ? cli_flag(cli, "scheduled-time") : NULL;
    struct arena *a = cli->arena;
    struct gotime ignored;

    if (generate) {
        *doc = json_set_path(a, doc, json_string(str_from(generate)), "metadata",
                             "generateName", NULL);
        *doc = json_set(a, doc, STR("metadata"),
                        json_without(a, json_get(doc, STR("metadata")), STR("name")));
    }
    if (name)
        *doc = json_set_path(a, doc, json_string(str_from(name)), "metadata", "name", NULL);
    if (time && gotime_parse_rfc3339(str_from(time), &ignored, err) < 0)
        return err_set(err, ERR_INVALID,
                       "scheduled-time contains invalid time.RFC3339 format. (e.g.: "
                       "`2006-01-02T15:04:05-07:00`)");
    if (time)
        *doc = json_set_path(a, doc, json_string(str_from(time)), "metadata", "annotations",
                             "workflows.argoproj.io/scheduled-time", NULL);
    instance_mark(cli, doc);
    return set_labels(cli, doc, err);
}

int submit_options(struct cli *cli, struct json *doc, struct err *err)
{
    struct arena *a = cli->arena;
    const char *entrypoint = cli_flag(cli, "entrypoint"),
               *account = cli_flag(cli, "serviceaccount");
    const struct json *old = json_get(doc, STR("spec"));
    struct json spec = old ? *old : json_object(&(struct json_object_builder){0});

    if (set_parameters(cli, &spec, err) < 0)
        return -1;
    if (entrypoint)
        spec = json_set(a, &spec, STR("entrypoint"), json_string(str_from(entrypoint)));
    if (account)
        spec = json_set(a, &spec, STR("serviceAccountName"), json_string(str_from(account)));
    if (has_flag(cli, "priority") && flags_is_given(&cli->flags, "priority"))
        spec = json_set(a, &spec, STR("priority"),
                        json_int(a, flags_int(&cli->flags, "priority")));
    *doc = json_set(a, doc, STR("spec"), spec);
    return set_metadata(cli, doc, err);
}

/* ---- --from ---- */

/* What a CronWorkflow of the server would make now. */
static int cron_document(struct cli *cli, const struct object_kind *kind, struct str name,
                         struct json *ret, struct err *err)
{
    struct cli_answer answer;

    if (cli_call(cli, "GET", cli_path(cli, kind, cli_namespace(cli), name), STR(""), &answer,
                 err) < 0)
        return err_wrap(err, "failed to submit workflow");
    *ret = object_cron_run(cli->arena, &answer.body, STR(""), STR(""));
    return 0;
}

int submit_template_document(struct cli *cli, const char *from, struct json *ret,
                             struct err *err)
{
    struct arena *a = cli->arena;
    struct str name = str_from(from), word;
    const struct object_kind *kind;
    struct json_object_builder b = {0};
    struct json doc;

    str_cut(&name, '/', &word);
    if (str_is_empty(name))
        return err_set(err, ERR_INVALID,
                       "resource identifier '%s' is malformed. Should be `kind/name`, e.g. "
                       "cronwf/hello-world-cwf",
                       from);
    kind = object_kind_by_plural(STR_NONE, word);
    if (kind && strcmp(kind->kind, "CronWorkflow") == 0)
        return cron_document(cli, kind, name, ret, err);
    if (!kind || (strcmp(kind->kind, "WorkflowTemplate") != 0 &&
                  strcmp(kind->kind, "ClusterWorkflowTemplate") != 0))
        return err_set(err, ERR_INVALID,
                       "resource kind '" STR_FMT "' is not supported: want one of cronwf, "
                       "wftmpl, cwft",
                       STR_ARG(word));
    json_add(a, &b, STR("apiVersion"), json_string(STR("argoproj.io/v1alpha1")));
    json_add(a, &b, STR("kind"), json_string(STR("Workflow")));
    doc = json_object(&b);
    doc = json_set_path(a, &doc, json_string(str_printf(a, STR_FMT "-", STR_ARG(name))),
                        "metadata", "generateName", NULL);
    doc =
        json_set_path(a, &doc, json_string(name), "spec", "workflowTemplateRef", "name", NULL);
    if (!kind->is_namespaced)
        doc = json_set_path(a, &doc, json_bool(true), "spec", "workflowTemplateRef",
                            "clusterScope", NULL);
    *ret = doc;
    return 0;
}
