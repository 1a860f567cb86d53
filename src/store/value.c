/* Single values of Secrets and ConfigMaps. See value.h. */
#include "store/value.h"

#include "formats/base64.h"

static struct str without_line_feed(struct str text)
{
    return str_ends(text, STR("\n")) ? str_head(text, text.len - 1) : text;
}

/* The text under a key of an object's data. */
static int find(struct store *s, struct arena *a, const struct store_key *where, struct str key,
                struct str *ret, struct err *err)
{
    const struct store_object *object = NULL;
    struct json doc;
    struct str text = STR_NONE;
    int result;

    if (store_get(s, where, &object, err) < 0)
        return -1;
    result = json_parse(a, object->doc, &doc, err);
    if (result == 0)
        text = str_copy(a, json_get_str(json_get(&doc, STR("data")), key));
    store_object_unref(object);
    if (result == 0 && str_is_none(text))
        return err_set(err, ERR_NOT_FOUND,
                       "%s '" STR_FMT "' does not have the key '" STR_FMT "'",
                       str_is(where->kind, "Secret") ? "secret" : "configmap",
                       STR_ARG(where->name), STR_ARG(key));
    *ret = text;
    return result;
}

int store_secret_value(struct store *s, struct str ns, const struct json *selector,
                       struct secret *ret, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct store_key where = {STR(""), STR("Secret"), ns,
                                    json_get_str(selector, STR("name"))};
    struct str text = STR_NONE;

    if (find(s, a, &where, json_get_str(selector, STR("key")), &text, err) < 0)
        return -1;
    if (base64_decode(a, text, &text, err) < 0)
        return err_wrap(err, "secret '" STR_FMT "'", STR_ARG(where.name));
    secret_init(ret, without_line_feed(text));
    return 0;
}

int store_config_value(struct store *s, struct arena *a, struct str ns,
                       const struct json *selector, struct str *ret, struct err *err)
{
    const struct store_key where = {STR(""), STR("ConfigMap"), ns,
                                    json_get_str(selector, STR("name"))};
    struct str text = STR_NONE;

    if (find(s, a, &where, json_get_str(selector, STR("key")), &text, err) < 0)
        return -1;
    *ret = without_line_feed(text);
    return 0;
}
