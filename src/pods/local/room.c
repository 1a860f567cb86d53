/*
 * What pods ask of this machine, and whether it has that: CPU and memory by their requests, and
 * labels, as the scheduler of Kubernetes sees one node. What does not fit waits in the order of
 * arrival beside those that ask for the same; smaller ones may pass. Loop.
 */
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "base/mem.h"
#include "formats/quantity.h"
#include "pods/local/local_internal.h"

/* Pods that ask for the same and do not fit. */
struct room_line {
    struct list link; /* in the runner's lines */
    struct local_need need;
    struct list pods;
};

struct local_need room_of_machine(void)
{
    struct local_need ret = {.cpu_milli = (int64_t) get_nprocs() * 1000};
    struct sysinfo info;

    ret.memory_bytes = INT64_MAX;
    if (sysinfo(&info) == 0)
        ret.memory_bytes = (int64_t) (info.totalram * info.mem_unit);
    return ret;
}

/* ---- what a pod asks for ---- */

static int64_t sum(int64_t a, int64_t b)
{
    int64_t ret;

    return __builtin_add_overflow(a, b, &ret) ? INT64_MAX : ret;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A request, or the limit in its place; @ret is left alone when neither is there. */
static int read_amount(const struct json *resources, const char *name, int64_t *ret,
                       struct err *err)
{
    static const char *const kinds[] = {"requests", "limits"};

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct json *v =
            json_get(json_get(resources, str_from(kinds[i])), str_from(name));
        struct str text = json_is(v, JSON_NUMBER) ? json_number(v) : json_str(v);
        struct quantity q;

        if (str_is_none(text))
            continue;
        if (quantity_parse(text, &q, err) < 0)
            return err_wrap(err, "resources.%s.%s", kinds[i], name);
        if (quantity_sign(&q) < 0)
            return err_set(err, ERR_INVALID,
                           "resources.%s.%s: Invalid value: \"" STR_FMT
                           "\": must be greater than or equal to 0",
                           kinds[i], name, STR_ARG(text));
        *ret = *name == 'c' ? quantity_milli_value(&q) : quantity_value(&q);
        return 0;
    }
    return 0;
}

static int read_both(const struct json *resources, struct local_need *ret, struct err *err)
{
    if (read_amount(resources, "cpu", &ret->cpu_milli, err) < 0)
        return -1;
    return read_amount(resources, "memory", &ret->memory_bytes, err);
}

static int add_one(const struct json *container, struct local_need *all, struct err *err)
{
    struct local_need one = {0};

    if (read_both(json_get(container, STR("resources")), &one, err) < 0)
        return -1;
    all->cpu_milli = sum(all->cpu_milli, one.cpu_milli);
    all->memory_bytes = sum(all->memory_bytes, one.memory_bytes);
    return 0;
}

static int add_list(const struct json *list, struct local_need *all, struct err *err)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (add_one(item, all, err) < 0)
            return -1;
    return 0;
}

/* As Go names it. */
static struct str architecture(const struct utsname *machine)
{
    static const char *const names[][2] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(str_from(machine->machine), names[i][0]))
            return str_from(names[i][1]);
    return str_from(machine->machine);
}

/* What every node has. */
static struct str usual_label(const struct local *r, const struct utsname *machine,
                              struct str key)
{
    if (str_is(key, "kubernetes.io/hostname"))
        return str_from(r->node_name);
    if (str_is(key, "kubernetes.io/os") || str_is(key, "beta.kubernetes.io/os"))
        return STR("linux");
    if (str_is(key, "kubernetes.io/arch") || str_is(key, "beta.kubernetes.io/arch"))
        return architecture(machine);
    return STR_NONE;
}

/* Those that this one was given come first. */
static struct str label_of(const struct local *r, const struct utsname *machine, struct str key)
{
    struct str rest = str_from(r->node_labels), each, name;

    while (str_cut(&rest, ',', &each))
        if (str_cut(&each, '=', &name) && str_eq(name, key))
            return each;
    return usual_label(r, machine, key);
}

static bool is_elsewhere(const struct local *r, const struct json *selector)
{
    struct utsname machine;

    if (!json_is(selector, JSON_OBJECT) || selector->count == 0 || uname(&machine) < 0)
        return false;
    for (uint32_t i = 0; i < selector->count; i++) {
        struct str have = label_of(r, &machine, selector->members[i].key);

        if (str_is_none(have) || !str_eq(have, json_str(&selector->members[i].value)))
            return true;
    }
    return false;
}

int room_need(const struct local *r, const struct pod_request *req, struct local_need *ret,
              struct err *err)
{
    const struct json *t = req->template, *script = json_get(t, STR("script"));
    const struct json *inits = json_get(t, STR("initContainers")), *item;

    *ret = (struct local_need){.is_elsewhere = is_elsewhere(r, req->node_selector)};
    if (add_one(script ? script : json_get(t, STR("container")), ret, err) < 0 ||
        add_list(json_path(t, "containerSet", "containers", NULL), ret, err) < 0 ||
        add_list(json_get(t, STR("sidecars")), ret, err) < 0)
        return -1;
    for (size_t i = 0; (item = json_item(inits, i)) != NULL; i++) {
        struct local_need one = {0};

        if (add_one(item, &one, err) < 0)
            return -1;
        ret->cpu_milli = larger(ret->cpu_milli, one.cpu_milli);
        ret->memory_bytes = larger(ret->memory_bytes, one.memory_bytes);
    }
    return read_both(req->resources, ret, err); /* of the pod as a whole: instead */
}

/* ---- the machine's ---- */

static bool has_need(const struct local_need *need)
{
    return need->cpu_milli > 0 || need->memory_bytes > 0 || need->is_elsewhere;
}

static bool has_cpu(const struct local *r, const struct local_need *need)
{
    return need->cpu_milli == 0 || need->cpu_milli <= r->room.cpu_milli - r->taken.cpu_milli;
}

static bool has_memory(const struct local *r, const struct local_need *need)
{
    return need->memory_bytes == 0 ||
           need->memory_bytes <= r->room.memory_bytes - r->taken.memory_bytes;
}

static bool has_room(const struct local *r, const struct local_need *need)
{
    return !need->is_elsewhere && has_cpu(r, need) && has_memory(r, need);
}

void room_take(struct local_pod *pod)
{
    struct local_need *taken = &pod->runner->taken;

    taken->cpu_milli = sum(taken->cpu_milli, pod->need.cpu_milli);
    taken->memory_bytes = sum(taken->memory_bytes, pod->need.memory_bytes);
}

void room_give_back(struct local_pod *pod)
{
    pod->runner->taken.cpu_milli -= pod->need.cpu_milli;
    pod->runner->taken.memory_bytes -= pod->need.memory_bytes;
}

/* What has begun before this daemon has its share. */
static bool may_begin(const struct local_pod *pod)
{
    const struct local *r = pod->runner;

    return !has_need(&pod->need) || local_has_begun(pod) ||
           (!r->is_held && has_room(r, &pod->need));
}

/* ---- those that wait ---- */

static void end_late(void *ctx)
{
    local_end_late(ctx);
}

/* As the scheduler words it for a cluster of one node. */
static void tell(struct local_pod *pod)
{
    const struct local *r = pod->runner;
    bool cpu = has_cpu(r, &pod->need), memory = has_memory(r, &pod->need);
    char text[120];

    if (pod->need.is_elsewhere) {
        local_tell_pending(pod, STR("Unschedulable: 0/1 nodes are available: 1 node(s) didn't "
                                    "match Pod's node affinity/selector."));
        return;
    }
    snprintf(text, sizeof(text), "Unschedulable: 0/1 nodes are available: %s%s%s.",
             cpu ? "" : "1 Insufficient cpu", cpu || memory ? "" : ", ",
             memory ? "" : "1 Insufficient memory");
    local_tell_pending(pod, str_from(text));
}

static struct room_line *line_of(struct local *r, const struct local_need *need)
{
    struct room_line *made;

    LIST_FOREACH (line, &r->lines, struct room_line, link)
        if (line->need.cpu_milli == need->cpu_milli &&
            line->need.memory_bytes == need->memory_bytes &&
            line->need.is_elsewhere == need->is_elsewhere)
            return line;
    made = NEW(struct room_line);
    made->need = *need;
    list_init(&made->pods);
    list_append(&r->lines, &made->link);
    return made;
}

static void line_up(struct local_pod *pod)
{
    struct local *r = pod->runner;
    int64_t left = pod->req.deadline.ms - loop_wall(r->loop).ms;

    list_append(&line_of(r, &pod->need)->pods, &pod->link);
    if (pod->req.deadline.ms > 0) {
        pod->pause = timer_new(r->loop, end_late, pod);
        timer_start(pod->pause, left > 0 ? (uint64_t) left : 0);
    }
    tell(pod);
}

/* The one that has waited longest of those that fit now, or NULL. */
static struct local_pod *first_in_lines(struct local *r)
{
    struct local_pod *ret = NULL;

    LIST_FOREACH (line, &r->lines, struct room_line, link) {
        struct local_pod *pod;

        if (list_is_empty(&line->pods)) {
            list_remove(&line->link);
            free(line);
            continue;
        }
        pod = LIST_ENTRY(line->pods.next, struct local_pod, link);
        if ((!ret || pod->tag < ret->tag) && has_room(r, &line->need))
            ret = pod;
    }
    return ret;
}

struct local_pod *room_next(struct local *r)
{
    struct local_pod *ret = first_in_lines(r);

    while (!ret && !list_is_empty(&r->waiting)) {
        struct local_pod *pod = LIST_ENTRY(r->waiting.next, struct local_pod, link);

        list_remove(&pod->link);
        if (may_begin(pod))
            return pod;
        if (r->is_held)
            list_append(&r->held, &pod->link);
        else
            line_up(pod);
    }
    if (!ret)
        return NULL;
    list_remove(&ret->link);
    timer_free(TAKE(ret->pause));
    return ret;
}

void room_hold(struct local *r, bool is_held)
{
    r->is_held = is_held;
    if (!is_held) { /* they came first */
        list_splice(&r->held, &r->waiting);
        list_splice(&r->waiting, &r->held);
    }
}

void room_close(struct local *r)
{
    LIST_FOREACH (line, &r->lines, struct room_line, link) {
        list_remove(&line->link);
        free(line);
    }
}
