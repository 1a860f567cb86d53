/* Conditions: any text is met, not met, or refused with a message. */
#include <assert.h>

#include "lang/cond/cond.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    static const struct json one = {.type = JSON_BOOL, .is_true = true};
    static const struct cond_name name = {STR_INIT("a"), &one};
    const struct cond_names names = {&name, 1};
    struct err err = {};
    bool is_met;

    if (cond_eval(a, str_of((const char *) data, size), &is_met, &err) < 0)
        assert((err.kind == ERR_INVALID || err.kind == ERR_LIMIT) && err.text[0]);
    if (cond_eval_names(a, str_of((const char *) data, size), &names, &is_met, &err) < 0)
        assert((err.kind == ERR_INVALID || err.kind == ERR_LIMIT) && err.text[0]);
    return 0;
}
