/*
 * tiphys cron preview: the next times at which a schedule comes due, without a server. What a
 * change of the clocks does to it is marked: a time that the zone shows twice, and one that it
 * skips, which does not come due.
 */
#include "base/limits.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "formats/gozone.h"
#include "lang/cron/cron.h"

enum { COUNT_MAX = 10000, DAY_S = 86400, CHANGES_MAX = 64 };

/* A line of the answer. */
struct due {
    struct gotime at;    /* of a skipped one: when the clock jumps over it */
    struct gotime shown; /* of a skipped one: what the clock would have shown */
    const char *mark;    /* behind the time, or "" */
    bool is_skipped;
};

struct preview {
    struct cron_schedule schedule;
    const struct gozone *zone; /* NULL is UTC */
    struct gotime from;
    size_t count;
    VEC(struct due) dues;
};

/* Is there another instant near at which the zone's clock shows the same? 1: a later one, -1:
 * an earlier one. */
static int twin(const struct gozone *zone, int64_t unix_s)
{
    struct gozone_span here = gozone_at(zone, unix_s);
    struct gozone_span next, before;

    if (here.end_s != INT64_MAX) {
        next = gozone_at(zone, here.end_s);
        if (next.offset_s < here.offset_s &&
            unix_s >= here.end_s - (here.offset_s - next.offset_s))
            return 1;
    }
    if (here.start_s != INT64_MIN) {
        before = gozone_at(zone, here.start_s - 1);
        if (before.offset_s > here.offset_s &&
            unix_s < here.start_s + (before.offset_s - here.offset_s))
            return -1;
    }
    return 0;
}

/* The clock times that a jump of @from_s to @to_s at @at_s skips, as far as they would have come
 * due: the schedule is asked in a zone that keeps the old offset, which is UTC shifted. One line
 * tells of all. */
static void add_skipped(struct arena *a, struct preview *p, int64_t at_s, int32_t from_s,
                        int32_t to_s)
{
    struct cron_schedule plain = p->schedule;
    struct gotime t = gotime_unix(at_s + from_s - 1, 0), next, moment = gotime_unix(at_s, 0);
    struct due due = {.is_skipped = true, .at = gotime_in(&moment, p->zone)};
    unsigned count = 0;

    plain.is_zoned = false;
    while (cron_next(&plain, &t, NULL, &next) && next.unix_s < at_s + to_s) {
        if (count++ == 0)
            due.shown = next;
        t = next;
    }
    due.mark = count > 1 ? str_printf(a, "skipped: the clock jumps over it and %u more",
                                      count - 1)
                               .ptr
                         : "skipped: the clock jumps over it";
    if (count > 0)
        VEC_APUSH(a, &p->dues, due);
}

/* Between two instants: all jumps forward, with what they skip. */
static void add_gaps(struct arena *a, struct preview *p, int64_t after_s, int64_t until_s)
{
    struct gozone_span span = gozone_at(p->zone, after_s);

    for (unsigned i = 0; i < CHANGES_MAX && span.end_s <= until_s; i++) {
        struct gozone_span next = gozone_at(p->zone, span.end_s);

        if (next.offset_s > span.offset_s)
            add_skipped(a, p, span.end_s, span.offset_s, next.offset_s);
        if (next.end_s <= span.end_s)
            return;
        span = next;
    }
}

static void fill(struct arena *a, struct preview *p)
{
    struct gotime t = p->from, next;
    bool is_plain = p->schedule.is_every;

    for (size_t i = 0; i < p->count && cron_next(&p->schedule, &t, p->zone, &next); i++) {
        int other = is_plain || !p->zone ? 0 : twin(p->zone, next.unix_s);

        if (!is_plain && p->zone)
            add_gaps(a, p, t.unix_s, next.unix_s);
        VEC_APUSH(a, &p->dues,
                  ((struct due){.at = gotime_in(&next, p->zone),
                                .mark = other > 0   ? "the clock shows it twice: first"
                                        : other < 0 ? "the clock shows it twice: second"
                                                    : ""}));
        t = next;
    }
}

/* ---- printing ---- */

static const char in_words[] = "Mon Jan 02 2006 15:04:05";

static void print(struct arena *a, const struct preview *p)
{
    for (size_t i = 0; i < p->dues.len; i++) {
        const struct due *d = &p->dues.at[i];
        struct gotime utc = gotime_in(&d->at, NULL);
        struct str text =
                       gotime_format(a, d->is_skipped ? &d->shown : &d->at, str_from(in_words)),
                   zone = d->is_skipped ? STR("-") : gotime_format(a, &d->at, STR("-0700 MST"));

        if (d->is_skipped)
            printf(STR_FMT "  %-11s %-20s  %s\n", STR_ARG(text), "-", "-", d->mark);
        else
            printf(STR_FMT "  %-11.*s " STR_FMT "%s%s\n", STR_ARG(text), (int) zone.len,
                   zone.ptr, STR_ARG(gotime_format(a, &utc, GOTIME_RFC3339)),
                   *d->mark ? "  " : "", d->mark);
    }
}

static void print_json(struct arena *a, const struct preview *p)
{
    struct json_array_builder list = {0};
    struct json all;

    for (size_t i = 0; i < p->dues.len; i++) {
        const struct due *d = &p->dues.at[i];
        struct json_object_builder b = {0};
        struct str time = d->is_skipped
                              ? gotime_format(a, &d->shown, STR("2006-01-02T15:04:05"))
                              : gotime_format(a, &d->at, GOTIME_RFC3339);

        json_add(a, &b, STR("time"), json_string(time));
        json_add(a, &b, STR("skipped"), json_bool(d->is_skipped));
        json_add(a, &b, STR("twice"), json_bool(!d->is_skipped && *d->mark));
        json_push(a, &list, json_object(&b));
    }
    all = json_array(&list);
    printf(STR_FMT "\n", STR_ARG(json_text(a, &all, JSON_INDENT)));
}

/* ---- the command ---- */

static int read_from(struct cli *cli, struct preview *p, struct err *err)
{
    const char *text = cli_flag(cli, "from");

    if (!text) {
        p->from = gotime_of_wall(clock_wall());
        return 0;
    }
    if (gotime_parse_rfc3339(str_from(text), &p->from, err) < 0)
        return err_set(err, ERR_INVALID,
                       "--from %s is no time: want one like "
                       "2026-03-29T00:00:00Z",
                       text);
    return 0;
}

static int run_preview(struct cli *cli, struct err *err)
{
    struct preview p = {.count = (size_t) flags_int(&cli->flags, "count")};
    const char *zone = cli_flag(cli, "timezone");

    if (cli->arg_count > 1)
        return err_set(err, ERR_INVALID,
                       "a schedule is one argument: put it in quotes, as '30 4 * * 1-5'");
    if (cron_parse(cli->arena, str_from(cli->args[0]), CRON_STANDARD, &p.schedule, err) < 0)
        return err_wrap(err, "cron schedule %s is malformed", cli->args[0]);
    if (gozone_load(cli->arena, str_from(zone), &p.zone, err) < 0)
        return err_wrap(err, "--timezone");
    if (p.schedule.is_zoned && flags_is_given(&cli->flags, "timezone"))
        return err_set(err, ERR_INVALID,
                       "the schedule names a time zone itself: a CronWorkflow with both is refused");
    if (p.schedule.is_zoned)
        p.zone = p.schedule.zone;
    if (read_from(cli, &p, err) < 0)
        return -1;
    fill(cli->arena, &p);
    if (p.dues.len == 0)
        return err_set(err, ERR_NOT_FOUND, "it does not come due within five years");
    if (strcmp(cli_flag(cli, "output"), "json") == 0)
        print_json(cli->arena, &p);
    else
        print(cli->arena, &p);
    return 0;
}

static int check_preview(struct cli *cli, struct err *err)
{
    int64_t count = flags_int(&cli->flags, "count");

    if (count < 1 || count > COUNT_MAX)
        return err_set(err, ERR_INVALID, "--count %lld is not within 1 and %d",
                       (long long) count, COUNT_MAX);
    return 0;
}

static const struct cli_flag flags[] = {
    {.name = "count",
     .letter = 'n', /* hides that of --namespace, which means nothing here */
     .type = FLAG_INT,
     .state = FLAG_OWN,
     .fallback = "10",
     .help = "how many times"},
    {.name = "from",
     .state = FLAG_OWN,
     .word = "TIME",
     .help = "times after this one, as 2026-03-29T00:00:00Z (default: now)"},
    {.name = "output",
     .letter = 'o',
     .state = FLAG_OWN,
     .choices = "text|json",
     .fallback = "text",
     .help = "output format: text or json"},
    {.name = "timezone",
     .state = FLAG_OWN,
     .word = "ZONE",
     .fallback = "UTC",
     .help = "time zone of the schedule, as Europe/Berlin"},
    {0},
};

extern const struct cli_command cli_cron_preview;
const struct cli_command cli_cron_preview = {
    .name = "cron preview",
    .usage = "SCHEDULE",
    .summary = "show when a schedule comes due",
    .example = "cron preview '30 2 * * *' --timezone Europe/Berlin --from "
               "2026-03-27T00:00:00Z\ncron preview '@every 90s' -n 3",
    .flags = flags,
    .surface = CLI_OWN,
    .min_args = 1,
    .max_args = 64, /* the words of a schedule without quotes */
    .check = check_preview,
    .run = run_preview};
