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

#ifdef __cplusplus
}
#endif
