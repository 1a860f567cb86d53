/* The command line: arguments, one a line. Every word is used once: as a flag, a value or an
 * argument; what was read has a row, and reading it again says the same. */
#include <assert.h>

#include "base/vec.h"
#include "formats/flags.h"

static const struct cli_flag own[] = {
    {.name = "output", .letter = 'o', .choices = "name|json", .help = ""},
    {.name = "wait", .letter = 'w', .type = FLAG_SWITCH, .help = ""},
    {.name = "follow", .letter = 'f', .type = FLAG_SWITCH, .help = ""},
    {.name = "parameter", .letter = 'p', .type = FLAG_LIST, .help = ""},
    {.name = "status", .type = FLAG_COMMAS, .help = ""},
    {.name = "priority", .type = FLAG_INT32, .help = ""},
    {.name = "since", .type = FLAG_DURATION, .help = ""},
    {0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct flag_tables tables = {.own = own};
    _cleanup_arena_ struct arena *a = arena_new();
    struct str rest = str_of((const char *) data, size), word;
    VEC(const char *) words = {0};
    struct flag_values once, twice;
    struct err err;
    size_t count;

    while (str_cut(&rest, '\n', &word))
        VEC_APUSH(a, &words, str_cz(a, word));
    if (flags_read(a, &tables, words.at, words.len, &once, &err) < 0) {
        assert(err.text[0]);
        return 0;
    }
    assert(once.arg_count <= words.len);
    for (size_t i = 0; i < once.given_count; i++)
        assert(once.given[i].flag && once.given[i].value);
    flags_list(a, &once, "status", &count);
    flags_int(&once, "priority");
    flags_duration(&once, "since");
    flags_is_on(&once, "wait");
    assert(flags_read(a, &tables, once.args, once.arg_count, &twice, &err) < 0 ||
           twice.arg_count <= once.arg_count);
    return 0;
}
