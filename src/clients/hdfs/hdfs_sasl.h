/*
 * clients/hdfs/hdfs_sasl.h - proving to a name node who one is: SASL within Hadoop's RPC, by
 * Kerberos. When both sides agree on it, what follows is signed or sealed.
 *
 * Blocking; one thread, the connection's. Source: RFC 4752; RpcHeader.proto's RpcSaslProto.
 */
#pragma once

#include "clients/hdfs/hdfs_kerberos.h"
#include "clients/hdfs/hdfs_rpc.h"

struct hdfs_sasl_session;

/**
 * hdfs_sasl_open() - prove who one is, behind the connection's first bytes
 * @login: borrowed
 * @r:     connection
 * @host:  the server's name, for "_HOST" in its principal
 * @err:   ERR_UNAUTHORIZED: no ticket, or the server takes no Kerberos; ERR_UNSUPPORTED: the
 * library is not there
 *
 * Return: owned, or NULL.
 */
struct hdfs_sasl_session *hdfs_sasl_open(const struct hdfs_login *login, struct hdfs_rpc *r,
                                         struct str host, struct err *err);

/** hdfs_sasl_close() - release; NULL is a no-op */
void hdfs_sasl_close(struct hdfs_sasl_session *s);

/** hdfs_sasl_send() - hdfs_rpc_send(), signed or sealed as was agreed */
int hdfs_sasl_send(struct hdfs_sasl_session *s, struct hdfs_rpc *r, struct str frame,
                   struct err *err);

/** hdfs_sasl_receive() - hdfs_rpc_receive() of what is signed or sealed as was agreed */
int hdfs_sasl_receive(struct hdfs_sasl_session *s, struct hdfs_rpc *r, struct arena *a,
                      struct str *ret, struct err *err);
