/*
 * clients/hdfs/hdfs_kerberos.h - Kerberos by MIT's libraries, which are loaded on first use:
 * tickets of a keytab or a credential cache, and the tokens of GSSAPI.
 *
 * A login has a context of its own, made of the texts that it is given: neither the machine's
 * krb5.conf nor its caches are touched. Its files are in memory alone (memfd). Blocking: it
 * asks the realm's servers.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct hdfs_login;
struct hdfs_kerberos;

/* Borrowed for the call. */
struct hdfs_login_options {
    struct str config;      /* text of a krb5.conf; of it what hdfs_config.h says */
    struct str cache;       /* bytes of a credential cache; "": a keytab is given */
    struct str keytab;      /* bytes */
    struct str user, realm; /* whose key of the keytab */
    struct str service;     /* principal of the name node: "nn/_HOST" */
};

/**
 * hdfs_login_new() - who one is; tickets are asked for when they are needed
 * @err: ERR_INVALID (a text that cannot be), ERR_UNSUPPORTED (no library)
 *
 * Return: owned, or NULL.
 */
struct hdfs_login *hdfs_login_new(const struct hdfs_login_options *options, struct err *err);

/** hdfs_login_free() - wipe and release; NULL is a no-op */
void hdfs_login_free(struct hdfs_login *l);

/** hdfs_kerberos_open() - a context with the service at @host; owned, or NULL */
struct hdfs_kerberos *hdfs_kerberos_open(const struct hdfs_login *l, struct str host,
                                         struct err *err);

/** hdfs_kerberos_close() - release; NULL is a no-op */
void hdfs_kerberos_close(struct hdfs_kerberos *k);

/** hdfs_kerberos_step() - a token of the service's ("" at the beginning) gives one for it;
 * @ret_is_done: no further step is to be made */
int hdfs_kerberos_step(struct hdfs_kerberos *k, struct arena *a, struct str in, struct str *ret,
                       bool *ret_is_done, struct err *err);

enum hdfs_seal { HDFS_SIGNED, HDFS_SEALED };

/** hdfs_kerberos_wrap() - sign, or seal, for the service */
int hdfs_kerberos_wrap(struct hdfs_kerberos *k, struct arena *a, enum hdfs_seal seal,
                       struct str in, struct str *ret, struct err *err);

/** hdfs_kerberos_unwrap() - check, and open, what the service has signed or sealed */
int hdfs_kerberos_unwrap(struct hdfs_kerberos *k, struct arena *a, struct str in,
                         struct str *ret, struct err *err);
