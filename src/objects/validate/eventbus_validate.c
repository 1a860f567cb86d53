/*
 * objects/validate/eventbus_validate.c - the rules of an EventBus. Pure functions, any thread.
 * Source: ../shared/spec/events.md 6.2.
 */
#include "objects/validate/validate_internal.h"

static int check_nats(const struct json *nats, struct err *err)
{
    static const struct validate_need needs[] = {{"url", "\"spec.nats.exotic.url\" is missing"},
                                                 {0}};
    const struct json *exotic = validate_get(nats, "exotic");
    bool is_native = validate_has(nats, "native");

    if (is_native && exotic)
        return validate_fail(
            err, "\"spec.nats.native\" and \"spec.nats.exotic\" can not be defined together");
    if (!is_native && !exotic)
        return validate_fail(err, "either \"native\" or \"exotic\" must be defined");
    if (!exotic)
        return 0;
    if (!validate_has(exotic, "clusterID")) /* "" will do */
        return validate_fail(err, "\"spec.nats.exotic.clusterID\" is missing");
    return validate_needs(exotic, needs, err);
}

static int check_jetstream(const struct json *jetstream, struct err *err)
{
    const struct json *replicas = validate_get(jetstream, "replicas");
    int64_t n = 0;

    if (validate_is_blank(jetstream, "version"))
        return validate_fail(err,
                             "invalid spec: a version for jetstream needs to be specified");
    if (replicas && json_i64(replicas, &n) && (n == 2 || n <= 0))
        return validate_fail(
            err, "invalid spec: a jetstream eventbus requires 1 replica or >= 3 replicas");
    return 0;
}

static int fail_at(struct validate_item *at, const char *member, const struct json *value)
{
    *at = (struct validate_item){.list = member, .index = UINT32_MAX, .value = value};
    return -1;
}

int validate_event_bus(const struct json *doc, struct validate_item *ret, struct err *err)
{
    const struct json *spec = validate_get(doc, "spec");
    const struct json *nats = validate_get(spec, "nats"),
                      *jetstream = validate_get(spec, "jetstream"),
                      *kafka = validate_get(spec, "kafka"),
                      *exotic = validate_get(spec, "jetstreamExotic");

    *ret = (struct validate_item){0};
    if (!nats && !jetstream && !kafka && !exotic)
        return validate_fail(err, "invalid spec: either \"nats\", \"jetstream\", "
                                  "\"jetstreamExotic\", or \"kafka\" needs to be specified");
    if (nats && check_nats(nats, err) < 0)
        return fail_at(ret, "nats", nats);
    if (jetstream && check_jetstream(jetstream, err) < 0)
        return fail_at(ret, "jetstream", jetstream);
    if (kafka && validate_is_blank(kafka, "url")) {
        validate_fail(err, "\"spec.kafka.url\" is missing");
        return fail_at(ret, "kafka", kafka);
    }
    if (exotic && validate_is_blank(exotic, "url")) {
        validate_fail(err, "\"spec.jetstreamExotic.url\" is missing");
        return fail_at(ret, "jetstreamExotic", exotic);
    }
    return 0;
}
