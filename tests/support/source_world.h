/*
 * tests/support/source_world.h - what a source runs in, for unit tests of its driver: a real
 * loop, workers, store and bus in a folder of its own, and a consumer that keeps what is
 * delivered. Include it behind cmocka.h; each test file runs one kind of source.
 */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "events/sources/source_internal.h"
#include "formats/base64.h"

enum { TURNS_MAX = 2000, EVENTS_MAX = 1000 };

struct world {
    const char *kind; /* of the source, as the EventSource spells it */
    const char *uid;  /* of the EventSource; NULL: "u" */
    char path[64];    /* of the folder */
    struct loop *loop;
    struct workers *workers;
    struct store *store;
    struct bus *bus;
    struct bus_consumer *consumer;
    struct arena *a;
    struct source *source; /* NULL when none runs */
    bool is_ended;
    size_t count; /* events that came */
    struct str payloads[EVENTS_MAX], ids[EVENTS_MAX];
};

static inline struct json world_json(struct world *w, struct str text)
{
    struct json v;
    struct err err;

    if (json_parse(w->a, text, &v, &err) < 0)
        fail_msg("%s: " STR_FMT, err.text, STR_ARG(text));
    return v;
}

static inline void world_on_deliver(void *ctx, const struct bus_record *records, size_t count)
{
    struct world *w = ctx;

    for (size_t i = 0; i < count; i++) {
        struct json event = world_json(w, str_copy(w->a, records[i].payload));
        struct err err;

        assert_true(w->count < EVENTS_MAX);
        assert_true(str_is(json_get_str(&event, STR("type")), w->kind));
        assert_int_equal(base64_decode(w->a, json_get_str(&event, STR("data_base64")),
                                       &w->payloads[w->count], &err),
                         0);
        w->ids[w->count++] = json_get_str(&event, STR("id"));
        bus_ack(w->consumer, records[i].seq);
    }
}

/* A world for sources of a kind, in *state. */
static inline struct world *world_new(void **state, const char *kind)
{
    static const struct bus_subject subject = {STR_INIT("es"), STR_INIT("e")};
    struct world *w = NEW(struct world);
    const struct bus_consumer_options consumer = {.name = STR("t"),
                                                  .ns = STR("argo"),
                                                  .subjects = &subject,
                                                  .subject_count = 1,
                                                  .ctx = w,
                                                  .deliver = world_on_deliver};
    struct err err;

    w->kind = kind;
    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-source-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->workers = workers_new(w->loop, 2, &err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    w->bus = bus_open(&(struct bus_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
    assert_non_null(w->bus);
    w->consumer = bus_consumer_open(w->bus, &consumer, &err);
    *state = w;
    return w;
}

static inline void world_on_ended(void *ctx, struct source *src)
{
    source_free(src);
    ((struct world *) ctx)->is_ended = true;
}

static inline int world_begin(struct world *w, struct str spec_text, struct err *err)
{
    struct json spec = world_json(w, spec_text);
    const struct source_setup setup = {.driver = source_driver_find(str_from(w->kind)),
                                       .bus = w->bus,
                                       .store = w->store,
                                       .loop = w->loop,
                                       .workers = w->workers,
                                       .name = STR("es"),
                                       .event = STR("e"),
                                       .ns = STR("argo"),
                                       .uid = str_from(w->uid ? w->uid : "u"),
                                       .space = STR("argo"),
                                       .spec = &spec,
                                       .on_ended = world_on_ended,
                                       .ctx = w};

    w->is_ended = false;
    w->source = source_new(&setup);
    if (source_start(w->source, err) == 0)
        return 0;
    source_free(TAKE(w->source));
    return -1;
}

static inline void world_start(struct world *w, struct str spec)
{
    struct err err;

    if (world_begin(w, spec, &err) < 0)
        fail_msg("%s", err.text);
}

static inline void world_end(struct world *w)
{
    if (!w->source)
        return;
    source_end(TAKE(w->source));
    for (int i = 0; i < TURNS_MAX && !w->is_ended; i++)
        loop_run_once(w->loop, 5);
    assert_true(w->is_ended);
}

static inline int world_free(void **state)
{
    struct world *w = *state;
    char command[100];

    world_end(w);
    bus_consumer_close(w->consumer);
    workers_free(w->workers);
    bus_close(w->bus);
    store_close(w->store);
    for (int i = 0; i < 5; i++)
        loop_run_once(w->loop, 1);
    loop_free(w->loop);
    arena_free(w->a);
    snprintf(command, sizeof(command), "rm -rf %s", w->path);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of ours */
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, STDERR_FILENO);
    free(w);
    return 0;
}

/* Runs the loop for about so long. */
static inline void world_turn(struct world *w, int ms)
{
    for (int i = 0; i < ms / 5; i++)
        loop_run_once(w->loop, 5);
}

/* Runs the loop until so many events have come. */
static inline void world_turn_until(struct world *w, size_t count)
{
    for (int i = 0; i < TURNS_MAX && w->count < count; i++)
        loop_run_once(w->loop, 5);
    if (w->count < count)
        fail_msg("%zu events, not %zu", w->count, count);
}

struct wrong_spec {
    const char *spec, *error;
};

/* Each is refused at its start, with its error. */
static inline void world_refuses(struct world *w, const struct wrong_spec *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct err err;

        if (world_begin(w, str_from(cases[i].spec), &err) == 0 ||
            strcmp(err.text, cases[i].error) != 0)
            fail_msg("case %zu: %s", i, err.text);
    }
}
