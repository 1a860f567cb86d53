/* Choosing workflows: filters that the server knows go there, the others are applied here. See
 * select.h. */
#include "cli/select.h"

#include <stdlib.h>

#include "base/vec.h"
#include "cli/instance.h"
#include "formats/duration.h"
#include "formats/uri.h"

enum { PAGE = 500 };

int select_duration(struct str text, int64_t *ret_ms, struct err *err)
{
    struct str digits = str_head(text, text.len ? text.len - 1 : 0);
    uint64_t n;
    int64_t ns;

    if (str_ends(text, STR("d")) && parse_u64(digits, &n) && n < 1000000) {
        *ret_ms = (int64_t) n * 86400000;
        return 0;
    }
    if (duration_parse(text, &ns, err) < 0 || ns < 0)
        return err_set(err, ERR_INVALID,
                       "invalid since format '" STR_FMT
                       "'. Expected format <duration><unit> (e.g. 3h)",
                       STR_ARG(text));
    *ret_ms = ns / 1000000;
    return 0;
}

bool select_is_filtered(const struct cli *cli)
{
    static const char *const names[] = {"all-namespaces", "completed", "field-selector",
                                        "older",          "prefix",    "resubmitted",
                                        "selector",       "status"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (flags_is_given(&cli->flags, names[i]))
            return true;
    return false;
}

/* ---- what the server selects by ---- */

static struct str join(struct arena *a, struct str left, struct str right)
{
    return left.len && right.len
               ? str_printf(a, STR_FMT "," STR_FMT, STR_ARG(left), STR_ARG(right))
               : str_concat(a, left, right);
}

static struct str label_selector(struct cli *cli, const struct select_extra *extra)
{
    const char *given = cli_flag(cli, "selector");
    struct arena *a = cli->arena;
    struct str text = str_from(given ? given : ""), phases = STR("");
    size_t count;
    const struct str *list = flags_list(a, &cli->flags, "status", &count);

    for (size_t i = 0; i < count; i++)
        phases = join(a, phases, list[i]);
    if (count > 0)
        text = join(
            a, text,
            str_printf(a, "workflows.argoproj.io/phase in (" STR_FMT ")", STR_ARG(phases)));
    if (cli_is_on(cli, "completed"))
        text = join(a, text, STR("workflows.argoproj.io/completed=true"));
    if (extra->is_running)
        text = join(a, text, STR("workflows.argoproj.io/completed!=true"));
    if (cli_is_on(cli, "resubmitted"))
        text = join(a, text, STR("workflows.argoproj.io/resubmitted-from-workflow"));
    return instance_selector(cli, text);
}

static struct str query_of(struct cli *cli, struct str labels, int64_t chunk, bool has_archived)
{
    const char *prefix = has_archived ? "listOptions." : "";
    const char *fields = cli_flag(cli, "field-selector");
    struct arena *a = cli->arena;

    return str_printf(a, "?%slimit=%lld&%slabelSelector=" STR_FMT "&%sfieldSelector=" STR_FMT,
                      prefix, (long long) (chunk > 0 ? chunk : PAGE), prefix,
                      STR_ARG(uri_escape(a, labels)), prefix,
                      STR_ARG(uri_escape(a, str_from(fields ? fields : ""))));
}

/* ---- what is selected here ---- */

struct sieve {
    struct str prefix;
    struct wall created_after, finished_before; /* 0: any */
};

static int read_sieve(struct cli *cli, const struct select_extra *extra, struct sieve *ret,
                      struct err *err)
{
    const char *older = cli_flag(cli, "older"), *prefix = cli_flag(cli, "prefix");
    struct wall now = clock_wall();
    int64_t ms = 0;

    *ret = (struct sieve){.prefix = str_from(prefix ? prefix : "")};
    if (older && select_duration(str_from(older), &ms, err) < 0)
        return -1;
    if (older)
        ret->finished_before.ms = now.ms - ms;
    if (extra->since && select_duration(str_from(extra->since), &ms, err) < 0)
        return -1;
    if (extra->since)
        ret->created_after.ms = now.ms - ms;
    return 0;
}

static struct wall time_of(struct str text)
{
    struct wall at = {0};
    struct err ignored;

    if (!str_is_empty(text) && gotime_parse_wall(text, &at, &ignored) < 0)
        at.ms = 0;
    return at;
}

static struct wall finished_at(const struct json *workflow)
{
    return time_of(json_str(json_path(workflow, "status", "finishedAt", NULL)));
}

static struct wall created_at(const struct json *workflow)
{
    return time_of(json_str(json_path(workflow, "metadata", "creationTimestamp", NULL)));
}

static bool passes(const struct sieve *s, const struct json *workflow)
{
    struct wall finished = finished_at(workflow);

    if (!str_starts(object_name(workflow), s->prefix))
        return false;
    if (s->created_after.ms && created_at(workflow).ms <= s->created_after.ms)
        return false;
    return !s->finished_before.ms || (finished.ms && finished.ms < s->finished_before.ms);
}

/* Unfinished before finished; then what was created, or ended, last. */
static int compare_workflows(const void *left, const void *right)
{
    const struct json *const *a = left, *const *b = right;
    struct wall x = finished_at(*a), y = finished_at(*b);

    if (!x.ms != !y.ms)
        return x.ms ? 1 : -1;
    if (!x.ms) {
        x = created_at(*a);
        y = created_at(*b);
    }
    if (x.ms != y.ms)
        return x.ms > y.ms ? -1 : 1;
    return str_cmp(object_name(*a), object_name(*b));
}

/* Of the live ones, or of those of the archive, too: Argo's list has them. */
static struct str list_path(struct cli *cli, struct str ns, bool has_archived)
{
    const struct object_kind *kind =
        object_kind_find(STR("argoproj.io/v1alpha1"), STR("Workflow"));

    return has_archived
               ? str_concat(cli->arena, STR("/api/v1/workflows/"), uri_escape(cli->arena, ns))
               : cli_path(cli, kind, ns, STR(""));
}

/* All pages of a list of workflows. */
static int read_list(struct cli *cli, struct str base, const struct sieve *sieve,
                     struct selection *ret, struct err *err)
{
    struct str next = STR("");
    VEC(const struct json *) found = {0};
    struct cli_answer answer;

    do {
        const struct json *items, *item;

        if (cli_call(cli, "GET",
                     str_printf(
                         cli->arena, STR_FMT "&%scontinue=" STR_FMT, STR_ARG(base),
                         str_find(base, STR("listOptions.")) == SIZE_MAX ? "" : "listOptions.",
                         STR_ARG(uri_escape(cli->arena, next))),
                     STR(""), &answer, err) < 0)
            return -1;
        items = json_get(&answer.body, STR("items"));
        for (size_t i = 0; (item = json_item(items, i)) != NULL; i++)
            if (passes(sieve, item))
                VEC_APUSH(cli->arena, &found, item);
        next = json_str(json_path(&answer.body, "metadata", "continue", NULL));
    } while (!str_is_empty(next));
    if (found.len > 1)
        qsort(found.at, found.len, sizeof(found.at[0]), compare_workflows);
    *ret = (struct selection){found.at, found.len};
    return 0;
}

/* argo finds nothing for a phase that there is not, in silence. */
static int check_phases(struct cli *cli, struct err *err)
{
    static const char *const phases[] = {"Pending", "Running", "Succeeded", "Failed", "Error"};
    size_t count;
    const struct str *list = flags_list(cli->arena, &cli->flags, "status", &count);

    for (size_t i = 0; !cli_is_argo(cli) && i < count; i++) {
        size_t k = 0;

        while (k < COUNT_OF(phases) && !str_is(list[i], phases[k]))
            k++;
        if (k == COUNT_OF(phases))
            return err_set(err, ERR_INVALID,
                           "--status: no phase \"" STR_FMT
                           "\": want Pending, Running, Succeeded, Failed or Error",
                           STR_ARG(list[i]));
    }
    return 0;
}

int select_workflows(struct cli *cli, const struct select_extra *extra, struct selection *ret,
                     struct err *err)
{
    struct str ns = cli_is_on(cli, "all-namespaces") ? STR("") : cli_namespace(cli);
    struct sieve sieve;

    if (check_phases(cli, err) < 0 || read_sieve(cli, extra, &sieve, err) < 0)
        return -1;
    return read_list(cli,
                     str_concat(cli->arena, list_path(cli, ns, extra->has_archived),
                                query_of(cli, label_selector(cli, extra), extra->chunk,
                                         extra->has_archived)),
                     &sieve, ret, err);
}

/* ---- what an operation is about ---- */

bool select_is_operand(const struct cli *cli)
{
    return flags_is_given(&cli->flags, "selector") ||
           flags_is_given(&cli->flags, "field-selector");
}

int select_operands(struct cli *cli, struct operands *ret, struct err *err)
{
    const struct sieve all = {.prefix = STR("")};
    const char *labels = cli_flag(cli, "selector");
    struct selection found = {0};
    size_t count = 0;

    if (select_is_operand(cli) &&
        read_list(cli,
                  str_concat(cli->arena, list_path(cli, cli_namespace(cli), false),
                             query_of(cli, str_from(labels ? labels : ""), 0, false)),
                  &all, &found, err) < 0)
        return -1;
    ret->names = ARENA_ARRAY(cli->arena, struct str, found.len + cli->arg_count + 1);
    for (size_t i = 0; i < found.len + cli->arg_count; i++) {
        struct str name =
            i < found.len ? object_name(found.at[i]) : str_from(cli->args[i - found.len]);
        bool is_there = false;

        for (size_t k = 0; k < count && !is_there; k++)
            is_there = str_eq(ret->names[k], name);
        if (!is_there)
            ret->names[count++] = name;
    }
    ret->len = count;
    return 0;
}
