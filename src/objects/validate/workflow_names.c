/*
 * objects/validate/workflow_names.c - names of templates, steps, parameters and artifacts, and
 * what arguments and artifacts must say. See workflow_internal.h.
 */
#include "formats/anystring.h"
#include "lang/subst/args.h"
#include "objects/validate/workflow_internal.h"

enum { FIELD_NAME_MAX_BYTES = 128 };

#define NOT_A_NAME                                                                  \
    "name must consist of alpha-numeric characters or '-', and must start with an " \
    "alpha-numeric character (e.g. My-name1-2, 123-NAME)"

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Bytes of a tag at the beginning of a text: "{{" words with dots between them "}}"; 0. */
static size_t tag_length(struct str text)
{
    size_t at = 2, first;

    if (!str_starts(text, STR("{{")))
        return 0;
    for (unsigned part = 0;; part++) {
        for (first = at; at < text.len && (is_word(text.ptr[at]) || text.ptr[at] == '-' ||
                                           (part > 0 && text.ptr[at] == '_'));)
            at++;
        if (at == first)
            return 0;
        if (str_starts(str_skip(text, at), STR("}}")))
            return at + 2;
        if (at >= text.len || text.ptr[at++] != '.')
            return 0;
    }
}

bool validate_is_tag(struct str text)
{
    for (size_t i = 0; i + 1 < text.len; i++)
        if (tag_length(str_skip(text, i)) > 0)
            return true;
    return false;
}

const char *validate_name_fault(struct str name, enum validate_names names)
{
    bool is_good = name.len > 0;

    if (names == VALIDATE_NAMES_PARAMETER) {
        for (size_t i = 0; i < name.len; i++)
            is_good &= is_word(name.ptr[i]) || name.ptr[i] == '_' || name.ptr[i] == '-';
        return is_good
                   ? NULL
                   : "Parameter/Artifact name must consist of alpha-numeric characters, '_' "
                     "or '-' e.g. my_param_1, MY-PARAM-1";
    }
    for (size_t i = 0; i < name.len; i++)
        is_good &= is_word(name.ptr[i]) || (name.ptr[i] == '-' && i > 0);
    if (name.len > FIELD_NAME_MAX_BYTES)
        return is_good ? "must be no more than 128 characters"
                       : "must be no more than 128 characters;" NOT_A_NAME;
    return is_good ? NULL : NOT_A_NAME;
}

int validate_names(struct validate_checker *c, const struct json *list,
                   enum validate_names names)
{
    _cleanup_map_ struct map seen = {0};
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str name = validate_text(item, "name");
        const struct json *at = validate_get(item, "name");
        const char *fault = validate_name_fault(name, names);

        if (name.len == 0)
            return validate_bad(c, item, "[%zu].name is required", i);
        if (fault)
            return validate_bad(c, at, "[%zu].name: '" STR_FMT "' is invalid: %s", i,
                                STR_ARG(name), fault);
        if (map_put(&seen, name, &seen))
            return validate_bad(c, at, "[%zu].name '" STR_FMT "' is not unique", i,
                                STR_ARG(name));
    }
    return 0;
}

/* ---- arguments ---- */

static int check_value_from(struct validate_checker *c, const struct json *parameter,
                            struct str prefix)
{
    const struct json *from = validate_get(parameter, "valueFrom");

    if (!from)
        return 0;
    if ((validate_has(from, "configMapKeyRef") || !validate_is_blank(from, "event") ||
         validate_has(from, "supplied")) &&
        validate_is_blank(from, "path") && validate_is_blank(from, "jsonPath") &&
        validate_is_blank(from, "parameter") && validate_is_blank(from, "expression"))
        return 0;
    return validate_bad(c, from,
                        STR_FMT STR_FMT
                        ".valueFrom only allows: default, configMapKeyRef and supplied",
                        STR_ARG(prefix), STR_ARG(validate_text(parameter, "name")));
}

/* 1: one that has no value yet ends the look at all arguments, as in the original. */
static int check_enum(struct validate_checker *c, const struct json *parameter,
                      struct str prefix, bool may_lack_values)
{
    const struct json *list = validate_get(parameter, "enum"), *item;
    struct str name = validate_text(parameter, "name");
    struct str value = any_string(c->a, validate_get(parameter, "value"));

    if (!list || (list->count == 0 && str_starts(prefix, STR("templates.")))) /* not printed */
        return 0;
    if (list->count == 0)
        return validate_bad(c, list, STR_FMT STR_FMT ".enum should contain at least one value",
                            STR_ARG(prefix), STR_ARG(name));
    if (!validate_has(parameter, "value"))
        return may_lack_values
                   ? 1
                   : validate_bad(c, parameter, STR_FMT STR_FMT ".value is required",
                                  STR_ARG(prefix), STR_ARG(name));
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(any_string(c->a, item), value))
            return 0;
    return validate_bad(c, validate_get(parameter, "value"),
                        STR_FMT STR_FMT ".value should be present in " STR_FMT STR_FMT
                                        ".enum list",
                        STR_ARG(prefix), STR_ARG(name), STR_ARG(prefix), STR_ARG(name));
}

static int check_artifact(struct validate_checker *c, const struct json *artifact,
                          struct str prefix)
{
    struct str name = validate_text(artifact, "name");
    bool has_from = !validate_is_blank(artifact, "from");

    if (!has_from && !args_has_location(artifact))
        return validate_bad(c, artifact,
                            STR_FMT STR_FMT ".from, artifact location, or key is required",
                            STR_ARG(prefix), STR_ARG(name));
    if (has_from && !validate_is_blank(artifact, "fromExpression"))
        return validate_bad(c, artifact,
                            STR_FMT STR_FMT
                            " shouldn't have both `from` and `fromExpression` in Artifact",
                            STR_ARG(prefix), STR_ARG(name));
    return 0;
}

static int check_argument_names(struct validate_checker *c, const struct json *arguments,
                                const char *member, struct str prefix)
{
    if (validate_names(c, validate_get(arguments, member), VALIDATE_NAMES_PARAMETER) == 0)
        return 0;
    return validate_inside(c, arguments, STR_FMT "%s", STR_ARG(prefix), member);
}

int validate_arguments(struct validate_checker *c, const struct json *arguments,
                       struct str prefix, bool may_lack_values)
{
    const struct json *parameters = validate_get(arguments, "parameters"), *item,
                      *artifacts = validate_get(arguments, "artifacts");
    int result;

    if (check_argument_names(c, arguments, "parameters", prefix) < 0 ||
        check_argument_names(c, arguments, "artifacts", prefix) < 0)
        return -1;
    for (size_t i = 0; (item = json_item(parameters, i)) != NULL; i++) {
        struct str name = validate_text(item, "name");

        if (!may_lack_values && !validate_has(item, "value") &&
            !validate_has(item, "valueFrom"))
            return validate_bad(
                c, item, STR_FMT STR_FMT ".value or " STR_FMT STR_FMT ".valueFrom is required",
                STR_ARG(prefix), STR_ARG(name), STR_ARG(prefix), STR_ARG(name));
        result = check_value_from(c, item, prefix);
        if (result == 0)
            result = check_enum(c, item, prefix, may_lack_values);
        if (result != 0)
            return result < 0 ? -1 : 0;
    }
    for (size_t i = 0; (item = json_item(artifacts, i)) != NULL; i++)
        if (check_artifact(c, item, prefix) < 0)
            return -1;
    return 0;
}

/* ---- artifacts ---- */

static int check_hdfs_login(struct validate_checker *c, const struct json *hdfs, struct str p)
{
    bool has_cache = validate_has(hdfs, "krbCCacheSecret"),
         has_keytab = validate_has(hdfs, "krbKeytabSecret"),
         lacks_service = validate_is_blank(hdfs, "krbServicePrincipalName") ||
                         !validate_has(hdfs, "krbConfigConfigMap");

    if (validate_is_blank(hdfs, "hdfsUser") && !has_cache && !has_keytab)
        return validate_bad(c, hdfs,
                            "either " STR_FMT ".hdfsUser, " STR_FMT
                            ".krbCCacheSecret or " STR_FMT ".krbKeytabSecret is required",
                            STR_ARG(p), STR_ARG(p), STR_ARG(p));
    if (has_keytab && (lacks_service || validate_is_blank(hdfs, "krbUsername") ||
                       validate_is_blank(hdfs, "krbRealm")))
        return validate_bad(c, hdfs,
                            STR_FMT ".krbServicePrincipalName, " STR_FMT
                                    ".krbConfigConfigMap, " STR_FMT ".krbUsername and " STR_FMT
                                    ".krbRealm are required with " STR_FMT ".krbKeytabSecret",
                            STR_ARG(p), STR_ARG(p), STR_ARG(p), STR_ARG(p), STR_ARG(p));
    if (has_cache && lacks_service)
        return validate_bad(c, hdfs,
                            STR_FMT ".krbServicePrincipalName and " STR_FMT
                                    ".krbConfigConfigMap are required with " STR_FMT
                                    ".krbCCacheSecret",
                            STR_ARG(p), STR_ARG(p), STR_ARG(p));
    return 0;
}

static int check_hdfs(struct validate_checker *c, const struct json *hdfs, struct str p)
{
    struct str path = validate_text(hdfs, "path");

    if (validate_count(hdfs, "addresses") == 0)
        return validate_bad(c, hdfs, STR_FMT ".addresses is required", STR_ARG(p));
    if (path.len == 0)
        return validate_bad(c, hdfs, STR_FMT ".path is required", STR_ARG(p));
    if (path.ptr[0] != '/')
        return validate_bad(c, hdfs, STR_FMT ".path must be a absolute file path", STR_ARG(p));
    return check_hdfs_login(c, hdfs, p);
}

int validate_location(struct validate_checker *c, const struct json *artifact,
                      struct str prefix)
{
    const struct json *git = validate_get(artifact, "git"),
                      *hdfs = validate_get(artifact, "hdfs");

    if (git && validate_is_blank(git, "repo"))
        return validate_bad(c, git, STR_FMT ".git.repo is required", STR_ARG(prefix));
    return hdfs ? check_hdfs(c, hdfs, str_printf(c->a, STR_FMT ".hdfs", STR_ARG(prefix))) : 0;
}

/* The path without empty parts, "." and "..", as Go's filepath.Clean(). */
static struct str clean(struct arena *a, struct str path)
{
    struct str made = STR(""), part;
    bool is_absolute = str_starts(path, STR("/"));

    while (str_cut(&path, '/', &part)) {
        size_t last = made.len;

        if (part.len == 0 || str_is(part, "."))
            continue;
        while (last > 0 && made.ptr[last - 1] != '/')
            last--;
        if (!str_is(part, "..") || (!is_absolute && made.len == 0))
            made = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(made),
                              made.len > 0 || is_absolute ? "/" : "", STR_ARG(part));
        else
            made = str_head(made, last > 0 ? last - 1 : 0);
    }
    return made;
}

/* Ends a path in "/" and two characters? The original means two dots, and takes any. */
static bool ends_in_two(struct str path)
{
    size_t at = path.len;

    for (int i = 0; i < 2 && at > 0; i++) {
        if (path.ptr[at - 1] == '\n')
            return false;
        at--;
        while (at > 0 && ((unsigned char) path.ptr[at] & 0xc0) == 0x80)
            at--;
    }
    return at > 0 && path.ptr[at - 1] == '/';
}

/* Does a path leave the folder that stands before its first ".."? */
static bool is_escaping(struct arena *a, struct str path)
{
    size_t at = str_find(path, STR("/../"));
    struct str folder, cleaned = clean(a, path);

    if (at == SIZE_MAX && ends_in_two(path))
        at = path.len - 3;
    if (at == SIZE_MAX || at == 0)
        return false;
    folder = str_printf(a, STR_FMT "/", STR_ARG(str_head(path, at)));
    return !str_starts(cleaned, folder) || cleaned.len <= folder.len;
}

int validate_path(struct validate_checker *c, const struct json *artifact, struct str prefix)
{
    struct str name = validate_text(artifact, "name"), path = validate_text(artifact, "path");

    if (path.len == 0)
        return validate_bad(
            c, artifact, "error in " STR_FMT ": Artifact '" STR_FMT "' did not specify a path",
            STR_ARG(prefix), STR_ARG(name));
    if (is_escaping(c->a, path))
        return validate_bad(c, validate_get(artifact, "path"),
                            "error in " STR_FMT ": Artifact '" STR_FMT
                            "' attempted to use a path containing '..'. Directory traversal is "
                            "not permitted",
                            STR_ARG(prefix), STR_ARG(name));
    return 0;
}
