/* Certificates of the server. See certificate.h. */
#include "daemon/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "formats/base64.h"
#include "formats/json.h"

enum { LIFE_DAYS = 3650, PEM_MAX_BYTES = 1 << 20, SERIAL_BYTES = 16 };

/* ---- of a Secret ---- */

static int member_of(struct arena *a, const struct json *secret, const char *member,
                     const char **ret, struct err *err)
{
    struct str text = json_get_str(json_get(secret, STR("data")), str_from(member)), bytes;

    if (text.len == 0)
        return err_set(err, ERR_INVALID, "it has no %s", member);
    if (base64_decode(a, text, &bytes, err) < 0)
        return err_wrap(err, "%s", member);
    *ret = str_cz(a, bytes);
    return 0;
}

int certificate_of_secret(struct store *store, struct arena *a, const char *name,
                          struct certificate *ret, struct err *err)
{
    struct str rest = str_from(name), first = STR("");
    struct store_key key = {STR(""), STR("Secret"), STR("argo"), rest};
    const struct store_object *o;
    struct json secret;
    int result;

    str_cut(&rest, '/', &first);
    if (!str_is_none(rest)) {
        key.ns = first;
        key.name = rest;
    }
    if (store_get(store, &key, &o, err) < 0)
        return err_wrap(err, "secret %s", name);
    result = json_parse(a, str_copy(a, o->doc), &secret, err);
    store_object_unref(o);
    if (result < 0 || member_of(a, &secret, "tls.crt", &ret->cert, err) < 0 ||
        member_of(a, &secret, "tls.key", &ret->key, err) < 0)
        return err_wrap(err, "secret %s", name);
    return 0;
}

/* ---- our own ---- */

static int read_pem(struct arena *a, struct str path, const char **ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(PEM_MAX_BYTES);
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC);
    ssize_t len = -1;
    char *to;

    if (fd < 0)
        return err_sys(err, errno, "open " STR_FMT, STR_ARG(path));
    while ((to = strbuf_reserve(&b, 4096)) && (len = fd_read(fd, to, 4096)) > 0)
        b.len += (size_t) len;
    close(fd);
    if (!to || len < 0)
        return err_set(err, ERR_IO, "read " STR_FMT, STR_ARG(path));
    *ret = str_cz(a, strbuf_str(&b));
    return 0;
}

static int write_pem(struct str path, const char *text, mode_t mode, struct err *err)
{
    return fd_write_file(AT_FDCWD, path.ptr, O_TRUNC, mode, text, strlen(text)) < 0
               ? err_sys(err, errno, "write " STR_FMT, STR_ARG(path))
               : 0;
}

static bool add_extension(X509 *cert, int what, const char *value)
{
    X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, NULL, what, value);
    bool is_added = made && X509_add_ext(cert, made, -1) == 1;

    X509_EXTENSION_free(made);
    return is_added;
}

static bool set_serial(X509 *cert)
{
    unsigned char bytes[SERIAL_BYTES];
    BIGNUM *number;
    bool is_set = false;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] &= 0x7f;
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    is_set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
    BN_free(number);
    return is_set;
}

static bool fill(struct arena *a, X509 *cert, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(cert);
    char host[256] = "localhost";
    struct str names;

    if (gethostname(host, sizeof(host) - 1) < 0 || strchr(host, ',') || !*host)
        memcpy(host, "localhost", sizeof("localhost"));
    names = str_printf(a, "DNS:localhost,DNS:%s,IP:127.0.0.1,IP:::1", host);
    return X509_set_version(cert, 2) && set_serial(cert) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
           X509_time_adj_ex(X509_getm_notAfter(cert), LIFE_DAYS, 0, NULL) &&
           X509_set_pubkey(cert, key) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *) "tiphys", -1, -1, 0) &&
           X509_set_issuer_name(cert, name) &&
           add_extension(cert, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(cert, NID_subject_alt_name, names.ptr) &&
           X509_sign(cert, key, EVP_sha256()) > 0;
}

static const char *pem_text(struct arena *a, BIO *bio)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);

    return str_cz(a, str_of(bytes, len > 0 ? (size_t) len : 0));
}

static int make(struct arena *a, struct certificate *ret, struct err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
    bool is_made = key && cert && cert_bio && key_bio && fill(a, cert, key) &&
                   PEM_write_bio_X509(cert_bio, cert) == 1 &&
                   PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1;

    if (is_made)
        *ret = (struct certificate){pem_text(a, cert_bio), pem_text(a, key_bio)};
    BIO_free(cert_bio);
    BIO_free(key_bio);
    X509_free(cert);
    EVP_PKEY_free(key);
    return is_made ? 0 : err_set(err, ERR_INTERNAL, "no certificate could be made");
}

int certificate_own(const char *folder, struct arena *a, struct certificate *ret,
                    struct err *err)
{
    struct str cert = str_printf(a, "%s/tls.crt", folder),
               key = str_printf(a, "%s/tls.key", folder);

    if (access(cert.ptr, F_OK) == 0 && access(key.ptr, F_OK) == 0)
        return read_pem(a, cert, &ret->cert, err) < 0 ? -1 : read_pem(a, key, &ret->key, err);
    return make(a, ret, err) < 0 || write_pem(key, ret->key, 0600, err) < 0
               ? -1
               : write_pem(cert, ret->cert, 0644, err);
}
