/* Whether a CronWorkflow has reached its end: spec.stopStrategy. See decide.h. */
#include "lang/expr/expr.h"
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

    return value_of_json(a, json_is(labels, JSON_OBJECT) ? labels : &empty);
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

/* The names of an expression about a CronWorkflow. As upstream's, its annotations are its
 * labels. */
static struct value names_of(struct arena *a, const struct json *cron)
{
    struct expr_name *names = ARENA_ARRAY(a, struct expr_name, NAMES_MAX);
    struct value labels = labels_of(a, cron);

    names[0] = (struct expr_name){STR("cronworkflow.name"), value_string(object_name(cron))};
    names[1] =
        (struct expr_name){STR("cronworkflow.namespace"), value_string(object_namespace(cron))};
    names[2] = (struct expr_name){STR("cronworkflow.labels"), labels};
    names[3] = (struct expr_name){STR("cronworkflow.annotations"), labels};
    names[4] = (struct expr_name){STR("cronworkflow.succeeded"),
                                  value_int(counter(cron, "succeeded"))};
    names[5] =
        (struct expr_name){STR("cronworkflow.failed"), value_int(counter(cron, "failed"))};
    names[6] = (struct expr_name){STR("cronworkflow.lastScheduledTime"), last_time(a, cron)};
    return expr_nest(a, names, NAMES_MAX);
}

int cron_has_reached_end(struct arena *a, const struct json *cron, struct wall now, bool *ret,
                         struct err *err)
{
    struct str text = json_str(json_path(cron, "spec", "stopStrategy", "expression", NULL));
    struct value names, value;
    struct expr_env env = {.lookup = expr_lookup_map, .functions = EXPR_PLAIN, .now = now};

    if (str_is_empty(text)) {
        *ret = false;
        return 0;
    }
    names = names_of(a, cron);
    env.ctx = &names;
    if (expr_eval(a, text, &env, &value, err) < 0)
        return err_wrap(err, "failed to evaluate stop expression");
    if (value.type != VALUE_BOOL)
        return err_set(
            err, ERR_INVALID,
            "failed to evaluate stop expression: its result is neither true nor false");
    *ret = value.is_true;
    return 0;
}

struct json cron_stopped(struct arena *a, const struct json *cron)
{
    struct json made =
        json_set_path(a, cron, json_string(STR("Stopped")), "status", "phase", NULL);

    return json_set_path(a, &made, json_string(STR("true")), "metadata", "labels",
                         "cronworkflows.argoproj.io/completed", NULL);
}
