#!/bin/sh
# A Git repository by ssh: OpenSSH's server, with keys.
. "$(dirname "$0")/../support/repository.sh"
. "$(dirname "$0")/../support/git.sh"
KIND=git-ssh
server() {
    mkdir -p /run/sshd
    chmod 755 "$DIR"
    printf 'ListenAddress 127.0.0.1:%s\nHostKey %s\nAuthorizedKeysFile %s\nPidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n' \
        "$PORT" "$DIR/host" "$DIR/key.pub" >"$DIR/sshd.conf"
    launch "$(command -v sshd)" -D -e -f "$DIR/sshd.conf"
}
ready() { ssh-keyscan -p "$PORT" 127.0.0.1 2>/dev/null | grep -q .; }
git_place() { echo "git: {repo: \"ssh://$(id -un)@$AT$DIR/store/$1.git\", insecureIgnoreHostKey: ${3:-true}, sshPrivateKeySecret: {name: keys, key: ${2:+other-}key}}"; }
WRONG_SAYS='git: .*Permission denied \(publickey\)'
MISSING_SAYS="git: .*'.*/missing.git' does not appear to be a git repository"
AWAY_SAYS='git: (Connection|kex_exchange_identification|ssh: connect|fatal: early EOF).*'
unknown_host() { fails unknown-host "inputs: {artifacts: [{name: f, path: /tmp/f, $(git_place code "" false)}]}" true && tells unknown-host 'git: .*Host key verification failed'; }
key_of() { printf '%s: |\n' "$1" && sed 's/^/    /' "$2"; }
command -v sshd >/dev/null || { skip "all cases" "there is no sshd: tools/install-packages repositories"; exit; }
for name in host key other; do ssh-keygen -q -t ed25519 -N '' -f "$DIR/$name"; done
make_code
begin "$(key_of key "$DIR/key")" "$(key_of other-key "$DIR/other")"
row "an unknown host is refused" unknown_host
git_cases
