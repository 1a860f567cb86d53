/*
 * objects/validate/validate_internal.h - reading documents as Go's decoder does: null is
 * absence, and so is a value of another type. Pure functions, any thread.
 */
#pragma once

#include "objects/validate/validate.h"

/** validate_get() - a member, or NULL when it is absent or null */
const struct json *validate_get(const struct json *v, const char *name);

/** validate_has() - is the member there, {} and [] included? */
bool validate_has(const struct json *v, const char *name);

/** validate_text() - the text of a member, "" when it has none */
struct str validate_text(const struct json *v, const char *name);

/** validate_is_blank() - is the text of a member absent or empty? */
bool validate_is_blank(const struct json *v, const char *name);

/** validate_count() - items of a list member, 0 when there is none */
uint32_t validate_count(const struct json *v, const char *name);

/** validate_fail() - a fixed text as the error; always -1 */
int validate_fail(struct err *err, const char *text);

/* A text or member that must be there. */
struct validate_need {
    const char *name; /* NULL closes the list */
    const char *text; /* what is said when it is not */
};

/** validate_needs() - the first of several that is absent, "" or null is the error */
int validate_needs(const struct json *v, const struct validate_need *needs, struct err *err);

/** validate_tls() - member "tls" */
int validate_tls(const struct json *v, struct err *err);

/** validate_basic_auth() - member "auth" as user name and password */
int validate_basic_auth(const struct json *v, struct err *err);

/** validate_sasl() - member "sasl" */
int validate_sasl(const struct json *v, struct err *err);

/** validate_webhook_context() - where a source listens; NULL is an error without a text */
int validate_webhook_context(const struct json *context, struct err *err);

/** validate_watch_path() - which files are watched */
int validate_watch_path(const struct json *config, struct err *err);

/* The rules of one kind of source. */
struct validate_source {
    const char *member; /* of the spec */
    const struct validate_need *needs;
    int (*more)(const struct json *source, struct err *err); /* NULL: needs are all */
    bool is_recreated; /* only one pod of it may run at a time */
};

/** validate_message_sources() - sources that take messages; a NULL member closes the list */
const struct validate_source *validate_message_sources(void);

/** validate_web_sources() - sources that are called over HTTP */
const struct validate_source *validate_web_sources(void);

/** validate_watch_sources() - sources that watch a clock, files, objects or a stream */
const struct validate_source *validate_watch_sources(void);

/** validate_trigger_template() - the rules of a trigger's template, and of the policy beside it
 */
int validate_trigger_template(const struct json *trigger, struct err *err);

/* Lists of parameters: what they are called in errors. */
struct validate_parameter_list {
    const char *member;
    const char *title; /* "resource parameter" */
    bool may_lack_dest;
};

/** validate_parameters() - each must have a source, a destination and a known operation */
int validate_parameters(const struct json *v, const struct validate_parameter_list *list,
                        struct err *err);
