# Sourced by the tests of git in tests/repositories: bare repositories in $DIR/store, `code` and, of 50 MB, `big`.
# git_place REPOSITORY [BAD] is the kind's.
# shellcheck shell=sh
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL="$DIR/gitconfig" GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
printf '[safe]\n    directory = *\n' >"$DIR/gitconfig"
commit() { git add . && git commit -qm "$1"; }
make_code() {
    mkdir -p "$DIR/code/sub" "$DIR/huge" "$DIR/store"
    (cd "$DIR/code" && git init -q -b main && echo three >a && commit one && git tag v1 && echo four >"sub/b c+%" && commit two && git clone -q --bare . "$DIR/store/code.git")
    (cd "$DIR/huge" && git init -q -b main && head -c $BIG_BYTES /dev/urandom >b && commit big && git clone -q --bare . "$DIR/store/big.git")
    BIG_SUM=$(md5sum <"$DIR/huge/b" | cut -c 1-32)
}
git_input() { printf 'inputs: {artifacts: [{name: %s, path: /tmp/%s, %s}]}' "$1" "$1" "$(git_place "$2" "${3:-}")"; }
# What the cases of repository.sh ask for: files/got is the repository `code`, all else one of its name.
place() {
    case $1 in
    big/*) git_place big "${2:-}" ;;
    files/missing) git_place missing "${2:-}" ;;
    *) git_place code "${2:-}" ;;
    esac
}
get_code() { runs get-code "$(git_input t code)" "cd /tmp/t; cat a 'sub/b c+%'; ls" && equals "$(said get-code)" "three four a sub "; }
git_recovers() { ends get-back Succeeded && equals "$(said get-back)" "$BIG_SUM  - "; }
git_under_way() { hold down && flow "get-$1" "$(git_input b big)" "md5sum </tmp/b/b" && submit "get-$1" && is_held down; }
# What was left of repositories and keys.
git_cases() {
    row "get a work tree" get_code
    row "put is refused" eval 'fails put-file "$(output f files/put)" "echo one >/tmp/f" && tells put-file "git artifacts can only be read$"'
    row "wrong credentials" wrong_get
    row "missing repository" missing
    row "a copy of 50 MB is under way" git_under_way back
    row "the server is killed, and starts again" back_again
    row "it recovers" git_recovers
    row "nothing is left behind" nothing_is_left
    row "a copy is under way again" git_under_way away
    row "the server is killed for good" gone_away
    row "a clear error" given_up_get
    row "nothing is left behind of it" nothing_is_left
    row "no secret in arguments, environments, logs, objects" no_secret
    stop_server
}
