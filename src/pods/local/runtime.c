/*
 * How images can be run on this machine: the OCI runtime that works here, found by a trial
 * container without a program of its own, and the control groups that there are.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/random.h"
#include "base/tree.h"
#include "pods/local/local_internal.h"
#include "pods/shim/cgroup.h"

enum { SAID_BYTES = 400 };

#define TREE "/sys/fs/cgroup"

/* ---- control groups ---- */

static void find_cgroups(struct local_runtime *ret)
{
    ret->has_cgroups = geteuid() == 0;
    if (access(TREE "/cgroup.controllers", F_OK) == 0) {
        ret->oom_before = TREE;
        ret->oom_after = "/memory.events";
    } else if (access(TREE "/memory/memory.limit_in_bytes", F_OK) == 0) {
        ret->oom_before = TREE "/memory";
        ret->oom_after = "/memory.oom_control";
        ret->has_swap_limit = access(TREE "/memory/memory.memsw.limit_in_bytes", F_OK) == 0;
    } else {
        ret->has_cgroups = false;
    }
}

/* ---- programs ---- */

static bool find_in_path(const char *name, struct arena *a, const char **ret)
{
    struct str path = str_from(getenv("PATH") ? getenv("PATH") : ""), folder;
    static const char *const further[] = {"/usr/sbin", "/sbin", "/usr/bin", "/usr/local/bin"};

    if (strchr(name, '/')) {
        *ret = name;
        return access(name, X_OK) == 0;
    }
    while (str_cut(&path, ':', &folder)) {
        *ret = str_printf(a, STR_FMT "/%s", STR_ARG(folder), name).ptr;
        if (!str_is_empty(folder) && access(*ret, X_OK) == 0)
            return true;
    }
    for (size_t i = 0; i < COUNT_OF(further); i++) {
        *ret = str_printf(a, "%s/%s", further[i], name).ptr;
        if (access(*ret, X_OK) == 0)
            return true;
    }
    return false;
}

/* In the trial's root there is one program, which is no program: the kernel refuses it, but
 * only when all else was set up. */
static bool make_trial(struct str box, const struct bundle *b)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(1 << 20);
    _cleanup_arena_ struct arena *a = arena_new();
    static const char *const folders[] = {"", "root", "root/proc", "root/dev", "root/sys"};
    static const char *const files[] = {"config.json", "root/trial"};
    bool is_good = true;

    for (size_t i = 0; i < COUNT_OF(folders); i++)
        is_good &= mkdir(str_printf(a, STR_FMT "/%s", STR_ARG(box), folders[i]).ptr, 0755) == 0;
    bundle_print(b, &text);
    for (size_t i = 0; i < COUNT_OF(files) && is_good; i++) {
        struct str bytes = i == 0 ? strbuf_str(&text) : STR("\177none");
        const char *file = str_printf(a, STR_FMT "/%s", STR_ARG(box), files[i]).ptr;

        is_good = fd_write_file(AT_FDCWD, file, O_EXCL, 0755, bytes.ptr, bytes.len) == 0;
    }
    return is_good;
}

/* What it says on standard error, in @said. */
static bool run_trial(const char *program, struct str box, struct str id, char *said)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char *const args[] = {(char *) (uintptr_t) program,
                          (char[]){"--root"},
                          str_cz(a, str_concat(a, box, STR("/state"))),
                          (char[]){"run"},
                          (char[]){"--bundle"},
                          str_cz(a, box),
                          str_cz(a, id),
                          NULL};
    char *const env[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, NULL};
    posix_spawn_file_actions_t actions;
    size_t len = 0;
    ssize_t got;
    int ends[2];
    pid_t pid = -1;
    bool is_started;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    is_started = posix_spawn(&pid, program, &actions, NULL, args, env) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    while (is_started && len < SAID_BYTES - 1 &&
           (got = fd_read_some(ends[0], said + len, SAID_BYTES - 1 - len)) > 0)
        len += (size_t) got;
    said[len] = '\0';
    close(ends[0]);
    while (is_started && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return is_started;
}

/* Everything worked up to the program: then the kernel has said what it thinks of it. */
static bool does_work(const char *program, const char *path, struct arena *a,
                      struct str *ret_why)
{
    struct random random = random_from_system();
    struct str id =
        str_printf(a, "tiphys-trial-%016llx", (unsigned long long) random_u64(&random));
    struct str box = str_printf(a, "%s/" STR_FMT, path, STR_ARG(id)), line;
    struct str args[] = {STR("/trial")};
    struct bundle b = {.args = args,
                       .arg_count = 1,
                       .cwd = STR("/"),
                       .hostname = STR("trial"),
                       .cgroup = str_concat(a, STR("/tiphys/"), id)};
    char *said = arena_alloc(a, SAID_BYTES);
    struct str text;

    if (make_trial(box, &b))
        run_trial(program, box, id, said);
    tree_remove(AT_FDCWD, box.ptr);
    cgroup_remove(b.cgroup.ptr);
    text = str_from(said);
    if (str_find(text, STR("xec format error")) != SIZE_MAX)
        return true;
    *ret_why = STR("it says nothing");
    while (str_cut(&text, '\n', &line))
        if (!str_is_empty(str_trim(line)))
            *ret_why = str_trim(line);
    return false;
}

int local_runtime_find(const char *wanted, const char *path, struct local_runtime *ret,
                       struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const char *const names[] = {wanted && *wanted ? wanted : "crun",
                                 wanted && *wanted ? NULL : "runc"};
    struct local_runtime made = {.has_network = true};
    struct str tried = STR("");

    if (geteuid() != 0)
        return err_set(err, ERR_UNSUPPORTED,
                       "isolation image as another user than root is not supported yet");
    find_cgroups(&made);
    for (size_t i = 0; i < COUNT_OF(names) && names[i]; i++) {
        struct str why = STR("it is not installed");

        if (find_in_path(names[i], a, &made.path) && does_work(made.path, path, a, &why)) {
            made.path = strdup(made.path);
            *ret = made;
            return 0;
        }
        tried = str_printf(a, STR_FMT "%s%s: " STR_FMT, STR_ARG(tried), tried.len ? "; " : "",
                           names[i], STR_ARG(why));
    }
    return err_set(err, ERR_UNSUPPORTED,
                   "isolation image needs an OCI runtime that works here: " STR_FMT,
                   STR_ARG(tried));
}
