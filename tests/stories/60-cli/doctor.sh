#!/bin/sh
# tiphys doctor: a machine and a folder that are well, a running server's, and a store that is damaged.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
doctor() { "$TIPHYS" doctor --data "$DIR/data" "$@" >"$DIR/said" 2>&1; }
check "before the first start nothing has failed" doctor
check "the store is not there yet" contains "$DIR/said" "state.db is not there yet"
check "the server starts" start_server
check "beside a running server" doctor
check "the store is whole" grep -Eq '^ok +store +state.db is whole' "$DIR/said"
check "the bus, too" grep -Eq '^ok +bus +bus.db is whole' "$DIR/said"
check "as JSON" doctor -o json
check "each check has a status" equals "$(jq -r '[.checks[] | select(.status | IN("ok", "warning", "failed") | not)] | length' "$DIR/said")" 0
check "what is no ok has an advice" equals "$(jq -r '[.checks[] | select((.status == "ok") == has("advice"))] | length' "$DIR/said")" 0
check "all are there" equals "$(jq -r '[.checks[].name] | join(",")' "$DIR/said")" 'kernel,namespaces,overlayfs,cgroups,images,open files,clock,time zones,data folder,disk space,store,bus'
check "the server is well" curl -sf "http://$ARGO_SERVER/readyz"
stop_server
chmod 755 "$DIR/data"
doctor
check "a folder that is open to others is told" grep -Eq '^warning +data folder .*open to others \(755\)' "$DIR/said"
check "with what to do" contains "$DIR/said" '-> close it: chmod 700'
head -c 32768 /dev/zero | tr '\0' x | dd of="$DIR/data/state.db" bs=4096 seek=1 conv=notrunc 2>/dev/null
refused() { ! doctor "$@"; }
check "a damaged store fails" refused
check "and says what to do" contains "$DIR/said" '-> stop the server, keep a copy'
check "in JSON as well" refused -o json
check "the whole has failed" equals "$(jq -r '.status + " " + (.checks[] | select(.name == "store") | .status)' "$DIR/said")" 'failed failed'
