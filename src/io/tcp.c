/* See tcp.h. The socket does not block: every wait is a poll(). */
#include "io/tcp.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { NAME_MAX_BYTES = 255 };

struct tcp {
    int fd;
    struct tcp_options options;
    char peer[NAME_MAX_BYTES + 32]; /* host:port, for errors */
    size_t at, end;                 /* what of @in is read and not taken */
    char in[TCP_TAKE_MAX_BYTES];
};

/* ---- addresses ---- */

/* Link-local, and two that are not. */
static bool is_metadata_v4(uint32_t address)
{
    return address >> 16 == 0xA9FE || address == 0x646464C8; /* 169.254/16, 100.100.100.200 */
}

static bool is_metadata_v6(const struct in6_addr *address)
{
    static const struct in6_addr aws = {
        .s6_addr = {0xFD, 0, 0x0E, 0xC2, [14] = 0x02, [15] = 0x54}};
    const uint8_t *b = address->s6_addr;

    if (IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_V4COMPAT(address))
        return is_metadata_v4((uint32_t) b[12] << 24 | (uint32_t) b[13] << 16 |
                              (uint32_t) b[14] << 8 | b[15]);
    return IN6_IS_ADDR_LINKLOCAL(address) || memcmp(b, aws.s6_addr, sizeof(aws.s6_addr)) == 0;
}

bool tcp_is_metadata(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return is_metadata_v4(
            ntohl(((const struct sockaddr_in *) (const void *) address)->sin_addr.s_addr));
    return address->sa_family == AF_INET6 &&
           is_metadata_v6(&((const struct sockaddr_in6 *) (const void *) address)->sin6_addr);
}

/* ---- waiting ---- */

static int fail_sys(const struct tcp *t, int sys, struct err *err)
{
    return err_set(err, ERR_TRANSIENT, "%s: %s", t->peer, strerrordesc_np(sys));
}

/* @limit_ms: 0 is none. */
static int wait_for(const struct tcp *t, short events, uint64_t limit_ms, struct err *err)
{
    struct pollfd fds[2] = {{.fd = t->fd, .events = events},
                            {.fd = t->options.cancel_fd, .events = POLLIN}};
    nfds_t count = t->options.cancel_fd > 0 ? 2 : 1;
    struct mono deadline = mono_after(clock_mono(), limit_ms);

    for (;;) {
        uint64_t left = mono_ms_until(clock_mono(), deadline);
        int result = poll(fds, count,
                          limit_ms == 0      ? -1
                          : left > INT32_MAX ? INT32_MAX
                                             : (int) left);

        if (result < 0 && errno == EINTR)
            continue;
        if (result < 0)
            return fail_sys(t, errno, err);
        if (count == 2 && fds[1].revents)
            return err_set(err, ERR_CANCELLED, "asked to stop");
        if (fds[0].revents)
            return 0;
        if (left == 0)
            return err_set(err, ERR_TIMEOUT, "%s: nothing came or went for %llu ms", t->peer,
                           (unsigned long long) limit_ms);
    }
}

/* ---- connecting ---- */

static int connect_to(struct tcp *t, const struct addrinfo *at, struct err *err)
{
    int one = 1, error = 0;
    socklen_t len = sizeof(error);

    if (t->options.refuses_link_local && tcp_is_metadata(at->ai_addr))
        return err_set(err, ERR_DENIED, "%s: the address is a metadata service's", t->peer);
    t->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (t->fd < 0)
        return fail_sys(t, errno, err);
    if (connect(t->fd, at->ai_addr, at->ai_addrlen) < 0) {
        if (errno != EINPROGRESS)
            return fail_sys(t, errno, err);
        if (wait_for(t, POLLOUT, t->options.connect_ms, err) < 0)
            return -1;
        getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        if (error)
            return fail_sys(t, error, err);
    }
    setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return 0;
}

static int connect_any(struct tcp *t, const char *host, const char *port, struct err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int result = -1, error = getaddrinfo(host, port, &hints, &found);

    if (error != 0)
        return err_set(err, ERR_TRANSIENT, "%s: %s", t->peer, gai_strerror(error));
    for (const struct addrinfo *at = found; at && result < 0; at = at->ai_next) {
        result = connect_to(t, at, err);
        if (result == 0 || err->kind == ERR_CANCELLED)
            break;
        if (t->fd >= 0)
            close(t->fd);
        t->fd = -1;
    }
    freeaddrinfo(found);
    return result;
}

struct tcp *tcp_connect(struct str host, uint32_t port, const struct tcp_options *options,
                        struct err *err)
{
    char name[NAME_MAX_BYTES + 1], number[16];
    struct tcp *t;

    if (host.len == 0 || host.len > NAME_MAX_BYTES || memchr(host.ptr, 0, host.len) ||
        port == 0 || port > UINT16_MAX) {
        err_set(err, ERR_INVALID, "\"" STR_FMT "\", port %u: no address of a server",
                STR_ARG(str_head(host, NAME_MAX_BYTES)), port);
        return NULL;
    }
    t = NEW(struct tcp);
    t->fd = -1;
    t->options = *options;
    snprintf(name, sizeof(name), STR_FMT, STR_ARG(host));
    snprintf(number, sizeof(number), "%u", port);
    snprintf(t->peer, sizeof(t->peer), "%s:%s", name, number);
    if (connect_any(t, name, number, err) == 0)
        return t;
    tcp_close(t);
    return NULL;
}

void tcp_close(struct tcp *t)
{
    if (!t)
        return;
    if (t->fd >= 0)
        close(t->fd);
    free(t);
}

/* ---- bytes ---- */

int tcp_write(struct tcp *t, struct str bytes, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t n = send(t->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

        if (n >= 0)
            bytes = str_skip(bytes, (size_t) n);
        else if (errno == EAGAIN) {
            if (wait_for(t, POLLOUT, t->options.stall_ms, err) < 0)
                return -1;
        } else if (errno != EINTR)
            return fail_sys(t, errno, err);
    }
    return 0;
}

static int fill(struct tcp *t, struct err *err)
{
    for (;;) {
        ssize_t n = recv(t->fd, t->in + t->end, sizeof(t->in) - t->end, 0);

        if (n > 0) {
            t->end += (size_t) n;
            return 0;
        }
        if (n == 0)
            return err_set(err, ERR_TRANSIENT, "%s: closed the connection", t->peer);
        if (errno == EAGAIN) {
            if (wait_for(t, POLLIN, t->options.stall_ms, err) < 0)
                return -1;
        } else if (errno != EINTR)
            return fail_sys(t, errno, err);
    }
}

int tcp_take(struct tcp *t, size_t len, struct str *ret, struct err *err)
{
    assert(len <= sizeof(t->in));
    if (t->at == t->end)
        t->at = t->end = 0;
    if (t->at + len > sizeof(t->in)) {
        memmove(t->in, t->in + t->at, t->end - t->at);
        t->end -= t->at;
        t->at = 0;
    }
    while (t->end - t->at < len)
        if (fill(t, err) < 0)
            return -1;
    *ret = str_of(t->in + t->at, len);
    t->at += len;
    return 0;
}

bool tcp_has_input(struct tcp *t)
{
    struct pollfd fd = {.fd = t->fd, .events = POLLIN};

    return t->at < t->end || poll(&fd, 1, 0) > 0;
}
