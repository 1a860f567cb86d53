/* kubectl's configuration: whatever it says is read or refused; what is read is in it. */
#include <assert.h>

#include "clients/kubernetes/kubeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct kubeconfig_choice choices[] = {{0}, {"a", "b", "c"}, {NULL, NULL, "u"}};

    for (size_t i = 0; i < COUNT_OF(choices); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct kubeconfig k;
        struct err err = {0};

        if (kubeconfig_parse(a, str_of((const char *) data, size), STR("/x"), &choices[i], &k,
                             &err) < 0)
            assert(err.kind != ERR_NONE && err.text[0]);
        else
            assert(k.ca_file.len == 0 || k.ca_file.ptr[0] == '/');
    }
    return 0;
}
