/* cli/workflow.h - what the commands about workflows share: fetching, waiting, showing. */
#pragma once

#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/objects.h"

/** cli_workflow_get() - one Workflow with its nodes */
int cli_workflow_get(struct cli *cli, struct str name, struct json *ret, struct err *err);

/** cli_workflow_is_ended() - is its phase final? */
bool cli_workflow_is_ended(const struct json *workflow);

/** cli_workflow_wait() - until it has ended; @ret is the last state; exit code 1 unless it
 * succeeded */
int cli_workflow_wait(struct cli *cli, struct str name, struct json *ret, struct err *err);

/** cli_workflow_print() - as `argo get` shows it: a block of facts, then the tree of its nodes;
 * @now for ages */
void cli_workflow_print(struct arena *a, struct strbuf *b, const struct json *workflow,
                        struct wall now);

/** cli_workflow_show() - cli_workflow_print() to standard output */
void cli_workflow_show(struct cli *cli, const struct json *workflow);

/** cli_pod_log_print() - a pod's log, its name before each line; a pod that has not begun has
 * none
 */
int cli_pod_log_print(struct cli *cli, struct str pod, struct err *err);

/** cli_node_pod() - name of a Pod node's pod; "" for other nodes */
struct str cli_node_pod(struct arena *a, const struct json *workflow, const struct json *node);

/** cli_age() - "5m", "2d": the leading unit of the time since @since; "" when it is no time */
struct str cli_age(struct arena *a, struct str since, struct wall now);
