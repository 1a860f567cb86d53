/*
 * Uploads whole and in parts, what is left of one that failed, lists over pages: against a
 * service that notes its calls and does what it is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "clients/buckets/bucket.h"

enum { CALLS_MAX_BYTES = 1 << 20 };

struct world {
    struct arena *a;
    struct err err;
    struct strbuf calls; /* "begin send 1@0+100 ... " */
    int fd;
    struct str id;              /* that begin gives */
    unsigned bad_part;          /* fails ... */
    unsigned bad_times;         /* so often, */
    enum err_kind bad_kind;     /* so */
    bool fails_end, is_away;    /* is_away: nothing can be taken back */
    const char *const *pages;   /* documents of a list */
    unsigned page_count, asked; /* pages that were asked for */
    struct str list;            /* that end got */
};

static int on_put(void *client, struct arena *a, const struct bucket_upload *u, struct err *err)
{
    struct world *w = client;

    (void) a;
    (void) err;
    strbuf_addf(&w->calls, "put " STR_FMT "+%llu ", STR_ARG(u->key),
                (unsigned long long) u->size);
    return 0;
}

static int on_begin(void *client, struct arena *a, const struct bucket_upload *u,
                    struct http_answer *ret, struct err *err)
{
    struct world *w = client;

    (void) err;
    strbuf_addf(&w->calls, "begin " STR_FMT " ", STR_ARG(u->key));
    *ret = (struct http_answer){
        .status = 200,
        .body = str_printf(a, "<R><UploadId>" STR_FMT "</UploadId></R>", STR_ARG(w->id))};
    return 0;
}

static int on_send(void *client, struct arena *a, const struct bucket_upload *u,
                   const struct bucket_part *part, struct http_answer *ret, struct err *err)
{
    struct world *w = client;
    struct http_header *tag = ARENA_NEW(a, struct http_header);

    strbuf_addf(&w->calls, STR_FMT "/%u@%llu+%llu ", STR_ARG(u->id), part->number,
                (unsigned long long) part->at, (unsigned long long) part->len);
    if (part->number == w->bad_part && w->bad_times > 0) {
        w->bad_times--;
        return err_set(err, w->bad_kind, "part %u", part->number);
    }
    *tag = (struct http_header){STR("ETag"), str_printf(a, "\"<%u>\"", part->number)};
    *ret = (struct http_answer){.status = 200, .headers = tag, .header_count = 1};
    return 0;
}

static int on_end(void *client, struct arena *a, const struct bucket_upload *u, struct str list,
                  struct err *err)
{
    struct world *w = client;

    (void) a;
    w->list = str_copy(w->a, list);
    strbuf_addf(&w->calls, "end " STR_FMT " ", STR_ARG(u->id));
    return w->fails_end ? err_set(err, ERR_TRANSIENT, "end") : 0;
}

static int on_take_back(void *client, struct arena *a, const struct bucket_upload *u)
{
    struct world *w = client;

    (void) a;
    strbuf_addf(&w->calls, "back " STR_FMT ":" STR_FMT " ", STR_ARG(u->key), STR_ARG(u->id));
    return w->is_away ? -1 : 0;
}

static int on_page(void *client, struct arena *a, struct str prefix, struct str token,
                   struct http_answer *ret, struct err *err)
{
    struct world *w = client;

    (void) a;
    strbuf_addf(&w->calls, STR_FMT "?" STR_FMT " ", STR_ARG(prefix), STR_ARG(token));
    if (w->asked == w->page_count)
        return err_set(err, ERR_DENIED, "no more");
    *ret = (struct http_answer){.status = 200, .body = str_from(w->pages[w->asked++])};
    return 0;
}

static const struct bucket_service service = {.name = "Test",
                                              .put = on_put,
                                              .begin = on_begin,
                                              .send = on_send,
                                              .end = on_end,
                                              .take_back = on_take_back,
                                              .page = on_page};

static int setup(void **state)
{
    struct arena *a = arena_new();
    struct world *w = ARENA_NEW(a, struct world);

    *w = (struct world){.a = a,
                        .calls = STRBUF_INIT(CALLS_MAX_BYTES),
                        .fd = memfd_create("file", MFD_CLOEXEC),
                        .id = STR("id"),
                        .bad_kind = ERR_TRANSIENT,
                        .list = STR("")};
    *state = w;
    return w->fd < 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    close(w->fd);
    strbuf_done(&w->calls);
    arena_free(w->a);
    return 0;
}

static int put(struct world *w, off_t size, uint64_t part_bytes, struct bucket_unfinished *left)
{
    struct bucket_upload u = {
        .key = STR("k"), .from = w->fd, .part_bytes = part_bytes, .unfinished = left};

    strbuf_reset(&w->calls);
    assert_int_equal(ftruncate(w->fd, size), 0);
    return bucket_put(&service, w, w->a, &u, &w->err);
}

static void assert_calls(const struct world *w, const char *calls)
{
    if (!str_is(strbuf_str(&w->calls), calls))
        fail_msg("called \"" STR_FMT "\", not \"%s\"", STR_ARG(strbuf_str(&w->calls)), calls);
}

static void test_sizes(void **state)
{
    static const struct {
        off_t size;
        uint64_t part_bytes;
        const char *calls;
    } rows[] = {
        {0, 100, "put k+0 "},
        {100, 100, "put k+100 "},
        {101, 100, "begin k id/1@0+100 id/2@100+1 end id "},
        {200, 100, "begin k id/1@0+100 id/2@100+100 end id "},
        {250, 100, "begin k id/1@0+100 id/2@100+100 id/3@200+50 end id "},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(put(w, rows[i].size, rows[i].part_bytes, NULL), 0);
        assert_calls(w, rows[i].calls);
    }
    assert_true(str_is(w->list, "<CompleteMultipartUpload>"
                                "<Part><PartNumber>1</PartNumber><ETag>&quot;&lt;1&gt;&quot;"
                                "</ETag></Part>"
                                "<Part><PartNumber>2</PartNumber><ETag>&quot;&lt;2&gt;&quot;"
                                "</ETag></Part>"
                                "<Part><PartNumber>3</PartNumber><ETag>&quot;&lt;3&gt;&quot;"
                                "</ETag></Part>"
                                "</CompleteMultipartUpload>"));
}

/* Services take ten thousand parts: of a bigger file they are bigger. */
static void test_most_parts(void **state)
{
    struct world *w = *state;

    assert_int_equal(put(w, 9999, 1, NULL), 0);
    assert_true(str_find(strbuf_str(&w->calls), STR("id/9999@9998+1 end")) != SIZE_MAX);
    assert_int_equal(put(w, 10000, 1, NULL), 0);
    assert_true(str_find(strbuf_str(&w->calls), STR("id/5000@9998+2 end")) != SIZE_MAX);
    assert_int_equal(put(w, 19999, 1, NULL), 0);
    assert_true(str_find(strbuf_str(&w->calls), STR("id/10000@19998+1 end")) != SIZE_MAX);
}

static void test_a_part_is_sent_again(void **state)
{
    struct world *w = *state;

    w->bad_part = 2;
    w->bad_times = 1;
    assert_int_equal(put(w, 250, 100, NULL), 0);
    assert_calls(w, "begin k id/1@0+100 id/2@100+100 id/2@100+100 id/3@200+50 end id ");
}

static void test_what_fails_is_taken_back(void **state)
{
    struct world *w = *state;

    w->bad_part = 2;
    w->bad_times = 1;
    w->bad_kind = ERR_DENIED;
    assert_int_equal(put(w, 250, 100, NULL), -1);
    assert_string_equal(w->err.text, "part 2");
    assert_calls(w, "begin k id/1@0+100 id/2@100+100 back k:id ");
    w->fails_end = true;
    assert_int_equal(put(w, 101, 100, NULL), -1);
    assert_calls(w, "begin k id/1@0+100 id/2@100+1 end id back k:id ");
    w->id = STR("");
    assert_int_equal(put(w, 101, 100, NULL), -1);
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
    assert_string_equal(w->err.text, "Test gave no upload for \"k\"");
    assert_calls(w, "begin k ");
}

/* The first that is left is the one that is kept; the next upload begins with it. */
static void test_what_is_left(void **state)
{
    struct world *w = *state;
    struct bucket_unfinished left = {.a = w->a};

    w->is_away = w->fails_end = true;
    assert_int_equal(put(w, 101, 100, &left), -1);
    assert_true(str_is(left.key, "k") && str_is(left.id, "id"));
    w->id = STR("second");
    assert_int_equal(put(w, 101, 100, &left), -1);
    assert_calls(w, "back k:id begin k second/1@0+100 second/2@100+1 end second "
                    "back k:second ");
    assert_true(str_is(left.id, "id"));
    w->is_away = w->fails_end = false;
    assert_int_equal(put(w, 100, 100, &left), 0);
    assert_calls(w, "put k+100 ");
    assert_int_equal(put(w, 101, 100, &left), 0);
    assert_calls(w, "back k:id begin k second/1@0+100 second/2@100+1 end second ");
    assert_true(str_is_empty(left.id));
    assert_int_equal(put(w, 101, 100, &left), 0);
    assert_calls(w, "begin k second/1@0+100 second/2@100+1 end second ");
}

static void test_no_file(void **state)
{
    struct world *w = *state;
    struct bucket_upload u = {.key = STR("k"), .from = -1, .part_bytes = 1};

    assert_int_equal(bucket_put(&service, w, w->a, &u, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_IO);
    assert_calls(w, "");
}

/* ---- lists ---- */

static int note(void *ctx, struct arena *a, struct str key, struct err *err)
{
    (void) a;
    if (str_is(key, "stop"))
        return err_set(err, ERR_CANCELLED, "stopped");
    strbuf_addf(ctx, "[" STR_FMT "] ", STR_ARG(key));
    return 0;
}

static void test_pages(void **state)
{
    static const char *const pages[] = {
        "<L><IsTruncated>true</IsTruncated><NextContinuationToken>t1</NextContinuationToken>"
        "<Contents><Key>p/a</Key></Contents><Contents><Key>p/&amp;</Key></Contents></L>",
        "<L><IsTruncated>true</IsTruncated><NextContinuationToken>t2</NextContinuationToken>"
        "</L>",
        "<L><IsTruncated>false</IsTruncated><NextContinuationToken>t3</NextContinuationToken>"
        "<Contents><Key>p/b</Key></Contents></L>"};
    struct world *w = *state;

    w->pages = pages;
    w->page_count = COUNT_OF(pages);
    assert_int_equal(bucket_list(&service, w, STR("p/"), note, &w->calls, &w->err), 0);
    assert_calls(w, "p/? [p/a] [p/&] p/?t1 p/?t2 [p/b] ");
}

static void test_lists_that_end_early(void **state)
{
    static const char *const pages[] = {
        "<L><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
        "<Contents><Key>a</Key></Contents></L>",
        "<L><Contents><Key>stop</Key></Contents><Contents><Key>b</Key></Contents></L>"};
    struct world *w = *state;

    w->pages = pages;
    w->page_count = 1;
    assert_int_equal(bucket_list(&service, w, STR("p"), note, &w->calls, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_DENIED);
    assert_string_equal(w->err.text, "list \"p\": no more");
    assert_calls(w, "p? [a] p?t ");
    strbuf_reset(&w->calls);
    w->asked = 0;
    w->page_count = 2;
    assert_int_equal(bucket_list(&service, w, STR("p"), note, &w->calls, &w->err), -1);
    assert_string_equal(w->err.text, "stopped");
    assert_calls(w, "p? [a] p?t ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sizes),
        TEST(test_most_parts),
        TEST(test_a_part_is_sent_again),
        TEST(test_what_fails_is_taken_back),
        TEST(test_what_is_left),
        TEST(test_no_file),
        TEST(test_pages),
        TEST(test_lists_that_end_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
