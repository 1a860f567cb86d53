/* What of a krb5.conf is kept: realms and settings of tickets; nothing that loads, reads or
 * writes files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clients/hdfs/hdfs_config.h"

static void check(const char *text, const char *kept)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str got = hdfs_config_clean(a, str_from(text));

    assert_string_equal(str_cz(a, got), kept);
    assert_string_equal(str_cz(a, hdfs_config_clean(a, got)), kept);
}

static void test_kept(void **state)
{
    (void) state;
    check("# of us\n[libdefaults]\n  default_realm = A.B\n\trdns=false\r\n; no\n"
          "[realms]\n A.B = {\n  kdc = a:88\n  kdc = b\n  admin_server = c\n }\n"
          "[domain_realm]\n .a.b = A.B\n a.b = A.B\n"
          "[capaths]\n A.B = {\n  C.D = .\n }\n",
          "[libdefaults]\ndefault_realm = A.B\nrdns=false\n"
          "[realms]\nA.B = {\nkdc = a:88\nkdc = b\nadmin_server = c\n}\n"
          "[domain_realm]\n.a.b = A.B\na.b = A.B\n"
          "[capaths]\nA.B = {\nC.D = .\n}\n");
    check("", "");
    check("\n\n", "");
}

static void test_left_out(void **state)
{
    (void) state;
    check("include /etc/passwd\nincludedir /etc\nmodule /tmp/x.so:y\n[libdefaults]\n"
          "include /x\nplugin_base_dir = /tmp\ndefault_ccache_name = FILE:/x\n"
          "pkinit_identities = PKCS11:/tmp/x.so\ndefault_realm = A\n",
          "[libdefaults]\ndefault_realm = A\n");
    check("[plugins]\nclpreauth = {\nmodule = x:/tmp/x.so\n}\nkdc = a\n[logging]\n"
          "default = FILE:/x\n",
          "");
    check("[realms]\nA = {\npkinit_pool = FILE:/x\nhttp_anchors = FILE:/x\nkdc = a\n"
          "deep = {\nkdc = b\n}\nkdc = c\n}\n",
          "[realms]\nA = {\nkdc = a\nkdc = c\n}\n");
    check("[libdefaults]\nA = {\ndefault_realm = B\n}\ndefault_realm = C\n}\n}\n",
          "[libdefaults]\ndefault_realm = C\n");
    check("[realms\nA = {\nkdc = a\n}\n", "");
    check("[realms]\nA = { kdc = a\n}\nB = {\nkdc = b\n}\n", "[realms]\nB = {\nkdc = b\n}\n");
    check("default_realm = A\n", "");
    check("[domain_realm]\ninclude /tmp/a = b\nmodule /tmp/a = b\na = b\n",
          "[domain_realm]\na = b\n");
    check("[realms]\ninclude /tmp/a = {\nkdc = x\n}\n", "[realms]\n");
    check("[libdefaults]\ndefault_realm = a\rinclude /x\nrdns = no\n",
          "[libdefaults]\nrdns = no\n");
    check("[", "");
    check("[]", "");
}

/* What the library would cut in two. */
static void test_long_lines(void **state)
{
    char text[3000];

    (void) state;
    memset(text, 'a', sizeof(text));
    memcpy(text, "[domain_realm]\nb = ", 19);
    memcpy(text + 2066, "include /x\n", 12);
    text[sizeof(text) - 1] = 0;
    check(text, "[domain_realm]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_long_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
