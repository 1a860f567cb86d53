/*
 * Submission: options, the strict gate, references, name, creation. Any thread; blocks on the
 * store.
 *
 * A mark makes a creation happen once ever: the second time the object that was made then is
 * the answer, whatever has become of it and of what it refers to. Where a name may be taken
 * already (name_or_generate), the generated one is tried after.
 */
#include "workflows/submit/submit.h"

#include "base/random.h"
#include "objects/artifact_gc.h"
#include "objects/cron_workflow.h"
#include "workflows/submit/submit_internal.h"

int submit_gate(struct arena *a, const struct json *doc, struct object_document *ret,
                struct err *err)
{
    struct field_faults faults = {0};

    *ret = (struct object_document){.value = *doc, .source = STR(""), .text = STR("")};
    ret->kind =
        object_kind_find(json_get_str(doc, STR("apiVersion")), json_get_str(doc, STR("kind")));
    return object_check(a, ret, &faults) ? 0 : object_faults_err(a, ret, &faults, err);
}

static int prepare(struct arena *a, const struct object_document *doc, struct str ns,
                   struct json *ret, struct err *err)
{
    struct random random = random_from_system();
    uint64_t bits[2] = {random_u64(&random), random_u64(&random)};

    return object_prepare(a, doc->kind, &doc->value, ns, clock_wall().ms,
                          (const uint8_t *) bits, ret, err);
}

/* What a mark made before, as it is now; of what is deleted, the name. 0: nothing; -1. */
static int made_before(struct arena *a, struct store *store, struct str mark,
                       const struct store_object **ret, struct err *err)
{
    struct json_object_builder b = {0}, meta = {0};
    struct store_key key;
    struct err found = {0}; /* that there is none is no error of the caller's */
    struct json doc;

    if (str_is_empty(mark))
        return 0;
    if (store_once_get(store, a, mark, &key, &found) == 0) {
        if (store_get(store, &key, ret, &found) == 0)
            return 1;
    } else if (found.kind == ERR_NOT_FOUND) {
        return 0;
    }
    if (found.kind != ERR_NOT_FOUND) {
        *err = found;
        return -1;
    }
    json_add_str(a, &meta, STR("name"), key.name);
    json_add_str(a, &meta, STR("namespace"), key.ns);
    json_add(a, &b, STR("apiVersion"),
             json_string(str_is_empty(key.group) ? STR("v1") : STR("argoproj.io/v1alpha1")));
    json_add(a, &b, STR("kind"), json_string(key.kind));
    json_add(a, &b, STR("metadata"), json_object(&meta));
    doc = json_object(&b);
    *ret = store_object_of(&doc);
    return 1;
}

static void add_nodes(struct store_txn *txn, const struct json *doc, const struct json *nodes)
{
    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++)
        store_txn_node(txn, object_uid(doc), nodes->members[i].key, i + 1,
                       json_text(store_txn_arena(txn), &nodes->members[i].value, JSON_COMPACT));
}

static int store_new(struct arena *a, struct store *store, const struct json *doc,
                     const struct workflow_submit_options *options,
                     const struct store_object **ret, struct err *err)
{
    struct store_txn *txn = store_txn_new(store);
    struct store_result result = {0};
    struct str mark = options->once_mark;

    if (!str_is_empty(mark))
        store_txn_once(txn, mark);
    store_txn_create(txn, doc);
    add_nodes(txn, doc, options->nodes);
    if (store_commit_wait(store, txn, &result, err) < 0)
        return -1;
    if (!result.object) /* somebody was quicker with that mark, and it is deleted already */
        return made_before(a, store, mark, ret, err) == 1 ? 0 : -1;
    *ret = result.object;
    return 0;
}

/* One try with the name that the document has or gets. */
static int try_create(struct arena *a, const struct workflow_submitter *s,
                      const struct object_document *doc,
                      const struct workflow_submit_options *options,
                      const struct store_object **ret, struct err *err)
{
    _cleanup_config_ const struct config *config = config_get(s->config);
    struct json prepared, made;

    if (prepare(a, doc, options->ns, &prepared, err) < 0 ||
        submit_restrict(&prepared, config->referencing, err) < 0)
        return -1;
    prepared = submit_under(a, &prepared, config->workflow_defaults);
    if (submit_check_rules(a, s->store, &prepared, config->workflow_defaults, err) < 0 ||
        submit_references(a, s->store, &prepared, config->workflow_defaults, &made, err) < 0)
        return -1;
    if (artifact_gc_is_wanted(&made))
        made = object_add_finalizer(a, &made, STR(ARTIFACT_GC_FINALIZER));
    if (options->nodes) /* one that has nodes has begun */
        made = json_set_path(a, &made, json_string(object_time_text(a, clock_wall().ms)),
                             "status", "startedAt", NULL);
    if (!options->dry_run)
        return store_new(a, s->store, &made, options, ret, err);
    *ret = store_object_of(&made);
    return 0;
}

static int on_submit(void *ctx, const struct json *doc,
                     const struct workflow_submit_options *options,
                     const struct store_object **ret, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct object_document checked;
    struct json made;
    const struct json *meta;
    bool may_generate;
    const struct workflow_submitter *s = ctx;
    int before = made_before(a, s->store, options->once_mark, ret, err);

    if (before != 0)
        return before < 0 ? -1 : 0;
    if (submit_apply_options(a, doc, options, &made, err) < 0 ||
        submit_gate(a, &made, &checked, err) < 0)
        return -1;
    meta = json_get(&made, STR("metadata"));
    may_generate = !str_is_empty(json_get_str(meta, STR("generateName"))) &&
                   (options->name_or_generate || str_is_empty(json_get_str(meta, STR("name"))));
    for (int i = 0;; i++) {
        if (try_create(a, s, &checked, options, ret, err) == 0) {
            if (options->dry_run && options->unaltered) {
                store_object_unref(*ret);
                *ret = store_object_of(&made);
            }
            return 0;
        }
        if (err->kind != ERR_EXISTS || !may_generate || i >= OBJECT_NAME_TRIES_MAX)
            return -1;
        checked.value = json_set(a, &made, STR("metadata"), json_without(a, meta, STR("name")));
    }
}

/* "workflowtemplate", "WorkflowTemplate", "cwft" ... */
static const struct object_kind *template_kind(struct arena *a, struct str word,
                                               struct err *err)
{
    char *lower = str_cz(a, word);
    const struct object_kind *kind;

    for (size_t i = 0; i < word.len; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char) (lower[i] - 'A' + 'a');
    kind = object_kind_by_plural(STR("argoproj.io"), str_of(lower, word.len));
    if (kind && (str_is(str_from(kind->kind), "WorkflowTemplate") ||
                 str_is(str_from(kind->kind), "ClusterWorkflowTemplate") ||
                 str_is(str_from(kind->kind), "CronWorkflow")))
        return kind;
    err_set(err, ERR_INVALID, "resource kind '" STR_FMT "' is not supported for submission",
            STR_ARG(word));
    return NULL;
}

/* What a CronWorkflow would make now. */
static int submit_from_cron(struct arena *a, void *ctx, struct str name,
                            const struct workflow_submit_options *options,
                            const struct store_object **ret, struct err *err)
{
    const struct store_key key = {STR("argoproj.io"), STR("CronWorkflow"),
                                  str_is_empty(options->ns) ? STR("default") : options->ns,
                                  name};
    const struct store_object *o;
    struct json cron, doc;
    int result;

    if (store_get(((struct workflow_submitter *) ctx)->store, &key, &o, err) < 0)
        return -1;
    result = json_parse(a, str_copy(a, o->doc), &cron, err);
    store_object_unref(o);
    if (result < 0)
        return -1;
    doc = object_cron_run(a, &cron, STR(""), STR(""));
    return on_submit(ctx, &doc, options, ret, err);
}

static int on_submit_from(void *ctx, struct str kind_word, struct str name,
                          const struct workflow_submit_options *options,
                          const struct store_object **ret, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct object_kind *kind = template_kind(a, kind_word, err);
    struct json_object_builder b = {0}, ref = {0};
    struct json doc;

    if (!kind)
        return -1;
    if (str_is(str_from(kind->kind), "CronWorkflow"))
        return submit_from_cron(a, ctx, name, options, ret, err);
    json_add(a, &ref, STR("name"), json_string(name));
    if (!kind->is_namespaced)
        json_add(a, &ref, STR("clusterScope"), json_bool(true));
    json_add(a, &b, STR("apiVersion"), json_string(STR("argoproj.io/v1alpha1")));
    json_add(a, &b, STR("kind"), json_string(STR("Workflow")));
    doc = json_object(&b);
    doc = json_set_path(a, &doc, json_string(str_printf(a, STR_FMT "-", STR_ARG(name))),
                        "metadata", "generateName", NULL);
    doc = json_set_path(a, &doc, json_object(&ref), "spec", "workflowTemplateRef", NULL);
    return on_submit(ctx, &doc, options, ret, err);
}

int submit_create(void *ctx, const struct json *doc, struct str ns, struct str mark,
                  const struct store_object **ret, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct workflow_submit_options options = {.ns = ns, .once_mark = mark};
    struct object_document checked;
    struct json made;
    const struct workflow_submitter *s = ctx;
    int before = made_before(a, s->store, mark, ret, err);

    if (before != 0)
        return before < 0 ? -1 : 0;
    if (str_is(json_get_str(doc, STR("kind")), "Workflow")) {
        if (!str_is_empty(object_namespace(doc)))
            options.ns = STR("");
        return on_submit(ctx, doc, &options, ret, err);
    }
    if (submit_gate(a, doc, &checked, err) < 0 ||
        prepare(a, &checked, str_is_empty(object_namespace(doc)) ? ns : STR(""), &made, err) <
            0)
        return -1;
    return store_new(a, s->store, &made, &options, ret, err);
}

void workflow_submitter_init(struct workflow_submitter *s, struct store *store)
{
    *s = (struct workflow_submitter){.ctx = s,
                                     .store = store,
                                     .submit = on_submit,
                                     .submit_from = on_submit_from,
                                     .create = submit_create,
                                     .find = submit_find,
                                     .change = submit_change};
}
