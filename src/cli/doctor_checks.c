/* The checks of `tiphys doctor`. See doctor.h. */
#include "cli/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "store/store.h"

enum { MIB = 1 << 20, FILES_WANTED = 8192, FOLDER_BITS = 077 };
#define GIB          ((uint64_t) 1 << 30)
#define CLOCK_MIN_MS 1704067200000 /* 2024-01-01 */

static struct doctor_finding good(struct str text)
{
    return (struct doctor_finding){DOCTOR_OK, text, STR("")};
}

static struct doctor_finding warning(struct str text, struct str advice)
{
    return (struct doctor_finding){DOCTOR_WARNING, text, advice};
}

static struct doctor_finding failed(struct str text, struct str advice)
{
    return (struct doctor_finding){DOCTOR_FAILED, text, advice};
}

static const char *reason(struct arena *a, int error)
{
    struct err err;

    err_sys(&err, error, "refused");
    return str_copy(a, str_from(err.text)).ptr;
}

/* ---- the kernel ---- */

struct doctor_finding doctor_judge_kernel(struct arena *a, const char *release)
{
    struct str text = str_printf(a, "Linux %s", release);
    struct str rest = str_from(release), part;
    uint32_t major = 0, minor = 0;

    if (!str_cut(&rest, '.', &part) || !parse_u32(part, &major) ||
        !str_cut(&rest, '.', &part) || !parse_u32(part, &minor))
        return warning(text, STR("its release is not understood; 5.11 or later is wanted"));
    if (major > 5 || (major == 5 && minor >= 11))
        return good(text);
    return warning(text, STR("update to 5.11 or later: before, overlays need root; until then "
                             "use --isolation process"));
}

static struct doctor_finding look_kernel(struct arena *a, const char *data)
{
    struct utsname machine;

    (void) data;
    if (uname(&machine) < 0)
        return warning(str_from(reason(a, errno)), STR("the kernel does not say what it is"));
    return doctor_judge_kernel(a, machine.release);
}

/* The number in a file of the kernel; @otherwise when it has none. */
static long kernel_number(const char *path, long otherwise)
{
    FILE *file = fopen(path, "re");
    char text[32] = "";
    int64_t number = otherwise;

    if (!file)
        return otherwise;
    if (!fgets(text, sizeof(text), file) || !parse_i64(str_trim(str_from(text)), &number))
        number = otherwise;
    fclose(file);
    return (long) number;
}

/* Why namespaces of a container cannot be made; NULL: they can. */
static const char *refusal_of_namespaces(void)
{
    if (access("/proc/self/ns/user", F_OK) < 0 || access("/proc/self/ns/mnt", F_OK) < 0 ||
        access("/proc/self/ns/pid", F_OK) < 0)
        return "the kernel has none";
    if (kernel_number("/proc/sys/user/max_mnt_namespaces", 1) == 0)
        return "user.max_mnt_namespaces is 0";
    if (geteuid() == 0)
        return NULL;
    if (kernel_number("/proc/sys/user/max_user_namespaces", 1) == 0)
        return "user.max_user_namespaces is 0";
    if (kernel_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
        return "kernel.unprivileged_userns_clone is 0";
    if (kernel_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) != 0)
        return "kernel.apparmor_restrict_unprivileged_userns is set";
    return NULL;
}

static struct doctor_finding look_namespaces(struct arena *a, const char *data)
{
    const char *refusal = refusal_of_namespaces();

    (void) data;
    if (!refusal)
        return good(STR("user, mount and pid namespaces may be made"));
    return warning(str_printf(a, "namespaces cannot be made: %s", refusal),
                   STR("allow them by sysctl, or run steps with --isolation process"));
}

/* Is the word in a file of the kernel? */
static bool file_has(const char *path, const char *word)
{
    char line[512];
    FILE *file = fopen(path, "re");
    bool has = false;

    while (file && !has && fgets(line, sizeof(line), file))
        has = strstr(line, word) != NULL;
    if (file)
        fclose(file);
    return has;
}

static struct doctor_finding look_overlay(struct arena *a, const char *data)
{
    (void) a;
    (void) data;
    if (file_has("/proc/filesystems", "\toverlay"))
        return good(STR("overlayfs is there"));
    return warning(STR("overlayfs is not loaded"),
                   STR("load it (modprobe overlay), or run steps with --isolation process"));
}

struct doctor_finding doctor_judge_cgroups(bool has_two, bool has_one)
{
    if (has_two)
        return good(STR("cgroups version 2"));
    if (has_one)
        return good(STR("cgroups version 1"));
    return warning(
        STR("no cgroups are mounted at /sys/fs/cgroup"),
        STR("mount version 2 there; until then limits of containers have no effect"));
}

static struct doctor_finding look_cgroups(struct arena *a, const char *data)
{
    (void) a;
    (void) data;
    return doctor_judge_cgroups(access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0,
                                access("/sys/fs/cgroup/memory", F_OK) == 0);
}

/* ---- images ---- */

static bool is_program(struct arena *a, const char *name)
{
    const char *path = getenv("PATH");
    struct str rest = str_printf(a, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin"), part;

    while (str_cut(&rest, ':', &part))
        if (!str_is_empty(part) &&
            access(str_printf(a, STR_FMT "/%s", STR_ARG(part), name).ptr, X_OK) == 0)
            return true;
    return false;
}

struct doctor_finding doctor_judge_images(struct arena *a, bool is_root, bool has_skopeo,
                                          const char *runtime)
{
    if (is_root && has_skopeo && runtime)
        return good(str_printf(a, "skopeo and %s are there for isolation image", runtime));
    return warning(str_printf(a, "isolation image cannot be used:%s%s%s",
                              is_root ? "" : " this user is not root;",
                              has_skopeo ? "" : " there is no skopeo;",
                              runtime ? "" : " there is neither crun nor runc;"),
                   STR("for --isolation image only: be root, install packages skopeo and crun "
                       "or runc"));
}

static struct doctor_finding look_images(struct arena *a, const char *data)
{
    (void) data;
    return doctor_judge_images(a, geteuid() == 0, is_program(a, "skopeo"),
                               is_program(a, "crun")   ? "crun"
                               : is_program(a, "runc") ? "runc"
                                                       : NULL);
}

/* ---- limits and clock ---- */

struct doctor_finding doctor_judge_files(struct arena *a, uint64_t soft, uint64_t hard)
{
    struct str text = soft == RLIM_INFINITY
                          ? STR("open files without limit")
                          : str_printf(a, "%llu open files", (unsigned long long) soft);

    if (soft >= FILES_WANTED)
        return good(text);
    return warning(text,
                   hard >= FILES_WANTED
                       ? STR("raise the limit: ulimit -n 65536 (LimitNOFILE=65536 in a "
                             "unit of systemd)")
                       : STR("raise the hard limit as root: LimitNOFILE=65536 in the unit, "
                             "or nofile in /etc/security/limits.conf"));
}

static struct doctor_finding look_files(struct arena *a, const char *data)
{
    struct rlimit limit = {0};

    (void) data;
    getrlimit(RLIMIT_NOFILE, &limit);
    return doctor_judge_files(a, limit.rlim_cur, limit.rlim_max);
}

struct doctor_finding doctor_judge_clock(struct arena *a, struct wall now, bool is_synchronized)
{
    struct str text = str_printf(a, "Unix time %lld", (long long) (now.ms / 1000));

    if (now.ms < CLOCK_MIN_MS)
        return failed(text,
                      STR("set the clock: schedules and times of objects would be wrong"));
    if (!is_synchronized)
        return warning(
            str_printf(a, STR_FMT ", kept by nobody", STR_ARG(text)),
            STR("run a time service (chronyd, systemd-timesyncd): schedules run when "
                "the clock says so"));
    return good(text);
}

static struct doctor_finding look_clock(struct arena *a, const char *data)
{
    struct timex state = {0};

    (void) data;
    return doctor_judge_clock(a, clock_wall(), adjtimex(&state) != TIME_ERROR);
}

static struct doctor_finding look_zones(struct arena *a, const char *data)
{
    (void) a;
    (void) data;
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0)
        return good(STR("the time zone database is there"));
    return warning(STR("no time zone database in /usr/share/zoneinfo"),
                   STR("install tzdata: schedules with a timezone are refused without it"));
}

/* ---- the data folder ---- */

static struct doctor_finding look_folder(struct arena *a, const char *data)
{
    struct stat st;

    if (stat(data, &st) < 0 && errno == ENOENT)
        return good(str_printf(a, "%s is not there yet: the server makes it", data));
    if (stat(data, &st) < 0)
        return failed(str_printf(a, "%s: %s", data, reason(a, errno)),
                      STR("let the user of the server reach the folder"));
    if (!S_ISDIR(st.st_mode))
        return failed(str_printf(a, "%s is no folder", data), STR("name another one: --data"));
    if (access(data, R_OK | W_OK | X_OK) < 0)
        return failed(str_printf(a, "%s: %s", data, reason(a, errno)),
                      STR("give the folder to the user of the server (chown)"));
    if (st.st_mode & FOLDER_BITS)
        return warning(str_printf(a, "%s is open to others (%03o)", data, st.st_mode & 0777U),
                       STR("close it: chmod 700; secrets of workflows are in it"));
    return good(str_from(data));
}

struct doctor_finding doctor_judge_space(struct arena *a, uint64_t free_bytes)
{
    struct str text = str_printf(a, "%llu MiB free", (unsigned long long) (free_bytes / MIB));

    if (free_bytes < (uint64_t) 64 * MIB)
        return failed(text, STR("make room: the server would wait for its disk"));
    if (free_bytes < GIB)
        return warning(text, STR("make room: logs and artifacts of workflows are kept here"));
    return good(text);
}

static struct doctor_finding look_space(struct arena *a, const char *data)
{
    struct statvfs disk;

    if (statvfs(data, &disk) < 0 && statvfs(".", &disk) < 0)
        return warning(str_from(reason(a, errno)), STR("the disk does not say what is free"));
    return doctor_judge_space(a, (uint64_t) disk.f_bavail * disk.f_frsize);
}

struct doctor_finding doctor_judge_database(struct arena *a, const char *data, const char *name)
{
    const char *file = str_printf(a, "%s/%s", data, name).ptr;
    struct stat st;
    struct err err;

    if (stat(file, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return good(str_printf(a, "%s is not there yet", name));
    if (store_file_check(file, &err) == 0)
        return good(
            str_printf(a, "%s is whole, %lld KiB", name, (long long) st.st_size / 1024));
    return failed(str_copy(a, str_from(err.text)),
                  STR("stop the server, keep a copy of the folder, and restore the file from a "
                      "backup (or try sqlite3 FILE .recover)"));
}

static struct doctor_finding look_store(struct arena *a, const char *data)
{
    return doctor_judge_database(a, data, "state.db");
}

static struct doctor_finding look_bus(struct arena *a, const char *data)
{
    return doctor_judge_database(a, data, "bus.db");
}

const struct doctor_check *doctor_checks(size_t *ret_count)
{
    static const struct doctor_check checks[] = {
        {"kernel", look_kernel},      {"namespaces", look_namespaces},
        {"overlayfs", look_overlay},  {"cgroups", look_cgroups},
        {"images", look_images},      {"open files", look_files},
        {"clock", look_clock},        {"time zones", look_zones},
        {"data folder", look_folder}, {"disk space", look_space},
        {"store", look_store},        {"bus", look_bus},
    };

    *ret_count = COUNT_OF(checks);
    return checks;
}
