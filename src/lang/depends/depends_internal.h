/* lang/depends/depends_internal.h - programs, and words of conditions. */
#pragma once

#include "base/vec.h"
#include "lang/depends/depends.h"
#include "lang/expr/expr.h"

/* One accumulator of a truth value, and a stack of bits for == and !=. */
enum depends_op {
    DEPENDS_OP_LOAD, /* is one of the results of need @arg among @bits? */
    DEPENDS_OP_NOT,
    DEPENDS_OP_JUMP,          /* to @arg */
    DEPENDS_OP_JUMP_IF_FALSE, /* to @arg */
    DEPENDS_OP_JUMP_IF_TRUE,  /* to @arg */
    DEPENDS_OP_PUSH,
    DEPENDS_OP_EQUAL, /* pops */
};

struct depends_step {
    enum depends_op op;
    uint32_t arg;
    unsigned bits;
};

struct depends {
    struct str logic;
    struct str problem; /* or absent */
    VEC(size_t) needs;
    VEC(struct depends_step) steps;
    /* Of a condition that only the expression language can read: what it evaluates, and the
     * names of the needs there. */
    const struct expr_program *program;
    const struct str *names;
};

/* A word of a condition that means a task: "task" or "task.Result". */
struct depends_word {
    struct str task;
    struct str result; /* or absent */
    size_t begin, end; /* bytes of the condition */
};

/** depends_word_next() - the next word at or behind @from; false at the end */
bool depends_word_next(struct str text, size_t from, struct depends_word *ret);

/** depends_word_at() - the word that begins exactly at @at, or false */
bool depends_word_at(struct str text, size_t at, struct depends_word *ret);

/** depends_result_of() - bit of a result's name; 0 when there is no such result */
unsigned depends_result_of(struct str name);

enum { DEPENDS_RESULT_COUNT = 8 };

/** depends_result_name() - name of the result that one bit stands for */
struct str depends_result_name(unsigned bit);

/** depends_text_of() - a task's condition before expansion; empty when it has none */
struct str depends_text_of(struct arena *a, const struct depends_task *task);

/** depends_index_of() - the task of that name, or SIZE_MAX */
size_t depends_index_of(const struct depends_task *tasks, size_t count, struct str name);

/** depends_check_results() - are all "task.Result" of a `depends` known results? */
int depends_check_results(const struct depends_task *task, struct err *err);

/**
 * depends_parse() - the expanded condition into steps
 * @d:     logic and needs are set; steps are filled in
 * @names: names of the needs, by position
 * @err:   ERR_INVALID for more than || && == != ! ? : and parentheses, which may still be right
 */
int depends_parse(struct arena *a, struct depends *d, const struct str *names, struct err *err);
