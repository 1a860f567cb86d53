/* Conditions of tasks over tasks A, B and task-d: compiled and asked in every state without
 * harm. */
#include <assert.h>

#include "lang/depends/depends.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct depends_task tasks[] = {
        {.name = STR("A"), .has_items = true},
        {.name = STR("B"), .continues_on_failed = true},
        {.name = STR("task-d"), .continues_on_error = true},
        {.name = STR("X"), .depends = str_of((const char *) data, size)},
    };
    const struct depends *d;
    struct err err;
    const size_t *order;
    size_t count;

    if (depends_sort(a, STR("templates.main"), tasks, COUNT_OF(tasks), &order, &err) == 0)
        for (size_t i = 0; i < COUNT_OF(tasks); i++) {
            depends_check_way(STR("templates.main"), &tasks[order[i]], true, &err);
            depends_check_needs(STR("templates.main"), tasks, COUNT_OF(tasks), order[i], &err);
        }
    if (depends_compile(a, tasks, COUNT_OF(tasks), 3, &d, &err) < 0)
        return 0;
    depends_needs(d, &count);
    for (enum depends_phase phase = DEPENDS_NO_NODE; phase <= DEPENDS_PHASE_OMITTED; phase++) {
        struct depends_state states[COUNT_OF(tasks)] = {};

        for (size_t i = 0; i < COUNT_OF(states); i++)
            states[i] = (struct depends_state){.phase = phase, .is_daemoned = i == 1};
        if (phase < DEPENDS_PHASE_SUCCEEDED && count > 1)
            assert(depends_eval(d, states) == DEPENDS_WAIT);
        else
            depends_eval(d, states);
    }
    return 0;
}
