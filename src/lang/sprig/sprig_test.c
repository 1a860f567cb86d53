/*
 * Sprig's functions beside the golden vectors (which lang/expr and lang/template run): the
 * table, randomness from a seed, keys and certificates, dicts that change, limits.
 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/limits.h"
#include "base/random.h"
#include "formats/regex.h"
#include "lang/sprig/sprig.h"

struct world {
    struct arena *a;
    struct err err;
    struct random random;
    struct value_run run;
};

static void world_init(struct world *w)
{
    *w = (struct world){.a = arena_new(), .random = random_seed(7)};
    w->run =
        (struct value_run){.a = w->a, .what = "test", .now = {1716000000000}, .err = &w->err};
}

static void world_done(struct world *w)
{
    arena_free(w->a);
}
#define _cleanup_world_ _cleanup_(world_done)

static int call(struct world *w, const char *name, const struct value *args, size_t count,
                struct value *ret)
{
    const struct value_function *f = sprig_find(str_from(name));

    assert_non_null(f);
    assert_true(count >= f->min && (f->max == VALUE_MANY || count <= f->max));
    w->err = (struct err){0};
    *ret = value_nil();
    return f->call(&w->run, args, count, ret);
}

static struct value text(const char *s)
{
    return value_string(str_from(s));
}

static void test_table(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct value map = sprig_map(a);

    assert_int_equal(value_len(&map), 209);
    for (size_t i = 0; i < value_len(&map); i++) {
        const struct value *f = &map.map->pairs[i].value;

        assert_ptr_equal(sprig_find(value_text(&map.map->pairs[i].key)), f->function);
        assert_true(f->function->call && f->function->is_go);
        if (i > 0)
            assert_true(str_cmp(value_text(&map.map->pairs[i - 1].key),
                                value_text(&map.map->pairs[i].key)) < 0);
    }
    assert_null(value_map_get(&map, STR("env")));
    assert_non_null(sprig_find(STR("env")));
    assert_null(sprig_find(STR("nope")));
}

/* ---- randomness ---- */

static void test_random(void **state _unused_)
{
    static const struct {
        const char *name, *pattern;
        int64_t count;
    } rows[] = {
        {"randAlphaNum", "^[0-9A-Za-z]{40}$", 40}, {"randAlpha", "^[A-Za-z]{40}$", 40},
        {"randNumeric", "^[0-9]{40}$", 40},        {"randAscii", "^[ -~]{40}$", 40},
        {"randBytes", "^[0-9A-Za-z+/]{43}=$", 32}, {"randAlpha", "^$", -3},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_world_ struct world w;
        struct value count = value_int(rows[i].count), first, again, other;

        world_init(&w);
        w.run.random = &w.random;
        assert_int_equal(call(&w, rows[i].name, &count, 1, &first), 0);
        w.random = random_seed(7);
        assert_int_equal(call(&w, rows[i].name, &count, 1, &again), 0);
        w.run.random = NULL;
        assert_int_equal(call(&w, rows[i].name, &count, 1, &other), 0);
        assert_true(str_eq(value_text(&first), value_text(&again)));
        if (rows[i].count > 0)
            assert_false(str_eq(value_text(&first), value_text(&other)));
        assert_int_equal(regex_search(str_from(rows[i].pattern), value_text(&first), &w.err),
                         1);
        assert_int_equal(regex_search(str_from(rows[i].pattern), value_text(&other), &w.err),
                         1);
    }
}

static void test_random_choice(void **state _unused_)
{
    _cleanup_world_ struct world w;
    struct value bounds[] = {value_int(-2), value_int(3)}, ret, letters = text("abc\xc3\xa9");
    unsigned seen = 0;

    world_init(&w);
    for (int i = 0; i < 200; i++) {
        w.run.random = i % 2 ? &w.random : NULL;
        assert_int_equal(call(&w, "randInt", bounds, 2, &ret), 0);
        assert_true(ret.number >= -2 && ret.number < 3);
        seen |= 1U << (ret.number + 2);
    }
    assert_int_equal(seen, 31);
    assert_int_equal(call(&w, "shuffle", &letters, 1, &ret), 0);
    assert_int_equal(ret.count, 5);
    assert_int_equal(regex_search(STR("^[abc\xc3\xa9]{4}$"), value_text(&ret), &w.err), 1);
    assert_int_equal(call(&w, "uuidv4", NULL, 0, &ret), 0);
    assert_int_equal(regex_search(STR("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                      "[0-9a-f]{12}$"),
                                  value_text(&ret), &w.err),
                     1);
}

/* ---- keys and certificates ---- */

static X509 *cert_of(const struct value *v)
{
    struct str pem = value_text(value_map_get(v, STR("Cert")));
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int) pem.len);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    assert_non_null(cert);
    return cert;
}

static void test_keys(void **state _unused_)
{
    static const char *const rows[][2] = {
        {"ecdsa", "-----BEGIN EC PRIVATE KEY-----\n"},
        {"ed25519", "-----BEGIN PRIVATE KEY-----\n"},
        {"nope", "Unknown type nope"},
    };
    _cleanup_world_ struct world w;

    world_init(&w);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct value type = text(rows[i][0]), ret;

        assert_int_equal(call(&w, "genPrivateKey", &type, 1, &ret), 0);
        assert_true(str_starts(value_text(&ret), str_from(rows[i][1])));
    }
}

static void test_certificates(void **state _unused_)
{
    _cleanup_world_ struct world w;
    struct value type = text("ecdsa"), key, other, ca, ret, ip = text("10.0.0.1"),
                 dns = text("a.example");
    X509 *signer, *cert;

    world_init(&w);
    assert_int_equal(call(&w, "genPrivateKey", &type, 1, &key), 0);
    assert_int_equal(call(&w, "genPrivateKey", &type, 1, &other), 0);
    {
        const struct value args[] = {text("ca"), value_int(365), key};

        assert_int_equal(call(&w, "genCAWithKey", args, 3, &ca), 0);
    }
    {
        const struct value args[] = {
            text("leaf"), value_array(&ip, 1), value_array(&dns, 1), value_int(30), ca, other};

        assert_int_equal(call(&w, "genSignedCertWithKey", args, 6, &ret), 0);
    }
    signer = cert_of(&ca);
    cert = cert_of(&ret);
    assert_int_equal(X509_verify(cert, X509_get0_pubkey(signer)), 1);
    assert_int_equal(X509_check_ca(signer), 1);
    assert_int_equal(X509_check_ca(cert), 0);
    assert_int_equal(X509_check_host(cert, "a.example", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(cert, "10.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(cert, "10.0.0.2", 0), 0);
    X509_free(cert);
    X509_free(signer);
    assert_string_equal(value_type_name(&ret), "sprig.certificate");
    {
        const struct value args[] = {text("x"), value_nil(), value_nil(), value_int(1),
                                     text("no key")};

        assert_int_equal(call(&w, "genSelfSignedCertWithKey", args, 5, &ret), -1);
        assert_int_equal(w.err.kind, ERR_INVALID);
    }
}

/* A password that is hashed, a text that is encrypted: read back by the other side. */
static void test_secrets(void **state _unused_)
{
    _cleanup_world_ struct world w;
    struct value args[2] = {text("k"), text("")}, ret;

    world_init(&w);
    for (size_t len = 0; len < 40; len++) {
        args[1] = value_string(str_head(STR("0123456789012345678901234567890123456789"), len));
        assert_int_equal(call(&w, "encryptAES", args, 2, &ret), 0);
        args[1] = ret;
        assert_int_equal(call(&w, "decryptAES", args, 2, &ret), 0);
        assert_int_equal(ret.count, len);
    }
    args[1] = text("c2hvcnQ=");
    assert_int_equal(call(&w, "decryptAES", args, 2, &ret), -1);
    args[0] = text("user");
    args[1] = text("pw");
    assert_int_equal(call(&w, "htpasswd", args, 2, &ret), 0);
    assert_int_equal(
        regex_search(STR("^user:\\$2a\\$10\\$[./0-9A-Za-z]{53}$"), value_text(&ret), &w.err),
        1);
}

/* ---- dicts ---- */

static void test_dicts_change(void **state _unused_)
{
    _cleanup_world_ struct world w;
    struct value d, ret, unset, args[3];
    struct str shown;

    world_init(&w);
    assert_int_equal(call(&w, "dict", NULL, 0, &d), 0);
    args[0] = d;
    args[1] = text("k");
    args[2] = value_int(1);
    assert_int_equal(call(&w, "set", args, 3, &ret), 0);
    assert_int_equal(value_format_str(&w.run, &d, &shown), 0);
    assert_string_equal(shown.ptr, "map[k:1]");
    assert_int_equal(call(&w, "deepCopy", &d, 1, &ret), 0);
    assert_int_equal(call(&w, "unset", args, 2, &unset), 0);
    assert_int_equal(value_len(&d), 0);
    assert_int_equal(value_len(&ret), 1);
}

/* ---- limits, and the outside ---- */

static void test_limits(void **state _unused_)
{
    _cleanup_world_ struct world w;
    struct value ret, args[2] = {value_int(1 << 30), text("x")};
    int rc = 0, count;

    world_init(&w);
    assert_int_equal(call(&w, "repeat", args, 2, &ret), -1);
    assert_int_equal(w.err.kind, ERR_LIMIT);
    assert_int_equal(call(&w, "until", args, 1, &ret), -1);
    assert_int_equal(w.err.kind, ERR_LIMIT);
    w.run.steps = w.run.made_bytes = 0;
    assert_int_equal(call(&w, "randAlpha", args, 1, &ret), -1);
    assert_int_equal(w.err.kind, ERR_LIMIT);
    args[0] = text("ed25519");
    w.run.steps = w.run.made_bytes = 0;
    for (count = 0; count < 100 && rc == 0; count++)
        rc = call(&w, "genPrivateKey", args, 1, &ret);
    assert_int_equal(w.err.kind, ERR_LIMIT);
    args[0] = text("ca");
    args[1] = value_int(1);
    w.run.steps = w.run.made_bytes = 0;
    for (count = 0; call(&w, "genCA", args, 2, &ret) == 0;)
        count++;
    assert_int_equal(w.err.kind, ERR_LIMIT);
    assert_int_equal(count, 4);
}

static void test_outside(void **state _unused_)
{
    _cleanup_world_ struct world w;
    struct value ret, name = text("example.com"), variable = text("a$HOME-${PATH}$$");

    world_init(&w);
    assert_int_equal(call(&w, "getHostByName", &name, 1, &ret), -1);
    assert_int_equal(w.err.kind, ERR_UNSUPPORTED);
    assert_int_equal(call(&w, "env", &name, 1, &ret), 0);
    assert_int_equal(ret.count, 0);
    assert_int_equal(call(&w, "expandenv", &variable, 1, &ret), 0);
    assert_true(str_is(value_text(&ret), "a-"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),         cmocka_unit_test(test_random),
        cmocka_unit_test(test_random_choice), cmocka_unit_test(test_keys),
        cmocka_unit_test(test_certificates),  cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_dicts_change),  cmocka_unit_test(test_limits),
        cmocka_unit_test(test_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
