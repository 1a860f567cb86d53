/*
 * objects/validate/workflow_scope.c - faults with their places, the names that tags may use,
 * and templates with their arguments filled in. See workflow_internal.h.
 */
#include <stdarg.h>

#include "base/limits.h"
#include "lang/subst/args.h"
#include "objects/validate/workflow_internal.h"

/* ---- faults ---- */

static void place(struct validate_checker *c, const struct json *at)
{
    if (c->pos == JSON_NO_POS && at)
        c->pos = at->pos;
}

int validate_bad(struct validate_checker *c, const struct json *at, const char *fmt, ...)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(MANIFEST_MAX_BYTES);
    va_list args;

    va_start(args, fmt);
    strbuf_vaddf(&b, fmt, args);
    va_end(args);
    place(c, at);
    return err_set(c->err, ERR_INVALID, STR_FMT, STR_ARG(strbuf_str(&b)));
}

int validate_inside(struct validate_checker *c, const struct json *at, const char *fmt, ...)
{
    struct str text = str_copy(c->a, str_from(c->err->text));
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(MANIFEST_MAX_BYTES);
    va_list args;

    place(c, at);
    if (c->err->kind == ERR_LIMIT) /* the way there is too long to be told */
        return -1;
    va_start(args, fmt);
    strbuf_vaddf(&b, fmt, args);
    va_end(args);
    return err_set(c->err, c->err->kind, STR_FMT STR_FMT, STR_ARG(strbuf_str(&b)),
                   STR_ARG(text));
}

/* ---- names ---- */

void validate_scope_done(struct validate_scope *s)
{
    map_done(&s->names);
}

void validate_name(struct validate_checker *c, struct validate_scope *s, const char *fmt, ...)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);
    va_list args;

    va_start(args, fmt);
    strbuf_vaddf(&b, fmt, args);
    va_end(args);
    map_put(&s->names, strbuf_str(&b), c);
}

struct str validate_placeholder(struct validate_checker *c)
{
    return str_printf(c->a, VALIDATE_PLACEHOLDER "%u", ++c->placeholders);
}

void validate_global(struct validate_checker *c, struct str name, struct str value)
{
    struct str *kept = ARENA_NEW(c->a, struct str);

    *kept = str_is_none(value) ? validate_placeholder(c) : value;
    map_put(&c->globals, name, kept);
}

static bool knows(const struct validate_scope *s, struct str name)
{
    for (; s; s = s->up)
        if (map_find(&s->names, name))
            return true;
    return false;
}

/* "steps.a.*": nothing is known of that node. */
static bool is_open_node(struct validate_checker *c, const struct validate_scope *s,
                         struct str tag)
{
    struct str rest = tag, group, node;

    return str_cut(&rest, '.', &group) && str_cut(&rest, '.', &node) &&
           knows(s, str_printf(c->a, STR_FMT "." STR_FMT ".*", STR_ARG(group), STR_ARG(node)));
}

static bool begins(struct str tag, const char *const *prefixes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_starts(tag, str_from(prefixes[i])))
            return true;
    return false;
}

static bool is_allowed(struct validate_checker *c, const struct validate_scope *s,
                       struct str tag)
{
    static const char *const checked[] = {"item.", "steps.",    "inputs.", "outputs.",
                                          "pod.",  "workflow.", "tasks."};
    static const char *const later[] = {"outputs.",
                                        "workflow.creationTimestamp",
                                        "workflow.scheduledTime",
                                        "workflow.duration",
                                        "tasks.name",
                                        "steps.name",
                                        "node.name"};
    static const char *const open[] = {"item.", "workflow.outputs.parameters.",
                                       "workflow.outputs.artifacts.", "workflow.labels.",
                                       "workflow.annotations."};

    if (!begins(tag, checked, COUNT_OF(checked)) || begins(tag, later, COUNT_OF(later)))
        return true;
    if (knows(s, tag) || map_find(&c->globals, tag) || is_open_node(c, s, tag))
        return true;
    for (size_t i = 0; i < COUNT_OF(open); i++) {
        struct str any = str_printf(c->a, "%s*", open[i]);

        if (str_starts(tag, str_from(open[i])) && (knows(s, any) || map_find(&c->globals, any)))
            return true;
    }
    return str_starts(tag, STR("workflow.parameters")) &&
           (c->is_for_template || map_find(&c->globals, STR("workflow.parameters.*")));
}

struct tag_check {
    struct validate_checker *c;
    const struct validate_scope *s;
};

static int check_tag(void *ctx, struct str tag, bool is_expr, struct err *err)
{
    const struct tag_check *check = ctx;

    if (is_expr || is_allowed(check->c, check->s, str_trim(tag)))
        return 0;
    return err_set(err, ERR_INVALID, "failed to resolve {{" STR_FMT "}}", STR_ARG(tag));
}

int validate_tags(struct validate_checker *c, const struct validate_scope *s,
                  const struct json *v)
{
    struct tag_check check = {c, s};

    return v ? subst_each_tag(json_text(c->a, v, JSON_COMPACT), check_tag, &check, c->err) : 0;
}

/* ---- arguments ---- */

struct fill {
    struct validate_checker *c;
    struct validate_scope local;
};

static enum subst_answer look_up(const void *ctx, struct str name, struct str *ret)
{
    const struct fill *fill = ctx;
    const struct str *value = map_find(&fill->c->globals, name);

    if (!value && !map_find(&fill->local.names, name))
        return SUBST_MISSING;
    *ret = value ? *value : validate_placeholder(fill->c);
    return SUBST_TEXT;
}

/* Expressions are looked at when they run. */
static int leave_expr(const struct subst_options *opts, struct arena *a, struct str expr,
                      struct json *ret, struct err *err)
{
    (void) opts, (void) a, (void) expr, (void) ret, (void) err;
    return 0;
}

static int any_config_map(const void *ctx, struct arena *a, struct str name, struct str key,
                          struct str *ret, struct err *err)
{
    (void) ctx, (void) a, (void) name, (void) key, (void) err;
    *ret = STR(VALIDATE_PLACEHOLDER "0");
    return 1;
}

/* An argument for every input. */
static struct json any_arguments(struct validate_checker *c, const struct json *tmpl)
{
    static const char *const lists[] = {"parameters", "artifacts"};
    struct json_object_builder all = {0};

    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const struct json *inputs = json_path(tmpl, "inputs", lists[i], NULL), *input;
        struct json_array_builder list = {0};

        for (size_t k = 0; (input = json_item(inputs, k)) != NULL; k++) {
            struct json_object_builder b = {0};

            json_add(c->a, &b, STR("name"), json_string(validate_text(input, "name")));
            if (i == 0)
                json_add(c->a, &b, STR("value"), json_string(validate_placeholder(c)));
            json_push(c->a, &list, json_object(&b));
        }
        json_add(c->a, &all, str_from(lists[i]), json_array(&list));
    }
    return json_object(&all);
}

/* ---- a tag without an end ---- */

static bool is_open(struct str text)
{
    size_t at, end;

    while ((at = str_find(text, STR("{{"))) != SIZE_MAX) {
        end = str_find(str_skip(text, at), STR("}}"));
        if (end == SIZE_MAX)
            return true;
        text = str_skip(text, at + end + 2);
    }
    return false;
}

static bool has_open_tag(const struct json *v)
{
    bool has_one = v->type == JSON_STRING && is_open(json_str(v));

    for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->count && !has_one; i++)
        has_one = has_open_tag(&v->items[i]);
    for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->count && !has_one; i++)
        has_one = has_open_tag(&v->members[i].value);
    return has_one;
}

/* An object with an empty one in it: last, or behind the member that it follows in Go. */
static struct json with_empty(struct arena *a, const struct json *v, const char *member,
                              const char *behind)
{
    struct json_object_builder b = {0};
    const struct json none = json_object(&(struct json_object_builder){0});
    bool is_missing = v->type == JSON_OBJECT && !json_get(v, str_from(member));

    if (!is_missing)
        return *v;
    for (uint32_t i = 0; i < v->count; i++) {
        json_add(a, &b, v->members[i].key, v->members[i].value);
        if (str_is(v->members[i].key, behind))
            json_add(a, &b, str_from(member), none);
    }
    if (!json_get(v, str_from(behind)))
        json_add(a, &b, str_from(member), none);
    return json_object(&b);
}

/* with_empty() for all members of a list, and of the lists in it. */
static struct json all_with_empty(struct arena *a, const struct json *list, const char *member,
                                  const char *behind)
{
    struct json_array_builder b = {0};

    if (list->type != JSON_ARRAY)
        return with_empty(a, list, member, behind);
    for (uint32_t i = 0; i < list->count; i++)
        json_push(a, &b, all_with_empty(a, &list->items[i], member, behind));
    return json_array(&b);
}

/* The template with the empty objects that Go's encoder always prints: the "}}" behind one of
 * them ends a tag that has no end of its own. */
static struct json as_go_prints(struct arena *a, const struct json *tmpl)
{
    static const char *const parts[][4] = {{"container", NULL, "resources", ""},
                                           {"script", NULL, "resources", ""},
                                           {"containerSet", "containers", "resources", ""},
                                           {"initContainers", NULL, "resources", ""},
                                           {"sidecars", NULL, "resources", ""},
                                           {"steps", NULL, "arguments", "template"},
                                           {"dag", "tasks", "arguments", "template"}};
    struct json made = *tmpl;

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        const struct json *part = json_path(&made, parts[i][0], parts[i][1], NULL);

        if (part)
            made = json_set_path(a, &made, all_with_empty(a, part, parts[i][2], parts[i][3]),
                                 parts[i][0], parts[i][1], NULL);
    }
    return made;
}

int validate_fill(struct validate_checker *c, const struct json *tmpl,
                  const struct json *arguments, struct json *ret)
{
    static const char *const retries[] = {"retries", "retries.lastExitCode",
                                          "retries.lastStatus", "retries.lastDuration",
                                          "retries.lastMessage"};
    struct fill fill = {.c = c};
    struct json any = any_arguments(c, tmpl), complete;
    struct args_call call = {
        .tmpl = tmpl,
        .arguments = arguments ? arguments : &any,
        .names = {.lookup = look_up, .lookup_ctx = &fill, .expr = leave_expr},
        .is_check = true,
        .config_map = any_config_map};
    int result;

    if (has_open_tag(tmpl)) {
        complete = as_go_prints(c->a, tmpl);
        call.tmpl = &complete;
    }
    if (validate_is_pod(validate_type_of(tmpl)))
        validate_name(c, &fill.local, "pod.name");
    for (size_t i = 0; validate_has(tmpl, "retryStrategy") && i < COUNT_OF(retries); i++)
        validate_name(c, &fill.local, "%s", retries[i]);
    result = args_process(c->a, &call, ret, c->err);
    validate_scope_done(&fill.local);
    return result;
}
