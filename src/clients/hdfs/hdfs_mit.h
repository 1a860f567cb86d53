/*
 * clients/hdfs/hdfs_mit.h - MIT's Kerberos by dlopen: the functions of libkrb5 and of
 * libgssapi_krb5 that hdfs_kerberos.c calls.
 */
#pragma once

#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <profile.h>

#include "base/err.h"

#define HDFS_KRB5_FUNCTIONS(X)    \
    X(krb5_init_context_profile)  \
    X(krb5_free_context)          \
    X(krb5_get_error_message)     \
    X(krb5_free_error_message)    \
    X(krb5_cc_resolve)            \
    X(krb5_cc_new_unique)         \
    X(krb5_cc_initialize)         \
    X(krb5_cc_get_principal)      \
    X(krb5_cc_copy_creds)         \
    X(krb5_cc_close)              \
    X(krb5_cc_destroy)            \
    X(krb5_cc_store_cred)         \
    X(krb5_kt_resolve)            \
    X(krb5_kt_close)              \
    X(krb5_parse_name)            \
    X(krb5_unparse_name)          \
    X(krb5_free_unparsed_name)    \
    X(krb5_free_principal)        \
    X(krb5_get_init_creds_keytab) \
    X(krb5_free_cred_contents)    \
    X(krb5_get_credentials)       \
    X(krb5_free_creds)            \
    X(profile_init_path)          \
    X(profile_release)

#define HDFS_GSS_FUNCTIONS(X) \
    X(gss_krb5_import_cred)   \
    X(gss_import_name)        \
    X(gss_release_name)       \
    X(gss_release_cred)       \
    X(gss_init_sec_context)   \
    X(gss_delete_sec_context) \
    X(gss_wrap)               \
    X(gss_unwrap)             \
    X(gss_release_buffer)     \
    X(gss_display_status)

struct hdfs_mit {
#define MEMBER(name) typeof(&name) name;
    HDFS_KRB5_FUNCTIONS(MEMBER)
    HDFS_GSS_FUNCTIONS(MEMBER)
#undef MEMBER
};

/** hdfs_mit_load() - the functions, loaded once; NULL with ERR_UNSUPPORTED. Any thread */
const struct hdfs_mit *hdfs_mit_load(struct err *err);
