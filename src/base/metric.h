/*
 * base/metric.h - what the program counts, printed in Prometheus' text format.
 *
 * A registry holds families (metrics.def, and those that manifests define); a family holds a
 * series for each set of label values. Whoever counts often looks its series up once and keeps
 * it: from then on counting is lock-free and allocates nothing. A series lives as long as its
 * registry. Any thread. NULL is a registry that counts nothing, and its series are NULL.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

enum { METRIC_LABELS_MAX = 32 };

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_SUMMARY };

enum metric_family {
#define METRIC(name, type, text, labels, help) METRIC_##name,
#include "base/metrics.def"
#undef METRIC
    METRIC_FAMILY_COUNT_
};

struct metrics;
struct metric; /* one series */

/* A family; all borrowed for a call. */
struct metric_def {
    struct str name, help;
    enum metric_type type;
    const struct str *labels; /* names */
    size_t label_count;
    const double *buckets; /* of a histogram: upper bounds, rising, without +Inf */
    size_t bucket_count;
};

/** metrics_new() - a registry with the families of metrics.def; owned */
struct metrics *metrics_new(void);

/** metrics_free() - release it with all series; NULL is a no-op */
void metrics_free(struct metrics *m);

/**
 * metric_get() - the series of a family of metrics.def
 * @m:      registry
 * @family: METRIC_...
 * @...:    a struct str for each label, in the order of metrics.def
 *
 * Return: borrowed; NULL when METRIC_SERIES_MAX are kept already, or @m is NULL.
 */
#define metric_get(m, family, ...) \
    metric_of((m), (family), (const struct str[]){{0}, ##__VA_ARGS__} + 1)

/** metric_of() - metric_get() with the values of the labels in an array */
struct metric *metric_of(struct metrics *m, enum metric_family family,
                         const struct str *values);

/**
 * metric_define() - the series of a family that a manifest defines; the family is made by its
 * first one
 * @def:    copied
 * @values: of its labels
 * @ret:    as of metric_of()
 * @err:    ERR_CONFLICT when the family is there with another type, help or other labels
 */
int metric_define(struct metrics *m, const struct metric_def *def, const struct str *values,
                  struct metric **ret, struct err *err);

/** metric_add() - count up, or a gauge up or down; NULL is a no-op, also below */
void metric_add(struct metric *x, double by);

/** metric_set() - a gauge, or a counter that somebody else counts */
void metric_set(struct metric *x, double to);

/** metric_observe() - one value of a histogram or summary */
void metric_observe(struct metric *x, double value);

/** metric_value() - of a counter or gauge; what a histogram or summary has observed, summed up
 */
double metric_value(const struct metric *x);

/** metrics_print() - all series as Prometheus' text format 0.0.4 */
void metrics_print(struct metrics *m, struct strbuf *out);
