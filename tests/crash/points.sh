#!/bin/sh
# Kill -9 at each crash point on the way of a webhook event and of an object: what was acknowledged is there afterwards, once.
. "$(dirname "$0")/../support/crash.sh"

for point in bus.append.before_commit bus.append.after_commit; do
    rm -rf "$DIR/data"
    PORT=$(free_port)
    start_server
    hooks one >"$DIR/hook.yaml"
    "$TIPHYS" apply -f "$DIR/hook.yaml" >/dev/null
    hooks_are_up
    stop_server -KILL
    start_with_fault "$point:5"
    hooks_are_up
    send_until_death
    acknowledged=$(wc -l <"$DIR/sent")
    dies_there "$point"
    check "$point: it starts again" start_server
    stored=$(bus_count)
    check "$point: every acknowledged event is there ($acknowledged of $stored)" test "$stored" -ge "$acknowledged"
    check "$point: at most the one under way is beside them" test "$stored" -le $((acknowledged + 1))
    check "$point: its source runs again" hooks_are_up
    stop_server -KILL
done

for point in store.commit.before store.commit.after store.done.before; do
    rm -rf "$DIR/data"
    start_with_fault "$point:4"
    created=0
    for i in $(seq 20); do
        printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%s}\n' "$i" >"$DIR/c.yaml"
        "$TIPHYS" apply -f "$DIR/c.yaml" >/dev/null 2>&1 || break
        created=$((created + 1))
    done
    dies_there "$point"
    check "$point: it starts again" start_server
    stored=$("$TIPHYS" get cm -o name 2>/dev/null | wc -l)
    check "$point: every acknowledged object is there ($created of $stored)" test "$stored" -ge "$created"
    check "$point: at most the one under way is beside them" test "$stored" -le $((created + 1))
    stop_server -KILL
done

# An owner and what it owns go in one commit: all or nothing.
rm -rf "$DIR/data"
check "a fresh one" start_server
cm() { printf '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s"%s}}' "$1" "${2:-}"; }
post() { curl -sf -H 'Content-Type: application/json' -d "$1" "http://$ARGO_SERVER/api/v1/namespaces/default/configmaps"; }
OWNER=$(post "$(cm owner)" | jq -r .metadata.uid)
for name in a b c; do
    post "$(cm $name ",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"owner\",\"uid\":\"$OWNER\"}]")" >/dev/null
done
stop_server -KILL
start_with_fault "store.cascade.before:1"
curl -s -X DELETE "http://$ARGO_SERVER/api/v1/namespaces/default/configmaps/owner" >/dev/null
dies_there "store.cascade.before"
check "store.cascade.before: it starts again" start_server
check "store.cascade.before: nothing has gone" equals "$("$TIPHYS" get cm -o name | wc -l)" 4
curl -s -X DELETE "http://$ARGO_SERVER/api/v1/namespaces/default/configmaps/owner" >/dev/null
check "store.cascade.before: asked again, all has gone" equals "$("$TIPHYS" get cm -o name | wc -l)" 0
stop_server -KILL

check "the queue service starts" start_moto
for point in source.stored.before_settle source.settle.before; do
    rm -rf "$DIR/data"
    make_queue "$(echo "$point" | tr . -)" >/dev/null
    start_server
    sqs_source >"$DIR/source.yaml"
    "$TIPHYS" apply -f "$DIR/source.yaml" >/dev/null
    stop_server -KILL
    sqs SendMessage "{\"QueueUrl\":\"$(queue_url)\",\"MessageBody\":\"one\"}" >/dev/null
    start_with_fault "$point:1"
    dies_there "$point"
    check "$point: the event is on the bus" equals "$(bus_count)" 1
    check "$point: the origin still has the message" equals "$(queue_length)" 1
    check "$point: it starts again" start_server
    stop_server -KILL
done
