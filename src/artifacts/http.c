/*
 * artifacts/http.c - a file of a web server, by GET and PUT, and the same of Artifactory; 404
 * means that it is not there. Redirects of GET are followed as Go does. Addresses of metadata
 * services are refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifacts/driver.h"
#include "base/limits.h"
#include "base/vec.h"
#include "formats/base64.h"
#include "formats/uri.h"
#include "io/http_resume.h"

enum { REDIRECTS_MAX = 10 };

/* One request. */
struct exchange {
    const struct artifact_call *c;
    const char *method;
    struct str url;
    const struct json *headers; /* of the manifest, or NULL */
    const struct json *login;   /* {usernameSecret, passwordSecret}, or NULL */
    const struct json *auth;    /* {clientCert, oauth2}, or NULL */
    struct http_resume *to;     /* GET: what gets the body */
    int from;                   /* PUT: the file that is sent */
    uint64_t size;
};

/* "Authorization: Basic ..." of two Secrets; nothing when there are none. */
static int basic_auth(const struct artifact_call *c, const struct json *auth, struct str *ret,
                      struct err *err)
{
    const struct json *user_from = json_get(auth, STR("usernameSecret"));
    const struct json *password_from = json_get(auth, STR("passwordSecret"));
    _cleanup_secret_ struct secret user = {0}, password = {0};
    struct str both;

    *ret = STR_NONE;
    if (!user_from && !password_from)
        return 0;
    if (user_from && artifact_secret(c, user_from, &user, err) < 0)
        return -1;
    if (password_from && artifact_secret(c, password_from, &password, err) < 0)
        return -1;
    both = str_printf(c->a, STR_FMT ":" STR_FMT, STR_ARG(secret_reveal(&user)),
                      STR_ARG(secret_reveal(&password)));
    *ret = str_concat(c->a, STR("Basic "), base64_encode(c->a, both));
    return 0;
}

static int judge(const struct exchange *x, const struct http_answer *answer, struct err *err)
{
    struct str shown = http_url_shown(x->c->a, x->url);

    if (answer->status >= 200 && answer->status < 300)
        return 0;
    if (answer->status == 404)
        return err_set(err, ERR_NOT_FOUND, "%s " STR_FMT ": status 404: not found", x->method,
                       STR_ARG(shown));
    return err_set(err,
                   answer->status >= 500 || answer->status == 429 ? ERR_TRANSIENT : ERR_INVALID,
                   "%s " STR_FMT ": status %u", x->method, STR_ARG(shown), answer->status);
}

typedef VEC(struct http_header) headers;

/* ---- OAuth 2: client credentials ---- */

static struct str form_of(const struct artifact_call *c, const struct json *oauth2)
{
    const struct json *scopes = json_get(oauth2, STR("scopes")), *item;
    const struct json *more = json_get(oauth2, STR("endpointParams"));
    struct str form = STR("grant_type=client_credentials");

    for (size_t i = 0; (item = json_item(scopes, i)) != NULL; i++)
        form = str_printf(c->a, STR_FMT "%s" STR_FMT, STR_ARG(form),
                          i ? "+" : "&scope=", STR_ARG(uri_escape(c->a, json_str(item))));
    for (size_t i = 0; (item = json_item(more, i)) != NULL; i++) {
        struct str value = json_get_str(item, STR("value"));

        form = str_printf(c->a, STR_FMT "&" STR_FMT "=" STR_FMT, STR_ARG(form),
                          STR_ARG(uri_escape(c->a, json_get_str(item, STR("key")))),
                          STR_ARG(uri_escape(c->a, str_is_none(value) ? STR("") : value)));
    }
    return form;
}

/* "a=b&access_token=x": what older servers answer, and what Go reads of them, too. */
static struct str form_token(struct str form)
{
    struct str rest = form, field, name;

    while (str_cut(&rest, '&', &field))
        if (str_cut(&field, '=', &name) && str_is(name, "access_token") && !str_is_none(field))
            return str_trim(field);
    return STR_NONE;
}

static int ask_token(const struct artifact_call *c, const struct http_call *call,
                     struct str *ret, struct err *err)
{
    struct http_client *client = http_client_new();
    struct http_answer answer;
    struct json doc;
    struct err ignored;
    int result = http_client_do(client, c->a, call, &answer, err);

    http_client_free(client);
    if (result < 0)
        return -1;
    if (answer.status != 200)
        return err_set(err, answer.status >= 500 ? ERR_TRANSIENT : ERR_UNAUTHORIZED,
                       "POST " STR_FMT ": status %u", STR_ARG(http_url_shown(c->a, call->url)),
                       answer.status);
    *ret = STR_NONE;
    if (json_parse(c->a, answer.body, &doc, &ignored) == 0)
        *ret = json_get_str(&doc, STR("access_token"));
    else
        *ret = form_token(answer.body);
    return str_is_empty(*ret) ? err_set(err, ERR_INVALID, "POST " STR_FMT ": no access_token",
                                        STR_ARG(http_url_shown(c->a, call->url)))
                              : 0;
}

/* "Bearer ..." */
static int bearer(const struct artifact_call *c, const struct json *oauth2, struct str *ret,
                  struct err *err)
{
    struct http_header form[] = {
        {STR("Content-Type"), STR("application/x-www-form-urlencoded")},
        {STR("Authorization"), STR("")},
    };
    struct http_call call = {.method = STR("POST"),
                             .body = form_of(c, oauth2),
                             .headers = form,
                             .header_count = COUNT_OF(form),
                             .cancel_fd = -1,
                             .refuses_link_local = true};
    struct str id, secret, token;

    if (artifact_secret_text(c, oauth2, "auth", "clientIDSecret", &id, err) < 0 ||
        artifact_secret_text(c, oauth2, "auth", "clientSecretSecret", &secret, err) < 0 ||
        artifact_secret_text(c, oauth2, "auth", "tokenURLSecret", &call.url, err) < 0)
        return -1;
    form[1].value = str_concat(
        c->a, STR("Basic "),
        base64_encode(c->a, str_printf(c->a, STR_FMT ":" STR_FMT, STR_ARG(uri_escape(c->a, id)),
                                       STR_ARG(uri_escape(c->a, secret)))));
    if (ask_token(c, &call, &token, err) < 0)
        return err_wrap(err, "auth.oauth2");
    *ret = str_concat(c->a, STR("Bearer "), token);
    return 0;
}

static int add_headers(const struct exchange *x, headers *to, struct err *err)
{
    struct str authorization;
    const struct json *item;

    const struct json *oauth2 = json_get(x->auth, STR("oauth2"));

    if (basic_auth(x->c, x->login, &authorization, err) < 0 ||
        (json_is(oauth2, JSON_OBJECT) && bearer(x->c, oauth2, &authorization, err) < 0))
        return -1;
    for (size_t i = 0; (item = json_item(x->headers, i)) != NULL; i++) {
        struct http_header header = {json_get_str(item, STR("name")),
                                     json_get_str(item, STR("value"))};

        VEC_APUSH(x->c->a, to, header);
    }
    if (!str_is_none(authorization)) {
        struct http_header header = {STR("Authorization"), authorization};

        VEC_APUSH(x->c->a, to, header);
    }
    return 0;
}

static int exchange(const struct exchange *x, struct http_client *client, struct err *err)
{
    struct http_call call = {.method = str_from(x->method),
                             .url = x->url,
                             .body_fd = x->from,
                             .body_len = x->size,
                             .stall_ms = HTTP_ARTIFACT_STALL_MS,
                             .cancel_fd = -1,
                             .redirect_max = x->to ? REDIRECTS_MAX : 0,
                             .refuses_link_local = true,
                             .on_chunk = x->to ? http_sink_take : NULL,
                             .ctx = x->to ? &x->to->sink : NULL,
                             .head = x->to ? &x->to->head : NULL};
    struct http_header rest[HTTP_RESUME_HEADERS_MAX];
    struct http_answer answer;
    headers list = {0};
    int result;

    const struct json *cert = json_get(x->auth, STR("clientCert"));

    if (add_headers(x, &list, err) < 0 ||
        artifact_secret_text(x->c, cert, "auth", "clientCertSecret", &call.cert_pem, err) < 0 ||
        artifact_secret_text(x->c, cert, "auth", "clientKeySecret", &call.key_pem, err) < 0)
        return -1;
    for (size_t i = 0, n = x->to ? http_resume_headers(x->to, x->c->a, rest) : 0; i < n; i++)
        VEC_APUSH(x->c->a, &list, rest[i]);
    call.headers = list.at;
    call.header_count = list.len;
    result = http_client_do(client, x->c->a, &call, &answer, err);
    if (x->to && x->to->sink.error)
        return err_sys(err, x->to->sink.error, "write what GET " STR_FMT " gave",
                       STR_ARG(http_url_shown(x->c->a, x->url)));
    return result < 0 ? -1 : judge(x, &answer, err);
}

static int get(struct exchange *x, int dir, const char *name, struct err *err)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    struct http_client *client;
    struct http_resume resume;
    int next;

    if (fd < 0)
        return err_sys(err, errno, "write an artifact");
    http_resume_init(&resume, fd);
    x->method = "GET";
    x->to = &resume;
    client = http_client_new();
    do
        next = http_resume_next(&resume, x->c->a, exchange(x, client, err), err);
    while (next > 0);
    http_client_free(client);
    close(fd);
    return next;
}

static int put(struct exchange *x, int dir, const char *name, struct err *err)
{
    struct stat st;
    int result;

    x->method = "PUT";
    x->from = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (x->from < 0 || fstat(x->from, &st) < 0)
        result = err_sys(err, errno, "read an artifact");
    else if (!S_ISREG(st.st_mode))
        result = err_set(err, ERR_INVALID,
                         "PUT " STR_FMT ": a folder is stored packed: leave archive.none out",
                         STR_ARG(http_url_shown(x->c->a, x->url)));
    else {
        _cleanup_(http_client_freep) struct http_client *client = http_client_new();

        x->size = (uint64_t) st.st_size;
        result = exchange(x, client, err);
    }
    if (x->from >= 0)
        close(x->from);
    return result;
}

static struct exchange of_http(const struct artifact_call *c, const struct json *place)
{
    return (struct exchange){.c = c,
                             .url = json_get_str(place, STR("url")),
                             .headers = json_get(place, STR("headers")),
                             .login = json_path(place, "auth", "basicAuth", NULL),
                             .auth = json_get(place, STR("auth"))};
}

static int load_http(const struct artifact_call *c, const struct json *place, int dir,
                     const char *name, struct err *err)
{
    struct exchange x = of_http(c, place);

    return get(&x, dir, name, err);
}

static int save_http(const struct artifact_call *c, const struct json *place, int dir,
                     const char *name, struct err *err)
{
    struct exchange x = of_http(c, place);

    return put(&x, dir, name, err);
}

const struct artifact_driver artifact_http = {.load = load_http, .save = save_http};

/* ---- Artifactory ---- */

static int load_artifactory(const struct artifact_call *c, const struct json *place, int dir,
                            const char *name, struct err *err)
{
    struct exchange x = {.c = c, .url = json_get_str(place, STR("url")), .login = place};

    return get(&x, dir, name, err);
}

static int save_artifactory(const struct artifact_call *c, const struct json *place, int dir,
                            const char *name, struct err *err)
{
    struct exchange x = {.c = c, .url = json_get_str(place, STR("url")), .login = place};

    return put(&x, dir, name, err);
}

const struct artifact_driver artifact_artifactory = {.load = load_artifactory,
                                                     .save = save_artifactory};
