#!/bin/sh
# Several containers in one pod on the real daemon: sidecars end with the main container, a containerSet runs by its dependencies; each has a log; a daemon that is killed meanwhile finds them again.
. "$(dirname "$0")/../../support/story.sh"
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
node() { api "$1" | jq -r --arg n "$2" '.status.nodes[] | select(.displayName==$n) | "\(.type) \(.phase) \(.message // "")"'; }
SERVER_FLAGS='--isolation process'
check "the server starts" start_server

cat >"$DIR/beside.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: beside}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [sh, -c, 'until test -e up; do sleep 0.05; done; cat up; echo from-main']}
    sidecars:
    - {name: helper, image: busybox, command: [sh, -c, 'echo helped >up.tmp; mv up.tmp up; echo from-helper; exec sleep 100'], mirrorVolumeMounts: true}
YAML
check "a sidecar helps, and ends with the main container" timeout 20 "$TIPHYS" submit "$DIR/beside.yaml" --wait
check "the node is of type Pod" equals "$(node beside beside)" "Pod Succeeded "
"$TIPHYS" logs beside --no-color >"$DIR/main.txt"
"$TIPHYS" logs beside -c helper --no-color >"$DIR/helper.txt"
check "the log of main" contains "$DIR/main.txt" "from-main"
check "is not the sidecar's" lacks "$DIR/main.txt" "from-helper"
check "the log of the sidecar" contains "$DIR/helper.txt" "from-helper"
pod=$(curl -sf "http://$ARGO_SERVER/api/v1/namespaces/default/pods" | jq -r '.items[0].spec.containers | map(.name) | join(",")')
check "the pod shows both" equals "$pod" "main,helper"

cat >"$DIR/set.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: set}
spec:
  entrypoint: main
  templates:
  - name: main
    containerSet:
      retryStrategy: {retries: 2, duration: 10ms}
      containers:
      - {name: first, image: busybox, command: [sh, -c, 'echo x >>tries; test $(wc -l <tries) -eq 2 && echo one >made']}
      - {name: second, image: busybox, command: [sh, -c, 'echo two >>made'], dependencies: [first]}
      - {name: main, image: busybox, command: [cat, made], dependencies: [second]}
    outputs: {parameters: [{name: made, valueFrom: {path: made}}]}
YAML
check "a set runs by its dependencies" timeout 20 "$TIPHYS" submit "$DIR/set.yaml" --wait
check "the output is main's" equals "$(api set | jq -r '.status.nodes[] | select(.type=="Pod") | .outputs.parameters[0].value' | tr '\n' ' ')" "one two "
check "a node for each container" equals "$(api set | jq -r '[.status.nodes[] | select(.type=="Container") | .name] | sort | join(",")')" "set.first,set.main,set.second"
check "the progress counts them" equals "$(api set | jq -r .status.progress)" "4/4"

sed -e 's/name: set/name: broken/' -e 's/echo two >>made/exit 7/' "$DIR/set.yaml" >"$DIR/broken.yaml"
check "one of a set that fails" sh -c "! timeout 20 '$TIPHYS' submit '$DIR/broken.yaml' --wait"
check "is the pod's end" equals "$(node broken broken)" "Pod Failed second: Error (exit code 7)"
check "its node says so" equals "$(node broken second)" "Container Failed second: Error (exit code 7): "
check "what came after it never began" equals "$(node broken main)" 'Container Error main: Error (exit code 64): dependency "second" exited with non-zero code: 7'

sed -e 's/dependencies: \[first\]/dependencies: [main]/' -e 's/name: set/name: circle/' "$DIR/set.yaml" >"$DIR/circle.yaml"
check "a circle is refused" sh -c "! '$TIPHYS' submit '$DIR/circle.yaml' 2>'$DIR/circle.txt'"
check "with its way" contains "$DIR/circle.txt" "dependency cycle detected: second->main->second"

# kill -9 of the daemon while both run: found again, ended once.
sed -e 's/name: beside/name: again/' -e "s#cat up; echo from-main#echo x >>$DIR/ran; until test -e $DIR/go || ! test -d $DIR; do sleep 0.05; done; echo from-main#" "$DIR/beside.yaml" >"$DIR/again.yaml"
"$TIPHYS" submit "$DIR/again.yaml" >/dev/null
check "it runs" wait_for 10 test -s "$DIR/ran"
kill -9 "$SERVER_PID"
wait "$SERVER_PID" 2>/dev/null
touch "$DIR/go"
check "the server starts again" start_server
check "it ends" timeout 20 "$TIPHYS" wait again
check "well" equals "$(node again again)" "Pod Succeeded "
check "having run once" equals "$(wc -l <"$DIR/ran")" 1
"$TIPHYS" logs again -c helper --no-color >"$DIR/helper.txt"
check "with the sidecar's log" contains "$DIR/helper.txt" "from-helper"
