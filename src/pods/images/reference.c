/* Reads and prints names of images. See reference.h; the grammar of registries' names is that
 * of the distribution project, with its defaults. */
#include "pods/images/reference.h"

enum { DIGEST_HEX_MIN = 32, DIGEST_HEX_MAX = 128 };

static const char *const schemes[] = {
    [IMAGE_REGISTRY] = NULL,
    [IMAGE_OCI_ARCHIVE] = "oci-archive:",
    [IMAGE_DOCKER_ARCHIVE] = "docker-archive:",
    [IMAGE_OCI_FOLDER] = "oci:",
};

static bool is_small(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_word(char c)
{
    return is_small(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

static int refuse(struct str text, const char *why, struct err *err)
{
    return err_set(err, ERR_INVALID, "image \"" STR_FMT "\": %s", STR_ARG(text), why);
}

/* ---- registries ---- */

static bool is_tag(struct str tag)
{
    if (tag.len == 0 || tag.len > IMAGE_TAG_MAX_BYTES || !is_word(tag.ptr[0]))
        return false;
    for (size_t i = 1; i < tag.len; i++)
        if (!is_word(tag.ptr[i]) && tag.ptr[i] != '.' && tag.ptr[i] != '-')
            return false;
    return true;
}

static bool is_digest(struct str digest)
{
    struct str algorithm;

    if (!str_cut(&digest, ':', &algorithm) || str_is_empty(algorithm))
        return false;
    for (size_t i = 0; i < algorithm.len; i++)
        if (!is_word(algorithm.ptr[i]) && !strchr("+.-", algorithm.ptr[i]))
            return false;
    if (digest.len < DIGEST_HEX_MIN || digest.len > DIGEST_HEX_MAX ||
        (str_is(algorithm, "sha256") && digest.len != 64))
        return false;
    for (size_t i = 0; i < digest.len; i++)
        if (!is_small(digest.ptr[i]) || digest.ptr[i] > 'f')
            return false;
    return true;
}

/* Letters and digits, between them one dot, one or two underscores, or dashes. */
static bool is_path_part(struct str part)
{
    size_t i = 0;

    while (i < part.len) {
        size_t from = i;

        while (i < part.len && is_small(part.ptr[i]))
            i++;
        if (i == from)
            return false;
        if (i == part.len)
            return true;
        from = i;
        while (i < part.len && part.ptr[i] == part.ptr[from])
            i++;
        if (!(part.ptr[from] == '-' || (part.ptr[from] == '.' && i - from == 1) ||
              (part.ptr[from] == '_' && i - from <= 2)))
            return false;
    }
    return false;
}

static bool is_path(struct str path)
{
    struct str part;

    if (str_is_empty(path) || path.ptr[path.len - 1] == '/')
        return false;
    while (str_cut(&path, '/', &part))
        if (!is_path_part(part))
            return false;
    return true;
}

/* Is it a host, not the first part of a path? As the original decides. */
static bool is_host_like(struct str part)
{
    bool has_capital = false;

    for (size_t i = 0; i < part.len; i++)
        has_capital |= part.ptr[i] >= 'A' && part.ptr[i] <= 'Z';
    return has_capital || str_find_char(part, '.') != SIZE_MAX ||
           str_find_char(part, ':') != SIZE_MAX || str_is(part, "localhost");
}

static bool is_host_name(struct str name)
{
    struct str part;

    if (str_is_empty(name) || name.ptr[name.len - 1] == '.')
        return false;
    while (str_cut(&name, '.', &part)) {
        if (str_is_empty(part) || part.ptr[0] == '-' || part.ptr[part.len - 1] == '-')
            return false;
        for (size_t i = 0; i < part.len; i++)
            if ((!is_word(part.ptr[i]) && part.ptr[i] != '-') || part.ptr[i] == '_')
                return false;
    }
    return true;
}

static bool is_host(struct str host)
{
    size_t colon;
    uint32_t port;

    if (str_starts(host, STR("["))) {
        size_t end = str_find_char(host, ']');

        if (end == SIZE_MAX || end < 3)
            return false;
        for (size_t i = 1; i < end; i++)
            if (!(is_small(host.ptr[i]) && host.ptr[i] <= 'f') && host.ptr[i] != ':' &&
                !(host.ptr[i] >= 'A' && host.ptr[i] <= 'F'))
                return false;
        host = str_skip(host, end + 1);
        return str_is_empty(host) ||
               (host.ptr[0] == ':' && parse_u32(str_skip(host, 1), &port) && port < 65536);
    }
    colon = str_find_char(host, ':');
    if (colon == SIZE_MAX)
        return is_host_name(host);
    return is_host_name(str_head(host, colon)) && parse_u32(str_skip(host, colon + 1), &port) &&
           port < 65536;
}

/* The host and the path; a short name is one of docker.io. */
static int split_host(struct arena *a, struct str text, struct str name,
                      struct image_reference *made, struct err *err)
{
    size_t slash = str_find_char(name, '/');

    made->host = STR("docker.io");
    made->path = name;
    if (slash != SIZE_MAX && is_host_like(str_head(name, slash))) {
        made->host = str_head(name, slash);
        made->path = str_skip(name, slash + 1);
    }
    if (!is_host(made->host))
        return refuse(text, "the registry must be a host name with an optional port", err);
    if (!is_path(made->path))
        return refuse(text,
                      "the repository must be parts of small letters and digits, with single "
                      "dots, one or two underscores, or dashes between them",
                      err);
    if (str_is(made->host, "index.docker.io"))
        made->host = STR("docker.io");
    if (str_is(made->host, "docker.io") && str_find_char(made->path, '/') == SIZE_MAX)
        made->path = str_concat(a, STR("library/"), made->path);
    if (made->host.len + 1 + made->path.len > IMAGE_NAME_MAX_BYTES)
        return refuse(text, "its name is longer than 255 bytes", err);
    return 0;
}

static int parse_registry(struct arena *a, struct str text, struct image_reference *made,
                          struct err *err)
{
    struct str name = text;
    size_t at = str_find_char(text, '@'), colon = SIZE_MAX;

    made->digest = made->tag = STR("");
    if (at != SIZE_MAX) {
        made->digest = str_skip(text, at + 1);
        name = str_head(text, at);
        if (!is_digest(made->digest))
            return refuse(text, "its digest must be as sha256: with 64 hexadecimal digits",
                          err);
    }
    for (size_t i = name.len; i > 0 && name.ptr[i - 1] != '/'; i--)
        if (name.ptr[i - 1] == ':') {
            colon = i - 1;
            break;
        }
    if (colon != SIZE_MAX && !(name.ptr[0] == '[' && str_find_char(name, '/') == SIZE_MAX)) {
        made->tag = str_skip(name, colon + 1);
        name = str_head(name, colon);
        if (!is_tag(made->tag))
            return refuse(text,
                          "its tag must be at most 128 letters, digits, '_', '.' and '-', the "
                          "first neither '.' nor '-'",
                          err);
    }
    if (str_is_empty(made->tag) && str_is_empty(made->digest))
        made->tag = STR("latest");
    return split_host(a, text, name, made, err);
}

/* ---- archives ---- */

/* A path may hold colons only when something that is no file name follows: none is allowed. */
static int parse_local(struct str text, struct str rest, struct image_reference *made,
                       struct err *err)
{
    size_t colon = str_find_char(rest, ':');

    made->host = made->digest = made->tag = STR("");
    made->path = str_head(rest, colon == SIZE_MAX ? rest.len : colon);
    if (colon != SIZE_MAX)
        made->tag = str_skip(rest, colon + 1);
    if (str_is_empty(made->path) || made->path.len > IMAGE_PATH_MAX_BYTES)
        return refuse(text, "names no file or folder", err);
    if (colon != SIZE_MAX && str_is_empty(made->tag))
        return refuse(text, "names no image behind the last colon", err);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char) text.ptr[i] < 0x20)
            return refuse(text, "holds a control character", err);
    return 0;
}

int image_reference_parse(struct arena *a, struct str text, struct image_reference *ret,
                          struct err *err)
{
    struct image_reference made = {.source = IMAGE_REGISTRY};
    int result;

    if (str_is_empty(text))
        return err_set(err, ERR_INVALID, "the container names no image");
    if (memchr(text.ptr, 0, text.len))
        return err_set(err, ERR_INVALID, "the name of an image holds a zero byte");
    for (size_t i = IMAGE_OCI_ARCHIVE; i < COUNT_OF(schemes); i++)
        if (str_starts(text, str_from(schemes[i])))
            made.source = (enum image_source) i;
    result = made.source == IMAGE_REGISTRY
                 ? parse_registry(a, text, &made, err)
                 : parse_local(text, str_skip(text, strlen(schemes[made.source])), &made, err);
    if (result == 0)
        *ret = made;
    return result;
}

static struct str behind(struct arena *a, char sep, struct str text)
{
    return str_is_empty(text) ? STR("") : str_printf(a, "%c" STR_FMT, sep, STR_ARG(text));
}

struct str image_reference_print(struct arena *a, const struct image_reference *ref)
{
    struct str tag = behind(a, ':', ref->tag);

    if (ref->source != IMAGE_REGISTRY)
        return str_printf(a, "%s" STR_FMT STR_FMT, schemes[ref->source], STR_ARG(ref->path),
                          STR_ARG(tag));
    return str_printf(a, STR_FMT "/" STR_FMT STR_FMT STR_FMT, STR_ARG(ref->host),
                      STR_ARG(ref->path), STR_ARG(tag), STR_ARG(behind(a, '@', ref->digest)));
}

struct str image_reference_skopeo(struct arena *a, const struct image_reference *ref,
                                  struct str digest)
{
    if (ref->source != IMAGE_REGISTRY)
        return image_reference_print(a, ref);
    if (str_is_empty(digest))
        digest = ref->digest;
    return str_printf(
        a, "docker://" STR_FMT "/" STR_FMT STR_FMT, STR_ARG(ref->host), STR_ARG(ref->path),
        STR_ARG(str_is_empty(digest) ? behind(a, ':', ref->tag) : behind(a, '@', digest)));
}
