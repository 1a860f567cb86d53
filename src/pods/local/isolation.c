/*
 * Which isolation does this machine allow? A trial pod that runs `true` tells: namespaces and
 * overlayfs may be missing, forbidden, or broken on the file system of the state folder, and
 * only trying shows it.
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/tree.h"
#include "pods/local/local_internal.h"

/* Runs one shim in the foreground on a trial record. */
static enum local_isolation probe_run(struct str dir, const char *shim,
                                      struct pod_record *record, const struct strbuf *plan)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str path = str_concat(a, dir, STR("/" POD_RECORD_FILE));
    char *const args[] = {(char[]){"tiphys-shim"}, str_cz(a, dir), NULL};
    char *const env[] = {NULL};
    int fd = open(path.ptr, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_good = fd >= 0 && fd_write(fd, record, sizeof(*record)) == 0 &&
                   fd_write(fd, plan->ptr, plan->len) == 0;
    pid_t pid;

    is_good = is_good && posix_spawn(&pid, shim, NULL, NULL, args, env) == 0 &&
              waitpid(pid, NULL, 0) == pid;
    is_good = is_good &&
              fd_pread(fd, record, sizeof(*record), 0) == (ssize_t) sizeof(*record) &&
              record->state == POD_RECORD_ENDED && record->code == 0;
    if (fd >= 0)
        close(fd);
    tree_remove(AT_FDCWD, dir.ptr);
    return is_good ? LOCAL_ISOLATION_HOST : LOCAL_ISOLATION_PROCESS;
}

enum local_isolation local_isolation_probe(const char *path, const char *shim)
{
    _cleanup_strbuf_ struct strbuf plan = STRBUF_INIT(65536);
    _cleanup_arena_ struct arena *a = arena_new();
    struct str dir = str_printf(a, "%s/probe", path);
    static const char *const folders[] = {"",          "/box",      "/box/upper",
                                          "/box/work", "/box/root", "/box/tmp"};
    struct pod_record record = {.magic = POD_RECORD_MAGIC};

    for (size_t i = 0; i < COUNT_OF(folders); i++)
        mkdir(str_concat(a, dir, str_from(folders[i])).ptr, 0700);
    plan_word(&plan, "isolation", STR("host"));
    plan_word(&plan, "root", str_concat(a, dir, STR("/box")));
    plan_word(&plan, "container", STR("main"));
    plan_word(&plan, "cwd", STR("/"));
    plan_word(&plan, "log", STR("main.log"));
    plan_word(&plan, "arg", STR("true"));
    record.plan_bytes = (uint32_t) plan.len;
    return probe_run(dir, shim, &record, &plan);
}
