/*
 * tiphys cron backfill: the runs that a CronWorkflow would have made in a time that has passed.
 * One Workflow is created that makes them, one for each time, by a resource template; each run
 * gets its time as a parameter. Without --parallel they share a mutex.
 */
#include "base/limits.h"
#include "base/random.h"
#include "base/vec.h"
#include "cli/help.h"
#include "cli/workflow.h"
#include "formats/yaml.h"
#include "lang/cron/cron.h"
#include "objects/cron_workflow.h"

#define TIME_MARK "backfillscheduletime-of-this-run"
#define TIME_TAG  "{{inputs.parameters.backfillscheduletime}}"

enum { NAME_BYTES = 5, PREFIX_MAX_BYTES = 246, TIMES_MAX = 100000 };

struct backfill {
    struct cli *cli;
    struct str cron_name, name; /* of the CronWorkflow, of this task */
    struct str start_text, end_text;
    struct gotime start, end;
    VEC(struct str) times; /* as Go's Time.String() */
    VEC(struct str) made;  /* names of the workflows that were created */
};

/* ---- times ---- */

static int read_period(struct backfill *f, struct err *err)
{
    struct cli *cli = f->cli;
    const char *layout = cli_flag(cli, "format"), *start = cli_flag(cli, "start"),
               *end = cli_flag(cli, "end");

    if (!start || !*start)
        return err_set(err, ERR_INVALID, "start date should not be empty");
    f->start_text = str_from(start);
    if (gotime_parse(str_from(layout), f->start_text, NULL, &f->start, err) < 0)
        return -1;
    if (end && *end) {
        f->end_text = str_from(end);
        return gotime_parse(str_from(layout), f->end_text, NULL, &f->end, err);
    }
    f->end = gotime_of_wall(clock_wall());
    f->end_text = gotime_format(cli->arena, &f->end, STR("Mon, 02 Jan 2006 15:04:05 MST"));
    return 0;
}

/* The next time of a schedule, in the zone of @after. */
static bool next_of(const struct cron_schedule *schedule, const struct gotime *after,
                    struct gotime *ret)
{
    struct gotime at = gotime_in(after, NULL);
    int32_t shift = schedule->is_zoned ? 0 : after->offset_s;

    at.unix_s += shift;
    if (!cron_next(schedule, &at, NULL, &at))
        return false;
    *ret = *after;
    ret->unix_s = at.unix_s - shift;
    ret->ns = at.ns;
    return true;
}

/* The earliest time of any schedule behind @after; false when there is none before the end. */
static bool next_time(const struct backfill *f, const struct cron_schedule *schedules,
                      size_t count, const struct gotime *after, struct gotime *ret)
{
    bool has_one = false;
    struct gotime next;

    for (size_t i = 0; i < count; i++) {
        if (!next_of(&schedules[i], after, &next) || next.unix_s > f->end.unix_s)
            continue;
        if (!has_one || next.unix_s < ret->unix_s)
            *ret = next;
        has_one = true;
    }
    return has_one;
}

static int find_times(struct backfill *f, const struct json *cron, struct err *err)
{
    struct arena *a = f->cli->arena;
    const struct json *list = json_path(cron, "spec", "schedules", NULL), *item;
    VEC(struct cron_schedule) schedules = {0};
    struct gotime at = f->start, next;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct cron_schedule s;

        if (cron_parse(a, json_str(item), CRON_STANDARD, &s, err) < 0)
            return -1;
        VEC_APUSH(a, &schedules, s);
    }
    while (next_time(f, schedules.at, schedules.len, &at, &next)) {
        if (f->times.len >= TIMES_MAX)
            return err_set(err, ERR_LIMIT, "the period has more than %d scheduling times",
                           TIMES_MAX);
        at = next;
        VEC_APUSH(a, &f->times, gotime_format(a, &at, GOTIME_STRING));
    }
    return 0;
}

/* ---- workflows ---- */

/* The run, with the time as its parameter. */
static struct json run_of(struct backfill *f, const struct json *cron)
{
    struct arena *a = f->cli->arena;
    const char *argument = cli_flag(f->cli, "argname");
    struct json doc = object_cron_run(a, cron, STR(""), STR("")), spec, meta;
    struct str prefix = str_printf(a, STR_FMT "-backfill-" STR_FMT, STR_ARG(f->cron_name),
                                   STR_ARG(f->name)),
               pair = str_printf(a, "%s=" TIME_MARK, argument);
    struct err ignored;

    prefix = str_head(prefix, PREFIX_MAX_BYTES);
    spec = json_get(&doc, STR("spec")) ? *json_get(&doc, STR("spec"))
                                       : json_object(&(struct json_object_builder){0});
    (void) object_set_parameters(a, &spec, &pair, 1, &ignored);
    if (!cli_is_on(f->cli, "parallel")) {
        struct json_object_builder mutex = {0}, locks = {0};
        struct json_array_builder list = {0};

        json_add(a, &mutex, STR("name"), json_string(f->name));
        json_push(a, &list, json_object(&mutex));
        json_add(a, &locks, STR("mutexes"), json_array(&list));
        spec = json_set(a, &spec, STR("priority"), json_int(a, INT32_MAX));
        spec = json_set(a, &spec, STR("synchronization"), json_object(&locks));
    }
    meta = json_without(a, json_get(&doc, STR("metadata")), STR("ownerReferences"));
    meta =
        json_set(a, &meta, STR("generateName"), json_string(str_concat(a, prefix, STR("-"))));
    doc = json_set(a, &doc, STR("metadata"), meta);
    return json_set(a, &doc, STR("spec"), spec);
}

static const char maker[] =
    "apiVersion: argoproj.io/v1alpha1\n"
    "kind: Workflow\n"
    "metadata: {generateName: backfill-wf-}\n"
    "spec:\n"
    "  entrypoint: main\n"
    "  templates:\n"
    "  - name: main\n"
    "    steps:\n"
    "    - - name: create-workflow\n"
    "        template: create-workflow\n"
    "        arguments: {parameters: [{name: backfillscheduletime, value: '{{item}}'}]}\n"
    "  - name: create-workflow\n"
    "    inputs: {parameters: [{name: backfillscheduletime}]}\n"
    "    resource: {action: create, successCondition: status.phase == Succeeded}\n";

/* A copy of a list with one of its items replaced. */
static struct json with_item(struct arena *a, const struct json *list, size_t index,
                             struct json value)
{
    struct json_array_builder b = {0};
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        json_push(a, &b, i == index ? value : *item);
    return json_array(&b);
}

static struct json maker_of(struct backfill *f, struct str manifest, size_t from, size_t to)
{
    struct arena *a = f->cli->arena;
    struct json doc, templates, main_template, make, step, group;
    struct json_array_builder times = {0}, outer = {0}, inner = {0};
    struct json list;
    struct err ignored;

    (void) yaml_parse(a, str_from(maker), &doc, &ignored); /* our own text */
    for (size_t i = from; i < to; i++)
        json_push(a, &times, json_string(f->times.at[i]));
    list = json_array(&times);
    templates = *json_path(&doc, "spec", "templates", NULL);
    group = *json_item(json_get(json_item(&templates, 0), STR("steps")), 0);
    step = json_set(a, json_item(&group, 0), STR("withParam"),
                    json_string(json_text(a, &list, JSON_COMPACT)));
    json_push(a, &inner, step);
    json_push(a, &outer, json_array(&inner));
    main_template = json_set(a, json_item(&templates, 0), STR("steps"), json_array(&outer));
    make = json_set_path(a, json_item(&templates, 1), json_string(manifest), "resource",
                         "manifest", NULL);
    templates = with_item(a, &templates, 0, main_template);
    templates = with_item(a, &templates, 1, make);
    doc = json_set_path(a, &doc, templates, "spec", "templates", NULL);
    return json_set_path(a, &doc, json_string(f->cron_name), "metadata", "labels",
                         "workflows.argoproj.io/backfill", NULL);
}

/* The run as the text of a resource template: JSON. Its own tags are spelt so that the workflow
 * that makes it does not take them for its own; the time's is that one's. */
static void add_manifest(struct arena *a, struct strbuf *b, const struct json *run)
{
    struct str rest = json_text(a, run, JSON_COMPACT);

    while (rest.len > 0) {
        if (str_cut_prefix(&rest, STR("{{"))) {
            strbuf_addz(b, "\\u007b\\u007b");
        } else if (str_cut_prefix(&rest, STR(TIME_MARK))) {
            strbuf_addz(b, TIME_TAG);
        } else {
            strbuf_addc(b, rest.ptr[0]);
            rest = str_skip(rest, 1);
        }
    }
}

static int create_all(struct backfill *f, const struct json *cron, struct err *err)
{
    _cleanup_strbuf_ struct strbuf manifest = STRBUF_INIT(MANIFEST_MAX_BYTES);
    struct cli *cli = f->cli;
    int64_t most = flags_int(&cli->flags, "maxworkflowcount");
    struct json run = run_of(f, cron);

    add_manifest(cli->arena, &manifest, &run);
    for (size_t from = 0; from < f->times.len;) {
        size_t left = f->times.len - from,
               count = (uint64_t) most < left ? (size_t) most : left;
        struct json doc =
            maker_of(f, str_copy(cli->arena, strbuf_str(&manifest)), from, from + count);
        struct cli_answer answer;

        if (cli_call(cli, "POST", workflow_path(cli, STR("")),
                     json_text(cli->arena, &doc, JSON_COMPACT), &answer, err) < 0)
            return -1;
        VEC_APUSH(cli->arena, &f->made, object_name(&answer.body));
        from += count;
    }
    return 0;
}

/* ---- the command ---- */

static void tell(const struct backfill *f)
{
    static const char line[] = "==================================================\n";
    struct str ns = cli_namespace(f->cli);

    printf("Created " STR_FMT " Backfill task for Cronworkflow " STR_FMT " \n%s",
           STR_ARG(f->name), STR_ARG(f->cron_name), line);
    printf("Backfill Period :\nStart Time : " STR_FMT " \n  End Time : " STR_FMT " \n",
           STR_ARG(f->start_text), STR_ARG(f->end_text));
    printf("Total Backfill Schedule: %zu \n%sBackfill Workflows: \n   NAMESPACE\t WORKFLOW: \n",
           f->times.len, line);
    for (size_t i = 0; i < f->made.len; i++)
        printf("%zu. " STR_FMT " \t " STR_FMT " \n", i + 1, STR_ARG(ns),
               STR_ARG(f->made.at[i]));
}

static int run_backfill(struct cli *cli, struct err *err)
{
    struct backfill f = {.cli = cli};
    const char *name = cli_flag(cli, "name");
    const struct object_kind *kind =
        object_kind_find(STR("argoproj.io/v1alpha1"), STR("CronWorkflow"));
    struct cli_answer answer;

    if (cli->arg_count == 0) {
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

        help_print(cli->arena, &b, cli->program, cli->command);
        fwrite(b.ptr, 1, b.len, stdout);
        return 0;
    }
    f.cron_name = str_from(cli->args[0]);
    f.name = name ? str_from(name) : STR("");
    if (f.name.len == 0) {
        char suffix[NAME_BYTES + 1] = {0};
        struct random random = random_from_system();

        random_suffix(&random, suffix, NAME_BYTES);
        f.name = str_copy(cli->arena, str_of(suffix, NAME_BYTES));
    }
    if (read_period(&f, err) < 0 ||
        cli_call(cli, "GET", cli_path(cli, kind, cli_namespace(cli), f.cron_name), STR(""),
                 &answer, err) < 0 ||
        find_times(&f, &answer.body, err) < 0)
        return -1;
    if (f.times.len == 0) {
        printf("There is no suitable scheduling time.\n");
        return 0;
    }
    if (create_all(&f, &answer.body, err) < 0)
        return -1;
    tell(&f);
    return 0;
}

static int check_backfill(struct cli *cli, struct err *err)
{
    int64_t most = flags_int(&cli->flags, "maxworkflowcount");

    if (most < 1)
        return err_set(err, ERR_INVALID, "--maxworkflowcount %lld is not 1 or more",
                       (long long) most);
    return 0;
}

static const struct cli_flag flags[] = {
    {.name = "argname",
     .fallback = "cronScheduleTime",
     .help = "parameter of the workflow that gets the time"},
    {.name = "end", .help = "end of the period (default: now)"},
    {.name = "format",
     .fallback = "Mon, 02 Jan 2006 15:04:05 MST",
     .help = "how --start and --end are written, as a layout of Go"},
    {.name = "maxworkflowcount",
     .type = FLAG_INT,
     .fallback = "1000",
     .help = "runs that one workflow makes at most"},
    {.name = "name", .help = "name of the backfill"},
    {.name = "parallel", .type = FLAG_SWITCH, .help = "let the runs run side by side"},
    {.name = "start", .help = "start of the period"},
    {0},
};

extern const struct cli_command cli_cron_backfill;
const struct cli_command cli_cron_backfill = {
    .name = "cron backfill",
    .usage = "cronwf",
    .summary = "create a cron backfill",
    .example = "cron backfill my-cron --start '2026-01-01T00:00:00Z' --end "
               "'2026-01-04T00:00:00Z' --format 2006-01-02T15:04:05Z07:00",
    .flags = flags,
    .max_args = CLI_ANY_ARGS,
    .check = check_backfill,
    .run = run_backfill};
