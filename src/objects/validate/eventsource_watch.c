/*
 * objects/validate/eventsource_watch.c - the rules of sources that watch a clock, files,
 * objects or a stream. Pure functions but for time zones of schedules. Any thread. Source:
 * ../shared/spec/events.md 1.7.
 */
#include "formats/duration.h"
#include "objects/validate/validate_internal.h"

static int check_calendar(const struct json *v, struct err *err)
{
    struct str schedule = validate_text(v, "schedule"), interval = validate_text(v, "interval");
    struct err why = {0};
    int64_t ns;

    if (schedule.len == 0 && interval.len == 0)
        return validate_fail(err, "must have either schedule or interval");
    if (schedule.len > 0 && validate_cron(schedule, &why) < 0)
        return err_set(err, ERR_INVALID,
                       "failed to parse schedule " STR_FMT " from calendar event. Cause: %s",
                       STR_ARG(schedule), why.text);
    if (schedule.len == 0 && duration_parse(interval, &ns, &why) < 0)
        return err_set(err, ERR_INVALID,
                       "failed to parse interval " STR_FMT " from calendar event. Cause: %s",
                       STR_ARG(interval), why.text);
    return 0;
}

static int check_path_config(const struct json *v, struct err *err)
{
    return validate_watch_path(validate_get(v, "watchPathConfig"), err);
}

static int check_selectors(const struct json *filter, const char *name, struct err *err)
{
    const struct json *list = validate_get(filter, name);

    for (uint32_t i = 0; i < validate_count(filter, name); i++)
        if (validate_is_blank(json_item(list, i), "key"))
            return validate_fail(err, "key can't be empty for selector");
    return 0;
}

static int check_resource(const struct json *v, struct err *err)
{
    const struct json *filter = validate_get(v, "filter");

    return check_selectors(filter, "labels", err) < 0 ? -1
                                                      : check_selectors(filter, "fields", err);
}

/* "CREATE|WRITE" */
static bool is_file_operation(struct str type)
{
    static const char *const known[] = {"CREATE", "WRITE", "REMOVE", "RENAME", "CHMOD"};
    struct str word;

    while (str_cut(&type, '|', &word)) {
        bool is_known = false;

        for (size_t i = 0; i < COUNT_OF(known); i++)
            is_known |= str_is(word, known[i]);
        if (!is_known)
            return false;
    }
    return true;
}

static int check_kerberos(const struct json *v, struct err *err)
{
    bool has_service = !validate_is_blank(v, "krbServicePrincipalName") &&
                       validate_has(v, "krbConfigConfigMap");
    bool has_user = !validate_is_blank(v, "krbUsername") && !validate_is_blank(v, "krbRealm");
    bool has_cache = validate_has(v, "krbCCacheSecret"),
         has_keytab = validate_has(v, "krbKeytabSecret");

    if (validate_is_blank(v, "hdfsUser") && !has_cache && !has_keytab)
        return validate_fail(err,
                             "either hdfsUser, krbCCacheSecret or krbKeytabSecret is required");
    if (has_keytab && !(has_service && has_user))
        return validate_fail(err,
                             "krbServicePrincipalName, krbConfigConfigMap, krbUsername and "
                             "krbRealm are required with krbKeytabSecret");
    if (has_cache && !has_service)
        return validate_fail(err, "krbServicePrincipalName and krbConfigConfigMap are required "
                                  "with krbCCacheSecret");
    return 0;
}

static int check_hdfs(const struct json *v, struct err *err)
{
    struct err why = {0};
    int64_t ns;

    if (validate_is_blank(v, "type"))
        return validate_fail(err, "type is required");
    if (!is_file_operation(validate_text(v, "type")))
        return validate_fail(err, "type is invalid");
    if (!validate_is_blank(v, "checkInterval") &&
        duration_parse(validate_text(v, "checkInterval"), &ns, &why) < 0)
        return validate_fail(err, "failed to parse interval");
    if (validate_watch_path(v, err) < 0)
        return -1;
    if (validate_count(v, "addresses") == 0)
        return validate_fail(err, "addresses is required");
    return check_kerberos(v, err);
}

static int check_minio(const struct json *v, struct err *err)
{
    const struct json *bucket = validate_get(v, "bucket"), *events = validate_get(v, "events");

    if (bucket && validate_is_blank(bucket, "name"))
        return validate_fail(err, "bucket name can't be empty");
    for (uint32_t i = 0; i < validate_count(v, "events"); i++)
        if (json_str(json_item(events, i)).len == 0)
            return validate_fail(err, "unknown event ");
    return 0;
}

const struct validate_source *validate_watch_sources(void)
{
    static const struct validate_need file[] = {{"eventType", "type must be specified"}, {0}};
    static const struct validate_need resource[] = {
        {"version", "version must be specified"},
        {"resource", "resource must be specified"},
        {"eventTypes", "event types must be specified"},
        {0}};
    static const struct validate_need generic[] = {
        {"url", "server url can't be empty"}, {"config", "config can't be empty"}, {0}};
    static const struct validate_need minio[] = {{"accessKey", "access key can't be empty"},
                                                 {"secretKey", "secret key can't be empty"},
                                                 {"endpoint", "endpoint url can't be empty"},
                                                 {0}};
    static const struct validate_source all[] = {
        {"minio", minio, check_minio, true},
        {"calendar", NULL, check_calendar, true},
        {"file", file, check_path_config, true},
        {"sftp", file, check_path_config, true},
        {"resource", resource, check_resource, true},
        {"hdfs", NULL, check_hdfs, true},
        {"generic", generic, NULL, true},
        {0},
    };

    return all;
}
