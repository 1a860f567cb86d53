/*
 * The registry of metrics. See metric.h.
 *
 * The lock guards which families and series there are; it is taken to look up, to define and to
 * print. The numbers of a series are atomics: a printed histogram may be some observations
 * behind in one of its numbers, as with every Prometheus client.
 */
#include "base/metric.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"

struct metric {
    const struct family *family;
    const struct str *values; /* one a label */
    _Atomic double value;     /* the sum of what was observed */
    atomic_ullong count;      /* of observations */
    atomic_ullong *buckets;   /* not cumulative; those above the last bound are in count only */
};

struct family {
    struct metric_def def; /* texts in the registry's arena */
    struct map series;     /* joined values -> struct metric */
};

struct metrics {
    pthread_mutex_t lock;
    struct arena *arena;
    VEC(struct family *) families; /* those of metrics.def first */
    struct map names;
    size_t series_count;
    struct strbuf key; /* of the series that is looked up */
};

static const double second_buckets[] = {0.001, 0.01, 0.1, 1, 5, 10, 15, 20, 25, 30};
static const double runtime_buckets[] = {5,   10,  25,   50,   75,   100,  250,
                                         500, 750, 1000, 2500, 5000, 7500, 10000};

static const struct {
    const char *name, *labels, *help;
    enum metric_type type;
} rows[] = {
#define METRIC(name, type, text, labels, help) \
    [METRIC_##name] = {(text), (labels), (help), METRIC_##type},
#include "base/metrics.def"
#undef METRIC
};

/* ---- families ---- */

static struct str *copy_labels(struct arena *a, const struct str *from, size_t count)
{
    struct str *made = ARENA_ARRAY(a, struct str, count + 1);

    for (size_t i = 0; i < count; i++)
        made[i] = str_copy(a, from[i]);
    return made;
}

static struct family *family_new(struct metrics *m, const struct metric_def *def)
{
    struct arena *a = m->arena;
    struct family *f = ARENA_NEW(a, struct family);
    double *buckets = ARENA_ARRAY(a, double, def->bucket_count + 1);

    f->def = *def;
    f->def.name = str_copy(a, def->name);
    f->def.help = str_copy(a, def->help);
    f->def.labels = copy_labels(a, def->labels, def->label_count);
    for (size_t i = 0; i < def->bucket_count; i++)
        buckets[i] = def->buckets[i];
    f->def.buckets = buckets;
    VEC_PUSH(&m->families, f);
    map_put(&m->names, f->def.name, f);
    return f;
}

static void add_row(struct metrics *m, enum metric_family family)
{
    struct str names[METRIC_LABELS_MAX], rest = str_from(rows[family].labels);
    struct metric_def def = {.name = str_from(rows[family].name),
                             .help = str_from(rows[family].help),
                             .type = rows[family].type,
                             .labels = names};

    while (!str_is_empty(rest) && str_cut(&rest, ',', &names[def.label_count]))
        def.label_count++;
    if (def.type == METRIC_HISTOGRAM) {
        bool is_runtime = family == METRIC_TEMPLATE_RUNTIME;

        def.buckets = is_runtime ? runtime_buckets : second_buckets;
        def.bucket_count = is_runtime ? COUNT_OF(runtime_buckets) : COUNT_OF(second_buckets);
    }
    family_new(m, &def);
}

struct metrics *metrics_new(void)
{
    struct metrics *m = NEW(struct metrics);

    pthread_mutex_init(&m->lock, NULL);
    m->arena = arena_new();
    strbuf_init(&m->key, SIZE_MAX);
    for (enum metric_family i = 0; i < METRIC_FAMILY_COUNT_; i++)
        add_row(m, i);
    metric_get(m, METRIC_SERIES_DROPPED);
    return m;
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->families.len; i++)
        map_done(&m->families.at[i]->series);
    VEC_DONE(&m->families);
    map_done(&m->names);
    strbuf_done(&m->key);
    arena_free(m->arena);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

/* ---- series ---- */

/* The values of a series as one key: each with its length before it. */
static struct str join(struct strbuf *key, const struct family *f, const struct str *values)
{
    strbuf_reset(key);
    for (size_t i = 0; i < f->def.label_count; i++) {
        strbuf_addf(key, "%zu:", values[i].len);
        strbuf_add(key, values[i]);
    }
    return strbuf_str(key);
}

static struct metric *series_of(struct metrics *m, struct family *f, const struct str *values)
{
    struct str key = join(&m->key, f, values);
    struct metric *x = map_find(&f->series, key);

    if (x)
        return x;
    if (m->series_count >= METRIC_SERIES_MAX) {
        metric_add(m->families.at[METRIC_SERIES_DROPPED]->series.entries[0].value, 1);
        return NULL;
    }
    m->series_count++;
    x = ARENA_NEW(m->arena, struct metric);
    x->family = f;
    x->values = copy_labels(m->arena, values, f->def.label_count);
    x->buckets = ARENA_ARRAY(m->arena, atomic_ullong, f->def.bucket_count + 1);
    map_put(&f->series, key, x);
    return x;
}

struct metric *metric_of(struct metrics *m, enum metric_family family, const struct str *values)
{
    struct metric *x;

    if (!m)
        return NULL;
    pthread_mutex_lock(&m->lock);
    x = series_of(m, m->families.at[family], values);
    pthread_mutex_unlock(&m->lock);
    return x;
}

/* What differs between a family and another definition of it; NULL: nothing. */
static const char *difference(const struct metric_def *a, const struct metric_def *b)
{
    if (a->type != b->type)
        return "type";
    if (!str_eq(a->help, b->help))
        return "help";
    if (a->label_count != b->label_count)
        return "labels";
    for (size_t i = 0; i < a->label_count; i++)
        if (!str_eq(a->labels[i], b->labels[i]))
            return "labels";
    return NULL;
}

int metric_define(struct metrics *m, const struct metric_def *def, const struct str *values,
                  struct metric **ret, struct err *err)
{
    const char *differing = NULL;
    struct family *f;

    *ret = NULL;
    if (!m)
        return 0;
    pthread_mutex_lock(&m->lock);
    f = map_find(&m->names, def->name);
    if (f)
        differing = difference(&f->def, def);
    else
        f = family_new(m, def);
    if (!differing)
        *ret = series_of(m, f, values);
    pthread_mutex_unlock(&m->lock);
    return differing ? err_set(err, ERR_CONFLICT,
                               "metric " STR_FMT " is there already with another %s",
                               STR_ARG(def->name), differing)
                     : 0;
}

/* ---- counting ---- */

void metric_add(struct metric *x, double by)
{
    double old;

    if (!x)
        return;
    old = atomic_load_explicit(&x->value, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&x->value, &old, old + by,
                                                  memory_order_relaxed, memory_order_relaxed))
        continue;
}

void metric_set(struct metric *x, double to)
{
    if (x)
        atomic_store_explicit(&x->value, to, memory_order_relaxed);
}

void metric_observe(struct metric *x, double value)
{
    const struct metric_def *def;

    if (!x)
        return;
    def = &x->family->def;
    for (size_t i = 0; i < def->bucket_count; i++)
        if (value <= def->buckets[i]) {
            atomic_fetch_add_explicit(&x->buckets[i], 1, memory_order_relaxed);
            break;
        }
    atomic_fetch_add_explicit(&x->count, 1, memory_order_relaxed);
    metric_add(x, value);
}

double metric_value(const struct metric *x)
{
    return x ? atomic_load_explicit(&x->value, memory_order_relaxed) : 0;
}

/* ---- printing ---- */

static void add_escaped(struct strbuf *out, struct str s, char quote)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\n')
            strbuf_addz(out, "\\n");
        else if (s.ptr[i] == '\\' || (quote && s.ptr[i] == quote))
            strbuf_addf(out, "\\%c", s.ptr[i]);
        else
            strbuf_addc(out, s.ptr[i]);
    }
}

/* The shortest text that reads back as the number. */
static void add_number(struct strbuf *out, double value)
{
    char text[40];
    double back = 0;

    if (isnan(value) || isinf(value)) {
        strbuf_addz(out, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (parse_f64(str_from(text), &back) && !(back < value) && !(back > value))
            break;
    }
    strbuf_addz(out, text);
}

struct line {
    const char *suffix;  /* of the name */
    const double *bound; /* label le, or NULL; infinity: +Inf */
    double value;
};

static void add_line(struct strbuf *out, const struct metric *x, const struct line *line)
{
    const struct metric_def *def = &x->family->def;
    const char *separator = "{";

    strbuf_add(out, def->name);
    strbuf_addz(out, line->suffix);
    for (size_t i = 0; i < def->label_count; i++) {
        strbuf_addz(out, separator);
        strbuf_add(out, def->labels[i]);
        strbuf_addz(out, "=\"");
        add_escaped(out, x->values[i], '"');
        strbuf_addc(out, '"');
        separator = ",";
    }
    if (line->bound) {
        strbuf_addf(out, "%sle=\"", separator);
        add_number(out, *line->bound);
        strbuf_addc(out, '"');
        separator = ",";
    }
    strbuf_addz(out, separator[0] == '{' ? " " : "} ");
    add_number(out, line->value);
    strbuf_addc(out, '\n');
}

static void add_buckets(struct strbuf *out, struct metric *x, double count)
{
    const struct metric_def *def = &x->family->def;
    const double infinity = HUGE_VAL;
    double sum = 0;

    for (size_t i = 0; i < def->bucket_count; i++) {
        sum += (double) atomic_load_explicit(&x->buckets[i], memory_order_relaxed);
        add_line(out, x, &(struct line){"_bucket", &def->buckets[i], sum});
    }
    add_line(out, x, &(struct line){"_bucket", &infinity, count > sum ? count : sum});
}

static void add_series(struct strbuf *out, struct metric *x)
{
    double count = (double) atomic_load_explicit(&x->count, memory_order_relaxed);

    switch (x->family->def.type) {
    case METRIC_COUNTER:
    case METRIC_GAUGE:
        add_line(out, x, &(struct line){"", NULL, metric_value(x)});
        return;
    case METRIC_HISTOGRAM:
        add_buckets(out, x, count);
        break;
    case METRIC_SUMMARY:
        break;
    }
    add_line(out, x, &(struct line){"_sum", NULL, metric_value(x)});
    add_line(out, x, &(struct line){"_count", NULL, count});
}

static void add_family(struct strbuf *out, const struct family *f)
{
    static const char *const types[] = {[METRIC_COUNTER] = "counter",
                                        [METRIC_GAUGE] = "gauge",
                                        [METRIC_HISTOGRAM] = "histogram",
                                        [METRIC_SUMMARY] = "summary"};

    strbuf_addf(out, "# HELP " STR_FMT " ", STR_ARG(f->def.name));
    add_escaped(out, f->def.help, 0);
    strbuf_addf(out, "\n# TYPE " STR_FMT " %s\n", STR_ARG(f->def.name), types[f->def.type]);
    MAP_FOREACH (it, &f->series)
        add_series(out, it->value);
}

void metrics_print(struct metrics *m, struct strbuf *out)
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < m->families.len; i++)
        if (m->families.at[i]->series.len > 0)
            add_family(out, m->families.at[i]);
    pthread_mutex_unlock(&m->lock);
}
