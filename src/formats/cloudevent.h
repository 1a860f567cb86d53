/*
 * formats/cloudevent.h - the CloudEvents that EventSources put on a bus and sensors take from
 * it.
 *
 * One JSON object in structured mode, version 1.0 (0.3 is read, too). Our own events carry
 * their payload as "data_base64"; foreign ones may carry "data". Reading and printing follow
 * the CloudEvents SDK for Go with the way Argo Events uses it, so that both can share a bus.
 * Values are borrowed or live in the arena given; any thread.
 * ../shared/golden/formats/cloudevents.jsonl decides.
 */
#pragma once

#include "formats/gotime.h"
#include "formats/json.h"

struct cloudevent {
    struct str id;
    struct str source;       /* EventSource's name, a URI reference in normal form */
    struct str type;         /* kind of source */
    struct str subject;      /* event's name; absent when there is none */
    struct str content_type; /* absent when there is none */
    struct str schema;       /* dataschema; absent when there is none */
    bool is_v03;             /* version 0.3 */
    bool has_time;
    struct gotime time;
    bool is_base64;         /* payload travels as base64 */
    struct str data;        /* payload's bytes; absent when there is none */
    struct json extensions; /* object, sorted by name; or JSON_NULL */
};

/**
 * cloudevent_make() - an event as an EventSource publishes it
 * @a:       where a changed source lives
 * @id:      event id; borrowed, as all texts
 * @source:  EventSource's name; what is no URI reference becomes empty, as upstream does
 * @type:    kind of source: "sqs"
 * @subject: event's name; empty: none
 * @time:    when
 *
 * Return: the event without payload; set .data. The content type is JSON, the payload travels
 * as base64.
 */
struct cloudevent cloudevent_make(struct arena *a, struct str id, struct str source,
                                  struct str type, struct str subject, struct gotime time);

/**
 * cloudevent_print() - append the event as one line of JSON, as it stands on every bus
 * @b:  buffer
 * @ev: event; a payload that does not travel as base64 must be valid JSON, or any text for a
 * content type that is not JSON
 */
void cloudevent_print(struct strbuf *b, const struct cloudevent *ev);

/**
 * cloudevent_parse() - read an event from a bus
 * @a:    where decoded texts live
 * @text: message; borrowed by the event
 * @ret:  the event; untouched on failure and for null
 * @err:  ERR_INVALID
 *
 * Return: 1, 0 when the message is the word null, or -1.
 */
int cloudevent_parse(struct arena *a, struct str text, struct cloudevent *ret, struct err *err);

/**
 * cloudevent_as_seen() - the event as filters, parameters and triggers see it: {context, data}
 * @a:  where it lives
 * @ev: event; borrowed. The time is cut to whole seconds, the payload is base64
 */
struct json cloudevent_as_seen(struct arena *a, const struct cloudevent *ev);
