/*
 * The list of Workflows. See workflow_list.h.
 *
 * A page comes from one of three parts, the unfinished, the finished and what is in the archive
 * alone; the continue token says from which ("u", "f" or "a" in front of the part's own). What
 * the store cannot filter is left out of its pages.
 */
#include "api/argo/workflow_list.h"
#include "api/argo/fields.h"
#include "api/argo/gateway.h"
#include "api/argo/list_filter.h"
#include "api/argo/objects.h"
#include "api/argo/operations.h"
#include "formats/gotime.h"

#define ARCHIVING_LABEL "workflows.argoproj.io/workflow-archiving-status"

/* ---- filters ---- */

/* The selector's text without its requirement on the name. */
static struct str other_fields(struct arena *a, const struct selector *s, struct str own)
{
    struct str text = own;

    for (size_t i = 0; i < s->len; i++)
        if (!str_is(s->at[i].key, "metadata.name") || s->at[i].op != SELECTOR_EQUAL)
            text = str_printf(a, STR_FMT "%s" STR_FMT "%s" STR_FMT, STR_ARG(text),
                              text.len ? "," : "", STR_ARG(s->at[i].key),
                              s->at[i].op == SELECTOR_EQUAL ? "=" : "!=",
                              STR_ARG(field_escape(a, s->at[i].values[0])));
    return text;
}

static struct str wanted_name(const struct selector *s)
{
    for (size_t i = 0; i < s->len; i++)
        if (str_is(s->at[i].key, "metadata.name") && s->at[i].op == SELECTOR_EQUAL)
            return s->at[i].values[0];
    return STR("");
}

int argo_name_filter(struct arena *a, struct str filter, struct str *fields,
                     struct str *ret_prefix, struct str *ret_part, struct err *err)
{
    struct selector s = {0};
    struct str name;

    *ret_prefix = *ret_part = STR("");
    if (str_is_empty(filter) || str_is(filter, "Exact"))
        return 0;
    if (selector_parse_fields(a, *fields, &s, err) < 0)
        return -1;
    name = wanted_name(&s);
    if (str_is(filter, "Prefix")) {
        *ret_prefix = name;
    } else if (str_is(filter, "Contains")) {
        *ret_part = name;
    } else if (!str_is(filter, "NotEquals")) {
        return err_set(err, ERR_INVALID,
                       "nameFilter \"" STR_FMT "\" is not one of Exact, Contains, Prefix, "
                       "NotEquals",
                       STR_ARG(filter));
    }
    *fields = other_fields(a, &s,
                           str_is(filter, "NotEquals") && name.len > 0
                               ? str_concat(a, STR("metadata.name!="), field_escape(a, name))
                               : STR(""));
    return 0;
}

static bool is_time(const struct json *v, struct wall *ret)
{
    struct err ignored;

    return json_str(v).len > 0 && gotime_parse_wall(json_str(v), ret, &ignored) == 0;
}

bool argo_workflow_is_listed(const struct argo_workflow_filter *filter,
                             const struct json *workflow)
{
    struct wall at;

    if (filter->name_part.len > 0 &&
        str_find(object_name(workflow), filter->name_part) == SIZE_MAX)
        return false;
    if (filter->created_after.ms > 0 &&
        !(is_time(json_path(workflow, "metadata", "creationTimestamp", NULL), &at) &&
          at.ms > filter->created_after.ms))
        return false;
    if ((filter->started_after.ms > 0 || filter->started_before.ms > 0) &&
        !(is_time(json_path(workflow, "status", "startedAt", NULL), &at) &&
          at.ms > filter->started_after.ms &&
          (filter->started_before.ms == 0 || at.ms < filter->started_before.ms)))
        return false;
    return filter->finished_before.ms == 0 ||
           (is_time(json_path(workflow, "status", "finishedAt", NULL), &at) &&
            at.ms < filter->finished_before.ms);
}

/* ---- pages ---- */

struct listing {
    const struct argo_request *r;
    struct api_query query;
    struct argo_workflow_filter filter;
    enum api_parts parts;
    bool has_archive, is_archive; /* it is looked at; the page begins there */
    struct archive_query archived;
    size_t limit; /* 0: all */
    struct json_array_builder items;
    int64_t rv;
    struct str continue_token;
};

static int read_time(const struct argo_request *r, const char *name, struct wall *ret,
                     struct err *err)
{
    struct str text = argo_query(r, name);

    if (text.len > 0 && gotime_parse_wall(text, ret, err) < 0)
        return err_wrap(err, "%s", name);
    return 0;
}

/* The selector's text without what only our own filters know; those take it. */
static struct str store_fields(struct listing *l, struct str fields)
{
    static const char *const own[] = {"spec.startedAt>", "spec.startedAt<", "ext."};
    struct str rest = fields, term, kept = STR("");
    struct archive_query times = {0};
    struct err ignored;

    while (str_cut(&rest, ',', &term)) {
        bool is_own = false;

        for (size_t i = 0; i < COUNT_OF(own); i++)
            is_own = is_own || str_starts(term, str_from(own[i]));
        if (is_own)
            (void) argo_field_filter(l->r->a, term, STR(""), &times, &ignored);
        else
            kept = str_printf(l->r->a, STR_FMT "%s" STR_FMT, STR_ARG(kept), kept.len ? "," : "",
                              STR_ARG(term));
    }
    l->filter.started_after = times.started_after;
    l->filter.started_before = times.started_before;
    return kept;
}

static int listing_init(struct listing *l, const struct argo_request *r, struct err *err)
{
    struct api_list_options options = argo_list_options(r);
    struct str prefix, token = options.continue_token;
    bool is_finished = str_starts(token, STR("f"));

    *l = (struct listing){.r = r, .continue_token = STR("")};
    l->is_archive = str_starts(token, STR("a"));
    l->has_archive = argo_list_filter(r, argo_variable(r, "namespace"), &l->archived, err) == 0;
    if (l->is_archive) {
        if (!l->has_archive)
            return -1;
        l->archived.continue_token = str_skip(token, 1);
        l->limit = l->archived.limit;
        return 0;
    }
    options.fields = store_fields(l, options.fields);
    if (token.len > 0 && !is_finished && !str_starts(token, STR("u")))
        return err_set(err, ERR_GONE, "the provided continue parameter is not valid");
    options.continue_token = str_skip(token, 1);
    if (argo_name_filter(r->a, argo_query(r, "nameFilter"), &options.fields, &prefix,
                         &l->filter.name_part, err) < 0 ||
        read_time(r, "createdAfter", &l->filter.created_after, err) < 0 ||
        read_time(r, "finishedBefore", &l->filter.finished_before, err) < 0 ||
        api_query_parse(r->a, argo_kind_of("Workflow"), argo_variable(r, "namespace"), &options,
                        &l->query, err) < 0)
        return -1;
    l->query.of.name_prefix = prefix;
    l->query.of.newest_first = true;
    l->query.of.finished = is_finished ? STORE_FINISHED : STORE_UNFINISHED;
    l->limit = l->query.of.limit;
    l->parts = argo_fields_exclude(argo_query(r, "fields"), "", STR("items.status.nodes"))
                   ? API_WITHOUT_NODES
                   : API_WHOLE;
    return 0;
}

/* The original lists what is in its archive from there: its readers find that by the label. */
static struct json as_archived(struct arena *a, const struct json *workflow)
{
    if (!str_is(object_label(workflow, STR(ARCHIVING_LABEL)), "Archived"))
        return *workflow;
    return json_set_path(a, workflow, json_string(STR("Persisted")), "metadata", "labels",
                         ARCHIVING_LABEL, NULL);
}

static void keep_listed(struct listing *l, const struct json *items)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(items, i)) != NULL; i++)
        if (argo_workflow_is_listed(&l->filter, item))
            json_push(l->r->a, &l->items, as_archived(l->r->a, item));
}

/* Goes to the next page of the store; false behind the last. */
static bool turn_page(struct listing *l, struct str token)
{
    if (token.len == 0 && l->query.of.finished == STORE_FINISHED)
        return false;
    if (token.len == 0)
        l->query.of.finished = STORE_FINISHED;
    l->query.of.continue_token = token;
    return true;
}

/* What is in the archive alone. */
static int read_archive(struct listing *l, struct err *err)
{
    struct archive_page page;

    if (!l->has_archive || (l->limit > 0 && l->items.len >= l->limit))
        return 0;
    if (l->limit > 0)
        l->archived.limit = l->limit - l->items.len;
    l->archived.leaves_out_live = true;
    if (store_archive_list(l->r->api->options.store, l->r->a, &l->archived, &page, err) < 0)
        return -1;
    (void) argo_archived_page(l->r->a, &page, &l->items);
    if (page.continue_token.len > 0)
        l->continue_token = str_concat(l->r->a, STR("a"), page.continue_token);
    return 0;
}

static int read_pages(struct listing *l, struct err *err)
{
    struct api_list page;

    if (l->is_archive)
        return read_archive(l, err);
    do {
        if (l->limit > 0)
            l->query.of.limit = l->limit - l->items.len;
        if (api_object_list(l->r->api, l->r->a, &l->query.of, l->parts, &page, err) < 0)
            return -1;
        if (l->rv == 0)
            l->rv = page.rv;
        keep_listed(l, &page.items);
        if (!turn_page(l, page.continue_token))
            return read_archive(l, err);
    } while (l->limit == 0 || l->items.len < l->limit);
    l->continue_token =
        str_printf(l->r->a, "%s" STR_FMT, l->query.of.finished == STORE_FINISHED ? "f" : "u",
                   STR_ARG(l->query.of.continue_token));
    return 0;
}

void argo_workflows_list(const struct argo_request *r)
{
    struct listing l;
    struct api_list list;
    struct json made;
    struct err err;

    if (listing_init(&l, r, &err) < 0 || read_pages(&l, &err) < 0) {
        argo_fail(r->req, &err);
        return;
    }
    list = (struct api_list){.items = l.items.len ? json_array(&l.items) : json_null(),
                             .rv = l.rv,
                             .continue_token = l.continue_token};
    made = argo_list_value(r->a, argo_kind_of("Workflow"), &list);
    made = argo_fields_clean(r->a, argo_query(r, "fields"), "", &made);
    argo_reply(r->req, &made);
}
