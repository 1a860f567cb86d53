/*
 * Random workflows for the simulation: steps, DAGs, loops, hooks, retries and locks, which are
 * taken from the upper levels down, so that there is no circle. Several workflows beside each
 * other share their locks, and have no parallelism: it could close one. See simulate_test.h.
 */
#include <stdio.h>

#include "workflows/engine/simulate_test.h"

enum { LEVELS = 3, PER_LEVEL = 3 };

static uint64_t next(struct generator *g, uint64_t below)
{
    g->seed ^= g->seed << 13;
    g->seed ^= g->seed >> 7;
    g->seed ^= g->seed << 17;
    return (g->seed >> 11) % below;
}

static bool chance(struct generator *g, unsigned percent)
{
    return next(g, 100) < percent;
}

/* What a step or task of level @level may call: something below. */
static void call(struct generator *g, unsigned level, const char *name, const char *before,
                 const char *kind)
{
    bool is_leaf = level == 1 || chance(g, 60);
    unsigned to = is_leaf ? 0 : 1 + (unsigned) next(g, level - 1);

    strbuf_addf(&g->out, "{\"name\":\"%s\",\"template\":\"t%u-%u\"", name, to,
                (unsigned) next(g, PER_LEVEL));
    /* The first of a group is no loop: others refer to its status. */
    if (name[0] == 's' && name[3] == '0')
        (void) name;
    else if (chance(g, 15))
        strbuf_addz(&g->out, ",\"withItems\":[\"a\",2,{\"k\":\"v\"}]");
    else if (chance(g, 10))
        strbuf_addz(&g->out, ",\"withParam\":\"[]\"");
    else if (chance(g, 10))
        strbuf_addz(&g->out, ",\"withSequence\":{\"count\":\"3\"}");
    if (before && chance(g, 30))
        strbuf_addf(&g->out, ",\"when\":\"{{%s.%s.status}} == Succeeded\"", kind, before);
    if (chance(g, 20))
        strbuf_addz(&g->out, ",\"hooks\":{\"exit\":{\"template\":\"t0-0\"}}");
    else if (chance(g, 15))
        strbuf_addf(
            &g->out,
            ",\"hooks\":{\"done\":{\"template\":\"t%u-1\",\"expression\":\"%s['%s'].status "
            "== 'Succeeded'\"},\"exit\":{\"template\":\"t0-1\",\"expression\":"
            "\"%s['%s'].status == 'Failed'\"}}",
            (unsigned) next(g, level), kind, name, kind, name);
    if (before && chance(g, 40))
        strbuf_addf(
            &g->out,
            ",\"arguments\":{\"parameters\":[{\"name\":\"p\",\"value\":\"{{%s.%s.status}}\"}]}",
            kind, before);
}

static void steps(struct generator *g, unsigned level)
{
    unsigned groups = 1 + (unsigned) next(g, 3);
    char name[32], before[32] = "";

    strbuf_addz(&g->out, "\"steps\":[");
    for (unsigned i = 0; i < groups; i++) {
        unsigned count = 1 + (unsigned) next(g, 3);

        strbuf_addz(&g->out, i ? ",[" : "[");
        for (unsigned k = 0; k < count; k++) {
            if (k)
                strbuf_addc(&g->out, ',');
            snprintf(name, sizeof(name), "s%u-%u", i, k);
            call(g, level, name, before[0] ? before : NULL, "steps");
            if (chance(g, 40))
                strbuf_addz(&g->out, ",\"continueOn\":{\"failed\":true}");
            strbuf_addc(&g->out, '}');
        }
        snprintf(before, sizeof(before), "s%u-0", i);
        strbuf_addc(&g->out, ']');
    }
    strbuf_addc(&g->out, ']');
}

static void dag(struct generator *g, unsigned level)
{
    unsigned count = 1 + (unsigned) next(g, 5);
    char name[32];

    strbuf_addf(&g->out, "\"dag\":{\"failFast\":%s,\"tasks\":[",
                chance(g, 50) ? "true" : "false");
    for (unsigned i = 0; i < count; i++) {
        if (i)
            strbuf_addc(&g->out, ',');
        snprintf(name, sizeof(name), "k%u", i);
        call(g, level, name, NULL, "tasks");
        if (i && chance(g, 70)) {
            unsigned other = (unsigned) next(g, i);

            strbuf_addf(&g->out, ",\"depends\":\"k%u%s", other,
                        chance(g, 50)   ? ""
                        : chance(g, 50) ? ".Failed"
                                        : ".Succeeded");
            if (i > 1 && chance(g, 50))
                strbuf_addf(&g->out, " %s k%u", chance(g, 50) ? "&&" : "||",
                            (unsigned) next(g, i));
            strbuf_addc(&g->out, '"');
        }
        strbuf_addc(&g->out, '}');
    }
    strbuf_addz(&g->out, "]}");
}

static void template(struct generator *g, unsigned level, unsigned index)
{
    bool is_of_database = (level + index) % 2; /* its locks */

    strbuf_addf(&g->out, "%s{\"name\":\"t%u-%u\",", level + index ? "," : "", level, index);
    strbuf_addz(&g->out, "\"inputs\":{\"parameters\":[{\"name\":\"p\",\"default\":\"d\"}]},");
    if (chance(g, 25))
        strbuf_addf(&g->out, "\"retryStrategy\":{\"limit\":\"%u\"%s},", (unsigned) next(g, 3),
                    chance(g, 50) ? ",\"backoff\":{\"duration\":\"30s\",\"factor\":\"2\"}"
                                  : "");
    /* Locks are taken from the upper levels down: no circle. */
    if (chance(g, g->is_alone ? 15 : 30))
        strbuf_addf(&g->out, "\"synchronization\":{\"mutexes\":[{\"name\":\"m%u-%u\"%s}]},",
                    level, index, is_of_database ? ",\"database\":true" : "");
    else if (!g->is_alone && chance(g, 30))
        strbuf_addf(&g->out,
                    "\"synchronization\":{\"semaphores\":[{\"%s\":{%s\"key\":\"s%u-%u\"}}]},",
                    is_of_database ? "database" : "configMapKeyRef",
                    is_of_database ? "" : "\"name\":\"limits\",", level, index);
    if (level && g->is_alone && chance(g, 25))
        strbuf_addf(&g->out, "\"parallelism\":%u,", 1 + (unsigned) next(g, 2));
    if (level == 0)
        strbuf_addf(&g->out,
                    "\"%s\":{\"image\":\"x\",\"args\":[\"{{inputs.parameters.p}} {{pod.name}} "
                    "{{retries}} {{lastRetry.status}}\"]}",
                    chance(g, 30) ? "script" : "container");
    else if (chance(g, 50))
        steps(g, level);
    else
        dag(g, level);
    strbuf_addc(&g->out, '}');
}

struct str simulate_generate(struct generator *g, unsigned number, bool is_alone)
{
    strbuf_init(&g->out, 1 << 20);
    g->is_alone = is_alone;
    strbuf_addf(&g->out,
                "{\"metadata\":{\"name\":\"sim%s%.0u\",\"namespace\":\"n\",\"uid\":\"u-%u\"},"
                "\"spec\":{",
                is_alone ? "" : "-", is_alone ? 0 : number, number);
    if (is_alone && chance(g, 30))
        strbuf_addf(&g->out, "\"parallelism\":%u,", 1 + (unsigned) next(g, 4));
    if (chance(g, 20))
        strbuf_addz(&g->out, "\"synchronization\":{\"mutexes\":[{\"name\":\"whole\"}]},");
    if (chance(g, 40))
        strbuf_addf(&g->out, "\"onExit\":\"t%u-0\",", (unsigned) next(g, 2));
    if (chance(g, 30))
        strbuf_addz(&g->out, "\"hooks\":{\"end\":{\"template\":\"t1-1\",\"expression\":"
                             "\"workflow.status == 'Failed'\"}},");
    strbuf_addf(&g->out, "\"entrypoint\":\"t%u-%u\",\"templates\":[", LEVELS, 0U);
    for (unsigned level = 0; level <= LEVELS; level++)
        for (unsigned i = 0; i < (level == LEVELS ? 1 : PER_LEVEL); i++)
            template(g, level, i);
    strbuf_addz(&g->out, "]}}");
    return strbuf_str(&g->out);
}
