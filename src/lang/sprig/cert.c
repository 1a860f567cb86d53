/*
 * lang/sprig/cert.c - sprig's private keys and certificates.
 *
 * Any thread. Keys are the crypto library's: never from a seed. Making one counts as much work,
 * so that one evaluation makes few; of RSA and DSA it takes up to seconds. Certificates are
 * version 3, signed with SHA-256, valid from now on.
 */
#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "lang/sprig/sprig_internal.h"

enum {
    SIGN_STEPS = VALUE_STEPS_MAX / 50,    /* or a key that is quickly made */
    KEY_STEPS = VALUE_STEPS_MAX / 4,      /* a third of a second */
    LONG_KEY_STEPS = VALUE_STEPS_MAX / 2, /* some take more than a second to be found */
    CA_BITS = 2048,
    PRIVATE_BITS = 4096,
    DSA_BITS = 2048
};

static int fail_library(struct value_run *r, const char *what)
{
    ERR_clear_error();
    return err_set(r->err, ERR_INTERNAL, "the crypto library refused to %s", what);
}

static void free_bio(BIO **bio)
{
    BIO_free(*bio);
}

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void free_cert(X509 **cert)
{
    X509_free(*cert);
}

#define _cleanup_bio_  _cleanup_(free_bio)
#define _cleanup_key_  _cleanup_(free_key)
#define _cleanup_cert_ _cleanup_(free_cert)

static struct str bio_text(struct arena *a, BIO *bio)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);

    return str_copy(a, str_of(bytes ? bytes : "", len > 0 ? (size_t) len : 0));
}

/* As Go prints it: in the form of its own type where it has one. */
static int key_text(struct value_run *r, EVP_PKEY *key, struct str *ret)
{
    _cleanup_bio_ BIO *bio = BIO_new(BIO_s_mem());
    bool is_own =
        EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "EC") || EVP_PKEY_is_a(key, "DSA");
    int rc = is_own ? PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL)
                    : PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);

    if (rc != 1)
        return fail_library(r, "print a key");
    *ret = bio_text(r->a, bio);
    return 0;
}

static EVP_PKEY *make_dsa(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_DSA, NULL), *own = NULL;
    EVP_PKEY *parameters = NULL, *key = NULL;

    if (ctx && EVP_PKEY_paramgen_init(ctx) == 1 &&
        EVP_PKEY_CTX_set_dsa_paramgen_bits(ctx, DSA_BITS) == 1 &&
        EVP_PKEY_CTX_set_dsa_paramgen_q_bits(ctx, 256) == 1 &&
        EVP_PKEY_paramgen(ctx, &parameters) == 1)
        own = EVP_PKEY_CTX_new(parameters, NULL);
    if (own && (EVP_PKEY_keygen_init(own) != 1 || EVP_PKEY_keygen(own, &key) != 1))
        key = NULL;
    EVP_PKEY_CTX_free(own);
    EVP_PKEY_free(parameters);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

SPRIG_FN(genPrivateKey)
{
    struct str type = value_text(&args[0]), text = STR_NONE;
    bool is_long = str_is(type, "") || str_is(type, "rsa") || str_is(type, "dsa");
    _cleanup_key_ EVP_PKEY *key = NULL;

    if (value_charge(r, is_long ? LONG_KEY_STEPS : SIGN_STEPS) < 0)
        return -1;
    if (str_is(type, "") || str_is(type, "rsa")) {
        key = EVP_RSA_gen(PRIVATE_BITS);
    } else if (str_is(type, "ecdsa")) {
        key = EVP_EC_gen("P-256");
    } else if (str_is(type, "ed25519")) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    } else if (str_is(type, "dsa")) {
        key = make_dsa();
    } else {
        *ret = value_string(str_concat(r->a, STR("Unknown type "), type));
        return 0;
    }
    if (!key)
        return fail_library(r, "make a key");
    if (key_text(r, key, &text) < 0)
        return -1;
    *ret = value_string(text);
    return 0;
}

/* @error: of sprig's words before the cause, which differ from place to place */
static EVP_PKEY *read_key(struct value_run *r, struct str text, const char *error)
{
    _cleanup_bio_ BIO *bio = BIO_new_mem_buf(text.len > 0 ? text.ptr : "", (int) text.len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

    if (!key) {
        ERR_clear_error();
        value_fail(r, "%sparsing private key: no PEM data in input", error);
    }
    return key;
}

static X509 *read_cert(struct str text)
{
    _cleanup_bio_ BIO *bio = BIO_new_mem_buf(text.len > 0 ? text.ptr : "", (int) text.len);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    ERR_clear_error();
    return cert;
}

/* A certificate as sprig's struct. */
static struct value certificate(struct arena *a, struct str cert, struct str key)
{
    struct value_pair *pairs = ARENA_ARRAY(a, struct value_pair, 2);
    struct value ret;

    pairs[0] = (struct value_pair){value_string(STR("Cert")), value_string(cert)};
    pairs[1] = (struct value_pair){value_string(STR("Key")), value_string(key)};
    ret = value_map(a, pairs, 2);
    ret.go = VALUE_GO_CERTIFICATE;
    return ret;
}

/* What a certificate is made of. */
struct order {
    struct str name;
    const struct value *ips, *dns; /* lists or nil */
    int64_t days;
    EVP_PKEY *key;   /* whose it is */
    X509 *signer;    /* NULL: itself */
    EVP_PKEY *signs; /* the signer's key */
    bool is_ca;
};

static int add_extension(struct value_run *r, X509 *cert, const struct order *o, int id,
                         const char *text)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;
    int rc;

    X509V3_set_ctx(&ctx, o->signer ? o->signer : cert, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, id, text);
    rc = extension && X509_add_ext(cert, extension, -1) == 1
             ? 0
             : fail_library(r, "add an extension");
    X509_EXTENSION_free(extension);
    return rc;
}

/* As Go's %v prints it, in @words with a %s for it. */
static int fail_no_text(struct value_run *r, const struct value *v, const char *what)
{
    struct str text = STR_NONE;

    if (value_format_str(r, v, &text) < 0)
        return -1;
    return value_fail(r, "error %s: " STR_FMT " is not a string", what,
                      STR_ARG(str_head(text, 300)));
}

static int add_ip(struct value_run *r, STACK_OF(GENERAL_NAME) * names, const struct value *ip)
{
    ASN1_OCTET_STRING *address;
    GENERAL_NAME *name;

    if (ip->type != VALUE_STRING)
        return fail_no_text(r, ip, "parsing ip");
    address = a2i_IPADDRESS(str_cz(r->a, value_text(ip)));
    ERR_clear_error();
    if (!address)
        return value_fail(r, "error parsing ip: " STR_FMT,
                          STR_ARG(str_head(value_text(ip), 200)));
    name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, GEN_IPADD, address);
    sk_GENERAL_NAME_push(names, name);
    return 0;
}

static int add_dns(struct value_run *r, STACK_OF(GENERAL_NAME) * names, const struct value *dns)
{
    ASN1_IA5STRING *text;
    GENERAL_NAME *name;

    if (dns->type != VALUE_STRING)
        return fail_no_text(r, dns, "processing alternate dns name");
    text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, value_text(dns).ptr, (int) dns->count);
    name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    sk_GENERAL_NAME_push(names, name);
    return 0;
}

static size_t items_of(const struct value *list)
{
    return list && list->type == VALUE_ARRAY ? list->count : 0;
}

static int add_names(struct value_run *r, X509 *cert, const struct order *o)
{
    STACK_OF(GENERAL_NAME) *names = sk_GENERAL_NAME_new_null();
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < items_of(o->ips); i++)
        rc = add_ip(r, names, &o->ips->items[i]);
    for (size_t i = 0; rc == 0 && i < items_of(o->dns); i++)
        rc = add_dns(r, names, &o->dns->items[i]);
    if (rc == 0 && sk_GENERAL_NAME_num(names) > 0 &&
        X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) != 1)
        rc = fail_library(r, "add names");
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
    return rc;
}

static int set_serial(X509 *cert)
{
    BIGNUM *n = BN_new();
    int rc = n && BN_rand(n, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
             BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;

    BN_free(n);
    return rc;
}

static int fill(struct value_run *r, X509 *cert, const struct order *o)
{
    X509_NAME *subject = X509_get_subject_name(cert);
    int64_t from = r->now.ms / 1000;

    if (o->days < -100000 || o->days > 1000000)
        return value_fail(r, "a certificate is valid for -100000 to 1000000 days, not %lld",
                          (long long) o->days);
    if (X509_set_version(cert, X509_VERSION_3) != 1 || !set_serial(cert) ||
        (o->name.len > 0 && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                                       (const unsigned char *) o->name.ptr,
                                                       (int) o->name.len, -1, 0) != 1) ||
        X509_set_issuer_name(cert, o->signer ? X509_get_subject_name(o->signer) : subject) !=
            1 ||
        !ASN1_TIME_set(X509_getm_notBefore(cert), from) ||
        !ASN1_TIME_set(X509_getm_notAfter(cert), from + o->days * 86400) ||
        X509_set_pubkey(cert, o->key) != 1)
        return fail_library(r, "fill a certificate");
    if (add_extension(r, cert, o, NID_key_usage,
                      o->is_ca ? "critical,digitalSignature,keyEncipherment,keyCertSign"
                               : "critical,digitalSignature,keyEncipherment") < 0 ||
        add_extension(r, cert, o, NID_ext_key_usage, "serverAuth,clientAuth") < 0 ||
        add_extension(r, cert, o, NID_basic_constraints,
                      o->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE") < 0)
        return -1;
    if (o->is_ca && add_extension(r, cert, o, NID_subject_key_identifier, "hash") < 0)
        return -1;
    return add_names(r, cert, o);
}

static int make_cert(struct value_run *r, const struct order *o, struct value *ret)
{
    _cleanup_cert_ X509 *cert = X509_new();
    _cleanup_bio_ BIO *bio = BIO_new(BIO_s_mem());
    const EVP_MD *md = EVP_PKEY_is_a(o->signs, "ED25519") ? NULL : EVP_sha256();
    struct str key = STR_NONE;

    if (!cert || !bio || fill(r, cert, o) < 0)
        return cert && bio ? -1 : fail_library(r, "make a certificate");
    if (X509_sign(cert, o->signs, md) == 0 || PEM_write_bio_X509(bio, cert) != 1)
        return fail_library(r, "sign a certificate");
    if (key_text(r, o->key, &key) < 0)
        return -1;
    *ret = certificate(r->a, bio_text(r->a, bio), key);
    return 0;
}

/* The key that is given as the last argument, or a new one. */
static EVP_PKEY *key_of(struct value_run *r, const struct value *given)
{
    EVP_PKEY *key;

    if (value_charge(r, given ? SIGN_STEPS : KEY_STEPS) < 0)
        return NULL;
    if (given)
        return read_key(r, value_text(given), "");
    key = EVP_RSA_gen(CA_BITS);
    if (!key)
        fail_library(r, "make a key");
    return key;
}

SPRIG_FN(genCA)
{
    struct order o = {.name = value_text(&args[0]), .days = args[1].number, .is_ca = true};
    _cleanup_key_ EVP_PKEY *key = key_of(r, count > 2 ? &args[2] : NULL);

    o.key = o.signs = key;
    return key ? make_cert(r, &o, ret) : -1;
}

static int self_signed(struct value_run *r, const struct value *args, const struct value *given,
                       struct value *ret)
{
    struct order o = {
        .name = value_text(&args[0]), .ips = &args[1], .dns = &args[2], .days = args[3].number};
    _cleanup_key_ EVP_PKEY *key = key_of(r, given);

    o.key = o.signs = key;
    return key ? make_cert(r, &o, ret) : -1;
}

SPRIG_FN(genSelfSignedCert)
{
    return self_signed(r, args, NULL, ret);
}

SPRIG_FN(genSelfSignedCertWithKey)
{
    return self_signed(r, args, &args[4], ret);
}

SPRIG_FN(genSignedCert)
{
    const struct value *cert = value_map_get(&args[4], STR("Cert")),
                       *secret = value_map_get(&args[4], STR("Key"));
    struct order o = {
        .name = value_text(&args[0]), .ips = &args[1], .dns = &args[2], .days = args[3].number};
    _cleanup_cert_ X509 *signer = cert ? read_cert(value_text(cert)) : NULL;
    _cleanup_key_ EVP_PKEY *signs = NULL, *key = key_of(r, count > 5 ? &args[5] : NULL);

    if (!key)
        return -1;
    if (!signer)
        return value_fail(r, "unable to decode certificate");
    signs = read_key(r, secret ? value_text(secret) : STR(""), "error ");
    if (!signs)
        return -1;
    o.signer = signer;
    o.signs = signs;
    o.key = key;
    return make_cert(r, &o, ret);
}

SPRIG_FN(buildCustomCert)
{
    struct value cert, key;
    _cleanup_cert_ X509 *read = NULL;
    _cleanup_key_ EVP_PKEY *secret = NULL;

    if (value_base64_decode(r, value_text(&args[0]), &cert) < 0)
        return value_fail(r, "unable to decode base64 certificate");
    if (value_base64_decode(r, value_text(&args[1]), &key) < 0)
        return value_fail(r, "unable to decode base64 private key");
    read = read_cert(value_text(&cert));
    if (!read)
        return value_fail(r, "unable to decode certificate");
    secret = read_key(r, value_text(&key), "error ");
    if (!secret)
        return -1;
    *ret = certificate(r->a, value_text(&cert), value_text(&key));
    return 0;
}
