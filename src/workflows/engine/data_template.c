/*
 * The data template: the keys that a place of artifacts holds, passed through expressions one
 * after the other; the last value is the node's result, as JSON. On a worker. Source:
 * ../shared/spec/workflows.md 2.10.
 */
#include "workflows/engine/data_template.h"

#include "lang/expr/expr.h"

static int find_source(const struct data_job *job, struct arena *a, struct json *ret,
                       struct err *err)
{
    const struct json *paths = json_path(&job->tmpl, "data", "source", "artifactPaths", NULL);
    const struct artifact_call call = {.house = job->house,
                                       .a = a,
                                       .ns = job->ns,
                                       .artifact = paths,
                                       .location =
                                           json_get(&job->tmpl, STR("archiveLocation"))};

    if (!paths)
        return err_set(err, ERR_INVALID, "no valid source is used for data template");
    if (!job->house)
        return err_set(err, ERR_UNSUPPORTED, "no artifacts are kept here");
    return artifact_list(&call, ret, err) < 0 ? err_wrap(err, "unable to source artifact paths")
                                              : 0;
}

static int transform(const struct data_job *job, struct arena *a, struct value *data,
                     struct err *err)
{
    const struct json *steps = json_path(&job->tmpl, "data", "transformation", NULL), *step;

    for (size_t i = 0; (step = json_item(steps, i)) != NULL; i++) {
        struct str expression = json_get_str(step, STR("expression"));
        const struct json name = json_string(STR("data"));
        struct value_pair pair = {value_of_json(a, &name), *data};
        struct value map = value_map(a, &pair, 1);
        const struct expr_env env = {
            .lookup = expr_lookup_map, .ctx = &map, .functions = EXPR_PLAIN, .now = job->now};

        if (!str_is_empty(expression) && expr_eval(a, expression, &env, data, err) < 0)
            return err_wrap(err, "error processing data step %zu", i);
    }
    return 0;
}

static int perform(const struct data_job *job, struct arena *a, struct str *ret,
                   struct err *err)
{
    struct json list, result;
    struct value data;

    if (find_source(job, a, &list, err) < 0)
        return err_wrap(err, "unable to process data source");
    data = value_of_json(a, &list);
    data.go = VALUE_GO_STRINGS;
    if (transform(job, a, &data, err) < 0)
        return err_wrap(err, "unable to process data transformation");
    if (value_json(a, &data, &result, err) < 0)
        return -1;
    *ret = json_text(a, &result, JSON_ESCAPE_HTML | JSON_SORT_KEYS);
    return 0;
}

void data_template_run(struct data_job *job, struct arena *a)
{
    _cleanup_arena_ struct arena *scratch = arena_new();
    struct json *outputs = ARENA_NEW(a, struct json);
    struct str result;
    struct err err;

    job->message = STR("");
    job->is_succeeded = perform(job, scratch, &result, &err) == 0;
    *outputs = json_set(a, NULL, STR("exitCode"),
                        json_string(job->is_succeeded ? STR("0") : STR("64")));
    if (job->is_succeeded)
        *outputs = json_set(a, outputs, STR("result"), json_string(str_copy(a, result)));
    else
        job->message = str_printf(a, "main: Error (exit code 64): %s", err.text);
    job->outputs = outputs;
}
