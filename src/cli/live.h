/*
 * cli/live.h - a text that is redrawn in place on a terminal, and the same news as plain lines.
 *
 * Both are pure functions of the old state and the new one; who calls them owns the terminal.
 */
#pragma once

#include "base/strbuf.h"
#include "formats/json.h"

struct live_size {
    unsigned columns, rows; /* 0: unknown, nothing is cut */
};

/* What stands on the terminal. A zeroed struct: nothing yet. */
struct live_frame {
    struct str text;       /* as it was given; borrowed */
    struct live_size size; /* of the terminal when it was drawn */
};

/**
 * live_draw() - bytes that turn what stands on a terminal into a new text
 * @b:   appended to; nothing when text and size are the same
 * @old: what stands there, the cursor in the line behind it
 * @new: what is to stand there
 *
 * Lines that did not change are not written again. Lines are cut at the terminal's width and
 * the text at its height (the first lines are left out), so that nothing scrolls or wraps.
 * After a change of size the screen is cleared.
 */
void live_draw(struct strbuf *b, const struct live_frame *old, const struct live_frame *new);

/**
 * live_changes() - a line for each node whose phase or message is new, and for the workflow
 * @b:   appended to: "TIME NODE PHASE" or "TIME NODE PHASE: MESSAGE"
 * @old: workflow as it was, or NULL
 * @new: as it is
 *
 * Nodes come in the order of the document; groups that only hold others together have no line.
 */
void live_changes(struct arena *a, struct strbuf *b, const struct json *old,
                  const struct json *new);
