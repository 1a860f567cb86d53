/*
 * See hdfs_kerberos.h. The ticket for the service is asked for with libkrb5, in a context made
 * of the login's own configuration, and put into a cache in memory. GSSAPI, which knows the
 * machine's configuration alone, finds it there and asks nobody.
 */
#include "clients/hdfs/hdfs_kerberos.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "clients/hdfs/hdfs_config.h"
#include "clients/hdfs/hdfs_mit.h"

enum { PATH_BYTES = 32, NAME_MAX_BYTES = 512 };

struct hdfs_login {
    const struct hdfs_mit *lib;
    int config, cache, keytab;      /* files in memory; -1: none */
    char principal[NAME_MAX_BYTES]; /* "" with a cache */
    char service[NAME_MAX_BYTES];
};

struct hdfs_kerberos {
    const struct hdfs_mit *lib;
    krb5_context context;
    krb5_ccache cache;
    char service[2 * NAME_MAX_BYTES];
    gss_cred_id_t credential;
    gss_name_t name;
    gss_ctx_id_t gss;
};

/* ---- logins ---- */

/* A file that nobody else sees; -1. */
static int hold(struct str bytes, const char *what, struct err *err)
{
    int fd = memfd_create("krb5", MFD_CLOEXEC);

    if (fd >= 0 && fd_write(fd, bytes.ptr, bytes.len) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return err_sys(err, errno, "hold %s in memory", what);
}

static void release(int fd)
{
    if (fd >= 0)
        close(fd);
}

static int fill_login(struct hdfs_login *l, const struct hdfs_login_options *o, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();

    l->lib = hdfs_mit_load(err);
    if (!l->lib)
        return -1;
    if (o->service.len >= NAME_MAX_BYTES || o->user.len + o->realm.len + 1 >= NAME_MAX_BYTES)
        return err_set(err, ERR_INVALID, "a name of Kerberos is over %d bytes",
                       NAME_MAX_BYTES - 1);
    snprintf(l->service, sizeof(l->service), STR_FMT, STR_ARG(o->service));
    l->config = hold(hdfs_config_clean(a, o->config), "krb5.conf", err);
    if (l->config < 0)
        return -1;
    if (!str_is_empty(o->cache)) {
        l->cache = hold(o->cache, "the credential cache", err);
        return l->cache < 0 ? -1 : 0;
    }
    snprintf(l->principal, sizeof(l->principal), STR_FMT "%s" STR_FMT, STR_ARG(o->user),
             str_is_empty(o->realm) ? "" : "@", STR_ARG(o->realm));
    l->keytab = hold(o->keytab, "the keytab", err);
    return l->keytab < 0 ? -1 : 0;
}

struct hdfs_login *hdfs_login_new(const struct hdfs_login_options *options, struct err *err)
{
    struct hdfs_login *l = NEW(struct hdfs_login);

    l->config = l->cache = l->keytab = -1;
    if (fill_login(l, options, err) == 0)
        return l;
    hdfs_login_free(l);
    return NULL;
}

void hdfs_login_free(struct hdfs_login *l)
{
    if (!l)
        return;
    release(l->config);
    release(l->cache);
    release(l->keytab);
    free(l);
}

/* ---- tickets ---- */

static int fail(const struct hdfs_kerberos *k, krb5_error_code code, const char *what,
                struct err *err)
{
    const char *text = k->lib->krb5_get_error_message(k->context, code);

    err_set(err,
            code == KRB5_KDC_UNREACH || code == KRB5_REALM_CANT_RESOLVE ? ERR_TRANSIENT
                                                                        : ERR_UNAUTHORIZED,
            "Kerberos: %s: %s", what, text);
    k->lib->krb5_free_error_message(k->context, text);
    return -1;
}

static int make_context(struct hdfs_kerberos *k, const struct hdfs_login *l, struct err *err)
{
    profile_t profile = NULL;
    char path[PATH_BYTES];
    krb5_error_code code;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", l->config);
    if (k->lib->profile_init_path(path, &profile) != 0)
        return err_set(err, ERR_INVALID, "krbConfigConfigMap: it is no krb5.conf");
    code = k->lib->krb5_init_context_profile(profile, 0, &k->context);
    k->lib->profile_release(profile);
    if (code == 0)
        code = k->lib->krb5_cc_new_unique(k->context, "MEMORY", NULL, &k->cache);
    return code == 0 ? 0 : fail(k, code, "begin", err);
}

/* The tickets that a cache brought. */
static int copy_cache(struct hdfs_kerberos *k, const struct hdfs_login *l, struct err *err)
{
    krb5_principal who = NULL;
    krb5_ccache from = NULL;
    char path[PATH_BYTES];
    krb5_error_code code;

    snprintf(path, sizeof(path), "FILE:/proc/self/fd/%d", l->cache);
    code = k->lib->krb5_cc_resolve(k->context, path, &from);
    if (code == 0)
        code = k->lib->krb5_cc_get_principal(k->context, from, &who);
    if (code == 0)
        code = k->lib->krb5_cc_initialize(k->context, k->cache, who);
    if (code == 0)
        code = k->lib->krb5_cc_copy_creds(k->context, from, k->cache);
    if (who)
        k->lib->krb5_free_principal(k->context, who);
    if (from)
        k->lib->krb5_cc_close(k->context, from);
    return code == 0 ? 0 : fail(k, code, "read the credential cache", err);
}

static krb5_error_code ask_by_key(struct hdfs_kerberos *k, krb5_principal who,
                                  krb5_keytab keytab)
{
    krb5_creds ticket = {0};
    krb5_error_code code =
        k->lib->krb5_get_init_creds_keytab(k->context, &ticket, who, keytab, 0, NULL, NULL);

    if (code != 0)
        return code;
    code = k->lib->krb5_cc_initialize(k->context, k->cache, who);
    if (code == 0)
        code = k->lib->krb5_cc_store_cred(k->context, k->cache, &ticket);
    k->lib->krb5_free_cred_contents(k->context, &ticket);
    return code;
}

/* A first ticket by the key of a keytab. */
static int use_keytab(struct hdfs_kerberos *k, const struct hdfs_login *l, struct err *err)
{
    char path[PATH_BYTES], what[NAME_MAX_BYTES + 32];
    krb5_principal who = NULL;
    krb5_keytab keytab = NULL;
    krb5_error_code code;

    snprintf(path, sizeof(path), "FILE:/proc/self/fd/%d", l->keytab);
    snprintf(what, sizeof(what), "ticket for %s", l->principal);
    code = k->lib->krb5_parse_name(k->context, l->principal, &who);
    if (code == 0)
        code = k->lib->krb5_kt_resolve(k->context, path, &keytab);
    if (code == 0)
        code = ask_by_key(k, who, keytab);
    if (keytab)
        k->lib->krb5_kt_close(k->context, keytab);
    if (who)
        k->lib->krb5_free_principal(k->context, who);
    return code == 0 ? 0 : fail(k, code, what, err);
}

/* The service by the realm that it is in: GSSAPI looks for its ticket by that name. */
static krb5_error_code name_by_realm(struct hdfs_kerberos *k, krb5_const_principal service)
{
    char *name = NULL;
    krb5_error_code code = k->lib->krb5_unparse_name(k->context, service, &name);

    if (code != 0)
        return code;
    snprintf(k->service, sizeof(k->service), "%s", name);
    k->lib->krb5_free_unparsed_name(k->context, name);
    return 0;
}

/* A ticket for the service, by the first one. */
static int ask_service(struct hdfs_kerberos *k, struct arena *a, struct err *err)
{
    krb5_creds want = {0}, *got = NULL;
    struct str what = str_printf(a, "ticket for the service %s", k->service);
    krb5_error_code code = k->lib->krb5_parse_name(k->context, k->service, &want.server);

    if (code == 0)
        code = k->lib->krb5_cc_get_principal(k->context, k->cache, &want.client);
    if (code == 0)
        code = k->lib->krb5_get_credentials(k->context, 0, k->cache, &want, &got);
    if (code == 0)
        code = name_by_realm(k, got->server);
    if (got)
        k->lib->krb5_free_creds(k->context, got);
    k->lib->krb5_free_cred_contents(k->context, &want);
    return code == 0 ? 0 : fail(k, code, what.ptr, err);
}

/* ---- GSSAPI ---- */

static int fail_gss(const struct hdfs_kerberos *k, OM_uint32 minor, const char *what,
                    struct err *err)
{
    gss_buffer_desc text = {0};
    OM_uint32 ignored, more = 0;

    k->lib->gss_display_status(&ignored, minor, GSS_C_MECH_CODE, GSS_C_NO_OID, &more, &text);
    err_set(err, ERR_UNAUTHORIZED, "Kerberos: %s: %.*s", what, (int) text.length,
            text.value ? (const char *) text.value : "");
    k->lib->gss_release_buffer(&ignored, &text);
    return -1;
}

static int import(struct hdfs_kerberos *k, struct err *err)
{
    static unsigned char bytes[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2, 1};
    static gss_OID_desc principal_name = {sizeof(bytes), bytes}; /* RFC 1964, 2.1.1 */
    gss_buffer_desc name = {strlen(k->service), k->service};
    OM_uint32 minor, major;

    major = k->lib->gss_krb5_import_cred(&minor, k->cache, NULL, NULL, &k->credential);
    if (GSS_ERROR(major))
        return fail_gss(k, minor, "use the tickets", err);
    major = k->lib->gss_import_name(&minor, &name, &principal_name, &k->name);
    return GSS_ERROR(major) ? fail_gss(k, minor, "the name of the service", err) : 0;
}

/* "nn/_HOST" is the service at that very host. */
static void name_service(struct hdfs_kerberos *k, const struct hdfs_login *l, struct str host)
{
    struct str service = str_from(l->service);
    size_t at = str_find(service, STR("_HOST"));

    if (at == SIZE_MAX)
        snprintf(k->service, sizeof(k->service), "%s", l->service);
    else
        snprintf(k->service, sizeof(k->service), STR_FMT STR_FMT STR_FMT,
                 STR_ARG(str_head(service, at)), STR_ARG(str_head(host, NAME_MAX_BYTES - 1)),
                 STR_ARG(str_skip(service, at + 5)));
}

struct hdfs_kerberos *hdfs_kerberos_open(const struct hdfs_login *l, struct str host,
                                         struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct hdfs_kerberos *k = NEW(struct hdfs_kerberos);

    k->lib = l->lib;
    name_service(k, l, host);
    if (make_context(k, l, err) == 0 &&
        (l->cache >= 0 ? copy_cache(k, l, err) : use_keytab(k, l, err)) == 0 &&
        ask_service(k, a, err) == 0 && import(k, err) == 0)
        return k;
    hdfs_kerberos_close(k);
    return NULL;
}

void hdfs_kerberos_close(struct hdfs_kerberos *k)
{
    OM_uint32 ignored;

    if (!k)
        return;
    if (k->gss)
        k->lib->gss_delete_sec_context(&ignored, &k->gss, GSS_C_NO_BUFFER);
    if (k->name)
        k->lib->gss_release_name(&ignored, &k->name);
    if (k->credential)
        k->lib->gss_release_cred(&ignored, &k->credential);
    if (k->cache)
        k->lib->krb5_cc_destroy(k->context, k->cache);
    if (k->context)
        k->lib->krb5_free_context(k->context);
    free(k);
}

static struct str take(const struct hdfs_kerberos *k, struct arena *a, gss_buffer_desc *from)
{
    struct str got = str_copy(a, str_of(from->value ? from->value : "", from->length));
    OM_uint32 ignored;

    k->lib->gss_release_buffer(&ignored, from);
    return got;
}

int hdfs_kerberos_step(struct hdfs_kerberos *k, struct arena *a, struct str in, struct str *ret,
                       bool *ret_is_done, struct err *err)
{
    static unsigned char bytes[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2};
    static gss_OID_desc mechanism = {sizeof(bytes), bytes}; /* RFC 1964, 1 */
    gss_buffer_desc from = {in.len, (void *) (uintptr_t) in.ptr}, to = {0};
    OM_uint32 minor, major;

    major = k->lib->gss_init_sec_context(
        &minor, k->credential, &k->gss, k->name, &mechanism,
        GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG |
            GSS_C_CONF_FLAG,
        0, GSS_C_NO_CHANNEL_BINDINGS, in.len > 0 ? &from : GSS_C_NO_BUFFER, NULL, &to, NULL,
        NULL);
    *ret = take(k, a, &to);
    if (GSS_ERROR(major))
        return fail_gss(k, minor, k->service, err);
    *ret_is_done = major != GSS_S_CONTINUE_NEEDED;
    return 0;
}

int hdfs_kerberos_wrap(struct hdfs_kerberos *k, struct arena *a, enum hdfs_seal seal,
                       struct str in, struct str *ret, struct err *err)
{
    gss_buffer_desc from = {in.len, (void *) (uintptr_t) in.ptr}, to = {0};
    OM_uint32 minor, major = k->lib->gss_wrap(&minor, k->gss, seal == HDFS_SEALED,
                                              GSS_C_QOP_DEFAULT, &from, NULL, &to);

    if (GSS_ERROR(major))
        return fail_gss(k, minor, "sign or seal", err);
    *ret = take(k, a, &to);
    return 0;
}

int hdfs_kerberos_unwrap(struct hdfs_kerberos *k, struct arena *a, struct str in,
                         struct str *ret, struct err *err)
{
    gss_buffer_desc from = {in.len, (void *) (uintptr_t) in.ptr}, to = {0};
    OM_uint32 minor, major = k->lib->gss_unwrap(&minor, k->gss, &from, &to, NULL, NULL);

    if (GSS_ERROR(major))
        return fail_gss(k, minor, "what the name node has signed or sealed", err);
    *ret = take(k, a, &to);
    return 0;
}
