/*
 * lang/depends/depends.h - what a task of a DAG waits for: `depends`, `dependencies` and
 * `continueOn`.
 *
 * A task's condition is compiled once into an immutable program in the caller's arena: a
 * boolean expression over results of other tasks. `A` stands for (A.Succeeded || A.Skipped ||
 * A.Daemoned), and also for A.Errored and A.Failed where A continues on them; `dependencies:
 * [A, B]` is `A && B`. Nothing is decided before every task that the condition names is ready.
 * Pure, any thread. Doesn't do: reading nodes (the caller tells their states), the phase of the
 * DAG (dag_phase.h).
 * ../shared/golden/lang/depends.jsonl decides.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "formats/json.h"

/* Results of a task that a condition can ask for, as bits. */
enum depends_result {
    DEPENDS_SUCCEEDED = 1 << 0,
    DEPENDS_FAILED = 1 << 1,
    DEPENDS_ERRORED = 1 << 2,
    DEPENDS_SKIPPED = 1 << 3,
    DEPENDS_OMITTED = 1 << 4,
    DEPENDS_DAEMONED = 1 << 5,
    DEPENDS_ANY_SUCCEEDED = 1 << 6, /* of a task with items */
    DEPENDS_ALL_FAILED = 1 << 7,    /* of a task with items */
};

/* What conditions need to know of a DAGTask. Texts are borrowed from its document. */
struct depends_task {
    struct str name;
    struct str depends;              /* or absent */
    const struct json *dependencies; /* array of names, or NULL */
    bool has_continue_on, continues_on_failed, continues_on_error;
    bool has_items; /* withItems, withParam or withSequence */
};

/* Phase of a node, upstream's words; zero is "no node yet". */
enum depends_phase {
    DEPENDS_NO_NODE = 0,
    DEPENDS_PHASE_PENDING,
    DEPENDS_PHASE_RUNNING,
    DEPENDS_PHASE_SUCCEEDED,
    DEPENDS_PHASE_SKIPPED,
    DEPENDS_PHASE_FAILED,
    DEPENDS_PHASE_ERROR,
    DEPENDS_PHASE_OMITTED,
};

/* The node of a task, as the caller sees it. Zero: there is none. */
struct depends_state {
    enum depends_phase phase;
    bool is_daemoned;
    bool is_held;       /* a hook below it runs, or its results have not arrived: not ready */
    bool is_group;      /* a TaskGroup; children count */
    bool any_succeeded; /* is_group: at least one child is Succeeded */
    bool all_failed;    /* is_group: there are children and all are Failed */
};

struct depends;

enum depends_answer {
    DEPENDS_WAIT, /* ask again when a task it names has changed */
    DEPENDS_OMIT, /* the node is Omitted: "omitted: depends condition not met" */
    DEPENDS_RUN,
    DEPENDS_FAULT, /* its condition cannot be read: the node is an Error with depends_problem()
                    */
};

/** depends_phase_of() - the phase of that name; DEPENDS_PHASE_PENDING for an empty one,
 * DEPENDS_NO_NODE for an unknown one */
enum depends_phase depends_phase_of(struct str name) _pure_;

/** depends_phase_name() - upstream's word; empty for DEPENDS_NO_NODE */
struct str depends_phase_name(enum depends_phase phase);

/** depends_task_of() - the parts of a DAGTask (JSON) that conditions need; borrowed from it */
struct depends_task depends_task_of(const struct json *task);

/**
 * depends_compile() - the condition of one task
 * @a:     where the program lives; must live as long as it
 * @tasks: all tasks of the DAG; not kept
 * @count: how many
 * @index: the task whose condition it is
 * @ret:   program
 * @err:   ERR_INVALID: "task result 'X' for task 'A' is invalid" or "invalid dependency X";
 * ERR_LIMIT over DEPENDS_DEPTH_MAX
 *
 * A condition that cannot be read is a program, too: as in the original, that shows when the
 * tasks it names have ended.
 *
 * Return: 0 or -1.
 */
int depends_compile(struct arena *a, const struct depends_task *tasks, size_t count,
                    size_t index, const struct depends **ret, struct err *err);

/** depends_needs() - indices of the tasks that a condition names, each once, sorted by name as
 * upstream lists them; SIZE_MAX is a task that does not exist. None: the task starts at once.
 * Borrowed from the program */
const size_t *depends_needs(const struct depends *d, size_t *ret_count);

/** depends_problem() - "unable to evaluate expression '...': ..." as the original says it;
 * absent for a condition that can be read. Borrowed from the program */
struct str depends_problem(const struct depends *d);

/** depends_logic() - the condition with all results written out; empty when there is none */
struct str depends_logic(const struct depends *d);

/** depends_is_ready() - does what waits for this node no longer have to wait? */
bool depends_is_ready(const struct depends_state *s) _pure_;

/** depends_results() - what a node's state means for conditions: bits of enum depends_result */
unsigned depends_results(const struct depends_state *s) _pure_;

/**
 * depends_eval() - may the task start?
 * @d:      its condition
 * @states: nodes of all tasks of the DAG, by index
 *
 * The caller asks only while the task itself has no node.
 */
enum depends_answer depends_eval(const struct depends *d, const struct depends_state *states);

/**
 * depends_sort() - the first rule that `argo lint` and submission apply to the tasks of a DAG:
 * they can be put in an order; the other rules are asked in that order
 * @a:     where the order lives
 * @path:  where the template is, "templates.main"; begins every message
 * @tasks: tasks
 * @count: how many
 * @ret:   indices; of tasks that could come first, the one that stands first
 * @err:   ERR_INVALID: "<path> sorting failed: graph with cycle", "... duplicated nodeName A",
 * "... invalid dependency A"
 *
 * Return: 0 or -1.
 */
int depends_sort(struct arena *a, struct str path, const struct depends_task *tasks,
                 size_t count, const size_t **ret, struct err *err);

/**
 * depends_check_way() - may a task say what it waits for in this way?
 * @path:         as above
 * @task:         the task
 * @uses_depends: whether one of the DAG does so by `depends`
 * @err:          ERR_INVALID: "<path>.tasks.A name cannot begin with a digit ...", "<path>
 * cannot use both 'depends' and 'dependencies' ...", "<path> cannot use 'continueOn' ..."
 *
 * Return: 0 or -1.
 */
int depends_check_way(struct str path, const struct depends_task *task, bool uses_depends,
                      struct err *err);

/**
 * depends_check_needs() - are there such results as a task waits for?
 * @err: ERR_INVALID: "<path>.tasks.B task result 'X' for task 'A' is invalid", "<path>.tasks.A
 * dependency 'A' uses an items-based condition ..."
 *
 * Return: 0 or -1.
 */
int depends_check_needs(struct str path, const struct depends_task *tasks, size_t count,
                        size_t index, struct err *err);

/**
 * depends_targets() - the tasks that a DAG is run for
 * @a:         where the list lives
 * @target:    the DAG's target after substitution: names with blanks between them; empty: the
 * tasks that no other names
 * @programs:  conditions of all tasks
 * @tasks:     tasks
 * @count:     how many
 * @ret_count: how many targets
 *
 * Return: indices, sorted by name when @target is empty; SIZE_MAX for a name that does not
 * exist.
 */
const size_t *depends_targets(struct arena *a, struct str target,
                              const struct depends *const *programs,
                              const struct depends_task *tasks, size_t count,
                              size_t *ret_count);
