/* Reads a plan's words in place: pointers into the text, lists that grow by doubling. See
 * plan.h for the keys. */
#include "pods/shim/shim.h"

#include <stdlib.h>
#include <string.h>

static bool push(const char ***list, size_t *count, const char *word)
{
    if (*count >= PLAN_LIST_MAX)
        return false;
    if ((*count & (*count + 1)) ==
        0) { /* room for 2, 4, 8 ... and always for the closing NULL */
        const char **grown = realloc(*list, (2 * *count + 2) * sizeof(**list));

        if (!grown)
            return false;
        *list = grown;
    }
    (*list)[(*count)++] = word;
    (*list)[*count] = NULL;
    return true;
}

/* Digits only, within 63 bits. */
static const char *number_word(const char *value, int64_t *ret)
{
    int64_t number = 0;

    for (const char *at = value; *at; at++)
        if (*at < '0' || *at > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *at - '0', &number))
            return "a number that is none";
    *ret = number;
    return *value ? NULL : "a number that is none";
}

static const char *group_word(struct plan_container *c, const char *value)
{
    int64_t number;
    const char *wrong = number_word(value, &number);

    if (wrong || number >= UINT32_MAX)
        return wrong ? wrong : "a group that is none";
    if (c->group_count >= PLAN_GROUPS_MAX)
        return "too many groups";
    c->groups[c->group_count++] = (gid_t) number;
    return NULL;
}

static const char *role_word(struct plan_container *c, const char *value)
{
    c->role = strcmp(value, "main") == 0      ? PLAN_MAIN
              : strcmp(value, "sidecar") == 0 ? PLAN_SIDECAR
                                              : PLAN_FIRST;
    return c->role != PLAN_FIRST ? NULL : "a role that is neither main nor sidecar";
}

static const char *act_begin(struct plan_container *c, const char *value)
{
    static const char *const names[] = {"startup", "liveness", "readiness", "poststart",
                                        "prestop"};

    for (int i = 0; i < ACT_COUNT; i++)
        if (strcmp(value, names[i]) == 0) {
            c->act = (enum plan_act) i;
            if (c->acts[i].is_there)
                return "an act that is there twice";
            c->acts[i] = (struct plan_action){
                .is_there = true, .successes = 1, .failures = 1, .ending_ms = -1};
            return NULL;
        }
    return "an act that is none";
}

static const char *act_word(struct plan_container *c, const char *key, const char *value)
{
    struct plan_action *action = &c->acts[c->act];

    if (!action->is_there)
        return "an unknown key or too many of it";
    if (strcmp(key, "exec") == 0)
        return push(&action->exec, &action->exec_count, value) ? NULL : "too many words";
    else if (strcmp(key, "host") == 0)
        action->host = value;
    else if (strcmp(key, "port") == 0)
        action->port = value;
    else if (strcmp(key, "request") == 0)
        action->request = value;
    else if (strcmp(key, "sleep") == 0)
        return number_word(value, &action->sleep_ms);
    else if (strcmp(key, "initial") == 0)
        return number_word(value, &action->initial_ms);
    else if (strcmp(key, "every") == 0)
        return number_word(value, &action->every_ms);
    else if (strcmp(key, "within") == 0)
        return number_word(value, &action->within_ms);
    else if (strcmp(key, "successes") == 0)
        return number_word(value, &action->successes);
    else if (strcmp(key, "failures") == 0)
        return number_word(value, &action->failures);
    else if (strcmp(key, "ending") == 0)
        return number_word(value, &action->ending_ms);
    else
        return "an unknown key or too many of it";
    return NULL;
}

/* Who it is and what it may do; the keys behind are others. */
static const char *rights_word(struct plan_container *c, const char *key, const char *value)
{
    const struct {
        const char *key;
        int64_t *number;
    } numbers[] = {{"uid", &c->uid},
                   {"gid", &c->gid},
                   {"lacks", &c->lacks},
                   {"sealed", &c->is_sealed},
                   {"filtered", &c->is_filtered},
                   {"readonly", &c->is_read_only},
                   {"stdin", &c->has_stdin},
                   {"tty", &c->has_tty}};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (strcmp(key, numbers[i].key) == 0)
            return number_word(value, numbers[i].number);
    return strcmp(key, "group") == 0 ? group_word(c, value) : act_word(c, key, value);
}

static const char *container_word(struct plan_container *c, const char *key, const char *value)
{
    if (!c)
        return "a key before the first container";
    if (strcmp(key, "cwd") == 0)
        c->cwd = value;
    else if (strcmp(key, "log") == 0)
        c->log = value;
    else if (strcmp(key, "env") == 0)
        return push(&c->env, &c->env_count, value) ? NULL : "too many variables";
    else if (strcmp(key, "arg") == 0)
        return push(&c->args, &c->arg_count, value) ? NULL : "too many arguments";
    else if (strcmp(key, "role") == 0)
        return role_word(c, value);
    else if (strcmp(key, "box") == 0)
        c->box = value;
    else if (strcmp(key, "after") == 0)
        return push(&c->after, &c->after_count, value) ? NULL : "too many dependencies";
    else if (strcmp(key, "tries") == 0)
        return number_word(value, &c->tries);
    else if (strcmp(key, "delay") == 0)
        return number_word(value, &c->delay_ms);
    else if (strcmp(key, "output") == 0 && c->output_count < PLAN_OUTPUTS_MAX)
        c->outputs[c->output_count++] = value;
    else if (strcmp(key, "artifact") == 0 && c->artifact_count < PLAN_OUTPUTS_MAX)
        c->artifacts[c->artifact_count++] = value;
    else if (strcmp(key, "layer") == 0 && c->layer_count < PLAN_LAYERS_MAX)
        c->layers[c->layer_count++] = value;
    else if (strcmp(key, "id") == 0)
        c->id = value;
    else if (strcmp(key, "cgroup") == 0)
        c->cgroup = value;
    else if (strcmp(key, "oom") == 0)
        c->oom = value;
    else if (strcmp(key, "act") == 0)
        return act_begin(c, value);
    else
        return rights_word(c, key, value);
    return NULL;
}

static const char *container_begin(struct plan *plan, const char *name)
{
    struct plan_container *c =
        plan->container_count < PLAN_CONTAINERS_MAX ? calloc(1, sizeof(*c)) : NULL;

    if (!c)
        return "too many containers";
    c->name = name;
    c->uid = c->gid = -1;
    plan->containers[plan->container_count++] = c;
    return NULL;
}

static const char *bind_word(struct plan *plan, const char *key, const char *value)
{
    struct plan_bind *bind = plan->bind_count ? &plan->binds[plan->bind_count - 1] : NULL;

    if (strcmp(key, "bind") == 0) {
        if (plan->bind_count >= PLAN_BINDS_MAX)
            return "too many mounts";
        plan->binds[plan->bind_count++].source = value;
    } else if (!bind) {
        return "at or mode before bind";
    } else if (strcmp(key, "at") == 0) {
        bind->target = value;
    } else {
        bind->is_read_only = strcmp(value, "ro") == 0;
        if (!bind->is_read_only && strcmp(value, "rw") != 0)
            return "a mode that is neither ro nor rw";
    }
    return NULL;
}

static const char *isolation_word(struct plan *plan, const char *value)
{
    static const char *const names[] = {"process", "host", "image"};

    for (int i = PLAN_PROCESS; i <= PLAN_IMAGE; i++) {
        plan->isolation = (enum plan_isolation) i;
        if (strcmp(value, names[i]) == 0)
            return NULL;
    }
    return "an isolation that is neither process nor host nor image";
}

/* Of its network; the keys behind are others. */
static const char *network_word(struct plan *plan, const char *key, const char *value)
{
    struct plan_network *n = &plan->network;

    if (strcmp(key, "bridge") == 0)
        n->bridge = value;
    else if (strcmp(key, "address") == 0)
        n->address = value;
    else if (strcmp(key, "gateway") == 0)
        n->gateway = value;
    else if (strcmp(key, "prefix") == 0)
        return number_word(value, &n->prefix);
    else
        return container_word(
            plan->container_count ? plan->containers[plan->container_count - 1] : NULL, key,
            value);
    return NULL;
}

static const char *pod_word(struct plan *plan, const char *key, const char *value)
{
    if (strcmp(key, "isolation") == 0)
        return isolation_word(plan, value);
    else if (strcmp(key, "root") == 0)
        plan->root = value;
    else if (strcmp(key, "hostname") == 0)
        plan->hostname = value;
    else if (strcmp(key, "runtime") == 0)
        plan->runtime = value;
    else if (strcmp(key, "layers") == 0)
        plan->layers = value;
    else if (strcmp(key, "mask") == 0 &&
             plan->mask_count < sizeof(plan->masks) / sizeof(plan->masks[0]))
        plan->masks[plan->mask_count++] = value;
    else if (strcmp(key, "deadline") == 0)
        return number_word(value, &plan->deadline_ms);
    else if (strcmp(key, "grace") == 0)
        return number_word(value, &plan->grace_ms);
    else if (strcmp(key, "logmax") == 0)
        return number_word(value, &plan->log_max_bytes);
    else if (strcmp(key, "watched") == 0)
        return number_word(value, &plan->is_watched);
    else if (strcmp(key, "bind") == 0 || strcmp(key, "at") == 0 || strcmp(key, "mode") == 0)
        return bind_word(plan, key, value);
    else if (strcmp(key, "container") == 0)
        return container_begin(plan, value);
    else
        return network_word(plan, key, value);
    return NULL;
}

static bool is_main(const struct plan *plan, const char *name)
{
    for (size_t i = plan->first_count; i < plan->container_count; i++)
        if (plan->containers[i]->role == PLAN_MAIN &&
            strcmp(plan->containers[i]->name, name) == 0)
            return true;
    return false;
}

/* Who runs before, who beside whom, and after whom. */
static const char *check_roles(struct plan *plan)
{
    struct plan_container *last = plan->containers[plan->container_count - 1];
    bool has_main = false;

    if (last->role == PLAN_FIRST)
        last->role = PLAN_MAIN;
    while (plan->containers[plan->first_count]->role == PLAN_FIRST)
        plan->first_count++;
    for (size_t i = plan->first_count; i < plan->container_count; i++) {
        if (plan->containers[i]->role == PLAN_FIRST)
            return "a container without a role behind one that has one";
        has_main |= plan->containers[i]->role == PLAN_MAIN;
    }
    if (!has_main)
        return "no main container";
    for (size_t i = 0; i < plan->container_count; i++)
        for (size_t j = 0; j < plan->containers[i]->after_count; j++)
            if (!is_main(plan, plan->containers[i]->after[j]))
                return "a container after one that is no main one";
    return NULL;
}

/* Each does something, and a probe is not made without end. */
static const char *check_acts(const struct plan_container *c)
{
    for (size_t i = 0; i < ACT_COUNT; i++) {
        const struct plan_action *action = &c->acts[i];

        if (!action->is_there)
            continue;
        if (!action->host != !action->port || (action->request && !action->host))
            return "an act with a part of a connection";
        if (i < ACT_PROBES && (action->every_ms <= 0 || action->within_ms <= 0 ||
                               (!action->exec && !action->host)))
            return "a probe without a command, a connection or a time";
    }
    return NULL;
}

static const char *check_user(const struct plan_container *c)
{
    if (c->uid >= UINT32_MAX || c->gid >= UINT32_MAX)
        return "a user or group that is none";
    return (c->uid < 0) != (c->gid < 0) ? "a user without a group, or a group without a user"
                                        : NULL;
}

/* Is what was read enough to run a pod? Nothing may be missing later, in the child. */
static const char *check_plan(struct plan *plan)
{
    if (plan->isolation == PLAN_HOST && !plan->root)
        return "isolation host without a root";
    if (plan->isolation == PLAN_IMAGE && (!plan->runtime || !plan->layers))
        return "isolation image without a runtime or layers";
    if (plan->network.bridge &&
        (plan->isolation != PLAN_IMAGE || !plan->network.address || !plan->network.gateway ||
         plan->network.prefix < 1 || plan->network.prefix > 32))
        return "a bridge without isolation image, an address, a prefix or a gateway";
    for (size_t i = 0; i < plan->bind_count; i++)
        if (!plan->binds[i].target)
            return "a mount without a target";
    for (size_t i = 0; i < plan->container_count; i++)
        if (!plan->containers[i]->args || !plan->containers[i]->cwd ||
            !plan->containers[i]->log)
            return "a container without arguments, cwd or log";
    for (size_t i = 0; i < plan->container_count; i++) {
        const char *wrong = check_acts(plan->containers[i]);

        wrong = wrong ? wrong : check_user(plan->containers[i]);
        if (wrong)
            return wrong;
    }
    for (size_t i = 0; i < plan->container_count && plan->isolation == PLAN_IMAGE; i++)
        if (!plan->containers[i]->box || !plan->containers[i]->id ||
            !plan->containers[i]->cgroup || plan->containers[i]->layer_count == 0)
            return "a container of isolation image without box, id, cgroup or layers";
    return plan->container_count ? check_roles(plan) : "no container";
}

const char *plan_parse(char *text, size_t len, struct plan *ret)
{
    const char *end = text + len;
    const char *at = text;

    if (len == 0 || text[len - 1] != '\0')
        return "the plan is cut off";
    while (at < end) {
        const char *key = at;
        const char *value = key + strlen(key) + 1;
        const char *wrong;

        if (value >= end)
            return "a key without a value";
        wrong = pod_word(ret, key, value);
        if (wrong)
            return wrong;
        at = value + strlen(value) + 1;
    }
    return check_plan(ret);
}

const char *plan_env(const struct plan_container *c, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = c->env_count; i > 0; i--)
        if (strncmp(c->env[i - 1], name, len) == 0 && c->env[i - 1][len] == '=')
            return c->env[i - 1] + len + 1;
    return NULL;
}
