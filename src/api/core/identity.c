/*
 * Who sends a request: a bearer token; open access from the loopback; somebody else, when a
 * header says so and the sender may impersonate (kubectl --as). A request is asked whenever it
 * matters: what it says does not change, what its token may does.
 */
#include "api/core/core.h"
#include "base/vec.h"

typedef VEC(struct str) str_vec;

/* ---- impersonation ---- */

static struct auth_request impersonation(struct str as)
{
    struct auth_request what = {
        .verb = STR("impersonate"), .group = STR(""), .resource = STR("users"), .name = as};

    if (auth_account_parse(as, &what.ns, &what.name))
        what.resource = STR("serviceaccounts");
    return what;
}

static int impersonate(struct api *api, struct http_request *req, struct str as,
                       struct auth_identity *who, struct err *err)
{
    struct auth_request what = impersonation(as);
    const struct http_header *headers;
    size_t count = http_headers_all(req, &headers);
    str_vec groups = {0};

    if (auth_check(api->auth, who, &what, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (!str_eq_nocase(headers[i].name, STR("Impersonate-Group")))
            continue;
        what = (struct auth_request){.verb = STR("impersonate"),
                                     .group = STR(""),
                                     .resource = STR("groups"),
                                     .name = headers[i].value};
        if (auth_check(api->auth, who, &what, err) < 0)
            return -1;
        VEC_APUSH(http_arena(req), &groups, headers[i].value);
    }
    *who = auth_identity_of(http_arena(req), as, STR(""), groups.at, groups.len);
    return 0;
}

/* What would otherwise be done with other rights than the sender thinks is refused. */
static int refuse_others(struct http_request *req, struct err *err)
{
    const struct http_header *headers;
    size_t count = http_headers_all(req, &headers);

    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(str_head(headers[i].name, 12), STR("Impersonate-")) &&
            !str_eq_nocase(headers[i].name, STR("Impersonate-User")) &&
            !str_eq_nocase(headers[i].name, STR("Impersonate-Group")))
            return err_set(err, ERR_INVALID, STR_FMT " is not supported yet",
                           STR_ARG(str_head(headers[i].name, 60)));
    return 0;
}

/* ---- the sender ---- */

/* "127.0.0.1:2746", "[::1]", "localhost": a name that no web site can give itself. */
static bool is_own_host(struct str host)
{
    struct str name = host;
    size_t end = str_find_char(host, ']');

    if (str_starts(host, STR("[")))
        return str_is(str_head(host, end == SIZE_MAX ? host.len : end + 1), "[::1]");
    str_cut(&host, ':', &name);
    return str_is(name, "localhost") ||
           (str_starts(name, STR("127.")) && str_find(name, STR("..")) == SIZE_MAX &&
            strspn(name.ptr, "0123456789.") >= name.len);
}

/* A page of a web site that is open in a browser of this machine comes over the loopback, too:
 * its requests bear its Origin, or its name as the Host. */
static bool is_local_program(struct http_request *req)
{
    struct str origin = http_header(req, STR("Origin")), host = http_header(req, STR("Host"));

    if (!http_is_loopback(req) || !is_own_host(host))
        return false;
    return str_is_none(origin) ||
           str_eq(origin, str_concat(http_arena(req), STR("http://"), host)) ||
           str_eq(origin, str_concat(http_arena(req), STR("https://"), host));
}

/* The original's user interface keeps "Bearer ..." in a cookie, and links lead to artifacts. It
 * counts for reading alone: pages of others can make a browser send what they like. */
static struct str cookie_token(struct http_request *req)
{
    struct str rest = http_header(req, STR("Cookie")), one, name;

    if (!str_is(http_method(req), "GET") && !str_is(http_method(req), "HEAD"))
        return STR_NONE;
    while (str_cut(&rest, ';', &one)) {
        one = str_trim(one);
        if (!str_cut(&one, '=', &name) || !str_is(name, "authorization") || str_is_none(one))
            continue;
        if (one.len > 1 && str_starts(one, STR("\"")) && str_ends(one, STR("\"")))
            one = str_of(one.ptr + 1, one.len - 2);
        if (str_starts(one, STR("Bearer "))) /* others of that name are somebody else's */
            return one;
    }
    return STR_NONE;
}

static int identify_sender(struct api *api, struct http_request *req, struct auth_identity *ret,
                           struct err *err)
{
    struct str given = http_header(req, STR("Authorization"));

    if (str_is_none(given))
        given = cookie_token(req);
    if (str_is_none(given) && api->options.is_open && is_local_program(req)) {
        *ret = auth_admin();
        return 0;
    }
    if (!str_starts(given, STR("Bearer ")))
        return err_set(err, ERR_UNAUTHORIZED,
                       "a bearer token is needed: Authorization: Bearer ...");
    return auth_identify(api->auth, http_arena(req), str_skip(given, 7), clock_wall(), ret,
                         err);
}

int api_identify(struct api *api, struct http_request *req, struct auth_identity *ret,
                 struct err *err)
{
    struct str as = http_header(req, STR("Impersonate-User"));

    if (identify_sender(api, req, ret, err) < 0 || refuse_others(req, err) < 0)
        return -1;
    if (!str_is_none(as))
        return impersonate(api, req, as, ret, err);
    if (!str_is_none(http_header(req, STR("Impersonate-Group"))))
        return err_set(err, ERR_INVALID,
                       "Impersonate-Group without Impersonate-User: a user is needed, too");
    return 0;
}

int api_check(struct api *api, struct http_request *req, const struct auth_request *what,
              struct err *err)
{
    struct auth_identity who;

    if (api_identify(api, req, &who, err) < 0)
        return -1;
    return auth_check(api->auth, &who, what, err);
}

const struct auth_identity *api_writer(struct api *api, struct http_request *req)
{
    struct auth_identity *who = ARENA_NEW(http_arena(req), struct auth_identity);
    struct err ignored;

    if (api_identify(api, req, who, &ignored) < 0) /* it has lost its rights: nobody */
        *who = (struct auth_identity){.user = STR("")};
    return auth_is_master(who) ? NULL : who;
}
