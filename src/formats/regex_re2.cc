/* The one file in C++: calls RE2. Nothing is thrown through it: a failed allocation ends the
 * program, as everywhere. See regex_re2.h. */
#include "formats/regex_re2.h"

#include <re2/re2.h>

#include <cstdio>

void *regex_re2_new(const char *pattern, size_t len, char *error, size_t error_size)
{
    RE2::Options options;
    RE2 *re;

    options.set_log_errors(false);
    re = new RE2(re2::StringPiece(pattern, len), options);
    if (re->ok())
        return re;
    snprintf(error, error_size, "%s", re->error().c_str());
    delete re;
    return nullptr;
}

void regex_re2_free(void *re)
{
    delete static_cast<RE2 *>(re);
}

int regex_re2_matches(const void *re, const char *text, size_t len)
{
    return RE2::PartialMatch(re2::StringPiece(text, len), *static_cast<const RE2 *>(re));
}
