/* The one file in C++: calls RE2. Nothing is thrown through it: a failed allocation ends the
 * program, as everywhere. See regex_re2.h. */
#include "formats/regex_re2.h"

#include <re2/re2.h>

#include <cstdint>
#include <cstdio>

/* What Go's regexp/syntax calls the faults that RE2 finds. */
static const char *go_words(RE2::ErrorCode code)
{
    switch (code) {
    case RE2::NoError:
    case RE2::ErrorInternal:
        return "regexp/syntax: internal error";
    case RE2::ErrorBadEscape:
        return "invalid escape sequence";
    case RE2::ErrorBadCharClass:
        return "invalid character class";
    case RE2::ErrorBadCharRange:
        return "invalid character class range";
    case RE2::ErrorMissingBracket:
        return "missing closing ]";
    case RE2::ErrorMissingParen:
        return "missing closing )";
    case RE2::ErrorUnexpectedParen:
        return "unexpected )";
    case RE2::ErrorTrailingBackslash:
        return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument:
        return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize:
        return "invalid repeat count";
    case RE2::ErrorRepeatOp:
        return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp:
        return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8:
        return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture:
        return "invalid named capture";
    case RE2::ErrorPatternTooLarge:
        return "expression too large";
    }
    return "regexp/syntax: internal error";
}

void *regex_re2_new(const char *pattern, size_t len, char *error, size_t error_size)
{
    RE2::Options options;
    RE2 *re;

    options.set_log_errors(false);
    re = new RE2(re2::StringPiece(pattern, len), options);
    if (re->ok())
        return re;
    snprintf(error, error_size, "%s: `%.*s`", go_words(re->error_code()),
             (int) re->error_arg().size(), re->error_arg().data());
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

size_t regex_re2_groups(const void *re)
{
    return static_cast<size_t>(static_cast<const RE2 *>(re)->NumberOfCapturingGroups());
}

int regex_re2_find(const void *re, const char *text, size_t len, size_t from, size_t *bounds,
                   size_t count)
{
    re2::StringPiece whole(text, len), parts[32];
    int room = static_cast<int>(count < 32 ? count : 32);

    if (!static_cast<const RE2 *>(re)->Match(whole, from, len, RE2::UNANCHORED, parts, room))
        return 0;
    for (size_t i = 0; i < count; i++) {
        bool is_there = i < 32 && parts[i].data() != nullptr;

        bounds[2 * i] = is_there ? static_cast<size_t>(parts[i].data() - text) : SIZE_MAX;
        bounds[2 * i + 1] = is_there ? bounds[2 * i] + parts[i].size() : SIZE_MAX;
    }
    return 1;
}
