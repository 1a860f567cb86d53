/*
 * Engine and store alone, durable, with pods that need no process (bench/scripted.h): one-step
 * workflows, fan-outs and what a node costs in memory, a DAG whose tasks are listed in any
 * order, workflows that wait for one mutex, and a restart with workflows that run. The
 * yardstick is SQLite alone, with as many rows of the same kinds in the same batches.
 */
#include <sqlite3.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "base/strbuf.h"
#include "bench/house.h"

enum {
    WORKERS = 128, /* a submission waits for its commit */
    AT_ONCE = 256,
    WORKFLOWS = 20000,
    NARROW = 10000,
    WIDE = 100000,
    TASKS = 5000,
    WAITERS = 10000,
    RUNNING = 10000,
    TEXT_MAX_BYTES = 16 << 20,
};

/* ---- submissions: each lane has one under way ---- */

struct lane {
    struct job job;
    struct lanes *of;
};

struct lanes {
    struct house *house;
    struct json doc;
    struct lane at[AT_ONCE];
    int count, begun, done;
};

static void run_lane(struct job *job)
{
    struct lane *lane = CONTAINER_OF(job, struct lane, job);

    house_submit(lane->of->house, &lane->of->doc);
}

static void begin_lane(struct lane *lane)
{
    struct err err;

    if (lane->of->begun++ >= lane->of->count)
        return;
    if (workers_submit(lane->of->house->workers, &lane->job, &err) < 0)
        bench_die("submit", err.text);
}

static void on_lane(struct job *job)
{
    struct lane *lane = CONTAINER_OF(job, struct lane, job);

    lane->of->done++;
    begin_lane(lane);
}

/* Submits @count workflows of one text, at most AT_ONCE at a time, and turns the loop until all
 * are in. */
static void submit_all(struct house *h, struct arena *a, const char *text, int count)
{
    struct lanes *lanes = ARENA_NEW(a, struct lanes);
    struct err err;

    lanes->house = h;
    lanes->count = count;
    if (json_parse(a, str_from(text), &lanes->doc, &err) < 0)
        bench_die("manifest", err.text);
    for (int i = 0; i < AT_ONCE; i++) {
        lanes->at[i] = (struct lane){.of = lanes, .job = {.run = run_lane, .done = on_lane}};
        begin_lane(&lanes->at[i]);
    }
    while (lanes->done < count)
        loop_run_once(h->loop, 1000);
}

static void wait_finished(struct house *h, uint64_t count)
{
    while (engine_stats_get(h->engine).finished < count)
        loop_run_once(h->loop, 1000);
}

/* ---- SQLite alone ---- */

static sqlite3 *bare_open(void)
{
    char folder[BENCH_PATH_BYTES], file[BENCH_PATH_BYTES + 20];
    sqlite3 *db;

    bench_folder(folder);
    snprintf(file, sizeof(file), "%s/bare.db", folder);
    if (sqlite3_open(file, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "CREATE TABLE object (id INTEGER PRIMARY KEY, name TEXT UNIQUE, doc TEXT);"
                     "CREATE TABLE label (object INTEGER, key TEXT, value TEXT, PRIMARY KEY "
                     "(object, key)) WITHOUT ROWID;"
                     "CREATE TABLE node (workflow TEXT, id TEXT, doc TEXT, PRIMARY KEY "
                     "(workflow, id)) WITHOUT ROWID;"
                     "CREATE TABLE change (rv INTEGER PRIMARY KEY, doc TEXT)",
                     NULL, NULL, NULL) != SQLITE_OK)
        bench_die("bare store", sqlite3_errmsg(db));
    return db;
}

static void bare_run(sqlite3 *db, sqlite3_stmt *s, int number, struct str doc)
{
    char name[40];

    snprintf(name, sizeof(name), "b-%d", number);
    sqlite3_bind_text(s, 1, name, -1, SQLITE_TRANSIENT);
    if (sqlite3_bind_parameter_count(s) > 1)
        sqlite3_bind_text(s, 2, doc.ptr, (int) doc.len, SQLITE_STATIC);
    if (sqlite3_step(s) != SQLITE_DONE)
        bench_die("bare row", sqlite3_errmsg(db));
    sqlite3_reset(s);
}

static sqlite3_stmt *bare_prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s;

    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        bench_die(sql, sqlite3_errmsg(db));
    return s;
}

/* Rows of @steps for each of @count things, in batches of @batch: all of a batch take the first
 * step in one commit, then the second. */
static double bare_rows(const char *const steps[], int step_count, const int commits[],
                        struct str doc, int count, int batch)
{
    sqlite3 *db = bare_open();
    sqlite3_stmt *s[16];
    double start;

    for (int i = 0; i < step_count; i++)
        s[i] = bare_prepare(db, steps[i]);
    start = bench_now();
    for (int from = 0; from < count; from += batch)
        for (int i = 0; i < step_count;) {
            int commit = commits[i];

            sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
            for (; i < step_count && commits[i] == commit; i++)
                for (int k = from; k < from + batch && k < count; k++)
                    bare_run(db, s[i], k, doc);
            sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
            sqlite3_wal_checkpoint(db, NULL);
        }
    start = bench_now() - start;
    for (int i = 0; i < step_count; i++)
        sqlite3_finalize(s[i]);
    sqlite3_close(db);
    return count / start;
}

/* A workflow is submitted, started and ended. */
static double bare_workflows(struct str doc)
{
    static const char *const steps[] = {
        "INSERT INTO object (name, doc) VALUES (?, ?)",
        "INSERT INTO change (rv, doc) SELECT coalesce(max(rv), 0) + 1, ?2 FROM change WHERE ?1 "
        "<> ''",
        "UPDATE object SET doc = ?2 WHERE name = ?1",
        "INSERT INTO label SELECT id, 'phase', 'Running' FROM object WHERE name = ?",
        "INSERT INTO node VALUES (?1, ?1, ?2)",
        "INSERT INTO change (rv, doc) SELECT coalesce(max(rv), 0) + 1, ?2 FROM change WHERE ?1 "
        "<> ''",
        "UPDATE object SET doc = ?2 WHERE name = ?1",
        "UPDATE label SET value = 'Succeeded' WHERE object = (SELECT id FROM object WHERE name "
        "= ?) AND key = 'phase'",
        "UPDATE node SET doc = ?2 WHERE workflow = ?1 AND id = ?1",
        "INSERT INTO change (rv, doc) SELECT coalesce(max(rv), 0) + 1, ?2 FROM change WHERE ?1 "
        "<> ''",
    };
    static const int commits[] = {0, 0, 1, 1, 1, 1, 2, 2, 2, 2};

    return bare_rows(steps, 10, commits, doc, WORKFLOWS, AT_ONCE);
}

/* A node is made and has ended. */
static double bare_nodes(struct str doc, int batch)
{
    static const char *const steps[] = {
        "INSERT INTO node VALUES ('w', ?1, ?2)",
        "UPDATE node SET doc = ?2 WHERE workflow = 'w' AND id = ?1",
    };
    static const int commits[] = {0, 1};

    return bare_rows(steps, 2, commits, doc, NARROW, batch);
}

/* ---- what is measured ---- */

static const char one_step[] =
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
    "\"generateName\":\"b-\"},\"spec\":{\"entrypoint\":\"m\",\"templates\":[{\"name\":\"m\","
    "\"container\":{\"image\":\"i\",\"command\":[\"sh\",\"-c\",\"true\"]}}]}}";

static void workflows(void)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct house h;
    double start;

    house_open_scripted(&h, WORKERS);
    start = bench_now();
    submit_all(&h, a, one_step, WORKFLOWS);
    wait_finished(&h, WORKFLOWS);
    start = bench_now() - start;
    house_close(&h);
    bench_print("engine_workflows", WORKFLOWS / start, "workflows/s",
                bare_workflows(str_of(one_step, sizeof(one_step) - 1)), 0.5);
}

static void add_head(struct strbuf *b, const char *kind)
{
    strbuf_addf(b,
                "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
                "\"generateName\":\"b-\"},\"spec\":{\"entrypoint\":\"m\",\"templates\":[{"
                "\"name\":\"t\",\"container\":{\"image\":\"i\"}},{\"name\":\"m\",\"%s\":",
                kind);
}

static double cpu_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* What the loop's thread did for one workflow. */
struct work {
    double seconds, cpu, longest; /* longest: CPU of one turn of the loop */
    double idle_kb;               /* resident, more than before */
};

static void run_one(const char *text, bool is_held, size_t pods, struct work *ret)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct house h;
    struct scripted *s = house_open_scripted(&h, WORKERS);
    double before = bench_status_kb("VmRSS"), start = bench_now(), cpu = cpu_now();

    scripted_hold(s, is_held);
    *ret = (struct work){0};
    submit_all(&h, a, text, 1);
    while (is_held ? scripted_count(s) < pods : engine_stats_get(h.engine).finished < 1) {
        double turn = cpu_now();

        loop_run_once(h.loop, 1000);
        turn = cpu_now() - turn;
        if (turn > ret->longest)
            ret->longest = turn;
    }
    ret->seconds = bench_now() - start;
    ret->cpu = cpu_now() - cpu;
    for (int i = 0; is_held && i < 50; i++)
        loop_run_once(h.loop, 100);
    ret->idle_kb = bench_status_kb("VmRSS") - before;
    house_close(&h);
}

static char *fan_out_text(struct strbuf *b, int width)
{
    add_head(b, "steps");
    strbuf_addf(
        b, "[[{\"name\":\"s\",\"template\":\"t\",\"withSequence\":{\"count\":\"%d\"}}]]}]}}",
        width);
    return b->ptr;
}

static void fan_outs(void)
{
    _cleanup_strbuf_ struct strbuf narrow = STRBUF_INIT(4096), wide = STRBUF_INIT(4096);
    static const char doc[] = "{\"id\":\"b-12345-1234567890\",\"name\":\"b-12345[0].s(1:1)\"}";
    struct work small, large;

    fan_out_text(&narrow, NARROW);
    fan_out_text(&wide, WIDE);
    run_one(narrow.ptr, false, 0, &small);
    run_one(wide.ptr, false, 0, &large);
    bench_print("engine_fan_out_nodes", NARROW / small.seconds, "nodes/s",
                bare_nodes(str_of(doc, sizeof(doc) - 1), AT_ONCE), 0.5);
    bench_print("fan_out_100000_beside_10000", WIDE / large.seconds, "nodes/s",
                NARROW / small.seconds, 0.9);
    bench_print_less("engine_time_of_a_status_change", 1e6 * large.cpu / (2.0 * WIDE), "us",
                     50);
}

/* The first of all: later the heap has room from before. */
static void idle_nodes(void)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(4096);
    struct work held;

    run_one(fan_out_text(&b, WIDE), true, WIDE, &held);
    bench_print_less("memory_of_an_idle_node", held.idle_kb / WIDE, "KB", 1);
}

/* Each task depends on one or two before it; they are listed in random order. */
static void dag(void)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX_BYTES);
    struct random random = random_seed(7);
    static int order[TASKS];
    struct work w;

    for (int i = 0; i < TASKS; i++) {
        int k = (int) (random_u64(&random) % (unsigned) (i + 1));

        order[i] = order[k];
        order[k] = i;
    }
    add_head(&b, "dag");
    strbuf_addz(&b, "{\"tasks\":[");
    for (int i = 0; i < TASKS; i++) {
        int task = order[i];

        strbuf_addf(&b, "%s{\"name\":\"t%d\",\"template\":\"t\"", i ? "," : "", task);
        if (task > 0)
            strbuf_addf(&b, ",\"dependencies\":[\"t%d\"%s", (task - 1) / 2,
                        task > 100 ? "" : "]");
        if (task > 100)
            strbuf_addf(&b, ",\"t%d\"]", task - 100);
        strbuf_addc(&b, '}');
    }
    strbuf_addz(&b, "]}}]}}");
    run_one(b.ptr, false, 0, &w);
    bench_print_less("dag_of_5000_longest_turn", 1e3 * w.longest, "ms", 10);
    bench_print_less("dag_of_5000", w.seconds, "s", 5);
}

static void mutex(void)
{
    static const char text[] =
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
        "\"generateName\":\"b-\"},\"spec\":{\"entrypoint\":\"m\",\"synchronization\":{"
        "\"mutexes\":[{\"name\":\"one\"}]},\"templates\":[{\"name\":\"m\",\"container\":{"
        "\"image\":\"i\"}}]}}";
    _cleanup_arena_ struct arena *a = arena_new();
    struct house h;
    struct scripted *s = house_open_scripted(&h, WORKERS);

    scripted_hold(s, true); /* the first keeps it until all wait */
    submit_all(&h, a, text, WAITERS);
    s = house_restart_scripted(&h);
    wait_finished(&h, WAITERS);
    bench_print_less("hand_over_of_a_mutex", 1e3 * scripted_gap_s(s), "ms", 1);
    house_close(&h);
}

static void restart(void)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct house h;
    struct scripted *s = house_open_scripted(&h, WORKERS);
    double start;

    scripted_hold(s, true);
    submit_all(&h, a, one_step, RUNNING);
    while (scripted_count(s) < RUNNING)
        loop_run_once(h.loop, 1000);
    start = bench_now();
    s = house_restart_scripted(&h);
    scripted_hold(s, true);
    while (scripted_count(s) < RUNNING)
        loop_run_once(h.loop, 1000);
    bench_print_less("restart_with_10000_running", bench_now() - start, "s", 3);
    house_close(&h);
}

int main(void)
{
    idle_nodes();
    workflows();
    fan_outs();
    dag();
    mutex();
    restart();
    return 0;
}
