/*
 * tiphys watch: a workflow until it has ended. On a terminal its facts and tree, redrawn in
 * place when something changed, its size or a duration included; into a file or pipe a line for
 * each change, then facts and tree.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/live.h"
#include "cli/workflow.h"

struct screen {
    struct arena *arenas[2]; /* of the frame that stands there and of the next one */
    unsigned at;
    struct live_frame frame;
    struct json workflow; /* borrowed from the follower: the last state */
    bool has_workflow, is_terminal;
    struct show_options *options;
};

static struct live_size terminal_size(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
        return (struct live_size){0};
    return (struct live_size){.columns = size.ws_col, .rows = size.ws_row};
}

static void print_whole(struct cli *cli, const struct json *workflow,
                        struct show_options *options)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(SIZE_MAX / 2);

    options->now = clock_wall();
    show_workflow(cli->arena, &text, workflow, options);
    fwrite(text.ptr, 1, text.len, stdout);
}

static void redraw(struct screen *s)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(SIZE_MAX / 2),
                                   bytes = STRBUF_INIT(SIZE_MAX / 2);
    struct arena *a = s->arenas[s->at ^ 1];
    struct live_frame next = {.size = terminal_size()};

    arena_reset(a);
    s->options->now = clock_wall();
    show_workflow(a, &text, &s->workflow, s->options);
    next.text = str_copy(a, strbuf_str(&text));
    live_draw(&bytes, &s->frame, &next);
    fwrite(bytes.ptr, 1, bytes.len, stdout);
    fflush(stdout);
    s->frame = next;
    s->at ^= 1;
}

static int on_change(void *ctx, const struct json *old, const struct json *new)
{
    struct screen *s = ctx;
    _cleanup_strbuf_ struct strbuf lines = STRBUF_INIT(SIZE_MAX / 2);

    s->workflow = *new;
    s->has_workflow = true;
    if (s->is_terminal) {
        redraw(s);
        return 0;
    }
    arena_reset(s->arenas[0]);
    live_changes(s->arenas[0], &lines, old, new);
    fwrite(lines.ptr, 1, lines.len, stdout);
    fflush(stdout);
    return 0;
}

static void on_second(void *ctx)
{
    struct screen *s = ctx;

    if (s->is_terminal && s->has_workflow)
        redraw(s);
}

int workflow_watch(struct cli *cli, struct str name, struct show_options *options,
                   struct err *err)
{
    struct screen s = {.arenas = {arena_new(), arena_new()},
                       .is_terminal = isatty(STDOUT_FILENO),
                       .options = options};
    const struct workflow_follower f = {
        .name = name, .on_change = on_change, .on_second = on_second, .ctx = &s};
    struct json last;
    int result;

    result = workflow_follow(cli, &f, &last, err);
    if (result == 0 && !s.is_terminal)
        print_whole(cli, &last, options);
    arena_free(s.arenas[0]);
    arena_free(s.arenas[1]);
    return result;
}

static int run_watch(struct cli *cli, struct err *err)
{
    struct show_options options;
    struct str name;

    if (workflow_name(cli, cli->args[0], &name, err) < 0 ||
        workflow_show_options(cli, &options, err) < 0)
        return -1;
    return workflow_watch(cli, name, &options, err);
}

static const struct cli_flag flags[] = {
    {.name = "node-field-selector", .help = "show these nodes only, as phase=Failed"},
    {.name = "status", .help = "show nodes of this phase only"},
    {0},
};

extern const struct cli_command cli_watch;
const struct cli_command cli_watch = {.name = "watch",
                                      .usage = "WORKFLOW",
                                      .summary = "watch a workflow until it completes",
                                      .example = "watch my-wf\nwatch @latest",
                                      .flags = flags,
                                      .min_args = 1,
                                      .max_args = 1,
                                      .run = run_watch};
