/* What the files of aws_credentials.h share. */
#pragma once

#include "clients/aws/aws_credentials.h"
#include "io/http_client.h"

/* One search for keys. */
struct aws_search {
    const struct aws_credentials *who;
    struct arena *a;
    struct http_client *http;
    struct wall now;
    struct aws_keys keys; /* what is found */
    int64_t ends_ms;      /* Unix time at which they end; 0: never */
};

enum { AWS_ABSENT = 1 }; /* this place has none: the next one is asked */

/** aws_setting() - a value of the environment, or "" */
struct str aws_setting(const struct aws_search *s, const char *name);

/** aws_search_take() - keys that are found; ERR_UNAUTHORIZED from @place when one is empty */
int aws_search_take(struct aws_search *s, const char *place, struct str access,
                    struct str secret, struct str token, struct err *err);

/** aws_search_until() - when they end, in RFC 3339; what cannot be read counts as soon */
void aws_search_until(struct aws_search *s, struct str text);

/** aws_read_text_file() - a small file's text without blanks around it; ERR_INVALID names the
 * setting that points at it */
int aws_read_text_file(struct aws_search *s, const char *setting, struct str path,
                       struct str *ret, struct err *err);

/* 0, AWS_ABSENT or -1. */
int aws_web_identity(struct aws_search *s, struct err *err);
int aws_container(struct aws_search *s, struct err *err);
int aws_instance(struct aws_search *s, struct err *err);

/** aws_assume_role() - the keys of who's role instead of those that were found */
int aws_assume_role(struct aws_search *s, struct err *err);
