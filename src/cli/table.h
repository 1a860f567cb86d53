/* cli/table.h - columns of text, laid out as Go's text/tabwriter does. Pure. */
#pragma once

#include "base/strbuf.h"

/**
 * table_align() - turn tabs into columns
 * @a:       scratch
 * @b:       appended to
 * @text:    lines of cells; a tab ends a cell, what is behind the last tab is no column
 * @padding: blanks between a column's widest cell and the next one
 *
 * A column is a run of neighbouring lines that have it. Widths count characters; ANSI colours
 * (ESC [ ... m) have none.
 */
void table_align(struct arena *a, struct strbuf *b, struct str text, unsigned padding);

/** table_width() - characters of a text as a terminal shows them, colours not counted */
size_t table_width(struct str text);
