/* cli/objects.h - what apply, get and delete share: the API path of an object. */
#pragma once

#include "cli/cli.h"
#include "objects/object.h"

/** cli_path() - "/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME"; @name "" for the collection;
 * @ns "" for all namespaces */
struct str cli_path(struct cli *cli, const struct object_kind *kind, struct str ns,
                    struct str name);

/** cli_kind() - the kind that a word on the command line means; ERR_INVALID lists nothing but
 * names the word */
const struct object_kind *cli_kind(struct str word, struct err *err);
