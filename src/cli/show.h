/*
 * cli/show.h - what the commands show of workflows: argo's facts, node tree and list. Pure.
 *
 * Texts, columns and glyphs are those of argo; colours only when asked for.
 */
#pragma once

#include "base/clock.h"
#include "base/strbuf.h"
#include "formats/gotime.h"
#include "formats/selector.h"

enum show_detail { SHOW_NORMAL, SHOW_WIDE, SHOW_SHORT /* the tree alone */ };

struct show_options {
    struct wall now;
    const struct gozone *zone; /* of times; NULL: UTC */
    enum show_detail detail;
    bool has_color, is_ascii;
    const struct selector *nodes; /* which nodes of the tree; NULL: all */
};

/** show_workflow() - a workflow as `argo get` shows it: facts, then the tree of its nodes */
void show_workflow(struct arena *a, struct strbuf *b, const struct json *workflow,
                   const struct show_options *options);

/** show_tree() - the tree alone, with its headings; nothing when there are no nodes */
void show_tree(struct arena *a, struct strbuf *b, const struct json *workflow,
               const struct show_options *options);

struct show_list_options {
    struct wall now;
    bool has_namespace, is_wide, is_headless, has_uid;
};

/** show_list() - workflows as `argo list` shows them, in the order given */
void show_list(struct arena *a, struct strbuf *b, const struct json *const *workflows,
               size_t count, const struct show_list_options *options);

/** show_template() - "Name:", "Namespace:" and "Created:" of any object */
void show_template(struct arena *a, struct strbuf *b, const struct json *object,
                   const struct show_options *options);

/** show_phase() - a workflow's phase with what argo adds: "Running (Suspended)", "Failed
 * (Terminated)"; "Pending" when it has none */
struct str show_phase(const struct json *workflow);

/** show_is_ended() - is its phase final? */
bool show_is_ended(const struct json *workflow);

/** show_node_pod() - name of a Pod node's pod; "" for other nodes */
struct str show_node_pod(struct arena *a, const struct json *workflow, const struct json *node);

/** show_age() - "5m", "2d": the leading unit between two times; an absent @to is @now; "0s"
 * when
 * @from is no time */
struct str show_age(struct arena *a, struct str from, struct str to, struct wall now);

/** show_time() - "Fri Jan 02 03:04:05 +0000 (3 minutes ago)"; "" when it is no time */
struct str show_time(struct arena *a, struct str time, const struct show_options *options);

/** show_resources() - "9s*(1 cpu),6s*(100Mi memory)" of a resourcesDuration; "" for NULL */
struct str show_resources(struct arena *a, const struct json *durations);

/** show_one_line() - a text as a cell of a table: tabs and line ends become blanks */
struct str show_one_line(struct arena *a, struct str text);

enum show_color {
    SHOW_RED = 31,
    SHOW_GREEN = 32,
    SHOW_YELLOW = 33,
    SHOW_BLUE = 34,
    SHOW_MAGENTA = 35,
    SHOW_CYAN = 36,
    SHOW_WHITE = 37,
    SHOW_PLAIN = 39
};

/** show_colored() - a text in a colour */
struct str show_colored(struct arena *a, struct str text, enum show_color color);

/** show_color_of() - the colour that argo gives a pod's lines */
enum show_color show_color_of(struct str pod);
