#!/bin/sh
# Two webhook endpoints on one port: 200 only when the event is on the bus; other requests are refused.
. "$(dirname "$0")/../../support/story.sh"

check "the server starts" start_server
PORT=$(free_port)
cat >"$DIR/source.yaml" <<YAML
apiVersion: v1
kind: Secret
metadata: {name: token}
data: {value: aHVudGVyMg==}
---
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: hooks}
spec:
  webhook:
    open: {port: "$PORT", endpoint: /open, method: POST}
    closed: {port: "$PORT", endpoint: /closed, method: POST, authSecret: {name: token, key: value}}
    picky: {port: "$PORT", endpoint: /picky, method: POST, filter: {expression: "body.action == 'opened'"}}
YAML
check "apply" "$TIPHYS" apply -f "$DIR/source.yaml"
check "the endpoints come up" hooks_are_up
post() { curl -s -o "$DIR/body" -w '%{http_code}' -H 'Content-Type: application/json' "$@"; }
check "an event is taken" equals "$(post -d '{"a":1}' "http://127.0.0.1:$PORT/open")" 200
check "with upstream's answer" contains "$DIR/body" success
check "and is on the bus already" equals "$(bus_count)" 1
check "bad JSON is refused" equals "$(post -d '{a' "http://127.0.0.1:$PORT/open")" 400
check "no token is refused" equals "$(post -d '1' "http://127.0.0.1:$PORT/closed")" 401
check "the right token is taken" equals "$(post -d '1' -H 'Authorization: Bearer hunter2' "http://127.0.0.1:$PORT/closed")" 200
check "another path is not there" equals "$(post -d '1' "http://127.0.0.1:$PORT/nothing")" 404
for i in $(seq 100); do post -d "$i" "http://127.0.0.1:$PORT/open" >/dev/null; done
check "a hundred more are all there" equals "$(bus_count)" 102
check "an event that its filter holds back is taken, too" equals "$(post -d '{"action":"closed"}' "http://127.0.0.1:$PORT/picky")" 200
check "but not stored" equals "$(bus_count)" 102
check "one that passes" equals "$(post -d '{"action":"opened"}' "http://127.0.0.1:$PORT/picky")" 200
check "is stored" equals "$(bus_count)" 103
check "the object says that it runs" sh -c "'$TIPHYS' get es hooks -o yaml | grep -q 'type: Deployed'"
check "delete closes the port" "$TIPHYS" delete es hooks
check "for good" wait_for 10 sh -c "! curl -sf http://127.0.0.1:$PORT/health"
