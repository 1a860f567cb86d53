/* tiphys doctor: will a server run well here? Checks, what was found, what to do. */
#include "cli/doctor.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/workflow.h"

static const char *const words[] = {
    [DOCTOR_OK] = "ok", [DOCTOR_WARNING] = "warning", [DOCTOR_FAILED] = "failed"};

static struct json finding_value(struct arena *a, const char *name,
                                 const struct doctor_finding *f)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("name"), json_string(str_from(name)));
    json_add(a, &b, STR("status"), json_string(str_from(words[f->state])));
    json_add(a, &b, STR("message"), json_string(f->text));
    json_add_str(a, &b, STR("advice"), f->advice);
    return json_object(&b);
}

static void print_finding(const char *name, const struct doctor_finding *f)
{
    printf("%-8s %-12s " STR_FMT "\n", words[f->state], name, STR_ARG(f->text));
    if (f->advice.len > 0)
        printf("%-8s %-12s -> " STR_FMT "\n", "", "", STR_ARG(f->advice));
}

static int run_doctor(struct cli *cli, struct err *err)
{
    const char *data = cli_flag(cli, "data");
    bool is_json = cli_flag(cli, "output") != NULL;
    struct json_array_builder list = {0};
    struct json_object_builder b = {0};
    enum doctor_state worst = DOCTOR_OK;
    struct json made;
    size_t count;
    const struct doctor_check *checks = doctor_checks(&count);

    (void) err;
    for (size_t i = 0; i < count; i++) {
        struct doctor_finding f = checks[i].look(cli->arena, data);

        if (f.state > worst)
            worst = f.state;
        if (is_json)
            json_push(cli->arena, &list, finding_value(cli->arena, checks[i].name, &f));
        else
            print_finding(checks[i].name, &f);
    }
    json_add(cli->arena, &b, STR("status"), json_string(str_from(words[worst])));
    json_add(cli->arena, &b, STR("checks"), json_array(&list));
    made = json_object(&b);
    if (is_json)
        workflow_print_json(&made);
    cli->exit_code = worst == DOCTOR_FAILED;
    return 0;
}

static const struct cli_flag flags[] = {
    {.name = "data", .letter = 'd', .fallback = "tiphys-data", .help = "folder of the server"},
    {.name = "output", .letter = 'o', .choices = "json", .help = "output format: json"},
    {0}};

extern const struct cli_command cli_doctor;
const struct cli_command cli_doctor = {
    .name = "doctor",
    .usage = "",
    .summary = "check this machine and the data of a server, and say what to do",
    .example = "doctor --data ./data",
    .flags = flags,
    .surface = CLI_OWN,
    .run = run_doctor};
