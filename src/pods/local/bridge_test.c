/*
 * Tests of bridges: which ranges are understood; the device and the addresses that are free, in
 * a network of the test's own where it may have one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "pods/local/bridge.h"
#include "pods/shim/netlink.h"

static void test_ranges(void **state)
{
    static const struct {
        const char *range, *name, *gateway, *why; /* no name: refused */
    } rows[] = {
        {"10.242.0.0/16", "tiphys0af20000", "10.242.0.1", NULL},
        {"10.242.7.9/24", "tiphys0af20700", "10.242.7.1", NULL},
        {"192.168.0.0/29", "tiphysc0a80000", "192.168.0.1", NULL},
        {"10.0.0.0/8", "tiphys0a000000", "10.0.0.1", NULL},
        {"255.255.255.255/29", "tiphysfffffff8", "255.255.255.249", NULL},
        {"10.242.0.0", NULL, NULL, "must be ADDRESS/BITS, with 8 to 29 bits"},
        {"10.242.0.0/7", NULL, NULL, "must be ADDRESS/BITS"},
        {"10.242.0.0/30", NULL, NULL, "must be ADDRESS/BITS"},
        {"10.242.0.0/16x", NULL, NULL, "must be ADDRESS/BITS"},
        {"10.242.0.0/", NULL, NULL, "must be ADDRESS/BITS"},
        {"/16", NULL, NULL, "\"\" is no address of IPv4"},
        {"10.242/16", NULL, NULL, "\"10.242\" is no address of IPv4"},
        {"fd00::/16", NULL, NULL, "\"fd00::\" is no address of IPv4"},
        {"1234567890.1234567890/16", NULL, NULL, "must be ADDRESS/BITS"},
        {"", NULL, NULL, "must be ADDRESS/BITS"},
    };
    struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bridge b = {0};
        struct err err = {0};
        int result = bridge_parse(rows[i].range, &b, &err);

        if (!rows[i].name) {
            assert_int_equal(result, -1);
            assert_int_equal(err.kind, ERR_INVALID);
            assert_non_null(strstr(err.text, rows[i].why));
            continue;
        }
        assert_int_equal(result, 0);
        assert_string_equal(b.name, rows[i].name);
        assert_true(str_is(bridge_gateway(&b, a), rows[i].gateway));
    }
    arena_free(a);
}

/* ---- on the kernel ---- */

static bool has_own_network(void)
{
    static bool is_asked, is_there;

    if (!is_asked)
        is_there = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
    is_asked = true;
    return is_there;
}

static void open_range(const char *range, struct bridge *ret)
{
    struct err err = {0};

    if (!has_own_network())
        skip();
    assert_int_equal(bridge_parse(range, ret, &err), 0);
    if (bridge_open(ret, &err) < 0)
        fail_msg("%s", err.text);
}

static bool has_address(const char *device, const char *address)
{
    struct ifaddrs *all, *at;
    bool is_found = false;
    char text[INET_ADDRSTRLEN];

    assert_int_equal(getifaddrs(&all), 0);
    for (at = all; at; at = at->ifa_next)
        if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET &&
            strcmp(at->ifa_name, device) == 0) {
            inet_ntop(AF_INET, &((struct sockaddr_in *) (void *) at->ifa_addr)->sin_addr, text,
                      sizeof(text));
            is_found |= strcmp(text, address) == 0 && (at->ifa_flags & IFF_UP);
        }
    freeifaddrs(all);
    return is_found;
}

static void test_open(void **state)
{
    struct bridge b, again;

    (void) state;
    open_range("10.242.0.0/16", &b);
    assert_true(has_address("tiphys0af20000", "10.242.0.1"));
    open_range("10.242.0.0/16", &again); /* another server's */
    assert_true(if_nametoindex("tiphys0af20000") > 0);
}

/* A pod's port, as the shim names it. */
static void make_port(const char *address)
{
    struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
    struct netlink_message m;
    struct rtattr *link;
    struct in_addr at;
    char name[IF_NAMESIZE];
    int fd = netlink_open();

    assert_int_equal(inet_pton(AF_INET, address, &at), 1);
    snprintf(name, sizeof(name), "tpod%08x", ntohl(at.s_addr));
    netlink_begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
    netlink_add(&m, IFLA_IFNAME, name, strlen(name) + 1);
    link = netlink_add(&m, IFLA_LINKINFO, NULL, 0);
    netlink_add(&m, IFLA_INFO_KIND, "bridge", strlen("bridge"));
    netlink_end(&m, link);
    assert_int_equal(netlink_ask(fd, &m), 0);
    assert_int_equal(netlink_ask(fd, &m), -1); /* of one address there is one */
    assert_int_equal(errno, EEXIST);
    close(fd);
}

static void test_addresses(void **state)
{
    bool seen[8] = {false};
    struct err err = {0};
    struct bridge b;
    char ip[16];

    (void) state;
    open_range("10.99.0.0/29", &b);
    for (int i = 0; i < 5; i++) {
        struct in_addr at;
        unsigned last;

        assert_int_equal(bridge_pick(&b, ip, &err), 0);
        assert_int_equal(inet_pton(AF_INET, ip, &at), 1);
        last = ntohl(at.s_addr) - 0x0a630000;
        assert_in_range(last, 2, 6);
        assert_false(seen[last]);
        seen[last] = true;
    }
    make_port("10.99.0.2");
    make_port("10.99.0.3");
    make_port("10.99.0.5");
    make_port("10.99.0.6");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bridge_pick(&b, ip, &err), 0);
        assert_string_equal(ip, "10.99.0.4");
    }
    make_port("10.99.0.4");
    assert_int_equal(bridge_pick(&b, ip, &err), -1);
    assert_int_equal(err.kind, ERR_TRANSIENT);
    assert_string_equal(err.text, "all 5 addresses of bridge tiphys0a630000 are taken");
}

static void test_refused(void **state)
{
    struct bridge b = {0};
    struct err err = {0};

    (void) state;
    if (!has_own_network())
        skip();
    assert_int_equal(bridge_parse("10.7.0.0/16", &b, &err), 0);
    b.name[0] = '/'; /* no name of a device */
    assert_int_equal(bridge_open(&b, &err), -1);
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "cannot be made: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
