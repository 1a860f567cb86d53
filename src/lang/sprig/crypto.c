/*
 * lang/sprig/crypto.c - sprig's hashes, ciphers, derived passwords and what is random.
 *
 * Any thread. Randomness is the run's generator when it has one (so that a whole daemon can be
 * simulated from a seed), else the crypto library's. Slow functions count as much work, so that
 * one evaluation cannot call many.
 */
#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/random.h"
#include "formats/base64.h"
#include "lang/sprig/sprig_internal.h"

enum {
    SLOW_STEPS = VALUE_STEPS_MAX / 10, /* of a function that takes a tenth of a second */
    KEY_BYTES = 32,
    BLOCK_BYTES = 16,
};

static int fail_library(struct value_run *r, const char *what)
{
    return err_set(r->err, ERR_INTERNAL, "the crypto library refused to %s", what);
}

int sprig_random_bytes(struct value_run *r, void *ret, size_t len)
{
    unsigned char *bytes = ret;

    if (!r->random)
        return len > INT32_MAX || RAND_bytes(bytes, (int) len) != 1
                   ? fail_library(r, "make random bytes")
                   : 0;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (unsigned char) random_below(r->random, 256);
    return 0;
}

int sprig_random(struct value_run *r, uint64_t limit, uint64_t *ret)
{
    uint64_t n = 0, rest = UINT64_MAX - UINT64_MAX % limit;

    if (r->random) {
        *ret = random_below(r->random, limit);
        return 0;
    }
    do {
        if (sprig_random_bytes(r, &n, sizeof(n)) < 0)
            return -1;
    } while (n >= rest);
    *ret = n % limit;
    return 0;
}

static int random_text(struct value_run *r, const struct value *count, const char *letters,
                       struct value *ret)
{
    size_t len = count->number > 0 ? (size_t) count->number : 0, kinds = strlen(letters);
    char *text;

    if (value_make(r, len) < 0 || value_charge(r, len) < 0)
        return -1;
    text = arena_alloc_raw(r->a, len + 1);
    for (size_t i = 0; i < len; i++) {
        uint64_t n = 0;

        if (sprig_random(r, kinds, &n) < 0)
            return -1;
        text[i] = letters[n];
    }
    *ret = value_string(str_of(text, len));
    return 0;
}

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

SPRIG_FN(randAlphaNum)
{
    return random_text(r, &args[0], DIGITS LETTERS, ret);
}

SPRIG_FN(randAlpha)
{
    return random_text(r, &args[0], LETTERS, ret);
}

SPRIG_FN(randNumeric)
{
    return random_text(r, &args[0], DIGITS, ret);
}

SPRIG_FN(randAscii)
{
    return random_text(r, &args[0], " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" DIGITS LETTERS, ret);
}

SPRIG_FN(randBytes)
{
    char *bytes;
    size_t len = (size_t) args[0].number;

    if (args[0].number < 0)
        return value_fail(r, "runtime error: makeslice: len out of range");
    if (value_make(r, len) < 0 || value_make(r, len) < 0)
        return -1;
    bytes = arena_alloc_raw(r->a, len + 1);
    if (sprig_random_bytes(r, bytes, len) < 0)
        return -1;
    *ret = value_string(base64_encode(r->a, str_of(bytes, len)));
    return 0;
}

SPRIG_FN(uuidv4)
{
    unsigned char b[16] = {0};

    if (sprig_random_bytes(r, b, sizeof(b)) < 0)
        return -1;
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    *ret = value_string(
        str_printf(r->a, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                   b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                   b[12], b[13], b[14], b[15]));
    return 0;
}

SPRIG_FN(shuffle)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct value runes;
    struct str *order;

    if (value_split(r, value_text(&args[0]), STR(""), -1, false, &runes) < 0 ||
        value_charge(r, runes.count) < 0)
        return -1;
    order = ARENA_ARRAY(r->a, struct str, runes.count + 1);
    for (size_t i = 0; i < runes.count; i++)
        order[i] = value_text(&runes.items[i]);
    for (size_t i = runes.count; i > 1; i--) {
        struct str last = order[i - 1];
        uint64_t n = 0;

        if (sprig_random(r, i, &n) < 0)
            return -1;
        order[i - 1] = order[n];
        order[n] = last;
    }
    for (size_t i = 0; i < runes.count; i++)
        strbuf_add(&b, order[i]);
    return value_text_value(r, &b, ret);
}

/* ---- hashes ---- */

static int digest(struct value_run *r, const struct value *v, const EVP_MD *kind,
                  struct value *ret)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char *text;

    if (value_charge(r, v->count / 64) < 0)
        return -1;
    if (EVP_Digest(value_text(v).ptr, v->count, bytes, &len, kind, NULL) != 1)
        return fail_library(r, "make a digest");
    text = arena_alloc_raw(r->a, 2 * (size_t) len + 1);
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = hex[bytes[i] >> 4];
        text[2 * i + 1] = hex[bytes[i] & 15];
    }
    *ret = value_string(str_of(text, 2 * (size_t) len));
    return 0;
}

SPRIG_FN(sha1sum)
{
    return digest(r, &args[0], EVP_sha1(), ret);
}

SPRIG_FN(sha256sum)
{
    return digest(r, &args[0], EVP_sha256(), ret);
}

SPRIG_FN(sha512sum)
{
    return digest(r, &args[0], EVP_sha512(), ret);
}

SPRIG_FN(adler32sum)
{
    uint32_t low = 1, high = 0;

    if (value_charge(r, args[0].count / 64) < 0)
        return -1;
    for (size_t i = 0; i < args[0].count; i++) {
        low = (low + (unsigned char) args[0].text[i]) % 65521;
        high = (high + low) % 65521;
    }
    *ret = value_string(str_printf(r->a, "%u", high << 16 | low));
    return 0;
}

/* ---- passwords ---- */

static int bcrypt(struct value_run *r, struct str password, struct str *ret)
{
    struct crypt_data *data = ARENA_NEW(r->a, struct crypt_data);
    unsigned char salt[16];
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    const char *hash;

    if (value_charge(r, SLOW_STEPS) < 0)
        return -1;
    if (password.len > 72)
        return value_fail(r, "bcrypt: password length exceeds 72 bytes");
    if (sprig_random_bytes(r, salt, sizeof(salt)) < 0)
        return -1;
    if (!crypt_gensalt_rn("$2a$", 10, (const char *) salt, sizeof(salt), setting,
                          (int) sizeof(setting)))
        return fail_library(r, "make a salt");
    hash = crypt_r(str_cz(r->a, password), setting, data);
    if (!hash || hash[0] != '$')
        return fail_library(r, "hash a password");
    *ret = str_copy(r->a, str_from(hash));
    return 0;
}

SPRIG_FN(bcrypt)
{
    struct str hash = STR_NONE;

    if (bcrypt(r, value_text(&args[0]), &hash) < 0)
        return -1;
    *ret = value_string(hash);
    return 0;
}

SPRIG_FN(htpasswd)
{
    struct str user = value_text(&args[0]), hash = STR_NONE;

    if (str_find_char(user, ':') != SIZE_MAX) {
        *ret = value_string(str_concat(r->a, STR("invalid username: "), user));
        return 0;
    }
    if (bcrypt(r, value_text(&args[1]), &hash) < 0)
        return -1;
    *ret = value_string(str_printf(r->a, STR_FMT ":" STR_FMT, STR_ARG(user), STR_ARG(hash)));
    return 0;
}

/* The templates of "Master Password". */
static const struct {
    const char *type;
    const char *templates[22];
} password_types[] = {
    {"maximum", {"anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"}},
    {"long",
     {"CvcvnoCvcvCvcv", "CvcvCvcvnoCvcv", "CvcvCvcvCvcvno", "CvccnoCvcvCvcv", "CvccCvcvnoCvcv",
      "CvccCvcvCvcvno", "CvcvnoCvccCvcv", "CvcvCvccnoCvcv", "CvcvCvccCvcvno", "CvcvnoCvcvCvcc",
      "CvcvCvcvnoCvcc", "CvcvCvcvCvccno", "CvccnoCvccCvcv", "CvccCvccnoCvcv", "CvccCvccCvcvno",
      "CvcvnoCvccCvcc", "CvcvCvccnoCvcc", "CvcvCvccCvccno", "CvccnoCvcvCvcc", "CvccCvcvnoCvcc",
      "CvccCvcvCvccno"}},
    {"medium", {"CvcnoCvc", "CvcCvcno"}},
    {"short", {"Cvcn"}},
    {"basic", {"aaanaaan", "aannaaan", "aaannaaa"}},
    {"pin", {"nnnn"}},
};

static const char *letters_of(char c)
{
    switch (c) {
    case 'V':
        return "AEIOU";
    case 'C':
        return "BCDFGHJKLMNPQRSTVWXYZ";
    case 'v':
        return "aeiou";
    case 'c':
        return "bcdfghjklmnpqrstvwxyz";
    case 'a':
        return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    case 'n':
        return DIGITS;
    case 'o':
        return "@&%?,=[]_:-+*$#!'^~;()/.";
    default:
        return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()";
    }
}

static void add_u32(struct strbuf *b, uint64_t n)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        strbuf_addc(b, (char) (n >> shift));
}

static int password_seed(struct value_run *r, const struct value *args, unsigned char *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(VALUE_OUTPUT_MAX_BYTES);
    struct str password = value_text(&args[2]), user = value_text(&args[3]),
               site = value_text(&args[4]);
    unsigned char key[64];
    unsigned len = 0;

    strbuf_addz(&b, "com.lyndir.masterpassword");
    add_u32(&b, user.len);
    strbuf_add(&b, user);
    if (EVP_PBE_scrypt(password.ptr, password.len, (const unsigned char *) b.ptr, b.len, 32768,
                       8, 2, 64 << 20, key, sizeof(key)) != 1)
        return fail_library(r, "derive a key");
    strbuf_reset(&b);
    strbuf_addz(&b, "com.lyndir.masterpassword");
    add_u32(&b, site.len);
    strbuf_add(&b, site);
    add_u32(&b, (uint64_t) args[0].number);
    if (!HMAC(EVP_sha256(), key, sizeof(key), (const unsigned char *) b.ptr, b.len, ret, &len))
        return fail_library(r, "sign");
    return 0;
}

SPRIG_FN(derivePassword)
{
    const char *const *templates = NULL;
    unsigned char seed[EVP_MAX_MD_SIZE];
    size_t choices = 0;
    char text[32];
    const char *chosen;

    for (size_t i = 0; i < COUNT_OF(password_types); i++)
        if (str_is(value_text(&args[1]), password_types[i].type))
            templates = password_types[i].templates;
    if (!templates) {
        *ret = value_string(
            str_concat(r->a, STR("cannot find password template "), value_text(&args[1])));
        return 0;
    }
    while (choices < 22 && templates[choices])
        choices++;
    if (value_charge(r, SLOW_STEPS) < 0 || password_seed(r, args, seed) < 0)
        return -1;
    chosen = templates[seed[0] % choices];
    for (size_t i = 0; chosen[i]; i++) {
        const char *letters = letters_of(chosen[i]);

        text[i] = letters[seed[i + 1] % strlen(letters)];
    }
    *ret = value_string(str_copy(r->a, str_of(text, strlen(chosen))));
    return 0;
}

/* ---- AES ---- */

/* AES-256-CBC; the key is the password, cut or filled up with zeros. */
static int cipher(struct value_run *r, struct str password, const unsigned char *iv,
                  struct str text, bool is_encrypting, struct str *ret)
{
    unsigned char key[KEY_BYTES] = {0};
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *out = arena_alloc_raw(r->a, text.len + 2 * BLOCK_BYTES);
    int len = 0, end = 0;
    bool is_good;

    memcpy(key, password.ptr, password.len < KEY_BYTES ? password.len : KEY_BYTES);
    is_good =
        ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_cbc(), NULL, key, iv, is_encrypting) == 1 &&
        EVP_CIPHER_CTX_set_padding(ctx, is_encrypting) == 1 &&
        EVP_CipherUpdate(ctx, out, &len, (const unsigned char *) text.ptr, (int) text.len) ==
            1 &&
        EVP_CipherFinal_ex(ctx, out + len, &end) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!is_good)
        return fail_library(r, is_encrypting ? "encrypt" : "decrypt");
    *ret = str_of((const char *) out, (size_t) (len + end));
    return 0;
}

SPRIG_FN(encryptAES)
{
    struct str password = value_text(&args[0]), secret = STR_NONE;
    unsigned char iv[BLOCK_BYTES];

    if (value_make(r, 3 * args[1].count) < 0 || sprig_random_bytes(r, iv, sizeof(iv)) < 0 ||
        cipher(r, password, iv, value_text(&args[1]), true, &secret) < 0)
        return -1;
    *ret = value_string(
        base64_encode(r->a, str_concat(r->a, str_of((const char *) iv, sizeof(iv)), secret)));
    return 0;
}

/* As the original, which believes the last byte: a wrong password may give a wrong text. */
SPRIG_FN(decryptAES)
{
    struct str password = value_text(&args[0]), text = STR_NONE;
    struct value bytes;
    struct str secret;
    size_t padding;

    *ret = value_string(STR(""));
    if (args[1].count == 0)
        return 0;
    if (value_make(r, args[1].count) < 0 ||
        value_base64_decode(r, value_text(&args[1]), &bytes) < 0)
        return -1;
    secret = value_text(&bytes);
    if (secret.len < BLOCK_BYTES || secret.len % BLOCK_BYTES != 0)
        return value_fail(r, "crypto/cipher: input not full blocks");
    if (cipher(r, password, (const unsigned char *) secret.ptr, str_skip(secret, BLOCK_BYTES),
               false, &text) < 0)
        return -1;
    if (text.len == 0)
        return value_fail(r, "runtime error: index out of range [-1]");
    padding = (unsigned char) text.ptr[text.len - 1];
    if (padding > text.len)
        return value_fail(r, "runtime error: slice bounds out of range [:%zd]",
                          (ssize_t) (text.len - padding));
    *ret = value_string(str_head(text, text.len - padding));
    return 0;
}
