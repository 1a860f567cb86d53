/*
 * lang/subst/names.c - names and ids.
 *
 * A node's id must be stable for ever, because retries, pods and other controllers find nodes
 * by it. Hash collisions are upstream's, too.
 */
#include "lang/subst/names.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/goquote.h"

enum {
    PREFIX_MAX_BYTES = 242, /* 253 of a pod's name less ten digits of hash and a dash */
    DISPLAY_NAME_MAX_BYTES = 63,
};

struct str node_id(struct arena *a, struct str workflow, struct str node)
{
    if (str_eq(workflow, node))
        return workflow;
    return str_printf(a, STR_FMT "-%u", STR_ARG(workflow), str_fnv32a(node));
}

struct str node_name_on_exit(struct arena *a, struct str parent)
{
    return str_printf(a, STR_FMT ".onExit", STR_ARG(parent));
}

struct str node_name_hook(struct arena *a, struct str parent, struct str hook)
{
    return str_printf(a, STR_FMT ".hooks." STR_FMT, STR_ARG(parent), STR_ARG(hook));
}

struct str node_name_container(struct arena *a, struct str pod_node, struct str container)
{
    return str_printf(a, STR_FMT "." STR_FMT, STR_ARG(pod_node), STR_ARG(container));
}

/* The beginning "[12]." or "." that stands between a boundary's name and a child's; its length.
 */
static size_t separator_len(struct str s)
{
    size_t at = 0;

    if (s.len > 0 && s.ptr[0] == '[') {
        at = 1;
        while (at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9')
            at++;
        if (at == 1 || at == s.len || s.ptr[at] != ']')
            return 0;
        at++;
    }
    return at < s.len && s.ptr[at] == '.' ? at + 1 : 0;
}

struct str node_display_name(struct str node, struct str boundary)
{
    if (str_is_empty(boundary))
        return node;
    if (str_starts(node, boundary))
        node = str_skip(node, boundary.len);
    return str_skip(node, separator_len(node));
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool node_display_name_is_valid(struct str name)
{
    if (name.len == 0)
        return true;
    if (name.len < 2 || name.len > DISPLAY_NAME_MAX_BYTES || !is_alphanumeric(name.ptr[0]) ||
        !is_alphanumeric(name.ptr[name.len - 1]))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_alphanumeric(name.ptr[i]) && name.ptr[i] != '-' && name.ptr[i] != '.')
            return false;
    return true;
}

enum pod_name_version pod_name_version_of(struct str annotation)
{
    return str_is(annotation, "v1") ? POD_NAME_V1 : POD_NAME_V2;
}

struct str pod_name(struct arena *a, struct str workflow, const struct pod_node *of,
                    enum pod_name_version version)
{
    struct str prefix = workflow, node = of->name, tmpl = of->tmpl;

    if (version == POD_NAME_V1)
        return str_is_empty(of->id) ? node_id(a, workflow, node) : of->id;
    if (str_eq(workflow, node))
        return workflow;
    if (!str_is_empty(tmpl))
        prefix = str_printf(a, STR_FMT "-" STR_FMT, STR_ARG(workflow), STR_ARG(tmpl));
    prefix = str_head(prefix, PREFIX_MAX_BYTES);
    return str_printf(a, STR_FMT "-%u", STR_ARG(prefix), str_fnv32a(node));
}

struct str pod_name_agent(struct arena *a, struct str workflow)
{
    return str_printf(a, STR_FMT "-%u-agent", STR_ARG(workflow), str_fnv32a(STR("agent")));
}

static int compare_members(const void *left, const void *right)
{
    const struct json_member *const *l = left, *const *r = right;

    return str_cmp((*l)->key, (*r)->key);
}

/* Keys and values without anything between, sorted by key. */
static void add_sorted(struct strbuf *b, struct arena *a, const struct json *v)
{
    VEC(const struct json_member *) sorted = {0};

    for (uint32_t i = 0; json_is(v, JSON_OBJECT) && i < v->count; i++)
        VEC_APUSH(a, &sorted, &v->members[i]);
    if (sorted.len > 1)
        qsort(sorted.at, sorted.len, sizeof(*sorted.at), compare_members);
    for (size_t i = 0; i < sorted.len; i++) {
        strbuf_add(b, sorted.at[i]->key);
        strbuf_add(b, json_str(&sorted.at[i]->value));
    }
}

int pod_name_artifact_gc(struct arena *a, const struct artifact_gc_pod *pod, struct str *ret,
                         struct err *err)
{
    _cleanup_strbuf_ struct strbuf hashed = STRBUF_INIT(MANIFEST_MAX_BYTES);
    const char *what;

    if (str_is(pod->strategy, "OnWorkflowCompletion")) {
        what = "wfcomp";
    } else if (str_is(pod->strategy, "OnWorkflowDeletion")) {
        what = "wfdel";
    } else {
        struct str quoted = go_quote(a, pod->strategy);

        return err_set(err, ERR_INVALID, "ArtifactGCStrategy " STR_FMT " not valid",
                       STR_ARG(quoted));
    }
    strbuf_add(&hashed, pod->account);
    add_sorted(&hashed, a, pod->labels);
    add_sorted(&hashed, a, pod->notes);
    *ret = str_printf(a, STR_FMT "-artgc-%s-%u", STR_ARG(pod->workflow), what,
                      str_fnv32a(strbuf_str(&hashed)));
    return 0;
}

struct str pod_label_artifact_gc(struct arena *a, struct str pod)
{
    return str_printf(a, "%u", str_fnv32a(pod));
}

struct str backfill_prefix(struct arena *a, struct str cron, struct str name)
{
    char *lower = str_cz(a, name);

    for (char *c = lower; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char) (*c - 'A' + 'a');
    return str_head(str_printf(a, STR_FMT "-backfill-%s", STR_ARG(cron), lower),
                    PREFIX_MAX_BYTES);
}

bool container_is_auxiliary(struct str name)
{
    return str_is(name, "wait") || str_is(name, "supervisor");
}

bool container_is_argo_sidecar(struct str name)
{
    return container_is_auxiliary(name) || str_starts(name, STR("artifact-plugin-"));
}
