/*
 * cli/world_test.h - whole commands under test: the program runs against a server that answers
 * what a case says, and must send exactly these requests, print exactly this, and end with this
 * code. For the test programs of this room; each is one file.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "io/http_server.h"

enum { ANSWERS_MAX = 5, WORDS_MAX = 24 };

struct answer {
    unsigned status; /* 0: closes the list */
    const char *body;
};

/* ---- the server ---- */

struct fake {
    struct http_server *server;
    pthread_mutex_t lock;
    const struct answer *answers; /* of the case, taken in order */
    size_t at;
    char headers[512]; /* of the last request: those that cases ask for */
    /* "METHOD PATH BODY" a line; "~" stands for the default namespace */
    struct strbuf requests;
};

static const char not_there[] = "{\"kind\":\"Status\",\"message\":\"nothing is prepared\"}";

static inline void log_request(struct fake *f, struct http_request *req)
{
    static const struct str home = STR_INIT("/apis/argoproj.io/v1alpha1/namespaces/default/");
    struct str url = http_raw_url(req), method = http_method(req), body = http_body(req);
    bool is_home = str_starts(url, home);

    strbuf_addf(&f->requests, STR_FMT " %s" STR_FMT "%s" STR_FMT "\n", STR_ARG(method),
                is_home ? "~" : "", STR_ARG(is_home ? str_skip(url, home.len) : url),
                body.len ? " " : "", STR_ARG(body));
}

/* Watches end at once and are not written down: how often they are begun is nobody's business.
 */
static inline void on_request(void *ctx, struct http_request *req)
{
    struct fake *f = ctx;
    struct answer answer = {404, not_there};

    if (str_is(http_query(req, STR("watch")), "true")) {
        http_reply(req, 200, STR("application/json"), STR("{}\n"), NULL, 0);
        return;
    }
    pthread_mutex_lock(&f->lock);
    snprintf(f->headers, sizeof(f->headers), "auth=" STR_FMT " x=" STR_FMT " host=" STR_FMT,
             STR_ARG(http_header(req, STR("Authorization"))),
             STR_ARG(http_header(req, STR("X-Mine"))), STR_ARG(http_header(req, STR("Host"))));
    log_request(f, req);
    if (f->answers && f->answers[f->at].status)
        answer = f->answers[f->at++];
    pthread_mutex_unlock(&f->lock);
    http_reply(req, answer.status, STR("application/json"), str_from(answer.body), NULL, 0);
}

static inline int start_fake(void **state)
{
    struct fake *f = calloc(1, sizeof(*f));
    struct http_server_options options = {
        .address = "127.0.0.1", .threads = 1, .ctx = f, .handle = on_request};
    char server[32];
    struct err err;

    pthread_mutex_init(&f->lock, NULL);
    strbuf_init(&f->requests, 1 << 20);
    f->server = http_server_start(&options, &err);
    assert_non_null(f->server);
    snprintf(server, sizeof(server), "127.0.0.1:%u", http_server_port(f->server));
    setenv("ARGO_SERVER", server, 1);
    setenv("TZ", "UTC", 1);
    unsetenv("ARGO_TOKEN");
    unsetenv("ARGO_NAMESPACE");
    *state = f;
    return 0;
}

static inline int stop_fake(void **state)
{
    struct fake *f = *state;

    http_server_stop(f->server);
    strbuf_done(&f->requests);
    free(f);
    return 0;
}

/* ---- running ---- */

struct outcome {
    int code;
    struct str out, err;
};

/* Lets a descriptor go to a new file; the old one is returned. */
static inline int redirect(int fd, const char *path)
{
    int kept = dup(fd), file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(kept >= 0 && file >= 0);
    fflush(fd == 1 ? stdout : stderr);
    dup2(file, fd);
    close(file);
    return kept;
}

static inline struct str restore(struct arena *a, int fd, int kept, const char *path)
{
    char bytes[65536];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len;

    fflush(fd == 1 ? stdout : stderr);
    dup2(kept, fd);
    close(kept);
    len = read(file, bytes, sizeof(bytes));
    close(file);
    unlink(path);
    return len > 0 ? str_copy(a, str_of(bytes, (size_t) len)) : STR("");
}

/* Runs a command line; NULL closes its words. */
static inline struct outcome run_words(struct arena *a, const char *const *words)
{
    char out_path[64], err_path[64];
    char *argv[WORDS_MAX + 1] = {NULL};
    struct outcome o;
    int argc = 0, kept_out, kept_err;

    for (; words[argc] && argc < WORDS_MAX; argc++)
        argv[argc] = str_cz(a, str_from(words[argc]));
    snprintf(out_path, sizeof(out_path), "/tmp/commands_test.%d.out", (int) getpid());
    snprintf(err_path, sizeof(err_path), "/tmp/commands_test.%d.err", (int) getpid());
    kept_out = redirect(1, out_path);
    kept_err = redirect(2, err_path);
    o.code = cli_main(argc, argv);
    o.out = restore(a, 1, kept_out, out_path);
    o.err = restore(a, 2, kept_err, err_path);
    return o;
}

/* The same of a text that is cut at blanks. */
static inline struct outcome run(struct arena *a, const char *line)
{
    const char *words[WORDS_MAX + 1] = {NULL};
    struct str rest = str_from(line), word;
    size_t count = 0;

    while (str_cut(&rest, ' ', &word) && count < WORDS_MAX)
        if (word.len > 0)
            words[count++] = str_cz(a, word);
    return run_words(a, words);
}

/* ---- cases ---- */

#define WORKFLOW(name, status)                                                                 \
    "{\"apiVersion\":\"argoproj.io/"                                                           \
    "v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"name\":\"" name                          \
    "\",\"namespace\":\"default\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\"},\"spec\":{}" \
    ","                                                                                        \
    "\"status\":{" status "}}"
#define ENDED(phase)                                                        \
    "\"phase\":\"" phase                                                    \
    "\",\"startedAt\":\"2026-01-02T03:04:05Z\",\"finishedAt\":\"2026-01-02" \
    "T03:04:07Z\""
#define LIST(items)   "{\"kind\":\"List\",\"metadata\":{},\"items\":[" items "]}"
#define MESSAGE(text) "{\"kind\":\"Status\",\"message\":\"" text "\"}"
/* A list with those of the archive. */
#define WITH_ARCHIVE(ns, limit, labels, fields)                                              \
    "/api/v1/workflows/" ns "?listOptions.limit=" limit "&listOptions.labelSelector=" labels \
    "&listOptions.fieldSelector=" fields "&listOptions.continue="
#define ALL_OF(ns)     WITH_ARCHIVE(ns, "500", "", "")
#define ARCHIVED(name) "GET /api/v1/archived-workflows/?namespace=default&name=" name "\n"
#define QUERY          "?limit=500&labelSelector=&fieldSelector=&continue="
#define LABELS(labels) "?limit=500&labelSelector=" labels "&fieldSelector=&continue="
#define OBJECT(kind, name)                                  \
    "{\"kind\":\"" kind "\",\"metadata\":{\"name\":\"" name \
    "\",\"namespace\":\"default\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\"}}"

struct command_case {
    const char *line;
    struct answer answers[ANSWERS_MAX];
    const char *requests, *out, *err;
    int code;
};

static inline void check(struct fake *f, const struct command_case *c)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct outcome o;

    f->answers = c->answers;
    f->at = 0;
    strbuf_reset(&f->requests);
    o = run(a, c->line);
    if (o.code != c->code || !str_is(o.out, c->out) || !str_is(o.err, c->err ? c->err : "") ||
        !str_is(strbuf_str(&f->requests), c->requests))
        fail_msg("%s\n---- code %d, want %d\n---- requests\n" STR_FMT
                 "---- want\n%s---- out\n" STR_FMT "---- want\n%s---- err\n" STR_FMT
                 "---- want\n%s",
                 c->line, o.code, c->code, STR_ARG(strbuf_str(&f->requests)), c->requests,
                 STR_ARG(o.out), c->out, STR_ARG(o.err), c->err ? c->err : "");
}

#define CHECK_ALL(cases)                            \
    for (size_t i_ = 0; i_ < COUNT_OF(cases); i_++) \
    check(*state, &(cases)[i_])
