# Sourced by the tests of HDFS in tests/repositories. Data goes to and comes from the data nodes themselves, past the proxy: they are told
# to be slow, and a copy is in its middle when a part of it is there.
# shellcheck shell=sh disable=SC2034 # read by repository.sh
. "$ROOT/tests/support/hdfs.sh"
trap 'stop_hdfs; stop_proxies; finish; exit $((FAILED > 0))' EXIT
WITHOUT="login"
SLOW="dfs.datanode.data.write.bandwidthPerSec=3145728 dfs.datanode.data.read.bandwidthPerSec=3145728"
# shellcheck disable=SC2086 # a list of settings
server() { start_hdfs 1 dfs.namenode.fs-limits.min-block-size=4096 dfs.blocksize=16777216 $SLOW; }
ready() { hdfs_is_up 1; }
kill_server() { stop_hdfs; }
place() {
    address="http://127.0.0.1:$HDFS_HTTP"
    [ "$ADDRESS" = web ] || address="127.0.0.1:$HDFS_RPC"
    echo "hdfs: {addresses: [\"$address\"], path: \"/ann/$1\", hdfsUser: ${2:+bob}$([ -n "${2:-}" ] || echo ann), force: true}"
}
give() { cat >"$DIR/give" && curl -sSf -L -X PUT -T "$DIR/give" "http://127.0.0.1:$HDFS_HTTP/webhdfs/v1/ann/$(escaped "$1")?op=CREATE&overwrite=true&user.name=ann"; }
stored() { web GET "/ann/$(escaped "$1")" OPEN ann; }
# listed PREFIX: of a file, or of a folder with those in it.
listed() { for path in $(walk "$(printf %s "${1%/}" | sed 's/ /%20/g')"); do printf '%s ' "$path"; done | sed 's/%20/ /g'; }
walk() {
    web GET "/ann/$(printf %s "$1" | sed 's/%20/ /g' | jq -sRr 'split("/") | map(@uri) | join("/")')" LISTSTATUS ann 2>/dev/null |
        jq -r '.FileStatuses.FileStatus[] | .type + " " + .pathSuffix' | while read -r type name; do
        path=$1${name:+/$(printf %s "$name" | sed 's/ /%20/g')}
        if [ "$type" = FILE ]; then echo "$path"; else walk "$path"; fi
    done
}
# In its middle: a part of it has come, or the name node knows of blocks.
hold() { :; }
let_go() { :; }
# The program stands still meanwhile: Hadoop may take longer to start than anybody asks it again.
back_again() {
    kill -STOP "$SERVER_PID"
    stop_hdfs
    up
    is_up=$?
    kill -CONT "$SERVER_PID"
    return $is_up
}
parts_are_here() { find "$DIR/data" -type f -size +4M 2>/dev/null | grep -q . || ls -l /proc/"$(pgrep -P $$ -f 'server --open' | head -1)"/fd 2>/dev/null | grep -q deleted; }
parts_are_there() { web GET /ann/big LISTSTATUS ann | jq -e '.FileStatuses.FileStatus[] | select(.pathSuffix | contains("_COPYING_"))' && find "$DIR/hdfs" -path '*/rbw/blk_*' -size +1M | grep -q .; }
is_held() { if [ "$1" = down ]; then wait_for 60 parts_are_here; else wait_for 60 parts_are_there; fi; }
MISSING_SAYS='HDFS: name node [a-z0-9:/.]+ has no file "/ann/files/missing" and none below it$'
AWAY_SAYS='(name node|GET|PUT) (http://)?127.0.0.1:[0-9]+.*: (Connection refused|Couldn.t connect to server|Failure when receiving data from the peer)$'
AWAY_PUT_SAYS=$AWAY_SAYS
another_user() {
    fails other-user "outputs: {artifacts: [{name: f, path: /tmp/f, $AS_IT_IS, $(place files/other BAD)}]}" "echo x >/tmp/f" && tells other-user 'Permission denied: user=bob, access=(WRITE|EXECUTE)'
}
begin_hdfs() {
    command -v java >/dev/null || { skip "all cases" "there is no java"; exit; }
    begin
    row "a folder for a user" web PUT /ann "MKDIRS&permission=700"
    row "who owns it" web PUT /ann "SETOWNER&owner=ann"
    row "another user is refused" another_user
}
