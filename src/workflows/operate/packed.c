/*
 * Nodes that a client has packed: status.compressedNodes holds the JSON of status.nodes, packed
 * by gzip, as base64. Clients of the Kubernetes API write workflows of more than 1 MiB so,
 * since a cluster stores no larger ones. Here nodes are rows, and are never shown or stored
 * that way.
 *
 * What a few bytes unpack to is bounded twice: its text, and how many values stand in it, each
 * of which takes more memory than the two bytes that it may be written with.
 */
#include "base/limits.h"
#include "formats/base64.h"
#include "formats/gzip.h"
#include "workflows/operate/operate.h"

#define FIELD "status.compressedNodes"

static int invalid(struct err *err)
{
    if (err->kind == ERR_UNSUPPORTED)
        return err_wrap(err, FIELD);
    err_wrap(err, FIELD ": Invalid value");
    err->kind = ERR_RULE;
    return -1;
}

static int unpack_text(struct arena *a, struct str packed, struct str *ret, struct err *err)
{
    if (base64_decode(a, packed, ret, err) < 0)
        return invalid(err);
    if (gzip_unpack(a, *ret, NODES_WRITTEN_MAX_BYTES, ret, err) == 0)
        return 0;
    if (err->kind == ERR_LIMIT)
        return err_set(err, ERR_RULE, FIELD ": Too long: may not unpack to more than %d bytes",
                       NODES_WRITTEN_MAX_BYTES);
    err_wrap(err, "gzip");
    return invalid(err);
}

/* No fewer than there are, by what stands between values and before the first ones. */
static size_t count_values(struct str text)
{
    bool is_quoted = false;
    size_t count = 1;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '"')
            is_quoted = !is_quoted;
        else if (is_quoted)
            i += c == '\\';
        else
            count += c == ',' || c == '[' || c == '{';
    }
    return count;
}

static int parse(struct arena *a, struct str text, struct json *ret, struct err *err)
{
    if (count_values(text) > NODES_WRITTEN_MAX_VALUES)
        return err_set(err, ERR_RULE, FIELD ": Too many: may not hold more than %d values",
                       NODES_WRITTEN_MAX_VALUES);
    if (json_parse(a, text, ret, err) < 0) {
        err_wrap(err, "JSON");
        return invalid(err);
    }
    if (ret->type == JSON_NULL)
        *ret = json_object(&(struct json_object_builder){0});
    return ret->type == JSON_OBJECT
               ? 0
               : err_set(err, ERR_RULE, FIELD ": Invalid value: it holds no object of nodes");
}

int operate_unpack_nodes(struct arena *a, struct json *doc, struct err *err)
{
    const struct json *status = json_get(doc, STR("status")),
                      *packed = json_get(status, STR("compressedNodes"));
    struct json made, nodes;
    struct str text;

    if (!json_is(packed, JSON_STRING) && !json_is(packed, JSON_NULL))
        return 0;
    made = json_without(a, status, STR("compressedNodes"));
    if (!str_is_empty(json_str(packed))) {
        if (unpack_text(a, json_str(packed), &text, err) < 0 || parse(a, text, &nodes, err) < 0)
            return -1;
        made = json_set(a, &made, STR("nodes"), nodes);
    }
    *doc = json_set(a, doc, STR("status"), made);
    return 1;
}
