/*
 * What a request's body is, and what its answer is to be: media types, as Kubernetes' API
 * server negotiates them. Bodies are JSON, YAML or protobuf (kubectl's own), answers JSON or
 * YAML: an object, a Table, or its metadata alone. Pure; http threads and the loop.
 */
#include "api/api_internal.h"
#include "objects/protobuf.h"

#define PROTOBUF_TYPE "application/vnd.kubernetes.protobuf"

/* ---- what is accepted ---- */

struct offer {
    bool is_acceptable;
    bool is_yaml;
    enum reply_form form;
};

static struct str parameter(struct str parameters, const char *name)
{
    struct str rest = parameters, one, key;

    while (str_cut(&rest, ';', &one)) {
        one = str_trim(one);
        if (str_cut(&one, '=', &key) && str_is(str_trim(key), name))
            return str_trim(one);
    }
    return STR("");
}

static struct offer offer_for(struct str clause)
{
    struct str rest = clause, type = STR("");
    struct offer offer = {0};
    struct str as;

    str_cut(&rest, ';', &type);
    type = str_trim(type);
    offer.is_yaml = str_is(type, "application/yaml");
    if (!offer.is_yaml && !str_is(type, "application/json") && !str_is(type, "*/*") &&
        !str_is(type, "application/*"))
        return offer;
    as = str_is_none(rest) ? STR("") : parameter(rest, "as");
    offer.is_acceptable = as.len == 0;
    if (as.len == 0)
        return offer;
    if (!str_is(parameter(rest, "g"), "meta.k8s.io") || !str_is(parameter(rest, "v"), "v1"))
        return offer;
    if (str_is(as, "Table"))
        offer.form = REPLY_TABLE;
    else if (str_starts(as, STR("PartialObjectMetadata")))
        offer.form = REPLY_METADATA;
    offer.is_acceptable = offer.form != REPLY_WHOLE;
    return offer;
}

static struct offer offer_of(struct http_request *req)
{
    struct str rest = http_header(req, STR("Accept")), clause;
    struct offer offer = {.is_acceptable = true};

    if (str_is_empty(str_trim(rest)))
        return offer;
    while (str_cut(&rest, ',', &clause)) {
        offer = offer_for(str_trim(clause));
        if (offer.is_acceptable)
            return offer;
    }
    return (struct offer){0};
}

enum reply_form reply_form_of(struct http_request *req)
{
    return offer_of(req).form;
}

bool reply_is_yaml(struct http_request *req)
{
    return offer_of(req).is_yaml;
}

static bool refuse_accept(struct http_request *req)
{
    const struct json_object_builder none = {0};
    const struct json details = json_object(&none);
    const struct reply_refusal refusal = {
        406, "NotAcceptable",
        STR_INIT("only the following media types are accepted: application/json, "
                 "application/yaml, application/json;as=Table;v=v1;g=meta.k8s.io, "
                 "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"),
        &details};

    if (offer_of(req).is_acceptable)
        return false;
    reply_refuse(req, &refusal);
    return true;
}

/* ---- the body ---- */

/* "application/json; charset=utf-8": the part before the semicolon. */
struct str request_type(struct http_request *req)
{
    struct str rest = http_header(req, STR("Content-Type")), type = STR("");

    str_cut(&rest, ';', &type);
    return str_trim(type);
}

/* Patches have types of their own. */
static bool refuse_body(struct http_request *req)
{
    static const char *const known[] = {"", "application/json", "application/yaml",
                                        PROTOBUF_TYPE};
    const struct reply_refusal refusal = {
        415, "UnsupportedMediaType",
        STR_INIT("the body of the request was in an unknown format - accepted media types "
                 "include: application/json, application/yaml, " PROTOBUF_TYPE),
        NULL};
    struct str method = http_method(req);

    if (!str_is(method, "POST") && !str_is(method, "PUT") &&
        !(str_is(method, "DELETE") && http_body(req).len > 0))
        return false;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_is(request_type(req), known[i]))
            return false;
    reply_refuse(req, &refusal);
    return true;
}

bool negotiate_refuse(struct http_request *req)
{
    return refuse_accept(req) || refuse_body(req);
}

int request_text(struct http_request *req, struct str *ret, struct err *err)
{
    struct arena *a = http_arena(req);
    struct json v;

    *ret = http_body(req);
    if (!str_is(request_type(req), PROTOBUF_TYPE) || str_is_empty(*ret))
        return 0;
    if (protobuf_parse(a, *ret, &v, err) < 0)
        return -1;
    *ret = json_text(a, &v, JSON_COMPACT);
    return 0;
}
