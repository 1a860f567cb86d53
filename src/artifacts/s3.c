/*
 * artifacts/s3.c - objects of S3 and of what speaks as it does. A folder that is not packed is
 * an object a file, below its key; links, pipes and empty folders in it are left out. What is
 * loaded from a key that is no object is the folder of the objects below it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifacts/beneath.h"
#include "artifacts/driver.h"
#include "base/limits.h"
#include "base/vec.h"
#include "clients/aws/s3_client.h"
#include "formats/base64.h"

enum { SEALS_MAX = 6, CUSTOMER_KEY_BYTES = 32, MD5_BYTES = 16 };

/* A client and what it borrows. */
struct session {
    struct s3_options options;
    struct http_header seal[SEALS_MAX], unseal[SEALS_MAX];
    struct aws_credentials who;
    struct s3_client *client;
    struct arena *a;
    struct str key;
};

static void close_session(struct session *s)
{
    s3_client_free(s->client);
    secret_done(&s->options.keys.secret_key);
}
#define _cleanup_session_ _cleanup_(close_session)

static int secret_text(const struct artifact_call *c, const struct json *place,
                       const char *name, struct str *ret, struct err *err)
{
    const struct json *selector = json_get(place, str_from(name));
    _cleanup_secret_ struct secret value = {0};

    *ret = STR("");
    if (!json_is(selector, JSON_OBJECT))
        return 0;
    if (artifact_secret(c, selector, &value, err) < 0)
        return err_wrap(err, "s3.%s", name);
    *ret = str_copy(c->a, secret_reveal(&value));
    return 0;
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
    if (secret_text(c, place, "accessKeySecret", &keys->access_key, err) < 0 ||
        secret_text(c, place, "sessionTokenSecret", &keys->session_token, err) < 0)
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

    if (secret_text(c, options, "serverSideCustomerKeySecret", &key, err) < 0)
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

static int open_session(const struct artifact_call *c, const struct json *place,
                        struct session *s, struct err *err)
{
    struct str region = json_get_str(place, STR("region"));

    *s = (struct session){.a = c->a, .key = json_get_str(place, STR("key"))};
    s->options.endpoint = json_get_str(place, STR("endpoint"));
    s->options.bucket = json_get_str(place, STR("bucket"));
    s->options.region = str_is_none(region) ? STR("") : region;
    s->options.is_plain = json_get_bool(place, STR("insecure"));
    s->options.style = style_of(place);
    if (str_is_empty(s->options.endpoint) || str_is_empty(s->options.bucket))
        return err_set(err, ERR_INVALID,
                       "s3 place of key \"" STR_FMT "\" needs both endpoint and bucket",
                       STR_ARG(s->key));
    for (size_t i = 0; i < s->options.endpoint.len; i++)
        if (strchr("/@?# ", s->options.endpoint.ptr[i]))
            return err_set(err, ERR_INVALID, "s3.endpoint \"" STR_FMT "\" must be host:port",
                           STR_ARG(s->options.endpoint));
    if (read_keys(c, place, s, err) < 0 ||
        secret_text(c, place, "caSecret", &s->options.ca_pem, err) < 0 ||
        read_encryption(c, place, s, err) < 0)
        return -1;
    s->client = s3_client_new(&s->options);
    return 0;
}

/* ---- loading ---- */

static int get_into(struct session *s, struct arena *a, struct str key, int dir,
                    const char *name, struct err *err)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    int result;

    if (fd < 0)
        return err_sys(err, errno, "write object " STR_FMT, STR_ARG(key));
    result = s3_get(s->client, a, key, fd, err);
    close(fd);
    if (result < 0)
        unlinkat(dir, name, 0);
    return result;
}

/* A folder that is fetched object by object. */
struct gathering {
    struct session *session;
    struct str prefix;
    int dir;
    int64_t count;
};

static int gather_one(void *ctx, struct arena *a, struct str key, struct err *err)
{
    struct gathering *g = ctx;
    struct str rest = str_starts(key, g->prefix) ? str_skip(key, g->prefix.len) : STR("/");
    char *path = beneath_clean(a, rest);
    const char *last;
    int parent, result;

    if (!path)
        return err_set(err, ERR_INVALID, "object \"" STR_FMT "\" would leave its folder",
                       STR_ARG(key));
    if (++g->count > ARTIFACT_ENTRIES_MAX)
        return err_set(err, ERR_LIMIT, "over %d objects below \"" STR_FMT "\"",
                       ARTIFACT_ENTRIES_MAX, STR_ARG(g->prefix));
    if (!path[0] || str_ends(key, STR("/"))) /* stands for a folder */
        return 0;
    parent = beneath_parent(g->dir, path, &last);
    if (parent < 0)
        return err_sys(err, errno, "make the folder of object " STR_FMT, STR_ARG(key));
    result = get_into(g->session, a, key, parent, last, err);
    close(parent);
    return result;
}

static int load_folder(struct session *s, int dir, const char *name, struct err *err)
{
    struct gathering g = {.session = s};
    int result;

    g.prefix = str_ends(s->key, STR("/")) ? s->key : str_concat(s->a, s->key, STR("/"));
    if (mkdirat(dir, name, 0755) < 0)
        return err_sys(err, errno, "make a folder for an artifact");
    g.dir = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (g.dir < 0)
        return err_sys(err, errno, "open a folder for an artifact");
    result = s3_list(s->client, g.prefix, gather_one, &g, err);
    close(g.dir);
    if (result == 0 && g.count == 0) {
        unlinkat(dir, name, AT_REMOVEDIR);
        return err_set(err, ERR_NOT_FOUND,
                       "S3: bucket " STR_FMT " has no object \"" STR_FMT "\" and none below it",
                       STR_ARG(s->options.bucket), STR_ARG(s->key));
    }
    return result;
}

static int load(const struct artifact_call *c, const struct json *place, int dir,
                const char *name, struct err *err)
{
    _cleanup_session_ struct session s = {0};

    if (open_session(c, place, &s, err) < 0)
        return -1;
    if (!str_is_empty(s.key) && !str_ends(s.key, STR("/"))) {
        if (get_into(&s, c->a, s.key, dir, name, err) == 0)
            return 0;
        if (err->kind != ERR_NOT_FOUND)
            return -1;
    }
    return load_folder(&s, dir, name, err);
}

/* ---- saving ---- */

static int put_any(struct session *s, int dir, const char *name, struct str key, unsigned depth,
                   struct err *err);

static int put_folder(struct session *s, int dir, struct str key, unsigned depth,
                      struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    DIR *list = fdopendir(dir);
    struct dirent *entry;
    int result = 0;

    if (!list)
        return err_sys(err, errno, "read a folder of an artifact");
    while (result == 0 && (entry = readdir(list)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = put_any(s, dir, entry->d_name,
                             str_printf(a, STR_FMT "%s%s", STR_ARG(key),
                                        str_ends(key, STR("/")) ? "" : "/", entry->d_name),
                             depth + 1, err);
    closedir(list);
    return result;
}

static int put_any(struct session *s, int dir, const char *name, struct str key, unsigned depth,
                   struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct stat st;
    int fd, result;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(err, errno, "look at %s", name);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return 0;
    if (depth > TREE_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "artifact \"" STR_FMT "\" is over %d folders deep",
                       STR_ARG(s->key), TREE_DEPTH_MAX);
    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno, "open %s", name);
    if (S_ISDIR(st.st_mode))
        return put_folder(s, fd, key, depth, err);
    result = s3_put(s->client, a, key, fd, err);
    close(fd);
    return result;
}

static int save(const struct artifact_call *c, const struct json *place, int dir,
                const char *name, struct err *err)
{
    const struct json *make = json_get(place, STR("createBucketIfNotPresent"));
    _cleanup_session_ struct session s = {0};

    if (open_session(c, place, &s, err) < 0)
        return -1;
    if (json_is(make, JSON_OBJECT) &&
        s3_make_bucket(s.client, c->a,
                       json_get_bool(make, STR("objectLocking")) ? S3_BUCKET_OBJECT_LOCKS
                                                                 : S3_BUCKET_UNLOCKED,
                       err) < 0)
        return -1;
    return put_any(&s, dir, name, s.key, 0, err);
}

/* ---- removal ---- */

static int remove_one(void *ctx, struct arena *a, struct str key, struct err *err)
{
    struct session *s = ctx;

    return s3_delete(s->client, a, key, err);
}

static int remove_stored(const struct artifact_call *c, const struct json *place,
                         struct err *err)
{
    _cleanup_session_ struct session s = {0};
    struct str below;

    if (open_session(c, place, &s, err) < 0)
        return -1;
    below = str_ends(s.key, STR("/")) ? s.key : str_concat(c->a, s.key, STR("/"));
    if (!str_eq(below, s.key) && s3_delete(s.client, c->a, s.key, err) < 0)
        return -1;
    return s3_list(s.client, below, remove_one, &s, err);
}

/* ---- lists ---- */

struct listing {
    const struct artifact_call *call;
    struct artifact_keys *keys;
};

static int list_one(void *ctx, struct arena *a, struct str key, struct err *err)
{
    const struct listing *l = ctx;

    (void) a;
    if (str_ends(key, STR("/"))) /* stands for a folder */
        return 0;
    return artifact_key_add(l->call, l->keys, key, err);
}

static int list_stored(const struct artifact_call *c, const struct json *place,
                       struct artifact_keys *keys, struct err *err)
{
    struct listing listing = {.call = c, .keys = keys};
    _cleanup_session_ struct session s = {0};
    struct str prefix;

    if (open_session(c, place, &s, err) < 0)
        return -1;
    prefix = str_is_empty(s.key) || str_ends(s.key, STR("/"))
                 ? s.key
                 : str_concat(c->a, s.key, STR("/"));
    return s3_list(s.client, prefix, list_one, &listing, err);
}

const struct artifact_driver artifact_s3 = {
    .load = load, .save = save, .remove = remove_stored, .list = list_stored};
