/*
 * api/world_test.h - a server with a store of its own in a temporary folder, for the tests of
 * the API over real HTTP.
 *
 * The test's thread is the loop: world_run() turns it while a call is made on another thread.
 */
#pragma once

#include "api/api.h"
#include "base/strbuf.h"
#include "events/sensors/sensor.h"
#include "events/triggers/trigger.h"

enum { WORLD_TURNS_MAX = 2000, WORLD_HISTORY = 64 /* changes that the store remembers */ };

/* Tokens of the users "ours", "theirs", and "wide" (of the group "crew"), who may nothing. */
#define WORLD_OURS   "ours-token"
#define WORLD_THEIRS "theirs-token"
#define WORLD_WIDE   "wide-token"

/* What a pod wrote, in the form of files: "<time> stdout F <text>" lines. */
struct world_log {
    const char *pod, *text;
    bool is_ended;
    int fds[2]; /* never readable: nothing grows by itself */
};

struct world {
    char path[64];
    struct str token_file;
    struct loop *loop;
    struct store *store;
    struct bus *bus;
    struct sensor_controller *sensors;
    struct trigger_services services;
    struct workers *workers;
    struct metrics *metrics;
    struct workflow_submitter submitter;
    struct api *api;
    struct pod_runner runner;
    struct artifact_house artifacts; /* in a folder of its own */
    struct world_log logs[8];
    size_t log_count;
    struct arena *a;
};

struct call {
    struct world *w;
    const char *method, *path, *body, *token;
    const char *accept; /* NULL: none */
    const char *as;     /* who is impersonated; NULL: nobody */
    struct {
        const char *name, *value;
    } further[2];        /* headers */
    char warnings[1024]; /* the answer's, joined by line ends */
    char headers[2048];  /* the answer's, "Name: value" lines */
    const char *type;    /* of the body; NULL: JSON */
    unsigned status;
    char answer[4096];
    size_t stop_after; /* bytes of a stream */
    struct strbuf seen;
    size_t seen_len; /* of seen, for other threads */
    bool is_done;
};

/** world_setup() - cmocka's setup: *@state becomes a world whose token is "secret" */
int world_setup(void **state);

/** world_setup_managed() - the same, of a server that serves namespace "team" alone */
int world_setup_managed(void **state);

/** world_setup_open() - a world that is open to the loopback, too */
int world_setup_open(void **state);

/** world_setup_limited() - of one request a second */
int world_setup_limited(void **state);

/** world_setup_seeded() - the same; each creation is given the same random names, in turn */
int world_setup_seeded(void **state);

/** world_teardown() - cmocka's teardown */
int world_teardown(void **state);

/** world_call_main() - make a struct call; for pthread_create() */
void *world_call_main(void *call);

/** world_run() - make a call and turn the loop until it is done */
void world_run(struct world *w, struct call *c);

/** world_log() - a pod that has ended and wrote @text; both texts are borrowed */
void world_log(struct world *w, const char *pod, const char *text);

/** world_commit() - commit and turn the loop until it is answered; fails the test otherwise */
void world_commit(struct world *w, struct store_txn *txn);
