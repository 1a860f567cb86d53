/*
 * tests/support/grpc_server.h - a gRPC server on a unix socket for unit tests: it takes whole
 * requests apart and lets the test write the frames of each answer, so that answers can also be
 * wrong. One connection at a time. Include it behind cmocka.h.
 */
#pragma once

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum { GRPC_SERVER_CALLS_MAX = 32, GRPC_SERVER_REQUEST_MAX = 4096 };

/* Where an answer goes. */
struct grpc_reply {
    int fd;
    uint32_t stream;
};

struct grpc_server {
    char path[64];
    int listener, stop[2];
    pthread_t thread;
    /* Writes the answer of call @number, from 0 on; @message is the request's. */
    void (*serve)(void *ctx, unsigned number, struct str message, struct grpc_reply to);
    void *ctx;
    unsigned calls;
    struct {
        char bytes[GRPC_SERVER_REQUEST_MAX];
        size_t len;
    } requests[GRPC_SERVER_CALLS_MAX]; /* with the head of their message */
};

/* ---- writing ---- */

static inline void grpc_frame(struct grpc_reply to, uint8_t type, uint8_t flags,
                              struct str payload)
{
    unsigned char head[9] = {(uint8_t) (payload.len >> 16),
                             (uint8_t) (payload.len >> 8),
                             (uint8_t) payload.len,
                             type,
                             flags,
                             (uint8_t) (to.stream >> 24),
                             (uint8_t) (to.stream >> 16),
                             (uint8_t) (to.stream >> 8),
                             (uint8_t) to.stream};

    /* Who has gone does not want it. */
    if (send(to.fd, head, sizeof(head), MSG_NOSIGNAL) == (ssize_t) sizeof(head) &&
        payload.len > 0)
        (void) !send(to.fd, payload.ptr, payload.len, MSG_NOSIGNAL);
}

static inline size_t grpc_field(char *to, const char *name, const char *value)
{
    size_t name_len = strlen(name), value_len = strlen(value);

    assert_true(name_len < 127 && value_len < 127);
    to[0] = 0; /* as it is, and not for later */
    to[1] = (char) name_len;
    memcpy(to + 2, name, name_len);
    to[2 + name_len] = (char) value_len;
    memcpy(to + 3 + name_len, value, value_len);
    return 3 + name_len + value_len;
}

/* The head of an answer; it is all of it when @is_end. */
static inline void grpc_send_head(struct grpc_reply to, const char *status, const char *type,
                                  bool is_end)
{
    char block[400];
    size_t len = grpc_field(block, ":status", status);

    len += grpc_field(block + len, "content-type", type);
    grpc_frame(to, 1, is_end ? 5 : 4, str_of(block, len));
}

/* Bytes of the body, not framed as messages. */
static inline void grpc_send_bytes(struct grpc_reply to, struct str bytes)
{
    for (struct str rest = bytes; rest.len > 0; rest = str_skip(rest, 16384))
        grpc_frame(to, 0, 0, str_head(rest, 16384));
}

static inline void grpc_send_message(struct grpc_reply to, struct str message)
{
    char *framed = malloc(message.len + 5);

    assert_non_null(framed);
    framed[0] = 0;
    for (int i = 0; i < 4; i++)
        framed[1 + i] = (char) (message.len >> (24 - 8 * i));
    if (message.len > 0)
        memcpy(framed + 5, message.ptr, message.len);
    grpc_send_bytes(to, str_of(framed, message.len + 5));
    free(framed);
}

static inline void grpc_send_end(struct grpc_reply to, const char *status, const char *message)
{
    char block[400];
    size_t len = grpc_field(block, "grpc-status", status);

    if (message)
        len += grpc_field(block + len, "grpc-message", message);
    grpc_frame(to, 1, 5, str_of(block, len));
}

/* One message, and all is well. */
static inline void grpc_send_answer(struct grpc_reply to, struct str message)
{
    grpc_send_head(to, "200", "application/grpc", false);
    grpc_send_message(to, message);
    grpc_send_end(to, "0", NULL);
}

/* ---- reading ---- */

/* False: the other side has gone, or the server is to stop. */
static inline bool grpc_read(struct grpc_server *s, int fd, void *to, size_t len)
{
    struct pollfd wait[2] = {{.fd = fd, .events = POLLIN},
                             {.fd = s->stop[0], .events = POLLIN}};

    while (len > 0) {
        ssize_t got;

        if (poll(wait, 2, -1) < 0 || wait[1].revents)
            return false;
        got = recv(fd, to, len, 0);
        if (got <= 0)
            return false;
        to = (char *) to + got;
        len -= (size_t) got;
    }
    return true;
}

/* One frame; @len of the request grows. False: it is over. */
static inline bool grpc_take_frame(struct grpc_server *s, int fd)
{
    unsigned char head[9], payload[1 << 14];
    unsigned at = s->calls % GRPC_SERVER_CALLS_MAX;
    size_t len;

    if (!grpc_read(s, fd, head, sizeof(head)))
        return false;
    len = (size_t) head[0] << 16 | (size_t) head[1] << 8 | head[2];
    if (len > sizeof(payload) || !grpc_read(s, fd, payload, len))
        return false;
    if (head[3] == 4 && !(head[4] & 1)) /* settings: seen */
        grpc_frame((struct grpc_reply){.fd = fd}, 4, 1, STR(""));
    if (head[3] != 0)
        return true;
    assert_true(s->requests[at].len + len <= GRPC_SERVER_REQUEST_MAX);
    memcpy(s->requests[at].bytes + s->requests[at].len, payload, len);
    s->requests[at].len += len;
    if (head[4] & 1) {
        struct grpc_reply to = {.fd = fd,
                                .stream = (uint32_t) head[5] << 24 | (uint32_t) head[6] << 16 |
                                          (uint32_t) head[7] << 8 | head[8]};

        s->serve(s->ctx, s->calls++,
                 str_skip(str_of(s->requests[at].bytes, s->requests[at].len), 5), to);
        s->requests[s->calls % GRPC_SERVER_CALLS_MAX].len = 0;
    }
    return true;
}

static inline void *grpc_serve(void *ctx)
{
    struct grpc_server *s = ctx;
    struct pollfd wait[2] = {{.fd = s->listener, .events = POLLIN},
                             {.fd = s->stop[0], .events = POLLIN}};

    while (poll(wait, 2, -1) >= 0 && !wait[1].revents) {
        int fd = accept(s->listener, NULL, NULL);
        char preface[24];

        if (fd < 0)
            continue;
        grpc_frame((struct grpc_reply){.fd = fd}, 4, 0, STR(""));
        if (grpc_read(s, fd, preface, sizeof(preface)))
            while (grpc_take_frame(s, fd))
                continue;
        close(fd);
    }
    return NULL;
}

/* What request @number said, without its head. */
static inline struct str grpc_request(const struct grpc_server *s, unsigned number)
{
    assert_true(number < s->calls && s->calls <= GRPC_SERVER_CALLS_MAX);
    return str_skip(str_of(s->requests[number].bytes, s->requests[number].len), 5);
}

static inline struct grpc_server *grpc_server_start(void (*serve)(void *ctx, unsigned number,
                                                                  struct str message,
                                                                  struct grpc_reply to),
                                                    void *ctx)
{
    struct grpc_server *s = NEW(struct grpc_server);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd;

    snprintf(s->path, sizeof(s->path), "/tmp/grpc-server.XXXXXX");
    fd = mkstemp(s->path);
    assert_true(fd >= 0 && close(fd) == 0 && unlink(s->path) == 0);
    memcpy(at.sun_path, s->path, strlen(s->path) + 1);
    s->serve = serve;
    s->ctx = ctx;
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(pipe2(s->stop, O_CLOEXEC), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, grpc_serve, s), 0);
    return s;
}

static inline void grpc_server_stop(struct grpc_server *s)
{
    close(s->stop[1]);
    pthread_join(s->thread, NULL);
    close(s->stop[0]);
    close(s->listener);
    unlink(s->path);
    free(s);
}
