/* See sns_verify.h. Certificates and RSA are OpenSSL's. */
#include "clients/aws/sns_verify.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

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
    *ret = parts;
    return 0;
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

int sns_check(const struct json *message, struct err *err)
{
    static const char *const needed[] = {"SignatureVersion", "SigningCertURL", "Type",
                                         "Message",          "MessageId",      "Timestamp",
                                         "TopicArn",         "Signature",      NULL};
    static const char *const of_subscription[] = {"SubscribeURL", "Token", NULL};
    struct str version = json_get_str(message, STR("SignatureVersion"));
    struct parts parts;
    struct err ignored;

    if (!has_all(message, needed) ||
        ((is_subscription(message) || is_unsubscription(message)) &&
         !has_all(message, of_subscription)))
        return err_set(err, ERR_INVALID, "Message missing required keys.");
    if (split_url(json_get_str(message, STR("SigningCertURL")), &parts, &ignored) < 0 ||
        !str_is(parts.scheme, "https") || !str_ends(parts.path, STR(".pem")) ||
        !is_of_sns(parts.host))
        return err_set(err, ERR_INVALID, "The certificate is located on an invalid domain.");
    if (!str_is(version, "1") && !str_is(version, "2"))
        return err_set(err, ERR_INVALID, "The signature version " STR_FMT " is not supported.",
                       STR_ARG(str_head(version, 50)));
    return 0;
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
        strbuf_add(&b, v->type == JSON_STRING ? json_str(v) : json_text(a, v, JSON_COMPACT));
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
    bool is_first = str_is(json_get_str(message, STR("SignatureVersion")), "1");
    struct str signature, text;
    struct err ignored;

    if (sns_check(message, err) < 0)
        return -1;
    x509 = read_cert(cert);
    key = x509 ? X509_get_pubkey(x509) : NULL;
    if (!key)
        return err_set(err, ERR_INVALID, "the certificate cannot be read");
    text = signed_text(a, message);
    ctx = EVP_MD_CTX_new();
    if (base64_decode(a, json_get_str(message, STR("Signature")), &signature, &ignored) < 0 ||
        EVP_DigestVerifyInit(ctx, NULL, is_first ? EVP_sha1() : EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestVerify(ctx, (const unsigned char *) signature.ptr, signature.len,
                         (const unsigned char *) text.ptr, text.len) != 1)
        return err_set(err, ERR_DENIED, "The message signature is invalid.");
    return 0;
}
