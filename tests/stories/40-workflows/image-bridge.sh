#!/bin/sh
# Isolation image with --image-network bridge: pods that listen at one port beside each other, each found by its own address; probes; hostNetwork; a daemon that was killed finds them again. In a network of the story's own.
if [ -z "${STORY_NETWORK:-}" ]; then
    unshare --net true 2>/dev/null || { echo "1..0 # SKIP no network of its own can be made here"; exit 0; }
    STORY_NETWORK=own exec unshare --net sh "$0" "$@"
fi
. "$(dirname "$0")/../../support/story.sh"
. "$(dirname "$0")/../../support/images.sh"

ip link set lo up
make_root "$DIR/root"
image base '{"Cmd":["sh"],"Env":["PATH=/bin"]}' "$DIR/root" >/dev/null
skopeo --insecure-policy copy --quiet "oci:$DIR/layout:base" "oci-archive:$DIR/base.tar"
BASE='image: "oci-archive:base.tar"'
nodes() { api "$1" | jq -r "[.status.nodes[] | select(.templateName == \"$2\") | $3] | sort | .[]"; }

SERVER_FLAGS="--isolation image --image-archives $DIR --image-network nowhere"
check "a network that is none is refused" sh -c "! '$TIPHYS' server --port 0 --data '$DIR/refused' $SERVER_FLAGS >'$DIR/refused.log' 2>&1"
check "in words" contains "$DIR/refused.log" "--image-network nowhere is none of host, none, bridge"
check "so is a range that is none" sh -c "! '$TIPHYS' server --port 0 --data '$DIR/refused' --isolation image --image-network bridge --image-range 10.1.0.0/31 >'$DIR/refused.log' 2>&1"
check "in words, too" contains "$DIR/refused.log" '--image-range: "10.1.0.0/31" must be ADDRESS/BITS, with 8 to 29 bits'
SERVER_FLAGS="--isolation image --image-archives $DIR --image-network bridge --image-range 10.250.0.0/24"
check "the server starts" start_server
check "there is a bridge with the first address" sh -c 'ip -br addr show dev tiphys0afa0000 | grep -q " 10.250.0.1/24 "'

cat >"$DIR/two.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: two}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: a, template: serve, arguments: {parameters: [{name: text, value: first}]}}
      - {name: b, template: serve, arguments: {parameters: [{name: text, value: second}]}}
    - - {name: ask, template: ask, arguments: {parameters: [{name: a, value: "{{steps.a.ip}}"}, {name: b, value: "{{steps.b.ip}}"}]}}
    - - {name: wait, template: wait}
  - name: serve
    daemon: true
    inputs: {parameters: [{name: text}]}
    container:
      $BASE
      command: [sh, -c, 'echo {{inputs.parameters.text}} >/web/index.html; exec httpd -f -p 80 -h /web']
      readinessProbe: {httpGet: {port: 80, path: /}, periodSeconds: 1}
  - name: ask
    inputs: {parameters: [{name: a}, {name: b}]}
    container:
      $BASE
      env: [{name: POD, valueFrom: {fieldRef: {fieldPath: status.podIP}}}, {name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]
      command: [sh, -c, 'wget -qO- http://{{inputs.parameters.a}}/; wget -qO- http://{{inputs.parameters.b}}/; ip addr show dev eth0 | grep -q "inet \$(POD)/24" && echo "own \$(HOST)"; ip route | grep default']
  - name: wait
    suspend: {}
YAML
"$TIPHYS" submit "$DIR/two.yaml" >/dev/null
check "two that listen at one port run beside each other" wait_for 60 sh -c "curl -sf 'http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/two' | jq -e '[.status.nodes[] | select(.type == \"Suspend\" and .phase == \"Running\")] | length == 1'"
check "each is found by its address, and knows its own" equals "$(logs_of two | tr '\n' ' ')" "first second own 10.250.0.1 default via 10.250.0.1 dev eth0  "
nodes two serve .podIP >"$DIR/addresses"
check "they are two, of the range" sh -c "[ \$(grep -c '^10\.250\.0\.' '$DIR/addresses') = 2 ] && [ \$(sort -u '$DIR/addresses' | wc -l) = 2 ]"
check "this machine reaches them" sh -c "for a in \$(cat '$DIR/addresses'); do curl -sf --max-time 5 http://\$a/; done | sort | tr '\n' ' ' | grep -qx 'first second '"
check "and has no such port itself" sh -c '! curl -s --max-time 5 http://127.0.0.1/'

stop_server -KILL
check "another daemon starts" start_server
check "they run on" sh -c "for a in \$(cat '$DIR/addresses'); do curl -sf --max-time 5 http://\$a/ || exit 1; done"
check "with their addresses" equals "$(nodes two serve .podIP | tr '\n' ' ')" "$(tr '\n' ' ' <"$DIR/addresses")"
check "the workflow goes on" "$TIPHYS" resume two
check "and ends" timeout 60 "$TIPHYS" wait two
check "their networks are gone with them" wait_for 20 sh -c '! ip -br link | grep -q ^tpod'

printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: onhost}\nspec:\n  entrypoint: main\n  hostNetwork: true\n  templates:\n  - name: main\n    container: {%s, command: [sh, -c, "ip -o addr show dev tiphys0afa0000 | wc -l"]}\n' "$BASE" >"$DIR/onhost.yaml"
check "hostNetwork" timeout 60 "$TIPHYS" submit "$DIR/onhost.yaml" --wait
check "is the machine's" sh -c "[ \"\$('$TIPHYS' logs onhost --no-color | sed 's/^[^:]*: //')\" -ge 1 ]"
