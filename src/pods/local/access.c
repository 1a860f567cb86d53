/*
 * What a pod has of the API, as in a cluster: the token of its ServiceAccount with namespace
 * and certificate below /var/run/secrets, a kubeconfig beside them (for a server without TLS,
 * and for isolation process, where nothing can be mounted there), and the command `argo` in
 * PATH.
 *
 * The files are in the pod's folder; those that are the same for all pods of an account in one
 * below the state folder. Workers, but for access_open().
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "pods/local/access.h"
#include "pods/local/rights.h"

#define ACCOUNT_PATH  "/var/run/secrets/kubernetes.io/serviceaccount"
#define COMMANDS_PATH "/argo/bin"

enum { FILE_MODE = 0644, FOLDER_MODE = 0755 };

/* ---- whether ---- */

static struct str account_of(const struct local_pod *pod)
{
    return str_is_empty(pod->req.service_account) ? STR("default") : pod->req.service_account;
}

static bool mounts_there(const struct json *container)
{
    const struct json *list = json_get(container, STR("volumeMounts")), *m;

    for (size_t i = 0; (m = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(m, STR("mountPath")), ACCOUNT_PATH))
            return true;
    return false;
}

/* A volume of the manifest at that place comes first. */
static bool is_taken(const struct json *template)
{
    const struct json *set = json_path(template, "containerSet", "containers", NULL);

    if (mounts_there(json_get(template, STR("container"))) ||
        mounts_there(json_get(template, STR("script"))) ||
        mounts_there(json_get(template, STR("containerSet"))))
        return true;
    for (size_t i = 0; json_item(set, i); i++)
        if (mounts_there(json_item(set, i)))
            return true;
    return false;
}

/* An account that is not there has nothing against it. */
static bool account_allows(const struct local_pod *pod, struct arena *a)
{
    const struct pod_objects *objects = &pod->runner->objects;
    const struct json *doc, *flag;
    struct err ignored;

    if (!objects->get || objects->get(objects->ctx, a, STR("ServiceAccount"), pod->req.ns,
                                      account_of(pod), &doc, &ignored) < 0)
        return true;
    flag = json_get(doc, STR("automountServiceAccountToken"));
    return !json_is(flag, JSON_BOOL) || flag->is_true;
}

static bool has_token(const struct local_pod *pod, struct arena *a)
{
    switch (pod->req.token) {
    case POD_TOKEN_NONE:
        return false;
    case POD_TOKEN_MOUNTED:
        break;
    case POD_TOKEN_BY_ACCOUNT:
        if (!account_allows(pod, a))
            return false;
        break;
    }
    return !is_taken(pod->req.template);
}

int access_get(struct local_pod *pod, struct arena *a, struct err *err)
{
    const struct pod_accesses *from = &pod->runner->access;
    struct pod_access *made = ARENA_NEW(a, struct pod_access);

    pod->access = NULL;
    if (!from->get)
        return 0;
    if (from->get(from->ctx, a, &pod->req, made, err) < 0)
        return -1;
    if (!has_token(pod, a))
        made->token = STR_NONE;
    pod->access = made;
    return 0;
}

/* ---- where ---- */

/* Those that all pods share are the server's: who is another user on this machine has its own.
 */
static bool is_of_all(const struct local_pod *pod)
{
    return pod->access->is_shared &&
           !(pod->isolation == LOCAL_ISOLATION_PROCESS && rights_has_other(pod));
}

/* On this machine. */
static struct str folder_of(const struct local_pod *pod, struct arena *a)
{
    if (is_of_all(pod))
        return str_printf(a, "%s/accounts/" STR_FMT "/" STR_FMT, pod->runner->state_dir,
                          STR_ARG(pod->req.ns), STR_ARG(account_of(pod)));
    return str_printf(a, "%s/" STR_FMT "/account", pod->runner->root, STR_ARG(pod->dir));
}

struct str access_path(const struct local_pod *pod, struct arena *a)
{
    if (!pod->access || str_is_none(pod->access->token))
        return STR_NONE;
    return pod->isolation == LOCAL_ISOLATION_PROCESS ? folder_of(pod, a) : STR(ACCOUNT_PATH);
}

/* An image has programs of its own, which this machine's may not fit. */
struct str access_commands(const struct local_pod *pod, struct arena *a)
{
    if (!pod->runner->program || pod->isolation == LOCAL_ISOLATION_IMAGE)
        return STR_NONE;
    return pod->isolation == LOCAL_ISOLATION_PROCESS
               ? str_printf(a, "%s/bin", pod->runner->state_dir)
               : STR(COMMANDS_PATH);
}

/* ---- files ---- */

/* Whole or not there, as others may make or read the same one. */
static int write_whole(struct arena *a, struct str folder, const char *name, struct str bytes,
                       struct err *err)
{
    struct str path = str_printf(a, STR_FMT "/%s", STR_ARG(folder), name);
    struct str draft = str_printf(a, STR_FMT "/.%s.XXXXXX", STR_ARG(folder), name);
    int fd = mkostemp((char *) (uintptr_t) draft.ptr, O_CLOEXEC);
    bool is_good = fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t) bytes.len &&
                   fchmod(fd, FILE_MODE) == 0;

    if (fd >= 0)
        close(fd);
    if (is_good && rename(draft.ptr, path.ptr) == 0)
        return 0;
    if (fd >= 0)
        unlink(draft.ptr);
    return err_sys(err, errno, "write %s", path.ptr);
}

static int make_folders(struct arena *a, struct str path, size_t from, struct err *err)
{
    char *text = str_cz(a, path);

    for (size_t i = from; i <= path.len; i++) {
        if (text[i] != '/' && text[i] != '\0')
            continue;
        text[i] = '\0';
        if (mkdir(text, FOLDER_MODE) < 0 && errno != EEXIST)
            return err_sys(err, errno, "make folder %s", text);
        if (i < path.len)
            text[i] = '/';
    }
    return 0;
}

static struct str kubeconfig(const struct local_pod *pod, struct arena *a)
{
    const struct pod_access *access = pod->access;

    return str_printf(
        a,
        "apiVersion: v1\nkind: Config\ncurrent-context: pod\nclusters:\n- name: tiphys\n"
        "  cluster:\n    server: " STR_FMT "\n%susers:\n- name: pod\n  user:\n"
        "    tokenFile: token\ncontexts:\n- name: pod\n  context: {cluster: tiphys, user: pod, "
        "namespace: \"" STR_FMT "\"}\n",
        STR_ARG(access->url), access->ca.len > 0 ? "    certificate-authority: ca.crt\n" : "",
        STR_ARG(pod->req.ns));
}

static int write_files(const struct local_pod *pod, struct arena *a, struct str folder,
                       struct err *err)
{
    const struct pod_access *access = pod->access;

    if (write_whole(a, folder, "token", access->token, err) < 0 ||
        write_whole(a, folder, "namespace", pod->req.ns, err) < 0 ||
        (access->ca.len > 0 && write_whole(a, folder, "ca.crt", access->ca, err) < 0))
        return -1;
    return write_whole(a, folder, "kubeconfig", kubeconfig(pod, a), err);
}

/* Are the shared files of an earlier pod those of this one? The server's place may be another
 * one since. */
static bool is_fresh(const struct local_pod *pod, struct arena *a, struct str folder)
{
    struct str wanted = kubeconfig(pod, a);
    char *text = arena_alloc(a, wanted.len + 1);
    int fd =
        open(str_printf(a, STR_FMT "/kubeconfig", STR_ARG(folder)).ptr, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, wanted.len + 1) : -1;

    if (fd >= 0)
        close(fd);
    return len == (ssize_t) wanted.len && memcmp(text, wanted.ptr, wanted.len) == 0;
}

static void plan_bind(struct strbuf *plan, struct str source, const char *at)
{
    plan_word(plan, "bind", source);
    plan_word(plan, "at", str_from(at));
    plan_word(plan, "mode", STR("ro"));
}

int access_stage(const struct local_pod *pod, int dirfd, struct strbuf *plan, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    bool has_mounts = pod->isolation != LOCAL_ISOLATION_PROCESS;
    struct str folder;

    (void) dirfd;
    if (has_mounts && !str_is_none(access_commands(pod, a)))
        plan_bind(plan, str_printf(a, "%s/bin", pod->runner->state_dir), COMMANDS_PATH);
    if (str_is_none(access_path(pod, a)))
        return 0;
    folder = folder_of(pod, a);
    if (is_of_all(pod) &&
        mkdir(str_printf(a, "%s/accounts", pod->runner->state_dir).ptr, 0700) < 0 &&
        errno != EEXIST)
        return err_sys(err, errno, "make the folder of ServiceAccounts");
    if (!(is_of_all(pod) && is_fresh(pod, a, folder)) &&
        (make_folders(a, folder, strlen(pod->runner->state_dir) + 1, err) < 0 ||
         write_files(pod, a, folder, err) < 0))
        return err_wrap(err, "the files of the ServiceAccount");
    if (has_mounts)
        plan_bind(plan, folder, ACCOUNT_PATH);
    return 0;
}

/* ---- commands ---- */

int access_open(struct local *runner, const struct local_options *options, struct err *err)
{
    char folder[4096], link[4200];

    if (!options->access.program)
        return 0;
    snprintf(folder, sizeof(folder), "%s/bin", runner->state_dir);
    snprintf(link, sizeof(link), "%s/argo", folder);
    if (mkdir(folder, FOLDER_MODE) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make folder %s", folder);
    unlink(link);
    if (symlink(options->access.program, link) < 0)
        return err_sys(err, errno, "make link %s", link);
    runner->program = mem_dup(options->access.program, strlen(options->access.program));
    return 0;
}
