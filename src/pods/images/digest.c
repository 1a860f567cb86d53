/* SHA-256 of texts and files, by libcrypto. See images_internal.h. */
#include <openssl/evp.h>
#include <unistd.h>

#include "base/fd.h"
#include "pods/images/images_internal.h"

enum { READ_BYTES = 1 << 18, DIGEST_BYTES = 32 };

static void print(const unsigned char digest[DIGEST_BYTES], char ret[IMAGE_SHA256_CHARS + 1])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        ret[2 * i] = digits[digest[i] >> 4];
        ret[2 * i + 1] = digits[digest[i] & 15];
    }
    ret[IMAGE_SHA256_CHARS] = '\0';
}

struct str digest_text(struct arena *a, struct str bytes)
{
    unsigned char digest[DIGEST_BYTES];
    char *ret = arena_alloc(a, IMAGE_SHA256_CHARS + 1);

    EVP_Digest(bytes.ptr ? bytes.ptr : "", bytes.len, digest, NULL, EVP_sha256(), NULL);
    print(digest, ret);
    return str_from(ret);
}

int digest_file(int fd, char ret[IMAGE_SHA256_CHARS + 1])
{
    _cleanup_arena_ struct arena *a = arena_new();
    char *bytes = arena_alloc_raw(a, READ_BYTES);
    unsigned char digest[DIGEST_BYTES];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ssize_t len = 0;

    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
    if (lseek(fd, 0, SEEK_SET) < 0)
        len = -1;
    while (len >= 0 && (len = fd_read(fd, bytes, READ_BYTES)) > 0)
        EVP_DigestUpdate(ctx, bytes, (size_t) len);
    EVP_DigestFinal_ex(ctx, digest, NULL);
    EVP_MD_CTX_free(ctx);
    print(digest, ret);
    return len < 0 || lseek(fd, 0, SEEK_SET) < 0 ? -1 : 0;
}
