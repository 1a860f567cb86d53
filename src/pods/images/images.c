/* The store of images: opening it, one pull at a time for each name. See images.h. */
#include "pods/images/images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/tree.h"
#include "pods/images/images_internal.h"

enum { WAIT_LOOK_MS = 200 };

static char *dup_or_none(const char *text)
{
    return text && *text ? mem_dup(text, strlen(text)) : NULL;
}

static char *dup_below(const char *path, const char *name)
{
    _cleanup_arena_ struct arena *a = arena_new();

    return dup_or_none(str_printf(a, "%s/%s", path, name).ptr);
}

static int make_folders(const struct images *images, struct err *err)
{
    static const char *const parts[] = {"", "/blobs", "/layers", "/names", "/tmp"};
    _cleanup_arena_ struct arena *a = arena_new();

    tree_remove(AT_FDCWD, str_printf(a, "%s/tmp", images->path).ptr);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        const char *path = str_printf(a, "%s%s", images->path, parts[i]).ptr;

        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            return err_sys(err, errno, "make folder %s", path);
    }
    return 0;
}

struct images *images_open(const struct images_options *options, struct err *err)
{
    struct images *images = NEW(struct images);

    images->path = dup_or_none(options->path);
    images->skopeo = dup_or_none(options->skopeo ? options->skopeo : "skopeo");
    images->auth_file = dup_or_none(options->auth_file);
    images->registries = dup_or_none(options->registries);
    images->archives = dup_or_none(options->archives);
    images->layers = dup_below(options->path, "layers");
    images->max_mib = options->max_mib ? options->max_mib : IMAGE_STORE_MAX_MIB;
    pthread_mutex_init(&images->lock, NULL);
    pthread_cond_init(&images->changed, NULL);
    if (make_folders(images, err) == 0)
        return images;
    images_close(images);
    return NULL;
}

void images_close(struct images *images)
{
    if (!images)
        return;
    map_done(&images->pulls);
    pthread_cond_destroy(&images->changed);
    pthread_mutex_destroy(&images->lock);
    free(images->path);
    free(images->skopeo);
    free(images->auth_file);
    free(images->registries);
    free(images->archives);
    free(images->layers);
    free(images);
}

const char *images_layers(const struct images *images)
{
    return images->layers;
}

int image_pull_parse(struct str word, enum image_pull *ret, struct err *err)
{
    static const char *const words[] = {"", "Always", "IfNotPresent", "Never"};

    for (int i = IMAGE_PULL_DEFAULT; i <= IMAGE_PULL_NEVER; i++)
        if (str_is(word, words[i])) {
            *ret = (enum image_pull) i;
            return 0;
        }
    return err_set(err, ERR_INVALID,
                   "imagePullPolicy \"" STR_FMT "\" is none of Always, IfNotPresent, Never",
                   STR_ARG(word));
}

/* As Kubernetes: what a tag stands for that is called latest may change at any time. */
static enum image_pull policy_of(const struct image_reference *ref, enum image_pull policy)
{
    if (policy != IMAGE_PULL_DEFAULT)
        return policy;
    if (ref->source == IMAGE_REGISTRY)
        return str_is(ref->tag, "latest") && str_is_empty(ref->digest)
                   ? IMAGE_PULL_ALWAYS
                   : IMAGE_PULL_IF_NOT_PRESENT;
    return IMAGE_PULL_ALWAYS;
}

bool images_has(struct images *images, struct str name, enum image_pull policy)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct image_reference ref;
    struct image image;
    struct str version;
    struct err err;

    if (image_reference_parse(a, name, &ref, &err) < 0)
        return true; /* it will be refused at once */
    policy = policy_of(&ref, policy);
    return policy == IMAGE_PULL_NEVER ||
           (policy == IMAGE_PULL_IF_NOT_PRESENT &&
            names_find(images, image_reference_print(a, &ref), a, &image, &version) == 0);
}

/* ---- one pull a name ---- */

static bool is_cancelled(const struct image_hooks *hooks)
{
    return hooks && hooks->is_cancelled && hooks->is_cancelled(hooks->ctx);
}

static void wait_a_moment(struct images *images)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WAIT_LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&images->changed, &images->lock, &until);
}

/* Takes the name for a pull; @ret_waited: somebody else's was waited for. */
static int take_name(struct images *images, struct str name, const struct image_hooks *hooks,
                     bool *ret_waited, struct err *err)
{
    int result = 0;

    *ret_waited = false;
    pthread_mutex_lock(&images->lock);
    while (result == 0 && map_find(&images->pulls, name)) {
        *ret_waited = true;
        wait_a_moment(images);
        if (is_cancelled(hooks))
            result = err_set(err, ERR_CANCELLED, "the pull was called off");
    }
    if (result == 0)
        map_put(&images->pulls, name, images);
    pthread_mutex_unlock(&images->lock);
    return result;
}

static void give_name(struct images *images, struct str name)
{
    pthread_mutex_lock(&images->lock);
    map_take(&images->pulls, name);
    pthread_cond_broadcast(&images->changed);
    pthread_mutex_unlock(&images->lock);
}

static int get_taken(struct images *images, struct image_job *job, struct arena *a,
                     struct image *ret, struct err *err)
{
    int found = names_find(images, job->name, a, &job->known, &job->version);

    if (found == 0 && job->policy != IMAGE_PULL_ALWAYS) {
        *ret = job->known;
        return 0;
    }
    if (job->policy == IMAGE_PULL_NEVER)
        return err_set(err, ERR_NOT_FOUND,
                       "Container image \"" STR_FMT
                       "\" is not present with pull policy of Never",
                       STR_ARG(job->name));
    if (pull_image(images, job, a, ret, err) < 0)
        return -1;
    images_clean(images);
    return 0;
}

int images_get(struct images *images, const struct image_wanted *wanted, struct arena *a,
               struct image *ret, struct err *err)
{
    struct image_reference ref;
    struct image_job job = {.ref = &ref, .hooks = wanted->hooks, .version = STR("")};
    bool has_waited;
    int result;

    if (image_reference_parse(a, wanted->name, &ref, err) < 0)
        return -1;
    job.name = image_reference_print(a, &ref);
    job.policy = policy_of(&ref, wanted->policy);
    if (take_name(images, job.name, job.hooks, &has_waited, err) < 0)
        return -1;
    /* What another pull has just got is new enough. */
    if (has_waited && job.policy == IMAGE_PULL_ALWAYS)
        job.policy = IMAGE_PULL_IF_NOT_PRESENT;
    result = get_taken(images, &job, a, ret, err);
    give_name(images, job.name);
    if (result != 0)
        return -1;
    names_use(images, job.name);
    return 0;
}
