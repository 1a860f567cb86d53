/*
 * `tiphys lint`: how long one process takes for each file of a corpus of manifests that is made
 * here, and how long it takes to start, which is what lint of one small file is.
 */
#include <string.h>
#include <sys/stat.h>

#include "bench/served.h"

enum { FILES = 1000, STEPS = 12, RUNS = 7, STARTS = 51 };

/* A text and what comes behind each of its @. */
static void put(FILE *f, const char *text, int n)
{
    for (; *text; text++)
        if (*text == '@')
            fprintf(f, "%d", n);
        else
            fputc(*text, f);
}

static void put_steps(FILE *f)
{
    for (int i = 0; i < STEPS; i++)
        put(f,
            "    - - name: step-@\n        template: work\n        arguments:\n"
            "          parameters:\n          - {name: message, value: \"{{workflow.name}} "
            "@\"}\n"
            "        when: \"'{{workflow.parameters.level}}' != '@'\"\n",
            i);
}

static void put_templates(FILE *f)
{
    fputs("  entrypoint: main\n  arguments:\n    parameters: [{name: level, value: \"3\"}]\n"
          "  templates:\n  - name: main\n    steps:\n",
          f);
    put_steps(f);
    fputs("  - name: work\n    inputs:\n      parameters: [{name: message}]\n"
          "    retryStrategy: {limit: \"2\", expression: \"asInt(lastRetry.exitCode) > 1\"}\n"
          "    container:\n      image: registry.example.org/press:1.27\n"
          "      command: [sh, -c]\n      args:\n      - |\n        set -eu\n"
          "        echo \"{{inputs.parameters.message}}\" | press\n"
          "        test \"{{=upper(inputs.parameters.message)}}\" != \"\"\n"
          "      resources:\n        limits: {memory: 64Mi, cpu: 500m}\n",
          f);
}

static void put_workflow(FILE *f, int n)
{
    put(f,
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata:\n"
        "  generateName: press-@-\n  labels: {number: \"@\"}\nspec:\n",
        n);
    put_templates(f);
}

static void put_template(FILE *f, int n)
{
    put(f,
        "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: t-@}\n"
        "spec:\n",
        n);
    put_templates(f);
}

static void put_cron(FILE *f, int n)
{
    put(f,
        "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: c-@}\nspec:\n"
        "  schedules: [\"*/5 * * * *\"]\n  concurrencyPolicy: Forbid\n  workflowSpec:\n"
        "    workflowTemplateRef: {name: t-1}\n",
        n);
}

static void put_sensor(FILE *f, int n)
{
    put(f,
        "apiVersion: argoproj.io/v1alpha1\nkind: EventSource\nmetadata: {name: "
        "hooks-@}\nspec:\n"
        "  webhook: {press: {port: \"12000\", endpoint: /press, method: POST}}\n---\n"
        "apiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: s-@}\nspec:\n"
        "  dependencies:\n  - name: pushed\n    eventSourceName: hooks-@\n"
        "    eventName: press\n    filters:\n      data:\n"
        "      - {path: body.ref, type: string, value: [refs/heads/main]}\n"
        "  triggers:\n  - template:\n      name: run\n      argoWorkflow:\n"
        "        operation: submit\n        source:\n          resource:\n"
        "            apiVersion: argoproj.io/v1alpha1\n            kind: Workflow\n"
        "            metadata: {generateName: run-}\n            spec:\n"
        "              workflowTemplateRef: {name: t-1}\n"
        "              arguments: {parameters: [{name: level, value: \"1\"}]}\n"
        "        parameters:\n        - src: {dependencyName: pushed, dataKey: body.after}\n"
        "          dest: spec.arguments.parameters.0.value\n",
        n);
}

static void fill(const char *folder)
{
    static void (*const kinds[])(FILE *, int) = {put_workflow, put_template, put_cron,
                                                 put_sensor};

    for (int i = 0; i < FILES; i++) {
        char path[BENCH_PATH_BYTES + 32];
        FILE *f;

        snprintf(path, sizeof(path), "%s/m%d.yaml", folder, i);
        f = fopen(path, "w");
        if (!f)
            exit(1);
        kinds[i % 4](f, i);
        fclose(f);
    }
}

static double middle_ms(char *path, int runs)
{
    char *const args[] = {(char[]){"tiphys"}, (char[]){"lint"}, path, NULL};
    double ms[STARTS];

    for (int i = 0; i < runs; i++) {
        double from = bench_now();

        served_run("build/tiphys", args);
        ms[i] = 1e3 * (bench_now() - from);
    }
    return bench_middle(ms, runs);
}

int main(void)
{
    char folder[BENCH_PATH_BYTES], one[BENCH_PATH_BYTES + 32];

    bench_folder(folder);
    fill(folder);
    snprintf(one, sizeof(one), "%s/m1.yaml", folder);
    bench_print_less("lint_file", middle_ms(folder, RUNS) / FILES, "ms", 1);
    bench_print_less("lint_start", middle_ms(one, STARTS), "ms", 10);
    return 0;
}
