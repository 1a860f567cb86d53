/* --instanceid. See instance.h. */
#include "cli/instance.h"

#include "objects/object.h"

#define LABEL "workflows.argoproj.io/controller-instanceid"

static struct str instance_of(struct cli *cli)
{
    const char *id = cli_setting(cli, "instanceid");

    return id ? str_from(id) : STR("");
}

void instance_mark(struct cli *cli, struct json *doc)
{
    struct str id = instance_of(cli);

    if (id.len > 0)
        *doc =
            json_set_path(cli->arena, doc, json_string(id), "metadata", "labels", LABEL, NULL);
}

struct str instance_selector(struct cli *cli, struct str selector)
{
    struct str id = instance_of(cli);

    if (id.len == 0)
        return selector;
    return str_printf(cli->arena, STR_FMT "%s" LABEL "=" STR_FMT, STR_ARG(selector),
                      selector.len > 0 ? "," : "", STR_ARG(id));
}

int instance_check(struct cli *cli, const struct json *doc, struct err *err)
{
    struct str id = instance_of(cli);

    if (id.len == 0 || str_eq(object_label(doc, STR(LABEL)), id))
        return 0;
    return err_set(err, ERR_INVALID,
                   "'" STR_FMT "' is not managed by the current Argo Server: it belongs to "
                   "another instance than --instanceid " STR_FMT,
                   STR_ARG(object_name(doc)), STR_ARG(id));
}
