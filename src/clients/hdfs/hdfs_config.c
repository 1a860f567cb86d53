/* See hdfs_config.h. Line by line, as the library's own reader goes. */
#include "clients/hdfs/hdfs_config.h"

#include "base/strbuf.h"

/* Of [libdefaults]. */
static const char *const defaults[] = {
    "allow_des3",
    "allow_rc4",
    "allow_weak_crypto",
    "canonicalize",
    "clockskew",
    "default_realm",
    "default_tgs_enctypes",
    "default_tkt_enctypes",
    "dns_canonicalize_hostname",
    "dns_lookup_kdc",
    "dns_lookup_realm",
    "dns_uri_lookup",
    "forwardable",
    "kdc_timesync",
    "max_retries",
    "noaddresses",
    "permitted_enctypes",
    "preferred_preauth_types",
    "proxiable",
    "qualify_shortname",
    "rdns",
    "realm_try_domains",
    "renew_lifetime",
    "request_timeout",
    "ticket_lifetime",
    "udp_preference_limit",
    NULL,
};

/* Of a realm. */
static const char *const realm[] = {
    "admin_server", "default_domain", "disable_encrypted_timestamp",
    "kdc",          "master_kdc",     "primary_kdc",
    NULL,
};

enum section { SECTION_NONE, SECTION_DEFAULTS, SECTION_REALMS, SECTION_DOMAINS, SECTION_PATHS };

/* Where in the text one is. */
struct place {
    enum section section;
    unsigned depth; /* braces */
    bool is_open;   /* the outer brace was kept */
};

static bool is_one_of(struct str name, const char *const *list)
{
    for (size_t i = 0; list[i]; i++)
        if (str_is(name, list[i]))
            return true;
    return false;
}

static enum section section_of(struct str line)
{
    size_t end = str_find_char(line, ']');
    struct str name =
        end == line.len - 1 ? str_trim(str_head(str_skip(line, 1), end - 1)) : STR("");

    return str_is(name, "libdefaults")    ? SECTION_DEFAULTS
           : str_is(name, "realms")       ? SECTION_REALMS
           : str_is(name, "domain_realm") ? SECTION_DOMAINS
           : str_is(name, "capaths")      ? SECTION_PATHS
                                          : SECTION_NONE;
}

/* Does a line "name = value" belong where it stands? */
static bool is_good(const struct place *p, struct str name)
{
    switch (p->section) {
    case SECTION_NONE:
        return false;
    case SECTION_DEFAULTS:
        return p->depth == 0 && is_one_of(name, defaults);
    case SECTION_REALMS:
        return p->is_open && p->depth == 1 && is_one_of(name, realm);
    case SECTION_DOMAINS:
        return p->depth == 0;
    case SECTION_PATHS:
        return p->is_open && p->depth == 1;
    }
    return false;
}

/* Realms, and paths between them, are in braces. */
static bool has_parts(const struct place *p)
{
    return p->depth == 0 && (p->section == SECTION_REALMS || p->section == SECTION_PATHS);
}

/* The library reads so many bytes at once, and what follows as a line of its own. */
enum { LINE_MAX_BYTES = 1000 };

static bool is_plain(struct str line)
{
    for (size_t i = 0; i < line.len; i++)
        if ((unsigned char) line.ptr[i] < ' ' && line.ptr[i] != '\t')
            return false;
    return line.len <= LINE_MAX_BYTES;
}

/* A blank within it would make a directive of it: "include /a = b". */
static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char) name.ptr[i] <= ' ' || name.ptr[i] == '"')
            return false;
    return name.len > 0;
}

/* Does the library see a line of that kind? Moves on. */
static bool keep(struct place *p, struct str line)
{
    size_t equals = str_find_char(line, '=');
    struct str name, value;

    if (line.ptr[0] == '[') {
        *p = (struct place){.section = section_of(line)};
        return p->section != SECTION_NONE;
    }
    if (line.ptr[0] == '}') {
        bool is_kept = p->depth == 1 && p->is_open;

        p->depth -= p->depth > 0;
        p->is_open &= !is_kept;
        return is_kept;
    }
    if (equals == SIZE_MAX) /* include, includedir, module */
        return false;
    name = str_trim(str_head(line, equals));
    value = str_trim(str_skip(line, equals + 1));
    if (str_starts(value, STR("{"))) {
        bool is_kept = has_parts(p) && value.len == 1 && is_name(name);

        p->is_open |= is_kept;
        p->depth++;
        return is_kept;
    }
    return is_name(name) && is_good(p, name);
}

struct str hdfs_config_clean(struct arena *a, struct str text)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(text.len + 1);
    struct place p = {.section = SECTION_NONE};
    struct str line;

    while (str_cut(&text, '\n', &line)) {
        line = str_trim(line);
        if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';' || !is_plain(line) ||
            !keep(&p, line))
            continue;
        strbuf_add(&b, line);
        strbuf_addc(&b, '\n');
    }
    return str_copy(a, strbuf_str(&b));
}
