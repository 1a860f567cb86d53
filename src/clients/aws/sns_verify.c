/* See sns_verify.h. Certificates and RSA are OpenSSL's. */
#include "clients/aws/sns_verify.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "formats/base64.h"
#include "formats/goquote.h"
#include "formats/regex.h"

#define HOST_PATTERN "^sns\\.[a-zA-Z0-9\\-]{3,}\\.amazonaws\\.com(\\.cn)?$"

DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

/* ---- where the certificate is ---- */

struct parts {
    struct str scheme; /* empty: none */
    struct str host;   /* with its port */
    struct str path;   /* with the query */
    struct str fragment;
};

static bool is_scheme(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_letter && (i == 0 || !strchr("0123456789+-.", c)))
            return false;
    }
    return true;
}

static bool has_bad_escape(struct str s)
{
    static const char digits[] = "0123456789abcdefABCDEF";

    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '%' && (i + 2 >= s.len || !strchr(digits, s.ptr[i + 1]) ||
                                !strchr(digits, s.ptr[i + 2])))
            return true;
    return false;
}

/* A host's port: digits behind the last colon, or nothing behind it. */
static bool has_bad_port(struct str host)
{
    size_t colon = str_find_char(host, ':');

    if (str_starts(host, STR("[")) || colon == SIZE_MAX)
        return false;
    for (size_t i = colon + 1; i < host.len; i++)
        if (host.ptr[i] < '0' || host.ptr[i] > '9')
            return true;
    return false;
}

static int split_url(struct str url, struct parts *ret, struct err *err)
{
    size_t colon = str_find_char(url, ':'), slash = str_find_char(url, '/'), at, end = 0;
    struct str rest = url;
    char shown[200];
    struct parts parts = {.scheme = STR(""), .host = STR(""), .path = STR("")};

    snprintf(shown, sizeof(shown), STR_FMT, STR_ARG(str_head(url, 150)));
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char) url.ptr[i] < 0x20 || url.ptr[i] == 0x7f)
            return err_set(err, ERR_INVALID,
                           "SigningCertURL is not a valid URL, parse \"%s\": net/url: invalid "
                           "control character in URL",
                           shown);
    if (colon == 0)
        return err_set(
            err, ERR_INVALID,
            "SigningCertURL is not a valid URL, parse \"%s\": missing protocol scheme", shown);
    if (colon != SIZE_MAX && colon < slash && is_scheme(str_head(url, colon))) {
        parts.scheme = str_head(url, colon);
        rest = str_skip(url, colon + 1);
    }
    if (str_cut_prefix(&rest, STR("//"))) {
        while (end < rest.len && !strchr("/?#", rest.ptr[end]))
            end++;
        parts.host = str_head(rest, end);
        rest = str_skip(rest, end);
        while ((at = str_find_char(parts.host, '@')) != SIZE_MAX)
            parts.host = str_skip(parts.host, at + 1);
    }
    parts.path = str_head(rest, str_find_char(rest, '#'));
    parts.fragment = str_skip(rest, parts.path.len);
    *ret = parts;
    return 0;
}

static char *lower(char *text)
{
    for (char *c = text; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char) (*c - 'A' + 'a');
    return text;
}

static bool is_of_sns(struct str host)
{
    struct err ignored;

    return regex_search(STR(HOST_PATTERN), host, &ignored) == 1;
}

int sns_check_url(struct str url, struct err *err)
{
    struct parts parts;
    struct str host;

    if (split_url(url, &parts, err) < 0)
        return -1;
    if (has_bad_port(parts.host) || has_bad_escape(parts.fragment))
        return err_set(err, ERR_INVALID,
                       "SigningCertURL is not a valid URL, parse \"" STR_FMT "\": invalid %s",
                       STR_ARG(str_head(url, 150)),
                       has_bad_port(parts.host) ? "port after host" : "URL escape");
    host = str_head(parts.host, str_find_char(parts.host, ':'));
    if (!is_of_sns(host))
        return err_set(err, ERR_INVALID,
                       "SigningCertURL hostname `" STR_FMT "` does not match `" HOST_PATTERN
                       "`",
                       STR_ARG(str_head(host, 100)));
    if (!str_eq_nocase(parts.scheme, STR("https")))
        return err_set(err, ERR_INVALID, "SigningCertURL is not using https");
    return 0;
}

/* ---- the message ---- */

/* A value as the validator's language makes a text of it. */
static struct str as_text(struct arena *a, const struct json *v)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(ARENA_DOC_MAX_BYTES);
    double n;

    switch ((enum json_type) v->type) {
    case JSON_STRING:
        return json_str(v);
    case JSON_OBJECT:
        return STR("[object Object]");
    case JSON_ARRAY:
        for (uint32_t i = 0; i < v->count; i++) {
            strbuf_add(&b, i > 0 ? STR(",") : STR(""));
            if (v->items[i].type != JSON_NULL)
                strbuf_add(&b, as_text(a, &v->items[i]));
        }
        return str_copy(a, strbuf_str(&b));
    case JSON_NUMBER:
        if (json_f64(v, &n)) {
            struct json number = json_float(a, n == 0 ? 0 : n);

            return json_text(a, &number, JSON_COMPACT);
        }
        return str_starts(str_of(v->text, v->count), STR("-")) ? STR("-Infinity") : STR("Infinity");
    case JSON_BOOL:
    case JSON_NULL:
        break;
    }
    return json_text(a, v, JSON_COMPACT);
}

static bool has_all(const struct json *message, const char *const *names)
{
    for (; *names; names++)
        if (!json_get(message, str_from(*names)))
            return false;
    return true;
}

static bool is_subscription(const struct json *message)
{
    return str_is(json_get_str(message, STR("Type")), "SubscriptionConfirmation");
}

static bool is_unsubscription(const struct json *message)
{
    return str_is(json_get_str(message, STR("Type")), "UnsubscribeConfirmation");
}

/* Lambda spells the address of the certificate in its own way, and gives a subject that is none. */
static struct json as_told(struct arena *a, const struct json *message)
{
    const struct json *url = json_get(message, STR("SigningCertUrl"));
    const struct json *subject = json_get(message, STR("Subject"));
    struct json told = *message;

    if (url)
        told = json_set(a, &told, STR("SigningCertURL"), *url);
    if (json_is(subject, JSON_NULL))
        told = json_without(a, &told, STR("Subject"));
    return told;
}

static int check(struct arena *a, const struct json *message, struct err *err)
{
    static const char *const needed[] = {"SignatureVersion", "SigningCertURL", "Type",
                                         "Message",          "MessageId",      "Timestamp",
                                         "TopicArn",         "Signature",      NULL};
    static const char *const of_subscription[] = {"SubscribeURL", "Token", NULL};
    const struct json *version = json_get(message, STR("SignatureVersion"));
    struct parts parts;
    struct err ignored;

    if (!has_all(message, needed) ||
        ((is_subscription(message) || is_unsubscription(message)) &&
         !has_all(message, of_subscription)))
        return err_set(err, ERR_INVALID, "Message missing required keys.");
    if (split_url(str_trim(json_get_str(message, STR("SigningCertURL"))), &parts, &ignored) <
            0 ||
        !str_eq_nocase(parts.scheme, STR("https")) || !str_ends(parts.path, STR(".pem")) ||
        !is_of_sns(str_of(lower(str_cz(a, parts.host)), parts.host.len)))
        return err_set(err, ERR_INVALID, "The certificate is located on an invalid domain.");
    if (!str_is(json_str(version), "1") && !str_is(json_str(version), "2"))
        return err_set(err, ERR_INVALID, "The signature version " STR_FMT " is not supported.",
                       STR_ARG(str_head(as_text(a, version), 50)));
    return 0;
}

int sns_check(struct arena *a, const struct json *message, struct err *err)
{
    struct json told = as_told(a, message);

    return check(a, &told, err);
}

/* The signature's letters: the validator passes over all that is none and stops at a "=". */
static struct str letters_of(struct arena *a, struct str base64)
{
    char *text = arena_alloc_raw(a, base64.len + 1);
    size_t used = 0;

    for (size_t i = 0; i < base64.len && base64.ptr[i] != '='; i++) {
        char c = base64.ptr[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '+' || c == '/' || c == '-' || c == '_')
            text[used++] = c;
    }
    return str_of(text, used);
}

/* Name and value of each member that is signed, a line each. */
static struct str signed_text(struct arena *a, const struct json *message)
{
    static const char *const names[] = {"Message",   "MessageId", "Subject",  "SubscribeURL",
                                        "Timestamp", "Token",     "TopicArn", "Type"};
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct json *v = json_get(message, str_from(names[i]));

        if (!v || (strcmp(names[i], "Token") == 0 && !is_subscription(message)))
            continue;
        strbuf_addf(&b, "%s\n", names[i]);
        strbuf_add(&b, as_text(a, v));
        strbuf_addc(&b, '\n');
    }
    return str_copy(a, strbuf_str(&b));
}

static X509 *read_cert(struct str cert)
{
    BIO *bio = BIO_new_mem_buf(cert.ptr ? cert.ptr : "", (int) cert.len);
    X509 *x509 = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    return x509;
}

int sns_verify(struct arena *a, const struct json *message, struct str cert, struct err *err)
{
    _cleanup_(X509_freep) X509 *x509 = NULL;
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;
    _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *ctx = NULL;
    struct json told = as_told(a, message);
    bool is_first = str_is(json_get_str(&told, STR("SignatureVersion")), "1");
    struct str signature, text;
    struct err ignored;

    if (check(a, &told, err) < 0)
        return -1;
    x509 = read_cert(cert);
    key = x509 ? X509_get_pubkey(x509) : NULL;
    if (!key)
        return err_set(err, ERR_INVALID, "the certificate cannot be read");
    text = signed_text(a, &told);
    ctx = EVP_MD_CTX_new();
    if (base64_decode(a, letters_of(a, json_get_str(&told, STR("Signature"))), &signature,
                      &ignored) < 0 ||
        EVP_DigestVerifyInit(ctx, NULL, is_first ? EVP_sha1() : EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestVerify(ctx, (const unsigned char *) signature.ptr, signature.len,
                         (const unsigned char *) text.ptr, text.len) != 1)
        return err_set(err, ERR_DENIED, "The message signature is invalid.");
    return 0;
}
