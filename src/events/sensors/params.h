/*
 * events/sensors/params.h - parameters of triggers: values of events put into documents. Pure,
 * any thread.
 *
 * A parameter {src, dest, operation} takes a value of the event of src.dependencyName: what
 * dataTemplate makes of its data or dataKey finds there, the same of contextTemplate and
 * contextKey with its attributes, src.value when that fails, or the whole event; and puts it at
 * dest of a document, as a string unless useRawData. Paths are those of lang/gjson, templates
 * those of lang/template; one that fails or makes nothing is as if it was not there.
 * Source: ../shared/spec/events.md 5.1; ../shared/golden/events/params.jsonl decides.
 */
#pragma once

#include "events/triggers/trigger.h"
#include "formats/json.h"

/* The events that take part in a firing. */
struct params_events {
    const struct trigger_event *at;
    size_t len;
};

/**
 * params_check() - can all of these parameters be evaluated? At the start of a sensor
 * @parameters: a list as in triggers[].parameters, template.k8s.parameters; NULL or null: none
 * @err:        ERR_INVALID with the path in the list: "[0].src: ..."
 *
 * Return: 0 or -1.
 */
int params_check(const struct json *parameters, struct err *err);

/** params_check_payload() - params_check() for a payload, whose operations are not looked at */
int params_check_payload(const struct json *payload, struct err *err);

/* What a src gives. */
struct params_value {
    struct str text;  /* absent: the parameter is skipped */
    const char *type; /* "String", "Number", "True", "False", "Null" or "JSON" */
};

/**
 * params_resolve() - the value of one src
 * @a:      where it lives
 * @src:    parameter's src
 * @events: events
 * @ret:    value; absent when the event is, and no src.value is given
 * @err:    ERR_INVALID when there is no such value in the event
 *
 * Return: 0 or -1.
 */
int params_resolve(struct arena *a, const struct json *src, const struct params_events *events,
                   struct params_value *ret, struct err *err);

/**
 * params_apply() - parameters put into a document, one after the other
 * @a:          where the result lives
 * @doc:        a resource or a template
 * @parameters: list, or NULL
 * @events:     events
 * @ret:        new document; borrows @doc when nothing changes
 * @err:        as params_resolve(), and ERR_INVALID for a dest that cannot be set
 *
 * Return: 0 or -1.
 */
int params_apply(struct arena *a, const struct json *doc, const struct json *parameters,
                 const struct params_events *events, struct json *ret, struct err *err);

/** params_apply_text() - params_apply() on a text, which keeps its spelling elsewhere */
int params_apply_text(struct arena *a, struct str doc, const struct json *parameters,
                      const struct params_events *events, struct str *ret, struct err *err);

/** params_apply_object() - params_apply() on a Kubernetes object: it must have a kind
 * afterwards, else ERR_INVALID */
int params_apply_object(struct arena *a, const struct json *object,
                        const struct json *parameters, const struct params_events *events,
                        struct json *ret, struct err *err);

/* A document that is read again once parameters are in it. */
struct params_shaped {
    const struct shape *shape;
    const struct json *doc; /* checked */
    struct str path;        /* where it stands, for errors: "template.http" */
};

/**
 * params_apply_shaped() - params_apply() on a trigger's template or a driver's part of it, read
 * again afterwards
 * @a:          where the result lives
 * @what:       document
 * @parameters: list, or NULL
 * @events:     events
 * @ret:        new document: members by their right names, unknown ones dropped
 * @err:        as params_apply(); ERR_INVALID for members of a wrong type: a number needs
 *              useRawData
 *
 * Return: 0 or -1.
 */
int params_apply_shaped(struct arena *a, const struct params_shaped *what,
                        const struct json *parameters, const struct params_events *events,
                        struct json *ret, struct err *err);

/**
 * params_payload() - a document made of parameters: the body that http, kafka ... send
 * @a:       where it lives
 * @payload: list; operation is ignored; an empty dest gives the value alone
 * @events:  events
 * @ret:     JSON text in the order of the list (or any text with an empty dest); absent without
 *           entries
 * @err:     as params_apply(); ERR_INVALID when an event is missing
 *
 * Return: 0 or -1.
 */
int params_payload(struct arena *a, const struct json *payload,
                   const struct params_events *events, struct str *ret, struct err *err);

/** params_event_text() - the whole event as JSON text: its seven attributes, time in whole
 * seconds, data in base64 */
struct str params_event_text(struct arena *a, const struct trigger_event *event);
