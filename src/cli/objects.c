/* See objects.h. */
#include "cli/objects.h"

struct str cli_path(struct cli *cli, const struct object_kind *kind, struct str ns,
                    struct str name)
{
    struct arena *a = cli->arena;
    struct str base = kind->group[0] ? str_printf(a, "/apis/%s/%s", kind->group, kind->version)
                                     : str_printf(a, "/api/%s", kind->version);

    if (kind->is_namespaced && ns.len > 0)
        base = str_printf(a, STR_FMT "/namespaces/" STR_FMT, STR_ARG(base), STR_ARG(ns));
    base = str_printf(a, STR_FMT "/%s", STR_ARG(base), kind->plural);
    return name.len ? str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(base), STR_ARG(name)) : base;
}

const struct object_kind *cli_kind(struct str word, struct err *err)
{
    const struct object_kind *kind = object_kind_by_plural(STR_NONE, word);

    if (!kind)
        err_set(err, ERR_INVALID, "the server doesn't have a resource type \"" STR_FMT "\"",
                STR_ARG(word));
    return kind;
}
