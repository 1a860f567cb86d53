/* Arguments given on a command line or with a submission, put into a workflow's spec. Pure. */
#include "base/vec.h"
#include "objects/object.h"

static struct json parameter(struct arena *a, struct str pair, size_t at)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("name"), json_string(str_head(pair, at)));
    json_add(a, &b, STR("value"), json_string(str_skip(pair, at + 1)));
    return json_object(&b);
}

static bool is_given(const struct json *given, size_t count, const struct json *item)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(json_get_str(&given[i], STR("name")), json_get_str(item, STR("name"))))
            return true;
    return false;
}

int object_set_parameters(struct arena *a, struct json *spec, const struct str *pairs,
                          size_t count, struct err *err)
{
    const struct json *old = json_path(spec, "arguments", "parameters", NULL), *item;
    struct json_array_builder list = {0};

    if (count == 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = str_find_char(pairs[i], '=');

        if (at == SIZE_MAX || at == 0)
            return err_set(err, ERR_INVALID,
                           "expected parameter of the form: NAME=VALUE. Received: " STR_FMT,
                           STR_ARG(pairs[i]));
        json_push(a, &list, parameter(a, pairs[i], at));
    }
    for (size_t i = 0; (item = json_item(old, i)) != NULL; i++)
        if (!is_given(list.at, count, item))
            json_push(a, &list, *item);
    *spec = json_set_path(a, spec, json_array(&list), "arguments", "parameters", NULL);
    return 0;
}
