/*
 * The rules of an object with the templates of all given files. Pure. See lint.h. What is not
 * in them is not known: argo's offline lint says so, too.
 */
#include "cli/lint.h"
#include "objects/validate/workflow_validate.h"

static int find(void *ctx, struct arena *a, struct str name, enum validate_where where,
                const struct json **ret, struct err *err)
{
    const struct lint_documents *all = ctx;
    bool is_cluster = where == VALIDATE_CLUSTER;
    const char *kind = is_cluster ? "ClusterWorkflowTemplate" : "WorkflowTemplate";

    (void) a;
    for (size_t i = 0; i < all->list.len; i++) {
        const struct object_document *doc = &all->list.at[i];

        if (doc->kind && strcmp(doc->kind->kind, kind) == 0 &&
            str_eq(object_name(&doc->value), name)) {
            *ret = &doc->value;
            return 0;
        }
    }
    return is_cluster ? err_set(err, ERR_NOT_FOUND,
                                "couldn't find cluster workflow template \"" STR_FMT
                                "\": give the file that it is in, too",
                                STR_ARG(name))
                      : err_set(err, ERR_NOT_FOUND,
                                "couldn't find workflow template \"" STR_FMT
                                "\" in namespace \"\": give the file that it is in, too",
                                STR_ARG(name));
}

void lint_references(struct arena *a, const struct object_document *doc,
                     const struct lint_documents *all, struct field_faults *faults)
{
    const struct validate_finder finder = {
        .ctx = (void *) (uintptr_t) all, .find = find, .has_own_words = true};
    const struct validate_request request = {
        .doc = &doc->value, .finder = &finder, .purpose = VALIDATE_LINT};
    struct field_fault fault = {.path = STR("")};
    struct err err = {0};

    if (validate_workflow(a, &request, &fault.pos, &err) == 0)
        return;
    fault.kind = err.kind;
    fault.text = str_copy(a, str_from(err.text));
    VEC_APUSH(a, faults, fault);
}
