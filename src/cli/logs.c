/* Reading logs, followed or not, and the command for it. See logs.h. */
#include "cli/logs.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "formats/duration.h"
#include "formats/uri.h"

enum { RETRY_MS = 100 };

static struct str log_path(struct cli *cli, struct str pod, const struct logs_options *options)
{
    struct arena *a = cli->arena;
    struct str tail = options->tail >= 0
                          ? str_printf(a, "&tailLines=%lld", (long long) options->tail)
                          : STR("");

    return str_printf(a,
                      "/api/v1/namespaces/" STR_FMT "/pods/" STR_FMT
                      "/log?container=" STR_FMT STR_FMT STR_FMT,
                      STR_ARG(uri_escape(a, cli_namespace(cli))), STR_ARG(uri_escape(a, pod)),
                      STR_ARG(uri_escape(a, str_from(options->container))), STR_ARG(tail),
                      STR_ARG(options->since));
}

/* By the name of its pod, or, shorter, of its step. */
static bool is_wanted(struct arena *a, const struct json *workflow, const struct json *node,
                      struct str pod, const struct logs_options *options)
{
    struct json labels;

    if (pod.len == 0 || (options->pod.len > 0 && !str_eq(options->pod, pod) &&
                         !str_eq(options->pod, json_get_str(node, STR("displayName")))))
        return false;
    if (!options->labels)
        return true;
    labels = logs_pod_labels(a, workflow, node);
    return selector_matches(options->labels, &labels);
}

/* ---- what is there ---- */

struct log_entry {
    struct str time, pod, text;
};

struct log_entries {
    VEC(struct log_entry) list;
};

static int add_pod(struct cli *cli, struct log_entries *all, struct str pod,
                   const struct logs_options *options, struct err *err)
{
    struct str text, line,
        path = str_concat(cli->arena, log_path(cli, pod, options), STR("&timestamps=true"));

    if (call_get_text(cli, cli->arena, path, &text, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1; /* it has not begun */
    while (str_cut(&text, '\n', &line)) {
        struct log_entry entry = {.pod = pod};

        if (str_is_none(text) && str_is_empty(line))
            break; /* behind the last line's end */
        str_cut(&line, ' ', &entry.time);
        entry.text = str_is_none(line) ? STR("") : line;
        if (!options->grep || regex_matches(options->grep, entry.text))
            VEC_APUSH(cli->arena, &all->list, entry);
    }
    return 0;
}

static int compare_entries(const void *left, const void *right)
{
    const struct log_entry *a = left, *b = right;
    int order = str_cmp(a->time, b->time);

    if (order == 0)
        order = str_cmp(a->pod, b->pod);
    return order ? order : a->text.ptr < b->text.ptr ? -1 : 1;
}

static void print_entries(const struct log_entries *all, const struct logs_options *options)
{
    _cleanup_arena_ struct arena *a = arena_new();

    if (all->list.len > 1)
        qsort(all->list.at, all->list.len, sizeof(all->list.at[0]), compare_entries);
    for (size_t i = 0; i < all->list.len; i++) {
        const struct log_entry *entry = &all->list.at[i];
        struct str text = entry->text;

        if (options->has_times)
            text = str_printf(a, STR_FMT " " STR_FMT, STR_ARG(entry->time), STR_ARG(text));
        text = logs_line(a, entry->pod, text, options);
        fwrite(text.ptr, 1, text.len, stdout);
        arena_reset(a);
    }
}

/* ---- following ---- */

/* One pod, on a thread. */
struct pod_follower {
    struct call_stream stream;
    const struct logs_options *options; /* shared, immutable */
    struct str pod;
    struct strbuf partial; /* the beginning of a line */
    uint64_t seen, skip; /* lines; after a new beginning those that were printed are skipped */
    bool is_last_try;    /* atomic: the workflow has ended, more than is there will not come */
    pthread_t thread;
};

struct logs_follower {
    struct cli *cli;
    const struct logs_options *options;
    const struct cli_server *server;
    struct map pods; /* name to struct pod_follower, or to this struct: printed already */
    VEC(struct pod_follower *) running;
    struct err err; /* of a callback */
};

static void print_followed(void *ctx, struct str line)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct pod_follower *p = ctx;
    struct str text = line, time;

    if (p->skip > 0) {
        p->skip--;
        return;
    }
    p->seen++;
    if (p->options->has_times)
        str_cut(&text, ' ', &time);
    if (p->options->grep &&
        !regex_matches(p->options->grep, str_is_none(text) ? STR("") : text))
        return;
    text = logs_line(a, p->pod, line, p->options);
    fwrite(text.ptr, 1, text.len, stdout);
}

static int on_log_chunk(void *ctx, struct str chunk)
{
    struct pod_follower *p = ctx;

    flockfile(stdout); /* lines of other pods come between, not into */
    call_lines(&p->partial, chunk, print_followed, p);
    fflush(stdout);
    funlockfile(stdout);
    return 0;
}

/* Until the log has ended; a pod whose log is not there yet, and a server that is away, are
 * asked again as long as the workflow runs. */
static void *follow_pod(void *ctx)
{
    struct pod_follower *p = ctx;
    struct http_client *client = http_client_new();
    bool is_last;
    struct err err;

    do {
        is_last = __atomic_load_n(&p->is_last_try, __ATOMIC_ACQUIRE);
        p->skip = p->options->tail < 0 ? p->seen : 0;
        strbuf_reset(&p->partial);
        if (call_stream(client, &p->stream, &err) == 0 ||
            (err.kind != ERR_NOT_FOUND && !err_is_retryable(&err)))
            break;
        poll(NULL, 0, RETRY_MS);
    } while (!is_last);
    http_client_free(client);
    return NULL;
}

static void join_pod(struct pod_follower *p)
{
    pthread_join(p->thread, NULL);
    strbuf_done(&p->partial);
}

static int start_pod(struct logs_follower *f, struct str pod, struct err *err)
{
    struct arena *a = f->cli->arena;
    struct pod_follower *p = ARENA_NEW(a, struct pod_follower);

    if (f->running.len == CLI_FOLLOWED_PODS_MAX) { /* the oldest ends first */
        join_pod(f->running.at[0]);
        memmove(f->running.at, f->running.at + 1, --f->running.len * sizeof(f->running.at[0]));
    }
    p->pod = str_copy(a, pod);
    p->options = f->options;
    strbuf_init(&p->partial, LOG_STREAM_LINE_MAX_BYTES);
    p->stream = (struct call_stream){
        .server = f->server,
        .path = str_printf(a, STR_FMT "&follow=true%s",
                           STR_ARG(log_path(f->cli, p->pod, f->options)),
                           f->options->has_times ? "&timestamps=true" : ""),
        .cancel_fd = -1,
        .on_chunk = on_log_chunk,
        .ctx = p};
    map_put(&f->pods, pod, p);
    errno = pthread_create(&p->thread, NULL, follow_pod, p);
    if (errno)
        return err_sys(err, errno, "start a thread");
    VEC_APUSH(a, &f->running, p);
    return 0;
}

static bool is_node_ended(const struct json *node)
{
    struct str phase = json_get_str(node, STR("phase"));

    return !str_is_empty(phase) && !str_is(phase, "Pending") && !str_is(phase, "Running");
}

/* What a pod said that has ended stands there before anything of those that came after it. */
static void join_ended(struct logs_follower *f, struct str pod)
{
    for (size_t i = 0; i < f->running.len; i++) {
        if (!str_eq(f->running.at[i]->pod, pod))
            continue;
        __atomic_store_n(&f->running.at[i]->is_last_try, true, __ATOMIC_RELEASE);
        join_pod(f->running.at[i]);
        memmove(f->running.at + i, f->running.at + i + 1,
                (--f->running.len - i) * sizeof(f->running.at[0]));
        return;
    }
}

/* Pods that nobody follows yet: those that have ended are printed at once, in order of time. */
static int take_pods(struct logs_follower *f, const struct json *workflow, struct err *err)
{
    const struct json *nodes = json_path(workflow, "status", "nodes", NULL);
    struct log_entries ended = {0};

    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const struct json *node = &nodes->members[i].value;
        struct str pod = show_node_pod(a, workflow, node);
        int result = 0;

        if (is_node_ended(node))
            join_ended(f, pod);
        if (!is_wanted(a, workflow, node, pod, f->options) || map_find(&f->pods, pod) ||
            str_is(json_get_str(node, STR("phase")), "Pending"))
            continue;
        if (!is_node_ended(node)) {
            result = start_pod(f, pod, err);
        } else {
            map_put(&f->pods, pod, f);
            result = add_pod(f->cli, &ended, str_copy(f->cli->arena, pod), f->options, err);
        }
        if (result < 0)
            return -1;
    }
    print_entries(&ended, f->options);
    fflush(stdout);
    return 0;
}

static int on_change(void *ctx, const struct json *old, const struct json *new)
{
    struct logs_follower *f = ctx;

    (void) old;
    return take_pods(f, new, &f->err);
}

static int follow_logs(struct cli *cli, struct str workflow, const struct logs_options *options,
                       struct err *err)
{
    struct logs_follower f = {.cli = cli, .options = options};
    const struct workflow_follower follower = {
        .name = workflow, .on_change = on_change, .ctx = &f};
    struct json last;
    int result;

    if (call_server(cli, &f.server, err) < 0)
        return -1;
    result = workflow_follow(cli, &follower, &last, err);
    for (size_t i = 0; i < f.running.len; i++) {
        __atomic_store_n(&f.running.at[i]->is_last_try, true, __ATOMIC_RELEASE);
        join_pod(f.running.at[i]);
    }
    map_done(&f.pods);
    if (result == 0 && f.err.kind != ERR_NONE) {
        *err = f.err;
        return -1;
    }
    return result;
}

/* Names that would be right: steps and their pods. */
static int no_pod(struct cli *cli, const struct json *doc, struct str wanted, struct err *err)
{
    enum { NAMED_MAX = 4 };
    const struct json *nodes = json_path(doc, "status", "nodes", NULL);
    struct str names = STR("");
    unsigned count = 0;

    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++) {
        const struct json *node = &nodes->members[i].value;
        struct str pod = show_node_pod(cli->arena, doc, node);

        struct str step = json_get_str(node, STR("displayName"));

        if (pod.len > 0 && count++ < NAMED_MAX)
            names = str_printf(cli->arena, STR_FMT "%s" STR_FMT "%s" STR_FMT "%s",
                               STR_ARG(names), count > 1 ? ", " : "", STR_ARG(step),
                               step.len ? " (" : "", STR_ARG(pod), step.len ? ")" : "");
    }
    return err_set(err, ERR_NOT_FOUND,
                   "workflow " STR_FMT " has no pod \"" STR_FMT "\"%s" STR_FMT "%s",
                   STR_ARG(object_name(doc)), STR_ARG(wanted), count > 0 ? ": it has " : "",
                   STR_ARG(names), count > NAMED_MAX ? " and more" : "");
}

static struct str names_of(struct cli *cli, const struct json *list, struct str before)
{
    const struct json *c;

    for (size_t i = 0; (c = json_item(list, i)) != NULL; i++)
        before = str_printf(cli->arena, STR_FMT "%s" STR_FMT, STR_ARG(before),
                            before.len > 0 ? ", " : "", STR_ARG(json_get_str(c, STR("name"))));
    return before;
}

static bool has_container(const struct json *list, const char *name)
{
    const struct json *c;

    for (size_t i = 0; (c = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(c, STR("name")), name))
            return true;
    return false;
}

/* Nothing was said: does the pod have such a container? Of a pod that has gone nobody knows. */
static int check_container(struct cli *cli, struct str pod, const char *container,
                           struct err *err)
{
    const struct object_kind *kind = object_kind_find(STR("v1"), STR("Pod"));
    const struct json *list, *first;
    struct cli_answer answer;

    if (cli_is_argo(cli) || cli_call(cli, "GET", cli_path(cli, kind, cli_namespace(cli), pod),
                                     STR(""), &answer, err) < 0)
        return 0;
    list = json_path(&answer.body, "spec", "containers", NULL);
    first = json_path(&answer.body, "spec", "initContainers", NULL);
    if (!list || has_container(list, container) || has_container(first, container))
        return 0;
    return err_set(err, ERR_NOT_FOUND,
                   "container %s is not valid for pod " STR_FMT ": it has " STR_FMT, container,
                   STR_ARG(pod), STR_ARG(names_of(cli, first, names_of(cli, list, STR("")))));
}

int logs_print(struct cli *cli, struct str workflow, const struct logs_options *options,
               struct err *err)
{
    const struct json *nodes;
    struct log_entries all = {0};
    struct json doc;
    struct str last = STR("");
    bool is_known = options->pod.len == 0;

    if (options->follows)
        return follow_logs(cli, workflow, options, err);
    if (workflow_get(cli, workflow, &doc, err) < 0)
        return -1;
    nodes = json_path(&doc, "status", "nodes", NULL);
    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++) {
        const struct json *node = &nodes->members[i].value;
        struct str pod = show_node_pod(cli->arena, &doc, node);

        if (!is_wanted(cli->arena, &doc, node, pod, options))
            continue;
        is_known = true;
        last = pod;
        if (add_pod(cli, &all, pod, options, err) < 0)
            return -1;
    }
    print_entries(&all, options);
    if (!is_known)
        return no_pod(cli, &doc, options->pod, err);
    return all.list.len == 0 && last.len > 0 && strcmp(options->container, "main") != 0
               ? check_container(cli, last, options->container, err)
               : 0;
}

/* ---- the command ---- */

static int read_since(struct cli *cli, struct logs_options *options, struct err *err)
{
    int64_t since_ns = flags_duration(&cli->flags, "since");
    const char *time = cli_flag(cli, "since-time");
    struct gotime at;

    options->since = STR("");
    if (since_ns > 0 && time)
        return err_set(err, ERR_INVALID, "--since-time and --since cannot be used together");
    if (since_ns > 0)
        options->since =
            str_printf(cli->arena, "&sinceSeconds=%lld",
                       (long long) ((since_ns + DURATION_SECOND - 1) / DURATION_SECOND));
    if (time && gotime_parse_rfc3339(str_from(time), &at, err) < 0)
        return err_wrap(err, "--since-time %s", time);
    if (time)
        options->since = str_printf(cli->arena, "&sinceTime.seconds=%lld",
                                    (long long) (at.unix_s > 0 ? at.unix_s : 0));
    return 0;
}

static int read_options(struct cli *cli, struct logs_options *options, struct err *err)
{
    const char *labels = cli_flag(cli, "selector");
    struct selector *selector = ARENA_NEW(cli->arena, struct selector);

    *options = (struct logs_options){.pod = str_from(cli->arg_count > 1 ? cli->args[1] : ""),
                                     .container = cli_flag(cli, "container"),
                                     .tail = flags_int(&cli->flags, "tail"),
                                     .follows = cli_is_on(cli, "follow"),
                                     .has_times = cli_is_on(cli, "timestamps"),
                                     .has_color = workflow_has_color(cli)};
    if (labels && selector_parse(cli->arena, str_from(labels), selector, err) < 0)
        return -1;
    if (labels)
        options->labels = selector;
    return read_since(cli, options, err);
}

/* As argo shows it: nothing, since no container is started twice. */
static int print_previous(struct cli *cli, struct str name, struct err *err)
{
    struct json workflow;

    if (workflow_get(cli, name, &workflow, err) < 0)
        return -1;
    fprintf(stderr,
            "previous terminated container \"%s\" not found: a step that is tried again "
            "has another pod; leave --previous out\n",
            cli_flag(cli, "container"));
    return 0;
}

static int run_logs(struct cli *cli, struct err *err)
{
    const char *grep = cli_flag(cli, "grep");
    _cleanup_regex_ struct regex *regex = NULL;
    struct logs_options options;
    struct str name;

    if (read_options(cli, &options, err) < 0 ||
        workflow_name(cli, cli->args[0], &name, err) < 0)
        return -1;
    if (cli_is_on(cli, "previous"))
        return print_previous(cli, name, err);
    if (grep && *grep) {
        regex = regex_new(str_from(grep), err);
        if (!regex)
            return err_wrap(err, "--grep %s", grep);
        options.grep = regex;
    }
    return logs_print(cli, name, &options, err);
}

static const struct cli_flag flags[] = {
    {.name = "container", .letter = 'c', .fallback = "main", .help = "logs of this container"},
    {.name = "follow", .letter = 'f', .type = FLAG_SWITCH, .help = "go on until the end"},
    {.name = "grep", .help = "lines that match this regular expression only"},
    {.name = "no-color", .type = FLAG_SWITCH, .help = "no colours, not even on a terminal"},
    {.name = "previous",
     .letter = 'p',
     .type = FLAG_SWITCH,
     .help = "logs of the container that ran before: there is none, retries have pods of their "
             "own"},
    {.name = "selector", .letter = 'l', .help = "logs of pods with these labels"},
    {.name = "since",
     .type = FLAG_DURATION,
     .fallback = "0",
     .help = "lines newer than this, as 5s, 2m or 3h"},
    {.name = "since-time", .help = "lines after this time (RFC 3339)"},
    {.name = "tail",
     .type = FLAG_INT,
     .fallback = "-1",
     .help = "the last lines of each pod; -1: all"},
    {.name = "timestamps", .type = FLAG_SWITCH, .help = "a time before each line"},
    {0},
};

extern const struct cli_command cli_logs;
const struct cli_command cli_logs = {
    .name = "logs",
    .usage = "WORKFLOW [POD]",
    .summary = "view logs of a pod or workflow",
    .example =
        "logs my-wf\nlogs my-wf --follow\nlogs my-wf my-pod -c my-container\nlogs @latest",
    .flags = flags,
    .min_args = 1,
    .max_args = 2,
    .run = run_logs};
