/*
 * What manifests refer to and no file holds, asked of the server that is named: its documents
 * join those of the files, unchecked. See lint.h.
 */
#include <stdlib.h>

#include "cli/call.h"
#include "cli/lint.h"

struct reference {
    const char *kind;
    struct str ns, name;
};

struct references {
    struct arena *arena;
    VEC(struct reference) list;
};

static bool is_known(const struct lint_documents *all, const struct reference *ref)
{
    for (size_t i = 0; i < all->list.len; i++) {
        const struct object_document *doc = &all->list.at[i];

        if (doc->kind && strcmp(doc->kind->kind, ref->kind) == 0 &&
            str_eq(object_name(&doc->value), ref->name))
            return true;
    }
    return false;
}

/* All templateRef and workflowTemplateRef of a value, however deep. */
static void collect(struct references *r, const struct json *value, struct str ns)
{
    for (uint32_t i = 0; value->type == JSON_ARRAY && i < value->count; i++)
        collect(r, &value->items[i], ns);
    for (uint32_t i = 0; value->type == JSON_OBJECT && i < value->count; i++) {
        const struct json_member *m = &value->members[i];
        struct str name = json_get_str(&m->value, STR("name"));
        struct reference ref = {"WorkflowTemplate", ns, name};

        collect(r, &m->value, ns);
        if (!str_is(m->key, "templateRef") && !str_is(m->key, "workflowTemplateRef"))
            continue;
        if (json_is(json_get(&m->value, STR("clusterScope")), JSON_BOOL) &&
            json_get(&m->value, STR("clusterScope"))->is_true)
            ref.kind = "ClusterWorkflowTemplate";
        if (name.len > 0 && str_find(name, STR("{{")) == SIZE_MAX)
            VEC_APUSH(r->arena, &r->list, ref);
    }
}

static int ask(struct cli *cli, const struct reference *ref, struct lint_documents *all,
               struct err *err)
{
    struct object_document doc = {
        .kind = object_kind_find(STR("argoproj.io/v1alpha1"), str_from(ref->kind)),
        .source = STR("")};
    struct str path = cli_path(cli, doc.kind, ref->ns, ref->name);

    if (call_get(cli, cli->arena, path, &doc.value, err) == 0) {
        VEC_APUSH(cli->arena, &all->list, doc);
        return 0;
    }
    return err->kind == ERR_NOT_FOUND ? 0 : err_wrap(err, "give --offline to ask no server");
}

bool lint_has_server(const struct cli *cli)
{
    const char *named = getenv("ARGO_SERVER");

    return cli->kube || flags_is_given(&cli->flags, "argo-server") || (named && *named);
}

int lint_fetch(struct cli *cli, struct lint_documents *all, struct err *err)
{
    for (size_t i = 0; i < all->list.len; i++) { /* grows by what is found */
        struct references r = {.arena = cli->arena};
        struct str ns = object_namespace(&all->list.at[i].value);

        collect(&r, &all->list.at[i].value, ns.len > 0 ? ns : cli_namespace(cli));
        for (size_t j = 0; j < r.list.len; j++)
            if (!is_known(all, &r.list.at[j]) && ask(cli, &r.list.at[j], all, err) < 0)
                return -1;
    }
    return 0;
}
