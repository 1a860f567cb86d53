/*
 * workflowMetadata: labels and annotations that the spec gives to the workflow itself. Put
 * there once, at its first pass, over what it was submitted with; tags of workflow.* are filled
 * in, and values of labelsFrom are expressions over the same names. Source:
 * ../shared/spec/workflows.md 4.3.
 */
#include "formats/labels.h"
#include "lang/expr/tag.h"
#include "workflows/engine/wf_internal.h"

static int add(struct wf *wf, const char *part, const struct json_member *m, struct err *err)
{
    struct str value = str_copy(wf->doc_arena, json_str(&m->value)), problem;

    if (strcmp(part, "labels") == 0) {
        problem = label_value_problem(wf->pass->a, m->key, value, "workflowMetadata.labels");
        if (!str_is_none(problem))
            return err_set(err, ERR_INVALID,
                           "invalid label value \"" STR_FMT "\" for label \"" STR_FMT
                           "\": " STR_FMT,
                           STR_ARG(value), STR_ARG(m->key), STR_ARG(problem));
    }
    wf->doc = json_set_path(wf->doc_arena, &wf->doc, json_string(value), "metadata", part,
                            str_cz(wf->doc_arena, m->key), NULL);
    return 0;
}

static int add_evaluated(struct wf *wf, const struct json_member *m, struct err *err)
{
    const struct wf_names names = {.wf = wf};
    const struct subst_options opts = wf_names_options(&names, SUBST_REFUSE);
    struct str expression = json_get_str(&m->value, STR("expression")), value, problem;
    struct value v;

    if (expr_tag_value(&opts, wf->pass->a, expression, &v, err) < 0)
        return err_wrap(err,
                        "failed to evaluate label \"" STR_FMT "\" expression \"" STR_FMT "\"",
                        STR_ARG(m->key), STR_ARG(expression));
    value = value_str(&v);
    if (str_is_none(value))
        return err_set(err, ERR_INVALID,
                       "failed to evaluate label \"" STR_FMT "\" expression \"" STR_FMT
                       "\" evaluted to %s but must be a string",
                       STR_ARG(m->key), STR_ARG(expression), value_type_name(&v));
    problem = label_value_problem(wf->pass->a, m->key, value, "workflowMetadata.labelsFrom");
    if (!str_is_none(problem))
        return err_set(err, ERR_INVALID,
                       "invalid label value \"" STR_FMT "\" for label \"" STR_FMT
                       "\" and expression \"" STR_FMT "\": " STR_FMT,
                       STR_ARG(value), STR_ARG(m->key), STR_ARG(expression), STR_ARG(problem));
    wf->doc =
        json_set_path(wf->doc_arena, &wf->doc, json_string(str_copy(wf->doc_arena, value)),
                      "metadata", "labels", str_cz(wf->doc_arena, m->key), NULL);
    return 0;
}

int wf_metadata_apply(struct wf *wf, struct err *err)
{
    static const char *const parts[] = {"labels", "annotations"};
    const struct json *given = json_get(wf->spec, STR("workflowMetadata"));
    const struct wf_names names = {.wf = wf};
    const struct subst_options opts = wf_names_options(&names, SUBST_LEAVE);
    struct json filled;

    if (!given)
        return 0;
    if (subst_json(wf->pass->a, given, &opts, &filled, err) < 0)
        return -1;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        const struct json *list = json_get(&filled, str_from(parts[i]));

        for (uint32_t k = 0; json_is(list, JSON_OBJECT) && k < list->count; k++)
            if (add(wf, parts[i], &list->members[k], err) < 0)
                return -1;
    }
    given = json_get(given, STR("labelsFrom"));
    for (uint32_t k = 0; json_is(given, JSON_OBJECT) && k < given->count; k++)
        if (add_evaluated(wf, &given->members[k], err) < 0)
            return -1;
    wf->is_doc_changed = true;
    return 0;
}
