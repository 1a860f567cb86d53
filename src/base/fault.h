/*
 * base/fault.h - named points at which a crash test kills the process.
 *
 * FAULT_POINT("bus.append.before_commit") does nothing unless the environment variable
 * TIPHYS_FAULT names the point when the process starts ("name" or "name:N" for the Nth pass),
 * then the process dies by SIGKILL there. Builds without WITH_FAULTS compile it to nothing.
 * Every name has a row in base/faults.def.
 */
#pragma once

#ifndef WITH_FAULTS
#define WITH_FAULTS 0
#endif

/** fault_pass() - count one pass over a point, die if it is the chosen one; any thread */
void fault_pass(const char *point);

#if WITH_FAULTS
#define FAULT_POINT(point) fault_pass(point)
#else
#define FAULT_POINT(point) ((void) 0)
#endif
