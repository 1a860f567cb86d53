/* See cgroup.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "pods/shim/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define TREE "/sys/fs/cgroup"

enum { TRIES = 20, PAUSE_US = 2000 };

/* A process that was just reaped may count as inside for a moment. */
static void remove_one(const char *path)
{
    for (int i = 0; i < TRIES; i++) {
        if (rmdir(path) == 0 || errno != EBUSY)
            return;
        usleep(PAUSE_US);
    }
}

void cgroup_remove(const char *path)
{
    DIR *dir = opendir(TREE);
    struct dirent *entry;
    char full[4096];

    snprintf(full, sizeof(full), TREE "%s", path);
    remove_one(full);
    while (dir && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' || entry->d_type == DT_REG)
            continue;
        snprintf(full, sizeof(full), TREE "/%s%s", entry->d_name, path);
        remove_one(full);
    }
    if (dir)
        closedir(dir);
}
