/* Answers: JSON values and Kubernetes Status objects. The one place that maps kinds of errors
 * to HTTP. */
#include "api/api_internal.h"
#include "base/limits.h"
#include "formats/yaml.h"

struct outcome {
    unsigned code;
    const char *reason;
};

static struct outcome outcome_of(enum err_kind kind)
{
    switch (kind) {
    case ERR_INVALID:
    case ERR_UNSUPPORTED:
        return (struct outcome){400, "BadRequest"};
    case ERR_RULE:
        return (struct outcome){422, "Invalid"};
    case ERR_NOT_FOUND:
        return (struct outcome){404, "NotFound"};
    case ERR_EXISTS:
        return (struct outcome){409, "AlreadyExists"};
    case ERR_CONFLICT:
        return (struct outcome){409, "Conflict"};
    case ERR_DENIED:
        return (struct outcome){403, "Forbidden"};
    case ERR_UNAUTHORIZED:
        return (struct outcome){401, "Unauthorized"};
    case ERR_GONE:
        return (struct outcome){410, "Expired"};
    case ERR_LIMIT:
        return (struct outcome){413, "RequestEntityTooLarge"};
    case ERR_TRANSIENT:
    case ERR_CANCELLED:
        return (struct outcome){503, "ServiceUnavailable"};
    case ERR_TIMEOUT:
        return (struct outcome){504, "Timeout"};
    case ERR_IO:
        return (struct outcome){507, "InsufficientStorage"};
    case ERR_NONE:
    case ERR_INTERNAL:
        break;
    }
    return (struct outcome){500, "InternalError"};
}

static void reply_yaml(struct http_request *req, unsigned status, const struct json *v)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(HTTP_RESPONSE_MAX_BYTES);

    yaml_print(&b, v);
    http_reply(req, status, STR("application/yaml"), strbuf_str(&b), NULL, 0);
}

void reply_json(struct http_request *req, unsigned status, const struct json *v)
{
    struct str text;

    if (reply_is_yaml(req)) {
        reply_yaml(req, status, v);
        return;
    }
    text = json_text(http_arena(req), v, JSON_COMPACT);
    http_reply(req, status, STR("application/json"),
               str_concat(http_arena(req), text, STR("\n")), NULL, 0);
}

static struct json status_value(struct arena *a, const struct reply_refusal *r)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("kind"), json_string(STR("Status")));
    json_add(a, &b, STR("apiVersion"), json_string(STR("v1")));
    json_add(a, &b, STR("metadata"), json_object(&(const struct json_object_builder){0}));
    json_add(a, &b, STR("status"), json_string(STR("Failure")));
    json_add(a, &b, STR("message"), json_string(r->message));
    json_add(a, &b, STR("reason"), json_string(str_from(r->reason)));
    if (r->details)
        json_add(a, &b, STR("details"), *r->details);
    json_add(a, &b, STR("code"), json_int(a, r->code));
    return json_object(&b);
}

void reply_refuse(struct http_request *req, const struct reply_refusal *refusal)
{
    const struct json status = status_value(http_arena(req), refusal);

    reply_json(req, refusal->code, &status);
}

/* Below the groups that the API server has itself, a Status; else text. */
static bool is_builtin_path(struct str path)
{
    size_t count;
    const struct object_kind *all = object_kinds(&count);
    struct str rest = path, group;

    if (str_starts(path, STR("/api/")))
        return true;
    if (!str_cut_prefix(&rest, STR("/apis/")) || !str_cut(&rest, '/', &group) ||
        str_is(group, "argoproj.io") || str_find_char(rest, '/') == SIZE_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (str_is(group, all[i].group))
            return true;
    return false;
}

void reply_no_path(struct http_request *req)
{
    const struct json_object_builder none = {0};
    const struct json details = json_object(&none);
    const struct reply_refusal refusal = {
        404, "NotFound", STR_INIT("the server could not find the requested resource"),
        &details};
    static const struct http_header plain[] = {
        {STR_INIT("X-Content-Type-Options"), STR_INIT("nosniff")}};

    if (is_builtin_path(http_path(req)))
        reply_refuse(req, &refusal);
    else
        http_reply(req, 404, STR("text/plain; charset=utf-8"), STR("404 page not found\n"),
                   plain, COUNT_OF(plain));
}

void reply_no_resource(struct http_request *req)
{
    struct err err;

    err_set(&err, ERR_NOT_FOUND, "the server could not find the requested resource " STR_FMT,
            STR_ARG(http_path(req)));
    reply_error(req, &err);
}

/* The details stand before the code. */
static struct json with_details(struct arena *a, const struct json *status, struct json details)
{
    const struct json *code = json_get(status, STR("code"));
    struct json made = json_without(a, status, STR("code"));

    made = json_set(a, &made, STR("details"), details);
    return json_set(a, &made, STR("code"), *code);
}

/* ---- what an error is about ---- */

struct subject {
    struct str group, resource, name;
};

static bool is_resource(struct str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (!(word.ptr[i] >= 'a' && word.ptr[i] <= 'z') &&
            !(word.ptr[i] >= '0' && word.ptr[i] <= '9') && word.ptr[i] != '.' &&
            word.ptr[i] != '-')
            return false;
    return word.len > 0;
}

/* The texts of the errors of one object begin with it: `secrets "one" not found`. */
static bool read_subject(struct str text, struct subject *ret)
{
    struct str word;

    str_cut_prefix(&text, STR("Operation cannot be fulfilled on "));
    if (!str_cut(&text, ' ', &word) || !is_resource(word) || !str_starts(text, STR("\"")))
        return false;
    text = str_skip(text, 1);
    if (str_find_char(text, '"') == SIZE_MAX)
        return false;
    str_cut(&text, '"', &ret->name);
    str_cut(&word, '.', &ret->resource);
    ret->group = word;
    return true;
}

static struct json subject_value(struct arena *a, const struct subject *of)
{
    struct json_object_builder b = {0};

    json_add_str(a, &b, STR("name"), of->name);
    json_add_str(a, &b, STR("group"), of->group);
    json_add_str(a, &b, STR("kind"), of->resource);
    return json_object(&b);
}

/* A namespace that takes nothing any more: clients look for that cause. */
static struct json with_ending(struct arena *a, const struct json *details, struct str text)
{
    const struct str begin = STR("unable to create new content in namespace ");
    size_t at = str_find(text, begin);
    struct json_object_builder b = {0};
    struct json_array_builder causes = {0};
    struct str ns = STR("");

    if (at == SIZE_MAX)
        return *details;
    text = str_skip(text, at + begin.len);
    str_cut(&text, ' ', &ns);
    json_add(a, &b, STR("reason"), json_string(STR("NamespaceTerminating")));
    json_add(
        a, &b, STR("message"),
        json_string(str_printf(a, "namespace " STR_FMT " is being terminated", STR_ARG(ns))));
    json_add(a, &b, STR("field"), json_string(STR("metadata.namespace")));
    json_push(a, &causes, json_object(&b));
    return json_set(a, details, STR("causes"), json_array(&causes));
}

#define TOO_LARGE "Too large resource version"

/* A version that is not there yet: clients begin anew by that cause, or come again. */
static struct json too_large(struct arena *a)
{
    struct json_object_builder b = {0}, cause = {0};
    struct json_array_builder causes = {0};

    json_add(a, &cause, STR("reason"), json_string(STR("ResourceVersionTooLarge")));
    json_add(a, &cause, STR("message"), json_string(STR(TOO_LARGE)));
    json_push(a, &causes, json_object(&cause));
    json_add(a, &b, STR("causes"), json_array(&causes));
    json_add(a, &b, STR("retryAfterSeconds"), json_int(a, 1));
    return json_object(&b);
}

struct json reply_status(struct arena *a, const struct err *err)
{
    struct outcome outcome = outcome_of(err->kind);
    struct reply_refusal refusal = {outcome.code, outcome.reason,
                                    str_copy(a, str_from(err->text)), NULL};
    struct json details;
    struct subject of;

    if (outcome.code > 400 && outcome.code < 500 && read_subject(refusal.message, &of)) {
        details = subject_value(a, &of);
        details = with_ending(a, &details, refusal.message);
        refusal.details = &details;
    } else if (err->kind == ERR_TIMEOUT &&
               str_find(refusal.message, STR(TOO_LARGE)) != SIZE_MAX) {
        details = too_large(a);
        refusal.details = &details;
    }
    return status_value(a, &refusal);
}

void reply_denied(struct http_request *req, const struct err *err,
                  const struct auth_request *what)
{
    struct arena *a = http_arena(req);
    struct subject of = {what->group, what->resource, what->name};
    struct str rest = what->resource;
    struct json status = reply_status(a, err);

    str_cut(&rest, '/', &of.resource);
    status = with_details(a, &status, subject_value(a, &of));
    reply_json(req, outcome_of(err->kind).code, &status);
}

/* ---- what breaks a rule ---- */

/* "spec.templates[0].name", "data[a b]" */
static bool is_field(struct str text)
{
    int depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        depth += text.ptr[i] == '[' ? 1 : text.ptr[i] == ']' ? -1 : 0;
        if (text.ptr[i] == ' ' && depth <= 0)
            return false;
    }
    return text.len > 0;
}

/* The place that the text of a broken rule begins with, and what is wrong there. */
static struct str cut_field(struct str *text)
{
    size_t colon;
    struct str field;

    colon = str_find(*text, STR(": "));
    if (colon == SIZE_MAX || !is_field(str_head(*text, colon)))
        return STR("spec");
    field = str_head(*text, colon);
    *text = str_skip(*text, colon + 2);
    return field;
}

static struct json rule_cause(struct arena *a, struct str text)
{
    static const struct {
        const char *begin, *reason;
    } reasons[] = {{"Required value", "FieldValueRequired"},
                   {"Unsupported value", "FieldValueNotSupported"},
                   {"Forbidden", "FieldValueForbidden"},
                   {"Too long", "FieldValueTooLong"},
                   {"Duplicate value", "FieldValueDuplicate"},
                   {"Not found", "FieldValueNotFound"}};
    struct json_object_builder b = {0};
    struct str field = cut_field(&text);
    const char *reason = "FieldValueInvalid";

    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (str_starts(text, str_from(reasons[i].begin)))
            reason = reasons[i].reason;
    json_add(a, &b, STR("reason"), json_string(str_from(reason)));
    json_add(a, &b, STR("message"), json_string(text));
    json_add(a, &b, STR("field"), json_string(field));
    return json_object(&b);
}

/* The path's name, or that in the body. */
static struct str name_of(struct http_request *req, const struct resource *r)
{
    struct err ignored;
    struct json body;

    if (!str_is_empty(r->name))
        return r->name;
    return resource_body(req, &body, &ignored) == 0 ? object_name(&body) : STR("");
}

static struct str without_position(struct str text)
{
    size_t end = str_find(text, STR(": "));

    return str_starts(text, STR("request:")) && end != SIZE_MAX ? str_skip(text, end + 2)
                                                                : text;
}

/* What names a field is found by that, also in a body that a client made of its user's file. */
static struct str placed(struct str whole)
{
    struct str text = without_position(whole), rest = text;

    cut_field(&rest);
    return rest.len < text.len ? text : whole;
}

/* Several broken rules are one text: "a: it is wrong; b: so is it". */
static bool next_fault(struct str *rest, struct str *ret)
{
    size_t from = 0, at, colon;

    if (rest->len == 0)
        return false;
    while ((at = str_find(str_skip(*rest, from), STR("; "))) != SIZE_MAX) {
        struct str next = without_position(str_skip(*rest, from + at + 2));

        from += at + 2;
        colon = str_find(next, STR(": "));
        if (colon == SIZE_MAX || !is_field(str_head(next, colon)))
            continue;
        *ret = str_head(*rest, from - 2);
        *rest = next;
        return true;
    }
    *ret = *rest;
    *rest = STR("");
    return true;
}

/* Parameters of a request are an object of their own, by the method. "": it is not about one.
 */
static const char *options_kind(struct http_request *req, struct str text)
{
    static const char *const fields[] = {"dryRun",
                                         "fieldManager",
                                         "fieldValidation",
                                         "force",
                                         "propagationPolicy",
                                         "resourceVersionMatch",
                                         "sendInitialEvents"};
    static const char *const kinds[][2] = {{"GET", "ListOptions"},
                                           {"POST", "CreateOptions"},
                                           {"PUT", "UpdateOptions"},
                                           {"PATCH", "PatchOptions"},
                                           {"DELETE", "DeleteOptions"}};
    struct str field = cut_field(&text);
    bool is_one = false;

    for (size_t i = 0; i < COUNT_OF(fields); i++)
        is_one |= str_is(field, fields[i]);
    for (size_t i = 0; is_one && i < COUNT_OF(kinds); i++)
        if (str_is(http_method(req), kinds[i][0]))
            return kinds[i][1];
    return "";
}

/* kubectl shows the causes and nothing else. */
static void reply_rule(struct http_request *req, const struct resource *of,
                       const struct err *err)
{
    struct arena *a = http_arena(req);
    struct str whole = str_copy(a, str_from(err->text)), text = without_position(whole);
    const struct object_kind options = {.kind = options_kind(req, text),
                                        .group = "meta.k8s.io"};
    const struct object_kind *kind = options.kind[0] ? &options : of->kind;
    struct str name = options.kind[0] ? STR("") : name_of(req, of);
    struct json_object_builder details = {0};
    struct json_array_builder causes = {0};
    const struct outcome outcome = outcome_of(err->kind);
    struct json what;
    const struct reply_refusal refusal = {
        outcome.code, outcome.reason,
        str_printf(a, "%s%s%s \"" STR_FMT "\" is invalid: " STR_FMT, kind->kind,
                   kind->group[0] ? "." : "", kind->group, STR_ARG(name),
                   STR_ARG(placed(whole))),
        &what};

    for (struct str rest = text, one; next_fault(&rest, &one);)
        json_push(a, &causes, rule_cause(a, one));
    json_add_str(a, &details, STR("name"), name);
    json_add_str(a, &details, STR("group"), str_from(kind->group));
    json_add(a, &details, STR("kind"), json_string(str_from(kind->kind)));
    json_add(a, &details, STR("causes"), json_array(&causes));
    what = json_object(&details);
    reply_refuse(req, &refusal);
}

void reply_error(struct http_request *req, const struct err *err)
{
    struct json status;
    struct resource r;

    if (err->kind == ERR_RULE && resource_parse(http_path(req), &r)) {
        reply_rule(req, &r, err);
        return;
    }
    status = reply_status(http_arena(req), err);
    reply_json(req, outcome_of(err->kind).code, &status);
}

static struct json cause(struct arena *a, const struct managed_conflict *conflict)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("reason"), json_string(STR("FieldManagerConflict")));
    json_add(a, &b, STR("message"),
             json_string(str_concat(a, STR("conflict with "), conflict->with)));
    json_add(a, &b, STR("field"), json_string(conflict->path));
    return json_object(&b);
}

void reply_conflicts(struct http_request *req, const struct managed_conflicts *conflicts)
{
    struct arena *a = http_arena(req);
    struct json_array_builder causes = {0};
    struct json_object_builder details = {0};
    struct json what;
    const struct reply_refusal refusal = {409, "Conflict", managed_conflict_text(a, conflicts),
                                          &what};

    for (size_t i = 0; i < conflicts->len; i++)
        json_push(a, &causes, cause(a, &conflicts->at[i]));
    json_add(a, &details, STR("causes"), json_array(&causes));
    what = json_object(&details);
    reply_refuse(req, &refusal);
}

struct json reply_metadata(struct arena *a, const struct json *doc)
{
    const struct json *meta = json_get(doc, STR("metadata"));
    struct json_object_builder b = {0};

    json_add(a, &b, STR("kind"), json_string(STR("PartialObjectMetadata")));
    json_add(a, &b, STR("apiVersion"), json_string(STR("meta.k8s.io/v1")));
    if (meta)
        json_add(a, &b, STR("metadata"), *meta);
    return json_object(&b);
}

void reply_object(struct http_request *req, unsigned status, const struct json *doc)
{
    struct arena *a = http_arena(req);
    const struct object_kind *kind =
        object_kind_find(json_get_str(doc, STR("apiVersion")), json_get_str(doc, STR("kind")));
    enum reply_form form = kind ? reply_form_of(req) : REPLY_WHOLE;
    struct json shown = *doc;
    struct resource r;

    if (resource_parse(http_path(req), &r))
        shown = object_in(a, r.shown, doc);
    if (form == REPLY_TABLE)
        shown = table_of_one(a, kind, &shown, http_query(req, STR("includeObject")));
    else if (form == REPLY_METADATA)
        shown = reply_metadata(a, doc);
    reply_json(req, status, &shown);
}

struct json reply_list(struct arena *a, const struct object_kind *kind,
                       const struct api_list *list)
{
    struct json_object_builder b = {0}, meta = {0};
    struct json_array_builder items = {0};

    for (uint32_t i = 0; i < list->items.count; i++)
        json_push(a, &items, object_in(a, kind, &list->items.items[i]));
    json_add(a, &meta, STR("resourceVersion"),
             json_string(str_printf(a, "%lld", (long long) list->rv)));
    json_add_str(a, &meta, STR("continue"), list->continue_token);
    json_add(a, &b, STR("apiVersion"), json_string(object_kind_api_version(a, kind)));
    json_add(a, &b, STR("kind"), json_string(str_printf(a, "%sList", kind->kind)));
    json_add(a, &b, STR("metadata"), json_object(&meta));
    json_add(a, &b, STR("items"), json_array(&items));
    return json_object(&b);
}

struct json reply_plain_list(struct arena *a, const struct object_kind *kind,
                             const struct json *list)
{
    const struct json *items = json_get(list, STR("items")),
                      *meta = json_get(list, STR("metadata"));
    struct json_array_builder plain = {0};

    if (strcmp(kind->group, "argoproj.io") == 0)
        return json_get(meta, STR("continue"))
                   ? *list
                   : json_set_path(a, list, json_string(STR("")), "metadata", "continue", NULL);
    for (uint32_t i = 0; i < items->count; i++) {
        const struct json headless = json_without(a, &items->items[i], STR("kind"));

        json_push(a, &plain, json_without(a, &headless, STR("apiVersion")));
    }
    return json_set(a, list, STR("items"), json_array(&plain));
}

static struct json success(struct arena *a, const struct reply_removal *removal)
{
    struct json_object_builder b = {0}, details = {0};

    json_add_str(a, &details, STR("name"), removal->name);
    json_add_str(a, &details, STR("group"), str_from(removal->kind->group));
    json_add(a, &details, STR("kind"), json_string(str_from(removal->kind->plural)));
    json_add_str(a, &details, STR("uid"), removal->uid);
    json_add(a, &b, STR("kind"), json_string(STR("Status")));
    json_add(a, &b, STR("apiVersion"), json_string(STR("v1")));
    json_add(a, &b, STR("metadata"), json_object(&(const struct json_object_builder){0}));
    json_add(a, &b, STR("status"), json_string(STR("Success")));
    json_add(a, &b, STR("details"), json_object(&details));
    return json_object(&b);
}

/* One object: a Status that says which; a collection: what it held. */
static void reply_removed(struct http_request *req)
{
    struct arena *a = http_arena(req);
    const struct reply_removal *removal = http_user(req);
    const struct api_list list = {.items = removal->items, .continue_token = STR("")};
    struct json made;

    if (str_is_empty(removal->name)) {
        made = reply_list(a, removal->kind, &list);
        made = reply_plain_list(a, removal->kind, &made);
    } else {
        made = success(a, removal);
    }
    reply_json(req, 200, &made);
}

const struct api_dialect reply_dialect = {.shows_kept = true,
                                          .created = 201,
                                          .object = reply_object,
                                          .removed = reply_removed,
                                          .fail = reply_error};
