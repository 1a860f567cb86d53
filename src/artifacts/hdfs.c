/*
 * artifacts/hdfs.c - files and folders of Hadoop's file system, as a store of objects whose
 * keys are paths. A place is whole with its addresses.
 */
#include "artifacts/object_store.h"
#include "base/limits.h"
#include "clients/hdfs/hdfs_client.h"

/* A client and what it borrows; in the call's arena. */
struct session {
    struct hdfs_options options;
    enum hdfs_put_mode mode;
    struct hdfs_login *login;
    struct hdfs_client *client;
};

static void close_session(void *ctx)
{
    struct session *s = ctx;

    hdfs_client_free(s->client);
    hdfs_login_free(s->login);
}

/* ---- the store ---- */

static int on_get(void *ctx, struct arena *a, struct str key, int to, struct err *err)
{
    return hdfs_get(((struct session *) ctx)->client, a, key, to, err);
}

static int on_put(void *ctx, struct arena *a, struct str key, int from, struct err *err)
{
    struct session *s = ctx;

    return hdfs_put(s->client, a, key, from, s->mode, err);
}

static int on_remove(void *ctx, struct arena *a, struct str key, struct err *err)
{
    return hdfs_delete(((struct session *) ctx)->client, a, key, err);
}

/* A walk through a folder and those in it. */
struct walk {
    struct session *s;
    struct str folder; /* with a slash at the end */
    bucket_each_fn each;
    void *ctx;
    unsigned depth;
};

static int walk_folder(struct walk *w, struct err *err);

static int walk_entry(void *ctx, struct arena *a, const struct hdfs_status *entry,
                      struct err *err)
{
    struct walk *w = ctx;
    struct str key = str_concat(a, w->folder, entry->name);
    struct walk inner = *w;

    if (str_is_empty(entry->name)) /* the folder is a file */
        return 0;
    if (entry->type != HDFS_FOLDER)
        return entry->type == HDFS_FILE ? w->each(w->ctx, a, key, err) : 0;
    inner.folder = str_concat(a, key, STR("/"));
    inner.depth++;
    return walk_folder(&inner, err);
}

static int walk_folder(struct walk *w, struct err *err)
{
    struct str path = w->folder;

    if (w->depth > TREE_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "\"" STR_FMT "\" is over %d folders deep",
                       STR_ARG(w->folder), TREE_DEPTH_MAX);
    while (path.len > 1 && str_ends(path, STR("/")))
        path.len--;
    if (hdfs_list(w->s->client, path, walk_entry, w, err) == 0)
        return 0;
    return err->kind == ERR_NOT_FOUND ? 0 : -1; /* it has gone: nothing is below it */
}

static int on_list(void *ctx, struct str prefix, bucket_each_fn each, void *each_ctx,
                   struct err *err)
{
    struct walk w = {.s = ctx,
                     .folder = str_is_empty(prefix) ? STR("/") : prefix,
                     .each = each,
                     .ctx = each_ctx};

    return walk_folder(&w, err);
}

/* ---- who ---- */

/* The text of a ConfigMap that a selector names. */
static int read_config(const struct artifact_call *c, const struct json *place, struct str *ret,
                       struct err *err)
{
    const struct json *from = json_get(place, STR("krbConfigConfigMap")), *doc;
    struct str name = json_get_str(from, STR("name")), key = json_get_str(from, STR("key"));

    if (!json_is(from, JSON_OBJECT))
        return err_set(err, ERR_INVALID,
                       "hdfs.krbConfigConfigMap: Kerberos needs a krb5.conf: {name, key}");
    if (c->house->object(c->house->ctx, c->a, STR("ConfigMap"), c->ns, name, &doc, err) < 0)
        return err_wrap(err, "hdfs.krbConfigConfigMap");
    *ret = json_get_str(json_get(doc, STR("data")), key);
    return str_is_none(*ret) ? err_set(err, ERR_NOT_FOUND,
                                       "hdfs.krbConfigConfigMap: configmap \"" STR_FMT
                                       "\" has no key \"" STR_FMT "\"",
                                       STR_ARG(name), STR_ARG(key))
                             : 0;
}

static int check_names(const struct hdfs_login_options *o, struct err *err)
{
    if (str_is_empty(o->service))
        return err_set(err, ERR_INVALID,
                       "hdfs.krbServicePrincipalName: Kerberos needs the name node's name, as "
                       "nn/_HOST");
    if (str_is_empty(o->cache) && (str_is_empty(o->user) || str_is_empty(o->realm)))
        return err_set(err, ERR_INVALID,
                       "hdfs.krbUsername, hdfs.krbRealm: a keytab needs both");
    return 0;
}

static struct str text_of(const struct json *place, const char *member)
{
    struct str text = json_get_str(place, str_from(member));

    return str_is_none(text) ? STR("") : text;
}

static int open_login(const struct artifact_call *c, const struct json *place,
                      struct session *s, struct err *err)
{
    const struct json *cache = json_get(place, STR("krbCCacheSecret"));
    const struct json *keytab = json_get(place, STR("krbKeytabSecret"));
    _cleanup_secret_ struct secret cache_bytes = {0}, keytab_bytes = {0};
    struct hdfs_login_options o = {.user = text_of(place, "krbUsername"),
                                   .realm = text_of(place, "krbRealm"),
                                   .service = text_of(place, "krbServicePrincipalName"),
                                   .cache = STR(""),
                                   .keytab = STR("")};

    if (json_is(cache, JSON_OBJECT)) {
        if (artifact_secret(c, cache, &cache_bytes, err) < 0)
            return err_wrap(err, "hdfs.krbCCacheSecret");
        o.cache = secret_reveal(&cache_bytes);
    } else {
        if (artifact_secret(c, keytab, &keytab_bytes, err) < 0)
            return err_wrap(err, "hdfs.krbKeytabSecret");
        o.keytab = secret_reveal(&keytab_bytes);
    }
    if (read_config(c, place, &o.config, err) < 0 || check_names(&o, err) < 0)
        return -1;
    s->login = hdfs_login_new(&o, err);
    s->options.login = s->login;
    return s->login ? 0 : -1;
}

/* By a ticket where there is one: a name alone proves nothing. */
static int read_user(const struct artifact_call *c, const struct json *place, struct session *s,
                     struct err *err)
{
    bool has_login = json_is(json_get(place, STR("krbCCacheSecret")), JSON_OBJECT) ||
                     json_is(json_get(place, STR("krbKeytabSecret")), JSON_OBJECT);

    s->options.user = has_login ? STR("") : text_of(place, "hdfsUser");
    if (has_login)
        return open_login(c, place, s, err);
    return str_is_empty(s->options.user)
               ? err_set(err, ERR_INVALID,
                         "hdfs: one of hdfsUser, krbCCacheSecret and krbKeytabSecret is needed")
               : 0;
}

/* ---- where ---- */

static int read_addresses(const struct artifact_call *c, const struct json *place,
                          struct session *s, struct err *err)
{
    const struct json *list = json_get(place, STR("addresses")), *item;
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0;
    struct str *addresses = ARENA_ARRAY(c->a, struct str, count + 1);

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        addresses[i] = json_is(item, JSON_STRING) ? json_str(item) : STR("");
    s->options.addresses = addresses;
    s->options.address_count = count;
    return count > 0
               ? 0
               : err_set(err, ERR_INVALID, "hdfs place of path \"" STR_FMT "\" needs addresses",
                         STR_ARG(text_of(place, "path")));
}

static int read_protection(const struct json *place, struct err *err)
{
    struct str protection = text_of(place, "dataTransferProtection");

    return str_is_empty(protection)
               ? 0
               : err_set(err, ERR_UNSUPPORTED,
                         "hdfs.dataTransferProtection: \"" STR_FMT
                         "\" is not supported: data nodes are spoken to in the clear; leave it "
                         "out",
                         STR_ARG(protection));
}

static int open_store(const struct artifact_call *c, const struct json *place,
                      enum artifact_use use, struct object_store *ret, struct err *err)
{
    struct session *s = ARENA_NEW(c->a, struct session);

    (void) use;
    s->mode = json_get_bool(place, STR("force")) ? HDFS_REPLACE : HDFS_KEEP;
    s->options.cancel_fd = -1;
    if (read_addresses(c, place, s, err) == 0 && read_protection(place, err) == 0 &&
        read_user(c, place, s, err) == 0)
        s->client = hdfs_client_new(&s->options, err);
    if (s->client) {
        *ret = (struct object_store){.name = "HDFS",
                                     .holder = "name node",
                                     .thing = "file",
                                     .bucket = s->options.addresses[0],
                                     .key = text_of(place, "path"),
                                     .ctx = s,
                                     .get = on_get,
                                     .put = on_put,
                                     .remove = on_remove,
                                     .list = on_list,
                                     .close = close_session};
        return 0;
    }
    close_session(s);
    return -1;
}

const struct artifact_driver artifact_hdfs = {.open_store = open_store};
