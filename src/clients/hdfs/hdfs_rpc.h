/*
 * clients/hdfs/hdfs_rpc.h - one connection to a name node: Hadoop's RPC, version 9, with
 * messages of Protocol Buffers, as one says who one is by name alone or proves it by Kerberos.
 *
 * Blocking; one thread. A call that fails otherwise than by an answer of the server leaves the
 * connection unusable. Source: Hadoop's RpcHeader.proto, IpcConnectionContext.proto and
 * Client.java's order of things.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "io/tcp.h"

struct hdfs_login;
struct hdfs_rpc;

/* Borrowed for the connection's life. */
struct hdfs_rpc_options {
    struct str host;
    uint32_t port;
    struct str user;                /* as whom one acts; "": as whom one proves to be */
    const struct hdfs_login *login; /* how one proves it; NULL: not at all */
    struct str client_id;           /* 16 bytes: with the call's number, the same call */
    struct tcp_options tcp;
};

/* One call. */
struct hdfs_call {
    const char *method;
    struct str request; /* its message */
    struct str subject; /* path, for errors; or "" */
    int32_t id;         /* the same again for a call that is repeated */
    int32_t retry;      /* how often it was */
};

/* Why a call failed, beyond its error. */
enum hdfs_failure {
    HDFS_FAILED,  /* the server said so */
    HDFS_STANDBY, /* another server knows, or this one in a while */
    HDFS_BROKEN,  /* nobody knows whether it was carried out */
    HDFS_HOPELESS /* asking again is of no use, here or elsewhere */
};

/**
 * hdfs_rpc_open() - connect, and say who one is
 * @err: as tcp_connect(); ERR_UNAUTHORIZED: the server wants another proof; ERR_INVALID: it is
 * no name node
 *
 * Return: owned, or NULL.
 */
struct hdfs_rpc *hdfs_rpc_open(const struct hdfs_rpc_options *options, struct err *err);

/** hdfs_rpc_close() - disconnect; NULL is a no-op */
void hdfs_rpc_close(struct hdfs_rpc *r);

/**
 * hdfs_rpc_call() - ask, and wait for the answer
 * @r:       connection
 * @a:       where the answer lives
 * @call:    what is asked
 * @ret:     the message of the answer
 * @failure: why it failed
 * @err:     ERR_NOT_FOUND, ERR_EXISTS, ERR_DENIED, ERR_INVALID, ERR_LIMIT, ERR_UNSUPPORTED,
 * ERR_TRANSIENT and those of connections; texts name the method, the path and what the server
 * said
 */
int hdfs_rpc_call(struct hdfs_rpc *r, struct arena *a, const struct hdfs_call *call,
                  struct str *ret, enum hdfs_failure *failure, struct err *err);

/* ---- for hdfs_sasl.c ---- */

/** hdfs_rpc_send() - a frame whose bytes follow their length */
int hdfs_rpc_send(struct hdfs_rpc *r, struct str frame, struct err *err);

/** hdfs_rpc_receive() - the next frame, in the arena; ERR_LIMIT over HDFS_ANSWER_MAX_BYTES */
int hdfs_rpc_receive(struct hdfs_rpc *r, struct arena *a, struct str *ret, struct err *err);

/**
 * hdfs_exception() - what an exception of Hadoop means here
 * @name:     its class
 * @message:  its text, of which the first line is told
 * @err:      filled
 *
 * Return: how a call failed by it.
 */
enum hdfs_failure hdfs_exception(struct str name, struct str message, struct err *err);
