/* cli/instance.h - --instanceid: workflows of one controller among several carry its name as a
 * label. Pure but for the environment. */
#pragma once

#include "cli/cli.h"

/** instance_mark() - a document that is to be sent, with the label when an instance is given */
void instance_mark(struct cli *cli, struct json *doc);

/** instance_selector() - a label selector that wants the instance, too; as it was when none is
 * given */
struct str instance_selector(struct cli *cli, struct str selector);

/** instance_check() - ERR_INVALID when an object belongs to another instance than the given one
 */
int instance_check(struct cli *cli, const struct json *doc, struct err *err);
