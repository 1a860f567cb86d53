/*
 * artifacts/http.c - a file of a web server, by GET; 404 means that it is not there. Redirects
 * are followed as Go does. Addresses of metadata services are refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "artifacts/driver.h"
#include "base/vec.h"
#include "formats/base64.h"
#include "io/http_client.h"

enum { REDIRECTS_MAX = 10 };

struct fetch {
    int fd;
    int error; /* errno of a write */
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

/* "Authorization: Basic ..." of auth.basicAuth; nothing when there is none. */
static int basic_auth(const struct artifact_call *c, const struct json *place, struct str *ret,
                      struct err *err)
{
    const struct json *auth = json_path(place, "auth", "basicAuth", NULL);
    const struct json *user_from = json_get(auth, STR("usernameSecret"));
    const struct json *password_from = json_get(auth, STR("passwordSecret"));
    _cleanup_secret_ struct secret user = {0}, password = {0};
    struct str both;

    *ret = STR_NONE;
    if (!auth)
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

static int judge(const struct artifact_call *c, struct str url,
                 const struct http_answer *answer, struct err *err)
{
    struct str shown = http_url_shown(c->a, url);

    if (answer->status >= 200 && answer->status < 300)
        return 0;
    if (answer->status == 404)
        return err_set(err, ERR_NOT_FOUND, "GET " STR_FMT ": status 404: not found",
                       STR_ARG(shown));
    return err_set(err,
                   answer->status >= 500 || answer->status == 429 ? ERR_TRANSIENT : ERR_INVALID,
                   "GET " STR_FMT ": status %u", STR_ARG(shown), answer->status);
}

static int fetch(const struct artifact_call *c, const struct json *place, struct fetch *f,
                 struct err *err)
{
    const struct json *list = json_get(place, STR("headers")), *item;
    struct str url = json_get_str(place, STR("url")), authorization;
    VEC(struct http_header) headers = {0};
    struct http_answer answer;
    struct http_client *client;
    int result;

    if (basic_auth(c, place, &authorization, err) < 0)
        return -1;
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct http_header header = {json_get_str(item, STR("name")),
                                     json_get_str(item, STR("value"))};

        VEC_APUSH(c->a, &headers, header);
    }
    if (!str_is_none(authorization)) {
        struct http_header header = {STR("Authorization"), authorization};

        VEC_APUSH(c->a, &headers, header);
    }
    client = http_client_new();
    result = http_client_do(client, c->a,
                            &(struct http_call){.method = STR("GET"),
                                                .url = url,
                                                .headers = headers.at,
                                                .header_count = headers.len,
                                                .cancel_fd = -1,
                                                .redirect_max = REDIRECTS_MAX,
                                                .refuses_link_local = true,
                                                .on_chunk = take_chunk,
                                                .ctx = f},
                            &answer, err);
    http_client_free(client);
    if (f->error)
        return err_sys(err, f->error, "write what GET " STR_FMT " gave",
                       STR_ARG(http_url_shown(c->a, url)));
    return result < 0 ? -1 : judge(c, url, &answer, err);
}

static int load(const struct artifact_call *c, const struct json *place, int dir,
                const char *name, struct err *err)
{
    struct fetch f = {
        .fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644)};
    int result;

    if (f.fd < 0)
        return err_sys(err, errno, "write an artifact");
    result = fetch(c, place, &f, err);
    close(f.fd);
    return result;
}

const struct artifact_driver artifact_http = {.load = load};
