/* Tokens of pods: what they hold, how long they are good, for whom, and that none can be forged
 * or bent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/auth/auth_internal.h"
#include "base/mem.h"
#include "objects/object.h"
#include "tests/support/store_world.h"

struct world {
    char path[64];
    struct arena *a;
    struct loop *loop;
    struct store *store;
    struct auth *auth;
    struct str key;
};

static void open_auth(struct world *w, bool is_open)
{
    struct err err;

    if (w->auth)
        auth_stop(w->auth);
    auth_free(w->auth);
    w->auth = auth_new(
        &(struct auth_options){
            .loop = w->loop, .store = w->store, .token = STR("secret"), .is_open = is_open},
        &err);
    assert_non_null(w->auth);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-pod-tokens-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
    open_auth(w, false);
    assert_int_equal(auth_pod_key(w->store, w->a, &w->key, &err), 0);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};
    struct world *w = *state;

    auth_stop(w->auth);
    auth_free(w->auth);
    store_close(w->store);
    loop_free(w->loop);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(str_printf(w->a, "%s/%s", w->path, names[i]).ptr);
    rmdir(w->path);
    arena_free(w->a);
    free(w);
    return 0;
}

/* A stored object; its uid. */
static struct str create(struct world *w, const char *text)
{
    static uint64_t bits[2];
    struct json doc, made;
    struct store_txn *txn = store_txn_new(w->store);
    struct err err;

    bits[0]++;
    if (json_parse(w->a, str_from(text), &doc, &err) < 0 ||
        object_prepare(w->a,
                       object_kind_find(json_get_str(&doc, STR("apiVersion")),
                                        json_get_str(&doc, STR("kind"))),
                       &doc, STR("argo"), 1700000000000, (const uint8_t *) bits, &made,
                       &err) < 0)
        fail_msg("%s: %s", text, err.text);
    if (json_get(&doc, STR("status")))
        made = json_set(w->a, &made, STR("status"), *json_get(&doc, STR("status")));
    store_txn_create(txn, &made);
    store_world_commit(w->store, txn);
    return object_uid(&made);
}

#define POD(name, phase)                                                                  \
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"" name "\"},"       \
    "\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]},\"status\":{\"phase\":" \
    "\"" phase "\"}}"
#define WORKFLOW(name, phase)                                                                  \
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"            \
    "\"name\":\"" name "\"},\"spec\":{\"entrypoint\":\"main\"},\"status\":{\"phase\":\"" phase \
    "\"}}"

static struct auth_pod pod_of(const char *kind, const char *owner, struct str uid)
{
    return (struct auth_pod){.kind = str_from(kind),
                             .ns = STR("argo"),
                             .account = STR("default"),
                             .owner = str_from(owner),
                             .owner_uid = uid,
                             .audience = STR("")};
}

/* As whom a token acts before an audience: "" nobody. */
static const char *user_for(struct world *w, struct str token, struct str audience)
{
    struct auth_identity who;
    struct err err;

    if (auth_identify_for(w->auth, w->a, &(struct auth_shown){token, audience},
                          (struct wall){1700000000000}, &who, &err) < 0) {
        assert_int_equal(err.kind, ERR_UNAUTHORIZED);
        return "";
    }
    return str_cz(w->a, who.user);
}

static const char *user_of(struct world *w, struct str token)
{
    return user_for(w, token, STR(""));
}

#define DEFAULT "system:serviceaccount:argo:default"

static void test_the_key_stays(void **state)
{
    struct world *w = *state;
    struct str again;
    struct err err;

    assert_int_equal(auth_pod_key(w->store, w->a, &again, &err), 0);
    assert_true(str_eq(again, w->key));
    assert_true(w->key.len >= 43); /* 256 bits */
}

static void test_the_life_of_the_owner(void **state)
{
    static const struct {
        const char *kind, *name, *text, *user;
    } cases[] = {
        {"Pod", "runs", POD("runs", "Running"), DEFAULT},
        {"Pod", "waits", POD("waits", "Pending"), DEFAULT},
        {"Pod", "done", POD("done", "Succeeded"), ""},
        {"Pod", "broken", POD("broken", "Failed"), ""},
        {"Workflow", "wf", WORKFLOW("wf", "Running"), DEFAULT},
        {"Workflow", "wf-done", WORKFLOW("wf-done", "Succeeded"), ""},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str uid = create(w, cases[i].text);
        struct auth_pod pod = pod_of(cases[i].kind, cases[i].name, uid);

        assert_string_equal(user_of(w, auth_pod_token(w->a, w->key, &pod)), cases[i].user);
        pod.owner_uid = STR("another"); /* of the same name, made anew */
        assert_string_equal(user_of(w, auth_pod_token(w->a, w->key, &pod)), "");
        pod.owner = STR("gone");
        assert_string_equal(user_of(w, auth_pod_token(w->a, w->key, &pod)), "");
    }
}

static void test_accounts(void **state)
{
    struct world *w = *state;
    struct auth_pod pod = pod_of("Pod", "p", create(w, POD("p", "Running")));

    pod.account = STR("builder");
    assert_string_equal(user_of(w, auth_pod_token(w->a, w->key, &pod)), "");
    create(w, "{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":"
              "\"builder\"}}");
    open_auth(w, false); /* the account is read anew */
    assert_string_equal(user_of(w, auth_pod_token(w->a, w->key, &pod)),
                        "system:serviceaccount:argo:builder");
}

/* A token for somebody else is none of this server's, but its audience can be read. */
static void test_audiences(void **state)
{
    static const char *const texts[] = {"vault", "a~b", "https://x.example/?q=1", "\303\244"};
    struct world *w = *state;
    struct auth_pod pod = pod_of("Pod", "p", create(w, POD("p", "Running"))), found;

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct str token;

        pod.audience = auth_audience(str_from(texts[i]));
        token = auth_pod_token(w->a, w->key, &pod);
        assert_string_equal(user_of(w, token), "");
        assert_string_equal(user_for(w, token, pod.audience), DEFAULT);
        assert_string_equal(user_for(w, token, STR("other")), "");
        assert_true(auth_find_pod(w->auth, w->a, token, &found));
        assert_true(str_is(found.audience, texts[i]));
        assert_true(str_is(found.account, "default"));
    }
    assert_true(str_is(auth_audience(STR_NONE), ""));
    assert_true(str_is(auth_audience(STR("https://kubernetes.default.svc")), ""));
    assert_true(str_is(auth_audience(STR("https://kubernetes.default.svc.cluster.local")), ""));
    assert_string_equal(user_for(w, STR("secret"), STR("vault")), "");
    pod.audience = STR_NONE;
    assert_string_equal(user_of(w, auth_pod_token(w->a, w->key, &pod)), DEFAULT);
}

/* Every byte counts, and so does every place. */
static void test_forged_ones(void **state)
{
    struct world *w = *state;
    struct auth_pod pod = pod_of("Pod", "p", create(w, POD("p", "Running"))), found;
    struct str token = auth_pod_token(w->a, w->key, &pod), cut;
    static const char *const bad[] = {"pt~",      "pt~Pod",    "pt~Pod~argo~default~p~",
                                      "pt~~~~~~", "pt~~~~~~~", "pt~Pod~argo~default~p~u~!~x"};

    assert_string_equal(user_of(w, token), DEFAULT);
    for (size_t i = 0; i < token.len; i++) {
        struct str bent = str_copy(w->a, token);

        ((char *) (uintptr_t) bent.ptr)[i] ^= 1;
        assert_false(auth_find_pod(w->auth, w->a, bent, &found));
        assert_false(auth_find_pod(w->auth, w->a, str_head(token, i), &found));
    }
    assert_false(auth_find_pod(w->auth, w->a, str_concat(w->a, token, STR("x")), &found));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(auth_find_pod(w->auth, w->a, str_from(bad[i]), &found));
    assert_string_equal(user_of(w, auth_pod_token(w->a, STR("another key"), &pod)), "");
    /* without its audience the seal fits no longer */
    pod.audience = STR("vault");
    token = auth_pod_token(w->a, w->key, &pod);
    cut = str_printf(w->a, "pt~Pod~argo~default~p~" STR_FMT "~" STR_FMT, STR_ARG(pod.owner_uid),
                     STR_ARG(str_skip(token, token.len - 43)));
    assert_false(auth_find_pod(w->auth, w->a, cut, &found));
}

/* The token of no object is an open server's, and acts as whoever is on the machine. */
static void test_open(void **state)
{
    struct world *w = *state;
    const struct auth_pod pod = pod_of("", "", STR(""));
    struct str token = auth_pod_token(w->a, w->key, &pod);

    assert_string_equal(user_of(w, token), "");
    open_auth(w, true);
    assert_string_equal(user_of(w, token), DEFAULT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_key_stays), TEST(test_the_life_of_the_owner), TEST(test_accounts),
        TEST(test_audiences),     TEST(test_forged_ones),           TEST(test_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
