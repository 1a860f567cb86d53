/*
 * base/err.h - errors as values with a kind.
 *
 * An error lives on the caller's stack; nothing is allocated. The kind alone decides retries,
 * HTTP status, exit codes and workflow phases. Text is lower case, without a final stop, names
 * the thing and the limit and never holds a secret.
 */
#pragma once

#include <stdbool.h>

#include "base/attrs.h"

enum err_kind {
    ERR_NONE,
    ERR_INVALID,      /* the input is wrong; trying again will not help */
    ERR_RULE,         /* the input can be read, and breaks a rule of what it is */
    ERR_NOT_FOUND,    /* the named thing does not exist */
    ERR_EXISTS,       /* the thing to be created is there already */
    ERR_CONFLICT,     /* somebody else changed it first */
    ERR_DENIED,       /* authenticated, but not allowed */
    ERR_UNAUTHORIZED, /* no or wrong credentials */
    ERR_GONE,         /* the asked-for history is trimmed */
    ERR_LIMIT, /* a named limit was exceeded: a smaller one may pass; a full queue is TRANSIENT
                */
    ERR_UNSUPPORTED, /* known to Argo, not built here yet */
    ERR_TRANSIENT,   /* may work when tried again */
    ERR_TIMEOUT,     /* gave up waiting */
    ERR_CANCELLED,   /* asked to stop */
    ERR_IO,          /* the operating system or the disk refused */
    ERR_INTERNAL,    /* a bug of ours */
};

enum { ERR_TEXT_MAX_BYTES = 1024 };

struct err {
    enum err_kind kind;
    int sys;                       /* errno value, or 0 */
    char text[ERR_TEXT_MAX_BYTES]; /* always terminated; long texts are cut */
};

/**
 * err_set() - fill an error
 * @err:  error to fill; never NULL; its old text may be an argument of @fmt
 * @kind: what went wrong, in the domain's words
 * @fmt:  printf format of the text
 *
 * Return: -1, so that a function can fail in one line.
 */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) _printf_(3, 4);

/**
 * err_sys() - fill an error from an errno value
 * @err: error to fill
 * @sys: positive errno value; decides the kind (ENOENT: not found, ENOSPC and the like: io)
 * @fmt: printf format of what was being done; the system's text is added
 *
 * Return: -1.
 */
int err_sys(struct err *err, int sys, const char *fmt, ...) _printf_(3, 4);

/**
 * err_wrap() - put a layer's story in front of an error's text
 * @err: a filled error
 * @fmt: printf format; the result reads "outer: inner"
 *
 * Return: -1.
 */
int err_wrap(struct err *err, const char *fmt, ...) _printf_(2, 3);

/**
 * err_is_retryable() - may the same call succeed later without a change of input?
 * @err: a filled error
 */
bool err_is_retryable(const struct err *err) _pure_;

/**
 * err_kind_name() - the kind as one lower-case word for logs
 * @kind: a kind
 *
 * Return: a static string.
 */
const char *err_kind_name(enum err_kind kind) _pure_;
