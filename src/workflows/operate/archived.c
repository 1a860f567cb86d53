/* Retrying what is archived. See archived.h. */
#include "workflows/operate/archived.h"

#include "base/random.h"
#include "workflows/operate/stored.h"

/* As one that was created now. */
static void renew(struct operate_workflow *wf)
{
    struct random random = random_from_system();
    struct str uid = random_uuid(&random, wf->arena);

    wf->doc = json_set_path(wf->arena, &wf->doc, json_string(uid), "metadata", "uid", NULL);
}

static int check_name(struct store *store, const struct store_key *key, struct err *err)
{
    const struct store_object *live;
    struct err why;

    if (store_get(store, key, &live, &why) < 0) {
        if (why.kind == ERR_NOT_FOUND)
            return 0;
        *err = why;
        return -1;
    }
    store_object_unref(live);
    return err_set(err, ERR_EXISTS,
                   "Workflow already exists on cluster, use argo retry " STR_FMT " instead",
                   STR_ARG(key->name));
}

int operate_archived_retry(struct store *store, struct arena *a, struct str text,
                           const struct operate_retrial *how, const struct store_object **ret,
                           struct err *err)
{
    struct operate_workflow wf = {.arena = a, .now = clock_wall()};
    struct store_key key;

    if (json_parse(a, text, &wf.doc, err) < 0)
        return -1;
    key = (struct store_key){STR("argoproj.io"), STR("Workflow"),
                             json_str(json_path(&wf.doc, "metadata", "namespace", NULL)),
                             json_str(json_path(&wf.doc, "metadata", "name", NULL))};
    operate_take_apart(&wf);
    if (check_name(store, &key, err) < 0 || operate_retry(&wf, how, err) < 0)
        return -1;
    renew(&wf);
    return operate_create(store, &wf, STR(""), ret, err);
}
