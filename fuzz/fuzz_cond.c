/* Conditions: any text is met, not met, or refused with a message. */
#include <assert.h>

#include "lang/cond/cond.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct err err = {};
    bool is_met;

    if (cond_eval(a, str_of((const char *) data, size), &is_met, &err) < 0)
        assert((err.kind == ERR_INVALID || err.kind == ERR_LIMIT) && err.text[0]);
    return 0;
}
