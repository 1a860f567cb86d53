/* The newest config: read before the loop runs, then followed by a watch. See config.h. */
#include "config/config.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/follow.h"

struct config_holder {
    struct config_options options;
    pthread_mutex_t lock; /* of current */
    const struct config *current;
    struct store_follower *follower;
    struct {
        loop_fn fn;
        void *ctx;
    } listeners[CONFIG_LISTENERS_MAX];
    size_t listener_count;
};

static struct str name_of(const struct config_holder *h)
{
    return str_is_empty(h->options.name) ? STR(CONFIG_DEFAULT_NAME) : h->options.name;
}

static struct str namespace_of(const struct config_holder *h)
{
    return str_is_empty(h->options.ns) ? STR(CONFIG_DEFAULT_NAMESPACE) : h->options.ns;
}

/* ---- taking a new one ---- */

static void tell_idle(const struct config_holder *h, const struct config *c)
{
    for (size_t i = 0; i < c->idle_count; i++)
        log_info(NULL, "a key of the controller's ConfigMap has no effect on one machine",
                 LOG_STR(NAMESPACE, namespace_of(h)), LOG_STR(NAME, name_of(h)),
                 LOG_STR(KEY, c->idle_keys[i]));
}

/* Takes @c. */
static void put(struct config_holder *h, const struct config *c)
{
    const struct config *old;

    pthread_mutex_lock(&h->lock);
    old = h->current;
    h->current = c;
    pthread_mutex_unlock(&h->lock);
    config_unref(old);
}

/* The object, or NULL when there is none; what is wrong changes nothing. */
static void take(struct config_holder *h, const struct store_object *o)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct config *made;
    struct json doc;
    struct err err;

    if (!o) {
        put(h, config_new());
        return;
    }
    made = json_parse(a, o->doc, &doc, &err) < 0 ? NULL : config_parse(&doc, &err);
    if (made) {
        put(h, made);
        tell_idle(h, made);
        return;
    }
    log_error(NULL, "the controller's ConfigMap is wrong: what was before holds on",
              LOG_STR(NAMESPACE, namespace_of(h)), LOG_STR(NAME, name_of(h)), LOG_ERR(&err));
}

static void tell(struct config_holder *h)
{
    for (size_t i = 0; i < h->listener_count; i++)
        h->listeners[i].fn(h->listeners[i].ctx);
}

/* ---- following ---- */

static void on_change(void *ctx, const struct store_event *event)
{
    struct config_holder *h = ctx;

    if (!event->object || !str_eq(event->object->key.name, name_of(h)))
        return;
    take(h, event->type == STORE_DELETED ? NULL : event->object);
    tell(h);
}

static void follow(struct config_holder *h, int64_t from_rv)
{
    const struct store_follow what = {.store = h->options.store,
                                      .loop = h->options.loop,
                                      .query = {.group = STR(""),
                                                .kind = STR("ConfigMap"),
                                                .ns = namespace_of(h),
                                                .name_prefix = name_of(h)},
                                      .from_rv = from_rv,
                                      .fn = on_change,
                                      .ctx = h};

    h->follower = store_follow(&what);
}

struct config_holder *config_open(const struct config_options *options, struct err *err)
{
    struct config_holder *h = NEW(struct config_holder);
    int64_t rv = store_rv(options->store);
    const struct store_object *o = NULL;
    struct store_key key;

    h->options = *options;
    pthread_mutex_init(&h->lock, NULL);
    key = (struct store_key){STR(""), STR("ConfigMap"), namespace_of(h), name_of(h)};
    if (store_get(options->store, &key, &o, err) < 0 && err->kind != ERR_NOT_FOUND) {
        config_close(h);
        return NULL;
    }
    take(h, o);
    store_object_unref(o);
    if (!h->current)
        put(h, config_new());
    follow(h, rv);
    return h;
}

const struct config *config_get(struct config_holder *h)
{
    const struct config *c;

    if (!h)
        return config_new();
    pthread_mutex_lock(&h->lock);
    c = config_ref(h->current);
    pthread_mutex_unlock(&h->lock);
    return c;
}

void config_on_change(struct config_holder *h, loop_fn fn, void *ctx)
{
    if (!h)
        return;
    assert(h->listener_count < CONFIG_LISTENERS_MAX);
    h->listeners[h->listener_count].fn = fn;
    h->listeners[h->listener_count++].ctx = ctx;
}

void config_close(struct config_holder *h)
{
    if (!h)
        return;
    store_follow_end(h->follower);
    config_unref(h->current);
    pthread_mutex_destroy(&h->lock);
    free(h);
}
