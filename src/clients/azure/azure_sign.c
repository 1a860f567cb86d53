/* See azure_sign.h. */
#include "clients/azure/azure_sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/base64.h"

enum { TEXT_MAX_BYTES = 64 << 10 };

static struct str header_of(const struct azure_request *r, const char *name)
{
    struct str value = http_header_value(r->headers, r->header_count, str_from(name));

    return str_is_none(value) ? STR("") : value;
}

/* The headers that have a line of their own. */
static void add_fixed(struct strbuf *b, const struct azure_request *r)
{
    static const char *const names[] = {"Content-MD5",         "Content-Type", "Date",
                                        "If-Modified-Since",   "If-Match",     "If-None-Match",
                                        "If-Unmodified-Since", "Range"};

    strbuf_add(b, r->method);
    strbuf_addz(b, "\n\n\n"); /* Content-Encoding, Content-Language */
    if (r->body_len > 0)
        strbuf_addf(b, "%llu", (unsigned long long) r->body_len);
    strbuf_addc(b, '\n');
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        strbuf_add(b, header_of(r, names[i]));
        strbuf_addc(b, '\n');
    }
}

static void add_own(struct strbuf *b, const struct azure_request *r)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (str_starts(r->headers[i].name, STR("x-ms-")))
            strbuf_addf(b, STR_FMT ":" STR_FMT "\n", STR_ARG(r->headers[i].name),
                        STR_ARG(str_trim(r->headers[i].value)));
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static struct str unescape(struct arena *a, struct str text)
{
    char *out = arena_alloc_raw(a, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        bool is_hex = text.ptr[i] == '%' && i + 2 < text.len && hex_of(text.ptr[i + 1]) >= 0 &&
                      hex_of(text.ptr[i + 2]) >= 0;

        out[len++] = is_hex ? (char) (hex_of(text.ptr[i + 1]) * 16 + hex_of(text.ptr[i + 2]))
                            : text.ptr[i];
        i += is_hex ? 2 : 0;
    }
    return str_of(out, len);
}

static int compare(const void *left, const void *right)
{
    return str_cmp(*(const struct str *) left, *(const struct str *) right);
}

/* Each parameter on a line of its own, by name. */
static void add_query(struct strbuf *b, struct arena *a, struct str query)
{
    VEC(struct str) parts = {0};
    struct str part;

    while (query.len > 0 && str_cut(&query, '&', &part))
        VEC_APUSH(a, &parts, part);
    if (parts.len > 1)
        qsort(parts.at, parts.len, sizeof(struct str), compare);
    for (size_t i = 0; i < parts.len; i++) {
        struct str name, value = parts.at[i];

        str_cut(&value, '=', &name);
        strbuf_addf(b, "\n" STR_FMT ":" STR_FMT, STR_ARG(name),
                    STR_ARG(unescape(a, str_is_none(value) ? STR("") : value)));
    }
}

int azure_sign(struct arena *a, const struct azure_request *r, const struct azure_key *key,
               struct str *ret, struct str *ret_text, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX_BYTES);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct str bytes, text;
    struct err ignored;

    if (base64_decode(a, secret_reveal(&key->key), &bytes, &ignored) < 0 || bytes.len == 0)
        return err_set(err, ERR_INVALID, "the account's key is not base64");
    add_fixed(&b, r);
    add_own(&b, r);
    strbuf_addf(&b, "/" STR_FMT STR_FMT, STR_ARG(key->account), STR_ARG(r->path));
    add_query(&b, a, r->query);
    if (b.is_over)
        return err_set(err, ERR_LIMIT, "a request to Azure is too long to be signed");
    text = str_copy(a, strbuf_str(&b));
    HMAC(EVP_sha256(), bytes.ptr, (int) bytes.len, (const unsigned char *) text.ptr, text.len,
         digest, &len);
    *ret = str_printf(a, "SharedKey " STR_FMT ":" STR_FMT, STR_ARG(key->account),
                      STR_ARG(base64_encode(a, str_of((const char *) digest, len))));
    if (ret_text)
        *ret_text = text;
    return 0;
}
