/*
 * The resource template: one action on one object, here or in a cluster, as kubectl would do
 * it, then conditions that are looked at until one is met, then outputs. On a worker. Waiting
 * is the caller's. Source: ../shared/spec/workflows.md 2.4, 5.5.
 */
#include "workflows/engine/resource_template.h"

#include "base/limits.h"
#include "base/vec.h"
#include "formats/selector.h"
#include "formats/yaml.h"
#include "lang/gjson/gjson.h"
#include "lang/jq/jq.h"
#include "lang/jsonpath/jsonpath.h"
#include "workflows/engine/resource_internal.h"

enum { JQ_OUTPUTS_MAX = 1000 };

static const struct json *parameters_of(const struct resource_work *w)
{
    return json_path(&w->job->tmpl, "outputs", "parameters", NULL);
}

bool resource_has_conditions(const struct resource_work *w)
{
    return !str_is_empty(json_get_str(w->part, STR("successCondition"))) ||
           !str_is_empty(json_get_str(w->part, STR("failureCondition")));
}

/* ---- the manifest ---- */

static struct json owned(const struct resource_work *w)
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

/* A patch of an object that the flags name is no object itself. */
static bool must_be_object(const struct resource_work *w)
{
    return w->flags.name_count == 0 && str_is_empty(w->flags.selector);
}

static int check_object(const struct resource_work *w, struct err *err)
{
    static const char *const needed[][2] = {{"kind", "Kind"}, {"apiVersion", "apiVersion"}};

    for (size_t i = 0; i < COUNT_OF(needed); i++)
        if (str_is_empty(json_get_str(&w->manifest, str_from(needed[i][0]))))
            return err_set(err, ERR_INVALID,
                           "no more retries error: unable to decode \"/tmp/manifest.yaml\": "
                           "Object '%s' is "
                           "missing in '" STR_FMT "'",
                           needed[i][1],
                           STR_ARG(json_text(w->a, &w->manifest, JSON_SORT_KEYS)));
    return 0;
}

/* What manifestFrom names is an artifact of the inputs. */
static int manifest_text(struct resource_work *w, struct str *ret, struct err *err)
{
    struct str name = json_str(json_path(w->part, "manifestFrom", "artifact", "name", NULL));
    const struct artifact_call call = {
        .house = w->job->artifacts,
        .a = w->a,
        .ns = w->job->ns,
        .artifact = json_named(json_path(&w->job->tmpl, "inputs", "artifacts", NULL), name),
        .location = json_get(&w->job->tmpl, STR("archiveLocation"))};

    *ret = json_get_str(w->part, STR("manifest"));
    if (str_is_empty(name))
        return 0;
    if (!call.artifact || !call.house)
        return err_set(err, ERR_INVALID, "no artifact \"" STR_FMT "\" is kept here",
                       STR_ARG(name));
    return artifact_text(&call, MANIFEST_MAX_BYTES, ret, err) < 0
               ? err_wrap(err, "failed to load artifact '" STR_FMT "'", STR_ARG(name))
               : 0;
}

static int read_manifest(struct resource_work *w, struct err *err)
{
    struct str text;

    if (manifest_text(w, &text, err) < 0)
        return -1;
    if (resource_flags_read(w->a, w->action, json_get(w->part, STR("flags")), &w->flags, err) <
        0)
        return err_wrap(err, "no more retries error");
    if (str_is_empty(text) && must_be_object(w))
        return err_set(err, ERR_INVALID, "Must provide at least one of flags or manifest.");
    if (!str_is_empty(text) && yaml_parse_lax(w->a, text, &w->manifest, err) < 0)
        return err_wrap(err, "no more retries error: error parsing /tmp/manifest.yaml");
    return must_be_object(w) ? check_object(w, err) : 0;
}

struct json resource_name(struct arena *a, struct str version, struct str kind, struct str ns,
                          struct str name)
{
    struct json_object_builder b = {0}, names = {0};

    json_add_str(a, &names, STR("name"), name);
    json_add_str(a, &names, STR("namespace"), ns);
    json_add(a, &b, STR("apiVersion"), json_string(version));
    json_add(a, &b, STR("kind"), json_string(kind));
    json_add(a, &b, STR("metadata"), json_object(&names));
    return json_object(&b);
}

int resource_set_namespace(struct resource_work *w, struct err *err)
{
    struct str own = object_namespace(&w->manifest), given = w->flags.ns;

    if (str_is_empty(given) || str_eq(own, given))
        return 0;
    if (!str_is_empty(own))
        return err_set(err, ERR_INVALID,
                       "the namespace from the provided object \"" STR_FMT
                       "\" does not match the namespace \"" STR_FMT "\"",
                       STR_ARG(own), STR_ARG(given));
    w->manifest =
        json_set_path(w->a, &w->manifest, json_string(given), "metadata", "namespace", NULL);
    return 0;
}

/* ---- where ---- */

/* Which cluster the objects are in, said by a flag, or by an annotation of the template, the
 * workflow or the namespace; "" when nobody does. */
static struct str named_cluster(const struct resource_work *w)
{
    struct json which, ns;
    struct err ignored;

    if (!str_is_empty(w->flags.context))
        return w->flags.context;
    if (!str_is_empty(w->job->cluster))
        return w->job->cluster;
    which = resource_name(w->a, STR("v1"), STR("Namespace"), STR(""), w->job->ns);
    if (w->job->submitter->find(w->job->submitter->ctx, w->a, &which, STR(""), &ns, &ignored) <
        0)
        return STR("");
    return json_get_str(json_path(&ns, "metadata", "annotations", NULL), STR(RESOURCE_CLUSTER));
}

static bool is_served_here(const struct resource_work *w, const struct json *of)
{
    const struct object_kind *kind = str_is_empty(w->flags.type)
                                         ? object_kind_find(json_get_str(of, STR("apiVersion")),
                                                            json_get_str(of, STR("kind")))
                                         : resource_here_kind(w->flags.type);
    bool is_ours = str_starts(json_get_str(of, STR("apiVersion")), STR("argoproj.io/"));

    return is_ours || (kind && !kind->is_unbuilt);
}

/* What is not served here is in the current cluster, when there is one. */
static int choose_place(struct resource_work *w, const struct json *of, struct err *err)
{
    struct str name = named_cluster(w);

    if (str_is(name, "here") ||
        (str_is_empty(name) && (is_served_here(w, of) || !w->job->clusters)))
        return 0;
    if (!w->job->clusters)
        return err_set(err, ERR_INVALID,
                       RESOURCE_CLUSTER " \"" STR_FMT
                                        "\": the server has no kubeconfig: give it one "
                                        "(--kubeconfig), or \"here\"",
                       STR_ARG(name));
    w->cluster = kubernetes_contexts_get(w->job->clusters, name, err);
    return w->cluster ? 0 : err_wrap(err, RESOURCE_CLUSTER);
}

static int own(struct resource_work *w, struct err *err)
{
    if (!json_get_bool(w->part, STR("setOwnerReference")) || !must_be_object(w))
        return 0;
    if (w->cluster)
        return err_set(err, ERR_INVALID,
                       "setOwnerReference: the Workflow is no object of the cluster, which "
                       "would delete what it owns");
    w->manifest = owned(w);
    return 0;
}

static int act(struct resource_work *w, struct err *err)
{
    static const char *const actions[] = {"get",     "create", "apply",
                                          "replace", "patch",  "delete"};
    bool is_known = false;

    for (size_t i = 0; i < COUNT_OF(actions); i++)
        is_known = is_known || str_is(w->action, actions[i]);
    if (!is_known)
        return err_set(err, ERR_INVALID, "unknown action \"" STR_FMT "\"", STR_ARG(w->action));
    return w->cluster ? resource_cluster_act(w, err) : resource_here_act(w, err);
}

/* ---- conditions ---- */

static int value_at(const struct resource_work *w, struct str text, struct str path,
                    struct str *ret, struct err *err)
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

static int judge(const struct resource_work *w, struct str condition, struct verdict *ret,
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
static int look(struct resource_work *w, struct err *err)
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

static int by_jq(const struct resource_work *w, struct str filter, struct str *ret,
                 struct err *err)
{
    _cleanup_jq_ struct jq_program *program = jq_compile(filter, err);
    struct jq_outputs out;

    if (!program || jq_run(program, w->a, &w->object, JQ_OUTPUTS_MAX, &out, err) < 0)
        return -1;
    *ret = jq_text(w->a, &out);
    return 0;
}

static int by_path(const struct resource_work *w, struct str path, struct str *ret,
                   struct err *err)
{
    _cleanup_jsonpath_template_ struct jsonpath_template *t = jsonpath_template_new(path, err);

    return t ? jsonpath_template_render(t, w->a, &w->object, ret, err) : -1;
}

/* Without an object: the default, or nothing. */
static int value_of(const struct resource_work *w, const struct json *from, struct str *ret,
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

static int collect(struct resource_work *w, struct err *err)
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

static void fail(struct resource_work *w, const struct err *err)
{
    w->job->state = RESOURCE_FAILED;
    w->job->message = str_printf(w->kept, "main: Error (exit code 64): %s", err->text);
    w->outputs = json_set(w->a, NULL, STR("exitCode"), exit_code("64"));
}

/* What names an object, and no more: it is kept as long as it is waited for. */
static void remember(struct resource_work *w, const struct json *of)
{
    static const char *const members[] = {"name", "namespace", "uid"};
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

/* What a cluster refused for good; what it could not answer is asked again. */
static int give_up(struct err *err)
{
    return err_is_retryable(err) ? -1
                                 : err_set(err, err->kind, "no more retries %s", err->text);
}

/* The first time: the action; what is looked at later is named by what came of it. */
static int begin(struct resource_work *w, struct err *err)
{
    if (str_is(w->action, "delete") &&
        (resource_has_conditions(w) || json_item(parameters_of(w), 0)))
        return err_set(err, ERR_INVALID,
                       "successCondition, failureCondition and outputs are not supported for "
                       "delete action");
    if (!w->job->submitter)
        return err_set(err, ERR_UNSUPPORTED, "no objects are served here");
    if (read_manifest(w, err) < 0 || choose_place(w, &w->manifest, err) < 0 || own(w, err) < 0)
        return -1;
    if (act(w, err) < 0)
        return w->cluster ? give_up(err)
                          : err_wrap(err, "no more retries Error from server%s",
                                     err->kind == ERR_NOT_FOUND ? " (NotFound)"
                                     : err->kind == ERR_DENIED  ? " (Forbidden)"
                                                                : "");
    resource_log_action(w);
    if (w->has_object || !str_is(w->action, "get"))
        remember(w, w->has_object ? &w->object : &w->manifest);
    return w->is_going; /* 1: until it is gone */
}

/* As it is by now. One that is gone is a failure, unless that is what is waited for. */
static int again(struct resource_work *w, struct err *err)
{
    struct err ignored;

    if (resource_flags_read(w->a, w->action, json_get(w->part, STR("flags")), &w->flags,
                            &ignored) < 0 ||
        choose_place(w, &w->job->object, err) < 0)
        return -1;
    if (w->cluster && str_is(w->action, "delete"))
        return resource_cluster_is_gone(w, err);
    if (w->cluster)
        return resource_cluster_find(w, &w->job->object, err) < 0 ? give_up(err) : 0;
    return resource_here_find(w, &w->job->object, err) < 0
               ? err_wrap(err, "no more retries Error from server (NotFound)")
               : 0;
}

/* What the log ends with. */
static void say_end(struct resource_work *w, const struct err *err)
{
    struct str condition = json_get_str(w->part, STR("successCondition"));

    if (err->kind != ERR_NONE)
        resource_log_say(w, str_from(err->text));
    else if (!str_is_empty(condition))
        resource_log_say(w, str_printf(w->a, "success condition '" STR_FMT "' evaluated true",
                                       STR_ARG(condition)));
}

/* It is done again later; who waits for a cluster is told why. */
static void put_off(struct resource_work *w, const struct err *err)
{
    if (w->cluster && !str_is(w->job->message, err->text))
        w->job->message = str_copy(w->kept, str_from(err->text));
}

void resource_template_run(struct resource_job *job, struct arena *a)
{
    _cleanup_arena_ struct arena *scratch = arena_new();
    struct resource_work w = {
        .job = job, .a = scratch, .kept = a, .part = json_get(&job->tmpl, STR("resource"))};
    struct json *made;
    struct err err = {0};
    int met;

    w.action = json_get_str(w.part, STR("action"));
    met = job->state == RESOURCE_NEW ? begin(&w, &err) : again(&w, &err);
    if (met < 0 && (err_is_retryable(&err) || err.kind == ERR_CANCELLED)) {
        put_off(&w, &err);
        return; /* the same again later */
    }
    if (met == 0)
        met = w.has_object && resource_has_conditions(&w) ? look(&w, &err) : 1;
    else if (met > 0)
        met = 0;
    job->message = STR("");
    if (met == 0) {
        job->state = RESOURCE_WAITS;
        return;
    }
    job->state = RESOURCE_SUCCEEDED;
    if (met < 0 || collect(&w, &err) < 0)
        fail(&w, &err);
    say_end(&w, &err);
    if (resource_log_keep(&w, &err) < 0)
        fail(&w, &err);
    made = ARENA_NEW(a, struct json);
    *made = json_clone(a, &w.outputs);
    job->outputs = made;
}
