/*
 * io/http_resume.h - a GET into a file that goes on where it was cut off. For clients whose
 * calls must be signed anew each time: they make the calls, and ask here whether to make
 * another one, and with which headers.
 *
 * A rest is only asked for when something is known of the first part: its ETag, or a checksum
 * that the caller compares afterwards. Threads: the caller's.
 */
#pragma once

#include "io/http_client.h"

struct http_resume {
    struct http_sink sink;   /* for on_chunk */
    struct http_answer head; /* for struct http_call */
    int64_t begin;           /* where the file's bytes begin */
    uint64_t skip;           /* bytes that have come by earlier calls */
    struct str etag;         /* of the first call; "": not known */
    unsigned cuts;
    bool is_checked; /* the caller compares a checksum in the end */
};

/** http_resume_init() - before the first call; @fd: gets the bytes, from its offset on */
void http_resume_init(struct http_resume *r, int fd);

enum { HTTP_RESUME_HEADERS_MAX = 2 };

/** http_resume_headers() - what the next call says beside its own: "Range", "If-Match" or
 * nothing; how many; the texts are in the arena */
size_t http_resume_headers(const struct http_resume *r, struct arena *a,
                           struct http_header ret[HTTP_RESUME_HEADERS_MAX]);

/**
 * http_resume_next() - what is to be done after a call
 * @r:      its transfer
 * @a:      as long as the transfer
 * @result: of the call, with what its status means: 0 or -1
 * @err:    the call's error; ERR_TRANSIENT when the server does not go on where it was
 *
 * Return: 1: call again; 0: all is there; -1: it has failed.
 */
int http_resume_next(struct http_resume *r, struct arena *a, int result, struct err *err);

/** http_part_again() - is a part of an upload that has failed to be sent again? After a pause,
 * HTTP_PART_TRIES_MAX times in all; @tries: 0 at first */
bool http_part_again(unsigned *tries, const struct err *err);
