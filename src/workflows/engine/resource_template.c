/*
 * The resource template: one action on one object that is served here, as kubectl would do it,
 * then conditions that are looked at until one is met, then outputs. On a worker. Waiting is
 * the caller's. Source: ../shared/spec/workflows.md 2.4, 5.5.
 */
#include "workflows/engine/resource_template.h"

#include "base/limits.h"
#include "base/vec.h"
#include "formats/selector.h"
#include "formats/yaml.h"
#include "lang/gjson/gjson.h"
#include "lang/jq/jq.h"
#include "lang/jsonpath/jsonpath.h"
#include "store/store.h"
#include "workflows/submit/rights.h"

enum { JQ_OUTPUTS_MAX = 1000 };

struct work {
    struct resource_job *job;
    struct arena *a;         /* scratch: it may be looked at many times */
    struct arena *kept;      /* what the job keeps */
    const struct json *part; /* of the template */
    struct str action;
    struct json manifest;
    bool has_object;
    struct json object; /* as it is now */
    struct json outputs;
};

static const struct json *parameters_of(const struct work *w)
{
    return json_path(&w->job->tmpl, "outputs", "parameters", NULL);
}

static bool has_conditions(const struct work *w)
{
    return !str_is_empty(json_get_str(w->part, STR("successCondition"))) ||
           !str_is_empty(json_get_str(w->part, STR("failureCondition")));
}

/* ---- the manifest ---- */

static struct json owned(const struct work *w)
{
    const struct json *meta = json_get(&w->manifest, STR("metadata"));
    const struct json *owners = json_get(meta, STR("ownerReferences"));
    struct json_object_builder b = {0};
    struct json_array_builder list = {0};

    for (size_t i = 0; json_item(owners, i); i++)
        json_push(w->a, &list, *json_item(owners, i));
    json_add(w->a, &b, STR("apiVersion"), json_string(STR("argoproj.io/v1alpha1")));
    json_add(w->a, &b, STR("kind"), json_string(STR("Workflow")));
    json_add(w->a, &b, STR("name"), json_string(w->job->workflow));
    json_add(w->a, &b, STR("uid"), json_string(w->job->workflow_uid));
    json_add(w->a, &b, STR("controller"), json_bool(true));
    json_add(w->a, &b, STR("blockOwnerDeletion"), json_bool(true));
    json_push(w->a, &list, json_object(&b));
    return json_set_path(w->a, &w->manifest, json_array(&list), "metadata", "ownerReferences",
                         NULL);
}

static int read_manifest(struct work *w, struct err *err)
{
    static const char *const needed[][2] = {{"kind", "Kind"}, {"apiVersion", "apiVersion"}};
    struct str text = json_get_str(w->part, STR("manifest"));

    if (str_is_empty(text))
        return err_set(err, ERR_INVALID, "Must provide at least one of flags or manifest.");
    if (yaml_parse(w->a, text, &w->manifest, err) < 0)
        return err_wrap(err, "no more retries error: error parsing /tmp/manifest.yaml");
    for (size_t i = 0; i < COUNT_OF(needed); i++)
        if (str_is_empty(json_get_str(&w->manifest, str_from(needed[i][0]))))
            return err_set(err, ERR_INVALID,
                           "no more retries error: unable to decode \"/tmp/manifest.yaml\": "
                           "Object '%s' is "
                           "missing in '" STR_FMT "'",
                           needed[i][1],
                           STR_ARG(json_text(w->a, &w->manifest, JSON_SORT_KEYS)));
    if (json_get_bool(w->part, STR("setOwnerReference")))
        w->manifest = owned(w);
    return 0;
}

/* ---- the action ---- */

static int take_object(struct work *w, const struct store_object *o, struct err *err)
{
    int result;

    w->has_object = o != NULL;
    if (!o)
        return 0;
    result = json_parse(w->a, str_copy(w->a, o->doc), &w->object, err);
    store_object_unref(o);
    return result;
}

static int find(struct work *w, const struct json *which, struct err *err)
{
    w->has_object = false;
    if (w->job->submitter->find(w->job->submitter->ctx, w->a, which, w->job->ns, &w->object,
                                err) < 0)
        return -1;
    w->has_object = true;
    return 0;
}

static int create(struct work *w, struct err *err)
{
    const struct store_object *made;

    if (w->job->submitter->create(w->job->submitter->ctx, &w->manifest, w->job->ns,
                                  w->job->mark, &made, err) < 0)
        return -1;
    return take_object(w, made, err);
}

static int change(struct work *w, struct object_change how, struct err *err)
{
    const struct store_object *made = NULL;

    how.doc = &w->manifest;
    how.ns = w->job->ns;
    how.once_mark = w->job->mark;
    if (w->job->submitter->change(w->job->submitter->ctx, &how, &made, err) < 0)
        return -1;
    return take_object(w, made, err);
}

/* What cannot be there without its object; an effect of before a restart is found by its mark.
 */
static int change_there(struct work *w, struct object_change how, struct err *err)
{
    return find(w, &w->manifest, err) < 0 ? -1 : change(w, how, err);
}

static int patch(struct work *w, struct err *err)
{
    struct str strategy = json_get_str(w->part, STR("mergeStrategy"));
    struct object_change how = {.operation = OBJECT_PATCH, .patch = PATCH_STRATEGIC};

    if (str_is(strategy, "json"))
        return err_set(err, ERR_UNSUPPORTED,
                       "mergeStrategy json needs flags that name the object, which are not "
                       "supported yet");
    if (str_is(strategy, "merge"))
        how.patch = PATCH_MERGE;
    return change_there(w, how, err);
}

/* May its ServiceAccount? What is looked at afterwards must be readable, too. */
static int check_rights(struct work *w, struct err *err)
{
    static const struct {
        const char *action, *verb;
        bool creates;
    } verbs[] = {{"get", "get", false},     {"create", "create", false},
                 {"apply", "patch", true},  {"replace", "update", false},
                 {"patch", "patch", false}, {"delete", "delete", false}};
    const struct submit_actor who = {w->job->submitter, w->job->ns, w->job->account};
    int result = 0;

    for (size_t i = 0; i < COUNT_OF(verbs) && result == 0; i++)
        if (str_is(w->action, verbs[i].action))
            result = verbs[i].creates
                         ? submit_may_change(&who, w->a, verbs[i].verb, &w->manifest, err)
                         : submit_may(&who, verbs[i].verb, &w->manifest, err);
    return result == 0 && has_conditions(w) ? submit_may(&who, "get", &w->manifest, err)
                                            : result;
}

static int act(struct work *w, struct err *err)
{
    if (check_rights(w, err) < 0)
        return -1;
    if (str_is(w->action, "get"))
        return find(w, &w->manifest, err);
    if (str_is(w->action, "create"))
        return create(w, err);
    if (str_is(w->action, "apply"))
        return change(
            w, (struct object_change){.operation = OBJECT_PATCH, .patch = PATCH_MERGE}, err);
    if (str_is(w->action, "replace"))
        return change_there(w, (struct object_change){.operation = OBJECT_UPDATE}, err);
    if (str_is(w->action, "patch"))
        return patch(w, err);
    if (str_is(w->action, "delete"))
        return change(w, (struct object_change){.operation = OBJECT_DELETE}, err);
    return err_set(err, ERR_INVALID, "unknown action \"" STR_FMT "\"", STR_ARG(w->action));
}

/* ---- conditions ---- */

static int value_at(const struct work *w, struct str text, struct str path, struct str *ret,
                    struct err *err)
{
    struct gjson found;

    if (gjson_get(w->a, text, path, &found, err) < 0)
        return -1;
    *ret = gjson_exists(&found) ? gjson_text(w->a, &found) : STR_NONE;
    return 0;
}

/* How many requirements of a condition hold, and the first that does. */
struct verdict {
    size_t met, total;
    const struct selector_requirement *first;
};

static int judge(const struct work *w, struct str condition, struct verdict *ret,
                 struct err *err)
{
    struct str text = json_text(w->a, &w->object, JSON_COMPACT);
    struct selector s;

    *ret = (struct verdict){0};
    if (str_is_empty(condition))
        return 0;
    if (selector_parse(w->a, condition, &s, err) < 0)
        return err_wrap(err, "condition '" STR_FMT "' failed to parse", STR_ARG(condition));
    ret->total = s.len;
    for (size_t i = 0; i < s.len; i++) {
        struct str value = STR("");

        if (value_at(w, text, s.at[i].key, &value, err) < 0)
            return -1;
        if (!selector_holds(&s.at[i], value))
            continue;
        ret->met++;
        ret->first = ret->first ? ret->first : &s.at[i];
    }
    return 0;
}

/* 1: met; 0: not yet; -1: it has failed. */
static int look(struct work *w, struct err *err)
{
    struct verdict good, bad;

    if (judge(w, json_get_str(w->part, STR("failureCondition")), &bad, err) < 0 ||
        judge(w, json_get_str(w->part, STR("successCondition")), &good, err) < 0)
        return -1;
    if (bad.first) {
        const struct selector one = {.at = bad.first, .len = 1};

        return err_set(err, ERR_INVALID, "failure condition '" STR_FMT "' evaluated true",
                       STR_ARG(selector_print(w->a, &one)));
    }
    return good.met == good.total;
}

/* ---- outputs ---- */

static int by_jq(const struct work *w, struct str filter, struct str *ret, struct err *err)
{
    _cleanup_jq_ struct jq_program *program = jq_compile(filter, err);
    struct jq_outputs out;

    if (!program || jq_run(program, w->a, &w->object, JQ_OUTPUTS_MAX, &out, err) < 0)
        return -1;
    *ret = jq_text(w->a, &out);
    return 0;
}

static int by_path(const struct work *w, struct str path, struct str *ret, struct err *err)
{
    _cleanup_jsonpath_template_ struct jsonpath_template *t = jsonpath_template_new(path, err);

    return t ? jsonpath_template_render(t, w->a, &w->object, ret, err) : -1;
}

/* Without an object: the default, or nothing. */
static int value_of(const struct work *w, const struct json *from, struct str *ret,
                    struct err *err)
{
    struct str path = json_get_str(from, STR("jsonPath"));
    struct str filter = json_get_str(from, STR("jqFilter"));

    *ret = json_get_str(from, STR("default"));
    if (str_is_none(*ret))
        *ret = STR("");
    if (!w->has_object)
        return 0;
    if (!str_is_empty(path))
        return by_path(w, path, ret, err);
    return str_is_empty(filter) ? 0 : by_jq(w, filter, ret, err);
}

static struct json exit_code(const char *code)
{
    return json_string(str_from(code));
}

static int collect(struct work *w, struct err *err)
{
    const struct json *list = parameters_of(w), *item;
    struct json_object_builder b = {0};
    struct json_array_builder out = {0};

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *from = json_get(item, STR("valueFrom"));
        struct str value = STR("");

        if (from && value_of(w, from, &value, err) < 0)
            return err_wrap(err, "output parameter " STR_FMT,
                            STR_ARG(json_get_str(item, STR("name"))));
        json_push(w->a, &out,
                  from ? json_set(w->a, item, STR("value"), json_string(value)) : *item);
    }
    if (out.len > 0)
        json_add(w->a, &b, STR("parameters"), json_array(&out));
    json_add(w->a, &b, STR("exitCode"), exit_code("0"));
    w->outputs = json_object(&b);
    return 0;
}

/* ---- the whole ---- */

static void fail(struct work *w, const struct err *err)
{
    w->job->state = RESOURCE_FAILED;
    w->job->message = str_printf(w->kept, "main: Error (exit code 64): %s", err->text);
    w->outputs = json_set(w->a, NULL, STR("exitCode"), exit_code("64"));
}

/* What names an object, and no more: it is kept as long as it is waited for. */
static void remember(struct work *w, const struct json *of)
{
    static const char *const members[] = {"name", "namespace"};
    const struct json *meta = json_get(of, STR("metadata"));
    struct json_object_builder b = {0}, names = {0};
    struct json found;

    for (size_t i = 0; i < COUNT_OF(members); i++)
        json_add_str(w->a, &names, str_from(members[i]),
                     json_get_str(meta, str_from(members[i])));
    json_add_str(w->a, &b, STR("apiVersion"), json_get_str(of, STR("apiVersion")));
    json_add_str(w->a, &b, STR("kind"), json_get_str(of, STR("kind")));
    json_add(w->a, &b, STR("metadata"), json_object(&names));
    found = json_object(&b);
    w->job->object = json_clone(w->kept, &found);
}

/* The first time: the action; what is looked at later is named by what came of it. */
static int begin(struct work *w, struct err *err)
{
    if (str_is(w->action, "delete") && (has_conditions(w) || json_item(parameters_of(w), 0)))
        return err_set(err, ERR_INVALID,
                       "successCondition, failureCondition and outputs are not supported for "
                       "delete action");
    if (!w->job->submitter)
        return err_set(err, ERR_UNSUPPORTED, "no objects are served here");
    if (read_manifest(w, err) < 0)
        return -1;
    if (act(w, err) < 0)
        return err_wrap(err, "no more retries Error from server%s",
                        err->kind == ERR_NOT_FOUND ? " (NotFound)"
                        : err->kind == ERR_DENIED  ? " (Forbidden)"
                                                   : "");
    remember(w, w->has_object ? &w->object : &w->manifest);
    return 0;
}

/* As it is by now. One that is gone is a failure. */
static int again(struct work *w, struct err *err)
{
    return find(w, &w->job->object, err) < 0
               ? err_wrap(err, "no more retries Error from server (NotFound)")
               : 0;
}

void resource_template_run(struct resource_job *job, struct arena *a)
{
    _cleanup_arena_ struct arena *scratch = arena_new();
    struct work w = {
        .job = job, .a = scratch, .kept = a, .part = json_get(&job->tmpl, STR("resource"))};
    struct json *made;
    struct err err = {0};
    int met;

    w.action = json_get_str(w.part, STR("action"));
    met = job->state == RESOURCE_NEW ? begin(&w, &err) : again(&w, &err);
    if (met == 0)
        met = w.has_object && has_conditions(&w) ? look(&w, &err) : 1;
    if (met < 0 && err_is_retryable(&err))
        return; /* the same again later */
    if (met == 0) {
        job->state = RESOURCE_WAITS;
        return;
    }
    job->state = RESOURCE_SUCCEEDED;
    if (met < 0 || collect(&w, &err) < 0)
        fail(&w, &err);
    made = ARENA_NEW(a, struct json);
    *made = json_clone(a, &w.outputs);
    job->outputs = made;
}
