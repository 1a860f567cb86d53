/*
 * The log. A line is built in a buffer of the caller and written by one write(2), so lines of
 * several threads do not mix; a thread that holds its log writes many lines by one. The
 * settings, set before threads start, and the counts of lines are the one mutable global of
 * this room; each thread has its own held lines and the text of the second that it wrote last.
 */
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/strbuf.h"

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

static bool is_plain_byte(unsigned char c)
{
    return c != '"' && c != '\\' && c >= 0x20 && c != 0x7f;
}

static void add_quoted(struct strbuf *b, struct str s)
{
    size_t from = 0;

    strbuf_addc(b, '"');
    for (size_t i = 0; i <= s.len; i++) {
        unsigned char c = i < s.len ? (unsigned char) s.ptr[i] : 0;

        if (i < s.len && is_plain_byte(c))
            continue;
        strbuf_add(b, str_head(str_skip(s, from), i - from));
        from = i + 1;
        if (i == s.len)
            break;
        if (c == '"' || c == '\\')
            strbuf_addf(b, "\\%c", c);
        else if (c == '\n')
            strbuf_addz(b, "\\n");
        else
            strbuf_addf(b, "\\u%04x", c);
    }
    strbuf_addc(b, '"');
}

static bool is_plain_word(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] == '"' || s.ptr[i] == '=' || s.ptr[i] == 0x7f)
            return false;
    return s.len > 0;
}

static void add_field(struct strbuf *b, const struct log_field *field)
{
    bool is_json = settings.format == LOG_FORMAT_JSON;

    strbuf_addz(b, is_json ? ",\"" : " ");
    strbuf_addz(b, key_names[field->key]);
    strbuf_addz(b, is_json ? "\":" : "=");
    if (field->type == LOG_TYPE_I64)
        strbuf_addf(b, "%lld", (long long) field->number);
    else if (!is_json && is_plain_word(field->text))
        strbuf_add(b, field->text);
    else
        add_quoted(b, field->text);
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

    strbuf_addz(b, is_json ? "{\"time\":\"" : "");
    add_time(b);
    strbuf_addf(b, is_json ? "\",\"level\":\"%s\",\"msg\":" : " %-5s ", level_names[level]);
    if (is_json)
        add_quoted(b, str_from(message));
    else
        strbuf_addz(b, message);
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
