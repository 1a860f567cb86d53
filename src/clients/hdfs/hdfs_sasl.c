/* See hdfs_sasl.h. */
#include "clients/hdfs/hdfs_sasl.h"

#include <stdlib.h>

#include "base/mem.h"
#include "clients/hdfs/hdfs_message.h"

enum { LAYER_NONE = 1, LAYER_SIGNED = 2, LAYER_SEALED = 4, STEPS_MAX = 16 };

struct hdfs_sasl_session {
    struct hdfs_kerberos *kerberos;
    int layer;           /* what was agreed on */
    bool is_ready;       /* GSSAPI has done its part: the layer is what comes */
    struct arena *arena; /* of a frame that holds several answers */
    struct str rest;     /* what is left of it */
};

/* ---- messages ---- */

static int send_step(struct hdfs_rpc *r, enum hdfs_sasl_state state, struct str token,
                     const struct hdfs_sasl_way *way, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(token.len + (1 << 16));
    struct str frame;

    hdfs_put_call_head(&b, HDFS_CALL_SASL, STR(""), -1);
    hdfs_put_sasl(&b, state, token, way);
    return strbuf_finish(&b, &frame, err) < 0 ? -1 : hdfs_rpc_send(r, frame, err);
}

static int receive_step(struct hdfs_rpc *r, struct arena *a, struct hdfs_sasl *ret,
                        struct err *err)
{
    struct hdfs_rpc_head head;
    struct str frame, bytes;

    if (hdfs_rpc_receive(r, a, &frame, err) < 0)
        return -1;
    if (!protowire_cut_bytes(&frame, &bytes) || !hdfs_read_rpc_head(bytes, &head))
        return err_set(err, ERR_INVALID, "what was answered is no message of a name node");
    if (head.status != HDFS_RPC_SUCCESS) {
        hdfs_exception(head.exception, head.message, err);
        if (!err_is_retryable(err) || str_ends(head.exception, STR("SaslException")))
            err->kind = ERR_UNAUTHORIZED;
        return -1;
    }
    if (head.call_id != HDFS_CALL_SASL || !protowire_cut_bytes(&frame, &bytes) ||
        !hdfs_read_sasl(a, bytes, ret))
        return err_set(err, ERR_INVALID, "the name node's step of SASL is damaged");
    return 0;
}

/* ---- the mechanism GSSAPI ---- */

/* The server's layers and the largest message; ours, the weakest that it offers. */
static int agree(struct hdfs_sasl_session *s, struct arena *a, struct str in, struct str *ret,
                 struct err *err)
{
    char answer[4] = {0, 0x7f, (char) 0xff, (char) 0xff};
    struct str offer;

    if (hdfs_kerberos_unwrap(s->kerberos, a, in, &offer, err) < 0)
        return -1;
    if (offer.len != 4)
        return err_set(err, ERR_INVALID, "the name node offers no layers of SASL");
    s->layer = offer.ptr[0] & LAYER_NONE     ? LAYER_NONE
               : offer.ptr[0] & LAYER_SIGNED ? LAYER_SIGNED
                                             : LAYER_SEALED;
    answer[0] = (char) s->layer;
    if (s->layer == LAYER_NONE)
        memset(answer + 1, 0, 3);
    return hdfs_kerberos_wrap(s->kerberos, a, HDFS_SIGNED, str_of(answer, sizeof(answer)), ret,
                              err);
}

/* The answer to a token: of Kerberos itself, then of the layers. */
static int evaluate(struct hdfs_sasl_session *s, struct arena *a, struct str in,
                    struct str *ret, struct err *err)
{
    if (s->is_ready)
        return agree(s, a, in, ret, err);
    return hdfs_kerberos_step(s->kerberos, a, in, ret, &s->is_ready, err);
}

static const struct hdfs_sasl_way *find_kerberos(const struct hdfs_sasl *offer)
{
    for (size_t i = 0; i < offer->ways.len; i++)
        if (str_is(offer->ways.at[i].method, "KERBEROS") &&
            str_is(offer->ways.at[i].mechanism, "GSSAPI"))
            return &offer->ways.at[i];
    return NULL;
}

static int initiate(struct hdfs_sasl_session *s, struct hdfs_rpc *r, struct arena *a,
                    const struct hdfs_sasl *offer, struct err *err)
{
    const struct hdfs_sasl_way *way = find_kerberos(offer);
    struct str token;

    if (!way)
        return err_set(err, ERR_UNAUTHORIZED,
                       "the name node takes no Kerberos: give hdfsUser instead");
    if (evaluate(s, a, str_is_none(way->challenge) ? STR("") : way->challenge, &token, err) < 0)
        return -1;
    return send_step(r, HDFS_SASL_INITIATE, token, way, err);
}

static int challenge(struct hdfs_sasl_session *s, struct hdfs_rpc *r, struct arena *a,
                     struct str in, struct err *err)
{
    struct str token;

    return evaluate(s, a, in, &token, err) < 0
               ? -1
               : send_step(r, HDFS_SASL_RESPONSE, token, NULL, err);
}

/* 1: the server is satisfied. */
static int step(struct hdfs_sasl_session *s, struct hdfs_rpc *r, struct arena *a,
                struct err *err)
{
    struct hdfs_sasl in;

    if (receive_step(r, a, &in, err) < 0)
        return -1;
    switch (in.state) {
    case HDFS_SASL_NEGOTIATE:
        return initiate(s, r, a, &in, err);
    case HDFS_SASL_CHALLENGE:
        return challenge(s, r, a, in.token, err);
    case HDFS_SASL_SUCCESS:
        return s->layer ? 1
                        : err_set(err, ERR_UNAUTHORIZED,
                                  "the name node takes no Kerberos: give hdfsUser instead");
    case HDFS_SASL_INITIATE:
    case HDFS_SASL_RESPONSE:
    case HDFS_SASL_WRAP:
        break;
    }
    return err_set(err, ERR_INVALID, "the name node's step of SASL is out of order");
}

static int negotiate(struct hdfs_sasl_session *s, struct hdfs_rpc *r, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();

    if (send_step(r, HDFS_SASL_NEGOTIATE, STR_NONE, NULL, err) < 0)
        return -1;
    for (int i = 0; i < STEPS_MAX; i++) {
        int got = step(s, r, a, err);

        if (got != 0)
            return got > 0 ? 0 : -1;
    }
    return err_set(err, ERR_INVALID, "the name node's SASL has no end");
}

/* ---- sessions ---- */

struct hdfs_sasl_session *hdfs_sasl_open(const struct hdfs_login *login, struct hdfs_rpc *r,
                                         struct str host, struct err *err)
{
    struct hdfs_sasl_session *s = NEW(struct hdfs_sasl_session);

    s->arena = arena_new();
    s->kerberos = hdfs_kerberos_open(login, host, err);
    if (s->kerberos && negotiate(s, r, err) == 0)
        return s;
    hdfs_sasl_close(s);
    return NULL;
}

void hdfs_sasl_close(struct hdfs_sasl_session *s)
{
    if (!s)
        return;
    hdfs_kerberos_close(s->kerberos);
    arena_free(s->arena);
    free(s);
}

int hdfs_sasl_send(struct hdfs_sasl_session *s, struct hdfs_rpc *r, struct str frame,
                   struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(frame.len + 4);
    _cleanup_arena_ struct arena *a = NULL;
    struct str token;

    if (s->layer == LAYER_NONE)
        return hdfs_rpc_send(r, frame, err);
    a = arena_new();
    for (int shift = 24; shift >= 0; shift -= 8)
        strbuf_addc(&b, (char) (frame.len >> shift));
    strbuf_add(&b, frame);
    if (hdfs_kerberos_wrap(s->kerberos, a, s->layer == LAYER_SEALED ? HDFS_SEALED : HDFS_SIGNED,
                           strbuf_str(&b), &token, err) < 0)
        return -1;
    return send_step(r, HDFS_SASL_WRAP, token, NULL, err);
}

/* What is sealed is a stream: lengths and answers, of which a message may hold several. */
int hdfs_sasl_receive(struct hdfs_sasl_session *s, struct hdfs_rpc *r, struct arena *a,
                      struct str *ret, struct err *err)
{
    const unsigned char *p;
    struct hdfs_sasl in;
    size_t len;

    if (s->layer == LAYER_NONE)
        return hdfs_rpc_receive(r, a, ret, err);
    if (s->rest.len == 0) {
        arena_reset(s->arena);
        if (receive_step(r, s->arena, &in, err) < 0)
            return -1;
        if (in.state != HDFS_SASL_WRAP)
            return err_set(err, ERR_INVALID, "the name node's answer is not sealed");
        if (hdfs_kerberos_unwrap(s->kerberos, s->arena, in.token, &s->rest, err) < 0)
            return -1;
    }
    if (s->rest.len < 4)
        return err_set(err, ERR_INVALID, "the name node's sealed answer is cut off");
    p = (const unsigned char *) s->rest.ptr;
    len = (size_t) p[0] << 24 | (size_t) p[1] << 16 | (size_t) p[2] << 8 | p[3];
    s->rest = str_skip(s->rest, 4);
    if (len > s->rest.len)
        return err_set(err, ERR_INVALID, "the name node's sealed answer is cut off");
    *ret = str_copy(a, str_head(s->rest, len));
    s->rest = str_skip(s->rest, len);
    return 0;
}
