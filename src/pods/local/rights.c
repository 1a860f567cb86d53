/*
 * What a securityContext says in isolations process and host: who a container is, what it may
 * not do, and whose its volumes are. Names and groups are those of this machine. A server that
 * is not root's can only be who it is, and says so. On a worker. Isolation image: images.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/tree.h"
#include "pods/local/local_internal.h"
#include "pods/local/rights.h"

enum { WAY_MODE = 0711, CWD_MODE = 0700, SHARED_CWD_MODE = 01777 };

/* ---- what is refused ---- */

/* In isolation process a container has what the server has: nothing can be added or hidden. */
static int check_process(const struct json *security, struct err *err)
{
    struct str profile = json_str(json_path(security, "seccompProfile", "type", NULL));

    if (json_get_bool(security, STR("readOnlyRootFilesystem")))
        return err_set(err, ERR_UNSUPPORTED,
                       "securityContext.readOnlyRootFilesystem in isolation process is not "
                       "supported: a process has no root of its own; use host or image");
    if (str_is(profile, "Unconfined"))
        return 0;
    return bundle_check(security, err);
}

static bool is_our_group(gid_t gid)
{
    gid_t list[BUNDLE_GROUPS_MAX];
    int count = getgroups(BUNDLE_GROUPS_MAX, list);

    for (int i = 0; i < count; i++)
        if (list[i] == gid)
            return true;
    return gid == getegid();
}

static int refuse_other(const char *member, uint32_t wanted, struct err *err)
{
    return err_set(err, ERR_DENIED,
                   "securityContext.%s %u: the server runs as user %u of group %u and cannot "
                   "become another: start it as root, or leave %s out",
                   member, wanted, geteuid(), getegid(), member);
}

/* Of a server without root: all that is asked for must be its own already. */
static int check_ours(const struct bundle_user *user, struct err *err)
{
    if (user->uid != geteuid())
        return refuse_other("runAsUser", user->uid, err);
    if (user->gid != getegid())
        return refuse_other("runAsGroup", user->gid, err);
    for (size_t i = 0; i < user->group_count; i++)
        if (!is_our_group(user->groups[i]))
            return refuse_other("supplementalGroups or fsGroup", user->groups[i], err);
    return 0;
}

/* ---- who it is ---- */

static struct str read_names(const char *path, struct arena *a)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *bytes = arena_alloc_raw(a, IMAGE_CONFIG_MAX_BYTES);
    ssize_t len = fd >= 0 ? fd_read(fd, bytes, IMAGE_CONFIG_MAX_BYTES) : 0;

    if (fd >= 0)
        close(fd);
    return str_of(bytes, len > 0 ? (size_t) len : 0);
}

static bool says_who(const struct json *security)
{
    static const char *const members[] = {"runAsUser", "runAsGroup", "supplementalGroups",
                                          "fsGroup"};

    for (size_t i = 0; i < COUNT_OF(members); i++) {
        const struct json *v = json_get(security, str_from(members[i]));

        if (v && v->type != JSON_NULL)
            return true;
    }
    return json_get_bool(security, STR("runAsNonRoot"));
}

static int find_user(struct container_rights *r, struct arena *a, struct err *err)
{
    struct bundle_names names = {.spec = str_printf(a, "%u", geteuid()),
                                 .image = json_get_str(r->container, STR("image"))};

    r->has_user = says_who(r->security);
    if (!r->has_user)
        return 0;
    if (geteuid() != 0) {
        names.spec = str_printf(a, "%u:%u", geteuid(), getegid());
        names.passwd = read_names("/etc/passwd", a);
    } else {
        names.passwd = read_names("/etc/passwd", a);
        names.group = read_names("/etc/group", a);
    }
    if (bundle_user_choose(&names, r->security, a, &r->user, err) < 0)
        return -1;
    return geteuid() == 0 ? 0 : check_ours(&r->user, err);
}

static int find_one(const struct local_pod *pod, struct container_rights *r, struct arena *a,
                    struct err *err)
{
    r->security =
        bundle_security(a, pod->req.security, json_get(r->container, STR("securityContext")));
    if (!r->security)
        return 0;
    if ((pod->isolation == LOCAL_ISOLATION_PROCESS ? check_process(r->security, err)
                                                   : bundle_check(r->security, err)) < 0)
        return -1;
    return bundle_lacks(r->security, &r->lacks, err) < 0 ? -1 : find_user(r, a, err);
}

int rights_stage(struct local_pod *pod, struct arena *a, struct err *err)
{
    const struct json *const *list = images_containers(pod->req.template, a);
    struct container_rights *made;
    size_t count = 0;

    while (list[count])
        count++;
    made = ARENA_ARRAY(a, struct container_rights, count + 1);
    for (size_t i = 0; i < count; i++) {
        made[i].container = list[i];
        if (find_one(pod, &made[i], a, err) < 0)
            return -1;
    }
    pod->rights = made;
    return 0;
}

const struct container_rights *rights_of(const struct local_pod *pod,
                                         const struct json *container)
{
    for (const struct container_rights *at = pod->rights; at && at->container; at++)
        if (at->container == container)
            return at;
    return NULL;
}

/* ---- the plan ---- */

static void plan_user(const struct bundle_user *user, struct strbuf *plan)
{
    plan_number(plan, "uid", user->uid);
    plan_number(plan, "gid", user->gid);
    for (size_t i = 0; i < user->group_count; i++)
        plan_number(plan, "group", user->groups[i]);
}

void rights_plan(const struct local_pod *pod, const struct json *container, struct strbuf *plan)
{
    const struct container_rights *r = rights_of(pod, container);
    const struct json *gains =
        r ? json_get(r->security, STR("allowPrivilegeEscalation")) : NULL;

    if (json_get_bool(container, STR("stdin")))
        plan_number(plan, "stdin", 1);
    if (json_get_bool(container, STR("tty")))
        plan_number(plan, "tty", 1);
    if (!r || !r->security)
        return;
    if (r->has_user)
        plan_user(&r->user, plan);
    if (r->lacks)
        plan_number(plan, "lacks", r->lacks);
    if (json_is(gains, JSON_BOOL) && !gains->is_true)
        plan_number(plan, "sealed", 1);
    if (str_is(json_str(json_path(r->security, "seccompProfile", "type", NULL)),
               "RuntimeDefault"))
        plan_number(plan, "filtered", 1);
    if (json_get_bool(r->security, STR("readOnlyRootFilesystem")))
        plan_number(plan, "readonly", 1);
}

/* ---- files ---- */

/* The first one that is another than ours; @ret_shared: they are several. */
static const struct bundle_user *other_user(const struct local_pod *pod, bool *ret_shared)
{
    const struct bundle_user *found = NULL;

    *ret_shared = false;
    for (const struct container_rights *at = pod->rights; at && at->container; at++) {
        if (!at->has_user || at->user.uid == geteuid())
            continue;
        *ret_shared |= found && found->uid != at->user.uid;
        found = found ? found : &at->user;
    }
    return found;
}

bool rights_has_other(const struct local_pod *pod)
{
    return other_user(pod, &(bool){false}) != NULL;
}

/* Folders above can be passed but not looked into: state is in files of 0600, or below folders
 * of 0700. */
static int open_folders(const struct local_pod *pod, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct local *runner = pod->runner;
    const struct str paths[] = {
        str_from(runner->state_dir), str_from(runner->root),
        str_printf(a, "%s/" STR_FMT, runner->root, STR_ARG(pod->req.ns)),
        str_printf(a, "%s/" STR_FMT, runner->root, STR_ARG(pod->dir))};

    for (size_t i = 0; i < COUNT_OF(paths); i++)
        if (chmod(str_cz(a, paths[i]), WAY_MODE) < 0)
            return err_sys(err, errno, "open folder " STR_FMT " to a pod's user",
                           STR_ARG(paths[i]));
    return chmod(str_printf(a, "%s/accounts", runner->state_dir).ptr, 0700) < 0 &&
                   errno != ENOENT
               ? err_sys(err, errno, "close the folder of ServiceAccounts")
               : 0;
}

/* With all in it, unless it is not there: its tokens are nobody else's. */
static int give_account(int dirfd, const struct bundle_user *user)
{
    static const char *const names[] = {"account", "account/token", "account/namespace",
                                        "account/ca.crt", "account/kubeconfig"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if ((fchownat(dirfd, names[i], user->uid, user->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
             fchmodat(dirfd, names[i], i == 0 ? 0700 : 0600, 0) < 0) &&
            errno != ENOENT)
            return -1;
    return 0;
}

static bool may_pass(const struct stat *st, const struct bundle_user *user)
{
    return (st->st_mode & 0001) || (st->st_uid == user->uid && (st->st_mode & 0100)) ||
           (st->st_gid == user->gid && (st->st_mode & 0010));
}

/* What is above the state folder is not ours to open. A container begins in its working folder
 * wherever that is, but a script is opened by its name. */
static int check_above(const struct local_pod *pod, const struct bundle_user *user,
                       struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char *path = str_cz(a, str_from(pod->runner->state_dir));
    char *slash;
    struct stat st;

    while ((slash = strrchr(path, '/')) != NULL && slash > path) {
        *slash = '\0';
        if (stat(path, &st) == 0 && !may_pass(&st, user))
            return err_set(err, ERR_DENIED,
                           "folder %s above the state folder is closed to user %u: open it to "
                           "all for passing (mode 0711), or use isolation host",
                           path, user->uid);
    }
    return 0;
}

int rights_open_way(const struct local_pod *pod, int dirfd, struct err *err)
{
    bool is_shared;
    const struct bundle_user *user = other_user(pod, &is_shared);

    if (!user || pod->isolation != LOCAL_ISOLATION_PROCESS)
        return 0;
    if (open_folders(pod, err) < 0)
        return -1;
    if (fchmodat(dirfd, "cwd", is_shared ? SHARED_CWD_MODE : CWD_MODE, 0) < 0 ||
        fchownat(dirfd, "cwd", user->uid, user->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(err, errno, "give the working folder to user %u", user->uid);
    if (give_account(dirfd, user) < 0)
        return err_sys(err, errno, "give the account's files to user %u", user->uid);
    if (faccessat(dirfd, "script", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (check_above(pod, user, err) < 0)
        return -1;
    if ((!is_shared && fchmodat(dirfd, "script", 0700, 0) < 0) ||
        fchownat(dirfd, "script", user->uid, user->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(err, errno, "give the script to user %u", user->uid);
    return 0;
}

/* Is it so already? Then a policy may say that all in it is. */
static bool is_shared_with(const char *path, gid_t gid)
{
    struct stat st;

    return stat(path, &st) == 0 && st.st_gid == gid && (st.st_mode & S_ISGID) &&
           (st.st_mode & 0770) == 0770;
}

int rights_share(const struct local_pod *pod, const char *path, bool is_read_only,
                 struct err *err)
{
    const struct json *group = json_get(pod->req.security, STR("fsGroup"));
    struct str policy = json_get_str(pod->req.security, STR("fsGroupChangePolicy"));
    int64_t gid;

    if (!json_i64(group, &gid) || gid < 0 || gid >= UINT32_MAX)
        return 0; /* what is none was refused */
    if (str_is(policy, "OnRootMismatch") && is_shared_with(path, (gid_t) gid))
        return 0;
    return tree_share(AT_FDCWD, path, (unsigned) gid, is_read_only) < 0
               ? err_sys(err, errno, "give it to fsGroup %u", (unsigned) gid)
               : 0;
}
