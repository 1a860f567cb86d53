/*
 * objects/validate/validate_common.c - what the rules of several kinds share: members, and the
 * connections of ../shared/spec/events.md 0.2 and 1.6. Pure functions, any thread.
 */
#include "formats/goquote.h"
#include "formats/regex.h"
#include "objects/validate/validate_internal.h"

const struct json *validate_get(const struct json *v, const char *name)
{
    const struct json *member = json_get(v, str_from(name));

    return json_is(member, JSON_NULL) ? NULL : member;
}

bool validate_has(const struct json *v, const char *name)
{
    return validate_get(v, name) != NULL;
}

struct str validate_text(const struct json *v, const char *name)
{
    struct str text = json_get_str(v, str_from(name));

    return str_is_none(text) ? STR("") : text;
}

bool validate_is_blank(const struct json *v, const char *name)
{
    return validate_text(v, name).len == 0;
}

uint32_t validate_count(const struct json *v, const char *name)
{
    const struct json *list = validate_get(v, name);

    return json_is(list, JSON_ARRAY) ? list->count : 0;
}

int validate_fail(struct err *err, const char *text)
{
    return err_set(err, ERR_INVALID, "%s", text);
}

int validate_needs(const struct json *v, const struct validate_need *needs, struct err *err)
{
    for (; needs && needs->name; needs++) {
        const struct json *member = validate_get(v, needs->name);

        if (!member || (member->type == JSON_STRING && member->count == 0))
            return validate_fail(err, needs->text);
    }
    return 0;
}

int validate_tls(const struct json *v, struct err *err)
{
    const struct json *tls = validate_get(v, "tls");
    bool has_cert = validate_has(tls, "clientCertSecret"),
         has_key = validate_has(tls, "clientKeySecret");

    if (!tls || json_get_bool(tls, STR("insecureSkipVerify")) ||
        json_get_bool(tls, STR("enabled")))
        return 0;
    if (!has_cert && !has_key && !validate_has(tls, "caCertSecret"))
        return validate_fail(err,
                             "invalid tls config, please configure either caCertSecret, or "
                             "clientCertSecret and clientKeySecret, or both");
    if (has_cert != has_key)
        return validate_fail(err, "invalid tls config, both clientCertSecret and "
                                  "clientKeySecret need to be configured");
    return 0;
}

int validate_basic_auth(const struct json *v, struct err *err)
{
    static const struct validate_need needs[] = {
        {"username", "username missing"}, {"password", "password missing"}, {0}};
    const struct json *auth = validate_get(v, "auth");

    return auth ? validate_needs(auth, needs, err) : 0;
}

int validate_sasl(const struct json *v, struct err *err)
{
    static const char *const mechanisms[] = {"",      "OAUTHBEARER",   "SCRAM-SHA-256",
                                             "PLAIN", "SCRAM-SHA-512", "GSSAPI"};
    const struct json *sasl = validate_get(v, "sasl");
    bool is_known = false;

    if (!sasl)
        return 0;
    for (size_t i = 0; i < COUNT_OF(mechanisms); i++)
        is_known |= str_is(validate_text(sasl, "mechanism"), mechanisms[i]);
    if (!is_known)
        return validate_fail(err,
                             "invalid sasl config. Possible values for SASL Mechanism are "
                             "`OAUTHBEARER`, `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` and "
                             "`GSSAPI`");
    if (!validate_has(sasl, "userSecret") || !validate_has(sasl, "passwordSecret"))
        return validate_fail(
            err, "invalid sasl config, both userSecret and passwordSecret must be defined");
    return 0;
}

/* Go's strconv.Atoi: digits with a sign. */
static bool is_atoi_syntax(struct str text)
{
    size_t first = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');

    for (size_t i = first; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len > first;
}

static int check_port(struct str port, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str number = str_skip(port, port.len > 0 && port.ptr[0] == '+');
    int64_t n;

    if (is_atoi_syntax(port) && parse_i64(number, &n))
        return 0;
    return err_set(err, ERR_INVALID,
                   "failed to parse server port " STR_FMT
                   ". err: strconv.Atoi: parsing " STR_FMT ": %s",
                   STR_ARG(port), STR_ARG(go_quote(a, port)),
                   is_atoi_syntax(port) ? "value out of range" : "invalid syntax");
}

int validate_webhook_context(const struct json *context, struct err *err)
{
    static const struct validate_need needs[] = {
        {"endpoint", "endpoint can't be empty"}, {"port", "port can't be empty"}, {0}};

    if (!context)
        return validate_fail(err, "");
    if (validate_needs(context, needs, err) < 0)
        return -1;
    return check_port(validate_text(context, "port"), err);
}

static bool is_absolute(struct str path)
{
    return path.len > 0 && path.ptr[0] == '/';
}

int validate_watch_path(const struct json *config, struct err *err)
{
    struct str path = validate_text(config, "path"),
               pattern = validate_text(config, "pathRegexp");
    _cleanup_regex_ struct regex *regex = NULL;

    if (validate_is_blank(config, "directory"))
        return validate_fail(err, "directory is required");
    if (!is_absolute(validate_text(config, "directory")))
        return validate_fail(err, "directory must be an absolute file path");
    if (path.len == 0 && pattern.len == 0)
        return validate_fail(err, "either path or pathRegexp must be specified");
    if (path.len > 0 && pattern.len > 0)
        return validate_fail(err, "path and pathRegexp cannot be specified together");
    if (is_absolute(path))
        return validate_fail(err, "path must be a relative file path");
    if (pattern.len == 0)
        return 0;
    regex = regex_new(pattern, err);
    return regex ? 0 : -1;
}
