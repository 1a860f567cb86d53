/* Crash points and failing calls for tests. The choice comes from the environment; passes and
 * calls are counted atomically. */
#include "base/fault.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

static atomic_ulong passes; /* of the chosen point */

static struct {
    pthread_once_t from_environment;
    atomic_bool is_armed;
    enum fault_io call;
    int error; /* 0: half of the bytes */
    uint64_t first, count;
    atomic_ulong calls, failed;
} io = {.from_environment = PTHREAD_ONCE_INIT};

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

static const struct {
    const char *name;
    int error;
} errors[] = {{"EINTR", EINTR}, {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"short", 0}};

/* "write:ENOSPC:3:2" */
static bool arm(struct str what)
{
    struct str call, error, first;
    size_t at = 0;

    if (!str_cut(&what, ':', &call) || !str_cut(&what, ':', &error) ||
        !str_cut(&what, ':', &first) || !parse_u64(first, &io.first))
        return false;
    io.count = 1;
    if (!str_is_none(what) && !parse_u64(what, &io.count))
        return false;
    if (!str_is(call, "read") && !str_is(call, "write"))
        return false;
    io.call = str_is(call, "read") ? FAULT_IO_READ : FAULT_IO_WRITE;
    while (at < COUNT_OF(errors) && !str_is(error, errors[at].name))
        at++;
    if (at == COUNT_OF(errors))
        return false;
    io.error = errors[at].error;
    atomic_store(&io.is_armed, true);
    return true;
}

static void arm_from_environment(void)
{
    const char *what = secure_getenv("TIPHYS_FAULT_IO");

    if (what && !arm(str_from(what)))
        abort(); /* a test that asks for what there is not must not pass */
}

long fault_io_arm(const char *what)
{
    unsigned long failed = atomic_exchange(&io.failed, 0);

    pthread_once(&io.from_environment, arm_from_environment);
    atomic_store(&io.is_armed, false);
    atomic_store(&io.calls, 0);
    return what && !arm(str_from(what)) ? -1 : (long) failed;
}

bool fault_io(enum fault_io call, size_t *len)
{
    unsigned long number;

    pthread_once(&io.from_environment, arm_from_environment);
    if (!atomic_load(&io.is_armed) || call != io.call)
        return true;
    number = atomic_fetch_add(&io.calls, 1) + 1;
    if (number < io.first || number - io.first >= io.count)
        return true;
    atomic_fetch_add(&io.failed, 1);
    if (io.error == 0) {
        *len = (*len + 1) / 2;
        return true;
    }
    errno = io.error;
    return false;
}
