/*
 * cli/doctor.h - what a machine and a data folder must have for a server to run well: one check
 * a function, each with what it found and what to do about it.
 *
 * The judge_... functions are pure, but for that of databases; the others look at this machine.
 * Nothing is changed. Of a command; blocking.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"

enum doctor_state { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAILED };

struct doctor_finding {
    enum doctor_state state;
    struct str text;   /* what was found */
    struct str advice; /* what to do; "" when all is well */
};

struct doctor_check {
    const char *name;
    /* @data: the data folder, which may not be there yet; texts in @a */
    struct doctor_finding (*look)(struct arena *a, const char *data);
};

/** doctor_checks() - all checks, in the order in which they are told */
const struct doctor_check *doctor_checks(size_t *ret_count);

/** doctor_judge_space() - bytes of a disk: fails below 64 MiB, warns below 1 GiB */
struct doctor_finding doctor_judge_space(struct arena *a, uint64_t free_bytes);

/** doctor_judge_files() - open files that a process may have: warns below 8192 */
struct doctor_finding doctor_judge_files(struct arena *a, uint64_t soft, uint64_t hard);

/** doctor_judge_clock() - the time, and is it kept by somebody (adjtimex)? Fails before 2024 */
struct doctor_finding doctor_judge_clock(struct arena *a, struct wall now,
                                         bool is_synchronized);

/** doctor_judge_kernel() - its release, "6.1.0-9-amd64": warns before 5.11 */
struct doctor_finding doctor_judge_kernel(struct arena *a, const char *release);

/** doctor_judge_cgroups() - which versions are mounted: warns without any */
struct doctor_finding doctor_judge_cgroups(bool has_two, bool has_one);

/** doctor_judge_images() - what isolation image needs: warns when something is missing;
 * @runtime: the OCI runtime, or NULL */
struct doctor_finding doctor_judge_images(struct arena *a, bool is_root, bool has_skopeo,
                                          const char *runtime);

/** doctor_judge_database() - a file of the data folder: is it whole, or not there yet? */
struct doctor_finding doctor_judge_database(struct arena *a, const char *data,
                                            const char *name);
