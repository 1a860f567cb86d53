/* What a CronWorkflow's conditions say: whether it has reached its end (spec.stopStrategy), and
 * whether a run is wanted now (spec.when). See decide.h. */
#include "lang/cond/cond.h"
#include "lang/expr/tag.h"
#include "workflows/cron/decide.h"

enum { NAMES_MAX = 7 };

static int64_t counter(const struct json *cron, const char *name)
{
    int64_t n = 0;

    return json_i64(json_path(cron, "status", name, NULL), &n) ? n : 0;
}

static struct value labels_of(struct arena *a, const struct json *cron)
{
    const struct json *labels = json_path(cron, "metadata", "labels", NULL);
    const struct json empty = json_object(&(struct json_object_builder){0});
    struct value made = value_of_json(a, json_is(labels, JSON_OBJECT) ? labels : &empty);

    made.go = VALUE_GO_STRING_MAP;
    return made;
}

static struct value last_time(struct arena *a, const struct json *cron)
{
    struct str text = json_str(json_path(cron, "status", "lastScheduledTime", NULL));
    struct gotime *t = ARENA_NEW(a, struct gotime);
    struct err ignored;

    if (str_is_empty(text) || gotime_parse_rfc3339(text, t, &ignored) < 0)
        return (struct value){.type = VALUE_NIL};
    return (struct value){.type = VALUE_TIME, .time = t};
}

/* The names of an expression about a CronWorkflow: NAMES_MAX. As upstream's, its annotations
 * are its labels. */
static struct expr_name *list_names(struct arena *a, const struct json *cron)
{
    struct expr_name *names = ARENA_ARRAY(a, struct expr_name, NAMES_MAX);
    struct value labels = labels_of(a, cron);

    names[0] = (struct expr_name){STR("cronworkflow.name"), value_string(object_name(cron))};
    names[1] =
        (struct expr_name){STR("cronworkflow.namespace"), value_string(object_namespace(cron))};
    names[2] = (struct expr_name){STR("cronworkflow.labels"), labels};
    names[3] = (struct expr_name){STR("cronworkflow.annotations"), labels};
    names[4] = (struct expr_name){STR("cronworkflow.succeeded"),
                                  value_int64(counter(cron, "succeeded"))};
    names[5] =
        (struct expr_name){STR("cronworkflow.failed"), value_int64(counter(cron, "failed"))};
    names[6] = (struct expr_name){STR("cronworkflow.lastScheduledTime"), last_time(a, cron)};
    return names;
}

int cron_has_reached_end(struct arena *a, const struct json *cron, struct wall now, bool *ret,
                         struct err *err)
{
    struct str text = json_str(json_path(cron, "spec", "stopStrategy", "expression", NULL));
    struct value names;
    struct expr_env env = {.lookup = expr_lookup_map, .functions = EXPR_PLAIN, .now = now};

    if (str_is_empty(text)) {
        *ret = false;
        return 0;
    }
    names = expr_nest(a, list_names(a, cron), NAMES_MAX);
    env.ctx = &names;
    if (expr_eval_bool(a, text, &env, ret, err) < 0)
        return err_wrap(err, "failed to evaluate stop expression");
    return 0;
}

struct json cron_stopped(struct arena *a, const struct json *cron)
{
    struct json made =
        json_set_path(a, cron, json_string(STR("Stopped")), "status", "phase", NULL);

    return json_set_path(a, &made, json_string(STR("true")), "metadata", "labels",
                         "cronworkflows.argoproj.io/completed", NULL);
}

/* ---- when ---- */

/* The names of a condition; the arena is where what they tell lives. */
struct when_scope {
    struct expr_tag_scope tag; /* the first: what expr_ctx points to */
    struct arena *a;
    const struct json *cron;
};

static enum subst_answer look_up(const void *ctx, struct str name, struct str *ret)
{
    static const char *const others[] = {"labels",           "labels.json", "annotations",
                                         "annotations.json", "succeeded",   "failed",
                                         "lastScheduledTime"};
    const struct when_scope *scope = ctx;

    if (str_is(name, "cronworkflow.name"))
        *ret = object_name(scope->cron);
    else if (str_is(name, "cronworkflow.namespace"))
        *ret = object_namespace(scope->cron);
    else {
        if (str_cut_prefix(&name, STR("cronworkflow.")))
            for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
                if (str_is(name, others[i]))
                    return SUBST_OTHER;
        return SUBST_MISSING;
    }
    return SUBST_TEXT;
}

/* Of labels and annotations a condition sees their JSON text alone: in upstream's map "labels"
 * makes way for "labels.json". */
static void each_name(const struct subst_options *opts, struct str prefix,
                      struct expr_tag_names *to)
{
    const struct when_scope *scope = (const struct when_scope *) opts->expr_ctx;
    const struct expr_name *names = list_names(scope->a, scope->cron);

    for (size_t i = 0; i < NAMES_MAX; i++) {
        struct value v = names[i].value;
        struct str name = names[i].name;
        struct json doc;
        struct err err;

        if (v.type == VALUE_MAP && value_json(scope->a, &v, &doc, &err) == 0) {
            name = str_printf(scope->a, STR_FMT ".json", STR_ARG(name));
            v = value_string(json_text(scope->a, &doc, JSON_SORT_KEYS | JSON_ESCAPE_HTML));
        }
        if (str_eq(name, prefix) ||
            (str_starts(name, prefix) && str_starts(str_skip(name, prefix.len), STR("."))))
            expr_tag_tell(to, name, v);
    }
}

int cron_is_wanted(struct arena *a, const struct json *cron, struct wall now, bool *ret,
                   struct err *err)
{
    struct str text = json_str(json_path(cron, "spec", "when", NULL));
    const struct when_scope scope = {
        .tag = {.now = now, .each = each_name}, .a = a, .cron = cron};
    const struct subst_options opts = {.lookup = look_up,
                                       .lookup_ctx = &scope,
                                       .unresolved = SUBST_REFUSE,
                                       .expr = expr_tag,
                                       .expr_ctx = &scope};

    if (subst_text(a, text, &opts, &text, err) < 0)
        return -1;
    return cond_eval_plain(a, text, ret, err);
}
