# Sourced by stories that need HDFS: Hadoop's own servers on loopback, one replica a data node.
# shellcheck shell=sh
HDFS_PID=""

# start_hdfs NODES [KEY=VALUE...]: at $HDFS_RPC and $HDFS_HTTP; files of a server that was stopped are there again.
start_hdfs() {
    "$ROOT/tools/install-hadoop" || return 1
    HDFS_RPC=${HDFS_RPC:-$(free_port)}
    HDFS_HTTP=${HDFS_HTTP:-$(free_port)}
    mkdir -p "$DIR/hdfs/classes/webapps/hdfs" "$DIR/hdfs/classes/webapps/datanode"
    : >"$DIR/hdfs.log"
    # shellcheck disable=SC2086 # a list of flags
    java -Xmx384m -XX:TieredStopAtLevel=1 ${HDFS_JAVA:-} --add-opens java.base/java.lang=ALL-UNNAMED \
        -cp "$DIR/hdfs/classes:$ROOT/build/hadoop/lib/*" "$ROOT/tests/support/HdfsServer.java" \
        "$HDFS_RPC" "$HDFS_HTTP" "$DIR/hdfs" "$@" >"$DIR/hdfs.log" 2>&1 &
    HDFS_PID=$!
    wait_for 120 sh -c "grep -q ^ready '$DIR/hdfs.log' || ! kill -0 $HDFS_PID" && grep -q ^ready "$DIR/hdfs.log" ||
        { tail -20 "$DIR/hdfs.log"; return 1; }
}
# All data nodes have told what they have.
hdfs_is_up() { wait_for 60 sh -c "curl -sf 'http://127.0.0.1:$HDFS_HTTP/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState' | jq -e '.beans[0] | .NumLiveDataNodes == $1 and .FSState == \"Operational\"'"; }
stop_hdfs() {
    [ -n "$HDFS_PID" ] && kill -9 "$HDFS_PID" 2>/dev/null
    wait "$HDFS_PID" 2>/dev/null
    HDFS_PID=""
    return 0
}
trap 'stop_hdfs; finish; exit $((FAILED > 0))' EXIT

# web METHOD PATH OPERATION [USER]: WebHDFS, as anybody's tool would ask it.
web() { curl -sSf -L -X "$1" "http://127.0.0.1:$HDFS_HTTP/webhdfs/v1$2?op=$3&user.name=${4:-$(id -un)}"; }
