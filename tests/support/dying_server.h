/*
 * tests/support/dying_server.h - an HTTP server for unit tests that gives up to two answers as
 * they stand, a connection each, and closes it: in the middle, when the first promises more
 * than it has. Include it behind cmocka.h.
 */
#pragma once

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct dying {
    int fd;
    char endpoint[32];
    const char *answers[2];
    char asked[2][2000]; /* the heads of what it was asked */
    pthread_t thread;
};

static void *dying_serve(void *ctx)
{
    struct dying *d = ctx;

    for (int i = 0; i < 2 && d->answers[i]; i++) {
        int peer = accept(d->fd, NULL, NULL);
        size_t len = 0;
        ssize_t got = 1;

        while (!strstr(d->asked[i], "\r\n\r\n") && got > 0) {
            got = recv(peer, d->asked[i] + len, sizeof(d->asked[i]) - 1 - len, 0);
            len += got > 0 ? (size_t) got : 0;
        }
        send(peer, d->answers[i], strlen(d->answers[i]), MSG_NOSIGNAL);
        close(peer);
    }
    return NULL;
}

/* @second NULL: nobody answers a second time. */
static inline void dying_start(struct dying *d, const char *first, const char *second)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    *d = (struct dying){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                        .answers = {first, second}};
    assert_int_equal(bind(d->fd, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(d->fd, 4), 0);
    assert_int_equal(getsockname(d->fd, (struct sockaddr *) &at, &len), 0);
    snprintf(d->endpoint, sizeof(d->endpoint), "127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&d->thread, NULL, dying_serve, d), 0);
}

/* When all answers were fetched. */
static inline void dying_stop(struct dying *d)
{
    pthread_join(d->thread, NULL);
    close(d->fd);
}
