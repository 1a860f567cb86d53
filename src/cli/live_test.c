/*
 * Tests of redrawing: a small terminal takes the bytes and must show the new text, whatever
 * stood there before. And of the lines that tell changes where there is no terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "cli/live.h"
#include "cli/table.h"

/* ---- a terminal ---- */

enum { SCREEN_ROWS = 12, SCREEN_COLUMNS = 20, CELL_BYTES = 4 };

struct terminal {
    char cells[SCREEN_ROWS][SCREEN_COLUMNS][CELL_BYTES + 1];
    unsigned rows, columns;
    unsigned row, column;
};

static void clear_line(struct terminal *t, unsigned row, unsigned from)
{
    for (unsigned i = from; i < SCREEN_COLUMNS; i++)
        memset(t->cells[row][i], 0, sizeof(t->cells[row][i]));
}

static void new_line(struct terminal *t)
{
    t->column = 0;
    if (++t->row < t->rows)
        return;
    t->row = t->rows - 1;
    memmove(t->cells[0], t->cells[1], sizeof(t->cells[0]) * (t->rows - 1));
    clear_line(t, t->rows - 1, 0);
}

static void run_sequence(struct terminal *t, char command, unsigned n)
{
    switch (command) {
    case 'A':
        assert_true(t->row >= n); /* never above the screen */
        t->row -= n;
        break;
    case 'H':
        t->row = t->column = 0;
        break;
    case 'K':
        clear_line(t, t->row, t->column);
        break;
    case 'J':
        clear_line(t, t->row, n == 2 ? 0 : t->column);
        for (unsigned i = n == 2 ? 0 : t->row + 1; i < t->rows; i++)
            clear_line(t, i, 0);
        break;
    case 'm':
        break;
    default:
        fail_msg("unknown sequence %c", command);
    }
}

static size_t put_character(struct terminal *t, const char *at, size_t left)
{
    size_t len = 1;

    while (len < left && len < CELL_BYTES && ((unsigned char) at[len] & 0xc0) == 0x80)
        len++;
    assert_true(t->column < t->columns); /* nothing wraps */
    memset(t->cells[t->row][t->column], 0, CELL_BYTES + 1);
    memcpy(t->cells[t->row][t->column], at, len);
    t->column++;
    return len;
}

static void feed(struct terminal *t, struct str bytes)
{
    for (size_t i = 0; i < bytes.len;) {
        unsigned n = 0;

        if (bytes.ptr[i] == '\n') {
            new_line(t);
            i++;
        } else if (bytes.ptr[i] == '\r') {
            t->column = 0;
            i++;
        } else if (bytes.ptr[i] == '\x1b') {
            for (i += 2; bytes.ptr[i] >= '0' && bytes.ptr[i] <= '9'; i++)
                n = n * 10 + (unsigned) (bytes.ptr[i] - '0');
            run_sequence(t, bytes.ptr[i++], n);
        } else {
            i += put_character(t, bytes.ptr + i, bytes.len - i);
        }
    }
}

/* All rows down to the cursor's, without it. */
static struct str shown(struct arena *a, const struct terminal *t)
{
    struct str text = STR("");

    for (unsigned i = 0; i < t->row; i++) {
        for (unsigned k = 0; k < t->columns && t->cells[i][k][0]; k++)
            text = str_concat(a, text, str_from(t->cells[i][k]));
        text = str_concat(a, text, STR("\n"));
    }
    return text;
}

/* ---- frames ---- */

static void draw(struct terminal *t, struct live_frame *frame, struct str text,
                 struct live_size size)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct live_frame next = {.text = text, .size = size};

    live_draw(&b, frame, &next);
    feed(t, strbuf_str(&b));
    *frame = next;
}

static void test_frames(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: the text itself */
    } cases[] = {
        {"a\nb\nc\n", NULL},
        {"a\nB\nc\n", NULL},    /* one line changes */
        {"a\nB\nc\nd\n", NULL}, /* grows */
        {"x\n", NULL},          /* shrinks: what was below is gone */
        {"longer than before\n", NULL},
        {"short\n", NULL}, /* no rest of the longer line */
        {"\n\nonly the third\n", NULL},
        {"✔ ├─✔ utf-8\n", NULL},
        {"\x1b[32mgreen\x1b[0m\n", "green\n"},
        {"0123456789012345678901234\n", "01234567890123456789\n"}, /* cut at the width */
        {"\x1b[31m0123456789012345678901234\x1b[0m\n", "01234567890123456789\n"},
        {"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n",
         "3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n"},
        {"a\n", NULL},
        {"", NULL},
        {"again\n", NULL},
    };
    struct terminal t = {.rows = SCREEN_ROWS, .columns = SCREEN_COLUMNS};
    const struct live_size size = {.rows = SCREEN_ROWS, .columns = SCREEN_COLUMNS};
    struct live_frame frame = {0};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const char *want = cases[i].want ? cases[i].want : cases[i].text;

        draw(&t, &frame, str_from(cases[i].text), size);
        if (!str_is(shown(a, &t), want))
            fail_msg("case %zu: the terminal shows\n" STR_FMT "want\n%s", i,
                     STR_ARG(shown(a, &t)), want);
    }
}

static void test_nothing_for_the_same(void **state)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    const struct live_frame one = {.text = STR("a\nb\n"), .size = {80, 24}},
                            two = {.text = STR("a\nc\n"), .size = {80, 24}};

    (void) state;
    live_draw(&b, &one, &one);
    assert_int_equal(b.len, 0);
    live_draw(&b, &one, &two); /* the first line is not written again */
    assert_string_equal(b.ptr, "\r\x1b[2A\nc\x1b[K\n\x1b[J");
}

static void test_resize(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct terminal t = {.rows = SCREEN_ROWS, .columns = SCREEN_COLUMNS};
    struct live_frame frame = {0};
    const struct str text = STR("0123456789\nabcdefghij\nx\n");

    (void) state;
    feed(&t, STR("$ command\n"));
    draw(&t, &frame, text, (struct live_size){SCREEN_COLUMNS, SCREEN_ROWS});
    assert_true(str_is(shown(a, &t), "$ command\n0123456789\nabcdefghij\nx\n"));
    t.columns = 5;
    draw(&t, &frame, text, (struct live_size){5, SCREEN_ROWS});
    assert_true(str_is(shown(a, &t), "01234\nabcde\nx\n"));
    t.columns = SCREEN_COLUMNS;
    t.rows = 3;
    t.row = 0;
    draw(&t, &frame, text, (struct live_size){SCREEN_COLUMNS, 3});
    assert_true(str_is(shown(a, &t), "abcdefghij\nx\n"));
}

static struct str random_text(struct arena *a, struct random *r)
{
    static const char *const words[] = {"", "a", "✔ done", "\x1b[36m●\x1b[0m run",
                                        "a line that is much too long for it"};
    struct str text = STR("");

    for (uint64_t lines = random_below(r, SCREEN_ROWS); lines > 0; lines--)
        text = str_printf(a, STR_FMT "%s\n", STR_ARG(text),
                          words[random_below(r, COUNT_OF(words))]);
    return text;
}

/* What the terminal shows does not depend on what stood there. */
static void test_random(void **state)
{
    struct terminal t = {.rows = SCREEN_ROWS, .columns = SCREEN_COLUMNS};
    const struct live_size size = {.rows = SCREEN_ROWS, .columns = SCREEN_COLUMNS};
    _cleanup_arena_ struct arena *a = arena_new();
    struct live_frame frame = {0};
    struct random r;

    (void) state;
    r = random_seed(7);
    for (int i = 0; i < 500; i++) {
        struct terminal fresh = {.rows = SCREEN_ROWS, .columns = SCREEN_COLUMNS};
        struct live_frame none = {0};
        struct str text = random_text(a, &r);

        draw(&t, &frame, text, size);
        draw(&fresh, &none, text, size);
        assert_true(str_eq(shown(a, &t), shown(a, &fresh)));
    }
}

/* ---- lines ---- */

static struct json parse(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    assert_int_equal(json_parse(a, str_from(text), &v, &err), 0);
    return v;
}

#define DOC(status) "{\"metadata\":{\"name\":\"w\"},\"status\":{" status "}}"

static void test_changes(void **state)
{
    static const struct {
        const char *old, *new, *want;
    } cases[] = {
        {NULL, DOC(""), "                     w Pending\n"},
        {NULL, DOC("\"phase\":\"Running\",\"startedAt\":\"2026-01-02T03:04:05Z\""),
         "2026-01-02T03:04:05Z w Running\n"},
        {DOC("\"phase\":\"Running\""), DOC("\"phase\":\"Running\",\"progress\":\"1/2\""), ""},
        {DOC("\"phase\":\"Running\""),
         DOC("\"phase\":\"Failed\",\"startedAt\":\"2026-01-02T03:04:05Z\",\"finishedAt\":"
             "\"2026-01-02T03:04:06Z\",\"message\":\"no\\nluck\""),
         "2026-01-02T03:04:06Z w Failed: no luck\n"},
        {DOC("\"phase\":\"Running\",\"nodes\":{\"w\":{\"name\":\"w\",\"type\":\"DAG\","
             "\"phase\":\"Running\"},\"a\":{\"name\":\"w.a\",\"type\":\"Pod\",\"phase\":"
             "\"Pending\"}}"),
         DOC("\"phase\":\"Running\",\"nodes\":{\"w\":{\"name\":\"w\",\"type\":\"DAG\","
             "\"phase\":\"Succeeded\"},\"a\":{\"name\":\"w.a\",\"type\":\"Pod\",\"phase\":"
             "\"Pending\",\"message\":\"waits\"},\"b\":{\"name\":\"w.b\",\"type\":\"Pod\","
             "\"phase\":\"Running\"},\"g\":{\"name\":\"w[0]\",\"type\":\"StepGroup\",\"phase\":"
             "\"Running\"}}"),
         "                     w.a Pending: waits\n                     w.b Running\n"},
        /* nodes in another order are found by their id */
        {DOC("\"nodes\":{\"a\":{\"name\":\"a\",\"phase\":\"Running\"},\"b\":{\"name\":\"b\","
             "\"phase\":\"Running\"}}"),
         DOC("\"nodes\":{\"b\":{\"name\":\"b\",\"phase\":\"Running\"},\"a\":{\"name\":\"a\","
             "\"phase\":\"Error\"}}"),
         "                     a Error\n"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
        struct json old = parse(a, cases[i].old ? cases[i].old : "{}"),
                    new = parse(a, cases[i].new);

        live_changes(a, &b, cases[i].old ? &old : NULL, &new);
        if (!str_is(strbuf_str(&b), cases[i].want))
            fail_msg("case %zu: got\n" STR_FMT "want\n%s", i, STR_ARG(strbuf_str(&b)),
                     cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames), cmocka_unit_test(test_nothing_for_the_same),
        cmocka_unit_test(test_resize), cmocka_unit_test(test_random),
        cmocka_unit_test(test_changes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
