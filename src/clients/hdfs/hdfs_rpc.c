/* See hdfs_rpc.h. */
#include "clients/hdfs/hdfs_rpc.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "clients/hdfs/hdfs_message.h"
#include "clients/hdfs/hdfs_sasl.h"

enum { RPC_VERSION = 9, BY_NAME = 0, BY_SASL = 0xDF, LENGTH_BYTES = 4 };

struct hdfs_rpc {
    struct hdfs_rpc_options options;
    struct tcp *tcp;
    struct hdfs_sasl_session *session; /* NULL: by name alone */
    struct strbuf out;
};

/* ---- frames ---- */

static void put_length(struct strbuf *b, size_t len)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        strbuf_addc(b, (char) (len >> shift));
}

int hdfs_rpc_send(struct hdfs_rpc *r, struct str frame, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(frame.len + LENGTH_BYTES);

    put_length(&b, frame.len);
    strbuf_add(&b, frame);
    return tcp_write(r->tcp, strbuf_str(&b), err);
}

int hdfs_rpc_receive(struct hdfs_rpc *r, struct arena *a, struct str *ret, struct err *err)
{
    const unsigned char *p;
    struct str piece;
    size_t len;
    char *to;

    if (tcp_take(r->tcp, LENGTH_BYTES, &piece, err) < 0)
        return -1;
    p = (const unsigned char *) piece.ptr;
    len = (size_t) p[0] << 24 | (size_t) p[1] << 16 | (size_t) p[2] << 8 | p[3];
    if (memcmp(p, "HTTP", LENGTH_BYTES) == 0)
        return err_set(err, ERR_INVALID,
                       "the server speaks HTTP: WebHDFS needs an address http(s)://HOST:PORT");
    if (len > HDFS_ANSWER_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "an answer of %zu bytes is over the limit of %d", len,
                       HDFS_ANSWER_MAX_BYTES);
    *ret = STR("");
    if (len <= TCP_TAKE_MAX_BYTES) {
        if (tcp_take(r->tcp, len, &piece, err) < 0)
            return -1;
        *ret = str_copy(a, piece);
        return 0;
    }
    to = arena_alloc_raw(a, len);
    for (size_t at = 0; at < len; at += piece.len) {
        size_t want = len - at < TCP_TAKE_MAX_BYTES ? len - at : TCP_TAKE_MAX_BYTES;

        if (tcp_take(r->tcp, want, &piece, err) < 0)
            return -1;
        memcpy(to + at, piece.ptr, piece.len);
    }
    *ret = str_of(to, len);
    return 0;
}

/* ---- exceptions ---- */

static struct str first_line(struct str text)
{
    size_t end = str_find_char(text, '\n');

    return str_trim(str_head(text, end == SIZE_MAX ? text.len : end));
}

/* The last part of a class's name. */
static struct str last_word(struct str name)
{
    for (size_t at; (at = str_find_char(name, '.')) != SIZE_MAX;)
        name = str_skip(name, at + 1);
    for (size_t at; (at = str_find_char(name, '$')) != SIZE_MAX;)
        name = str_skip(name, at + 1);
    return name;
}

enum hdfs_failure hdfs_exception(struct str name, struct str message, struct err *err)
{
    static const struct {
        const char *name;
        enum err_kind kind;
        enum hdfs_failure failure;
    } known[] = {
        {"FileNotFoundException", ERR_NOT_FOUND, HDFS_FAILED},
        {"AccessControlException", ERR_DENIED, HDFS_FAILED},
        {"AuthorizationException", ERR_DENIED, HDFS_FAILED},
        {"FileAlreadyExistsException", ERR_EXISTS, HDFS_FAILED},
        {"AlreadyBeingCreatedException", ERR_TRANSIENT, HDFS_FAILED},
        {"LeaseExpiredException", ERR_TRANSIENT, HDFS_FAILED},
        {"NotReplicatedYetException", ERR_TRANSIENT, HDFS_STANDBY},
        {"StandbyException", ERR_TRANSIENT, HDFS_STANDBY},
        {"ObserverRetryOnActiveException", ERR_TRANSIENT, HDFS_STANDBY},
        {"RetriableException", ERR_TRANSIENT, HDFS_STANDBY},
        {"SafeModeException", ERR_TRANSIENT, HDFS_STANDBY},
        {"NSQuotaExceededException", ERR_LIMIT, HDFS_FAILED},
        {"DSQuotaExceededException", ERR_LIMIT, HDFS_FAILED},
        {"QuotaByStorageTypeExceededException", ERR_LIMIT, HDFS_FAILED},
        {"PathComponentTooLongException", ERR_LIMIT, HDFS_FAILED},
        {"MaxDirectoryItemsExceededException", ERR_LIMIT, HDFS_FAILED},
        {"InvalidToken", ERR_UNAUTHORIZED, HDFS_FAILED},
        {"RpcNoSuchMethodException", ERR_UNSUPPORTED, HDFS_FAILED},
        {"RpcNoSuchProtocolException", ERR_UNSUPPORTED, HDFS_FAILED},
        {"IOException", ERR_TRANSIENT, HDFS_FAILED},
    };
    struct str word = last_word(name), line = first_line(message);
    enum hdfs_failure failure = HDFS_FAILED;
    enum err_kind kind = ERR_INVALID;

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_is(word, known[i].name)) {
            kind = known[i].kind;
            failure = known[i].failure;
        }
    err_set(err, kind, STR_FMT ": " STR_FMT, STR_ARG(str_head(word, 100)),
            STR_ARG(str_head(line, 500)));
    return failure;
}

/* ---- connecting ---- */

static int say_hello(struct hdfs_rpc *r, struct err *err)
{
    const char hello[] = {
        'h', 'r', 'p', 'c', RPC_VERSION, 0, (char) (r->options.login ? BY_SASL : BY_NAME)};

    return tcp_write(r->tcp, str_of(hello, sizeof(hello)), err);
}

static int say_who(struct hdfs_rpc *r, struct err *err)
{
    strbuf_reset(&r->out);
    hdfs_put_call_head(&r->out, HDFS_CALL_CONTEXT, r->options.client_id, -1);
    hdfs_put_context(&r->out, r->options.user);
    return r->session ? hdfs_sasl_send(r->session, r, strbuf_str(&r->out), err)
                      : hdfs_rpc_send(r, strbuf_str(&r->out), err);
}

static int introduce(struct hdfs_rpc *r, struct err *err)
{
    if (say_hello(r, err) < 0)
        return -1;
    if (r->options.login) {
        r->session = hdfs_sasl_open(r->options.login, r, r->options.host, err);
        if (!r->session)
            return -1;
    }
    return say_who(r, err);
}

struct hdfs_rpc *hdfs_rpc_open(const struct hdfs_rpc_options *options, struct err *err)
{
    struct hdfs_rpc *r = NEW(struct hdfs_rpc);

    r->options = *options;
    strbuf_init(&r->out, HDFS_ANSWER_MAX_BYTES);
    r->tcp = tcp_connect(options->host, options->port, &options->tcp, err);
    if (r->tcp && introduce(r, err) == 0)
        return r;
    hdfs_rpc_close(r);
    return NULL;
}

void hdfs_rpc_close(struct hdfs_rpc *r)
{
    if (!r)
        return;
    hdfs_sasl_close(r->session);
    tcp_close(r->tcp);
    strbuf_done(&r->out);
    free(r);
}

/* ---- calls ---- */

static int ask(struct hdfs_rpc *r, struct arena *a, const struct hdfs_call *call,
               struct str *ret, struct err *err)
{
    strbuf_reset(&r->out);
    hdfs_put_call_head(&r->out, call->id, r->options.client_id, call->retry);
    hdfs_put_method(&r->out, call->method);
    protowire_put_varint(&r->out, call->request.len);
    strbuf_add(&r->out, call->request);
    if (r->session)
        return hdfs_sasl_send(r->session, r, strbuf_str(&r->out), err) < 0
                   ? -1
                   : hdfs_sasl_receive(r->session, r, a, ret, err);
    return hdfs_rpc_send(r, strbuf_str(&r->out), err) < 0 ? -1
                                                          : hdfs_rpc_receive(r, a, ret, err);
}

/* The answer to @call: its message, or what went wrong. */
static int judge(const struct hdfs_call *call, struct str frame, struct str *ret,
                 enum hdfs_failure *failure, struct err *err)
{
    struct hdfs_rpc_head head;
    struct str bytes;

    *failure = HDFS_HOPELESS;
    if (!protowire_cut_bytes(&frame, &bytes) || !hdfs_read_rpc_head(bytes, &head))
        return err_set(err, ERR_INVALID, "what was answered is no message of a name node");
    if (head.status != HDFS_RPC_SUCCESS) {
        *failure = hdfs_exception(head.exception, head.message, err);
        if (head.status == HDFS_RPC_FATAL && *failure == HDFS_FAILED && err->kind == ERR_DENIED)
            err->kind = ERR_UNAUTHORIZED;
        return -1;
    }
    if (head.call_id != call->id || !protowire_cut_bytes(&frame, ret))
        return err_set(err, ERR_INVALID, "what was answered is not what was asked for");
    return 0;
}

int hdfs_rpc_call(struct hdfs_rpc *r, struct arena *a, const struct hdfs_call *call,
                  struct str *ret, enum hdfs_failure *failure, struct err *err)
{
    struct str frame;

    *failure = HDFS_BROKEN;
    if (ask(r, a, call, &frame, err) < 0) {
        if (err->kind != ERR_TRANSIENT && err->kind != ERR_TIMEOUT)
            *failure = HDFS_HOPELESS;
    } else if (judge(call, frame, ret, failure, err) == 0)
        return 0;
    return err_wrap(err, "%s%s" STR_FMT, call->method, str_is_empty(call->subject) ? "" : " ",
                    STR_ARG(call->subject));
}
