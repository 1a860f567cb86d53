/*
 * HTTP/1.1 on a socket. See http_plain.h.
 *
 * The socket does not block; every wait is a poll() for it, for the caller's cancel_fd and for
 * the deadline. What is read is untrusted: heads and bodies have limits, lengths must be
 * numbers.
 */
#include "io/http_plain.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/vec.h"

enum { TIMEOUT_DEFAULT_MS = 30000, READ_BYTES = 65536, NAME_MAX_BYTES = 256 };

struct http_plain {
    int fd;                        /* -1: none */
    char host[NAME_MAX_BYTES + 1]; /* host and port that it is connected to */
    struct strbuf in;              /* read, not yet used */
};

struct target {
    struct str host; /* without brackets */
    struct str port;
    struct str authority; /* as in the URL */
    struct str path;      /* with query; at least "/" */
};

struct exchange {
    struct http_plain *p;
    struct arena *a;
    const struct http_call *call;
    struct mono deadline;
    bool has_deadline;
    /* the answer */
    unsigned status;
    VEC(struct http_header) headers;
    struct strbuf body;
    bool is_stopped, closes;
};

struct http_plain *http_plain_new(void)
{
    struct http_plain *p = NEW(struct http_plain);

    p->fd = -1;
    strbuf_init(&p->in, HTTP_ANSWER_HEADER_MAX_BYTES + READ_BYTES);
    return p;
}

static void disconnect(struct http_plain *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    strbuf_reset(&p->in);
}

void http_plain_free(struct http_plain *p)
{
    if (!p)
        return;
    disconnect(p);
    strbuf_done(&p->in);
    free(p);
}

/* ---- where to ---- */

static bool read_target(struct str url, struct target *ret)
{
    static const struct str scheme = STR_INIT("http://");
    struct str rest = str_skip(url, scheme.len);
    size_t slash = str_find_char(rest, '/'), colon;

    *ret = (struct target){0};
    if (!str_starts(url, scheme))
        return false;
    ret->authority = str_head(rest, slash);
    ret->path = slash == SIZE_MAX ? STR("/") : str_skip(rest, slash);
    ret->port = STR("80");
    ret->host = ret->authority;
    if (str_starts(ret->host, STR("["))) {
        size_t end = str_find_char(ret->host, ']');

        if (end == SIZE_MAX)
            return false;
        rest = str_skip(ret->host, end + 1);
        ret->host = str_skip(str_head(ret->host, end), 1);
        if (str_starts(rest, STR(":")))
            ret->port = str_skip(rest, 1);
    } else {
        colon = str_find_char(ret->host, ':');
        if (colon != SIZE_MAX) {
            ret->port = str_skip(ret->host, colon + 1);
            ret->host = str_head(ret->host, colon);
        }
    }
    return ret->host.len > 0 && ret->port.len > 0 && ret->authority.len <= NAME_MAX_BYTES &&
           str_find_char(ret->authority, '@') == SIZE_MAX;
}

/* Nothing below a blank may stand in the request's first line. */
static bool is_clean(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char) text.ptr[i] <= ' ' || text.ptr[i] == 0x7f)
            return false;
    return true;
}

bool http_plain_fits(struct str url)
{
    struct target target;

    return read_target(url, &target) && is_clean(url);
}

/* ---- waiting ---- */

static int fail(struct exchange *x, enum err_kind kind, const char *what, struct err *err)
{
    disconnect(x->p);
    return err_set(err, kind, STR_FMT " " STR_FMT ": %s", STR_ARG(x->call->method),
                   STR_ARG(http_url_shown(x->a, x->call->url)), what);
}

static int fail_sys(struct exchange *x, int sys, struct err *err)
{
    return fail(x, ERR_TRANSIENT, strerrordesc_np(sys), err);
}

static int wait_for(struct exchange *x, short events, struct err *err)
{
    struct pollfd fds[2] = {{.fd = x->p->fd, .events = events},
                            {.fd = x->call->cancel_fd, .events = POLLIN}};
    nfds_t count = x->call->cancel_fd > 0 ? 2 : 1;

    for (;;) {
        uint64_t left = mono_ms_until(clock_mono(), x->deadline);
        int result = poll(fds, count,
                          !x->has_deadline   ? -1
                          : left > INT32_MAX ? INT32_MAX
                                             : (int) left);

        if (result < 0 && errno == EINTR)
            continue;
        if (result < 0)
            return fail_sys(x, errno, err);
        if (count == 2 && fds[1].revents) {
            disconnect(x->p);
            return err_set(err, ERR_CANCELLED, "asked to stop");
        }
        if (fds[0].revents)
            return 0;
        if (x->has_deadline && mono_ms_until(clock_mono(), x->deadline) == 0)
            return fail(x, ERR_TIMEOUT, "no answer within the time", err);
    }
}

/* ---- connecting ---- */

static int connect_to(struct exchange *x, const struct addrinfo *at, struct err *err)
{
    int one = 1, error = 0;
    socklen_t len = sizeof(error);

    x->p->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (x->p->fd < 0)
        return fail_sys(x, errno, err);
    if (connect(x->p->fd, at->ai_addr, at->ai_addrlen) < 0) {
        if (errno != EINPROGRESS)
            return fail_sys(x, errno, err);
        if (wait_for(x, POLLOUT, err) < 0)
            return -1;
        getsockopt(x->p->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        if (error)
            return fail_sys(x, error, err);
    }
    setsockopt(x->p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return 0;
}

static int connect_new(struct exchange *x, const struct target *target, struct err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int result = -1, error;

    disconnect(x->p);
    error = getaddrinfo(str_cz(x->a, target->host), str_cz(x->a, target->port), &hints, &found);
    if (error != 0)
        return fail(x, ERR_TRANSIENT, gai_strerror(error), err);
    for (const struct addrinfo *at = found; at && result < 0; at = at->ai_next) {
        result = connect_to(x, at, err);
        if (result < 0 && err->kind == ERR_CANCELLED)
            break;
    }
    freeaddrinfo(found);
    if (result == 0)
        snprintf(x->p->host, sizeof(x->p->host), STR_FMT, STR_ARG(target->authority));
    return result;
}

/* Is the kept connection to this server, and has the server not closed it? */
static bool can_reuse(const struct http_plain *p, const struct target *target)
{
    struct pollfd fd = {.fd = p->fd, .events = POLLIN};

    return p->fd >= 0 && p->in.len == 0 && str_is(target->authority, p->host) &&
           poll(&fd, 1, 0) == 0;
}

/* ---- sending ---- */

static int build_request(struct exchange *x, const struct target *target, struct strbuf *b,
                         struct err *err)
{
    const struct http_call *call = x->call;

    strbuf_addf(b, STR_FMT " " STR_FMT " HTTP/1.1\r\nHost: " STR_FMT "\r\nAccept: */*\r\n",
                STR_ARG(call->method), STR_ARG(target->path), STR_ARG(target->authority));
    for (size_t i = 0; i < call->header_count; i++) {
        struct str name = call->headers[i].name, value = call->headers[i].value;

        if (!is_clean(name) || str_find_char(value, '\r') != SIZE_MAX ||
            str_find_char(value, '\n') != SIZE_MAX)
            return err_set(err, ERR_INVALID, "header " STR_FMT " has a line end or a blank",
                           STR_ARG(name));
        strbuf_addf(b, STR_FMT ": " STR_FMT "\r\n", STR_ARG(name), STR_ARG(value));
    }
    if (call->body.len > 0 || str_is(call->method, "POST") || str_is(call->method, "PUT") ||
        str_is(call->method, "PATCH"))
        strbuf_addf(b, "Content-Length: %zu\r\n", call->body.len);
    strbuf_addz(b, "\r\n");
    strbuf_add(b, call->body);
    return 0;
}

static int send_all(struct exchange *x, struct str bytes, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t len = send(x->p->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

        if (len >= 0) {
            bytes = str_skip(bytes, (size_t) len);
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return fail_sys(x, errno, err);
        if (errno == EAGAIN && wait_for(x, POLLOUT, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- reading ---- */

/* More bytes behind those that are there: 1, 0 at the end of the stream, or -1. */
static int read_more(struct exchange *x, struct err *err)
{
    for (;;) {
        char *room = strbuf_reserve(&x->p->in, READ_BYTES);
        ssize_t len;

        if (!room)
            return fail(x, ERR_LIMIT, "the head of the answer is too long", err);
        len = recv(x->p->fd, room, READ_BYTES, 0);
        if (len > 0) {
            x->p->in.len += (size_t) len;
            return 1;
        }
        if (len == 0)
            return 0;
        if (errno != EAGAIN && errno != EINTR)
            return fail_sys(x, errno, err);
        if (errno == EAGAIN && wait_for(x, POLLIN, err) < 0)
            return -1;
    }
}

static int cut_short(struct exchange *x, struct err *err)
{
    return fail(x, ERR_TRANSIENT, "the answer ends in the middle", err);
}

/* The next line, without its end; in the arena. */
static int read_line(struct exchange *x, struct str *ret, struct err *err)
{
    struct strbuf *in = &x->p->in;
    size_t end;
    int result;

    while ((end = str_find_char(strbuf_str(in), '\n')) == SIZE_MAX) {
        if (in->len > HTTP_ANSWER_HEADER_MAX_BYTES)
            return fail(x, ERR_LIMIT, "the head of the answer is too long", err);
        result = read_more(x, err);
        if (result <= 0)
            return result < 0 ? -1 : cut_short(x, err);
    }
    *ret = str_copy(x->a, str_head(strbuf_str(in), end));
    if (str_ends(*ret, STR("\r")))
        ret->len--;
    strbuf_skip(in, end + 1);
    return 0;
}

static int no_http(struct exchange *x, struct err *err)
{
    return fail(x, ERR_INVALID, "the answer is no HTTP/1.1", err);
}

static int read_status(struct exchange *x, struct err *err)
{
    struct str line, version, code;
    uint32_t status;

    if (read_line(x, &line, err) < 0)
        return -1;
    if (!str_cut(&line, ' ', &version) || !str_starts(version, STR("HTTP/1.")) ||
        !str_cut(&line, ' ', &code) || code.len != 3 || !parse_u32(code, &status) ||
        status < 100)
        return no_http(x, err);
    x->status = status;
    x->closes = str_is(version, "HTTP/1.0");
    return 0;
}

static int read_headers(struct exchange *x, struct err *err)
{
    size_t bytes = 0;
    struct str line, name;

    x->headers.len = 0;
    for (;;) {
        if (read_line(x, &line, err) < 0)
            return -1;
        if (str_is_empty(line))
            return 0;
        bytes += line.len + 2;
        if (bytes > HTTP_ANSWER_HEADER_MAX_BYTES)
            return fail(x, ERR_LIMIT, "the head of the answer is too long", err);
        if (!str_cut(&line, ':', &name) || str_is_none(line) || !is_clean(name))
            return no_http(x, err);
        VEC_APUSH(x->a, &x->headers, ((struct http_header){name, str_trim(line)}));
    }
}

static struct str header(const struct exchange *x, const char *name)
{
    for (size_t i = 0; i < x->headers.len; i++)
        if (str_eq_nocase(x->headers.at[i].name, str_from(name)))
            return x->headers.at[i].value;
    return STR_NONE;
}

/* Hands bytes over, or keeps them. */
static int deliver(struct exchange *x, struct str bytes, struct err *err)
{
    if (bytes.len == 0)
        return 0;
    if (x->call->on_chunk && x->status < 400) {
        if (x->call->on_chunk(x->call->ctx, bytes) == 0)
            return 0;
        disconnect(x->p);
        return err_set(err, ERR_CANCELLED, "the reader stopped");
    }
    strbuf_add(&x->body, bytes);
    if (!x->body.is_over)
        return 0;
    disconnect(x->p);
    return err_set(err, ERR_LIMIT, "answer of " STR_FMT " is over %d bytes",
                   STR_ARG(x->call->url), HTTP_RESPONSE_MAX_BYTES);
}

/* A part of the body whose length is known. */
static int read_part(struct exchange *x, uint64_t left, struct err *err)
{
    while (left > 0) {
        struct str there = str_head(strbuf_str(&x->p->in), left > SIZE_MAX ? SIZE_MAX : left);
        int result;

        if (there.len > 0) {
            if (deliver(x, there, err) < 0)
                return -1;
            left -= there.len;
            strbuf_skip(&x->p->in, there.len);
            continue;
        }
        result = read_more(x, err);
        if (result <= 0)
            return result < 0 ? -1 : cut_short(x, err);
    }
    return 0;
}

static int read_to_end(struct exchange *x, struct err *err)
{
    int result;

    x->closes = true;
    do {
        if (deliver(x, strbuf_str(&x->p->in), err) < 0)
            return -1;
        strbuf_reset(&x->p->in);
        result = read_more(x, err);
    } while (result > 0);
    return result;
}

/* "1f" or "1f;name=value" */
static bool read_chunk_size(struct str line, uint64_t *ret)
{
    struct str digits = str_trim(str_head(line, str_find_char(line, ';')));

    *ret = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        int value = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (value < 0)
            return false;
        *ret = *ret * 16 + (uint64_t) value;
    }
    return digits.len > 0 && digits.len <= 15;
}

static int read_chunks(struct exchange *x, struct err *err)
{
    struct str line;
    uint64_t size;

    for (;;) {
        if (read_line(x, &line, err) < 0)
            return -1;
        if (!read_chunk_size(line, &size))
            return no_http(x, err);
        if (size == 0)
            break;
        if (read_part(x, size, err) < 0 || read_line(x, &line, err) < 0)
            return -1;
        if (line.len > 0)
            return no_http(x, err);
    }
    do { /* trailers */
        if (read_line(x, &line, err) < 0)
            return -1;
    } while (line.len > 0);
    return 0;
}

static int read_body(struct exchange *x, struct err *err)
{
    struct str length = header(x, "Content-Length"), coding = header(x, "Transfer-Encoding");
    uint64_t bytes;

    x->closes = x->closes || str_eq_nocase(header(x, "Connection"), STR("close"));
    if (str_is(x->call->method, "HEAD") || x->status == 204 || x->status == 304)
        return 0;
    if (!str_is_none(coding))
        return str_eq_nocase(coding, STR("chunked")) ? read_chunks(x, err) : no_http(x, err);
    if (str_is_none(length))
        return read_to_end(x, err);
    if (!parse_u64(length, &bytes))
        return no_http(x, err);
    return read_part(x, bytes, err);
}

static int read_answer(struct exchange *x, struct err *err)
{
    do {
        if (read_status(x, err) < 0 || read_headers(x, err) < 0)
            return -1;
    } while (x->status < 200); /* interim answers */
    if (read_body(x, err) < 0)
        return -1;
    if (x->closes || x->p->in.len > 0)
        disconnect(x->p);
    return 0;
}

/* ---- the call ---- */

/* A kept connection may be closed by the server while we send: nothing came back, and what may
 * be done twice is sent once more (RFC 9110 9.2.2). */
static bool was_closed_before(const struct exchange *x, const struct err *err)
{
    struct str method = x->call->method;

    return err->kind == ERR_TRANSIENT && x->status == 0 && x->p->in.len == 0 &&
           !str_is(method, "POST") && !str_is(method, "PATCH");
}

static int exchange(struct exchange *x, const struct target *target, struct err *err)
{
    _cleanup_strbuf_ struct strbuf request =
        STRBUF_INIT(HTTP_ANSWER_HEADER_MAX_BYTES + HTTP_RESPONSE_MAX_BYTES);
    struct str bytes;

    if (build_request(x, target, &request, err) < 0 || strbuf_finish(&request, &bytes, err) < 0)
        return -1;
    if (can_reuse(x->p, target)) {
        if (send_all(x, bytes, err) == 0 && read_answer(x, err) == 0)
            return 0;
        if (!was_closed_before(x, err))
            return -1;
        disconnect(x->p);
    }
    if (connect_new(x, target, err) < 0 || send_all(x, bytes, err) < 0)
        return -1;
    return read_answer(x, err);
}

int http_plain_do(struct http_plain *p, struct arena *a, const struct http_call *call,
                  struct http_answer *ret, struct err *err)
{
    uint64_t timeout_ms = call->timeout_ms ? call->timeout_ms
                          : call->on_chunk ? 0
                                           : TIMEOUT_DEFAULT_MS;
    struct exchange x = {.p = p,
                         .a = a,
                         .call = call,
                         .has_deadline = timeout_ms > 0,
                         .deadline = mono_after(clock_mono(), timeout_ms),
                         .body = STRBUF_INIT(HTTP_RESPONSE_MAX_BYTES)};
    struct target target;
    int result;

    if (!http_plain_fits(call->url) || !read_target(call->url, &target))
        return err_set(err, ERR_INVALID, "\"" STR_FMT "\" is no URL", STR_ARG(call->url));
    result = exchange(&x, &target, err);
    if (result == 0)
        *ret = (struct http_answer){.status = x.status,
                                    .body = str_copy(a, strbuf_str(&x.body)),
                                    .headers = x.headers.at,
                                    .header_count = x.headers.len};
    else
        disconnect(p);
    strbuf_done(&x.body);
    return result;
}
