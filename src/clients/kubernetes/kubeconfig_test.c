/* Tests of kubectl's configuration: contexts, users, what is refused, and pods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "clients/kubernetes/kubernetes_contexts.h"

static const char config[] =
    "apiVersion: v1\nkind: Config\ncurrent-context: dev\n"
    "clusters:\n- name: here\n  cluster: {server: 'https://one:6443/', certificate-authority: "
    "ca.crt, tls-server-name: tls, proxy-url: 'http://proxy'}\n"
    "- name: there\n  cluster: {server: 'https://two', certificate-authority-data: Q0E=, "
    "insecure-skip-tls-verify: true}\n"
    "contexts:\n- name: dev\n  context: {cluster: here, user: me, namespace: mine}\n"
    "- name: ops\n  context: {cluster: there, user: cert}\n"
    "- name: lost\n  context: {cluster: nowhere, user: me}\n"
    "users:\n- name: me\n  user: {token: secret}\n"
    "- name: cert\n  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}\n"
    "- name: basic\n  user: {username: u, password: p}\n"
    "- name: program\n  user: {exec: {command: aws}}\n"
    "- name: other\n  user: {as: her, as-uid: '7', as-groups: [a, b]}\n"
    "- name: bad\n  user: {client-key-data: '?'}\n";

static void test_kubeconfig(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct kubeconfig k;
    struct err err;
    static const struct {
        struct kubeconfig_choice choice;
        const char *err;
    } wrong[] = {
        {{"none", NULL, NULL}, "context \"none\" does not exist"},
        {{"lost", NULL, NULL}, "cluster \"nowhere\" does not exist"},
        {{NULL, NULL, "nobody"}, "user \"nobody\" does not exist"},
        {{NULL, NULL, "program"},
         "user \"program\" needs a program (exec): that is not supported; give a token"},
    };

    (void) state;
    assert_int_equal(kubeconfig_parse(a, str_from(config), STR("/etc/kube"),
                                      &(struct kubeconfig_choice){0}, &k, &err),
                     0);
    assert_true(str_is(k.server, "https://one:6443/") && str_is(k.ns, "mine") &&
                str_is(k.token, "secret") && str_is(k.ca_file, "/etc/kube/ca.crt") &&
                str_is(k.tls_server_name, "tls") && str_is(k.proxy_url, "http://proxy") &&
                !k.skips_verify);
    assert_int_equal(kubeconfig_parse(a, str_from(config), STR(""),
                                      &(struct kubeconfig_choice){.context = "ops"}, &k, &err),
                     0);
    assert_true(str_is(k.ca_pem, "CA") && str_is(k.cert_pem, "CERT") &&
                str_is(k.key_pem, "KEY") && k.skips_verify && k.ns.len == 0);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(
            kubeconfig_parse(a, str_from(config), STR(""), &wrong[i].choice, &k, &err), -1);
        assert_string_equal(err.text, wrong[i].err);
    }
    assert_int_equal(kubeconfig_parse(a, str_from(config), STR(""),
                                      &(struct kubeconfig_choice){.user = "other"}, &k, &err),
                     0);
    assert_true(str_is(k.as, "her") && str_is(k.as_uid, "7") && k.as_group_count == 2 &&
                str_is(k.as_groups[1], "b"));
    assert_int_equal(kubeconfig_parse(a, str_from(config), STR(""),
                                      &(struct kubeconfig_choice){.user = "bad"}, &k, &err),
                     -1);
    assert_int_equal(
        kubeconfig_parse(a, STR("[]"), STR(""), &(struct kubeconfig_choice){0}, &k, &err), -1);
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(name, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
}

static void test_pod(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct kubeconfig k;

    (void) state;
    write_text("token", "secret\n");
    unsetenv("KUBERNETES_SERVICE_HOST");
    assert_false(kubeconfig_in_cluster(a, STR("."), &k));
    setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    assert_true(kubeconfig_in_cluster(a, STR("."), &k));
    assert_true(str_is(k.server, "https://[fd00::1]:443") && str_is(k.ca_file, "./ca.crt") &&
                str_is(k.token_file, "./token"));
    unlink("token");
    assert_false(kubeconfig_in_cluster(a, STR("."), &k)); /* a pod without a token */
}

static void test_contexts(void **state)
{
    const struct kubeconfig_choice none = {0}, ops = {.context = "ops"},
                                   lost = {.context = "lost"};
    struct kubernetes_contexts *c;
    struct kubernetes *k;
    struct err err;

    (void) state;
    write_text("contexts", config);
    assert_int_equal(kubernetes_contexts_open("contexts", &none, &c, &err), 0);
    k = kubernetes_contexts_get(c, STR(""), &err);
    assert_non_null(k);
    assert_ptr_equal(kubernetes_contexts_get(c, STR(""), &err), k);
    assert_ptr_not_equal(kubernetes_contexts_get(c, STR("ops"), &err), k);
    assert_null(kubernetes_contexts_get(c, STR("none"), &err));
    assert_string_equal(err.text, "context \"none\" does not exist");
    kubernetes_contexts_free(c);
    assert_int_equal(kubernetes_contexts_open("contexts", &ops, &c, &err), 0);
    kubernetes_contexts_free(c);
    assert_int_equal(kubernetes_contexts_open("contexts", &lost, &c, &err), -1);
    assert_string_equal(err.text, "kubeconfig contexts: cluster \"nowhere\" does not exist");
    unlink("contexts");
    assert_int_equal(kubernetes_contexts_open("contexts", &none, &c, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(kubernetes_contexts_open("", &none, &c, &err), 0); /* in no pod */
    assert_null(c);
}

int main(void)
{
    char folder[] = "/tmp/kubeconfig.XXXXXX";
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kubeconfig),
                                       cmocka_unit_test(test_pod),
                                       cmocka_unit_test(test_contexts)};
    int failed;

    if (!mkdtemp(folder) || chdir(folder) < 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
