/*
 * base/tree.h - copies, removes and changes files and folders with all in them. Any thread;
 * blocks.
 *
 * Links are copied as links and never followed; sockets, pipes and devices are left out. Needs
 * nothing of base, so that the shim, a program of its own, can be built with it. Errors are in
 * errno. Doesn't keep owners, times of folders or extended attributes.
 */
#pragma once

#include <stdbool.h>

/**
 * tree_copy() - copy an open file or folder
 * @from: the file or folder, open for reading; stays open, its offset moves
 * @to:   folder that gets it
 * @name: its name there, which must be free
 *
 * Files share their blocks where the file system can; else they are copied in the kernel. What
 * was made before a failure stays. EMLINK: nested deeper than TREE_DEPTH_MAX.
 *
 * Return: 0, or -1 with errno.
 */
int tree_copy(int from, int to, const char *name);

/**
 * tree_remove() - delete a file or folder with all in it
 * @dir:  folder
 * @name: in it; need not be there
 *
 * Goes on when something cannot be deleted. Stays on the file system of @name.
 *
 * Return: 0, or -1 with errno when something was left.
 */
int tree_remove(int dir, const char *name);

/**
 * tree_chmod() - set the permissions of a file, or of a folder and all files and folders in it
 * @dir:  folder
 * @name: in it
 * @mode: permission bits
 *
 * Links are left alone.
 *
 * Return: 0, or -1 with errno.
 */
int tree_chmod(int dir, const char *name, unsigned mode);

/**
 * tree_share() - give a file or folder with all in it to a group, which may read and, unless
 * @is_read_only, write it; what is made in its folders later is the group's, too
 * @dir:  folder
 * @name: in it
 * @gid:  the group
 *
 * Links get the group and stay links. As Kubernetes does it for fsGroup.
 *
 * Return: 0, or -1 with errno.
 */
int tree_share(int dir, const char *name, unsigned gid, bool is_read_only);
