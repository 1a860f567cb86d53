/* artifacts/oss.c - objects of Alibaba's store. */
#include "artifacts/object_store.h"
#include "clients/aliyun/aliyun_credentials.h"
#include "clients/aliyun/oss_client.h"

/* A client and what it borrows; in the call's arena. */
struct session {
    struct oss_keys keys;
    struct oss_client *client;
};

static int on_get(void *ctx, struct arena *a, struct str key, int to, struct err *err)
{
    return oss_get(((struct session *) ctx)->client, a, key, to, err);
}

static int on_put(void *ctx, struct arena *a, struct str key, int from, struct err *err)
{
    return oss_put(((struct session *) ctx)->client, a, key, from, err);
}

static int on_remove(void *ctx, struct arena *a, struct str key, struct err *err)
{
    return oss_delete(((struct session *) ctx)->client, a, key, err);
}

static int on_list(void *ctx, struct str prefix, bucket_each_fn each, void *each_ctx,
                   struct err *err)
{
    return oss_list(((struct session *) ctx)->client, prefix, each, each_ctx, err);
}

static void close_session(void *ctx)
{
    struct session *s = ctx;

    oss_client_free(s->client);
    secret_done(&s->keys.secret_key);
}

/* ---- who ---- */

static int read_keys(const struct artifact_call *c, const struct json *place,
                     struct oss_keys *keys, struct err *err)
{
    const struct json *secret = json_get(place, STR("secretKeySecret"));
    struct str token = json_get_str(place, STR("securityToken"));

    if (json_get_bool(place, STR("useSDKCreds")))
        return aliyun_credentials_find(c->a, STR(ALIYUN_METADATA), clock_wall(), keys, err);
    if (!json_get(place, STR("accessKeySecret")) || !secret)
        return err_set(
            err, ERR_INVALID,
            "oss needs both accessKeySecret and secretKeySecret, which name the keys "
            "of Secrets, or useSDKCreds");
    keys->token = str_is_none(token) ? STR("") : token;
    if (artifact_secret_text(c, place, "oss", "accessKeySecret", &keys->access_key, err) < 0)
        return -1;
    return artifact_secret(c, secret, &keys->secret_key, err) < 0
               ? err_wrap(err, "oss.secretKeySecret")
               : 0;
}

/* ---- the store ---- */

static int64_t days_of(const struct json *place, const char *member)
{
    int64_t days;

    return json_i64(json_get(json_get(place, STR("lifecycleRule")), str_from(member)), &days)
               ? days
               : 0;
}

static int open_client(const struct artifact_call *c, const struct json *place,
                       struct session *s, struct err *err)
{
    const struct oss_options options = {
        .endpoint = json_get_str(place, STR("endpoint")),
        .bucket = json_get_str(place, STR("bucket")),
        .keys = &s->keys,
        .unfinished = object_store_unfinished(c),
        .days_until_infrequent = days_of(place, "markInfrequentAccessAfterDays"),
        .days_until_deletion = days_of(place, "markDeletionAfterDays")};

    if (str_is_empty(options.endpoint) || str_is_empty(options.bucket))
        return err_set(err, ERR_INVALID,
                       "oss place of key \"" STR_FMT "\" needs both endpoint and bucket",
                       STR_ARG(json_get_str(place, STR("key"))));
    if (read_keys(c, place, &s->keys, err) < 0)
        return -1;
    s->client = oss_client_new(&options, err);
    return s->client ? 0 : -1;
}

/* What must be there before something is stored. */
static int prepare(const struct artifact_call *c, const struct json *place,
                   const struct session *s, struct err *err)
{
    if (json_get_bool(place, STR("createBucketIfNotPresent")) &&
        oss_make_bucket(s->client, c->a, err) < 0)
        return -1;
    return oss_keep_rule(s->client, c->a, err);
}

static int open_store(const struct artifact_call *c, const struct json *place,
                      enum artifact_use use, struct object_store *ret, struct err *err)
{
    struct session *s = ARENA_NEW(c->a, struct session);

    if (open_client(c, place, s, err) == 0 &&
        (use == ARTIFACT_READ || prepare(c, place, s, err) == 0)) {
        *ret = (struct object_store){.name = "OSS",
                                     .bucket = json_get_str(place, STR("bucket")),
                                     .key = json_get_str(place, STR("key")),
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

const struct artifact_driver artifact_oss = {.open_store = open_store};
