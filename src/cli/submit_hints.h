/*
 * cli/submit_hints.h - what argo lets pass in silence, or says without the cure, when workflows
 * are submitted. Of tiphys alone: called as argo the program says what argo says.
 */
#pragma once

#include "cli/workflow.h"

/** submit_hint_parameters() - warn of a -p that the workflow neither declares nor uses: a slip
 * in its name lets the default stand. @doc: before the -p are set in it; its template is asked
 * for */
void submit_hint_parameters(struct cli *cli, const struct json *doc);

/** submit_hint_refusal() - behind a refusal for an argument without a value: how to give one */
void submit_hint_refusal(const struct cli *cli, struct err *err);

/** submit_hint_left() - warn that other objects of a file are not created, but workflows are */
void submit_hint_left(const struct cli *cli, const struct object_document *doc,
                      const char *file);

/** submit_hint_other() - what to do with a document that is no Workflow; ERR_INVALID; -1 */
int submit_hint_other(const struct object_document *doc, const char *file, struct err *err);
