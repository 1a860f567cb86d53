/*
 * The `host` isolation: this machine's root, read-only below a private writable overlay, with
 * own /tmp, /proc and host name. Runs in the new child before its program, already in new
 * mount, pid, ipc and uts namespaces. Nothing of it survives the pod but the overlay's upper
 * folder.
 */
#define _GNU_SOURCE
#include "base/fd.h"
#include "pods/shim/shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
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

/* A user without privileges becomes root of its own user namespace, or stays who it is: it has
 * all rights there until its program begins. */
static int map_user(const struct plan_container *c, uid_t uid, gid_t gid, const char **why)
{
    char text[64];
    const char *const files[] = {"/proc/self/setgroups", "/proc/self/uid_map",
                                 "/proc/self/gid_map"};

    for (size_t i = 0; i < 3; i++) {
        int len = i == 0 ? snprintf(text, sizeof(text), "deny")
                         : snprintf(text, sizeof(text), "%u %u 1",
                                    c->uid < 0 ? 0
                                    : i == 1   ? uid
                                               : gid,
                                    i == 1 ? uid : gid);
        int fd = open(files[i], O_WRONLY | O_CLOEXEC);

        if (fd < 0 || fd_write(fd, text, (size_t) len) < 0)
            return fail(why, "map the user namespace");
        close(fd);
    }
    return 0;
}

/* Opens @path as it will be seen in the pod, whose root is @root: links lead where they lead
 * there, nothing leads out. */
int isolate_open(int root, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};

    return (int) syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* Makes what is missing of @path and opens it; the last part a file when @is_file. */
static int make_target(int root, const char *path, bool is_file)
{
    char part[PATH_BYTES];
    size_t len = (size_t) snprintf(part, sizeof(part), "%s", path);
    int above = root;

    if (len >= sizeof(part))
        return -1;
    for (size_t i = 1, from = 0; i <= len; i++) {
        char kept = part[i];
        int fd;

        if (kept != '/' && kept != '\0')
            continue;
        part[i] = '\0';
        fd = isolate_open(root, part);
        if (fd < 0 && errno == ENOENT) {
            const char *name = part + from + (part[from] == '/');

            if (i == len && is_file)
                close(openat(above, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
            else
                mkdirat(above, name, 0755);
            fd = isolate_open(root, part);
        }
        if (above != root)
            close(above);
        above = fd;
        if (fd < 0)
            return -1;
        part[i] = kept;
        from = i;
    }
    return above;
}

/* Opens what is bound. The runner gave its path without links: one that is there now was put
 * there since, by a pod that can write the volume. */
static int open_source(const char *path, bool *ret_is_folder)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
    int fd = (int) syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -1;
    *ret_is_folder = S_ISDIR(st.st_mode);
    return fd;
}

/* What lies on top at a path of the pod. */
static int make_read_only(int root, const char *path)
{
    char target[64];
    int fd = isolate_open(root, path);

    snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
    if (fd < 0 ||
        mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, NULL) < 0)
        return -1;
    return close(fd);
}

/* Binds a file or folder of this machine into the pod's root. */
static int bind_one(const char *path_of_source, int root, const char *path, bool is_read_only)
{
    char source[64], target[64];
    bool is_folder;
    int from = open_source(path_of_source, &is_folder), fd;

    if (from < 0)
        return -1;
    fd = make_target(root, path, !is_folder);
    if (fd < 0)
        return -1;
    snprintf(source, sizeof(source), "/proc/self/fd/%d", from);
    snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
    if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0)
        return -1;
    close(from);
    close(fd);
    return is_read_only ? make_read_only(root, path) : 0;
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
static int bind_other_disks(int root)
{
    static const char *const own[] = {".",   "..",  "proc", "sys",  "dev",
                                      "run", "tmp", "mnt",  "media"};
    DIR *top = opendir("/");
    struct dirent *entry;
    struct stat root_st, st;

    if (!top || stat("/", &root_st) < 0)
        return -1;
    while ((entry = readdir(top))) {
        char path[512];
        bool is_own = false;

        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
            is_own |= strcmp(own[i], entry->d_name) == 0;
        snprintf(path, sizeof(path), "/%s", entry->d_name);
        if (!is_own && lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
            st.st_dev != root_st.st_dev && bind_one(path, root, path, true) < 0) {
            closedir(top);
            return -1;
        }
    }
    return closedir(top);
}

/* ---- the kernel's folders ---- */

static int mount_at(const char *target, const char *name, const char *type, unsigned long flags,
                    const char *options)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%s/%s", target, name);
    mkdir(path, 0755);
    return mount(type, path, type, flags, options);
}

/* The usual devices and terminals of its own; none of this machine's disks. */
static int make_dev(const char *target, int root)
{
    static const char *const devices[] = {"/dev/null",   "/dev/zero",    "/dev/full",
                                          "/dev/random", "/dev/urandom", "/dev/tty"};
    static const char *const links[][2] = {{"/proc/self/fd", "dev/fd"},
                                           {"/proc/self/fd/0", "dev/stdin"},
                                           {"/proc/self/fd/1", "dev/stdout"},
                                           {"/proc/self/fd/2", "dev/stderr"},
                                           {"pts/ptmx", "dev/ptmx"}};

    if (mount_at(target, "dev", "tmpfs", MS_NOSUID, "mode=755,size=64k") < 0)
        return -1;
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
        if (access(devices[i], F_OK) == 0 && bind_one(devices[i], root, devices[i], false) < 0)
            return -1;
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        if (symlinkat(links[i][0], root, links[i][1]) < 0)
            return -1;
    if (mount_at(target, "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
                 "newinstance,ptmxmode=0666,mode=0620") < 0)
        return -1;
    return mount_at(target, "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=65536k");
}

/* What is mounted below /sys (control groups) is left out; in a user namespace of our own it
 * may not be taken apart. */
static int mount_sys(int root, bool is_root)
{
    int fd = is_root ? isolate_open(root, "/sys") : -1;
    char target[64];

    if (fd < 0)
        return bind_one("/sys", root, "/sys", true);
    snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
    if (mount("/sys", target, NULL, MS_BIND, NULL) < 0)
        return -1;
    close(fd);
    return make_read_only(root, "/sys");
}

static int hide_one(int root, const char *path)
{
    int fd = isolate_open(root, path);
    char target[64];
    struct stat st;
    int result;

    if (fd < 0)
        return 0;
    snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        result = mount("tmpfs", target, "tmpfs", MS_RDONLY, "size=4k");
    else
        result = mount("/dev/null", target, NULL, MS_BIND, NULL);
    close(fd);
    return result;
}

static int protect_one(int root, const char *path)
{
    int fd = isolate_open(root, path);
    char target[64];
    int result;

    if (fd < 0)
        return 0;
    snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
    result = mount(target, target, NULL, MS_BIND | MS_REC, NULL);
    close(fd);
    return result < 0 ? -1 : make_read_only(root, path);
}

/* As images/bundle.c has them for isolation image. */
static int mask_kernel(int root)
{
    static const char *const hidden[] = {"/proc/acpi",
                                         "/proc/asound",
                                         "/proc/kcore",
                                         "/proc/keys",
                                         "/proc/scsi",
                                         "/proc/latency_stats",
                                         "/proc/timer_list",
                                         "/proc/timer_stats",
                                         "/proc/sched_debug",
                                         "/sys/firmware",
                                         "/sys/devices/virtual/powercap"};
    static const char *const read_only[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                            "/proc/sysrq-trigger"};

    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        if (hide_one(root, hidden[i]) < 0)
            return -1;
    for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++)
        if (protect_one(root, read_only[i]) < 0)
            return -1;
    return 0;
}

static int mount_kernel_folders(const char *target, int root, bool is_root)
{
    if (mount_at(target, "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return -1;
    return make_dev(target, root) < 0 || mount_sys(root, is_root) < 0 ? -1 : mask_kernel(root);
}

static int mount_tmp(const char *box, int root)
{
    char source[PATH_BYTES];

    snprintf(source, sizeof(source), "%s/tmp", box);
    return bind_one(source, root, "/tmp", false);
}

/* Hides a folder by whichever name the pod reaches it; one that is not there is fine. */
static int mask_one(int root, const char *path)
{
    char target[64];
    int fd = isolate_open(root, path);

    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
    if (mount("tmpfs", target, "tmpfs", MS_RDONLY, "size=4k") < 0)
        return -1;
    return close(fd);
}

int isolate_bind(const struct plan *plan, int root)
{
    for (size_t i = 0; i < plan->mask_count; i++)
        if (mask_one(root, plan->masks[i]) < 0)
            return -1;
    for (size_t i = 0; i < plan->bind_count; i++)
        if (bind_one(plan->binds[i].source, root, plan->binds[i].target,
                     plan->binds[i].is_read_only) < 0)
            return -1;
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

int isolate_enter(const struct plan *plan, const struct plan_container *c, const char **why)
{
    const char *box = c->box ? c->box : plan->root;
    char target[PATH_BYTES];
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int root;

    if (uid != 0 && map_user(c, uid, gid, why) < 0)
        return -1;
    snprintf(target, sizeof(target), "%s/root", box);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return fail(why, "make mounts private");
    if (mount_overlay(box, target) < 0)
        return fail(why, "mount the overlay");
    root = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return fail(why, "open the root");
    if (bind_other_disks(root) < 0)
        return fail(why, "bind other file systems");
    if (mount_kernel_folders(target, root, uid == 0) < 0)
        return fail(why, "mount /proc, /dev and /sys");
    if (mount_tmp(box, root) < 0)
        return fail(why, "mount /tmp");
    if (isolate_bind(plan, root) < 0)
        return fail(why, "mount volumes");
    if (plan->hostname && sethostname(plan->hostname, strnlen(plan->hostname, 63)) < 0)
        return fail(why, "set the host name");
    return enter_root(target) < 0 ? fail(why, "enter the root") : 0;
}

int isolate_seal(const struct plan *plan, const char **why)
{
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool has_volume = false;

    for (size_t i = 0; i < plan->bind_count; i++)
        has_volume |= strcmp(plan->binds[i].target, "/tmp") == 0 ||
                      strcmp(plan->binds[i].target, "/tmp/") == 0;
    if (root < 0 || (!has_volume && make_read_only(root, "/tmp") < 0) ||
        make_read_only(root, "/") < 0)
        return fail(why, "make the root read-only");
    return close(root);
}
