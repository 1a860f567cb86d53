/*
 * The daemon with much in its store: a page of 500 of 10,000 workflows, `tiphys list` of 500,
 * the start with 100,000 that have finished, and 1,000 schedules of which none is due.
 *
 * The store is filled through store/store.h, as the daemon itself would have left it.
 */
#include <string.h>
#include <unistd.h>

#include "bench/served.h"
#include "store/store.h"

enum {
    PAGES = 41,
    LISTS = 41,
    STARTS = 5,
    REST_S = 10,
    PER_COMMIT = 500,
    PAGE = 500,
    SOME = 10000,
    MANY = 100000,
    SCHEDULES = 1000,
};

static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "bench_scale: %s: %s\n", what, err->text);
    exit(1);
}

/* ---- what is in the store ---- */

/* A workflow of one step, as it is after its end. */
static struct str workflow(struct arena *a, const char *ns, int i)
{
    return str_printf(
        a,
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"name\":"
        "\"hello-%06d\",\"namespace\":\"%s\",\"uid\":\"00000000-0000-4000-8000-%s%08d\","
        "\"creationTimestamp\":\"2026-01-02T%02d:%02d:%02dZ\",\"labels\":{"
        "\"workflows.argoproj.io/completed\":\"true\",\"workflows.argoproj.io/phase\":"
        "\"Succeeded\"}},\"spec\":{\"entrypoint\":\"main\",\"arguments\":{\"parameters\":[{"
        "\"name\":\"message\",\"value\":\"hello\"}]},\"templates\":[{\"name\":\"main\","
        "\"inputs\":{\"parameters\":[{\"name\":\"message\"}]},\"container\":{\"image\":"
        "\"busybox\",\"command\":[\"echo\"],\"args\":[\"{{inputs.parameters.message}}\"]}}]},"
        "\"status\":{\"phase\":\"Succeeded\",\"startedAt\":\"2026-01-02T03:04:05Z\","
        "\"finishedAt\":\"2026-01-02T03:04:06Z\",\"progress\":\"1/1\",\"conditions\":[{"
        "\"type\":\"PodRunning\",\"status\":\"False\"},{\"type\":\"Completed\",\"status\":"
        "\"True\"}],\"resourcesDuration\":{\"cpu\":0,\"memory\":1}}}",
        i, ns, strcmp(ns, "some") == 0 ? "5000" : "1000", i, i / 3600 % 24, i / 60 % 60,
        i % 60);
}

static struct str node(struct arena *a, int i)
{
    return str_printf(
        a,
        "{\"id\":\"hello-%06d\",\"name\":\"hello-%06d\",\"displayName\":\"hello-%06d\","
        "\"type\":\"Pod\",\"templateName\":\"main\",\"templateScope\":\"local/hello-%06d\","
        "\"phase\":\"Succeeded\",\"startedAt\":\"2026-01-02T03:04:05Z\",\"finishedAt\":"
        "\"2026-01-02T03:04:06Z\",\"progress\":\"1/1\",\"inputs\":{\"parameters\":[{\"name\":"
        "\"message\",\"value\":\"hello\"}]},\"outputs\":{\"exitCode\":\"0\"},"
        "\"hostNodeName\":\"bench\"}",
        i, i, i, i);
}

static struct str schedule(struct arena *a, const char *ns, int i)
{
    return str_printf(
        a,
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"CronWorkflow\",\"metadata\":{"
        "\"name\":\"cron-%06d\",\"namespace\":\"%s\",\"uid\":\"00000000-0000-4000-9000-"
        "1000%08d\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\"},\"spec\":{\"schedules\":["
        "\"%d %d 29 2 *\"],\"timezone\":\"Asia/Seoul\",\"workflowSpec\":{\"entrypoint\":"
        "\"main\",\"templates\":[{\"name\":\"main\",\"suspend\":{}}]}}}",
        i, ns, i, i % 60, i % 24);
}

typedef struct str (*text_fn)(struct arena *a, const char *ns, int i);

static void commit(struct store *s, const char *ns, int from, int to, text_fn text)
{
    struct store_txn *txn = store_txn_new(s);
    struct arena *a = store_txn_arena(txn);
    struct store_result result;
    struct json doc;
    struct err err;

    for (int i = from; i < to; i++) {
        if (json_parse(a, text(a, ns, i), &doc, &err) < 0)
            die("parse", &err);
        store_txn_create(txn, &doc);
        if (text == workflow)
            store_txn_node(txn, json_str(json_path(&doc, "metadata", "uid", NULL)),
                           str_printf(a, "hello-%06d", i), 1, node(a, i));
    }
    if (store_commit_wait(s, txn, &result, &err) < 0)
        die("commit", &err);
    store_object_unref(result.object);
}

static void fill(const char *path, const char *ns, int count, text_fn text)
{
    struct err err;
    struct loop *loop = loop_new(&err);
    struct store_options options = {.path = path, .loop = loop};
    struct store *s = store_open(&options, &err);

    if (!s)
        die(path, &err);
    for (int i = 0; i < count; i += PER_COMMIT) {
        commit(s, ns, i, i + PER_COMMIT < count ? i + PER_COMMIT : count, text);
        loop_run_once(loop, 0);
    }
    store_close(s);
    loop_free(loop);
}

/* ---- what is measured ---- */

static double page_ms(int fd, const char *path)
{
    double ms[PAGES];

    for (int i = 0; i < PAGES; i++) {
        double from = bench_now();

        if (served_ask(fd, "GET", path, NULL, NULL) < (size_t) PAGE * 100) {
            fprintf(stderr, "bench_scale: %s: too little\n", path);
            exit(1);
        }
        ms[i] = 1e3 * (bench_now() - from);
    }
    return bench_middle(ms, PAGES);
}

static void lists(struct served *s)
{
    char *const list[] = {(char[]){"tiphys"}, (char[]){"list"}, (char[]){"-n"},
                          (char[]){"some"}, NULL};
    double ms[LISTS];
    int fd = served_connect(s);

    bench_print_less(
        "list_page_of_500_in_10000",
        page_ms(fd, "/apis/argoproj.io/v1alpha1/namespaces/many/workflows?limit=500"), "ms",
        20);
    bench_print_less("argo_list_page_of_500_in_10000",
                     page_ms(fd, "/api/v1/workflows/many?listOptions.limit=500"), "ms", 20);
    close(fd);
    for (int i = 0; i < LISTS; i++) {
        double from = bench_now();

        served_run(s->program, list);
        ms[i] = 1e3 * (bench_now() - from);
    }
    bench_print_less("cli_list_of_500", bench_middle(ms, LISTS), "ms", 30);
}

static void starts(struct served *s, char *data)
{
    double seconds[STARTS];

    for (int i = 0; i < STARTS; i++) {
        seconds[i] = served_start_s(s, data);
        if (i < STARTS - 1)
            served_stop(s);
    }
    bench_print_less("start_with_100000_finished", 1e3 * bench_middle(seconds, STARTS), "ms",
                     1000);
    bench_print_less("memory_with_100000_finished", served_resident_mb(s), "MB", 100);
    served_stop(s);
}

static void schedules(struct served *s, char *data)
{
    double sleeps;

    served_start(s, data);
    sleep(5);
    sleeps = served_sleeps(s);
    sleep(REST_S);
    bench_print_less("wakeups_with_1000_schedules", (served_sleeps(s) - sleeps) / REST_S,
                     "wake-ups/s", 1);
    served_stop(s);
}

int main(void)
{
    char data[BENCH_PATH_BYTES], large[BENCH_PATH_BYTES], planned[BENCH_PATH_BYTES];
    struct served s;

    bench_folder(data);
    fill(data, "many", SOME, workflow);
    fill(data, "some", PAGE, workflow);
    served_start(&s, data);
    lists(&s);
    served_stop(&s);
    bench_folder(large);
    fill(large, "many", MANY, workflow);
    starts(&s, large);
    bench_folder(planned);
    fill(planned, "many", SCHEDULES, schedule);
    schedules(&s, planned);
    return 0;
}
