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
#include "io/http_client.h"

enum { REDIRECTS_MAX = 10 };

struct fetch {
    int fd;
    int error; /* errno of a write */
};

/* One request. */
struct exchange {
    const struct artifact_call *c;
    const char *method;
    struct str url;
    const struct json *headers; /* of the manifest, or NULL */
    const struct json *login;   /* {usernameSecret, passwordSecret}, or NULL */
    struct fetch *to;           /* GET: the file that gets the body */
    int from;                   /* PUT: the file that is sent */
    uint64_t size;
};

static int take_chunk(void *ctx, struct str chunk)
{
    struct fetch *f = ctx;

    while (chunk.len > 0) {
        ssize_t done = write(f->fd, chunk.ptr, chunk.len);

        if (done < 0) {
            f->error = errno;
            return -1;
        }
        chunk = str_skip(chunk, (size_t) done);
    }
    return 0;
}

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

static int add_headers(const struct exchange *x, headers *to, struct err *err)
{
    struct str authorization;
    const struct json *item;

    if (basic_auth(x->c, x->login, &authorization, err) < 0)
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

static int exchange(const struct exchange *x, struct err *err)
{
    struct http_call call = {.method = str_from(x->method),
                             .url = x->url,
                             .body_fd = x->from,
                             .body_len = x->size,
                             .stall_ms = HTTP_ARTIFACT_STALL_MS,
                             .cancel_fd = -1,
                             .redirect_max = x->to ? REDIRECTS_MAX : 0,
                             .refuses_link_local = true,
                             .on_chunk = x->to ? take_chunk : NULL,
                             .ctx = x->to};
    struct http_answer answer;
    struct http_client *client;
    headers list = {0};
    int result;

    if (add_headers(x, &list, err) < 0)
        return -1;
    call.headers = list.at;
    call.header_count = list.len;
    client = http_client_new();
    result = http_client_do(client, x->c->a, &call, &answer, err);
    http_client_free(client);
    if (x->to && x->to->error)
        return err_sys(err, x->to->error, "write what GET " STR_FMT " gave",
                       STR_ARG(http_url_shown(x->c->a, x->url)));
    return result < 0 ? -1 : judge(x, &answer, err);
}

static int get(struct exchange *x, int dir, const char *name, struct err *err)
{
    struct fetch f = {
        .fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644)};
    int result;

    if (f.fd < 0)
        return err_sys(err, errno, "write an artifact");
    x->method = "GET";
    x->to = &f;
    result = exchange(x, err);
    close(f.fd);
    return result;
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
        x->size = (uint64_t) st.st_size;
        result = exchange(x, err);
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
                             .login = json_path(place, "auth", "basicAuth", NULL)};
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
