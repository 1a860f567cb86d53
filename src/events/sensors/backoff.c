/* How often a trigger is tried and how long the pauses are. See backoff.h. */
#include "events/sensors/backoff.h"

#include "formats/duration.h"

enum { STEPS_DEFAULT = 5 };

static bool is_absent(const struct json *v)
{
    return !v || v->type == JSON_NULL;
}

static int read_duration(const struct json *v, int64_t *ret_ns, struct err *err)
{
    if (is_absent(v))
        return 0;
    if (v->type == JSON_STRING)
        return duration_parse(json_str(v), ret_ns, err) < 0 ? err_wrap(err, "duration") : 0;
    if (json_i64(v, ret_ns))
        return 0;
    return err_set(err, ERR_INVALID,
                   "duration: expected a duration or whole nanoseconds, found another value");
}

static int read_number(const struct json *spec, const char *name, double *ret, struct err *err)
{
    const struct json *v = json_get(spec, str_from(name));

    if (is_absent(v) || json_f64(v, ret))
        return 0;
    return err_set(err, ERR_INVALID, "%s: expected a number, found another value", name);
}

static int read_steps(const struct json *v, int32_t *ret, struct err *err)
{
    int64_t steps = 0;

    if (!is_absent(v) && (!json_i64(v, &steps) || steps < INT32_MIN || steps > INT32_MAX))
        return err_set(err, ERR_INVALID, "steps: expected a whole number of 32 bits");
    *ret = steps > 0 ? (int32_t) steps : STEPS_DEFAULT;
    return 0;
}

int backoff_read(const struct json *spec, struct backoff *ret, struct err *err)
{
    struct backoff made = {
        .duration_ns = DURATION_SECOND, .factor = 1, .jitter = 1, .steps = STEPS_DEFAULT};

    if (read_duration(json_get(spec, STR("duration")), &made.duration_ns, err) < 0 ||
        read_number(spec, "factor", &made.factor, err) < 0 ||
        read_number(spec, "jitter", &made.jitter, err) < 0 ||
        read_steps(json_get(spec, STR("steps")), &made.steps, err) < 0)
        return -1;
    *ret = made;
    return 0;
}

struct backoff backoff_once(void)
{
    return (struct backoff){.steps = 1};
}

/* Toward zero; what does not fit becomes the nearest that does. */
static int64_t whole(double ns)
{
    return ns >= 9e18 ? INT64_MAX : ns <= -9e18 ? -INT64_MAX : (int64_t) ns;
}

int64_t backoff_pause(struct backoff *b, double random)
{
    int64_t pause = b->duration_ns;

    if (b->factor != 0)
        b->duration_ns = whole((double) b->duration_ns * b->factor);
    if (b->jitter > 0)
        pause = whole((double) pause + random * b->jitter * (double) pause);
    return pause > 0 ? pause : 0;
}
