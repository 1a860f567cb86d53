/* Functions that are written in jq, and where the others are found. See jq_internal.h. */
#include "lang/jq/prelude.h"

#include <assert.h>
#include <stdlib.h>

static const struct definition {
    const char *name;
    size_t arity;
    const char *text;
} definitions[] = {
    {"IN", 1, "def IN(s): any(s == .; .);"},
    {"IN", 2, "def IN(src; s): any(src == s; .);"},
    {"INDEX", 1, "def INDEX(f): INDEX(.[]; f);"},
    {"INDEX", 2,
     "def INDEX(stream; f): [stream | . as $row | {(f | tostring): $row}] | add // {};"},
    {"JOIN", 2, "def JOIN($index; f): [.[] | [., $index[f]]];"},
    {"JOIN", 3, "def JOIN($index; stream; f): stream | [., $index[f]];"},
    {"JOIN", 4, "def JOIN($index; stream; f; join): stream | [., $index[f]] | join;"},
    {"add", 1, "def add(f): [f] | add;"},
    {"all", 0, "def all: all(.[]; .);"},
    {"all", 1, "def all(f): all(.[]; f);"},
    {"all", 2, "def all(g; f): isempty(g | select(f | not));"},
    {"any", 0, "def any: any(.[]; .);"},
    {"any", 1, "def any(f): any(.[]; f);"},
    {"any", 2, "def any(g; f): isempty(g | select(f)) | not;"},
    {"arrays", 0, "def arrays: select(type == \"array\");"},
    {"booleans", 0, "def booleans: select(type == \"boolean\");"},
    {"capture", 1, "def capture($re): capture($re; null);"},
    {"capture", 2, "def capture($re; $flags): match($re; $flags).captures | _captures;"},
    {"combinations", 0,
     "def combinations: if length == 0 then [] else .[0][] as $x | [$x] + (.[1:] | "
     "combinations) end;"},
    {"combinations", 1, "def combinations(n): [limit(n; repeat(.))] | combinations;"},
    {"del", 1, "def del(f): delpaths([path(f)]);"},
    {"finites", 0, "def finites: select(isfinite);"},
    {"first", 0, "def first: .[0];"},
    {"from_entries", 0,
     "def from_entries: map({(.key // .Key // .name // .Name): (if has(\"value\") then .value "
     "else .Value end)}) | add // {};"},
    {"fromdate", 0, "def fromdate: fromdateiso8601;"},
    {"fromdateiso8601", 0, "def fromdateiso8601: strptime(\"%Y-%m-%dT%H:%M:%S%z\") | mktime;"},
    {"fromstream", 1,
     "def fromstream(f): foreach f as $event (null; if .e then null else . end | $event as "
     "[$p, $v] | if $event | length == 2 then setpath([\"v\"] + $p; $v) | setpath([\"e\"]; $p "
     "| length == 0) else setpath([\"e\"]; $p | length == 1) end; if .e then .v else empty "
     "end);"},
    {"group_by", 1, "def group_by(f): _group_by(map([f]));"},
    {"gsub", 2, "def gsub($re; text): sub($re; text; \"g\");"},
    {"gsub", 3, "def gsub($re; text; $flags): sub($re; text; $flags + \"g\");"},
    {"in", 1, "def in(v): . as $x | v | has($x);"},
    {"isempty", 1, "def isempty(g): first((g | false), true);"},
    {"iterables", 0, "def iterables: select(type | . == \"array\" or . == \"object\");"},
    {"last", 0, "def last: .[-1];"},
    {"map", 1, "def map(f): [.[] | f];"},
    {"map_values", 1, "def map_values(f): .[] |= f;"},
    {"match", 1, "def match($re): match($re; null);"},
    {"match", 2, "def match($re; $flags): _match($re; $flags; false)[];"},
    {"max_by", 1, "def max_by(f): _max_by(map([f]));"},
    {"min_by", 1, "def min_by(f): _min_by(map([f]));"},
    {"normals", 0, "def normals: select(isnormal);"},
    {"not", 0, "def not: if . then false else true end;"},
    {"nth", 1, "def nth($n): .[$n];"},
    {"nth", 2,
     "def nth($n; g): if $n >= 0 then first(skip($n; g)) else error(\"nth doesn't support "
     "negative index\") end;"},
    {"nulls", 0, "def nulls: select(. == null);"},
    {"numbers", 0, "def numbers: select(type == \"number\");"},
    {"objects", 0, "def objects: select(type == \"object\");"},
    {"paths", 0, "def paths: path(..) | select(. != []);"},
    {"paths", 1, "def paths(f): path(.. | select(f)) | select(. != []);"},
    {"pick", 1,
     "def pick(f): . as $v | reduce path(f) as $p (null; setpath($p; $v | getpath($p)));"},
    {"recurse", 2, "def recurse(f; cond): recurse(f | select(cond));"},
    {"scalars", 0, "def scalars: select(type | . != \"array\" and . != \"object\");"},
    {"scan", 1, "def scan($re): scan($re; null);"},
    {"scan", 2,
     "def scan($re; $flags): match($re; $flags + \"g\") | if .captures == [] then .string else "
     "[.captures[].string] end;"},
    {"select", 1, "def select(f): if f then . else empty end;"},
    {"skip", 2,
     "def skip($n; g): if $n > 0 then foreach g as $item ($n; . - 1; if . < 0 then $item else "
     "empty end) elif $n == 0 then g else error(\"skip doesn't support negative count\") end;"},
    {"sort_by", 1, "def sort_by(f): _sort_by(map([f]));"},
    {"split", 2, "def split($re; $flags): [splits($re; $flags)];"},
    {"splits", 1, "def splits($re): splits($re; null);"},
    {"splits", 2,
     "def splits($re; $flags): . as $in | foreach (match($re; $flags + \"g\"), null) as $m "
     "({}; "
     "{start: (.next // 0), end: $m.offset, next: ($m.offset + $m.length)}; "
     "$in[.start:.end]);"},
    {"strings", 0, "def strings: select(type == \"string\");"},
    {"sub", 2, "def sub($re; text): sub($re; text; null);"},
    {"sub", 3,
     "def sub($re; text; $flags): . as $in | reduce match($re; $flags) as $m ({at: 0, made: "
     "[]}; "
     ".at as $at | reduce ($m.captures | _captures | text) as $s (.n = 0; .n as $n | .made[$n] "
     "+= $in[$at:$m.offset] + $s | .n = $n + 1) | .at = $m.offset + $m.length) | .at as $at | "
     "(.made[] | . + $in[$at:]) // $in;"},
    {"test", 1, "def test($re): test($re; null);"},
    {"test", 2, "def test($re; $flags): _match($re; $flags; true);"},
    {"to_entries", 0, "def to_entries: [keys[] as $k | {key: $k, value: .[$k]}];"},
    {"todate", 0, "def todate: todateiso8601;"},
    {"todateiso8601", 0, "def todateiso8601: strftime(\"%Y-%m-%dT%H:%M:%SZ\");"},
    {"tostream", 0,
     "def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p) | reduce path(.[]?) as "
     "$q "
     "([$p, .]; [$p + $q]);"},
    {"truncate_stream", 1,
     "def truncate_stream(f): . as $n | null | f | if .[0] | length > $n then .[0] |= .[$n:] "
     "else empty end;"},
    {"unique_by", 1, "def unique_by(f): _unique_by(map([f]));"},
    {"values", 0, "def values: select(. != null);"},
    {"walk", 1,
     "def walk(f): def w: if type == \"array\" then map(w) elif type == \"object\" then "
     "map_values(w) else . end | f; w;"},
    {"with_entries", 1, "def with_entries(f): to_entries | map(f) | from_entries;"},
};

struct str jq_find_prelude(struct str name, size_t arity)
{
    for (size_t i = 0; i < COUNT_OF(definitions); i++)
        if (definitions[i].arity == arity && str_is(name, definitions[i].name))
            return str_from(definitions[i].text);
    return STR_NONE;
}

const struct jq_native *jq_in_table(const struct jq_native *table, struct str name,
                                    size_t arity)
{
    for (; table->name; table++)
        if (table->arity == arity && str_is(name, table->name))
            return table;
    return NULL;
}

static const struct jq_native *const tables[] = {
    jq_natives_text, jq_natives_number, jq_natives_list, jq_natives_time, jq_natives_regex};

const struct jq_native *jq_find_native(struct str name, size_t arity)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        const struct jq_native *found = jq_in_table(tables[i], name, arity);

        if (found)
            return found;
    }
    return NULL;
}

enum { BUILTINS_MAX = 400 };

/* Known where calls are read. */
static const char *const syntax[] = {"debug", "env", "input", "inputs", "modulemeta"};

struct names {
    struct jq_value at[BUILTINS_MAX];
    size_t len;
};

static void add_name(struct arena *a, struct names *list, const char *name, size_t arity)
{
    assert(list->len < BUILTINS_MAX);
    if (name[0] != '_')
        list->at[list->len++] = jq_string(str_printf(a, "%s/%zu", name, arity));
}

static int by_name(const void *left, const void *right)
{
    const struct jq_value *x = left, *y = right;

    return str_cmp(jq_str(x), jq_str(y));
}

struct jq_value jq_builtins(struct arena *a)
{
    struct names *list = ARENA_NEW(a, struct names);

    for (size_t i = 0; i < COUNT_OF(syntax); i++)
        add_name(a, list, syntax[i], strcmp(syntax[i], "debug") == 0);
    for (size_t i = 0; i < COUNT_OF(definitions); i++)
        add_name(a, list, definitions[i].name, definitions[i].arity);
    for (const struct jq_special *at = jq_specials; at->name; at++)
        add_name(a, list, at->name, at->arity);
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        for (const struct jq_native *at = tables[i]; at->name; at++)
            add_name(a, list, at->name, at->arity);
    qsort(list->at, list->len, sizeof(*list->at), by_name);
    return jq_array(list->at, list->len);
}
