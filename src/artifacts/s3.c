/* artifacts/s3.c - objects of S3 and of what speaks as it does. */
#include <openssl/evp.h>

#include "artifacts/object_store.h"
#include "clients/aws/s3_client.h"
#include "formats/base64.h"

enum { SEALS_MAX = 6, CUSTOMER_KEY_BYTES = 32, MD5_BYTES = 16 };

/* A client and what it borrows; in the call's arena. */
struct session {
    struct s3_options options;
    struct http_header seal[SEALS_MAX], unseal[SEALS_MAX];
    struct aws_credentials who;
    struct s3_client *client;
};

static void close_session(void *ctx)
{
    struct session *s = ctx;

    s3_client_free(s->client);
    secret_done(&s->options.keys.secret_key);
}

/* Keys of Secrets; without any, those of a role or of the machine. */
static int read_keys(const struct artifact_call *c, const struct json *place, struct session *s,
                     struct err *err)
{
    const struct json *secret = json_get(place, STR("secretKeySecret"));
    struct str role = json_get_str(place, STR("roleARN"));
    struct aws_keys *keys = &s->options.keys;

    if (!json_get(place, STR("accessKeySecret")) && !secret) {
        s->who.role_arn = str_is_none(role) ? STR("") : role;
        s->who.region = s->options.region;
        s->options.who = &s->who;
        return 0;
    }
    if (!json_get(place, STR("accessKeySecret")) || !secret)
        return err_set(err, ERR_INVALID,
                       "s3 needs both accessKeySecret and secretKeySecret, which name the keys "
                       "of Secrets, or none of them: then keys are found on the machine");
    if (artifact_secret_text(c, place, "s3", "accessKeySecret", &keys->access_key, err) < 0 ||
        artifact_secret_text(c, place, "s3", "sessionTokenSecret", &keys->session_token, err) <
            0)
        return -1;
    if (artifact_secret(c, secret, &keys->secret_key, err) < 0)
        return err_wrap(err, "s3.secretKeySecret");
    return 0;
}

/* ---- encryption by the server ---- */

static void add(struct http_header *list, size_t *count, struct str name, struct str value)
{
    if (!str_is_empty(value))
        list[(*count)++] = (struct http_header){name, value};
}

/* A key that the server uses and forgets: it comes with every use of the object. */
static int seal_by_customer(const struct artifact_call *c, const struct json *options,
                            struct session *s, struct err *err)
{
    unsigned char digest[MD5_BYTES];
    struct str key;

    if (artifact_secret_text(c, options, "s3", "serverSideCustomerKeySecret", &key, err) < 0)
        return -1;
    if (key.len != CUSTOMER_KEY_BYTES)
        return err_set(err, ERR_INVALID,
                       "s3.encryptionOptions.serverSideCustomerKeySecret has %zu bytes: a key "
                       "has %d",
                       key.len, CUSTOMER_KEY_BYTES);
    if (s->options.is_plain)
        return err_set(err, ERR_INVALID,
                       "s3.encryptionOptions.serverSideCustomerKeySecret needs TLS: its key "
                       "would be sent in the clear");
    EVP_Digest(key.ptr, key.len, digest, NULL, EVP_md5(), NULL);
    add(s->unseal, &s->options.unseal_count,
        STR("x-amz-server-side-encryption-customer-algorithm"), STR("AES256"));
    add(s->unseal, &s->options.unseal_count, STR("x-amz-server-side-encryption-customer-key"),
        base64_encode(c->a, key));
    add(s->unseal, &s->options.unseal_count,
        STR("x-amz-server-side-encryption-customer-key-MD5"),
        base64_encode(c->a, str_of((const char *) digest, sizeof(digest))));
    return 0;
}

static int read_encryption(const struct artifact_call *c, const struct json *place,
                           struct session *s, struct err *err)
{
    const struct json *options = json_get(place, STR("encryptionOptions"));
    struct str kms = json_get_str(options, STR("kmsKeyId"));
    struct str context = json_get_str(options, STR("kmsEncryptionContext"));
    bool is_kms = !str_is_empty(kms);

    s->options.seal = s->seal;
    s->options.unseal = s->unseal;
    if (!json_get_bool(options, STR("enableEncryption")))
        return 0;
    if (json_get(options, STR("serverSideCustomerKeySecret")))
        return is_kms ? err_set(err, ERR_INVALID,
                                "s3.encryptionOptions: kmsKeyId and "
                                "serverSideCustomerKeySecret cannot be set together")
                      : seal_by_customer(c, options, s, err);
    add(s->seal, &s->options.seal_count, STR("x-amz-server-side-encryption"),
        is_kms ? STR("aws:kms") : STR("AES256"));
    add(s->seal, &s->options.seal_count, STR("x-amz-server-side-encryption-aws-kms-key-id"),
        kms);
    if (is_kms && !str_is_empty(context))
        add(s->seal, &s->options.seal_count, STR("x-amz-server-side-encryption-context"),
            base64_encode(c->a, context));
    return 0;
}

/* ---- who, where ---- */

static enum s3_style style_of(const struct json *place)
{
    struct str style = json_get_str(place, STR("addressingStyle"));

    return str_is(style, "path")             ? S3_STYLE_PATH
           : str_is(style, "virtual-hosted") ? S3_STYLE_VIRTUAL_HOSTED
                                             : S3_STYLE_AUTO;
}

static int read_place(const struct artifact_call *c, const struct json *place,
                      struct session *s, struct err *err)
{
    struct str region = json_get_str(place, STR("region"));

    s->options.endpoint = json_get_str(place, STR("endpoint"));
    s->options.bucket = json_get_str(place, STR("bucket"));
    s->options.region = str_is_none(region) ? STR("") : region;
    s->options.is_plain = json_get_bool(place, STR("insecure"));
    s->options.style = style_of(place);
    if (str_is_empty(s->options.endpoint) || str_is_empty(s->options.bucket))
        return err_set(err, ERR_INVALID,
                       "s3 place of key \"" STR_FMT "\" needs both endpoint and bucket",
                       STR_ARG(json_get_str(place, STR("key"))));
    for (size_t i = 0; i < s->options.endpoint.len; i++)
        if (strchr("/@?# ", s->options.endpoint.ptr[i]))
            return err_set(err, ERR_INVALID, "s3.endpoint \"" STR_FMT "\" must be host:port",
                           STR_ARG(s->options.endpoint));
    if (read_keys(c, place, s, err) < 0 ||
        artifact_secret_text(c, place, "s3", "caSecret", &s->options.ca_pem, err) < 0)
        return -1;
    return read_encryption(c, place, s, err);
}

static int make_bucket(const struct artifact_call *c, const struct json *place,
                       const struct session *s, struct err *err)
{
    const struct json *make = json_get(place, STR("createBucketIfNotPresent"));

    if (!json_is(make, JSON_OBJECT))
        return 0;
    return s3_make_bucket(s->client, c->a,
                          json_get_bool(make, STR("objectLocking")) ? S3_BUCKET_OBJECT_LOCKS
                                                                    : S3_BUCKET_UNLOCKED,
                          err);
}

/* ---- the store ---- */

static int on_get(void *ctx, struct arena *a, struct str key, int to, struct err *err)
{
    return s3_get(((struct session *) ctx)->client, a, key, to, err);
}

static int on_put(void *ctx, struct arena *a, struct str key, int from, struct err *err)
{
    return s3_put(((struct session *) ctx)->client, a, key, from, err);
}

static int on_remove(void *ctx, struct arena *a, struct str key, struct err *err)
{
    return s3_delete(((struct session *) ctx)->client, a, key, err);
}

static int on_list(void *ctx, struct str prefix, bucket_each_fn each, void *each_ctx,
                   struct err *err)
{
    return s3_list(((struct session *) ctx)->client, prefix, each, each_ctx, err);
}

static int open_store(const struct artifact_call *c, const struct json *place,
                      enum artifact_use use, struct object_store *ret, struct err *err)
{
    struct session *s = ARENA_NEW(c->a, struct session);

    if (read_place(c, place, s, err) == 0) {
        s->options.unfinished = object_store_unfinished(c);
        s->client = s3_client_new(&s->options);
        *ret = (struct object_store){.name = "S3",
                                     .bucket = s->options.bucket,
                                     .key = json_get_str(place, STR("key")),
                                     .ctx = s,
                                     .get = on_get,
                                     .put = on_put,
                                     .remove = on_remove,
                                     .list = on_list,
                                     .close = close_session};
        if (use == ARTIFACT_READ || make_bucket(c, place, s, err) == 0)
            return 0;
    }
    close_session(s);
    return -1;
}

const struct artifact_driver artifact_s3 = {.open_store = open_store};
