/*
 * pods/shim/netlink.h - requests to the kernel's rtnetlink, for the shim and for the runner:
 * links, addresses, routes. Blocks no longer than the kernel needs. Format: rtnetlink(7).
 */
#pragma once

#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

enum { NETLINK_MESSAGE_BYTES = 1024 };

/* A request while it is put together. */
struct netlink_message {
    struct nlmsghdr head;
    char rest[NETLINK_MESSAGE_BYTES];
};

/** netlink_open() - a socket to the kernel in the network that we are in; fd or -1 */
int netlink_open(void);

/** netlink_begin() - a request of a type with what stands before its attributes */
void netlink_begin(struct netlink_message *m, int type, int flags, const void *body,
                   size_t len);

/** netlink_add() - one more attribute; what a request holds here always fits */
struct rtattr *netlink_add(struct netlink_message *m, int type, const void *value, size_t len);

/** netlink_end() - all that was added behind @nest is in it */
void netlink_end(struct netlink_message *m, struct rtattr *nest);

/** netlink_ask() - send it and hear the answer; 0, or -1 with errno */
int netlink_ask(int fd, struct netlink_message *m);

/** netlink_set_up() - a link begins to work; 0, or -1 with errno */
int netlink_set_up(int fd, unsigned index);

/** netlink_add_address() - a link's address (IPv4, in host order) and the bits that all beside
 * it share; one that it has is fine; 0, or -1 with errno */
int netlink_add_address(int fd, unsigned index, uint32_t address, unsigned prefix);
