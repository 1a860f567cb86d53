/* cli/objects.h - what the commands about objects share: their API paths, unknown fields. */
#pragma once

#include "cli/call.h"
#include "objects/object.h"

/** cli_path() - "/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME"; @name "" for the collection;
 * @ns "" for all namespaces */
struct str cli_path(struct cli *cli, const struct object_kind *kind, struct str ns,
                    struct str name);

/** cli_without_unknown() - a document without the fields that its shape does not know, as a
 * reader that is not strict sees it */
struct json cli_without_unknown(struct arena *a, const struct shape *shape,
                                const struct json *v);
