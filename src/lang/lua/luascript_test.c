/* Tests of lang/lua: recorded answers, tables of cases, budgets. */
#include "tests/support/golden.h"

#include "base/limits.h"
#include "base/vec.h"
#include "lang/lua/luascript.h"

static int eval(struct arena *a, struct str source, struct str data, struct json *ret,
                struct err *err)
{
    _cleanup_luascript_ struct luascript *s = luascript_new(source, err);
    struct json event;

    if (!s)
        return -1;
    assert_int_equal(json_parse(a, data, &event, err), 0);
    return luascript_eval(s, a, &event, ret, err);
}

/* Transformations of events; data that is no object is the caller's to refuse. */
static int check_transform(struct arena *a, const struct json *row)
{
    const struct json *transform = json_get(row, STR("transform")), *out;
    struct str source = json_get_str(transform, STR("script"));
    struct json event, got;
    struct err err;

    if (str_is_empty(source) || !str_is_empty(json_get_str(transform, STR("jq"))) ||
        json_parse(a, json_get_str(row, STR("data")), &event, &err) < 0 ||
        event.type != JSON_OBJECT)
        return -1;
    out = json_get(row, STR("out"));
    if (eval(a, source, json_get_str(row, STR("data")), &got, &err) < 0)
        return !out;
    if (got.type != JSON_OBJECT && got.type != JSON_ARRAY)
        return !out;
    return out && str_eq(json_text(a, &got, JSON_ESCAPE_HTML), json_str(out));
}

static void test_golden_transforms(void **state _unused_)
{
    golden_run("events/transform.jsonl", check_transform, 90);
}

static int check_filter(struct arena *a, const struct json *row)
{
    const struct json *filters = json_get(row, STR("filters"));
    struct str source = json_get_str(filters, STR("script"));
    struct str data = json_get_str(json_get(row, STR("event")), STR("data"));
    _cleanup_luascript_ struct luascript *s = NULL;
    struct json event;
    struct err err;
    int rc;

    if (str_is_empty(source) || !json_is(filters, JSON_OBJECT) || filters->count > 1 ||
        str_is_none(data) || json_parse(a, data, &event, &err) < 0 || event.type != JSON_OBJECT)
        return -1;
    s = luascript_new(source, &err);
    rc = s ? luascript_holds(s, &event, &err) : -1;
    return golden_fails(row) ? rc < 0 : rc == json_get_bool(row, STR("out"));
}

static void test_golden_filters(void **state _unused_)
{
    golden_run("events/filters.jsonl", check_filter, 50);
}

/* Scripts and the JSON of what they return, by hand or as the original answered. */
static const struct {
    const char *source, *want;
} cases[] = {
    {"return tostring(1e15)", "\"1000000000000000\""},
    {"return 1e15 .. ''", "\"1000000000000000\""},
    {"return 'a' .. 1/3 .. 'b'", "\"a0.3333333333333333b\""},
    {"return -1e15 .. '' .. 2^53+1 .. ''", "\"-10000000000000009007199254740992\""},
    {"return (0/0) .. ' ' .. 1/0", "\"NaN +Inf\""},
    {"local t={n=1e16, f=function() return 1e15, 2 end} return t.n .. '|' .. #t .. '|' .. "
     "t.f() "
     ".. t['n']",
     "\"10000000000000000|0|100000000000000010000000000000000\""},
    {"return 'x' .. --[[ .. ]] 1e15 -- .. y", "\"x1000000000000000\""},
    {"local s='' for i=1,2 do s=s..i*1e15 ..';' end return s",
     "\"1000000000000000;2000000000000000;\""},
    {"x = 1e15 y = x .. '' z = y .. x return z", "\"10000000000000001000000000000000\""},
    {"return ('a' .. 1e15):upper() .. [[..]] .. 1e15 .. [==[ ]] ]==]",
     "\"A1000000000000000..1000000000000000 ]] \""},
    {"return {a=1e15 .. '', ['b' .. 1e15]=(1e15 .. 'c') .. 'd'}",
     "{\"a\":\"1000000000000000\",\"b1000000000000000\":\"1000000000000000cd\"}"},
    {"return (function(a, b) return a .. b end)(1e15, '!') .. ''", "\"1000000000000000!\""},
    {"if 1e15 .. '' == '1000000000000000' and 1 .. '' ~= 2 .. '' then return 'y' end return "
     "'n'",
     "\"y\""},
    {"return function(...) end and 'f' .. 1e15", "\"f1000000000000000\""},
    {"return (function(...) return arg.n, arg[3] end)(1, nil, 3)", "3"},
    {"local function f(a, ...) return #arg .. a end return f(1, 2, 3)", "\"21\""},
    {"return type((function(...) local a = ... return arg end)(1))", "\"nil\""},
    {"return (function(...) local f = function(...) return ... end return arg[1] + f(2) "
     "end)(1)",
     "3"},
    {"return 'a\\x41\\zb\\65\\\\x'", "\"ax41zbA\\\\x\""},
    {"return type(_G.go_joined_text_) .. 1e15", "\"nil1000000000000000\""},
    {"return os.date('!%c|%x|%X|%a %A|%j|%P|%Z|%F %T', 1e9)",
     "\"09 Sep 01 01:46 UTC|01/46/40|01:46:40|mon Sunday|%j|am|UTC|2001-09-09 %T\""},
    {"return tostring(0.1 + 0.2)", "\"0.30000000000000004\""},
    {"return tostring(1e100)", "\"1e+100\""},
    {"return tostring(-1.5)", "\"-1.5\""},
    {"return tostring(nil) .. tostring(true)", "\"niltrue\""},
    {"return tostring(setmetatable({}, {__tostring = function() return 'me' end}))", "\"me\""},
    {"return tonumber('10', 2)", "2"},
    {"return tonumber(' 12 ')", "12"},
    {"return tonumber('1.5e3')", "1500"},
    {"return tonumber('1e5')", "null"},
    {"return tonumber('0x1f')", "31"},
    {"return tonumber('ff', 16)", "255"},
    {"return tonumber('-9223372036854775808')", "-9223372036854776000"},
    {"return tonumber('9223372036854775808')", "null"},
    {"return tonumber('')", "null"},
    {"return tonumber({})", "null"},
    {"return string.upper('stra\xc3\x9f\x65 \xc3\xa9')", "\"STRA\xc3\x9f\x45 \xc3\x89\""},
    {"return ('\xc3\x84\x42'):lower()", "\"\xc3\xa4\x62\""},
    {"return ('ab'):rep(3)", "\"ababab\""},
    {"return ('ab'):rep(-1)", "\"\""},
    {"return ('hello'):find('l')", "3"},
    {"return {('hello'):find('l')}", "[3,3]"},
    {"return {('hello'):find('xyz')}", "{}"},
    {"return {('hello'):find('')}", "[1,0]"},
    {"return {('a.b'):find('.', 2, true)}", "[2,2]"},
    {"return {('hello'):find('(l)(l)', -3)}", "[3,4,\"l\",\"l\"]"},
    {"return {('key = value'):match('^(%w+)%s*=%s*(%w+)$')}", "[\"key\",\"value\"]"},
    {"return {('abc'):match('()b()')}", "[2,3]"},
    {"return ('THE (quick) fox'):match('%((%a+)%)')", "\"quick\""},
    {"return ('f(a(b)c)d'):match('%b()')", "\"(a(b)c)\""},
    {"return ('abab'):match('(ab)%1')", "\"ab\""},
    {"return ('x-1'):match('[^%w]')", "\"-\""},
    {"return ('b]c'):match('[]]')", "\"]\""},
    {"return ('2024-05-06'):match('^%d%d%d%d%-%d+')", "\"2024-05\""},
    {"return ('aaa'):match('a-')", "\"\""},
    {"return ('aaab'):match('^a-b')", "\"aaab\""},
    {"return ('abc'):gsub('%w', '%0%0')", "3"},
    {"return (('abc'):gsub('%w', '%0%0'))", "\"aabbcc\""},
    {"return (('hello world'):gsub('o', '0', 1))", "\"hell0 world\""},
    {"return (('abc'):gsub('', '-'))", "\"-a-b-c-\""},
    {"return (('abc'):gsub('%w*', 'x'))", "\"xx\""},
    {"return (('$name is $age'):gsub('%$(%w+)', {name = 'Bob', age = 7}))", "\"Bob is 7\""},
    {"return (('abc'):gsub('b', function(c) return c:upper() end))", "\"aBc\""},
    {"return (('abc'):gsub('b', function() return nil end))", "\"abc\""},
    {"return (('a b'):gsub('%s', '%%'))", "\"a%b\""},
    {"local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[k] = v end return t",
     "{\"a\":\"1\",\"b\":\"2\"}"},
    {"local n = 0 for w in ('one two  three'):gmatch('%a+') do n = n + 1 end return n", "3"},
    {"return string.format('%d %5d|%-5d|%05d %+d', 1, 2, 3, 4, 5)",
     "\"1     2|3    |00004 +5\""},
    {"return string.format('%x %X %o %c %i', 255, 255, 8, 65, 7.9)", "\"ff FF 10 A 7\""},
    {"return string.format('%x %d', -255, -3.7)", "\"-ff -3\""},
    {"return string.format('%.2f %e %g %g', 1/3, 12345.678, 1e21, 0.1)",
     "\"0.33 1.234568e+04 1e+21 0.1\""},
    {"return string.format('%s %s %s', 'a', 1.5, true)", "\"a 1.5 true\""},
    {"return string.format('%10s|%-4s|%.2s', 'abc', 'd', 'xyz')", "\"       abc|d   |xy\""},
    {"return string.format('%q', 'a\\n\"b\"')", "\"\\\"a\\\\n\\\\\\\"b\\\\\\\"\\\"\""},
    {"return string.format('%d%%', 5)", "\"5%\""},
    {"return string.format('%s')", "\"%!s(MISSING)\""},
    {"return string.format('%f', 1/0)", "\"+Inf\""},
    {"return table.concat({1, 2.5, 'x'}, '-')", "\"1-2.5-x\""},
    {"local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return t", "[3,2,1]"},
    {"return {unpack({1, 2, 3}, 2)}", "[2,3]"},
    {"return select('#', 1, nil, 3)", "3"},
    {"return {pcall(error, {code = 5})}", "[false,{\"code\":5}]"},
    {"return {pcall(function() error('x', 2) end)}", "[false,\"<string>:1: x\"]"},
    {"return {pcall(function() local x = nil; return x.y end)}",
     "[false,\"<string>:1: attempt to index a non-table object(nil) with key 'y'\"]"},
    {"local c = coroutine.create(function(a) local b = coroutine.yield(a + 1) return b * 2 "
     "end) "
     "local _, x = coroutine.resume(c, 1) local _, y = coroutine.resume(c, 5) return {x, y}",
     "[2,10]"},
    {"for i = 1, 3 do for j = 1, 3 do if j == 2 then goto continue end end ::continue:: end "
     "return 'done'",
     "\"done\""},
    {"local f = loadstring('return 1 + 1') return f()", "2"},
    {"return {loadstring('return return')}",
     "[null,\"<string>:1: unexpected symbol near 'return'\"]"},
    {"local parts = {'return ', '4'} local i = 0 "
     "return load(function() i = i + 1 return parts[i] end)()",
     "4"},
    {"return tostring(os.time{year=2024, month=1, day=2, hour=3} > 1.7e9)", "\"true\""},
    {"return os.date('!%Y-%m-%dT%H:%M:%SZ', 1700000000)", "\"2023-11-14T22:13:20Z\""},
    {"return os.date('!*t', 0).year", "1970"},
    {"return os.difftime(5, 3)", "2"},
    {"return os.getenv('HOME')", "null"},
    {"return math.mod(5, 3)", "2"},
    {"return {pcall(assert, false, 'm')}", "[false,\"<string>:1: m\"]"},
    {"return {assert(1, 'm')}", "[1,\"m\"]"},
    {"return math.huge == 1.7976931348623157e308", "true"},
    {"return event.a", "1"},
    {"return {x = event.list, y = event.gone}", "{\"x\":[1,\"two\"]}"},
    {"return {[1] = 1, [2.5] = 2}", "[1]"},
    {"return nil", "null"},
    {"", "null"},
};

static void test_cases(void **state _unused_)
{
    struct str data = STR("{\"a\":1,\"list\":[1,null,\"two\",[3]],\"gone\":null}");

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json got;
        struct err err = {};
        struct str text;

        if (eval(a, str_from(cases[i].source), data, &got, &err) < 0)
            fail_msg("%zu: %s: %s", i, cases[i].source, err.text);
        text = json_text(a, &got, 0);
        if (!str_is(text, cases[i].want))
            fail_msg("%zu: %s: " STR_FMT, i, cases[i].source, STR_ARG(text));
    }
}

/* What must fail, and with which words. */
static void test_errors(void **state _unused_)
{
    static const struct {
        const char *source, *want;
        enum err_kind kind;
    } rows[] = {
        {"return +", "<string>:1: unexpected symbol near '+'", ERR_INVALID},
        {"x = 1\ny = = 2", "<string>:2: unexpected symbol near '='", ERR_INVALID},
        {"return 5 & 3", "<string>:1: '<eof>' expected near '&'", ERR_INVALID},
        {"error('boom')", "<string>:1: boom", ERR_INVALID},
        {"error({})", "script fails", ERR_INVALID},
        {"return 1/0", "json: unsupported value: +Inf", ERR_INVALID},
        {"return print", "json: unsupported type: Lua function", ERR_INVALID},
        {"return io.open('/etc/passwd')",
         "<string>:1: attempt to index a non-table object(nil) with key 'open'", ERR_INVALID},
        {"return require('x')", "attempt to call a non-function object", ERR_INVALID},
        {"return os.execute('true')", "attempt to call a non-function object", ERR_INVALID},
        {"return ffi", "", ERR_NONE},
        {"return string.dump(function() end)", "GopherLua does not support the string.dump",
         ERR_INVALID},
        {"\x1bLJ\x02", "attempt to load chunk with wrong mode", ERR_INVALID},
        {"return loadstring('\\27LJ')()", "attempt to call", ERR_INVALID},
        {"return ('x'):find('[a')", "unexpected EOS at 1", ERR_INVALID},
        {"return ('x'):find('%')", "", ERR_NONE},
        {"return ('x'):find('(x')", "unfinished capture at EOS", ERR_INVALID},
        {"return ('x'):find('x)')", "invalid ')' at 0", ERR_INVALID},
        {"return ('x'):match('%1')", "invalid capture index", ERR_INVALID},
        {"return ('x'):rep(1e9)", "resulting string too large", ERR_INVALID},
        {"local t = {} t.t = t return t", "nested deeper than", ERR_INVALID},
        {"return {[1e9] = 1}", "more than", ERR_INVALID},
        {"local function f() return 1 + f() end return f()", "stack overflow", ERR_INVALID},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct err err = {};
        struct json got;
        int rc = eval(a, str_from(rows[i].source), STR("{}"), &got, &err);

        if ((rc < 0) != (rows[i].kind != ERR_NONE) || err.kind != rows[i].kind ||
            !strstr(err.text, rows[i].want))
            fail_msg("%zu: %s: %s", i, rows[i].source, err.text);
    }
}

/* Scripts that would never end or fill the memory end, also when they catch what stops them. */
static void test_budgets(void **state _unused_)
{
    static const char *const rows[] = {
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "while true do xpcall(function() while true do end end, function() end) end",
        "coroutine.wrap(function() while true do end end)()",
        "local function f() coroutine.resume(coroutine.create(f)) return f() end f()",
        "local function f() pcall(f) return f() end f()",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t[#t + 1] = {} end",
        "while true do local s = ('x'):rep(1e7) end",
        "return (('a'):rep(40) .. 'c'):find(('a*'):rep(20) .. 'b')",
        "return (('.-'):rep(1)) .. ((('x'):rep(30000)):match(('.-'):rep(8) .. 'y') or '')",
        "local t = {} for i = 1, 1e5 do t[i] = i end while true do table.insert(t, 1, 0) end",
        "while true do ('x'):rep(1e6):upper() end",
        "while true do pcall(function() return tostring(q) .. q.x end) end",
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct err err = {};
        struct json got;

        if (eval(a, str_from(rows[i]), STR("{}"), &got, &err) == 0 || err.kind != ERR_LIMIT ||
            !strstr(err.text, "script exceeds its "))
            fail_msg("%zu: %s: %s", i, rows[i], err.text);
    }
}

static void test_long_source(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char *text = arena_alloc(a, LUASCRIPT_TEXT_MAX_BYTES + 2);
    struct err err;

    memset(text, ' ', LUASCRIPT_TEXT_MAX_BYTES + 1);
    assert_null(luascript_new(str_of(text, LUASCRIPT_TEXT_MAX_BYTES + 1), &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

/* One compiled script, many events; nothing is kept between them. */
static void test_runs_are_alone(void **state _unused_)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct err err;
    _cleanup_luascript_ struct luascript *s =
        luascript_new(STR("seen = (seen or 0) + 1 string.x = 1 return seen == 1"), &err);
    struct json event;

    assert_non_null(s);
    assert_int_equal(json_parse(a, STR("{}"), &event, &err), 0);
    for (size_t i = 0; i < 50; i++)
        assert_int_equal(luascript_holds(s, &event, &err), 1);
    luascript_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_transforms),
        cmocka_unit_test(test_golden_filters),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_long_source),
        cmocka_unit_test(test_runs_are_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
