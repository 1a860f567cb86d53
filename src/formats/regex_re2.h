/* The seam between regex.c and the C++ library: plain C types only. See regex.h. */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** regex_re2_new() - compile; NULL with a terminated text in @error */
void *regex_re2_new(const char *pattern, size_t len, char *error, size_t error_size);

/** regex_re2_free() - release */
void regex_re2_free(void *re);

/** regex_re2_matches() - 1 when it matches anywhere, else 0 */
int regex_re2_matches(const void *re, const char *text, size_t len);

/** regex_re2_groups() - how many capturing groups it has */
size_t regex_re2_groups(const void *re);

/** regex_re2_find() - the first match at or behind @from: begins and ends of the match and its
 * groups in turn, SIZE_MAX for a group without a part; 1 or 0 */
int regex_re2_find(const void *re, const char *text, size_t len, size_t from, size_t *bounds,
                   size_t count);

#ifdef __cplusplus
}
#endif
