/*
 * The daemon at rest, with an event source, a sensor and a finished workflow in it: its memory
 * and its wake-ups; and how long a command of the CLI takes beside a bare spawn of `true`.
 */
#include <stdlib.h>
#include <unistd.h>

#include "bench/served.h"

enum { REST_S = 5, COMMANDS = 101 };

static void fill(const char *program, const char *data)
{
    static const char text[] =
        "apiVersion: argoproj.io/v1alpha1\nkind: EventSource\nmetadata: {name: hooks}\n"
        "spec: {webhook: {w: {port: \"29123\", endpoint: /w, method: POST}}}\n---\n"
        "apiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: s}\nspec:\n"
        "  dependencies: [{name: d, eventSourceName: hooks, eventName: w}]\n"
        "  triggers: [{template: {name: t, log: {}}}]\n---\n"
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n"
        "  entrypoint: m\n  templates: [{name: m, container: {image: i, command: "
        "[\"true\"]}}]\n";
    char path[300];
    char *const apply[] = {(char[]){"tiphys"}, (char[]){"apply"}, (char[]){"-f"}, path, NULL};
    char *const wait[] = {(char[]){"tiphys"}, (char[]){"wait"}, (char[]){"w"}, NULL};
    FILE *f;

    snprintf(path, sizeof(path), "%s/things.yaml", data);
    f = fopen(path, "w");
    if (!f)
        exit(1);
    fputs(text, f);
    fclose(f);
    served_run(program, apply);
    served_run(program, wait);
}

static double middle_ms(const char *program, char *const args[])
{
    double ms[COMMANDS];

    for (int i = 0; i < COMMANDS; i++) {
        double from = bench_now();

        served_run(program, args);
        ms[i] = 1e3 * (bench_now() - from);
    }
    return bench_middle(ms, COMMANDS);
}

int main(void)
{
    char data[BENCH_PATH_BYTES];
    struct served s;
    char *const nothing[] = {(char[]){"true"}, NULL};
    char *const version[] = {(char[]){"tiphys"}, (char[]){"version"}, (char[]){"--short"},
                             NULL};
    char *const list[] = {(char[]){"tiphys"}, (char[]){"list"}, NULL};
    double wakes;

    bench_folder(data);
    served_start(&s, data);
    fill(s.program, data);
    sleep(1);
    wakes = served_sleeps(&s);
    sleep(REST_S);
    wakes = (served_sleeps(&s) - wakes) / REST_S;
    bench_print_less("daemon_rest_memory", served_resident_mb(&s), "MB", 30);
    bench_print_less("daemon_rest_wakeups", wakes, "wake-ups/s", 0);
    bench_print_less("cli_start_version", middle_ms(s.program, version), "ms", 10);
    bench_print_less("cli_list", middle_ms(s.program, list), "ms", 10);
    bench_print_less("bare_spawn_of_true", middle_ms("true", nothing), "ms", 10);
    served_stop(&s);
    return 0;
}
