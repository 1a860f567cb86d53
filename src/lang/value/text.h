/*
 * lang/value/text.h - texts as Go's strings, fmt and text/template packages handle them.
 *
 * Any thread; work and bytes are counted in the run. Upper and lower case are those of Unicode
 * where one letter becomes one, as Go has it.
 */
#pragma once

#include "lang/value/value.h"

/** value_split() - strings.SplitN (or SplitAfterN) as a list of texts; @limit below 0: none */
int value_split(struct value_run *r, struct str s, struct str sep, int64_t limit, bool is_after,
                struct value *ret);

/** value_replace() - strings.Replace of @parts: text, old, new */
int value_replace(struct value_run *r, const struct str parts[3], int64_t limit,
                  struct value *ret);

/** value_repeat() - strings.Repeat; @times is not negative */
int value_repeat(struct value_run *r, struct str s, int64_t times, struct value *ret);

/** value_upper() - strings.ToUpper */
int value_upper(struct value_run *r, struct str s, struct value *ret);

/** value_lower() - strings.ToLower */
int value_lower(struct value_run *r, struct str s, struct value *ret);

/** value_upper_rune() - a letter in upper case; the same when it has none */
uint32_t value_upper_rune(uint32_t rune) _pure_;

/** value_title_rune() - a letter as it begins a word (unicode.ToTitle): not always upper case
 */
uint32_t value_title_rune(uint32_t rune) _pure_;

/** value_lower_rune() - a letter in lower case; the same when it has none */
uint32_t value_lower_rune(uint32_t rune) _pure_;

/** value_add_rune() - append a code point as UTF-8 */
void value_add_rune(struct strbuf *b, uint32_t rune);

/** value_trim_set() - without characters of @set at the ends; sides: 1 left, 2 right, 3 both */
struct str value_trim_set(struct str s, struct str set, unsigned sides);

/** value_runes() - how many code points a text has */
size_t value_runes(struct str s) _pure_;

/** value_base64_decode() - standard alphabet with padding, in Go's words */
int value_base64_decode(struct value_run *r, struct str s, struct value *ret);

/**
 * value_sprintf() - fmt.Sprintf with all of Go's verbs and flags
 * @r:      run
 * @b:      where the text goes
 * @format: format
 * @args:   values
 * @count:  how many
 *
 * What does not fit is told in the text: "%!d(string=x)".
 *
 * Return: 0, or -1 with ERR_LIMIT.
 */
int value_sprintf(struct value_run *r, struct strbuf *b, struct str format,
                  const struct value *args, size_t count);

/* Values of another language, which print themselves. */
struct value_sprintf_as {
    /* What stands for an argument under a verb; may change both. Whether it is a text that is
     * written as it is, without width and precision. */
    bool (*convert)(const void *ctx, size_t index, struct value *v, uint32_t *verb);
    /* Go's name of its type. */
    const char *(*type_name)(const void *ctx, size_t index);
    const void *ctx;
};

/** value_sprintf_as() - value_sprintf() of arguments that @as explains */
int value_sprintf_as(struct value_run *r, struct strbuf *b, struct str format,
                     const struct value *args, size_t count, const struct value_sprintf_as *as);

/** value_print() - fmt.Sprint: blanks between values of which none is a text */
int value_print(struct value_run *r, struct strbuf *b, const struct value *args, size_t count);
