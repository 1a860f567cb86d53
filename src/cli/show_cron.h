/*
 * cli/show_cron.h - what the commands show of cron workflows, in argo's words and columns. Pure
 * but for time zones, which are read from the system's database.
 */
#pragma once

#include "cli/show.h"

/* Heads of the cells behind NAME. */
#define SHOW_CRON_COLUMNS "\tAGE\tLAST RUN\tNEXT RUN\tSCHEDULES\tTIMEZONE\tSUSPENDED"

/** show_cron() - a cron workflow as `argo cron get` shows it */
void show_cron(struct arena *a, struct strbuf *b, const struct json *cron,
               const struct show_options *options);

/** show_cron_cells() - its cells in a list behind its name, each after a tab */
void show_cron_cells(struct arena *a, struct strbuf *b, const struct json *cron,
                     const struct show_options *options);
