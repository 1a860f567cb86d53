/* Conditions of tasks: golden vectors of the original, rules, limits, a second evaluator. */
#include "base/limits.h"
#include "base/random.h"
#include "lang/depends/depends.h"
#include "tests/support/golden.h"

enum { TASKS_MAX = 16 };

struct dag {
    struct depends_task tasks[TASKS_MAX];
    struct depends_state states[TASKS_MAX];
    size_t count;
};

static size_t find(const struct dag *dag, struct str name)
{
    for (size_t i = 0; i < dag->count; i++)
        if (str_eq(dag->tasks[i].name, name))
            return i;
    return SIZE_MAX;
}

static void read_children(const struct json *children, struct depends_state *s)
{
    size_t failed = 0;

    s->is_group = true;
    for (uint32_t i = 0; i < children->count; i++) {
        struct str phase = json_str(&children->items[i]);

        s->any_succeeded |= str_is(phase, "Succeeded");
        failed += str_is(phase, "Failed");
    }
    s->all_failed = children->count > 0 && failed == children->count;
}

static struct depends_state read_state(const struct json *doc)
{
    const struct json *hook = json_get(doc, STR("hook"));
    const struct json *children = json_get(doc, STR("children"));
    struct depends_state s = {};

    if (!doc)
        return s;
    s.phase = depends_phase_of(json_get_str(doc, STR("phase")));
    s.is_daemoned = json_get_bool(doc, STR("daemoned"));
    s.is_held = json_get_bool(doc, STR("unsynced"));
    if (hook)
        s.is_held |= depends_phase_of(json_str(hook)) < DEPENDS_PHASE_SUCCEEDED;
    if (children)
        read_children(children, &s);
    return s;
}

static void read_dag(const struct json *row, struct dag *dag)
{
    const struct json *tasks = json_get(row, STR("tasks"));

    *dag = (struct dag){.count = tasks->count};
    assert_true(tasks->count <= TASKS_MAX);
    for (uint32_t i = 0; i < tasks->count; i++) {
        dag->tasks[i] = depends_task_of(&tasks->items[i]);
        dag->states[i] = read_state(json_get(json_get(row, STR("states")), dag->tasks[i].name));
    }
}

static bool same_needs(const struct dag *dag, const struct depends *d, const struct json *want)
{
    size_t count;
    const size_t *needs = depends_needs(d, &count);
    bool is_same = count == (want ? want->count : 0);

    for (size_t i = 0; is_same && i < count; i++)
        is_same = needs[i] == find(dag, json_str(&want->items[i]));
    return is_same;
}

/* What the original answers where a task has no condition, or has a node already, is never
 * asked here. */
static int check_golden(struct arena *a, const struct json *row)
{
    const struct json *out = json_get(row, STR("out"));
    bool execute = json_get_bool(out, STR("execute")),
         proceed = json_get_bool(out, STR("proceed"));
    const struct depends *d;
    enum depends_answer answer;
    struct dag dag;
    struct err err;
    size_t index;

    read_dag(row, &dag);
    index = find(&dag, json_get_str(row, STR("task")));
    if (depends_compile(a, dag.tasks, dag.count, index, &d, &err) < 0) {
        struct str want = json_get_str(row, STR("err"));

        if (!str_starts(want, STR("panic: ")) && !str_is(want, err.text))
            print_error(STR_FMT "\n  got: %s\n", STR_ARG(want), err.text);
        return golden_fails(row) &&
               (str_starts(want, STR("panic: ")) || str_is(want, err.text));
    }
    if (!same_needs(&dag, d, json_get(row, STR("dependencies"))) ||
        !str_eq(depends_logic(d), json_get_str(row, STR("logic"))))
        return false;
    if (str_is_empty(depends_logic(d)) && dag.states[index].phase == DEPENDS_NO_NODE)
        return golden_fails(row) && depends_eval(d, dag.states) == DEPENDS_RUN;
    if (golden_fails(row)) {
        if (!str_eq(json_get_str(row, STR("err")), depends_problem(d)))
            print_error(STR_FMT "\n  got: " STR_FMT "\n",
                        STR_ARG(json_get_str(row, STR("err"))), STR_ARG(depends_problem(d)));
        return depends_eval(d, dag.states) == DEPENDS_FAULT &&
               str_eq(json_get_str(row, STR("err")), depends_problem(d));
    }
    if (dag.states[index].phase != DEPENDS_NO_NODE)
        return execute && proceed;
    answer = depends_eval(d, dag.states);
    return answer == (!proceed ? DEPENDS_WAIT : execute ? DEPENDS_RUN : DEPENDS_OMIT);
}

static void test_golden(void **state _unused_)
{
    golden_run("lang/depends.jsonl", check_golden, 238);
}

static void test_phase_names(void **state _unused_)
{
    for (enum depends_phase p = DEPENDS_PHASE_PENDING; p <= DEPENDS_PHASE_OMITTED; p++)
        assert_int_equal(depends_phase_of(depends_phase_name(p)), p);
    assert_int_equal(depends_phase_of(STR("")), DEPENDS_PHASE_PENDING);
    assert_int_equal(depends_phase_of(STR("Nonsense")), DEPENDS_NO_NODE);
    assert_int_equal(depends_phase_name(DEPENDS_NO_NODE).len, 0);
}

static int compile(struct arena *a, struct str depends, const struct depends **ret,
                   struct err *err)
{
    struct depends_task tasks[] = {
        {.name = STR("A")}, {.name = STR("B")}, {.name = STR("X"), .depends = depends}};

    return depends_compile(a, tasks, COUNT_OF(tasks), 2, ret, err);
}

static void test_messages(void **state _unused_)
{
    static const struct {
        const char *depends, *text;
    } cases[] = {
        {"A.Done", "task result 'Done' for task 'A' is invalid"},
        {"A && C", "invalid dependency C"},
        {"A.Failed &&",
         "unable to evaluate expression 'A.Failed &&': unexpected token EOF (1:11)\n"
         " | A.Failed &&\n | ..........^"},
        {"A.Failed B.Failed",
         "unable to evaluate expression 'A.Failed B.Failed': unexpected token "
         "Identifier(\"B\") (1:10)\n | A.Failed B.Failed\n | .........^"},
        {"A.Failed ? B.Failed",
         "unable to evaluate expression 'A.Failed ? B.Failed': unexpected token "
         "EOF (1:19)\n | A.Failed ? B.Failed\n | ..................^"},
        {"'A.Failed",
         "unable to evaluate expression ''A.Failed': literal not terminated (1:10)\n"
         " | 'A.Failed\n | .........^"},
        {"A.Failed (B.Failed)",
         "unable to evaluate expression 'A.Failed (B.Failed)': bool is not callable (1:3)\n"
         " | A.Failed (B.Failed)\n | ..^"},
        {"A.Failed. || B.Failed",
         "unable to evaluate expression 'A.Failed. || B.Failed': expected name (1:14)\n"
         " | A.Failed. || B.Failed\n | .............^"},
        {"A.Failed. B.Failed",
         "unable to evaluate expression 'A.Failed. B.Failed': type bool has no field B (1:11)\n"
         " | A.Failed. B.Failed\n | ..........^"},
        {"A.Failed && (A.Failed + B.Failed)",
         "unable to evaluate expression 'A.Failed && (A.Failed + B.Failed)': invalid "
         "operation: "
         "+ (mismatched types bool and bool) (1:23)\n"
         " | A.Failed && (A.Failed + B.Failed)\n | ......................^"},
        {"|", "unable to evaluate expression '|': unexpected token Operator(\"|\") (1:1)\n | "
              "|\n | ^"},
        {"A.Failed ||\n\t&& B.Failed",
         "unable to evaluate expression 'A.Failed ||\n\t&& B.Failed': unexpected token "
         "Operator(\"&&\") (2:2)\n |  && B.Failed\n | .^"},
        {"A.Failed]", "unable to evaluate expression 'A.Failed]': unexpected token "
                      "Bracket(\"]\") (1:9)\n | A.Failed]\n | ........^"},
        {"A.Failed >&& B.Failed",
         "unable to evaluate expression 'A.Failed >&& B.Failed': unexpected token "
         "Operator(\">&\") (1:10)\n | A.Failed >&& B.Failed\n | .........^"},
        {"~", "unable to evaluate expression '~': unrecognized character: U+007E '~' (1:1)\n | "
              "~\n | ^"},
        {"-", "unable to evaluate expression '_': unknown name _ (1:1)\n | _\n | ^"},
        {"t-1.Failed &", "unable to evaluate expression 't_1.Failed &': unexpected token "
                         "Operator(\"&\") (1:12)\n"
                         " | t_1.Failed &\n | ...........^"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct depends *d;
        struct err err;

        if (compile(a, str_from(cases[i].depends), &d, &err) == 0) {
            assert_string_equal(str_cz(a, depends_problem(d)), cases[i].text);
            continue;
        }
        assert_true(i < 2);
        assert_string_equal(err.text, cases[i].text);
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

/* What is wrong with a condition shows when the tasks that it names have ended. */
static void test_late_problem(void **state _unused_)
{
    struct depends_state states[3] = {{.phase = DEPENDS_PHASE_SUCCEEDED},
                                      {.phase = DEPENDS_PHASE_RUNNING}};
    _cleanup_arena_ struct arena *a = arena_new();
    const struct depends *d;
    struct err err;
    size_t count;

    assert_int_equal(compile(a, STR("A.Succeeded || B.Failed &&"), &d, &err), 0);
    depends_needs(d, &count);
    assert_int_equal(count, 2);
    assert_int_equal(depends_eval(d, states), DEPENDS_WAIT);
    states[1].phase = DEPENDS_PHASE_ERROR;
    assert_int_equal(depends_eval(d, states), DEPENDS_FAULT);
    assert_int_equal(compile(a, STR("1 +"), &d, &err), -1); /* a task named 1 */
    assert_int_equal(compile(a, STR("!"), &d, &err), 0);
    assert_int_equal(depends_eval(d, states), DEPENDS_FAULT); /* nothing to wait for */
    assert_int_equal(compile(a, STR("A"), &d, &err), 0);
    assert_true(str_is_none(depends_problem(d)));
}

/* What is more than the usual operators is evaluated, too. */
static void test_whole_language(void **state _unused_)
{
    static const struct {
        const char *depends;
        enum depends_answer want;
    } cases[] = {
        {"A.Succeeded\xe2\x80\xa8", DEPENDS_RUN},   {"A.Succeeded; B.Errored", DEPENDS_RUN},
        {"(A.Succeeded) ?? B.Failed", DEPENDS_RUN}, {"[A.Failed] == [B.Failed]", DEPENDS_RUN},
        {"/**/ !A.Succeeded", DEPENDS_OMIT},        {"A.Failed ?: A.Succeeded", DEPENDS_RUN},
    };
    struct depends_state states[3] = {{.phase = DEPENDS_PHASE_SUCCEEDED},
                                      {.phase = DEPENDS_PHASE_ERROR}};
    _cleanup_arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct depends *d;
        struct err err;

        if (compile(a, str_from(cases[i].depends), &d, &err) < 0)
            fail_msg("%s: %s", cases[i].depends, err.text);
        if (depends_eval(d, states) != cases[i].want)
            fail_msg("%s: %d, " STR_FMT, cases[i].depends, depends_eval(d, states),
                     STR_ARG(depends_problem(d)));
    }
}

/* As many of @piece as make a condition of that depth. */
static struct str nested(struct arena *a, size_t depth)
{
    char *text = arena_alloc(a, 2 * depth + 9);

    memset(text, '(', depth);
    memcpy(text + depth, "A.Failed", 8);
    memset(text + depth + 8, ')', depth);
    return str_of(text, 2 * depth + 8);
}

static void test_depth(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct depends *d;
    struct err err;

    assert_int_equal(compile(a, nested(a, DEPENDS_DEPTH_MAX), &d, &err), 0);
    assert_int_equal(compile(a, nested(a, DEPENDS_DEPTH_MAX + 1), &d, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(compile(a, nested(a, 1000000), &d, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
}

/* ---- rules ---- */

static int check(struct arena *a, const struct depends_task *tasks, size_t count,
                 struct err *err)
{
    struct str path = STR("templates.main");
    const size_t *order;
    bool uses_depends = false;

    for (size_t i = 0; i < count; i++)
        uses_depends |= tasks[i].depends.len > 0;
    if (depends_sort(a, path, tasks, count, &order, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (depends_check_way(path, &tasks[order[i]], uses_depends, err) < 0 ||
            depends_check_needs(path, tasks, count, order[i], err) < 0)
            return -1;
    return 0;
}

static void test_sort(void **state _unused_)
{
    const struct depends_task tasks[] = {{.name = STR("d"), .depends = STR("c && b")},
                                         {.name = STR("c"), .depends = STR("a")},
                                         {.name = STR("b"), .depends = STR("a || a.Failed")},
                                         {.name = STR("a")},
                                         {.name = STR("e")}};
    static const size_t wanted[] = {3, 4, 1, 2, 0};
    _cleanup_arena_ struct arena *a = arena_new();
    const size_t *order;
    struct err err;

    assert_int_equal(depends_sort(a, STR("x"), tasks, COUNT_OF(tasks), &order, &err), 0);
    assert_memory_equal(order, wanted, sizeof(wanted));
}

static void test_check(void **state _unused_)
{
    static const struct {
        const char *tasks, *text;
    } cases[] = {
        {"[{\"name\":\"A\"},{\"name\":\"A\"}]",
         "templates.main sorting failed: duplicated nodeName A"},
        {"[{\"name\":\"A\",\"depends\":\"Z.Failed\"}]",
         "templates.main sorting failed: invalid dependency Z"},
        {"[{\"name\":\"A\",\"dependencies\":[\"B\"]},{\"name\":\"B\",\"dependencies\":[\"A\"]}"
         "]",
         "templates.main sorting failed: graph with cycle"},
        {"[{\"name\":\"A\",\"depends\":\"A.Failed\"}]",
         "templates.main sorting failed: graph with cycle"},
        {"[{\"name\":\"1a\"},{\"name\":\"b\",\"depends\":\"1a\"}]",
         "templates.main.tasks.1a name cannot begin with a digit when using either 'depends' "
         "or "
         "'dependencies'"},
        {"[{\"name\":\"A\"},{\"name\":\"B\",\"depends\":\"A\"},{\"name\":\"C\","
         "\"dependencies\":[\"A\"]}]",
         "templates.main cannot use both 'depends' and 'dependencies' in the same DAG "
         "template"},
        {"[{\"name\":\"A\",\"continueOn\":{}},{\"name\":\"B\",\"depends\":\"A\"}]",
         "templates.main cannot use 'continueOn' when using 'depends'. Instead use "
         "'dep-task.Failed'/'dep-task.Errored'"},
        {"[{\"name\":\"A\"},{\"name\":\"B\",\"depends\":\"A.Bogus\"}]",
         "templates.main.tasks.B task result 'Bogus' for task 'A' is invalid"},
        {"[{\"name\":\"A\"},{\"name\":\"B\",\"depends\":\"A.AnySucceeded\"}]",
         "templates.main.tasks.A dependency 'A' uses an items-based condition such as "
         ".AnySucceeded or "
         ".AllFailed but does not contain any items"},
        {"[{\"name\":\"A\",\"withItems\":[1]},{\"name\":\"B\",\"depends\":\"A.AnySucceeded\"}]",
         NULL},
        {"[{\"name\":\"D\",\"depends\":\"B && "
         "C\"},{\"name\":\"B\",\"depends\":\"A\"},{\"name\":\"C\","
         "\"depends\":\"A || A.Failed\"},{\"name\":\"A\"}]",
         NULL},
        {"[{\"name\":\"1a\"},{\"name\":\"b\"}]", NULL},
        {"[{\"name\":\"A\"},{\"name\":\"B\",\"depends\":\"A.AnySucceeded && A\"}]", NULL},
        {"[{\"name\":\"A\"},{\"name\":\"B\",\"depends\":\"A && A.AllFailed || A.Failed\"}]",
         "templates.main.tasks.A dependency 'A' uses an items-based condition such as "
         ".AnySucceeded or .AllFailed but does not contain any items"},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct depends_task tasks[4];
        struct json doc;
        struct err err;
        int result;

        assert_int_equal(json_parse(a, str_from(cases[i].tasks), &doc, &err), 0);
        for (uint32_t k = 0; k < doc.count; k++)
            tasks[k] = depends_task_of(&doc.items[k]);
        result = check(a, tasks, doc.count, &err);
        assert_int_equal(result, cases[i].text ? -1 : 0);
        if (cases[i].text)
            assert_string_equal(err.text, cases[i].text);
    }
}

static void test_targets(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct depends_task tasks[] = {
        {.name = STR("z")}, {.name = STR("b"), .depends = STR("a")}, {.name = STR("a")}};
    const struct depends *programs[3];
    const size_t *targets;
    struct err err;
    size_t count;

    for (size_t i = 0; i < 3; i++)
        assert_int_equal(depends_compile(a, tasks, 3, i, &programs[i], &err), 0);
    targets = depends_targets(a, STR(""), programs, tasks, 3, &count);
    assert_int_equal(count, 2);
    assert_int_equal(targets[0], 1);
    assert_int_equal(targets[1], 0);
    targets = depends_targets(a, STR("a nothing"), programs, tasks, 3, &count);
    assert_int_equal(count, 2);
    assert_int_equal(targets[0], 2);
    assert_true(targets[1] == SIZE_MAX);
}

/* ---- a second evaluator: builds a random condition and its value side by side ---- */

static const char *const result_names[] = {"Succeeded", "Failed",  "Errored",
                                           "Skipped",   "Omitted", "Daemoned"};

static bool build(struct random *r, struct strbuf *b, const struct depends_state *states,
                  unsigned depth)
{
    uint64_t kind = random_below(r, depth ? 6 : 1);
    size_t task = random_below(r, 2), result = random_below(r, COUNT_OF(result_names));
    bool left, right;

    if (kind == 0) {
        strbuf_addf(b, "%s.%s", task ? "B" : "A", result_names[result]);
        return depends_results(&states[task]) >> result & 1;
    }
    strbuf_addz(b, kind == 1 ? "!(" : "(");
    left = build(r, b, states, depth - 1);
    if (kind == 1) {
        strbuf_addc(b, ')');
        return !left;
    }
    strbuf_addz(b, kind == 2 ? " || " : kind == 3 ? " && " : kind == 4 ? " == " : " != ");
    right = build(r, b, states, depth - 1);
    strbuf_addc(b, ')');
    return kind == 2   ? left || right
           : kind == 3 ? left && right
           : kind == 4 ? left == right
                       : left != right;
}

static void test_random(void **state _unused_)
{
    struct random r = random_seed(17);

    for (size_t round = 0; round < 3000; round++) {
        _cleanup_arena_ struct arena *a = arena_new();
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
        struct depends_state states[3] = {};
        const struct depends *d;
        struct err err;
        size_t count;
        bool want;

        for (size_t i = 0; i < 2; i++) {
            states[i].phase =
                (enum depends_phase)(DEPENDS_PHASE_SUCCEEDED + random_below(&r, 5));
            states[i].is_daemoned = random_below(&r, 2);
        }
        want = build(&r, &b, states, 6);
        if (compile(a, strbuf_str(&b), &d, &err) < 0)
            fail_msg(STR_FMT ": %s", STR_ARG(strbuf_str(&b)), err.text);
        if (depends_eval(d, states) != (want ? DEPENDS_RUN : DEPENDS_OMIT))
            fail_msg(STR_FMT " should be %d", STR_ARG(strbuf_str(&b)), want);
        states[depends_needs(d, &count)[0]].phase = DEPENDS_PHASE_PENDING;
        assert_int_equal(depends_eval(d, states), DEPENDS_WAIT);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),   cmocka_unit_test(test_phase_names),
        cmocka_unit_test(test_messages), cmocka_unit_test(test_late_problem),
        cmocka_unit_test(test_depth),    cmocka_unit_test(test_whole_language),
        cmocka_unit_test(test_check),    cmocka_unit_test(test_sort),
        cmocka_unit_test(test_targets),  cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
