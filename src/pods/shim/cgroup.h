/*
 * pods/shim/cgroup.h - control groups that a runtime has made for a container: taken away when
 * it has ended. Needs nothing of base, so that the shim, a program of its own, can be built
 * with it. Any thread; blocks for milliseconds at most.
 */
#pragma once

/** cgroup_remove() - take away a group, named as in config.json, in all hierarchies of this
 * machine (versions 1 and 2); one that is not there or still in use is left */
void cgroup_remove(const char *path);
