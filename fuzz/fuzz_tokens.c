/* Token files: each line is a token that was in the text, with a user; no error holds one. */
#include <assert.h>

#include "api/auth/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = str_of((const char *) data, size);
    struct auth_token *tokens;
    size_t count;
    struct err err;

    if (auth_tokens_parse(a, STR("f"), text, &tokens, &count, &err) < 0) {
        assert(strncmp(err.text, "f:", 2) == 0);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        assert(str_find(text, tokens[i].token) != SIZE_MAX);
        assert(tokens[i].who.user.len > 0 && tokens[i].who.group_count > 0);
    }
    return 0;
}
