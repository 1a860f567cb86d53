/*
 * Terminals of containers: made where the container's root is, so that it has a name there; the
 * shim has the other end. In isolation image the runtime makes it and hands us our end.
 */
#define _GNU_SOURCE
#include "pods/shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int tty_open(int *ret_master, int *ret_slave)
{
    int unlocked = 0;

    *ret_slave = -1;
    *ret_master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*ret_master < 0)
        return -1;
    if (ioctl(*ret_master, TIOCSPTLCK, &unlocked) == 0)
        *ret_slave = ioctl(*ret_master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*ret_slave >= 0)
        return 0;
    close(*ret_master);
    *ret_master = -1;
    return -1;
}

int tty_take(int slave)
{
    for (int fd = 0; fd < 3; fd++)
        if (dup2(slave, fd) < 0)
            return -1;
    return ioctl(0, TIOCSCTTY, 0);
}

/* Room for one descriptor, aligned as it must be. */
union ancillary {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int))];
};

int tty_send(int socket, int fd, char byte)
{
    union ancillary extra = {.bytes = {0}};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = extra.bytes,
                             .msg_controllen = sizeof(extra.bytes)};

    extra.head.cmsg_len = CMSG_LEN(sizeof(int));
    extra.head.cmsg_level = SOL_SOCKET;
    extra.head.cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(&extra.head), &fd, sizeof(fd));
    return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

ssize_t tty_receive(int socket, void *bytes, size_t size, int *ret)
{
    union ancillary extra = {.bytes = {0}};
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = extra.bytes,
                             .msg_controllen = sizeof(extra.bytes)};
    ssize_t len = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

    *ret = -1;
    if (len >= 0 && CMSG_FIRSTHDR(&message) && extra.head.cmsg_type == SCM_RIGHTS &&
        extra.head.cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(ret, CMSG_DATA(&extra.head), sizeof(*ret));
    return len;
}
