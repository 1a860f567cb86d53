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

/** run_see_plugin() - a pod of the run has something to report: is it a plugin's process that
 * has ended badly? It is logged, and kept for run_plugin_end() */
void run_see_plugin(struct engine_run *run, const struct pod_report *report);

/** run_plugin_end() - how the process of a plugin has ended last, in words, in @a; the absent
 * view: not badly */
struct str run_plugin_end(struct engine_run *run, const struct plugin *plugin, struct arena *a);
