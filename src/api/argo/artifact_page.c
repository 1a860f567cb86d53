/* See artifact_page.h. The original's words: "./" before a name makes an address of it that
 * leads nowhere else, whatever the name is. */
#include "api/argo/artifact_page.h"

#include "base/limits.h"
#include "base/map.h"
#include "formats/uri.h"

static void add_text(struct strbuf *b, struct str text)
{
    static const char special[] = "&<>\"'";
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&#34;", "&#39;"};

    for (size_t i = 0; i < text.len; i++) {
        const char *found = text.ptr[i] ? strchr(special, text.ptr[i]) : NULL;

        if (found)
            strbuf_addz(b, names[found - special]);
        else
            strbuf_addc(b, text.ptr[i]);
    }
}

static void add_link(struct strbuf *b, struct arena *a, struct str path)
{
    struct str rest = path, part;

    strbuf_addz(b, "<li><a href=\".");
    while (str_cut(&rest, '/', &part)) {
        strbuf_addc(b, '/');
        strbuf_add(b, uri_escape(a, part));
    }
    strbuf_addz(b, "\">");
    add_text(b, path);
    strbuf_addz(b, "</a></li>\n");
}

/* Up to the last "/", with it: "" for a file of the folder itself. */
static struct str folder_of(struct str path)
{
    while (path.len > 0 && path.ptr[path.len - 1] != '/')
        path.len--;
    return path;
}

int artifact_page(struct arena *a, const struct json *keys, struct str folder, struct str *ret,
                  struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(HTTP_RESPONSE_MAX_BYTES);
    struct map seen = {0};
    struct str text;
    int result;

    strbuf_addz(&b, "<html><body><ul>\n<li><a href=\"..\">..</a></li>\n");
    for (uint32_t i = 0; i < keys->count; i++) {
        struct str key = json_str(&keys->items[i]), sub;

        key = str_starts(key, folder) ? str_skip(key, folder.len) : key;
        sub = folder_of(key);
        if (sub.len == 0)
            add_link(&b, a, key);
        else if (!map_find(&seen, sub)) {
            map_put(&seen, sub, (void *) (uintptr_t) keys);
            add_link(&b, a, sub);
        }
    }
    strbuf_addz(&b, "</ul></body></html>");
    map_done(&seen);
    result = strbuf_finish(&b, &text, err);
    if (result == 0)
        *ret = str_copy(a, text);
    return result;
}
