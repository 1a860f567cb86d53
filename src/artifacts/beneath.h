/*
 * artifacts/beneath.h - paths that come from manifests and archives, and cannot leave a folder.
 * For the files of this room. Errors are in errno.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/** beneath_clean() - a relative path without "." parts and doubled or closing slashes, "" for
 * the folder itself; NULL: it is absolute, leads up or holds a zero byte */
char *beneath_clean(struct arena *a, struct str path);

/** beneath_open() - open a clean path below a folder; no link is followed; fd or -1 */
int beneath_open(int dir, const char *path, int flags);

/** beneath_parent() - the folder that holds a clean path, made with all above it; fd or -1
 * @last: the path's last part, borrowed */
int beneath_parent(int dir, const char *path, const char **last);
