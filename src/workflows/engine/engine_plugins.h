/*
 * workflows/engine/engine_plugins.h - which executor plugins a workflow has, and their
 * processes. Private to workflows/engine. Loop thread.
 */
#pragma once

#include "workflows/engine/engine_internal.h"
#include "workflows/engine/plugin_template.h"

/** run_plugins() - the plugins of a workflow, in @a; the processes of those that have one are
 * started */
const struct plugin *run_plugins(struct engine_run *run, struct arena *a, size_t *ret_count);

/** run_start_plugin() - start the process of a plugin for this workflow, unless it runs */
void run_start_plugin(struct engine_run *run, const struct plugin *plugin);
