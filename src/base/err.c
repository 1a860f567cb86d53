/*
 * Errors as values. Texts are built in a scratch buffer first, because callers may pass the old
 * text as an argument of the new one.
 */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_text(struct err *err, const char *text)
{
    size_t len = strnlen(text, ERR_TEXT_MAX_BYTES - 1);

    memmove(err->text, text, len);
    err->text[len] = '\0';
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX_BYTES];
    va_list args;

    assert(err != NULL && kind != ERR_NONE);
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    err->kind = kind;
    err->sys = 0;
    set_text(err, text);
    return -1;
}

static enum err_kind kind_of_errno(int sys)
{
    switch (sys) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    case EAGAIN:
    case EINTR:
    case ECONNREFUSED:
    case ECONNRESET:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EPIPE:
        return ERR_TRANSIENT;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    case ECANCELED:
        return ERR_CANCELLED;
    default:
        return ERR_IO;
    }
}

int err_sys(struct err *err, int sys, const char *fmt, ...)
{
    char what[ERR_TEXT_MAX_BYTES / 2];
    char text[ERR_TEXT_MAX_BYTES];
    const char *desc = strerrordesc_np(sys);
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    if (desc)
        snprintf(text, sizeof(text), "%s: %s", what, desc);
    else
        snprintf(text, sizeof(text), "%s: errno %d", what, sys);
    err->kind = kind_of_errno(sys);
    err->sys = sys;
    set_text(err, text);
    return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    char outer[ERR_TEXT_MAX_BYTES / 2];
    char text[2 * ERR_TEXT_MAX_BYTES];
    va_list args;

    assert(err->kind != ERR_NONE);
    va_start(args, fmt);
    vsnprintf(outer, sizeof(outer), fmt, args);
    va_end(args);
    snprintf(text, sizeof(text), "%s: %s", outer, err->text);
    set_text(err, text);
    return -1;
}

bool err_is_retryable(const struct err *err)
{
    return err->kind == ERR_TRANSIENT || err->kind == ERR_TIMEOUT || err->kind == ERR_IO;
}

const char *err_kind_name(enum err_kind kind)
{
    switch (kind) {
    case ERR_NONE:
        return "none";
    case ERR_INVALID:
        return "invalid";
    case ERR_RULE:
        return "rule";
    case ERR_NOT_FOUND:
        return "not-found";
    case ERR_EXISTS:
        return "exists";
    case ERR_CONFLICT:
        return "conflict";
    case ERR_DENIED:
        return "denied";
    case ERR_UNAUTHORIZED:
        return "unauthorized";
    case ERR_GONE:
        return "gone";
    case ERR_LIMIT:
        return "limit";
    case ERR_UNSUPPORTED:
        return "unsupported";
    case ERR_TRANSIENT:
        return "transient";
    case ERR_TIMEOUT:
        return "timeout";
    case ERR_CANCELLED:
        return "cancelled";
    case ERR_IO:
        return "io";
    case ERR_INTERNAL:
        return "internal";
    }
    return "unknown";
}
