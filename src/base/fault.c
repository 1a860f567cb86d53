/* Crash points for tests. The choice is read once from the environment; passes are counted
 * atomically. */
#include "base/fault.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

static atomic_ulong passes; /* of the chosen point */

void fault_pass(const char *point)
{
    struct str choice = str_from(secure_getenv("TIPHYS_FAULT"));
    struct str name;
    uint64_t wanted = 1;

    if (!str_cut(&choice, ':', &name) || !str_is(name, point))
        return;
    if (!str_is_none(choice) && !parse_u64(choice, &wanted))
        return;
    if (atomic_fetch_add(&passes, 1) + 1 == wanted)
        kill(getpid(), SIGKILL);
}
