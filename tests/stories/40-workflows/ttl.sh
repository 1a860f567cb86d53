#!/bin/sh
# ttlStrategy on the real daemon: what has ended is deleted in time, also when its time came while the daemon was down.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
is_gone() { ! api "$1" >/dev/null; }
# flow NAME COMMAND STRATEGY [--wait]
flow() {
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  ttlStrategy: $3
  templates:
  - {name: main, container: {image: busybox, command: [sh, -c, "$2"]}}
YAML
    "$TIPHYS" submit "$DIR/$1.yaml" ${4:-} >/dev/null || [ "$2" = false ]
}
check "the server starts" start_server
# Who waits for it may find that it has gone already.
check "one that is deleted at once" flow soon true "{secondsAfterCompletion: 0}"
check "one that stays after a failure" flow failed false "{secondsAfterSuccess: 0}" --wait
check "one whose time comes later" flow later true "{secondsAfterCompletion: 600, secondsAfterSuccess: 3}" --wait
check "one that stays long" flow long true "{secondsAfterCompletion: 600}" --wait
check "the first goes" wait_for 20 is_gone soon
check "the third is there" api later
stop_server -KILL
sleep 3
check "the server starts again" start_server
check "what fell due meanwhile goes" wait_for 20 is_gone later
check "the failed one stays" api failed
check "and the long one" api long
