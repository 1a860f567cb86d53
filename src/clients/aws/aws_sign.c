/* See aws_sign.h. Hashes are OpenSSL's. */
#include "clients/aws/aws_sign.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"
#include "base/vec.h"

enum { HASH_BYTES = SHA256_DIGEST_LENGTH, HASH_CHUNK_BYTES = 65536 };

typedef VEC(struct http_header) pairs;

static struct str hex(struct arena *a, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc_raw(a, 2 * len + 1);

    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * len] = '\0';
    return str_of(text, 2 * len);
}

static struct str hash(struct arena *a, struct str text)
{
    unsigned char digest[HASH_BYTES];

    SHA256((const unsigned char *) (text.ptr ? text.ptr : ""), text.len, digest);
    return hex(a, digest, sizeof(digest));
}

static struct str body_hash(struct arena *a, const struct aws_request *req)
{
    return str_is_empty(req->body_hash) ? hash(a, req->body) : req->body_hash;
}

int aws_hash_file(struct arena *a, int fd, uint64_t at, uint64_t len, struct str *ret,
                  struct err *err)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    unsigned char bytes[HASH_CHUNK_BYTES], made[HASH_BYTES];
    int error = 0;

    EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
    while (len > 0 && !error) {
        size_t want = len < sizeof(bytes) ? (size_t) len : sizeof(bytes);
        ssize_t got = fd_pread(fd, bytes, want, (off_t) at);

        if (got <= 0) {
            error = got < 0 ? errno : ENODATA;
            continue;
        }
        EVP_DigestUpdate(digest, bytes, (size_t) got);
        at += (uint64_t) got;
        len -= (uint64_t) got;
    }
    EVP_DigestFinal_ex(digest, made, NULL);
    EVP_MD_CTX_free(digest);
    *ret = hex(a, made, sizeof(made));
    return error ? err_sys(err, error, "read what is to be signed") : 0;
}

static void hmac(const void *key, size_t key_len, struct str text,
                 unsigned char ret[HASH_BYTES])
{
    unsigned int len = HASH_BYTES;

    HMAC(EVP_sha256(), key, (int) key_len, (const unsigned char *) text.ptr, text.len, ret,
         &len);
}

/* ---- the URL ---- */

struct url {
    struct str host, path, query;
};

static int split_url(struct str url, struct url *ret, struct err *err)
{
    size_t scheme = str_find(url, STR("://"));
    struct str rest = scheme == SIZE_MAX ? STR("") : str_skip(url, scheme + 3);
    size_t end = 0;
    size_t mark = str_find_char(rest, '#');

    rest = str_head(rest, mark == SIZE_MAX ? rest.len : mark); /* a fragment is never sent */

    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
        end++;
    ret->host = str_head(rest, end);
    rest = str_skip(rest, end);
    mark = str_find_char(rest, '?');
    ret->path = str_head(rest, mark == SIZE_MAX ? rest.len : mark);
    ret->query = mark == SIZE_MAX ? STR("") : str_skip(rest, mark + 1);
    if (str_ends(ret->host, STR(":443")) && str_starts(url, STR("https:")))
        ret->host.len -= 4;
    if (str_ends(ret->host, STR(":80")) && str_starts(url, STR("http:")))
        ret->host.len -= 3;
    return ret->host.len
               ? 0
               : err_set(err, ERR_INVALID, "URL \"" STR_FMT "\" has no host", STR_ARG(url));
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("-._~", c);
}

static void escape(struct strbuf *b, struct str s, const char *kept)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] && (is_unreserved(s.ptr[i]) || strchr(kept, s.ptr[i])))
            strbuf_addc(b, s.ptr[i]);
        else
            strbuf_addf(b, "%%%02X", (unsigned char) s.ptr[i]);
}

/* Without "." , ".." and doubled slashes, as every service but S3 wants it. */
static struct str normal_path(struct arena *a, struct str path)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    VEC(struct str) parts = {0};
    struct str rest = path, part;

    while (str_cut(&rest, '/', &part)) {
        if (str_is(part, "..") && parts.len > 0)
            parts.len--;
        else if (part.len > 0 && !str_is(part, ".") && !str_is(part, ".."))
            VEC_APUSH(a, &parts, part);
    }
    VEC_FOREACH (it, &parts) {
        strbuf_addc(&b, '/');
        strbuf_add(&b, *it);
    }
    if (parts.len == 0 || str_ends(path, STR("/")))
        strbuf_addc(&b, '/');
    return str_copy(a, strbuf_str(&b));
}

static int compare_pairs(const void *left, const void *right)
{
    const struct http_header *a = left, *b = right;
    int order = str_cmp(a->name, b->name);

    return order ? order : str_cmp(a->value, b->value);
}

static void add_query(struct strbuf *b, struct arena *a, struct str query)
{
    pairs list = {0};
    struct str part, name;

    while (query.len > 0 && str_cut(&query, '&', &part)) {
        if (!str_cut(&part, '=', &name))
            name = STR("");
        VEC_APUSH(a, &list, ((struct http_header){name, str_is_none(part) ? STR("") : part}));
    }
    if (list.len)
        qsort(list.at, list.len, sizeof(*list.at), compare_pairs);
    for (size_t i = 0; i < list.len; i++) {
        strbuf_addf(b, "%s" STR_FMT "=" STR_FMT, i ? "&" : "", STR_ARG(list.at[i].name),
                    STR_ARG(list.at[i].value));
    }
}

/* ---- headers ---- */

static struct str lower(struct arena *a, struct str s)
{
    char *text = str_cz(a, s);

    for (size_t i = 0; i < s.len; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char) (text[i] - 'A' + 'a');
    return str_of(text, s.len);
}

/* Without blanks at the ends and with single ones inside; tabs and the like are blanks, too. */
static struct str folded(struct arena *a, struct str s)
{
    char *text = arena_alloc_raw(a, s.len + 1);
    size_t used = 0;

    s = str_trim(s);
    for (size_t i = 0; i < s.len; i++) {
        bool is_blank = s.ptr[i] == ' ' || (s.ptr[i] >= '\t' && s.ptr[i] <= '\r');

        if (!is_blank)
            text[used++] = s.ptr[i];
        else if (used > 0 && text[used - 1] != ' ')
            text[used++] = ' ';
    }
    text[used] = '\0';
    return str_of(text, used);
}

/* Headers that proxies change, or that libraries set behind one's back: nobody signs them. */
static bool is_volatile(struct str name)
{
    static const char *const names[] = {"connection",          "expect",
                                        "keep-alive",          "proxy-authenticate",
                                        "proxy-authorization", "te",
                                        "trailer",             "transfer-encoding",
                                        "upgrade",             "user-agent",
                                        "x-amzn-trace-id"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq_nocase(name, str_from(names[i])))
            return true;
    return false;
}

/* By name; values of the same name stay in their order. */
static void sort_headers(pairs *list)
{
    for (size_t i = 1; i < list->len; i++) {
        struct http_header moved = list->at[i];
        size_t at = i;

        for (; at > 0 && str_cmp(list->at[at - 1].name, moved.name) > 0; at--)
            list->at[at] = list->at[at - 1];
        list->at[at] = moved;
    }
}

static struct str add_headers(struct strbuf *b, struct arena *a, pairs *list)
{
    _cleanup_strbuf_ struct strbuf names = STRBUF_INIT(1 << 16);

    for (size_t i = 0; i < list->len; i++) {
        list->at[i].name = lower(a, list->at[i].name);
        list->at[i].value = folded(a, list->at[i].value);
    }
    sort_headers(list);
    for (size_t i = 0; i < list->len; i++) {
        bool is_again = i > 0 && str_eq(list->at[i].name, list->at[i - 1].name);

        if (is_again) {
            b->len--; /* "a:1\n" and another value: "a:1,2\n" */
            strbuf_addf(b, "," STR_FMT "\n", STR_ARG(list->at[i].value));
            continue;
        }
        strbuf_addf(b, STR_FMT ":" STR_FMT "\n", STR_ARG(list->at[i].name),
                    STR_ARG(list->at[i].value));
        strbuf_addf(&names, "%s" STR_FMT, names.len ? ";" : "", STR_ARG(list->at[i].name));
    }
    return str_copy(a, strbuf_str(&names));
}

/* ---- signing ---- */

static struct str timestamp(struct arena *a, struct wall now)
{
    time_t seconds = (time_t) (now.ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    return str_printf(a, "%04d%02d%02dT%02d%02d%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                      tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static struct str signature_of(struct arena *a, const struct aws_request *req,
                               const struct aws_keys *keys, struct str date, struct str text)
{
    struct str secret = secret_reveal(&keys->secret_key);
    _cleanup_strbuf_ struct strbuf first = STRBUF_INIT(4096);
    unsigned char key[HASH_BYTES];

    strbuf_addf(&first, "AWS4" STR_FMT, STR_ARG(secret));
    hmac(first.ptr, first.len, date, key);
    hmac(key, sizeof(key), req->region, key);
    hmac(key, sizeof(key), req->service, key);
    hmac(key, sizeof(key), STR("aws4_request"), key);
    hmac(key, sizeof(key), text, key);
    explicit_bzero(first.ptr, first.room);
    return hex(a, key, sizeof(key));
}

static void add_header(struct arena *a, struct aws_signature *s, pairs *all, struct str name,
                       struct str value)
{
    s->headers[s->header_count++] = (struct http_header){name, value};
    VEC_APUSH(a, all, ((struct http_header){name, value}));
}

static struct str canonical(struct arena *a, const struct aws_request *req,
                            const struct url *url, pairs *all, struct str *ret_names)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(16 << 20);

    strbuf_addf(&b, STR_FMT "\n", STR_ARG(req->method));
    if (req->signer == AWS_SIGN_S3V4)
        strbuf_add(&b, url->path.len ? url->path : STR("/"));
    else
        escape(&b, normal_path(a, url->path), "/");
    strbuf_addc(&b, '\n');
    add_query(&b, a, url->query);
    strbuf_addc(&b, '\n');
    *ret_names = add_headers(&b, a, all);
    strbuf_addf(&b, "\n" STR_FMT "\n" STR_FMT, STR_ARG(*ret_names), STR_ARG(body_hash(a, req)));
    return str_copy(a, strbuf_str(&b));
}

/* Headers that signing itself sets: what the caller says about them does not count. */
static bool is_ours(const struct aws_request *req, struct str name)
{
    return str_eq_nocase(name, STR("x-amz-date")) ||
           (req->signer == AWS_SIGN_S3V4 && str_eq_nocase(name, STR("x-amz-content-sha256")));
}

static struct str string_to_sign(struct arena *a, struct str stamp, struct str scope,
                                 struct str canonical_request)
{
    return str_printf(a, "AWS4-HMAC-SHA256\n" STR_FMT "\n" STR_FMT "\n" STR_FMT, STR_ARG(stamp),
                      STR_ARG(scope), STR_ARG(hash(a, canonical_request)));
}

static struct str scope_of(struct arena *a, const struct aws_request *req, struct str date)
{
    return str_printf(a, STR_FMT "/" STR_FMT "/" STR_FMT "/aws4_request", STR_ARG(date),
                      STR_ARG(req->region), STR_ARG(req->service));
}

int aws_sign(struct arena *a, const struct aws_request *req, const struct aws_keys *keys,
             struct aws_signature *ret, struct err *err)
{
    struct str stamp = timestamp(a, req->now), date = str_head(stamp, 8), scope, names;
    struct url url;
    pairs all = {0};

    *ret = (struct aws_signature){0};
    if (split_url(req->url, &url, err) < 0)
        return -1;
    for (size_t i = 0; i < req->header_count; i++)
        if (!is_ours(req, req->headers[i].name) && !is_volatile(req->headers[i].name))
            VEC_APUSH(a, &all, req->headers[i]);
    VEC_APUSH(a, &all, ((struct http_header){STR("host"), lower(a, url.host)}));
    add_header(a, ret, &all, STR("X-Amz-Date"), stamp);
    if (keys->session_token.len)
        add_header(a, ret, &all, STR("X-Amz-Security-Token"), keys->session_token);
    if (req->signer == AWS_SIGN_S3V4)
        add_header(a, ret, &all, STR("X-Amz-Content-SHA256"), body_hash(a, req));
    ret->canonical_request = canonical(a, req, &url, &all, &names);
    scope = scope_of(a, req, date);
    ret->string_to_sign = string_to_sign(a, stamp, scope, ret->canonical_request);
    ret->signature = signature_of(a, req, keys, date, ret->string_to_sign);
    ret->headers[ret->header_count++] = (struct http_header){
        STR("Authorization"), str_printf(a,
                                         "AWS4-HMAC-SHA256 Credential=" STR_FMT "/" STR_FMT
                                         ", SignedHeaders=" STR_FMT ", Signature=" STR_FMT,
                                         STR_ARG(keys->access_key), STR_ARG(scope),
                                         STR_ARG(names), STR_ARG(ret->signature))};
    return 0;
}

static struct str escaped(struct arena *a, struct str text)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    escape(&b, text, "");
    return str_copy(a, strbuf_str(&b));
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

    return at ? (int) (at - digits) : -1;
}

/* A part of a query without its escapes; "+" is a blank, a "%" that escapes nothing stays. */
static struct str unescaped(struct arena *a, struct str s)
{
    char *text = arena_alloc_raw(a, s.len + 1);
    size_t used = 0;

    for (size_t i = 0; i < s.len; i++) {
        int high = i + 2 < s.len && s.ptr[i] == '%' ? hex_digit(s.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(s.ptr[i + 2]) : -1;

        if (low >= 0) {
            text[used++] = (char) (high * 16 + low);
            i += 2;
        } else {
            text[used++] = s.ptr[i];
            if (s.ptr[i] == '+')
                text[used - 1] = ' ';
        }
    }
    return str_of(text, used);
}

static bool has_name(const pairs *list, struct str name)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->at[i].name, name))
            return true;
    return false;
}

/* The caller's query as services read it: all in its escaped form, the first of each name. */
static void add_presigned(struct strbuf *b, struct arena *a, struct str query)
{
    pairs list = {0};
    struct str part, name;

    while (query.len > 0 && str_cut(&query, '&', &part)) {
        if (part.len == 0)
            continue;
        str_cut(&part, '=', &name);
        name = unescaped(a, name);
        if (has_name(&list, name))
            continue;
        VEC_APUSH(a, &list, ((struct http_header){name, STR("")}));
        strbuf_add(b, escaped(a, name));
        strbuf_addc(b, '=');
        strbuf_add(b, escaped(a, unescaped(a, part)));
        strbuf_addc(b, '&');
    }
}

/* The type that clients set when nobody says any is no part of a URL. */
static bool is_presigned(const struct http_header *h)
{
    return !is_volatile(h->name) &&
           !(str_eq_nocase(h->name, STR("content-type")) &&
             str_is(h->value, "application/x-www-form-urlencoded; charset=utf-8"));
}

/* The names of the headers that are signed, the host among them. */
static struct str signed_names(struct arena *a, const struct aws_request *req, struct str host)
{
    _cleanup_strbuf_ struct strbuf scratch = STRBUF_INIT(1 << 20);
    pairs all = {0};

    for (size_t i = 0; i < req->header_count; i++)
        if (is_presigned(&req->headers[i]))
            VEC_APUSH(a, &all, req->headers[i]);
    VEC_APUSH(a, &all, ((struct http_header){STR("host"), lower(a, host)}));
    return add_headers(&scratch, a, &all);
}

static struct str presign_query(struct arena *a, const struct aws_request *req,
                                const struct aws_keys *keys, const struct url *url,
                                uint32_t expires_s)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct str stamp = timestamp(a, req->now);
    struct str credential = str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(keys->access_key),
                                       STR_ARG(scope_of(a, req, str_head(stamp, 8))));

    add_presigned(&b, a, url->query);
    strbuf_addf(&b,
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" STR_FMT
                "&X-Amz-Date=" STR_FMT "&X-Amz-Expires=%u&X-Amz-SignedHeaders=" STR_FMT,
                STR_ARG(escaped(a, credential)), STR_ARG(stamp), expires_s,
                STR_ARG(escaped(a, signed_names(a, req, url->host))));
    if (keys->session_token.len)
        strbuf_addf(&b, "&X-Amz-Security-Token=" STR_FMT,
                    STR_ARG(escaped(a, keys->session_token)));
    return str_copy(a, strbuf_str(&b));
}

int aws_presign(struct arena *a, const struct aws_request *req, const struct aws_keys *keys,
                uint32_t expires_s, struct aws_signature *ret, struct err *err)
{
    struct str stamp = timestamp(a, req->now), date = str_head(stamp, 8), names, bare;
    struct aws_request unsigned_body = *req;
    struct url url;
    pairs all = {0};

    *ret = (struct aws_signature){0};
    if (split_url(req->url, &url, err) < 0)
        return -1;
    if (req->signer == AWS_SIGN_S3V4)
        unsigned_body.body_hash = STR("UNSIGNED-PAYLOAD");
    url.query = presign_query(a, req, keys, &url, expires_s);
    for (size_t i = 0; i < req->header_count; i++)
        if (is_presigned(&req->headers[i]))
            VEC_APUSH(a, &all, req->headers[i]);
    VEC_APUSH(a, &all, ((struct http_header){STR("host"), lower(a, url.host)}));
    ret->canonical_request = canonical(a, &unsigned_body, &url, &all, &names);
    ret->string_to_sign =
        string_to_sign(a, stamp, scope_of(a, req, date), ret->canonical_request);
    ret->signature = signature_of(a, req, keys, date, ret->string_to_sign);
    bare = str_head(req->url, str_find_char(req->url, '#'));
    bare = str_head(bare, str_find_char(bare, '?'));
    ret->url = str_printf(a, STR_FMT "?" STR_FMT "&X-Amz-Signature=" STR_FMT, STR_ARG(bare),
                          STR_ARG(url.query), STR_ARG(ret->signature));
    return 0;
}
