/* artifacts/gcs.c - objects of Google Cloud Storage. */
#include "artifacts/object_store.h"
#include "clients/gcp/gcs_client.h"

static int on_get(void *ctx, struct arena *a, struct str key, int to, struct err *err)
{
    return gcs_get(ctx, a, key, to, err);
}

static int on_put(void *ctx, struct arena *a, struct str key, int from, struct err *err)
{
    return gcs_put(ctx, a, key, from, err);
}

static int on_remove(void *ctx, struct arena *a, struct str key, struct err *err)
{
    return gcs_delete(ctx, a, key, err);
}

static int on_list(void *ctx, struct str prefix, bucket_each_fn each, void *each_ctx,
                   struct err *err)
{
    return gcs_list(ctx, prefix, each, each_ctx, err);
}

static void close_client(void *ctx)
{
    gcs_client_free(ctx);
}

static int open_store(const struct artifact_call *c, const struct json *place,
                      enum artifact_use use, struct object_store *ret, struct err *err)
{
    struct gcs_options options = {.bucket = json_get_str(place, STR("bucket")),
                                  .endpoint = STR("")};
    struct str key = json_get_str(place, STR("key"));

    (void) use;
    if (str_is_empty(options.bucket))
        return err_set(err, ERR_INVALID, "gcs place of key \"" STR_FMT "\" needs a bucket",
                       STR_ARG(key));
    if (artifact_secret_text(c, place, "gcs", "serviceAccountKeySecret", &options.key, err) < 0)
        return -1;
    *ret = (struct object_store){.name = "GCS",
                                 .bucket = options.bucket,
                                 .key = key,
                                 .ctx = gcs_client_new(&options),
                                 .get = on_get,
                                 .put = on_put,
                                 .remove = on_remove,
                                 .list = on_list,
                                 .close = close_client};
    return 0;
}

const struct artifact_driver artifact_gcs = {.open_store = open_store};
