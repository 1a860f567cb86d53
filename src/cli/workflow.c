/*
 * Workflows as the commands see them: fetched by the resource API and waited for. See
 * workflow.h; workflow_print.c shows them.
 */
#include "cli/workflow.h"

#include <stdio.h>
#include <time.h>

enum { POLL_FIRST_MS = 20, POLL_MAX_MS = 500 };

int cli_workflow_get(struct cli *cli, struct str name, struct json *ret, struct err *err)
{
    const struct object_kind *kind = cli_kind(STR("workflow"), err);
    struct cli_answer answer;

    if (!kind || cli_call(cli, "GET", cli_path(cli, kind, cli_namespace(cli), name), STR(""),
                          &answer, err) < 0)
        return -1;
    *ret = answer.body;
    return 0;
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

int cli_workflow_wait(struct cli *cli, struct str name, struct json *ret, struct err *err)
{
    long wait = POLL_FIRST_MS;

    for (;;) {
        if (cli_workflow_get(cli, name, ret, err) < 0)
            return -1;
        if (cli_workflow_is_ended(ret)) {
            if (!str_is(json_str(json_path(ret, "status", "phase", NULL)), "Succeeded"))
                cli->exit_code = 1;
            return 0;
        }
        sleep_ms(wait);
        wait = wait * 3 / 2 > POLL_MAX_MS ? POLL_MAX_MS : wait * 3 / 2;
    }
}

void cli_workflow_show(struct cli *cli, const struct json *workflow)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);

    cli_workflow_print(cli->arena, &b, workflow, clock_wall());
    fwrite(b.ptr, 1, b.len, stdout);
}
