/* See oss_sign.h. */
#include "clients/aliyun/oss_sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "formats/base64.h"

static struct str header_of(const struct oss_request *r, const char *name)
{
    struct str value = http_header_value(r->headers, r->header_count, str_from(name));

    return str_is_none(value) ? STR("") : value;
}

static struct str own_headers(struct arena *a, const struct oss_request *r)
{
    struct str all = STR("");

    for (size_t i = 0; i < r->header_count; i++)
        if (str_starts(r->headers[i].name, STR("x-oss-")))
            all = str_printf(a, STR_FMT STR_FMT ":" STR_FMT "\n", STR_ARG(all),
                             STR_ARG(r->headers[i].name), STR_ARG(r->headers[i].value));
    return all;
}

static struct str signed_params(struct arena *a, const struct oss_request *r)
{
    struct str all = STR("");

    for (size_t i = 0; i < r->param_count; i++)
        all = str_printf(a, STR_FMT "%c" STR_FMT "%s" STR_FMT, STR_ARG(all), i ? '&' : '?',
                         STR_ARG(r->params[i].name), r->params[i].value.len > 0 ? "=" : "",
                         STR_ARG(r->params[i].value));
    return all;
}

struct str oss_sign(struct arena *a, const struct oss_request *r, const struct oss_keys *keys,
                    struct str *ret_text)
{
    struct str secret = secret_reveal(&keys->secret_key), text;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    text = str_printf(a,
                      STR_FMT "\n" STR_FMT "\n" STR_FMT "\n" STR_FMT "\n" STR_FMT "/" STR_FMT
                              "/" STR_FMT STR_FMT,
                      STR_ARG(r->method), STR_ARG(header_of(r, "Content-MD5")),
                      STR_ARG(header_of(r, "Content-Type")), STR_ARG(header_of(r, "Date")),
                      STR_ARG(own_headers(a, r)), STR_ARG(r->bucket), STR_ARG(r->key),
                      STR_ARG(signed_params(a, r)));
    HMAC(EVP_sha1(), secret.ptr ? secret.ptr : "", (int) secret.len,
         (const unsigned char *) text.ptr, text.len, digest, &len);
    if (ret_text)
        *ret_text = text;
    return str_printf(a, "OSS " STR_FMT ":" STR_FMT, STR_ARG(keys->access_key),
                      STR_ARG(base64_encode(a, str_of((const char *) digest, len))));
}
