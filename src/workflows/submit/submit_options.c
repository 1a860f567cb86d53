/* Options of `argo submit` on a document. Pure; any thread. Does not look references up. */
#include "base/vec.h"
#include "workflows/submit/submit_internal.h"

static int cut_pair(struct str text, struct str *ret_name, struct str *ret_value,
                    struct err *err, const char *what)
{
    size_t at = str_find_char(text, '=');

    if (at == SIZE_MAX || at == 0)
        return err_set(err, ERR_INVALID,
                       "expected %s of the form: NAME=VALUE. Received: " STR_FMT, what,
                       STR_ARG(text));
    *ret_name = str_head(text, at);
    *ret_value = str_skip(text, at + 1);
    return 0;
}

static int add_pairs(struct arena *a, struct json *meta, const char *member, struct str pairs,
                     struct err *err)
{
    const struct json *old = json_get(meta, str_from(member));
    struct json map = json_set(a, old, STR(""), json_null());
    struct str rest = pairs, pair, name = STR(""), value = STR("");

    if (str_is_empty(pairs))
        return 0;
    map = json_without(a, &map, STR(""));
    while (str_cut(&rest, ',', &pair)) {
        if (str_is_empty(pair))
            continue;
        if (cut_pair(pair, &name, &value, err, member) < 0)
            return -1;
        map = json_set(a, &map, name, json_string(value));
    }
    *meta = json_set(a, meta, str_from(member), map);
    return 0;
}

static void set_text(struct arena *a, struct json *object, const char *member, struct str text)
{
    if (!str_is_empty(text))
        *object = json_set(a, object, str_from(member), json_string(text));
}

static int set_meta(struct arena *a, struct json *meta,
                    const struct workflow_submit_options *options, struct err *err)
{
    set_text(a, meta, "namespace", options->ns);
    if (!str_is_empty(options->generate_name)) {
        set_text(a, meta, "generateName", options->generate_name);
        if (!options->name_or_generate)
            *meta = json_without(a, meta, STR("name"));
    }
    set_text(a, meta, "name", options->name);
    if (add_pairs(a, meta, "labels", options->labels, err) < 0 ||
        add_pairs(a, meta, "annotations", options->annotations, err) < 0)
        return -1;
    for (size_t i = 0; i + 1 < options->from_label_count; i += 2)
        *meta = json_set_path(a, meta, json_string(options->from_labels[i + 1]), "labels",
                              str_cz(a, options->from_labels[i]), NULL);
    if (!str_is_empty(options->creator))
        *meta = json_set_path(a, meta, json_string(options->creator), "labels",
                              "workflows.argoproj.io/creator", NULL);
    return 0;
}

int submit_apply_options(struct arena *a, const struct json *doc,
                         const struct workflow_submit_options *options, struct json *ret,
                         struct err *err)
{
    const struct json *old_meta = json_get(doc, STR("metadata")),
                      *old_spec = json_get(doc, STR("spec"));
    const struct json empty = json_object(&(struct json_object_builder){0});
    struct json meta = old_meta ? *old_meta : empty, spec = old_spec ? *old_spec : empty;
    struct json made;

    if (set_meta(a, &meta, options, err) < 0 ||
        object_set_parameters(a, &spec, options->parameters, options->parameter_count, err) < 0)
        return -1;
    set_text(a, &spec, "entrypoint", options->entrypoint);
    set_text(a, &spec, "serviceAccountName", options->service_account);
    if (options->has_priority)
        spec = json_set(a, &spec, STR("priority"), json_int(a, options->priority));
    made = json_set(a, doc, STR("metadata"), meta);
    *ret = json_set(a, &made, STR("spec"), spec);
    return 0;
}
