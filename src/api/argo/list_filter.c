/* Filters of lists of Workflows. See list_filter.h. Source: ../shared/spec/workflows.md 6.3. */
#include "api/argo/list_filter.h"

#include "api/argo/gateway.h"
#include "formats/gotime.h"

static int read_time(const char *what, struct str text, struct wall *ret, struct err *err)
{
    if (text.len > 0 && gotime_parse_wall(text, ret, err) < 0)
        return err_wrap(err, "%s", what);
    return 0;
}

static int take_namespace(struct str ns, struct archive_query *ret, struct err *err)
{
    if (ret->ns.len > 0 && !str_eq(ret->ns, ns))
        return err_set(err, ERR_INVALID,
                       "'namespace' query param (\"" STR_FMT
                       "\") and fieldselector 'metadata.namespace' (\"" STR_FMT
                       "\") are both specified and contradict each other",
                       STR_ARG(ret->ns), STR_ARG(ns));
    ret->ns = ns;
    return 0;
}

static int take_field(struct str term, struct str *name, struct archive_query *ret,
                      struct err *err)
{
    struct str rest = term;

    if (str_cut_prefix(&rest, STR("metadata.namespace!="))) {
        ret->not_ns = rest;
    } else if (str_cut_prefix(&rest, STR("metadata.namespace==")) ||
               str_cut_prefix(&rest, STR("metadata.namespace="))) {
        return take_namespace(rest, ret, err);
    } else if (str_cut_prefix(&rest, STR("metadata.name!="))) {
        ret->not_name = rest;
    } else if (str_cut_prefix(&rest, STR("metadata.name==")) ||
               str_cut_prefix(&rest, STR("metadata.name="))) {
        *name = rest;
    } else if (str_cut_prefix(&rest, STR("spec.startedAt>"))) {
        return read_time("spec.startedAt", rest, &ret->started_after, err);
    } else if (str_cut_prefix(&rest, STR("spec.startedAt<"))) {
        return read_time("spec.startedAt", rest, &ret->started_before, err);
    } else if (str_cut_prefix(&rest, STR("ext.showRemainingItemCount="))) {
        ret->counts_rest = str_is(rest, "true");
    } else {
        return err_set(err, ERR_INVALID, "unsupported requirement " STR_FMT, STR_ARG(term));
    }
    return 0;
}

int argo_field_filter(struct arena *a, struct str fields, struct str name_filter,
                      struct archive_query *ret, struct err *err)
{
    struct str rest = str_copy(a, fields), term, name = STR("");

    while (str_cut(&rest, ',', &term))
        if (term.len > 0 && take_field(term, &name, ret, err) < 0)
            return -1;
    if (name_filter.len == 0 || str_is(name_filter, "Exact"))
        ret->name = name;
    else if (str_is(name_filter, "Prefix"))
        ret->name_prefix = name;
    else if (str_is(name_filter, "Contains"))
        ret->name_part = name;
    else if (str_is(name_filter, "NotEquals"))
        ret->not_name = name.len > 0 ? name : ret->not_name; /* it may say != itself */
    else
        return err_set(err, ERR_INVALID,
                       "nameFilter \"" STR_FMT "\" is not one of Exact, Contains, Prefix, "
                       "NotEquals",
                       STR_ARG(name_filter));
    return 0;
}

int argo_list_filter(const struct argo_request *r, struct str ns, struct archive_query *ret,
                     struct err *err)
{
    struct selector *labels = ARENA_NEW(r->a, struct selector);
    struct str limit = argo_query(r, "listOptions.limit"), prefix = argo_query(r, "namePrefix");
    uint64_t count = 0;

    *ret = (struct archive_query){.ns = ns,
                                  .name = STR(""),
                                  .not_ns = STR(""),
                                  .not_name = STR(""),
                                  .name_prefix = STR(""),
                                  .name_part = STR(""),
                                  .labels = labels,
                                  .continue_token = STR("")};
    if (argo_field_filter(r->a, argo_query(r, "listOptions.fieldSelector"),
                          argo_query(r, "nameFilter"), ret, err) < 0 ||
        selector_parse(r->a, argo_query(r, "listOptions.labelSelector"), labels, err) < 0 ||
        read_time("createdAfter", argo_query(r, "createdAfter"), &ret->created_after, err) <
            0 ||
        read_time("finishedBefore", argo_query(r, "finishedBefore"), &ret->finished_before,
                  err) < 0)
        return -1;
    if (limit.len > 0 && !parse_u64(limit, &count))
        return err_set(err, ERR_INVALID, "listOptions.limit must be int");
    ret->limit = (size_t) count;
    if (prefix.len > 0)
        ret->name_prefix = prefix;
    return 0;
}
