#!/bin/sh
# Events change objects: update, patch by each strategy, delete, the live object; objects come from text, a ConfigMap, a file, the web; a trigger
# waits until what it made has its labels.
. "$(dirname "$0")/../../support/story.sh"

start_target

check "the server starts" start_server
PORT=$(free_port)
NAMES="update patch strategic delete live inline configmap file url secret labels late"
MAP='apiVersion: v1, kind: ConfigMap'
VALUE='parameters: [{src: {dependencyName: %s, dataKey: body.v}, dest: data.v}]'
# trigger NAME MORE: a k8s trigger for the event of that name, with its body.v in data.v.
trigger() {
    # shellcheck disable=SC2059 # the format is above
    echo "  - template: {name: $1, conditions: $1, k8s: {$2, $(printf "$VALUE" "$1")}}"
}
{
    printf 'apiVersion: argoproj.io/v1alpha1\nkind: EventSource\nmetadata: {name: hooks}\nspec:\n  webhook:\n'
    for n in $NAMES; do echo "    $n: {port: \"$PORT\", endpoint: /$n, method: POST}"; done
    printf -- '---\napiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: hand}\nspec:\n  dependencies:\n'
    for n in $NAMES; do echo "  - {name: $n, eventSourceName: hooks, eventName: $n}"; done
    echo "  triggers:"
    trigger update "operation: update, source: {resource: {$MAP, metadata: {name: target}, data: {u: \"1\"}}}"
    trigger patch "operation: patch, source: {resource: {$MAP, metadata: {name: target}, data: {old: null}}}"
    trigger strategic "operation: patch, patchStrategy: application/strategic-merge-patch+json, source: {resource: {$MAP, metadata: {name: target, finalizers: [a.b/d]}}}"
    echo "  - template: {name: delete, conditions: delete, k8s: {operation: delete, source: {resource: {$MAP, metadata: {name: doomed}}}}}"
    trigger live "operation: update, liveObject: true, source: {resource: {$MAP, metadata: {name: target, namespace: default}, data: {never: x}}}"
    trigger inline 'source: {inline: "{apiVersion: v1, kind: ConfigMap, metadata: {name: from-inline}}"}'
    trigger configmap "source: {configmap: {name: texts, key: doc}}"
    trigger file "source: {file: {path: $DIR/doc.yaml}}"
    trigger url "source: {url: {path: \"http://127.0.0.1:$TARGET/doc?fail_first=2&body=%7B%22apiVersion%22:%22v1%22,%22kind%22:%22ConfigMap%22,%22metadata%22:%7B%22name%22:%22from-url%22%7D%7D\"}}"
    trigger secret "source: {file: {path: $DIR/data/state.db}}"
    echo "  - template: {name: labels, conditions: labels, k8s: {source: {resource: {$MAP, metadata: {name: waited}}}}}"
    echo "    policy: {k8s: {labels: {ready: \"yes\"}, errorOnBackoffTimeout: true, backoff: {steps: 100, duration: 100ms}}}"
    echo "  - template: {name: late, conditions: late, k8s: {source: {resource: {$MAP, metadata: {name: never}}}}}"
    echo "    policy: {k8s: {labels: {ready: \"yes\"}, errorOnBackoffTimeout: true, backoff: {steps: 3, duration: 50ms}}}"
} >"$DIR/pipeline.yaml"
cat >"$DIR/objects.yaml" <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: target, finalizers: [a.b/c]}
data: {keep: "yes", old: "yes"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: doomed}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: texts}
data: {doc: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-map}\n"}
YAML
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-file}\n' >"$DIR/doc.yaml"
check "objects are applied" "$TIPHYS" apply -f "$DIR/objects.yaml"
check "sources and sensors are applied" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoints come up" hooks_are_up
check "the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=hand' "$DIR/server.log"
post() { curl -sf -H 'Content-Type: application/json' -d "{\"v\":\"$2\"}" "http://127.0.0.1:$PORT/$1"; }
data() { "$TIPHYS" get cm "$1" -o json | jq -cS .data; }
has_data() { [ "$(data "$1")" = "$2" ]; }
is_there() { "$TIPHYS" get cm "$1" -o name | grep -q .; }
is_gone() { ! is_there "$1"; }
event_id() { bus "SELECT id FROM record WHERE event = '$1' ORDER BY seq DESC LIMIT 1"; }
has_trace() { "$TIPHYS" trace event "$(event_id "$1")" >"$DIR/trace" && grep -qF -- "$2" "$DIR/trace"; }

check "an event updates" post update 1
check "what is given is laid over what is there" wait_for 10 has_data target '{"keep":"yes","old":"yes","u":"1","v":"1"}'
check "the trace tells" wait_for 10 has_trace update "hand/update: updated ConfigMap default/target"
check "an event patches" post patch 2
check "null takes away" wait_for 10 has_data target '{"keep":"yes","u":"1","v":"2"}'
check "an event patches strategically" post strategic 3
check "the value is there" wait_for 10 has_data target '{"keep":"yes","u":"1","v":"3"}'
check "the list was joined" equals "$("$TIPHYS" get cm target -o json | jq -c '.metadata.finalizers | sort')" '["a.b/c","a.b/d"]'
check "an event changes the live object" post live 4
check "the template's data are not in it" wait_for 10 has_data target '{"keep":"yes","u":"1","v":"4"}'
check "an event deletes" post delete 5
check "it is gone" wait_for 10 is_gone doomed
check "once more" post delete 6
check "that is no failure" wait_for 10 has_trace delete "hand/delete: deleted ConfigMap default/doomed"

for n in inline configmap file; do check "an object from $n" post $n 7; done
check "text" wait_for 10 has_data from-inline '{"v":"7"}'
check "a ConfigMap" wait_for 10 has_data from-map '{"v":"7"}'
check "a file" wait_for 10 has_data from-file '{"v":"7"}'
check "an object from the web" post url 8
check "is there, though the server failed at first" wait_for 10 has_data from-url '{"v":"8"}'
check "it was asked three times" equals "$(jq -s '[.[] | select(.path | startswith("/doc"))] | length' "$DIR/notes")" 3
check "a file of the server's own" post secret 9
check "is refused" wait_for 15 has_trace secret "state.db belongs to the server"

check "an object that must get a label" post labels 10
check "is made" wait_for 10 is_there waited
sleep 0.3
"$TIPHYS" trace event "$(event_id labels)" >"$DIR/trace"
check "the trigger waits" lacks "$DIR/trace" "hand/labels"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: waited, labels: {ready: "yes"}}\n' >"$DIR/label.yaml"
check "the label comes" "$TIPHYS" apply -f "$DIR/label.yaml"
check "the trigger is done" wait_for 10 has_trace labels "hand/labels: created ConfigMap default/waited"
check "an object that never gets it" post late 11
check "is a failure" wait_for 10 has_trace late "failed to determine status of the triggered resource"

stop_server -KILL
check "the server starts again after kill -9" start_server
"$TIPHYS" apply -f "$DIR/objects.yaml" >/dev/null
sleep 0.5
check "what was deleted once is not deleted again" is_there doomed
