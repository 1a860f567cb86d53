/* See gcp_token.h. */
#include "clients/gcp/gcp_token.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/secret_cache.h"
#include "formats/base64.h"
#include "formats/json.h"
#include "formats/uri.h"
#include "io/http_client.h"

enum { ASSERTION_LIFE_S = 3600, SIGNATURE_MAX_BYTES = 1024 };

#define METADATA_HOST "metadata.google.internal"
#define METADATA_PATH "/computeMetadata/v1/instance/service-accounts/default/token"

DEFINE_CLEANUP(BIO *, BIO_free_all)
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

/* One search for a token. */
struct search {
    const struct gcp_identity *who;
    struct arena *a;
    struct wall now;
    struct str token;
    struct wall ends;
};

static struct str setting(const struct search *s, const char *name)
{
    const char *value = s->who->env ? s->who->env(name) : getenv(name);

    return str_from(value ? value : "");
}

/* ---- what a service answers ---- */

static int ask(struct search *s, const char *what, const struct http_call *call,
               struct err *err)
{
    _cleanup_(http_client_freep) struct http_client *http = http_client_new();
    struct http_answer answer;
    struct json doc = {0};
    struct err ignored;
    int64_t life_s = 0;

    if (http_client_do(http, s->a, call, &answer, err) < 0)
        return err_wrap(err, "%s", what);
    if (json_parse(s->a, answer.body, &doc, &ignored) < 0)
        doc = json_null();
    if (answer.status != 200)
        return err_set(err,
                       answer.status >= 500 || answer.status == 429 ? ERR_TRANSIENT
                                                                    : ERR_UNAUTHORIZED,
                       "%s: status %u " STR_FMT, what, answer.status,
                       STR_ARG(json_get_str(&doc, STR("error_description"))));
    s->token = json_get_str(&doc, STR("access_token"));
    if (str_is_empty(s->token))
        return err_set(err, ERR_UNAUTHORIZED, "%s: an answer without access_token", what);
    if (!json_i64(json_get(&doc, STR("expires_in")), &life_s))
        life_s = 0;
    s->ends.ms = s->now.ms + life_s * 1000;
    return 0;
}

static int post_form(struct search *s, const char *what, struct str url, struct str form,
                     struct err *err)
{
    const struct http_header type = {STR("Content-Type"),
                                     STR("application/x-www-form-urlencoded")};
    const struct http_call call = {.method = STR("POST"),
                                   .url = url,
                                   .body = form,
                                   .headers = &type,
                                   .header_count = 1,
                                   .timeout_ms = GCP_TOKEN_TIMEOUT_MS,
                                   .cancel_fd = -1,
                                   .refuses_link_local = true};

    return ask(s, what, &call, err);
}

/* ---- a service account ---- */

/* Or the terminal would be asked. */
static int no_password(char *buf, int size, int is_writing, void *ctx)
{
    (void) buf;
    (void) size;
    (void) is_writing;
    (void) ctx;
    return -1;
}

static int sign(struct arena *a, struct str pem, struct str text, struct str *ret,
                struct err *err)
{
    _cleanup_(BIO_free_allp) BIO *bio = BIO_new_mem_buf(pem.ptr, (int) pem.len);
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;
    _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char signature[SIGNATURE_MAX_BYTES];
    size_t len = sizeof(signature);

    key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    if (!key)
        return err_set(err, ERR_INVALID, "private_key of the service account is no PEM key");
    if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, signature, &len, (const unsigned char *) text.ptr, text.len) != 1)
        return err_set(err, ERR_INVALID,
                       "private_key of the service account cannot sign with RS256");
    *ret = base64_url_encode(a, str_of((const char *) signature, len));
    return 0;
}

static struct str token_url(const struct json *key)
{
    struct str url = json_get_str(key, STR("token_uri"));

    return str_is_empty(url) ? STR("https://oauth2.googleapis.com/token") : url;
}

static struct str encoded(struct arena *a, struct json_object_builder *b)
{
    struct json doc = json_object(b);

    return base64_url_encode(a, json_text(a, &doc, JSON_COMPACT));
}

static int of_service_account(struct search *s, const struct json *key, struct err *err)
{
    struct json_object_builder head = {0}, claims = {0};
    int64_t now_s = s->now.ms / 1000;
    struct str text, signature, id = json_get_str(key, STR("private_key_id"));

    json_add(s->a, &head, STR("alg"), json_string(STR("RS256")));
    json_add(s->a, &head, STR("typ"), json_string(STR("JWT")));
    if (!str_is_empty(id))
        json_add(s->a, &head, STR("kid"), json_string(id));
    json_add_str(s->a, &claims, STR("iss"), json_get_str(key, STR("client_email")));
    json_add(s->a, &claims, STR("scope"), json_string(s->who->scope));
    json_add(s->a, &claims, STR("aud"), json_string(token_url(key)));
    json_add(s->a, &claims, STR("iat"), json_int(s->a, now_s));
    json_add(s->a, &claims, STR("exp"), json_int(s->a, now_s + ASSERTION_LIFE_S));
    text = str_printf(s->a, STR_FMT "." STR_FMT, STR_ARG(encoded(s->a, &head)),
                      STR_ARG(encoded(s->a, &claims)));
    if (sign(s->a, json_get_str(key, STR("private_key")), text, &signature, err) < 0)
        return -1;
    return post_form(
        s, "token of the service account", token_url(key),
        str_printf(s->a,
                   "grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3Ajwt-"
                   "bearer&assertion=" STR_FMT "." STR_FMT,
                   STR_ARG(text), STR_ARG(signature)),
        err);
}

static int of_user(struct search *s, const struct json *key, struct err *err)
{
    static const char *const members[] = {"client_id", "client_secret", "refresh_token"};
    struct str form = STR("grant_type=refresh_token");

    for (size_t i = 0; i < COUNT_OF(members); i++)
        form = str_printf(s->a, STR_FMT "&%s=" STR_FMT, STR_ARG(form), members[i],
                          STR_ARG(uri_escape(s->a, json_get_str(key, str_from(members[i])))));
    return post_form(s, "token of the user", token_url(key), form, err);
}

static int of_key(struct search *s, struct str text, struct err *err)
{
    struct json key;
    struct str type;
    struct err why;

    if (json_parse(s->a, text, &key, &why) < 0)
        return err_set(err, ERR_INVALID, "the key of a Google account is not JSON");
    type = json_get_str(&key, STR("type"));
    if (str_is(type, "service_account"))
        return of_service_account(s, &key, err);
    if (str_is(type, "authorized_user"))
        return of_user(s, &key, err);
    return err_set(err, ERR_INVALID,
                   "the key of a Google account has type \"" STR_FMT
                   "\": service_account and authorized_user are known",
                   STR_ARG(type));
}

/* ---- what is found ---- */

static int read_key(struct search *s, struct str path, struct str *ret, struct err *err)
{
    char *bytes = arena_alloc_raw(s->a, GCP_KEY_MAX_BYTES);
    int fd = open(str_cz(s->a, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len = fd < 0 ? -1 : fd_read(fd, bytes, GCP_KEY_MAX_BYTES);
    int error = errno;

    if (fd >= 0)
        close(fd);
    if (len < 0)
        return err_sys(err, error, "GOOGLE_APPLICATION_CREDENTIALS: read " STR_FMT,
                       STR_ARG(path));
    *ret = str_of(bytes, (size_t) len);
    return 0;
}

static int of_machine(struct search *s, struct err *err)
{
    const struct http_header flavor = {STR("Metadata-Flavor"), STR("Google")};
    struct str host = setting(s, "GCE_METADATA_HOST");
    struct http_call call = {.method = STR("GET"),
                             .headers = &flavor,
                             .header_count = 1,
                             .timeout_ms = GCP_METADATA_TIMEOUT_MS,
                             .cancel_fd = -1,
                             .is_plain = true};

    call.url = str_printf(s->a, "http://" STR_FMT METADATA_PATH,
                          STR_ARG(str_is_empty(host) ? STR(METADATA_HOST) : host));
    if (ask(s, "token of the machine", &call, err) == 0)
        return 0;
    return err_set(err, ERR_UNAUTHORIZED,
                   "no Google account: no key is given, GOOGLE_APPLICATION_CREDENTIALS is not "
                   "set, and this machine has none");
}

static int search(struct search *s, struct err *err)
{
    struct str path = setting(s, "GOOGLE_APPLICATION_CREDENTIALS"), key = s->who->key;

    if (str_is_empty(key) && str_is_empty(path))
        return of_machine(s, err);
    if (str_is_empty(key) && read_key(s, path, &key, err) < 0)
        return -1;
    return of_key(s, key, err);
}

int gcp_token(const struct gcp_identity *who, struct arena *a, struct wall now, struct str *ret,
              struct err *err)
{
    _cleanup_secret_ struct secret kept = {0};
    struct str name =
        str_printf(a, "gcp\n" STR_FMT "\n" STR_FMT, STR_ARG(who->scope), STR_ARG(who->key));
    struct search s = {.who = who, .a = a, .now = now};

    if (secret_cache_find(name, now, &kept)) {
        *ret = str_copy(a, secret_reveal(&kept));
        return 0;
    }
    if (search(&s, err) < 0)
        return -1;
    secret_cache_put(name, s.token, s.ends);
    *ret = s.token;
    return 0;
}
