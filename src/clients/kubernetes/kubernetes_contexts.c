/* The clusters of one configuration. See kubernetes_contexts.h. */
#include "clients/kubernetes/kubernetes_contexts.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/map.h"

struct kubernetes_contexts {
    struct arena *arena;
    struct str text, folder; /* of the kubeconfig; "": in a pod */
    struct kubeconfig_choice choice;
    pthread_mutex_t lock;
    struct map clusters; /* lock: of struct kubernetes, by context */
};

static int read_file(struct arena *a, const char *file, struct str *ret, struct err *err)
{
    char *to = arena_alloc(a, KUBECONFIG_MAX_BYTES + 1);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : fd_read(fd, to, KUBECONFIG_MAX_BYTES + 1);
    int sys = errno;

    if (fd >= 0)
        close(fd);
    if (len < 0)
        return err_sys(err, sys, "read kubeconfig %s", file);
    if (len > KUBECONFIG_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "kubeconfig %s is over %d bytes", file,
                       KUBECONFIG_MAX_BYTES);
    *ret = str_of(to, (size_t) len);
    return 0;
}

static const char *kept(struct arena *a, const char *text)
{
    return text && *text ? str_cz(a, str_from(text)) : NULL;
}

static int read_all(struct kubernetes_contexts *c, const char *file,
                    const struct kubeconfig_choice *choice, struct err *err)
{
    struct str path = str_from(file);

    while (path.len > 0 && path.ptr[path.len - 1] != '/')
        path.len--;
    c->folder = str_copy(c->arena, path.len > 1 ? str_head(path, path.len - 1) : path);
    c->choice = (struct kubeconfig_choice){.context = kept(c->arena, choice->context),
                                           .cluster = kept(c->arena, choice->cluster),
                                           .user = kept(c->arena, choice->user)};
    if (read_file(c->arena, file, &c->text, err) < 0)
        return -1;
    return kubernetes_contexts_get(c, STR(""), err) ? 0 : err_wrap(err, "kubeconfig %s", file);
}

/* 1, 0: it runs in none, or -1. */
static int enter_pod(struct kubernetes_contexts *c, struct err *err)
{
    struct kubeconfig config;
    struct kubernetes *k;

    if (!kubeconfig_in_cluster(c->arena, STR("/var/run/secrets/kubernetes.io/serviceaccount"),
                               &config))
        return 0;
    k = kubernetes_new(&config, err);
    if (k)
        map_put(&c->clusters, STR(""), k);
    return k ? 1 : -1;
}

int kubernetes_contexts_open(const char *file, const struct kubeconfig_choice *choice,
                             struct kubernetes_contexts **ret, struct err *err)
{
    struct arena *a = arena_new();
    struct kubernetes_contexts *c = ARENA_NEW(a, struct kubernetes_contexts);
    int result;

    c->arena = a;
    c->text = STR("");
    pthread_mutex_init(&c->lock, NULL);
    *ret = NULL;
    if (file && *file)
        result = read_all(c, file, choice, err) < 0 ? -1 : 1;
    else
        result = enter_pod(c, err);
    if (result == 1)
        *ret = c;
    else
        kubernetes_contexts_free(c);
    return result < 0 ? -1 : 0;
}

void kubernetes_contexts_free(struct kubernetes_contexts *c)
{
    if (!c)
        return;
    MAP_FOREACH (it, &c->clusters)
        kubernetes_free(it->value);
    map_done(&c->clusters);
    pthread_mutex_destroy(&c->lock);
    arena_free(c->arena);
}

static struct kubernetes *make(struct kubernetes_contexts *c, struct str context,
                               struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct kubeconfig_choice choice = c->choice;
    struct kubeconfig config;

    if (str_is_empty(c->text)) {
        err_set(err, ERR_INVALID,
                "context \"" STR_FMT "\" does not exist: the server has no kubeconfig",
                STR_ARG(context));
        return NULL;
    }
    if (!str_is_empty(context))
        choice = (struct kubeconfig_choice){.context = str_cz(a, context)};
    return kubeconfig_parse(a, c->text, c->folder, &choice, &config, err) < 0
               ? NULL
               : kubernetes_new(&config, err);
}

struct kubernetes *kubernetes_contexts_get(struct kubernetes_contexts *c, struct str context,
                                           struct err *err)
{
    struct kubernetes *k;

    pthread_mutex_lock(&c->lock);
    k = map_find(&c->clusters, context);
    if (!k)
        k = make(c, context, err);
    if (k && !map_find(&c->clusters, context))
        map_put(&c->clusters, context, k);
    pthread_mutex_unlock(&c->lock);
    return k;
}
