/* The shim's plan: any bytes are refused with a reason or give a plan that is whole. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pods/shim/shim.h"

static void check(const struct plan *plan)
{
    assert(plan->container_count > 0 && plan->grace_ms >= 0 && plan->deadline_ms >= 0);
    assert(plan->isolation != PLAN_HOST || plan->root);
    assert(plan->isolation != PLAN_IMAGE || (plan->runtime && plan->layers));
    for (size_t i = 0; i < plan->bind_count; i++)
        assert(plan->binds[i].source && plan->binds[i].target);
    for (size_t i = 0; i < plan->container_count; i++) {
        const struct plan_container *c = plan->containers[i];

        assert(c->name && c->cwd && c->log && c->args && c->args[0] && !c->args[c->arg_count]);
        plan_env(c, "PATH");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan *plan = calloc(1, sizeof(*plan));
    char *text = malloc(size ? size : 1);

    assert(plan && text);
    if (size)
        memcpy(text, data, size);
    if (!plan_parse(text, size, plan))
        check(plan);
    for (size_t i = 0; i < plan->container_count; i++) {
        free(plan->containers[i]->env);
        free(plan->containers[i]->args);
        free(plan->containers[i]->after);
        for (size_t j = 0; j < ACT_COUNT; j++)
            free(plan->containers[i]->acts[j].exec);
        free(plan->containers[i]);
    }
    free(text);
    free(plan);
    return 0;
}
