/* See grpc_client.h. */
#include "io/grpc_client.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "io/grpc_frames.h"

enum { TIMEOUT_MAX_MS = 99999999, HTTP2_FRAME_BYTES = 9, HTTP2_SETTINGS = 4 };

/* ---- how a call ended ---- */

static const struct {
    const char *name;
    enum err_kind kind;
} codes[] = {
    {"OK", ERR_NONE},
    {"Canceled", ERR_TRANSIENT},
    {"Unknown", ERR_INVALID},
    {"InvalidArgument", ERR_INVALID},
    {"DeadlineExceeded", ERR_TIMEOUT},
    {"NotFound", ERR_NOT_FOUND},
    {"AlreadyExists", ERR_EXISTS},
    {"PermissionDenied", ERR_DENIED},
    {"ResourceExhausted", ERR_TRANSIENT},
    {"FailedPrecondition", ERR_INVALID},
    {"Aborted", ERR_TRANSIENT},
    {"OutOfRange", ERR_INVALID},
    {"Unimplemented", ERR_UNSUPPORTED},
    {"Internal", ERR_INVALID},
    {"Unavailable", ERR_TRANSIENT},
    {"DataLoss", ERR_INVALID},
    {"Unauthenticated", ERR_UNAUTHORIZED},
};

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* grpc-message is percent-coded; what is no code stands for itself. */
static struct str decoded(struct arena *a, struct str text)
{
    char *to = arena_alloc_raw(a, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        bool is_code = text.ptr[i] == '%' && i + 2 < text.len &&
                       hex_digit(text.ptr[i + 1]) >= 0 && hex_digit(text.ptr[i + 2]) >= 0;

        to[len++] = is_code
                        ? (char) (hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2]))
                        : text.ptr[i];
        if (is_code)
            i += 2;
    }
    to[len] = '\0';
    return str_of(to, len);
}

static int judge(struct arena *a, const struct grpc_call *call,
                 const struct http_answer *answer, struct err *err)
{
    struct str code = http_answer_header(answer, STR("grpc-status"));
    struct str message = decoded(a, http_answer_header(answer, STR("grpc-message")));
    uint32_t number;

    if (str_is_empty(code) && answer->status != 200)
        return err_set(err, http_status_kind(answer->status),
                       STR_FMT ": status %u instead of an answer of gRPC",
                       STR_ARG(call->method), answer->status);
    if (str_is_empty(code))
        return err_set(err, ERR_TRANSIENT, STR_FMT ": the answer ended without a status",
                       STR_ARG(call->method));
    if (!parse_u32(code, &number) || number >= COUNT_OF(codes))
        return err_set(err, ERR_INVALID, "rpc error: code = Code(" STR_FMT ") desc = " STR_FMT,
                       STR_ARG(code), STR_ARG(message));
    return number == 0
               ? 0
               : err_set(err, codes[number].kind, "rpc error: code = %s desc = " STR_FMT,
                         codes[number].name, STR_ARG(message));
}

/* ---- the messages ---- */

struct reading {
    const struct grpc_call *call;
    struct grpc_frames frames;
    bool is_failed, is_enough;
    struct err *err;
};

static int on_chunk(void *ctx, struct str chunk)
{
    struct reading *r = ctx;
    struct str message;
    int result;

    while ((result = grpc_frames_next(&r->frames, &chunk, &message, r->err)) > 0) {
        result = r->call->on_message(r->call->ctx, message);
        r->is_enough = result > 0;
        r->is_failed = result < 0;
        if (r->is_failed)
            err_set(r->err, ERR_CANCELLED, "the reader stopped");
        if (result != 0)
            return -1;
    }
    r->is_failed = result < 0;
    return result;
}

/* ---- calls ---- */

static struct str framed(struct arena *a, struct str message)
{
    char *to = arena_alloc_raw(a, GRPC_FRAME_HEAD_BYTES + message.len);
    uint32_t len = (uint32_t) message.len;

    to[0] = 0;
    for (int i = 0; i < 4; i++)
        to[1 + i] = (char) (len >> (24 - 8 * i) & 0xFF);
    if (message.len > 0)
        memcpy(to + GRPC_FRAME_HEAD_BYTES, message.ptr, message.len);
    return str_of(to, GRPC_FRAME_HEAD_BYTES + message.len);
}

/* The host in the URL is nobody's: the socket is who was asked. */
static int name_socket(struct arena *a, const struct grpc_call *call, struct str url,
                       struct err *err)
{
    struct str text = str_copy(a, str_from(err->text));
    struct str before = str_printf(a, "POST " STR_FMT ": ", STR_ARG(url));

    if (str_starts(text, before))
        err_set(err, err->kind, "socket %s: " STR_FMT, call->socket,
                STR_ARG(str_skip(text, before.len)));
    return -1;
}

int grpc_client_call(struct http_client *c, struct arena *a, const struct grpc_call *call,
                     struct err *err)
{
    struct reading r = {.call = call, .err = err};
    uint64_t limit = call->timeout_ms < TIMEOUT_MAX_MS ? call->timeout_ms : TIMEOUT_MAX_MS;
    const struct http_header headers[] = {
        {STR("content-type"), STR("application/grpc")},
        {STR("te"), STR("trailers")},
        {STR("grpc-accept-encoding"), STR("identity")},
        {STR("grpc-timeout"), str_printf(a, "%" PRIu64 "m", limit)},
    };
    const struct http_call http = {
        .method = STR("POST"),
        .url = str_concat(a, STR("http://localhost/"), call->method),
        .headers = headers,
        .header_count = COUNT_OF(headers) - (limit == 0),
        .body = framed(a, call->request),
        .timeout_ms = call->timeout_ms,
        .cancel_fd = call->cancel_fd,
        .is_bare = true,
        .unix_socket = call->socket,
        .is_http2 = true,
        .on_chunk = on_chunk,
        .ctx = &r,
    };
    struct http_answer answer;
    struct err said; /* the reader's own is not to be lost behind it */
    int result;

    if (call->request.len > GRPC_MESSAGE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, STR_FMT ": a request over %d bytes",
                       STR_ARG(call->method), GRPC_MESSAGE_MAX_BYTES);
    grpc_frames_init(&r.frames);
    result = http_client_do(c, a, &http, &answer, &said);
    grpc_frames_done(&r.frames);
    if (result == 0)
        return judge(a, call, &answer, err);
    if (r.is_enough)
        return 0;
    if (r.is_failed)
        return err_wrap(err, STR_FMT, STR_ARG(call->method));
    *err = said;
    return name_socket(a, call, http.url, err);
}

/* The one answer of a call. */
struct single {
    struct arena *a;
    struct str message;
    unsigned count;
};

static int keep_message(void *ctx, struct str message)
{
    struct single *s = ctx;

    if (s->count++ == 0)
        s->message = str_copy(s->a, message);
    return 0;
}

int grpc_client_unary(struct http_client *c, struct arena *a, const struct grpc_call *call,
                      struct str *ret, struct err *err)
{
    struct single s = {.a = a};
    struct grpc_call whole = *call;

    whole.on_message = keep_message;
    whole.ctx = &s;
    if (grpc_client_call(c, a, &whole, err) < 0)
        return -1;
    if (s.count != 1)
        return err_set(err, ERR_INVALID, STR_FMT ": %u answers instead of one",
                       STR_ARG(call->method), s.count);
    *ret = s.message;
    return 0;
}

/* ---- is somebody there? ---- */

static int connect_to(const char *path, struct err *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof(to.sun_path))
        return err_set(err, ERR_INVALID, "socket %s: its path is over %zu bytes long", path,
                       sizeof(to.sun_path) - 1);
    memcpy(to.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_sys(err, errno, "open a socket");
    if (connect(fd, (const struct sockaddr *) &to, sizeof(to)) == 0)
        return fd;
    err_sys(err, errno, "connect to socket %s", path);
    err->kind = ERR_TRANSIENT;
    close(fd);
    return -1;
}

/* The first frame of a server is its settings. */
static int hear(int fd, const char *path, struct mono end, struct err *err)
{
    unsigned char head[HTTP2_FRAME_BYTES];
    struct pollfd in = {.fd = fd, .events = POLLIN};
    size_t len = 0;

    while (len < sizeof(head)) {
        uint64_t left = mono_ms_until(clock_mono(), end);
        ssize_t got;

        if (left == 0)
            return err_set(err, ERR_TIMEOUT, "socket %s: who listens there does not answer",
                           path);
        if (poll(&in, 1, left < INT_MAX ? (int) left : INT_MAX) <= 0)
            continue;
        got = recv(fd, head + len, sizeof(head) - len, 0);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            return err_set(err, ERR_TRANSIENT, "socket %s: the connection ended at once", path);
        len += got > 0 ? (size_t) got : 0;
    }
    return head[3] == HTTP2_SETTINGS
               ? 0
               : err_set(err, ERR_INVALID, "socket %s: who answers there speaks no HTTP/2",
                         path);
}

int grpc_client_probe(const char *socket, uint64_t wait_ms, struct err *err)
{
    /* The preface of a client, and settings that change nothing. */
    static const char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                                "\0\0\0\4\0\0\0\0\0";
    struct mono end = mono_after(clock_mono(), wait_ms);
    int fd = connect_to(socket, err), result;

    if (fd < 0)
        return -1;
    result =
        send(fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL) < 0
            ? err_set(err, ERR_TRANSIENT, "socket %s: the connection ended at once", socket)
            : hear(fd, socket, end, err);
    close(fd);
    return result;
}
