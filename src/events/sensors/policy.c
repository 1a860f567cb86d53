/* Labels that a trigger waits for. See policy.h. */
#include "events/sensors/policy.h"

int policy_read(const struct json *policy, struct label_policy *ret, struct err *err)
{
    const struct json *k8s = json_get(policy, STR("k8s"));
    const struct json *labels = json_get(k8s, STR("labels"));
    struct label_policy made = {.labels = json_is(labels, JSON_OBJECT) ? labels : NULL,
                                .fails_on_timeout =
                                    json_get_bool(k8s, STR("errorOnBackoffTimeout"))};

    if (backoff_read(json_get(k8s, STR("backoff")), &made.backoff, err) < 0)
        return err_wrap(err, "backoff");
    *ret = made;
    return 0;
}

static bool has_labels(const struct json *doc, const struct json *labels)
{
    const struct json *own = json_path(doc, "metadata", "labels", NULL);

    for (uint32_t i = 0; i < labels->count; i++) {
        const struct json *value = json_get(own, labels->members[i].key);

        if (!value || !json_equal(value, &labels->members[i].value))
            return false;
    }
    return true;
}

int policy_is_met(struct store *store, const struct trigger_result *result,
                  const struct json *labels, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct store_key key = {result->group, result->kind, result->ns, result->name};
    const struct store_object *o;
    struct json doc;
    int rc;

    if (str_is_empty(result->uid))
        return err_set(err, ERR_INVALID, "failed to interpret the trigger resource");
    if (store_get(store, &key, &o, err) < 0)
        return -1;
    rc = json_parse(a, o->doc, &doc, err);
    if (rc == 0)
        rc = has_labels(&doc, labels);
    store_object_unref(o);
    return rc;
}
