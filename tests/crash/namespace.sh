#!/bin/sh
# Kill -9 in the middle of a namespace's deletion: afterwards it goes on, to the end; nothing was made in it meanwhile.
. "$(dirname "$0")/../support/crash.sh"
SERVER_FLAGS='--isolation process'
api() { curl -s "$@"; }
post() { api -o "$DIR/answer" -w '%{http_code}' -H 'Content-Type: application/json' -d "$2" "http://$ARGO_SERVER/api/v1/namespaces$1"; }
cm() { printf '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s"}}' "$1"; }
has_gone() { [ "$(api -o /dev/null -w '%{http_code}' "http://$ARGO_SERVER/api/v1/namespaces/team")" = 404 ]; }
count() { "$TIPHYS" -n team get cm,secret -o name 2>/dev/null | wc -l; }

for point in store.commit.after store.done.before namespaces.empty.page:1 namespaces.empty.page:14 namespaces.empty.before_end; do
    rm -rf "$DIR/data"
    check "$point: a server" start_server
    for i in $(seq 20); do post /team/configmaps "$(cm "c$i")" >/dev/null; done
    post /team/secrets '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}' >/dev/null
    check "$point: its namespace is listed" wait_for 10 api -f -o /dev/null "http://$ARGO_SERVER/api/v1/namespaces/team"
    check "$point: another namespace" equals "$(post /other/configmaps "$(cm c1)")" 201
    # Listed before the kill: else its listing would be the first commit after it, not the deletion.
    check "$point: is listed, too" wait_for 10 api -f -o /dev/null "http://$ARGO_SERVER/api/v1/namespaces/other"
    stop_server -KILL
    case $point in *:*) start_with_fault "$point" ;; store.*) start_with_fault "$point:1" ;; *) start_with_fault "$point:1" ;; esac
    api -X DELETE "http://$ARGO_SERVER/api/v1/namespaces/team" >/dev/null
    dies_there "${point%:*}"
    check "$point: it starts again" start_server
    check "$point: the namespace goes" wait_for 20 has_gone
    check "$point: with all that was in it" equals "$(count)" 0
    check "$point: the other one stays" equals "$("$TIPHYS" -n other get cm -o name | wc -l)" 1
    check "$point: it can begin anew" equals "$(post /team/configmaps "$(cm c1)")" 201
    stop_server -KILL
done
