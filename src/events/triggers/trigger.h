/*
 * events/triggers/trigger.h - what every trigger is.
 *
 * The sensor core decides that a trigger fires and renders its resource (parameters applied:
 * pure, on the loop); the driver carries it out: on the loop when it only touches memory (log),
 * else on a worker. fire() may be called again for the same request after a crash: @mark is the
 * identity of the effect (sensor, trigger, event ids), created objects are made once per mark.
 * Retries, rate limits, dead letters and traces are the core's.
 *
 * One file a kind; triggers.def lists them; triggers.c holds the const table. Source:
 * ../shared/spec/events.md 5.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "formats/json.h"
#include "objects/field.h"
#include "store/store.h"
#include "workflows/operate/operator.h"
#include "workflows/submit/submit.h"

enum trigger_place { TRIGGER_ON_WORKER, TRIGGER_ON_LOOP };

/* What drivers may use; connected by daemon/wiring.c; lives longer than all triggers. */
struct trigger_services {
    struct store *store;
    struct workflow_submitter *submitter;
    const struct workflow_operator *operator;
    struct str private_path; /* folder of the daemon that no trigger may read; or "" */
};

/* One event that takes part in a firing, as parameters and log triggers see it. */
struct trigger_event {
    struct str dependency;      /* name in the sensor */
    const struct json *context; /* CloudEvent attributes: id, source, type, time, subject,
                                   datacontenttype, specversion */
    struct str data;            /* its data as text (JSON when parsed_data is set) */
    const struct json *parsed;  /* data as JSON, or NULL */
};

struct trigger_header {
    struct str name, value;
};

struct trigger_request {
    const struct json *template; /* the trigger's template (k8s: {...}, log: {...}) with
                                    template parameters applied; immutable */
    const struct json *resource; /* with parameters applied: the object that was fetched (k8s,
                                    argoWorkflow), or the driver's part of the template
                                    (message); else NULL */
    const struct json *policy;   /* the trigger's, or NULL */
    struct str payload;          /* message: the body made of events; absent: none */
    const struct trigger_header *headers; /* message: dynamicHeaders, made of events */
    size_t header_count;
    struct str sensor, trigger, ns; /* names */
    struct str account;             /* ServiceAccount of the sensor; "": default */
    struct str mark;                /* identity of the effect */
    const struct trigger_event *events;
    size_t event_count;
};

struct trigger_result {
    struct str group, kind, ns, name, uid; /* object made or touched, or "" (in the arena) */
    struct str detail;                     /* one line for the trace */
    bool is_read_failure; /* fetch() could not read: it is tried again within the attempt */
};

struct trigger_ops {
    /* Pure check of a template at creation of the sensor; optional. Paths in errors begin below
     * the driver's part of the template. */
    int (*check)(const struct json *template, struct err *err);
    /* The object that the firing is about, before parameters are put into it; NULL for kinds
     * without one. Worker; blocking. @a as of fire(). */
    int (*fetch)(const struct trigger_services *s, struct arena *a,
                 const struct trigger_request *req, struct json *ret,
                 struct trigger_result *result, struct err *err);
    /* Carries it out. Blocking allowed on a worker only. ERR_TRANSIENT, ERR_TIMEOUT and ERR_IO
     * of drivers without a message mean our own store: they are tried again. Others are failed
     * attempts, as the trigger's retryStrategy counts them. @a lives until the firing is
     * settled or tried again. */
    int (*fire)(const struct trigger_services *s, struct arena *a,
                const struct trigger_request *req, struct trigger_result *ret, struct err *err);
};

struct trigger_driver {
    const char *kind; /* word used in manifests: "k8s" */
    const char *summary;
    enum trigger_place place;
    const struct shape *message;   /* shape of its part of the template, for drivers that send
                                      something to another system: the core puts parameters in,
                                      makes payload and headers; NULL: none */
    const struct trigger_ops *ops; /* NULL: known, but not in this build */
    const char *missing;
};

/** trigger_drivers() - all kinds, sorted */
const struct trigger_driver *const *trigger_drivers(size_t *ret_count);

/** trigger_driver_of() - the driver of a trigger template by its member; NULL and ERR_INVALID
 * when none or several are given */
const struct trigger_driver *trigger_driver_of(const struct json *template, struct err *err);
