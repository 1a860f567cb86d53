/*
 * The log. A line is built in a buffer on the stack of the caller and written by one write(2), so lines of
 * several threads do not mix. The settings are the one mutable global of this room; they are set before threads start.
 */
#include "base/log.h"

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
} settings = {.format = LOG_FORMAT_TEXT, .level = LOG_LEVEL_INFO, .fd = STDERR_FILENO};

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

static void add_time(struct strbuf *b)
{
    struct wall now = clock_wall();
    time_t seconds = (time_t) (now.ms / 1000);
    struct tm tm;
    char text[32];

    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    strbuf_addf(b, "%s.%03dZ", text, (int) (now.ms % 1000));
}

static void add_quoted(struct strbuf *b, struct str s)
{
    strbuf_addc(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char) s.ptr[i];

        if (c == '"' || c == '\\')
            strbuf_addf(b, "\\%c", c);
        else if (c == '\n')
            strbuf_addz(b, "\\n");
        else if (c < 0x20 || c == 0x7f)
            strbuf_addf(b, "\\u%04x", c);
        else
            strbuf_addc(b, (char) c);
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

    if (is_json)
        strbuf_addf(b, ",\"%s\":", key_names[field->key]);
    else
        strbuf_addf(b, " %s=", key_names[field->key]);
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

void log_write(const struct log_scope *scope, enum log_level level, const char *message,
               const struct log_field *fields, size_t count)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(LOG_LINE_MAX_BYTES);
    bool is_json = settings.format == LOG_FORMAT_JSON;
    ssize_t written = 0;

    strbuf_addz(&b, is_json ? "{\"time\":\"" : "");
    add_time(&b);
    strbuf_addf(&b, is_json ? "\",\"level\":\"%s\",\"msg\":" : " %-5s ", level_names[level]);
    if (is_json)
        add_quoted(&b, str_from(message));
    else
        strbuf_addz(&b, message);
    for (size_t i = 0; i < count; i++)
        add_field(&b, &fields[i]);
    add_scope(&b, scope);
    b.is_over = false;
    strbuf_addz(&b, is_json && b.len + 2 <= b.max_bytes ? "}\n" : "\n");
    written = write(settings.fd, b.ptr, b.len);
    (void) written; /* a log that cannot be written has nobody to tell */
}
