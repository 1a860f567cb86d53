/*
 * workflows/engine/script_test.h - words of the tests of decisions: a workflow in YAML whose
 * pods end as a script says, and what is asked about it. Include after cmocka.h. Not part of
 * the program.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/yaml.h"
#include "workflows/engine/runner_test.h"

#define HEAD "metadata: {name: wf, namespace: default, uid: u-1}\nspec:\n"
#define LEAF                                                    \
    "  - name: say\n"                                           \
    "    inputs: {parameters: [{name: word, default: none}]}\n" \
    "    container: {image: busybox, args: ['{{inputs.parameters.word}}']}\n"

static inline struct str to_json(struct arena *a, struct str yaml)
{
    struct json doc;
    struct err err;

    if (yaml_parse(a, yaml, &doc, &err) < 0)
        fail_msg("%s", err.text);
    return json_text(a, &doc, JSON_COMPACT);
}

static inline const struct json *script_of(struct runner *r, struct arena *a,
                                           struct str node_name)
{
    struct str name = wf_name(r->wf);

    if (str_starts(node_name, name))
        node_name = str_concat(a, STR("$WF"), str_skip(node_name, name.len));
    return json_get(r->ctx, node_name);
}

static inline enum pod_phase scripted_phase(const struct json *pod)
{
    struct str phase = json_get_str(pod, STR("phase"));

    return str_is(phase, "Failed")  ? POD_FAILED
           : str_is(phase, "Error") ? POD_ERROR
                                    : POD_SUCCEEDED;
}

/* Those of a set that the script of their pod names. */
static inline void scripted_containers(const struct json *script, struct arena *a,
                                       struct pod_report *ret)
{
    const struct json *list = json_get(script, STR("containers"));
    struct pod_container_report *made =
        ARENA_ARRAY(a, struct pod_container_report, list ? list->count + 1 : 1);

    for (uint32_t i = 0; list && i < list->count; i++) {
        made[i].name = list->members[i].key;
        made[i].phase = scripted_phase(&list->members[i].value);
        made[i].message = json_get_str(&list->members[i].value, STR("message"));
    }
    ret->containers = made;
    ret->container_count = list ? list->count : 0;
}

/* Pods that the case does not name succeed. */
static inline void scripted(struct runner *r, const struct pod_request *request,
                            struct arena *a, struct pod_report *ret)
{
    const struct json *pod = script_of(r, a, request->node_name);

    ret->phase = scripted_phase(pod);
    scripted_containers(pod, a, ret);
    if (json_get(pod, STR("message")))
        ret->message = json_get_str(pod, STR("message"));
    ret->outputs = json_get(pod, STR("outputs"));
}

static inline void start(struct runner *r, struct arena *a, const char *yaml)
{
    r->outcome = scripted;
    runner_init(r, to_json(a, str_from(yaml)));
}

static inline void wake(struct runner *r)
{
    runner_pass(r, &(struct wf_input){.kind = WF_INPUT_WAKE});
}

static inline void change_spec(struct runner *r, struct arena *a, struct json value,
                               const char *field)
{
    struct json doc;
    struct err err;

    assert_int_equal(json_parse(a, str_copy(a, r->doc), &doc, &err), 0);
    doc = json_set_path(a, &doc, value, "spec", field, NULL);
    runner_pass(
        r, &(struct wf_input){.kind = WF_INPUT_SPEC, .doc = json_text(a, &doc, JSON_COMPACT)});
}

static inline const struct json *status_of(struct runner *r, struct arena *a)
{
    struct json *doc = ARENA_NEW(a, struct json);
    struct err err;

    assert_int_equal(json_parse(a, str_copy(a, r->doc), doc, &err), 0);
    return json_get(doc, STR("status"));
}

static inline void assert_text(struct str have, const char *want)
{
    if (!str_is(have, want))
        fail_msg("have \"" STR_FMT "\", want \"%s\"", STR_ARG(have), want);
}

static inline struct str node_field(struct runner *r, struct arena *a, const char *display,
                                    const char *field)
{
    MAP_FOREACH (it, &r->rows) {
        struct runner_row *row = it->value;
        struct json doc;
        struct err err;

        assert_int_equal(json_parse(a, row->doc, &doc, &err), 0);
        if (str_is(json_get_str(&doc, STR("displayName")), display))
            return str_copy(a, json_get_str(&doc, str_from(field)));
    }
    return STR_NONE;
}
