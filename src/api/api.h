/*
 * api/api.h - the HTTP API on one port: the Kubernetes-style resource API over every kind that
 * is served, health and version.
 *
 * Requests are read and checked on http threads; writes are handed to the store and answered
 * when they are durable; watches live on the loop and write to a bounded stream each. Identity
 * and rights come before everything but health: a bearer token (api/auth), or nothing at all
 * when open access was asked for and both ends are on the loopback.
 */
#pragma once

#include "artifacts/artifact.h"
#include "base/metric.h"
#include "events/bus/bus.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "io/workers.h"
#include "pods/pod.h"
#include "recorder/recorder.h"
#include "store/store.h"
#include "workflows/submit/submit.h"

struct api;
struct sensor_controller;

struct api_options {
    struct loop *loop;
    struct store *store;
    struct config_holder *config;           /* for the user interface; NULL: there is none */
    struct bus *bus;                        /* for traces; NULL: there are none */
    struct sensor_controller *sensors;      /* of dead letters; NULL: nothing is redriven */
    struct workflow_submitter *submitter;   /* the way in for workflows */
    struct workers *workers;                /* where submissions wait for the store */
    struct pod_runner *runner;              /* for logs; NULL: there are none */
    struct recorder *recorder;              /* NULL: no Events are told */
    struct metrics *metrics;                /* NULL: there are none */
    bool is_metrics_open;                   /* /metrics needs no token */
    const struct artifact_house *artifacts; /* for downloads; NULL: there are none */
    const char *address;
    uint16_t port;                     /* 0: any free one */
    struct str token;                  /* who sends it may do everything; "" none */
    uint64_t rate_limit;               /* requests a second of one address; 0: any */
    const char *managed;               /* the only namespace that is served; NULL or "": all */
    const char *token_file;            /* of others, see api/auth/auth.h; NULL or "": none */
    const char *tls_cert, *tls_key;    /* PEM texts, or NULL: plain HTTP; for the start alone */
    const char *base;                  /* path that everything is served below, or NULL */
    const struct http_header *headers; /* of every answer; outlive the api */
    size_t header_count;
    bool is_event_async; /* events for bindings are answered before they are dispatched */
    uint64_t event_room; /* then so many may be under way; further ones are refused */
    uint64_t seed;       /* of generated names, for tests; 0: the system's randomness */
    bool is_open;        /* no token needed from the loopback; refused for other addresses */
};

/** api_start() - listen and serve; owned; ERR_INVALID for open access beyond the loopback,
 * ERR_EXISTS when the port is taken */
struct api *api_start(const struct api_options *options, struct err *err);

/** api_port() - where it listens */
uint16_t api_port(const struct api *api);

/**
 * api_stop() - end streams and connections, release; loop thread; NULL is a no-op
 *
 * Return: whether all requests have been answered. When not, they go on, and what the options
 * named must stay until the process ends.
 */
bool api_stop(struct api *api);
