#!/bin/sh
# The server's own log: both formats, levels, one line a line whatever a client sends.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
check "the server starts" start_server
check "text lines are logfmt" grep -Eq '^time=[0-9T:.-]+Z level=info msg="tiphys serves" address=127.0.0.1 port=[0-9]+ version=' "$DIR/server.log"
stop_server
rm "$DIR/server.log"
SERVER_FLAGS='--isolation process --log-format json --loglevel debug'
check "a server that logs JSON" start_server
cat >"$DIR/wrong.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: wrong}
spec:
  dependencies: [{name: left, eventSourceName: hooks, eventName: left}]
  triggers:
  - template: {name: t, conditions: "left && no\n{\"level\":\"error\",\"msg\":\"forged\"}", log: {}}
YAML
"$TIPHYS" apply -f "$DIR/wrong.yaml" >"$DIR/said" 2>&1
check "a sensor with a line break in it is told" wait_for 10 grep -q '"sensorName":"wrong"' "$DIR/server.log"
check "each line is one document" sh -c "jq -e 'has(\"time\") and has(\"level\") and has(\"msg\")' '$DIR/server.log' | grep -vq false"
check "nothing is forged" lacks "$DIR/server.log" '"msg":"forged"'
stop_server
rm -r "$DIR/server.log" "$DIR/data"
SERVER_FLAGS='--isolation process --loglevel error'
check "a server that logs errors only" start_server
check "is silent" test ! -s "$DIR/server.log"
stop_server
refused() { ! "$TIPHYS" server --open --port 0 --data "$DIR/other" "$@" >"$DIR/said" 2>&1; }
check "an unknown level is refused" refused --loglevel loud
check "and named" contains "$DIR/said" 'invalid argument "loud" for "--loglevel" flag: One of: debug|info|warn|error'
check "an unknown format is refused" refused --log-format xml
check "and named, too" contains "$DIR/said" 'invalid argument "xml" for "--log-format" flag: One of: text|json'
export ARGO_LOGLEVEL=loud
check "an unknown level of the environment is refused" refused
check "and named as well" contains "$DIR/said" '--loglevel loud is none of debug, info, warn, error'
