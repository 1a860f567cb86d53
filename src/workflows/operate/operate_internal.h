/*
 * workflows/operate/operate_internal.h - what the files of the operations share: changes of the
 * document and of nodes, and the selector of nodes. Pure; any thread.
 */
#pragma once

#include "formats/selector.h"
#include "workflows/operate/operate.h"

/** operate_has_ended() - is its phase a final one? */
bool operate_has_ended(const struct operate_workflow *wf);

/** operate_set_spec() - a member of the document's spec */
void operate_set_spec(struct operate_workflow *wf, const char *member, struct json value);

/** operate_drop() - take a member away from an object of the document: "spec", "suspend"; no
 * change when it is not there */
void operate_drop(struct operate_workflow *wf, const char *object, const char *member);

/** operate_node_set() - a member of a node */
void operate_node_set(struct operate_workflow *wf, struct operate_node *n, const char *member,
                      struct json value);

/** operate_now() - the time of the operation as documents show it */
struct json operate_now(const struct operate_workflow *wf);

/** operate_selector() - a selector of nodes; in the operation's arena; ERR_INVALID */
int operate_selector(const struct operate_workflow *wf, struct str text, struct selector *ret,
                     struct err *err);

/** operate_matches() - does a node match? By displayName, templateName, phase, name, id,
 * templateRef.name, templateRef.template, inputs.parameters.NAME.value */
bool operate_matches(const struct selector *s, const struct json *node);

/** operate_revive() - what ended a workflow leaves its spec: shutdown, and a deadline of 0 */
void operate_revive(struct arena *a, struct json *spec);
