/*
 * The `host` isolation: this machine's root, read-only below a private writable overlay, with
 * own /tmp, /proc and host name. Runs in the new child before its program, already in new
 * mount, pid, ipc and uts namespaces. Nothing of it survives the pod but the overlay's upper
 * folder.
 */
#define _GNU_SOURCE
#include "pods/shim/shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static int fail(const char **why, const char *step)
{
    *why = step;
    return -1;
}

/* A user without privileges becomes root of its own user namespace. */
static int map_user(uid_t uid, gid_t gid, const char **why)
{
    char text[64];
    const char *const files[] = {"/proc/self/setgroups", "/proc/self/uid_map",
                                 "/proc/self/gid_map"};

    for (size_t i = 0; i < 3; i++) {
        int len = i == 0 ? snprintf(text, sizeof(text), "deny")
                         : snprintf(text, sizeof(text), "0 %u 1",
                                    i == 1 ? (unsigned) uid : (unsigned) gid);
        int fd = open(files[i], O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, text, (size_t) len) != len)
            return fail(why, "map the user namespace");
        close(fd);
    }
    return 0;
}

/* Makes every folder of a path below the root that is missing; the last part a file when
 * @is_file. */
static int make_target(const char *path, bool is_file)
{
    char part[PATH_BYTES];
    size_t len = (size_t) snprintf(part, sizeof(part), "%s", path);

    if (len >= sizeof(part))
        return -1;
    for (size_t i = 1; i <= len; i++) {
        char kept = part[i];
        bool is_last = i == len;

        if (kept != '/' && !is_last)
            continue;
        part[i] = '\0';
        if (is_last && is_file) {
            int fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

            if (fd >= 0)
                close(fd);
        } else if (mkdir(part, 0755) < 0 && errno != EEXIST) {
            return -1;
        }
        part[i] = kept;
    }
    return 0;
}

static int bind_one(const char *source, const char *target, bool is_read_only)
{
    struct stat st;

    if (stat(source, &st) < 0 || make_target(target, !S_ISDIR(st.st_mode)) < 0)
        return -1;
    if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0)
        return -1;
    return is_read_only
               ? mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, NULL)
               : 0;
}

static int mount_overlay(const char *root, const char *target)
{
    char options[3 * PATH_BYTES];

    snprintf(options, sizeof(options), "lowerdir=/,upperdir=%s/upper,workdir=%s/work", root,
             root);
    return mount("overlay", target, "overlay", MS_NOSUID, options);
}

/* Top folders that are file systems of their own (a separate /usr or /home) are not in the
 * overlay: bind them read-only. */
static int bind_other_disks(const char *target)
{
    static const char *const own[] = {".",   "..",  "proc", "sys",  "dev",
                                      "run", "tmp", "mnt",  "media"};
    DIR *top = opendir("/");
    struct dirent *entry;
    struct stat root_st, st;

    if (!top || stat("/", &root_st) < 0)
        return -1;
    while ((entry = readdir(top))) {
        char path[512], under[PATH_BYTES];
        bool is_own = false;

        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
            is_own |= strcmp(own[i], entry->d_name) == 0;
        snprintf(path, sizeof(path), "/%s", entry->d_name);
        snprintf(under, sizeof(under), "%s%s", target, path);
        if (!is_own && lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
            st.st_dev != root_st.st_dev && bind_one(path, under, true) < 0) {
            closedir(top);
            return -1;
        }
    }
    return closedir(top);
}

static int mount_kernel_folders(const char *target)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%s/proc", target);
    if (mount("proc", path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return -1;
    snprintf(path, sizeof(path), "%s/dev", target);
    if (bind_one("/dev", path, false) < 0)
        return -1;
    snprintf(path, sizeof(path), "%s/sys", target);
    return bind_one("/sys", path, true);
}

static int mount_tmp(const char *root, const char *target)
{
    char source[PATH_BYTES], path[PATH_BYTES];

    snprintf(source, sizeof(source), "%s/tmp", root);
    snprintf(path, sizeof(path), "%s/tmp", target);
    return bind_one(source, path, false);
}

static int mount_plan(const struct plan *plan, const char *target)
{
    char path[PATH_BYTES];

    for (size_t i = 0; i < plan->mask_count; i++) {
        snprintf(path, sizeof(path), "%s%s", target, plan->masks[i]);
        if (access(path, F_OK) == 0 && mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=4k") < 0)
            return -1;
    }
    for (size_t i = 0; i < plan->bind_count; i++) {
        snprintf(path, sizeof(path), "%s%s", target, plan->binds[i].target);
        if (bind_one(plan->binds[i].source, path, plan->binds[i].is_read_only) < 0)
            return -1;
    }
    return 0;
}

/* The overlay may need the sources of later binds, so these are mounted before the old root
 * goes away. */
static int enter_root(const char *target)
{
    if (chdir(target) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
        return -1;
    if (umount2(".", MNT_DETACH) < 0)
        return -1;
    return chdir("/");
}

int isolate_enter(const struct plan *plan, const char **why)
{
    char target[PATH_BYTES];
    uid_t uid = geteuid();
    gid_t gid = getegid();

    if (uid != 0 && map_user(uid, gid, why) < 0)
        return -1;
    snprintf(target, sizeof(target), "%s/root", plan->root);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return fail(why, "make mounts private");
    if (mount_overlay(plan->root, target) < 0)
        return fail(why, "mount the overlay");
    if (bind_other_disks(target) < 0)
        return fail(why, "bind other file systems");
    if (mount_kernel_folders(target) < 0)
        return fail(why, "mount /proc, /dev and /sys");
    if (mount_tmp(plan->root, target) < 0)
        return fail(why, "mount /tmp");
    if (mount_plan(plan, target) < 0)
        return fail(why, "mount volumes");
    if (plan->hostname && sethostname(plan->hostname, strnlen(plan->hostname, 63)) < 0)
        return fail(why, "set the host name");
    return enter_root(target) < 0 ? fail(why, "enter the root") : 0;
}
