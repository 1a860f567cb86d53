/*
 * base/log.h - one log, JSON lines or text (time=... level=... msg=... key=value), one schema.
 *
 * The message is constant text; facts are fields. Whatever they hold, a line is one line and
 * steers no terminal. Objects hold a struct log_scope whose fields
 * go out with each line; scopes chain to their parent. Any thread; a line is written by one
 * write(2). Never log a secret.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum { LOG_LEVEL_COUNT = LOG_LEVEL_ERROR + 1 };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

enum log_key {
#define LOG_KEY(name, text) LOG_KEY_##name,
#include "base/log_keys.def"
#undef LOG_KEY
    LOG_KEY_COUNT_
};

enum log_type { LOG_TYPE_STR, LOG_TYPE_I64 };

struct log_field {
    enum log_key key;
    enum log_type type;
    struct str text; /* borrowed for the call, or for the life of the scope */
    int64_t number;
};

struct log_scope {
    const struct log_scope *parent; /* or NULL */
    const struct log_field *fields; /* borrowed */
    size_t count;
};

#define LOG_STR(name, value) \
    ((struct log_field){.key = LOG_KEY_##name, .type = LOG_TYPE_STR, .text = (value)})
#define LOG_I64(name, value) \
    ((struct log_field){     \
        .key = LOG_KEY_##name, .type = LOG_TYPE_I64, .number = (int64_t) (value)})
#define LOG_ERR(err)     \
    ((struct log_field){ \
        .key = LOG_KEY_ERROR, .type = LOG_TYPE_STR, .text = str_from((err)->text)})

/**
 * log_setup() - choose format, lowest level and file descriptor; call once before threads start
 * @format: text for people, JSON for machines
 * @level:  lowest level that is written
 * @fd:     where to; stays the caller's
 */
void log_setup(enum log_format format, enum log_level level, int fd);

/**
 * log_hold() - keep this thread's lines until log_release(), to write them by one write(2);
 * more than LOG_HELD_MAX_BYTES are written at once. What is held when the process is killed is
 * lost: release before anything that must not come before its line.
 */
void log_hold(void);

/** log_release() - write what this thread held, and write each line at once from now on */
void log_release(void);

/** log_is_on() - would a line of this level be written? */
bool log_is_on(enum log_level level);

/** log_level_name() - "debug", "info", "warn", "error" */
const char *log_level_name(enum log_level level);

/** log_lines() - how many lines of a level were written */
uint64_t log_lines(enum log_level level);

/**
 * log_write() - write one line; use the macros below
 * @scope:   the object it is about, or NULL
 * @level:   level
 * @message: constant text
 * @fields:  facts
 * @count:   how many
 */
void log_write(const struct log_scope *scope, enum log_level level, const char *message,
               const struct log_field *fields, size_t count);

#define LOG_WRITE_(scope, level, message, ...)                                               \
    do {                                                                                     \
        if (log_is_on(level)) {                                                              \
            const struct log_field log_fields_[] = {{.key = LOG_KEY_COUNT_}, ##__VA_ARGS__}; \
            log_write((scope), (level), (message), log_fields_ + 1,                          \
                      COUNT_OF(log_fields_) - 1);                                            \
        }                                                                                    \
    } while (0)

#define log_debug(scope, message, ...) \
    LOG_WRITE_(scope, LOG_LEVEL_DEBUG, message, ##__VA_ARGS__)
#define log_info(scope, message, ...) LOG_WRITE_(scope, LOG_LEVEL_INFO, message, ##__VA_ARGS__)
#define log_warn(scope, message, ...) LOG_WRITE_(scope, LOG_LEVEL_WARN, message, ##__VA_ARGS__)
#define log_error(scope, message, ...) \
    LOG_WRITE_(scope, LOG_LEVEL_ERROR, message, ##__VA_ARGS__)
