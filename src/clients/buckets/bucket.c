/* See bucket.h. */
#include "clients/buckets/bucket.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "formats/xml.h"
#include "io/http_resume.h"

enum {
    PARTS_MAX = 10000,        /* the services' limit */
    LIST_MAX_BYTES = 4 << 20, /* of so many parts, with room for long tags */
};

/* A client at work. */
struct bucket {
    const struct bucket_service *service;
    void *client;
    struct arena *a;
};

/* ---- what was left ---- */

static void take_back_unfinished(const struct bucket *b, const struct bucket_upload *now)
{
    struct bucket_unfinished *left = now->unfinished;
    const struct bucket_upload u = {.key = left ? left->key : STR(""),
                                    .id = left ? left->id : STR("")};

    if (!str_is_empty(u.id) && b->service->take_back(b->client, b->a, &u) == 0)
        left->id = STR("");
}

static void keep_unfinished(const struct bucket_upload *u)
{
    struct bucket_unfinished *left = u->unfinished;

    if (!left || !str_is_empty(left->id))
        return;
    left->key = str_copy(left->a, u->key);
    left->id = str_copy(left->a, u->id);
}

/* ---- in parts ---- */

static int begin(const struct bucket *b, struct bucket_upload *u, struct err *err)
{
    struct http_answer answer;

    if (b->service->begin(b->client, b->a, u, &answer, err) < 0)
        return -1;
    u->id = xml_text(b->a, answer.body, STR("UploadId"));
    return str_is_empty(u->id)
               ? err_set(err, ERR_TRANSIENT, "%s gave no upload for \"" STR_FMT "\"",
                         b->service->name, STR_ARG(u->key))
               : 0;
}

static int send_part(const struct bucket *b, const struct bucket_upload *u, unsigned number,
                     struct strbuf *list, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    uint64_t at = (number - 1) * u->part_bytes, rest = u->size - at;
    const struct bucket_part part = {
        .number = number, .at = at, .len = rest < u->part_bytes ? rest : u->part_bytes};
    struct http_answer answer;
    unsigned tries = 0;
    int result;

    do
        result = b->service->send(b->client, a, u, &part, &answer, err);
    while (result < 0 && http_part_again(&tries, err));
    if (result < 0)
        return -1;
    strbuf_addf(list, "<Part><PartNumber>%u</PartNumber><ETag>" STR_FMT "</ETag></Part>",
                number, STR_ARG(xml_escape(a, http_answer_header(&answer, STR("ETag")))));
    return 0;
}

static int send_all(const struct bucket *b, const struct bucket_upload *u, struct err *err)
{
    _cleanup_strbuf_ struct strbuf list = STRBUF_INIT(LIST_MAX_BYTES);

    strbuf_addz(&list, "<CompleteMultipartUpload>");
    for (unsigned number = 1; (number - 1) * u->part_bytes < u->size; number++)
        if (send_part(b, u, number, &list, err) < 0)
            return -1;
    strbuf_addz(&list, "</CompleteMultipartUpload>");
    return b->service->end(b->client, b->a, u, strbuf_str(&list), err);
}

static int put_parts(const struct bucket *b, struct bucket_upload *u, struct err *err)
{
    take_back_unfinished(b, u);
    if (begin(b, u, err) < 0)
        return -1;
    if (send_all(b, u, err) == 0)
        return 0;
    if (b->service->take_back(b->client, b->a, u) < 0)
        keep_unfinished(u);
    return -1;
}

int bucket_put(const struct bucket_service *s, void *client, struct arena *a,
               struct bucket_upload *u, struct err *err)
{
    const struct bucket b = {s, client, a};
    struct stat st;

    if (fstat(u->from, &st) < 0)
        return err_sys(err, errno, "look at what is to be stored");
    u->size = (uint64_t) st.st_size;
    if (u->size <= u->part_bytes)
        return s->put(client, a, u, err);
    if (u->size / u->part_bytes >= PARTS_MAX)
        u->part_bytes = u->size / PARTS_MAX + 1;
    return put_parts(&b, u, err);
}

/* ---- lists ---- */

int bucket_list(const struct bucket_service *s, void *client, struct str prefix,
                bucket_each_fn each, void *ctx, struct err *err)
{
    _cleanup_arena_ struct arena *own = arena_new();
    struct str token = STR("");

    do {
        _cleanup_arena_ struct arena *a = arena_new();
        struct http_answer answer;
        struct str rest, object;

        if (s->page(client, a, prefix, token, &answer, err) < 0)
            return err_wrap(err, "list \"" STR_FMT "\"", STR_ARG(prefix));
        rest = answer.body;
        while (xml_next(&rest, STR("Contents"), &object))
            if (each(ctx, a, xml_text(a, object, STR("Key")), err) < 0)
                return -1;
        token = str_is(xml_text(a, answer.body, STR("IsTruncated")), "true")
                    ? xml_text(own, answer.body, STR("NextContinuationToken"))
                    : STR("");
    } while (token.len > 0);
    return 0;
}
