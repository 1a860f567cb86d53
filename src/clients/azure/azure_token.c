/* See azure_token.h. */
#include "clients/azure/azure_token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/secret_cache.h"
#include "formats/json.h"
#include "formats/uri.h"
#include "io/http_client.h"

#define RESOURCE        "https://storage.azure.com"
#define MACHINE_ADDRESS "http://169.254.169.254"

enum { ABSENT = 1, ASSERTION_MAX_BYTES = 16384 };

/* One search for a token. */
struct search {
    const struct azure_identity *who;
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

/* Some services write numbers as texts. */
static int64_t seconds_of(const struct json *v)
{
    int64_t seconds = 0;

    if (!json_i64(v, &seconds))
        for (struct str text = json_str(v); text.len > 0 && seconds < INT32_MAX;
             text = str_skip(text, 1))
            seconds = seconds * 10 + (text.ptr[0] - '0');
    return seconds;
}

static int ask(struct search *s, const struct http_call *call, struct err *err)
{
    _cleanup_(http_client_freep) struct http_client *http = http_client_new();
    struct http_answer answer;
    struct json doc;
    struct err ignored;

    if (http_client_do(http, s->a, call, &answer, err) < 0)
        return err_wrap(err, "token for Azure's storage");
    if (json_parse(s->a, answer.body, &doc, &ignored) < 0)
        doc = json_null();
    if (answer.status != 200)
        return err_set(err,
                       answer.status >= 500 || answer.status == 429 ? ERR_TRANSIENT
                                                                    : ERR_UNAUTHORIZED,
                       "token for Azure's storage: status %u " STR_FMT, answer.status,
                       STR_ARG(json_get_str(&doc, STR("error"))));
    s->token = json_get_str(&doc, STR("access_token"));
    if (str_is_empty(s->token))
        return err_set(err, ERR_UNAUTHORIZED,
                       "token for Azure's storage: an answer without access_token");
    s->ends.ms = s->now.ms + seconds_of(json_get(&doc, STR("expires_in"))) * 1000;
    return 0;
}

/* ---- an application ---- */

/* @proof: the member of the form that proves who it is. */
static int of_application(struct search *s, struct str proof, struct err *err)
{
    const struct http_header type = {STR("Content-Type"),
                                     STR("application/x-www-form-urlencoded")};
    struct http_call call = {.method = STR("POST"),
                             .headers = &type,
                             .header_count = 1,
                             .timeout_ms = AZURE_TOKEN_TIMEOUT_MS,
                             .cancel_fd = -1};
    struct str host = setting(s, "AZURE_AUTHORITY_HOST");

    if (str_is_empty(host))
        host = STR("https://login.microsoftonline.com");
    while (str_ends(host, STR("/")))
        host.len--;
    call.url = str_printf(s->a, STR_FMT "/" STR_FMT "/oauth2/v2.0/token", STR_ARG(host),
                          STR_ARG(uri_escape(s->a, setting(s, "AZURE_TENANT_ID"))));
    call.body = str_printf(
        s->a, "grant_type=client_credentials&client_id=" STR_FMT "&scope=" STR_FMT "&" STR_FMT,
        STR_ARG(uri_escape(s->a, setting(s, "AZURE_CLIENT_ID"))),
        STR_ARG(uri_escape(s->a, STR(RESOURCE "/.default"))), STR_ARG(proof));
    return ask(s, &call, err);
}

static bool has_application(const struct search *s)
{
    return !str_is_empty(setting(s, "AZURE_TENANT_ID")) &&
           !str_is_empty(setting(s, "AZURE_CLIENT_ID"));
}

static int of_secret(struct search *s, struct err *err)
{
    struct str secret = setting(s, "AZURE_CLIENT_SECRET");

    if (!has_application(s) || str_is_empty(secret))
        return ABSENT;
    return of_application(s, str_concat(s->a, STR("client_secret="), uri_escape(s->a, secret)),
                          err);
}

static int of_workload(struct search *s, struct err *err)
{
    struct str path = setting(s, "AZURE_FEDERATED_TOKEN_FILE"), assertion;
    char *bytes = arena_alloc_raw(s->a, ASSERTION_MAX_BYTES);
    ssize_t len;
    int fd, error;

    if (!has_application(s) || str_is_empty(path))
        return ABSENT;
    fd = open(str_cz(s->a, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    len = fd < 0 ? -1 : fd_read(fd, bytes, ASSERTION_MAX_BYTES);
    error = errno;
    if (fd >= 0)
        close(fd);
    if (len < 0)
        return err_sys(err, error, "AZURE_FEDERATED_TOKEN_FILE: read " STR_FMT, STR_ARG(path));
    assertion = uri_escape(s->a, str_trim(str_of(bytes, (size_t) len)));
    return of_application(
        s,
        str_concat(s->a,
                   STR("client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A"
                       "client-assertion-type%3Ajwt-bearer&client_assertion="),
                   assertion),
        err);
}

/* ---- the machine ---- */

static int of_machine(struct search *s, struct err *err)
{
    const struct http_header header = {STR("Metadata"), STR("true")};
    struct str host = setting(s, "AZURE_POD_IDENTITY_AUTHORITY_HOST"),
               id = setting(s, "AZURE_CLIENT_ID");
    struct http_call call = {.method = STR("GET"),
                             .headers = &header,
                             .header_count = 1,
                             .timeout_ms = AZURE_METADATA_TIMEOUT_MS,
                             .cancel_fd = -1,
                             .is_plain = true};

    if (str_is_empty(host))
        host = STR(MACHINE_ADDRESS);
    call.url = str_printf(
        s->a,
        STR_FMT "/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
                "https%%3A%%2F%%2Fstorage.azure.com%s" STR_FMT,
        STR_ARG(host), str_is_empty(id) ? "" : "&client_id=", STR_ARG(uri_escape(s->a, id)));
    if (ask(s, &call, err) == 0)
        return 0;
    return err_set(err, ERR_UNAUTHORIZED,
                   "no Azure identity: no key is given, neither AZURE_CLIENT_SECRET nor "
                   "AZURE_FEDERATED_TOKEN_FILE is set with AZURE_TENANT_ID and "
                   "AZURE_CLIENT_ID, and this machine has none");
}

int azure_token(const struct azure_identity *who, struct arena *a, struct wall now,
                struct str *ret, struct err *err)
{
    static int (*const places[])(struct search * s, struct err * err) = {of_secret, of_workload,
                                                                         of_machine};
    _cleanup_secret_ struct secret kept = {0};
    struct search s = {.who = who, .a = a, .now = now};
    int result = ABSENT;

    if (secret_cache_find(STR("azure"), now, &kept)) {
        *ret = str_copy(a, secret_reveal(&kept));
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(places) && result == ABSENT; i++)
        result = places[i](&s, err);
    if (result < 0)
        return -1;
    secret_cache_put(STR("azure"), s.token, s.ends);
    *ret = s.token;
    return 0;
}
