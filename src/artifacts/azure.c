/* artifacts/azure.c - blobs of Azure. */
#include "artifacts/object_store.h"
#include "clients/azure/blob_client.h"

static int on_get(void *ctx, struct arena *a, struct str key, int to, struct err *err)
{
    return blob_get(ctx, a, key, to, err);
}

static int on_put(void *ctx, struct arena *a, struct str key, int from, struct err *err)
{
    return blob_put(ctx, a, key, from, err);
}

static int on_remove(void *ctx, struct arena *a, struct str key, struct err *err)
{
    return blob_delete(ctx, a, key, err);
}

static int on_list(void *ctx, struct str prefix, bucket_each_fn each, void *each_ctx,
                   struct err *err)
{
    return blob_list(ctx, prefix, each, each_ctx, err);
}

static void close_client(void *ctx)
{
    blob_client_free(ctx);
}

static int open_store(const struct artifact_call *c, const struct json *place,
                      enum artifact_use use, struct object_store *ret, struct err *err)
{
    const struct json *selector = json_get(place, STR("accountKeySecret"));
    struct blob_options options = {.endpoint = json_get_str(place, STR("endpoint")),
                                   .container = json_get_str(place, STR("container"))};
    _cleanup_secret_ struct secret key = {0};
    struct str blob = json_get_str(place, STR("blob"));

    (void) use;
    if (str_is_empty(options.endpoint) || str_is_empty(options.container))
        return err_set(err, ERR_INVALID,
                       "azure place of blob \"" STR_FMT "\" needs both endpoint and container",
                       STR_ARG(blob));
    if (json_is(selector, JSON_OBJECT)) {
        if (artifact_secret(c, selector, &key, err) < 0)
            return err_wrap(err, "azure.accountKeySecret");
        options.key = &key;
    }
    *ret = (struct object_store){.name = "Azure",
                                 .holder = "container",
                                 .thing = "blob",
                                 .bucket = options.container,
                                 .key = blob,
                                 .ctx = blob_client_new(&options, err),
                                 .get = on_get,
                                 .put = on_put,
                                 .remove = on_remove,
                                 .list = on_list,
                                 .close = close_client};
    return ret->ctx ? 0 : -1;
}

const struct artifact_driver artifact_azure = {.open_store = open_store};
