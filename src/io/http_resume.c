/* See http_resume.h. */
#include "io/http_resume.h"

#include <unistd.h>

#include "base/limits.h"

void http_resume_init(struct http_resume *r, int fd)
{
    *r = (struct http_resume){
        .sink = {.fd = fd}, .begin = lseek(fd, 0, SEEK_CUR), .etag = STR("")};
}

size_t http_resume_headers(const struct http_resume *r, struct arena *a,
                           struct http_header ret[HTTP_RESUME_HEADERS_MAX])
{
    size_t count = 0;

    if (r->skip == 0)
        return 0;
    if (r->etag.len > 0)
        ret[count++] = (struct http_header){STR("If-Match"), r->etag};
    ret[count++] = (struct http_header){
        STR("Range"), str_printf(a, "bytes=%llu-", (unsigned long long) r->skip)};
    return count;
}

/* A weak one does not say that the bytes are the same. */
static void note_etag(struct http_resume *r, struct arena *a)
{
    struct str etag = http_answer_header(&r->head, STR("ETag"));

    if (r->cuts == 0 && !str_starts(etag, STR("W/")))
        r->etag = str_copy(a, etag);
}

static bool goes_on(const struct http_resume *r, struct arena *a)
{
    struct str range = http_answer_header(&r->head, STR("Content-Range"));

    return r->head.status == 206 &&
           str_starts(range, str_printf(a, "bytes %llu-", (unsigned long long) r->skip));
}

static bool is_worth_it(const struct http_resume *r, int64_t now, const struct err *err)
{
    return (err->kind == ERR_TRANSIENT || err->kind == ERR_TIMEOUT) && r->sink.error == 0 &&
           r->cuts < HTTP_RESUMES_MAX && now > r->begin + (int64_t) r->skip &&
           (r->is_checked || r->etag.len > 0);
}

int http_resume_next(struct http_resume *r, struct arena *a, int result, struct err *err)
{
    int64_t now = lseek(r->sink.fd, 0, SEEK_CUR);

    note_etag(r, a);
    if (r->skip > 0 && r->head.status == 412)
        return err_set(err, ERR_TRANSIENT,
                       "it was cut off, and is another one now: it is fetched again");
    if (r->skip > 0 && now > r->begin + (int64_t) r->skip && !goes_on(r, a))
        return err_set(err, ERR_TRANSIENT,
                       "it was cut off, and the server does not go on where it was");
    if (result == 0 || !is_worth_it(r, now, err))
        return result;
    r->skip = (uint64_t) (now - r->begin);
    r->cuts++;
    r->head = (struct http_answer){0};
    return 1;
}

bool http_part_again(unsigned *tries, const struct err *err)
{
    if ((err->kind != ERR_TRANSIENT && err->kind != ERR_TIMEOUT) ||
        ++*tries >= HTTP_PART_TRIES_MAX)
        return false;
    usleep((HTTP_PART_PAUSE_MS * 1000u) << (2 * (*tries - 1)));
    return true;
}
