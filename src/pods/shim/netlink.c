/* See netlink.h. */
#include "pods/shim/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_BYTES = 4096 };

int netlink_open(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

void netlink_begin(struct netlink_message *m, int type, int flags, const void *body, size_t len)
{
    memset(m, 0, sizeof(*m));
    m->head.nlmsg_type = (uint16_t) type;
    m->head.nlmsg_flags = (uint16_t) (NLM_F_REQUEST | NLM_F_ACK | flags);
    m->head.nlmsg_len = (uint32_t) NLMSG_LENGTH(len);
    memcpy(NLMSG_DATA(&m->head), body, len);
}

struct rtattr *netlink_add(struct netlink_message *m, int type, const void *value, size_t len)
{
    char *at = (char *) m + NLMSG_ALIGN(m->head.nlmsg_len);
    struct rtattr attribute = {.rta_type = (uint16_t) type,
                               .rta_len = (uint16_t) RTA_LENGTH(len)};

    memcpy(at, &attribute, sizeof(attribute));
    if (len > 0)
        memcpy(at + RTA_LENGTH(0), value, len);
    m->head.nlmsg_len = NLMSG_ALIGN(m->head.nlmsg_len) + (uint32_t) RTA_ALIGN(RTA_LENGTH(len));
    return (struct rtattr *) (void *) at;
}

void netlink_end(struct netlink_message *m, struct rtattr *nest)
{
    nest->rta_len = (uint16_t) ((char *) m + m->head.nlmsg_len - (char *) nest);
}

int netlink_ask(int fd, struct netlink_message *m)
{
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        char rest[ANSWER_BYTES];
    } answer;
    ssize_t len = send(fd, m, m->head.nlmsg_len, 0);

    if (len >= 0)
        len = recv(fd, &answer, sizeof(answer), 0);
    if (len < 0)
        return -1;
    if ((size_t) len < sizeof(answer.head) + sizeof(answer.error) ||
        answer.head.nlmsg_type != NLMSG_ERROR) {
        errno = EPROTO;
        return -1;
    }
    errno = -answer.error.error;
    return answer.error.error ? -1 : 0;
}

int netlink_set_up(int fd, unsigned index)
{
    struct ifinfomsg info = {.ifi_family = AF_UNSPEC,
                             .ifi_index = (int) index,
                             .ifi_flags = IFF_UP,
                             .ifi_change = IFF_UP};
    struct netlink_message m;

    netlink_begin(&m, RTM_NEWLINK, 0, &info, sizeof(info));
    return netlink_ask(fd, &m);
}

int netlink_add_address(int fd, unsigned index, uint32_t address, unsigned prefix)
{
    struct ifaddrmsg info = {
        .ifa_family = AF_INET, .ifa_prefixlen = (uint8_t) prefix, .ifa_index = index};
    struct in_addr at = {.s_addr = htonl(address)};
    struct netlink_message m;

    netlink_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
    netlink_add(&m, IFA_LOCAL, &at, sizeof(at));
    netlink_add(&m, IFA_ADDRESS, &at, sizeof(at));
    return netlink_ask(fd, &m) == 0 || errno == EEXIST ? 0 : -1;
}
