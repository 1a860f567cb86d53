/*
 * The log. A line, in logfmt or JSON with the originals' names, is built in a buffer of the
 * caller and written by one write(2), so lines of several threads do not mix; a thread that
 * holds its log writes many lines by one. The settings, set before threads start, and the
 * counts of lines are the one mutable global of this room; each thread has its own held lines
 * and the text of the second that it wrote last.
 */
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/strbuf.h"

enum { LINE_USUAL_BYTES = 500 };

static struct {
    enum log_format format;
    enum log_level level;
    int fd;
    atomic_ullong lines[LOG_LEVEL_COUNT];
} settings = {.format = LOG_FORMAT_TEXT, .level = LOG_LEVEL_INFO, .fd = STDERR_FILENO};

static _Thread_local struct {
    bool is_held;
    struct strbuf lines; /* held */
    time_t second;       /* of its text */
    char text[24];
} mine;

static const char *const key_names[] = {
#define LOG_KEY(name, text) [LOG_KEY_##name] = (text),
#include "base/log_keys.def"
#undef LOG_KEY
};

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
};

void log_setup(enum log_format format, enum log_level level, int fd)
{
    settings.format = format;
    settings.level = level;
    settings.fd = fd;
}

bool log_is_on(enum log_level level)
{
    return level >= settings.level;
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

uint64_t log_lines(enum log_level level)
{
    return atomic_load_explicit(&settings.lines[level], memory_order_relaxed);
}

static void add_time(struct strbuf *b)
{
    struct wall now = clock_wall();
    time_t second = (time_t) (now.ms / 1000);
    int ms = (int) (now.ms % 1000);
    char rest[] = {
        '.', (char) ('0' + ms / 100), (char) ('0' + ms / 10 % 10), (char) ('0' + ms % 10), 'Z',
        0};

    if (second != mine.second || !mine.text[0]) {
        struct tm tm;

        gmtime_r(&second, &tm);
        strftime(mine.text, sizeof(mine.text), "%Y-%m-%dT%H:%M:%S", &tm);
        mine.second = second;
    }
    strbuf_addz(b, mine.text);
    strbuf_addz(b, rest);
}

/* Bytes of the letter at the beginning, 1 to 4; 0: it is no UTF-8. */
static size_t letter_bytes(struct str s)
{
    const unsigned char *p = (const unsigned char *) s.ptr;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    if (len == 0 || len > s.len || p[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return len;
}

/* Would the letter end a line or steer a terminal? C0, DEL, C1, the separators of Unicode. */
static unsigned control_of(struct str letter)
{
    const unsigned char *p = (const unsigned char *) letter.ptr;

    if (letter.len == 1)
        return p[0] < 0x20 || p[0] == 0x7f ? p[0] : UINT32_MAX;
    if (letter.len == 2 && p[0] == 0xc2 && p[1] < 0xa0)
        return p[1];
    if (letter.len == 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
        return 0x2000U + (p[2] & 0x3fU);
    return UINT32_MAX;
}

static void add_letter(struct strbuf *b, struct str letter)
{
    unsigned control = control_of(letter);

    if (letter.ptr[0] == '\n')
        strbuf_addz(b, "\\n");
    else if (control != UINT32_MAX)
        strbuf_addf(b, "\\u%04x", control);
    else if (letter.ptr[0] == '"' || letter.ptr[0] == '\\')
        strbuf_addf(b, "\\%c", letter.ptr[0]);
    else
        strbuf_add(b, letter);
}

/* Bytes at the beginning that are written as they are. */
static size_t plain_bytes(struct str s)
{
    size_t len = 0;

    while (len < s.len && s.ptr[len] >= ' ' && s.ptr[len] < 0x7f && s.ptr[len] != '"' &&
           s.ptr[len] != '\\')
        len++;
    return len;
}

/* A JSON text on one line, whatever the bytes. */
static void add_quoted(struct strbuf *b, struct str s)
{
    strbuf_addc(b, '"');
    while (s.len > 0) {
        size_t plain = plain_bytes(s), len;

        strbuf_add(b, str_head(s, plain));
        s = str_skip(s, plain);
        if (s.len == 0)
            break;
        len = letter_bytes(s);
        if (len > 0)
            add_letter(b, str_head(s, len));
        else
            strbuf_addz(b, "\\ufffd");
        s = str_skip(s, len > 0 ? len : 1);
    }
    strbuf_addc(b, '"');
}

static bool is_plain_word(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char) s.ptr[i];

        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
            return false;
    }
    return s.len > 0;
}

static void add_text(struct strbuf *b, struct str s)
{
    if (settings.format == LOG_FORMAT_TEXT && is_plain_word(s))
        strbuf_add(b, s);
    else
        add_quoted(b, s);
}

static void add_field(struct strbuf *b, const struct log_field *field)
{
    bool is_json = settings.format == LOG_FORMAT_JSON;

    strbuf_addz(b, is_json ? ",\"" : " ");
    strbuf_addz(b, key_names[field->key]);
    strbuf_addz(b, is_json ? "\":" : "=");
    if (field->type == LOG_TYPE_I64)
        strbuf_addf(b, "%lld", (long long) field->number);
    else
        add_text(b, field->text);
}

static void add_scope(struct strbuf *b, const struct log_scope *scope)
{
    for (; scope; scope = scope->parent)
        for (size_t i = 0; i < scope->count; i++)
            add_field(b, &scope->fields[i]);
}

static void add_line(struct strbuf *b, const struct log_scope *scope, enum log_level level,
                     const char *message, const struct log_field *fields, size_t count)
{
    bool is_json = settings.format == LOG_FORMAT_JSON;

    strbuf_addz(b, is_json ? "{\"time\":\"" : "time=");
    add_time(b);
    strbuf_addf(
        b, is_json ? "\",\"level\":\"%s\",\"msg\":" : " level=%s msg=", level_names[level]);
    add_text(b, str_from(message));
    for (size_t i = 0; i < count; i++)
        add_field(b, &fields[i]);
    add_scope(b, scope);
    b->is_over = false;
    strbuf_addz(b, is_json && b->len + 2 <= b->max_bytes ? "}\n" : "\n");
}

static void write_text(struct str text)
{
    ssize_t written = write(settings.fd, text.ptr, text.len);

    (void) written; /* a log that cannot be written has nobody to tell */
}

void log_write(const struct log_scope *scope, enum log_level level, const char *message,
               const struct log_field *fields, size_t count)
{
    _cleanup_strbuf_ struct strbuf line = STRBUF_INIT(LOG_LINE_MAX_BYTES);

    atomic_fetch_add_explicit(&settings.lines[level], 1, memory_order_relaxed);
    strbuf_reserve(&line, LINE_USUAL_BYTES);
    add_line(&line, scope, level, message, fields, count);
    if (!mine.is_held) {
        write_text(strbuf_str(&line));
        return;
    }
    if (mine.lines.len + line.len > LOG_HELD_MAX_BYTES) {
        write_text(strbuf_str(&mine.lines));
        strbuf_reset(&mine.lines);
    }
    strbuf_add(&mine.lines, strbuf_str(&line));
}

void log_hold(void)
{
    mine.is_held = true;
    mine.lines.max_bytes = LOG_HELD_MAX_BYTES + LOG_LINE_MAX_BYTES;
}

void log_release(void)
{
    if (mine.lines.len > 0)
        write_text(strbuf_str(&mine.lines));
    strbuf_done(&mine.lines);
    mine.is_held = false;
}
