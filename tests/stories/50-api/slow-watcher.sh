#!/bin/sh
# A watcher that does not read: the others see all, the server's memory is bounded, and it can go on where it was.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
check "the server starts" start_server
MAPS=http://$ARGO_SERVER/api/v1/namespaces/default/configmaps
CHANGES=1000
memory_kib() { sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$SERVER_PID/status"; }
seen() { [ "$(grep -c "^{\"type\":\"ADDED\"" "$1")" -ge "$2" ]; }
version() { sed -n 's/.*"resourceVersion":"\([0-9]*\)".*/\1/p'; }

# 1,000 objects of 160 KB, in one process of curl.
python3 - "$MAPS" "$DIR" "$CHANGES" <<'PY'
import json, sys
url, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(folder + "/curl", "w") as config:
    for i in range(count):
        doc = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c%d" % i}, "data": {"text": "x" * 160000}}
        with open("%s/c%d.json" % (folder, i), "w") as out:
            json.dump(doc, out)
        config.write('url = "%s"\nheader = "Content-Type: application/json"\ndata = "@%s/c%d.json"\noutput = "/dev/null"\n%s'
                     % (url, folder, i, "next\nsilent\n" if i + 1 < count else ""))
PY
FROM=$(curl -s "$MAPS?limit=1" | jq -r .metadata.resourceVersion)
mkfifo "$DIR/tap"
curl -sN "$MAPS?watch=1&resourceVersion=$FROM" >"$DIR/tap" 2>/dev/null &
SLOW=$!
exec 3<"$DIR/tap" # open, and not read
curl -sN "$MAPS?watch=1&resourceVersion=$FROM" >"$DIR/quick" 2>/dev/null &
QUICK=$!
before=$(memory_kib)
check "1,000 big objects are created" curl -s --fail -K "$DIR/curl"
check "a quick watcher sees them all" wait_for 60 seen "$DIR/quick" "$CHANGES"
check "each once" equals "$(grep -o '"name":"c[0-9]*"' "$DIR/quick" | sort -u | wc -l)" "$CHANGES"
after=$(memory_kib)
check "what waits for the slow one does not add up ($before to $after KiB)" test $((after - before)) -lt 524288
check "others watch and read on" wait_for 20 sh -c "curl -s --max-time 5 '$MAPS?limit=1' | grep -q ConfigMapList"
cat <&3 >"$DIR/slow" &
READER=$!
exec 3<&-
check "the slow one reads at last, and is ended" wait_for 60 sh -c "! kill -0 $SLOW 2>/dev/null"
wait "$READER"
check "it has seen the first ones" seen "$DIR/slow" 1
check "no more than was kept for it: 64 MiB" sh -c "[ \"\$(grep -c '^{\"type\":\"ADDED\"' '$DIR/slow')\" -lt 500 ]"
tail -n 1 "$DIR/slow" >"$DIR/end"
check "the last line says why" contains "$DIR/end" '"code":410'
check "in words" contains "$DIR/end" "the reader is too slow"
LAST=$(grep '^{"type":"ADDED"' "$DIR/slow" | tail -n 1 | cut -c1-2000 | version)
curl -sN --max-time 60 "$MAPS?watch=1&resourceVersion=$LAST" >"$DIR/rest" 2>/dev/null &
REST=$!
missing() { cat "$DIR/slow" "$DIR/rest" | grep -o '"name":"c[0-9]*"' | sort -u | wc -l; }
all_seen() { [ "$(missing)" = "$CHANGES" ]; }
check "from there it watches again, and misses nothing" wait_for 60 all_seen
check "nor is anything told twice" equals "$(cat "$DIR/slow" "$DIR/rest" | grep -c '^{"type":"ADDED"')" "$CHANGES"
kill "$QUICK" "$REST" 2>/dev/null
check "the server ran without a fault" lacks "$DIR/server.log" ERROR
stop_server
