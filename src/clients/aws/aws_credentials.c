/* See aws_credentials.h. */
#include "clients/aws/aws_credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/secret_cache.h"
#include "clients/aws/aws_credentials_internal.h"
#include "formats/gotime.h"

struct str aws_setting(const struct aws_search *s, const char *name)
{
    const char *value = s->who->env ? s->who->env(name) : getenv(name);

    return str_from(value ? value : "");
}

int aws_search_take(struct aws_search *s, const char *place, struct str access,
                    struct str secret, struct str token, struct err *err)
{
    if (str_is_empty(access) || str_is_empty(secret))
        return err_set(err, ERR_UNAUTHORIZED, "%s: an answer without keys", place);
    secret_done(&s->keys.secret_key);
    s->keys.access_key = str_copy(s->a, access);
    s->keys.session_token = str_copy(s->a, str_is_none(token) ? STR("") : token);
    secret_init(&s->keys.secret_key, secret);
    return 0;
}

void aws_search_until(struct aws_search *s, struct str text)
{
    struct wall ends;
    struct err ignored;

    s->ends_ms = gotime_parse_wall(text, &ends, &ignored) == 0 ? ends.ms : s->now.ms;
}

int aws_read_text_file(struct aws_search *s, const char *setting, struct str path,
                       struct str *ret, struct err *err)
{
    char *bytes = arena_alloc_raw(s->a, AWS_FILE_MAX_BYTES + 1);
    int fd = open(str_cz(s->a, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len = fd < 0 ? -1 : fd_read(fd, bytes, AWS_FILE_MAX_BYTES + 1);
    int error = errno;

    if (fd >= 0)
        close(fd);
    if (len < 0)
        return err_sys(err, error, "%s: read " STR_FMT, setting, STR_ARG(path));
    if (len > AWS_FILE_MAX_BYTES)
        return err_set(err, ERR_INVALID, "%s: " STR_FMT " has over %d bytes", setting,
                       STR_ARG(path), AWS_FILE_MAX_BYTES);
    *ret = str_trim(str_of(bytes, (size_t) len));
    return 0;
}

/* ---- places that hold keys as they are ---- */

static int of_environment(struct aws_search *s, struct err *err)
{
    struct str access = aws_setting(s, "AWS_ACCESS_KEY_ID");
    struct str secret = aws_setting(s, "AWS_SECRET_ACCESS_KEY");

    if (str_is_empty(access) || str_is_empty(secret))
        return AWS_ABSENT;
    return aws_search_take(s, "environment", access, secret,
                           aws_setting(s, "AWS_SESSION_TOKEN"), err);
}

/* The value of a line "name = value" within "[profile]". */
static struct str profile_value(struct str text, struct str profile, const char *name)
{
    struct str line, key;
    bool is_in = false;

    while (str_cut(&text, '\n', &line)) {
        line = str_trim(line);
        if (str_starts(line, STR("["))) {
            size_t end = str_find_char(line, ']');

            is_in = end != SIZE_MAX && str_eq(str_trim(str_of(line.ptr + 1, end - 1)), profile);
        } else if (is_in && str_find_char(line, '=') != SIZE_MAX && str_cut(&line, '=', &key) &&
                   str_is(str_trim(key), name)) {
            return str_trim(line);
        }
    }
    return STR("");
}

static int of_files(struct aws_search *s, struct err *err)
{
    struct str path = aws_setting(s, "AWS_SHARED_CREDENTIALS_FILE");
    struct str profile = aws_setting(s, "AWS_PROFILE"), text;
    struct str home = aws_setting(s, "HOME");
    bool is_asked_for = !str_is_empty(path) || !str_is_empty(profile);

    if (str_is_empty(path))
        path = str_concat(s->a, home, STR("/.aws/credentials"));
    if (str_is_empty(profile))
        profile = STR("default");
    if (access(str_cz(s->a, path), R_OK) < 0 && !is_asked_for)
        return AWS_ABSENT;
    if (aws_read_text_file(s, "AWS_SHARED_CREDENTIALS_FILE", path, &text, err) < 0)
        return -1;
    if (str_is_empty(profile_value(text, profile, "aws_access_key_id")))
        return is_asked_for ? err_set(err, ERR_UNAUTHORIZED,
                                      STR_FMT " has no aws_access_key_id of profile " STR_FMT,
                                      STR_ARG(path), STR_ARG(profile))
                            : AWS_ABSENT;
    return aws_search_take(s, str_cz(s->a, path),
                           profile_value(text, profile, "aws_access_key_id"),
                           profile_value(text, profile, "aws_secret_access_key"),
                           profile_value(text, profile, "aws_session_token"), err);
}

/* ---- the chain ---- */

static int search(struct aws_search *s, struct err *err)
{
    static int (*const places[])(struct aws_search * s, struct err * err) = {
        of_environment, aws_web_identity, of_files, aws_container, aws_instance,
    };
    int result = AWS_ABSENT;

    for (size_t i = 0; i < COUNT_OF(places) && result == AWS_ABSENT; i++)
        result = places[i](s, err);
    if (result == AWS_ABSENT)
        return err_set(err, ERR_UNAUTHORIZED,
                       "no AWS keys: none in the environment (AWS_ACCESS_KEY_ID, "
                       "AWS_WEB_IDENTITY_TOKEN_FILE), ~/.aws/credentials, the container's or "
                       "the instance's metadata");
    if (result == 0 && !str_is_empty(s->who->role_arn))
        result = aws_assume_role(s, err);
    return result;
}

/* ---- what is kept: "ACCESS\nSECRET\nTOKEN" ---- */

static bool recall(struct arena *a, struct str name, struct wall now, struct aws_keys *ret)
{
    _cleanup_secret_ struct secret kept = {0};
    struct str rest, access, secret, token;

    if (!secret_cache_find(name, now, &kept))
        return false;
    rest = secret_reveal(&kept);
    str_cut(&rest, '\n', &access);
    str_cut(&rest, '\n', &secret);
    str_cut(&rest, '\n', &token);
    *ret = (struct aws_keys){.access_key = str_copy(a, access),
                             .session_token = str_copy(a, token)};
    secret_init(&ret->secret_key, secret);
    return true;
}

static void keep(struct str name, const struct aws_search *s)
{
    struct str text =
        str_printf(s->a, STR_FMT "\n" STR_FMT "\n" STR_FMT, STR_ARG(s->keys.access_key),
                   STR_ARG(secret_reveal(&s->keys.secret_key)), STR_ARG(s->keys.session_token));

    secret_cache_put(name, text, (struct wall){s->ends_ms});
}

int aws_credentials_find(const struct aws_credentials *who, struct arena *a, struct wall now,
                         struct aws_keys *ret, struct err *err)
{
    _cleanup_(http_client_freep) struct http_client *http = NULL;
    struct str name = str_printf(a, "aws\n" STR_FMT "\n" STR_FMT, STR_ARG(who->role_arn),
                                 STR_ARG(who->region));
    struct aws_search s = {.who = who, .a = a, .now = now};

    if (recall(a, name, now, ret))
        return 0;
    s.http = http = http_client_new();
    if (search(&s, err) < 0) {
        secret_done(&s.keys.secret_key);
        return -1;
    }
    if (s.ends_ms)
        keep(name, &s);
    *ret = s.keys;
    return 0;
}

int aws_sign_as(struct arena *a, const struct aws_request *req, const struct aws_keys *keys,
                const struct aws_credentials *who, struct aws_signature *ret, struct err *err)
{
    struct aws_keys found;
    int result;

    if (!who)
        return aws_sign(a, req, keys, ret, err);
    if (aws_credentials_find(who, a, req->now, &found, err) < 0)
        return -1;
    result = aws_sign(a, req, &found, ret, err);
    secret_done(&found.secret_key);
    return result;
}
