/* tiphys delete: remove objects by kind and name. */
#include <stdio.h>

#include "cli/objects.h"

static int run_delete(struct cli *cli, struct err *err)
{
    const struct object_kind *kind;

    if (cli->arg_count < 2)
        return err_set(err, ERR_INVALID,
                       "kind and name are needed: tiphys delete KIND NAME...");
    kind = cli_kind(str_from(cli->args[0]), err);
    if (!kind)
        return -1;
    for (size_t i = 1; i < cli->arg_count; i++) {
        struct cli_answer answer;

        if (cli_call(cli, "DELETE",
                     cli_path(cli, kind, cli_namespace(cli), str_from(cli->args[i])), STR(""),
                     &answer, err) < 0)
            return -1;
        printf("%s%s%s \"%s\" deleted\n", kind->singular, kind->group[0] ? "." : "",
               kind->group, cli->args[i]);
    }
    return 0;
}

extern const struct cli_command cli_delete;
const struct cli_command cli_delete = {
    .name = "delete", .usage = "KIND NAME...", .summary = "Remove objects.", .run = run_delete};
