/* See follow.h. */
#include "store/follow.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"

struct store_follower {
    struct store_follow what;
    struct store_watch *watch; /* NULL: it waits for another try */
    struct timer *timer;
};

static void on_end(void *ctx, const struct err *err)
{
    struct store_follower *f = ctx;

    f->watch = NULL;
    if (err->kind == ERR_GONE)
        f->what.from_rv = 0;
    log_error(NULL, "a watch could not begin; it is tried again",
              LOG_STR(KIND, f->what.query.kind), LOG_ERR(err));
    timer_start(f->timer, STORE_FOLLOW_AGAIN_MS);
}

static void on_event(void *ctx, const struct store_event *event)
{
    struct store_follower *f = ctx;

    f->what.fn(f->what.ctx, event);
}

static void begin(void *ctx)
{
    struct store_follower *f = ctx;

    f->watch =
        store_watch_open(f->what.store, &f->what.query, f->what.from_rv, on_event, on_end, f);
}

struct store_follower *store_follow(const struct store_follow *what)
{
    struct store_follower *f = NEW(struct store_follower);

    f->what = *what;
    f->timer = timer_new(what->loop, begin, f);
    begin(f);
    return f;
}

void store_follow_end(struct store_follower *f)
{
    if (!f)
        return;
    store_watch_close(f->watch);
    timer_free(f->timer);
    free(f);
}
