/* Objects in Kubernetes' protobuf: bytes as kubectl sends them, and bytes that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "formats/protowire.h"
#include "objects/protobuf.h"

/* ---- writing, for tests ---- */

static void put_text(struct strbuf *b, unsigned number, const char *text)
{
    protowire_put_bytes(b, number, str_from(text));
}

#define BUFFER STRBUF_INIT(1 << 16)

static struct str envelope(struct arena *a, const char *version, const char *kind,
                           struct str raw)
{
    _cleanup_strbuf_ struct strbuf b = BUFFER, type = BUFFER;

    put_text(&type, 1, version);
    put_text(&type, 2, kind);
    strbuf_add(&b, STR("k8s\0"));
    protowire_put_bytes(&b, 1, strbuf_str(&type));
    protowire_put_bytes(&b, 2, raw);
    put_text(&b, 3, "");
    put_text(&b, 4, "");
    return str_copy(a, strbuf_str(&b));
}

static void check_json(struct arena *a, struct str bytes, const char *wanted)
{
    struct json v;
    struct err err;

    if (protobuf_parse(a, bytes, &v, &err) < 0)
        fail_msg("%s: %s", wanted, err.text);
    assert_string_equal(str_cz(a, json_text(a, &v, JSON_COMPACT)), wanted);
}

static void check_fault(struct arena *a, struct str bytes, enum err_kind kind, const char *text)
{
    struct json v;
    struct err err;

    assert_int_equal(protobuf_parse(a, bytes, &v, &err), -1);
    assert_int_equal(err.kind, kind);
    assert_string_equal(err.text, text);
}

/* The body of `kubectl create configmap c --from-literal=a=b`. */
static void test_as_kubectl_sends_it(void **state)
{
    struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf meta = BUFFER, map = BUFFER, entry = BUFFER;

    (void) state;
    put_text(&meta, 1, "c");
    put_text(&meta, 2, "");
    put_text(&meta, 3, "default");
    put_text(&meta, 4, "");
    put_text(&meta, 5, "");
    put_text(&meta, 6, "");
    protowire_put_whole(&meta, 7, 0);
    put_text(&meta, 8, "");
    put_text(&entry, 1, "a");
    put_text(&entry, 2, "b");
    protowire_put_bytes(&map, 1, strbuf_str(&meta));
    protowire_put_bytes(&map, 2, strbuf_str(&entry));
    check_json(a, envelope(a, "v1", "ConfigMap", strbuf_str(&map)),
               "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\","
               "\"namespace\":\"default\"},\"data\":{\"a\":\"b\"}}");
    arena_free(a);
}

static void test_types(void **state)
{
    struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf meta = BUFFER, secret = BUFFER, entry = BUFFER,
                                   owner = BUFFER, time = BUFFER, label = BUFFER;

    (void) state;
    put_text(&owner, 5, "v1");
    put_text(&owner, 1, "ConfigMap");
    put_text(&owner, 3, "o");
    put_text(&owner, 4, "u");
    protowire_put_whole(&owner, 6, 1);
    protowire_put_whole(&owner, 7, 0);
    protowire_put_whole(&time, 1, 86400);
    protowire_put_whole(&time, 2, 5);
    put_text(&label, 1, "k");
    put_text(&meta, 1, "s");
    protowire_put_whole(&meta, 7, 300);
    protowire_put_bytes(&meta, 8, strbuf_str(&time));
    protowire_put_bytes(&meta, 11, strbuf_str(&label)); /* an empty value */
    protowire_put_bytes(&meta, 13, strbuf_str(&owner));
    put_text(&meta, 14, "x/y");
    put_text(&meta, 14, "");
    put_text(&meta, 17, "managed");
    put_text(&entry, 1, "bits");
    protowire_put_bytes(&entry, 2, STR("\0\377"));
    protowire_put_bytes(&secret, 1, strbuf_str(&meta));
    protowire_put_bytes(&secret, 2, strbuf_str(&entry));
    put_text(&secret, 3, "Opaque");
    protowire_put_whole(&secret, 5, 1);
    check_json(
        a, envelope(a, "v1", "Secret", strbuf_str(&secret)),
        "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\","
        "\"generation\":300,\"creationTimestamp\":\"1970-01-02T00:00:00Z\",\"labels\":{"
        "\"k\":\"\"},\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
        "\"name\":\"o\",\"uid\":\"u\",\"controller\":true,\"blockOwnerDeletion\":false}],"
        "\"finalizers\":[\"x/y\",\"\"]},\"data\":{\"bits\":\"AP8=\"},\"type\":\"Opaque\","
        "\"immutable\":true}");
    arena_free(a);
}

/* An empty group in a list is a group; an empty namespace of a subject is none. */
/* Members that stand beside others in JSON, numbers where 0 counts, quantities, IntOrString. */
static void test_jobs(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf job = BUFFER, spec = BUFFER, template = BUFFER, pod = BUFFER,
                                   container = BUFFER, volume = BUFFER, source = BUFFER,
                                   map = BUFFER, name = BUFFER, resources = BUFFER,
                                   entry = BUFFER, quantity = BUFFER, mount = BUFFER;

    (void) state;
    put_text(&quantity, 1, "100Mi");
    put_text(&entry, 1, "memory");
    protowire_put_bytes(&entry, 2, strbuf_str(&quantity));
    protowire_put_bytes(&resources, 1, strbuf_str(&entry));
    put_text(&mount, 1, "v");
    protowire_put_whole(&mount, 2, 0); /* readOnly: false says nothing */
    put_text(&mount, 3, "/mnt");
    put_text(&container, 1, "c");
    put_text(&container, 2, "busybox");
    put_text(&container, 3, "date");
    protowire_put_bytes(&container, 8, strbuf_str(&resources));
    protowire_put_bytes(&container, 9, strbuf_str(&mount));
    protowire_put_whole(&container, 16, 0);
    put_text(&name, 1, "manifests");
    protowire_put_bytes(&map, 1, strbuf_str(&name));
    protowire_put_bytes(&source, 19, strbuf_str(&map));
    put_text(&volume, 1, "v");
    protowire_put_bytes(&volume, 2, strbuf_str(&source));
    protowire_put_bytes(&pod, 1, strbuf_str(&volume));
    protowire_put_bytes(&pod, 2, strbuf_str(&container));
    put_text(&pod, 3, "Never");
    protowire_put_bytes(&template, 1, STR(""));
    protowire_put_bytes(&template, 2, strbuf_str(&pod));
    protowire_put_whole(&spec, 7, 0); /* backoffLimit: 0 counts */
    protowire_put_bytes(&spec, 6, strbuf_str(&template));
    protowire_put_bytes(&job, 2, strbuf_str(&spec));
    check_json(a, envelope(a, "batch/v1", "Job", strbuf_str(&job)),
               "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"spec\":{\"template\":{"
               "\"metadata\":{},\"spec\":{\"volumes\":[{\"name\":\"v\",\"configMap\":{\"name\":"
               "\"manifests\"}}],\"containers\":[{\"name\":\"c\",\"image\":\"busybox\","
               "\"command\":[\"date\"],\"resources\":{\"limits\":{\"memory\":\"100Mi\"}},"
               "\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/mnt\"}]}],"
               "\"restartPolicy\":\"Never\"}},\"backoffLimit\":0}}");
}

static void test_rights(void **state)
{
    struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf rule = BUFFER, role = BUFFER, subject = BUFFER, ref = BUFFER,
                                   binding = BUFFER;

    (void) state;
    put_text(&rule, 1, "get");
    put_text(&rule, 1, "list");
    put_text(&rule, 2, "");
    put_text(&rule, 3, "pods");
    put_text(&role, 1, "");
    protowire_put_bytes(&role, 2, strbuf_str(&rule));
    check_json(
        a, envelope(a, "rbac.authorization.k8s.io/v1", "Role", strbuf_str(&role)),
        "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"Role\",\"metadata\":{},"
        "\"rules\":[{\"verbs\":[\"get\",\"list\"],\"apiGroups\":[\"\"],\"resources\":["
        "\"pods\"]}]}");
    put_text(&subject, 1, "User");
    put_text(&subject, 3, "ann");
    put_text(&subject, 4, "");
    put_text(&ref, 2, "Role");
    put_text(&ref, 3, "r");
    protowire_put_bytes(&binding, 2, strbuf_str(&subject));
    protowire_put_bytes(&binding, 3, strbuf_str(&ref));
    check_json(a,
               envelope(a, "rbac.authorization.k8s.io/v1", "RoleBinding", strbuf_str(&binding)),
               "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"RoleBinding\","
               "\"subjects\":[{\"kind\":\"User\",\"name\":\"ann\"}],\"roleRef\":{\"kind\":"
               "\"Role\",\"name\":\"r\"}}");
    arena_free(a);
}

static void test_what_is_none(void **state)
{
    struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf odd = BUFFER, wire = BUFFER, time = BUFFER, meta = BUFFER;
    struct str whole;
    struct json v;
    struct err err;

    (void) state;
    check_fault(a, STR(""), ERR_INVALID, "protobuf: the message Unknown is damaged");
    check_fault(a, STR("{\"kind\":1}"), ERR_INVALID,
                "protobuf: the message Unknown is damaged");
    check_fault(a, envelope(a, "v1", "Pod", STR("")), ERR_UNSUPPORTED,
                "protobuf: Pod of v1 is not supported yet: send JSON");
    put_text(&odd, 99, "x");
    check_fault(a, envelope(a, "v1", "ConfigMap", strbuf_str(&odd)), ERR_UNSUPPORTED,
                "protobuf: member 99 of ConfigMap is not supported yet: send JSON");
    protowire_put_whole(&wire, 1, 7);
    check_fault(a, envelope(a, "v1", "ConfigMap", strbuf_str(&wire)), ERR_INVALID,
                "protobuf: the message metadata is damaged");
    protowire_put_whole(&time, 1, UINT64_MAX);
    protowire_put_bytes(&meta, 8, strbuf_str(&time));
    strbuf_reset(&odd);
    protowire_put_bytes(&odd, 1, strbuf_str(&meta));
    check_fault(a, envelope(a, "v1", "ConfigMap", strbuf_str(&odd)), ERR_INVALID,
                "protobuf: the message creationTimestamp is damaged");
    strbuf_reset(&odd);
    put_text(&odd, 2, "\n\001a\022\001b");
    whole = envelope(a, "v1", "ConfigMap", strbuf_str(&odd));
    for (size_t n = 0; n < whole.len; n++) /* cut off anywhere: an error or less, never more */
        if (protobuf_parse(a, str_copy(a, str_head(whole, n)), &v, &err) == 0)
            assert_true(json_text(a, &v, JSON_COMPACT).len < 60);
    assert_false(protobuf_is(STR("k8s")));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_kubectl_sends_it),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_what_is_none),
    };

    return cmocka_run_group_tests_name("protobuf", tests, NULL, NULL);
}
