# Sourced by tests of tests/repositories: the cases that every kind of repository is put through, against its real server.
#
# A kind's test says KIND, sets what differs (WITHOUT, *_SAYS) and has the functions
#   server            start it at $PORT, in the background, with what it had before: launch COMMAND...
#   ready             does it answer?
#   place KEY [BAD]   the place of a key at $AT, by the keys of the Secret `keys`; with BAD the login is wrong
#   give KEY          store what comes on standard input, stored KEY: show it, listed PREFIX: the keys there; as anybody's tool does
# then it calls `begin` and `cases`. The program reaches the server at $AT, through a proxy that can hold connections; tools reach it at $PORT.
# shellcheck shell=sh
. "$(dirname "$0")/../support/story.sh"
. "$(dirname "$0")/../support/proxy.sh"
PATH=$PATH:/usr/sbin
mkdir "$DIR/proxy"
# What the Secret `keys` has under these names; of this run alone, as others may use theirs beside it.
GOOD=a-very-secret-key-$$
BAD=not-the-secret-key-$$
printf 'user = "ann:%s"\n' "$GOOD" >"$DIR/curlrc" # in no argument, as that is looked for
SERVERS=$ROOT/build/repositories
BIG_BYTES=52428800
SERVER_IDS=""
trap 'kill_server; stop_proxies; finish; exit $((FAILED > 0))' EXIT

# Words: what a kind cannot do (folders, write, delete, login: nobody is refused, memory: it forgets all when it ends, kill), and its messages
# as regular expressions.
WITHOUT=""
FOLDER_SAYS=""  # to a folder that is not packed, where folders are no part of it
DELETE_SAYS=""  # to artifactGC, where it cannot delete
WRITE_SAYS=""   # to an output, where it cannot write
WRONG_SAYS=""   # to a wrong login, when reading
MISSING_SAYS="" # to a key that is not there
AWAY_SAYS=""    # to a server that has gone in the middle of a read
AWAY_PUT_SAYS="" # of a write
can() { case " $WITHOUT " in *" $1 "*) return 1 ;; esac; }

# row NAME COMMAND...: a row of the table; V=1 in the environment shows what it said.
row() {
    title=$1
    shift
    check "$KIND: $title" "$@"
    [ -z "${V:-}" ] || sed 's/^/# /' "$DIR/out"
}
skip() {
    COUNT=$((COUNT + 1))
    echo "ok $COUNT - $KIND: $1 # SKIP $2"
}
# needs NAME...: servers of tools/install-repositories; without them the kind is one skipped row.
needs() {
    "$ROOT/tools/install-repositories" "$@" 2>"$DIR/why" && return
    skip "all cases" "$* cannot be installed: $(tail -1 "$DIR/why")"
    exit
}

# ---- the server
launch() {
    setsid "$@" >>"$DIR/repository.log" 2>&1 </dev/null &
    SERVER_IDS="$SERVER_IDS $!"
    echo "$!" >>"$DIR/proxy/known"
}
up() { server && wait_for 90 ready; }
tree() { echo "$1"; for child in $(pgrep -P "$1"); do tree "$child"; done; }
kill_server() {
    # shellcheck disable=SC2046 # a list of processes
    for id in $SERVER_IDS; do kill -9 $(tree "$id") 2>/dev/null; done
    for id in $SERVER_IDS; do wait "$id" 2>/dev/null; done
    SERVER_IDS=""
    return 0
}
# begin [STRING-DATA...]: all is started; the texts are further keys of the Secret. begin_alone: where there is no server.
begin() {
    PORT=${PORT:-$(free_port)}
    printf '%s\n' "$GOOD" "$BAD" >"$DIR/secrets"
    row "its server starts" up || exit
    row "a proxy before it" proxy proxy "$PORT"
    AT=127.0.0.1:$(cat "$DIR/proxy/port")
    export STORAGE_EMULATOR_HOST="http://$AT"
    begin_alone "$@"
}
begin_alone() {
    row "the program starts" start_server
    {
        printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData:\n  user: ann\n  good: %s\n  bad: %s\n' "$GOOD" "$BAD"
        [ $# -eq 0 ] || printf '  %s\n' "$@"
    } >"$DIR/keys.yaml"
    row "its keys" "$TIPHYS" apply -f "$DIR/keys.yaml"
}

# escaped KEY: as in a URL.
escaped() { printf %s "$1" | jq -sRr 'split("/") | map(@uri) | join("/")'; }

# ---- workflows
# input NAME KEY [MORE] / output NAME KEY [MORE]: an artifact at /tmp/NAME, as it is unless MORE says how it is packed.
AS_IT_IS='archive: {none: {}}'
input() { printf 'inputs: {artifacts: [{name: %s, path: /tmp/%s, %s, %s}]}' "$1" "$1" "${3:-$AS_IT_IS}" "$(place "$2" "${4:-}")"; }
output() { printf 'outputs: {artifacts: [{name: %s, path: /tmp/%s, %s, %s}]}' "$1" "$1" "${3:-$AS_IT_IS}" "$(place "$2" "${4:-}")"; }
# secret_of [BAD]: the key of the Secret that has the right password, or the wrong one.
secret_of() { if [ -n "${1:-}" ]; then echo bad; else echo good; fi; }
# flow NAME ARTIFACTS COMMAND [SPEC]: a workflow of one container.
flow() {
    printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %s}\nspec:\n  entrypoint: main\n  %s\n' "$1" "${4:-}"
    printf '  templates:\n  - name: main\n    %s\n    container: {image: busybox, command: [sh, -c, "%s"]}\n' "$2" "$3"
} >"$DIR/$1.yaml"
submit() { "$TIPHYS" submit "$DIR/$1.yaml" >"$DIR/$1.out" 2>&1 || { cat "$DIR/$1.out"; return 1; }; }
phase() { "$TIPHYS" get "$1" -o json | jq -r .status.phase; }
message() { "$TIPHYS" get "$1" -o json | jq -r .status.message; }
said() { "$TIPHYS" logs "$1" --no-color | sed "s/^[^:]*: //" | tr "\n" " "; }
# ends NAME PHASE: within the time, and else its message is shown.
ends() {
    timeout 240 "$TIPHYS" wait "$1" >"$DIR/$1.out" 2>&1
    [ "$(phase "$1")" = "$2" ] || { echo "$1 is $(phase "$1"), not $2: $(message "$1")"; return 1; }
}
runs() { flow "$@" && submit "$1" && ends "$1" Succeeded; }
fails() { flow "$@" && submit "$1" && ends "$1" Error; }
# tells NAME REGEX: its message; no secret is in it.
tells() {
    message "$1"
    message "$1" | grep -qE -- "$2" || { echo "no \"$2\" in it"; return 1; }
    ! message "$1" | grep -F -f "$DIR/secrets"
}

# ---- cases
put_file() {
    runs put-file "$(output f files/put)" "printf 'one\\ntwo' >/tmp/f" && equals "$(stored files/put | od -c)" "$(printf 'one\ntwo' | od -c)"
}
get_file() {
    printf 'three\nfour' | give files/got && runs get-file "$(input f files/got)" "cat /tmp/f" && equals "$(said get-file)" "three four "
}
MAKE_TREE="mkdir -p /tmp/t/sub; echo one >/tmp/t/a; echo two >'/tmp/t/sub/b c+%'"
put_folder() {
    runs put-folder "$(output t folder/put)" "$MAKE_TREE" && equals "$(listed folder/put/)" "folder/put/a folder/put/sub/b c+% " &&
        equals "$(stored "folder/put/sub/b c+%")" two
}
folder_is_refused() { fails put-folder "$(output t folder/put)" "$MAKE_TREE" && tells put-folder "$FOLDER_SAYS"; }
get_folder() {
    echo three | give folder/got/a && echo four | give "folder/got/sub/b c+%" &&
        runs get-folder "$(input t folder/got)" "cd /tmp/t; cat a 'sub/b c+%'; find . -type f | sort" &&
        equals "$(said get-folder)" "three four ./a ./sub/b c+% "
}
# archive FORM MAGIC: a folder, or without an archive a file, there and back; MAGIC is how the stored bytes begin.
archive() {
    what="$MAKE_TREE"
    [ "$1" != none ] || what="printf plain >/tmp/t"
    runs "pack-$1" "$(output t "packed/$1" "archive: {$1: {}}")" "$what" || return 1
    equals "$(stored "packed/$1" | head -c "${#2}" | sed 's/\x1f\x8b/GZ/')" "$2" || return 1
    if [ "$1" = none ]; then
        runs unpack-none "$(input t packed/none)" "cat /tmp/t" && equals "$(said unpack-none)" "plain "
    else
        runs "unpack-$1" "$(input t "packed/$1" "archive: {$1: {}}")" "cd /tmp/t; cat a 'sub/b c+%'; find . -type f | sort" &&
            equals "$(said "unpack-$1")" "one two ./a ./sub/b c+% "
    fi
}
GC="artifactGC: {strategy: OnWorkflowCompletion}"
nothing_is_listed() { equals "$(listed "$1")" ""; }
delete_file() {
    runs delete-file "$(output f gone/file)" "echo gone >/tmp/f" "$GC" && wait_for 30 nothing_is_listed gone/file
}
delete_folder() {
    runs delete-folder "$(output t gone/folder)" "$MAKE_TREE" "$GC" && wait_for 30 nothing_is_listed gone/folder
}
gc_tells() { "$TIPHYS" get "$1" -o json | jq -r '.status.conditions[] | select(.type == "ArtifactGCError") | .message' | grep -qE -- "$2"; }
delete_is_refused() { runs delete-file "$(output f gone/file)" "echo gone >/tmp/f" "$GC" && wait_for 30 gc_tells delete-file "$DELETE_SAYS"; }
write_is_refused() { fails put-file "$(output f files/put)" "echo one >/tmp/f" && tells put-file "$WRITE_SAYS"; }
wrong_get() { fails wrong-get "$(input f files/got "" BAD)" "cat /tmp/f" && tells wrong-get "^init: Error \(exit code 64\): artifact f failed to load: $WRONG_SAYS"; }
wrong_put() { fails wrong-put "$(output f files/wrong "" BAD)" "echo x >/tmp/f" && tells wrong-put "^wait: Error \(exit code 64\): $WRONG_PUT_SAYS"; }
missing() { fails missing "$(input f files/missing)" "cat /tmp/f" && tells missing "^init: Error \(exit code 64\): artifact f failed to load: $MISSING_SAYS"; }
missing_optional() { runs missing-optional "$(input f files/missing "optional: true, $AS_IT_IS")" "test ! -e /tmp/f"; }

# ---- a server that dies in the middle
big() { yes 0123456789 | head -c $BIG_BYTES; }
BIG_SUM=$(big | md5sum | cut -c 1-32)
# hold WAY: the next copy of this way stands still in its middle; is_held WAY: it does; let_go.
hold() { printf '%s 20000000 hold\n' "$1" >"$DIR/proxy/cuts"; }
is_held() { wait_for 60 test -e "$DIR/proxy/held-$1"; }
let_go() { rm -f "$DIR/proxy"/held-*; }
# under_way SUFFIX: one that reads and one that writes, both in the middle of it.
under_way() {
    hold down && flow "get-$1" "$(input b big/got)" "md5sum </tmp/b" && submit "get-$1" && is_held down || return 1
    can write || return 0
    hold up && flow "put-$1" "$(output b "big/$1")" "yes 0123456789 | head -c $BIG_BYTES >/tmp/b" && submit "put-$1" && is_held up
}
nothing_is_left() { wait_for 20 no_leftovers || no_leftovers; }
back_again() { kill_server && up && let_go; }
gone_away() { kill_server && let_go; }
store_big() { big | give big/got; }
is_whole() { equals "$(stored "$1" | md5sum | cut -c 1-32)" "$BIG_SUM"; }
recovered_get() { ends get-back Succeeded && equals "$(said get-back)" "$BIG_SUM  - "; }
recovered_put() { ends put-back Succeeded && is_whole big/back; }
forgotten_get() { ends get-back Error && tells get-back "^init: Error \(exit code 64\): artifact b failed to load: "; }
given_up_get() { ends get-away Error && tells get-away "^init: Error \(exit code 64\): artifact b failed to load: $AWAY_SAYS"; }
given_up_put() { ends put-away Error && tells put-away "^wait: Error \(exit code 64\): $AWAY_PUT_SAYS"; }
died() {
    row "50 MB are stored" store_big
    row "copies of 50 MB are under way" under_way back
    row "the server is killed, and starts again" back_again
    if can memory; then row "get: it recovers" recovered_get; else row "get: what the server has forgotten is an error" forgotten_get; fi
    ! can write || row "put: it recovers, and is whole" recovered_put
    row "nothing is left behind" nothing_is_left
    can memory || row "50 MB are stored again" store_big
    row "copies are under way again" under_way away
    row "the server is killed for good" gone_away
    row "get: a clear error" given_up_get
    ! can write || row "put: a clear error" given_up_put
    row "nothing is left behind of them" nothing_is_left
    row "the server starts a last time" up
    ! can write || row "it has no half of a file" nothing_is_listed big/away
}
no_secret() {
    grep -v '^$' "$DIR/secrets" >"$DIR/words"
    while read -r word; do printf 'ann:%s' "$word" | base64; printf %s "$word" | base64; done <"$DIR/secrets" | sed 's/=*$//' >>"$DIR/words"
    ! grep -F -f "$DIR/words" "$DIR/server.log" && ! grep -r . "$DIR/proxy/found" 2>/dev/null &&
        ! "$TIPHYS" list -o json | grep -F -f "$DIR/words" && ! "$TIPHYS" get events -o json | grep -F -f "$DIR/words"
}

cases() {
    if can write; then row "put file" put_file; else row "put file is refused" write_is_refused; fi
    row "get file" get_file
    if ! can write; then :; elif can folders; then row "put folder" put_folder; else row "put folder is refused" folder_is_refused; fi
    ! can folders || row "get folder" get_folder
    if can write; then
        row "archive none" archive none plain
        row "archive tar" archive tar GZ
        row "archive zip" archive zip PK
        if can delete; then row "delete a file" delete_file; else row "delete is refused" delete_is_refused; fi
        ! can delete || ! can folders || row "delete a folder" delete_folder
    fi
    if can login; then row "wrong credentials, get" wrong_get; else skip "wrong credentials" "its server knows none"; fi
    ! can login || ! can write || row "wrong credentials, put" wrong_put
    row "missing key" missing
    row "missing key that is optional" missing_optional
    ! can kill || died
    row "no secret in arguments, environments, logs, objects" no_secret
    stop_server
}
