/*
 * events/sources/webhook_event.h - what a webhook source makes of a request: the data of its
 * event, or why there is none, in the words that the sender sees.
 *
 * Pure, any thread. Doesn't do: endpoints, tokens, answers. Source:
 * ../shared/spec/events.md 1.7 webhook; golden formats/webhook-body.jsonl decides.
 */
#pragma once

#include "formats/json.h"
#include "io/http_server.h"

/* A request, all of it borrowed. */
struct webhook_request {
    struct str method;
    struct str url; /* path and query as sent */
    struct str body;
    const struct http_header *headers; /* in the order they came */
    size_t header_count;
};

/** webhook_header() - the first value of a header (name without regard to case), or absent */
struct str webhook_header(const struct webhook_request *req, struct str name);

/** webhook_headers_json() - all headers as Go's map: canonical names, lists of values, without
 * those that Go keeps elsewhere */
struct json webhook_headers_json(struct arena *a, const struct webhook_request *req);

/**
 * webhook_form() - the fields of a query or a form as {"name": ["value", ...]}
 * @a:    where they live
 * @text: "a=1&b=2"
 * @ret:  all that could be read, also on failure
 * @err:  ERR_INVALID with Go's text of the first fault
 *
 * Return: 0 or -1.
 */
int webhook_form(struct arena *a, struct str text, struct json *ret, struct err *err);

/**
 * webhook_event() - the data of a request's event
 * @a:    where it lives
 * @spec: the named event of the manifest: method, maxPayloadSize, metadata
 * @req:  request; its Authorization header is already masked
 * @ret:  JSON text
 * @err:  the answer's text: ERR_INVALID for status 400, ERR_INTERNAL for 500
 *
 * Return: 0 or -1.
 */
int webhook_event(struct arena *a, const struct json *spec, const struct webhook_request *req,
                  struct str *ret, struct err *err);
