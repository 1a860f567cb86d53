/* Tests of tokens of Google: each account and their order, the assertion, what is refused. */
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/secret_cache.h"
#include "clients/gcp/gcp_token.h"
#include "formats/base64.h"
#include "formats/json.h"
#include "tests/support/canned_server.h"

enum { KEY_BITS = 2048 };

struct world {
    struct canned_server *server;
    struct arena *a;
    const char *file, *host; /* of the environment */
    EVP_PKEY *key;
};

static struct world *here; /* env() has no context */

static const char *env(const char *name)
{
    return strcmp(name, "GOOGLE_APPLICATION_CREDENTIALS") == 0 ? here->file
           : strcmp(name, "GCE_METADATA_HOST") == 0            ? here->host
                                                               : NULL;
}

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    w->server = canned_start();
    w->server->shows = "Metadata-Flavor";
    w->a = arena_new();
    w->host = w->server->base + strlen("http://");
    w->key = EVP_RSA_gen(KEY_BITS);
    *state = here = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    secret_cache_clear();
    EVP_PKEY_free(w->key);
    canned_stop(w->server);
    arena_free(w->a);
    free(w);
    return 0;
}

/* The key of a service account as Google gives it. */
static struct str account(struct world *w)
{
    struct json_object_builder b = {0};
    BIO *bio = BIO_new(BIO_s_mem());
    struct json doc;
    char *pem;
    long len;

    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, w->key, NULL, NULL, 0, NULL, NULL), 1);
    len = BIO_get_mem_data(bio, &pem);
    json_add(w->a, &b, STR("type"), json_string(STR("service_account")));
    json_add(w->a, &b, STR("client_email"), json_string(STR("me@p")));
    json_add(w->a, &b, STR("private_key_id"), json_string(STR("kid")));
    json_add(w->a, &b, STR("private_key"),
             json_string(str_copy(w->a, str_of(pem, (size_t) len))));
    json_add(w->a, &b, STR("token_uri"),
             json_string(str_printf(w->a, "%s/token", w->server->base)));
    doc = json_object(&b);
    BIO_free(bio);
    return json_text(w->a, &doc, JSON_COMPACT);
}

static void check(struct world *w, struct str key, int64_t now_ms, const char *want)
{
    const struct gcp_identity who = {.key = key, .scope = STR("the-scope"), .env = env};
    struct str token;
    struct err err;

    if (gcp_token(&who, w->a, (struct wall){now_ms}, &token, &err) < 0)
        token = str_printf(w->a, "error: %s", err.text);
    if (!str_is(token, want))
        fail_msg("got " STR_FMT ", not %s", STR_ARG(token), want);
}

static bool is_signed(struct world *w, struct str text, struct str signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct str bytes;
    struct err err;
    int result;

    assert_int_equal(base64_decode(w->a, signature, &bytes, &err), 0);
    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, w->key);
    result = EVP_DigestVerify(ctx, (const unsigned char *) bytes.ptr, bytes.len,
                              (const unsigned char *) text.ptr, text.len);
    EVP_MD_CTX_free(ctx);
    return result == 1;
}

static void test_a_service_account(void **state)
{
    static const char form[] = "POST /token [] grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-"
                               "type%3Ajwt-bearer&assertion=";
    struct world *w = *state;
    struct str rest, head, claims, text;
    struct err err;

    canned_answer(w->server, 200, "{\"access_token\":\"one\",\"expires_in\":3600}");
    canned_answer(w->server, 200, "{\"access_token\":\"two\",\"expires_in\":3600}");
    check(w, account(w), 1700000000000, "one");
    rest = str_from(w->server->seen[0]);
    assert_true(str_cut_prefix(&rest, str_from(form)));
    text = rest;
    str_cut(&rest, '.', &head);
    str_cut(&rest, '.', &claims);
    assert_true(is_signed(w, str_head(text, head.len + 1 + claims.len), rest));
    assert_int_equal(base64_decode(w->a, head, &head, &err), 0);
    assert_true(str_is(head, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"kid\"}"));
    assert_int_equal(base64_decode(w->a, claims, &claims, &err), 0);
    assert_true(
        str_eq(claims, str_printf(w->a,
                                  "{\"iss\":\"me@p\",\"scope\":\"the-scope\",\"aud\":\"%s/"
                                  "token\",\"iat\":1700000000,\"exp\":1700003600}",
                                  w->server->base)));
    check(w, account(w), 1700000001000, "one"); /* kept */
    check(w, account(w), 1700003500000, "two");
}

static void test_a_user(void **state)
{
    struct world *w = *state;
    struct str key = str_printf(w->a,
                                "{\"type\":\"authorized_user\",\"client_id\":\"i\","
                                "\"client_secret\":\"s\",\"refresh_token\":\"r/1\","
                                "\"token_uri\":\"%s/t\"}",
                                w->server->base);

    canned_answer(w->server, 200, "{\"access_token\":\"one\",\"expires_in\":10}");
    check(w, key, 1000, "one");
    assert_string_equal(w->server->seen[0],
                        "POST /t [] grant_type=refresh_token&client_id=i&client_secret=s&"
                        "refresh_token=r%2F1");
}

static void test_what_is_found(void **state)
{
    char path[] = "/tmp/gcp-token.XXXXXX";
    int fd = mkstemp(path);
    struct world *w = *state;
    struct str key = account(w);

    canned_answer(w->server, 200, "{\"access_token\":\"machine\",\"expires_in\":10}");
    canned_answer(w->server, 200, "{\"access_token\":\"file\",\"expires_in\":10}");
    check(w, STR(""), 1000, "machine");
    assert_string_equal(w->server->seen[0],
                        "GET /computeMetadata/v1/instance/service-accounts/default/token "
                        "[Google] ");
    assert_int_equal(write(fd, key.ptr, key.len), key.len);
    close(fd);
    w->file = path;
    check(w, STR(""), 1000, "file");
    unlink(path);
    check(w, STR(""), 1000,
          str_printf(
              w->a, "error: GOOGLE_APPLICATION_CREDENTIALS: read %s: No such file or directory",
              path)
              .ptr);
}

static void test_refusals(void **state)
{
    struct world *w = *state;

    check(
        w, STR(""), 1000,
        "error: no Google account: no key is given, GOOGLE_APPLICATION_CREDENTIALS is not set, "
        "and this machine has none");
    check(w, STR("hidden"), 1000, "error: the key of a Google account is not JSON");
    check(w, STR("{\"type\":\"other\"}"), 1000,
          "error: the key of a Google account has type \"other\": service_account and "
          "authorized_user are known");
    check(w, STR("{\"type\":\"service_account\",\"private_key\":\"hidden\"}"), 1000,
          "error: private_key of the service account is no PEM key");
    w->server->asked = 0;
    canned_answer(w->server, 400, "{\"error_description\":\"bad grant\"}");
    canned_answer(w->server, 500, "");
    canned_answer(w->server, 200, "{}");
    check(w, account(w), 1000, "error: token of the service account: status 400 bad grant");
    check(w, account(w), 1000, "error: token of the service account: status 500 ");
    check(w, account(w), 1000,
          "error: token of the service account: an answer without access_token");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_service_account),
        TEST(test_a_user),
        TEST(test_what_is_found),
        TEST(test_refusals),
    };

    return cmocka_run_group_tests_name("gcp_token", tests, NULL, NULL);
}
