/* See signature.h. Hashes are OpenSSL's. */
#include "events/sources/signature.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <string.h>

#include "formats/goquote.h"

#define GO_ZERO_TIME_S INT64_C(-62135596800)

enum { SLACK_MAX_AGE_S = 300, BITBUCKET_PREFIX_BYTES = 7 };

static const EVP_MD *digest_of(enum signature_hash hash)
{
    switch (hash) {
    case SIGNATURE_SHA1:
        return EVP_sha1();
    case SIGNATURE_SHA256:
        return EVP_sha256();
    case SIGNATURE_SHA512:
        return EVP_sha512();
    }
    return NULL;
}

struct str signature_hmac_hex(struct arena *a, enum signature_hash hash, struct str key,
                              struct str text)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char made[EVP_MAX_MD_SIZE];
    unsigned len = sizeof(made);
    char *hex;

    HMAC(digest_of(hash), key.ptr ? key.ptr : "", (int) key.len,
         (const unsigned char *) (text.ptr ? text.ptr : ""), text.len, made, &len);
    hex = arena_alloc_raw(a, 2 * (size_t) len + 1);
    for (unsigned i = 0; i < len; i++) {
        hex[2 * i] = digits[made[i] >> 4];
        hex[2 * i + 1] = digits[made[i] & 15];
    }
    return str_of(hex, 2 * (size_t) len);
}

bool signature_equal(struct str left, struct str right)
{
    return left.len == right.len &&
           (left.len == 0 || CRYPTO_memcmp(left.ptr, right.ptr, left.len) == 0);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Hexadecimal in lower case; Go's text of what is none. */
static int lower_hex(struct arena *a, struct str hex, struct str *ret, struct err *err)
{
    char *text = str_cz(a, hex);

    for (size_t i = 0; i < hex.len; i++) {
        size_t size = 1;

        if (!is_hex(text[i])) {
            uint32_t rune = go_rune_next(str_skip(hex, i), &size);

            rune = (unsigned char) text[i] < 0x80 ? rune : (unsigned char) text[i];
            return err_set(err, ERR_DENIED,
                           rune < 0x80 && rune >= 0x20
                               ? "encoding/hex: invalid byte: U+%04X '%c'"
                               : "encoding/hex: invalid byte: U+%04X",
                           rune, (int) rune);
        }
        if (text[i] >= 'A' && text[i] <= 'F')
            text[i] = (char) (text[i] - 'A' + 'a');
    }
    if (hex.len % 2 != 0)
        return err_set(err, ERR_DENIED, "encoding/hex: odd length hex string");
    *ret = str_of(text, hex.len);
    return 0;
}

/* The HMAC of what services sign: words, and the body with whatever bytes it has. */
static struct str signed_body(struct arena *a, struct str secret, struct str words,
                              struct str body)
{
    char *text = arena_alloc_raw(a, words.len + body.len + 1);

    memcpy(text, words.ptr, words.len);
    if (body.len > 0)
        memcpy(text + words.len, body.ptr, body.len);
    return signature_hmac_hex(a, SIGNATURE_SHA256, secret,
                              str_of(text, words.len + body.len));
}

/* ---- GitHub ---- */

static int github_hash(struct str prefix, enum signature_hash *ret)
{
    static const char *const names[] = {"sha1", "sha256", "sha512"};

    for (unsigned i = 0; i < 3; i++)
        if (str_is(prefix, names[i])) {
            *ret = (enum signature_hash) i;
            return 0;
        }
    return -1;
}

static int check_github(struct arena *a, struct str signature, struct str body,
                        struct str secret, struct err *err)
{
    size_t equals = str_find_char(signature, '=');
    enum signature_hash hash = SIGNATURE_SHA256;
    struct str given;

    if (str_is_empty(signature))
        return err_set(err, ERR_DENIED, "missing signature");
    if (equals == SIZE_MAX)
        return err_set(err, ERR_INVALID, "error parsing signature " STR_FMT,
                       STR_ARG(go_quote(a, signature)));
    if (github_hash(str_head(signature, equals), &hash) < 0)
        return err_set(err, ERR_INVALID, "unknown hash type prefix: " STR_FMT,
                       STR_ARG(go_quote(a, str_head(signature, equals))));
    if (lower_hex(a, str_skip(signature, equals + 1), &given, err) < 0)
        return err_wrap(err, "error decoding signature " STR_FMT,
                        STR_ARG(go_quote(a, signature)));
    if (!signature_equal(given, signature_hmac_hex(a, hash, secret, body)))
        return err_set(err, ERR_DENIED, "payload signature check failed");
    return 0;
}

/* The type before its parameters, in lower case; empty when there is none. */
static struct str media_type(struct arena *a, struct str content_type)
{
    struct str type = str_trim(str_head(content_type, str_find_char(content_type, ';')));
    char *text = str_cz(a, type);

    for (size_t i = 0; i < type.len; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char) (text[i] - 'A' + 'a');
    return str_of(text, type.len);
}

#define MIME_SPECIALS "()<>@,;:\\\"/[]?="

static struct str token_of(struct str s)
{
    size_t len = 0;

    while (len < s.len && s.ptr[len] > ' ' && s.ptr[len] < 0x7f &&
           !strchr(MIME_SPECIALS, s.ptr[len]))
        len++;
    return str_head(s, len);
}

/* Takes a text in quotation marks, on one line. */
static bool skip_quoted(struct str *rest)
{
    for (size_t at = 1; at < rest->len; at++) {
        char c = rest->ptr[at];

        if (c == '\r' || c == '\n')
            return false;
        if (c == '"') {
            *rest = str_skip(*rest, at + 1);
            return true;
        }
        if (c == '\\' && at + 1 < rest->len && strchr(MIME_SPECIALS, rest->ptr[at + 1]))
            at++;
    }
    return false;
}

static bool skip_token(struct str *rest)
{
    size_t len = token_of(*rest).len;

    *rest = str_skip(*rest, len);
    return len > 0;
}

/* Are the parameters of a media type "; name=value" each? */
static bool has_parameters(struct str rest)
{
    rest = str_trim(rest);
    while (rest.len > 0 && !str_is(rest, ";")) {
        if (!str_cut_prefix(&rest, STR(";")))
            return false;
        rest = str_trim(rest);
        if (!skip_token(&rest))
            return false;
        rest = str_trim(rest);
        if (!str_cut_prefix(&rest, STR("=")))
            return false;
        rest = str_trim(rest);
        if (!(str_starts(rest, STR("\"")) ? skip_quoted(&rest) : skip_token(&rest)))
            return false;
        rest = str_trim(rest);
    }
    return true;
}

int signature_github_body(struct arena *a, const struct webhook_request *req,
                          struct str secret, struct err *err)
{
    struct str signature = webhook_header(req, STR("X-Hub-Signature-256"));

    if (str_is_empty(signature))
        signature = webhook_header(req, STR("X-Hub-Signature"));
    return check_github(a, signature, req->body, secret, err);
}

int signature_github(struct arena *a, const struct webhook_request *req, struct str secret,
                     struct str *ret, struct err *err)
{
    struct str written = webhook_header(req, STR("Content-Type")), type = media_type(a, written);
    struct json form;

    if (type.len == 0)
        return err_set(err, ERR_INVALID, "mime: no media type");
    if (!has_parameters(str_skip(written, str_find_char(written, ';'))))
        return err_set(err, ERR_INVALID, "mime: invalid media parameter");
    if (str_is(type, "application/x-www-form-urlencoded")) {
        if (webhook_form(a, req->body, &form, err) < 0)
            return -1;
        *ret = json_str(json_item(json_get(&form, STR("payload")), 0));
    } else if (str_is(type, "application/json")) {
        *ret = req->body;
    } else {
        return err_set(err, ERR_INVALID,
                       "webhook request has unsupported Content-Type " STR_FMT,
                       STR_ARG(go_quote(a, type)));
    }
    return secret.len > 0 ? signature_github_body(a, req, secret, err) : 0;
}

static struct json as_go_map(struct arena *a, const struct json *v)
{
    double n;

    if (v->type == JSON_NUMBER && json_f64(v, &n))
        return json_float(a, n);
    if (v->type == JSON_ARRAY) {
        struct json_array_builder b = {0};

        for (uint32_t i = 0; i < v->count; i++)
            json_push(a, &b, as_go_map(a, &v->items[i]));
        return json_array(&b);
    }
    if (v->type == JSON_OBJECT) {
        struct json_object_builder b = {0};

        for (uint32_t i = 0; i < v->count; i++)
            json_add(a, &b, v->members[i].key, as_go_map(a, &v->members[i].value));
        return json_object(&b);
    }
    return *v;
}

static struct json header_json(const struct webhook_request *req, struct str name)
{
    struct str value = webhook_header(req, name);

    return json_string(str_is_none(value) ? STR("") : value);
}

int signature_github_event(struct arena *a, const struct webhook_request *req,
                           struct str secret, struct str *ret, struct err *err)
{
    struct json doc;
    struct str payload;

    if (signature_github(a, req, secret, &payload, err) < 0 ||
        json_parse(a, payload, &doc, err) < 0)
        return -1;
    if (doc.type != JSON_OBJECT)
        return err_set(err, ERR_INVALID, "the payload of the request must be a JSON object");
    doc = as_go_map(a, &doc);
    doc = json_set(a, &doc, STR("X-GitHub-Event"), header_json(req, STR("X-GitHub-Event")));
    doc =
        json_set(a, &doc, STR("X-GitHub-Delivery"), header_json(req, STR("X-GitHub-Delivery")));
    *ret = json_text(a, &doc, JSON_SORT_KEYS | JSON_ESCAPE_HTML);
    return 0;
}

/* ---- the others ---- */

int signature_bitbucket_server(struct arena *a, const struct webhook_request *req,
                               struct str secret, struct err *err)
{
    struct str signature = webhook_header(req, STR("X-Hub-Signature"));

    if (secret.len == 0)
        return 0;
    if (str_is_empty(signature))
        return err_set(err, ERR_DENIED, "missing signature header");
    if (signature.len < BITBUCKET_PREFIX_BYTES ||
        !signature_equal(str_skip(signature, BITBUCKET_PREFIX_BYTES),
                         signature_hmac_hex(a, SIGNATURE_SHA256, secret, req->body)))
        return err_set(err, ERR_DENIED, "hmac verification failed");
    return 0;
}

int signature_gitlab(struct arena *a, const struct webhook_request *req, struct str secret,
                     struct err *err)
{
    struct str token = webhook_header(req, STR("X-Gitlab-Token"));
    struct json checked;

    if (secret.len > 0 && !signature_equal(token, secret))
        return err_set(err, ERR_INVALID, "token mismatch");
    if (json_parse(a, req->body, &checked, err) < 0)
        return err_set(err, ERR_INVALID, "invalid event");
    return 0;
}

/* Digits, behind a sign or none: a number, if too great for the machine. */
static bool is_number(struct str s)
{
    if (s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-'))
        s = str_skip(s, 1);
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

static int slack_verifier(struct arena *a, const struct webhook_request *req, struct wall now,
                          struct str *ret_given, struct err *err)
{
    struct str signature = webhook_header(req, STR("X-Slack-Signature"));
    struct str stamp = webhook_header(req, STR("X-Slack-Request-Timestamp"));
    int64_t sent_s, age_s;

    if (str_is_empty(signature) || str_is_empty(stamp))
        return err_set(err, ERR_DENIED, "missing headers");
    str_cut_prefix(&signature, STR("v0="));
    if (lower_hex(a, signature, ret_given, err) < 0)
        return -1;
    if (!parse_i64(stamp, &sent_s))
        return err_set(err, ERR_DENIED, "strconv.ParseInt: parsing " STR_FMT ": %s",
                       STR_ARG(go_quote(a, stamp)),
                       is_number(stamp) ? "value out of range" : "invalid syntax");
    age_s = now.ms / 1000 - sent_s;
    if (age_s > SLACK_MAX_AGE_S || age_s < -SLACK_MAX_AGE_S)
        return err_set(err, ERR_DENIED, "timestamp is too old");
    return 0;
}

int signature_slack(struct arena *a, const struct webhook_request *req, struct str secret,
                    struct wall now, struct err *err)
{
    struct str given, made;

    if (secret.len == 0)
        return 0;
    if (slack_verifier(a, req, now, &given, err) < 0)
        return err_set(err, ERR_DENIED, "cannot create secrets verifier, %s",
                       str_cz(a, str_from(err->text)));
    made = signed_body(a, secret,
                       str_printf(a, "v0:" STR_FMT ":",
                                  STR_ARG(webhook_header(req, STR("X-Slack-Request-Timestamp")))),
                       req->body);
    if (!signature_equal(given, made))
        return err_set(
            err, ERR_DENIED,
            "signature validation failed, computed unexpected signature of: " STR_FMT,
            STR_ARG(made));
    return 0;
}

/* One part "name=value" of the header; those of other names are passed over. */
static int stripe_part(struct arena *a, struct str part, struct str made, bool *is_right,
                       struct err *err)
{
    struct str name, given;
    struct err ignored;

    if (!str_cut(&part, '=', &name) || str_find_char(part, '=') != SIZE_MAX)
        return err_set(err, ERR_INVALID, "webhook has invalid Stripe-Signature header");
    if (str_is(name, "v1") && lower_hex(a, part, &given, &ignored) == 0 &&
        signature_equal(given, made))
        *is_right = true;
    return 0;
}

/* The moment that the header names; all parts must have a name. */
static int stripe_time(struct str header, int64_t *ret_s, struct err *err)
{
    struct str part, name;

    *ret_s = GO_ZERO_TIME_S; /* when there is none */
    while (str_cut(&header, ',', &part)) {
        if (str_find_char(part, '=') == SIZE_MAX)
            return err_set(err, ERR_INVALID, "webhook has invalid Stripe-Signature header");
        str_cut(&part, '=', &name);
        if (!str_is(name, "t"))
            continue;
        if (!parse_i64(part, ret_s))
            return err_set(err, ERR_INVALID, "webhook has invalid Stripe-Signature header");
    }
    return 0;
}

int signature_stripe(struct arena *a, const struct webhook_request *req, struct str secret,
                     struct err *err)
{
    struct str header = webhook_header(req, STR("Stripe-Signature")), part, made;
    bool is_right = false;
    int64_t sent_s;

    if (str_is_empty(header))
        return err_set(err, ERR_INVALID, "webhook has no Stripe-Signature header");
    if (stripe_time(header, &sent_s, err) < 0)
        return -1;
    made = signed_body(a, secret, str_printf(a, "%" PRId64 ".", sent_s), req->body);
    while (str_cut(&header, ',', &part))
        if (stripe_part(a, part, made, &is_right, err) < 0)
            return -1;
    return is_right ? 0 : err_set(err, ERR_DENIED, "webhook had no valid signature");
}
