#!/bin/sh
# The local repository: no server but the program itself, which is killed in the middle of copies.
. "$(dirname "$0")/../support/repository.sh"
KIND=local
WITHOUT="login kill"
STORE=$DIR/data/artifacts/default
place() { echo "s3: {key: \"$1\"}"; }
give() { mkdir -p "$(dirname "$STORE/$1")" && cat >"$STORE/$1"; }
stored() { cat "$STORE/$1"; }
listed() { (cd "$STORE" && find . -type f | sed 's/^\.\///' | grep "^$1" | sort | tr '\n' ' '); }
MISSING_SAYS='artifact files/missing is not in the repository$'
ended() { [ "$(phase "$1")" = "$2" ]; }
# Several times, as nobody says where in a copy the end comes.
killed() {
    for i in 1 2 3 4; do
        flow "big-$i" "$(output b "big/$i" "archive: {tar: {}}")" "head -c $BIG_BYTES /dev/urandom >/tmp/b; md5sum </tmp/b" && submit "big-$i" || return 1
        wait_for 60 sh -c "ls '$DIR/data/artifacts/.new' '$DIR'/data/pods/default/big-$i*/artifacts 2>/dev/null | grep -q ." || return 1
        stop_server -KILL
        start_server && wait_for 100 ended "big-$i" Succeeded || { message "big-$i"; return 1; }
        equals "$(tar xzOf "$STORE/big/$i" b | md5sum | cut -c 1-32)" "$(said "big-$i" | cut -c 1-32)" || return 1
    done
}
begin_alone
cases
start_server
row "the program is killed in the middle of 50 MB, and is whole again" killed
row "nothing is left behind" nothing_is_left
stop_server
