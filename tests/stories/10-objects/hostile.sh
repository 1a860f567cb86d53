#!/bin/sh
# Malformed, huge and hostile input: a clear answer each, nothing stored, and the others go on.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS="--isolation process"

check "the server starts" start_server
WORKFLOWS="http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows"
# send FILE [curl flags]: posts it, leaves the answer in $DIR/answer, prints the status.
send() { file=$1; shift; curl -s -m 20 -o "$DIR/answer" -w '%{http_code}' -H 'Content-Type: application/json' "$@" --data-binary "@$file" "$WORKFLOWS"; }
is_told() { [ "$1" = "$2" ] || { echo "status $1, wanted $2"; cat "$DIR/answer"; return 1; }; grep -qF -- "$3" "$DIR/answer" || { cat "$DIR/answer"; return 1; }; }
python3 - "$DIR" <<'PY'
import json, sys
d = sys.argv[1]
def write(name, text): open(f"{d}/{name}", "w").write(text)
head = '{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"generateName":"h-"},"spec":'
write("nc.py", "import socket, sys\ns = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\nwhile True:\n    b = sys.stdin.buffer.read1()\n    if not b: break\n    s.sendall(b)\ns.settimeout(2)\ntry: sys.stdout.buffer.write(s.recv(4096))\nexcept OSError: pass\n")
write("torn", head + '{"entrypoint":"m","templates":[')
write("nul", head + '{"entrypoint":"m\\u0000x","templates":[{"name":"m","container":{"image":"i","command":["true"]}}]}}')
write("deep", head + '{"entrypoint":' + "[" * 100000 + "]" * 100000 + "}}")
write("huge", head + '{"entrypoint":"' + "x" * 5000000 + '"}}')
write("number", head + '{"entrypoint":"m","activeDeadlineSeconds":1e999,"templates":[{"name":"m","container":{"image":"i","command":["true"]}}]}}')
write("twice", head + '{"entrypoint":"a","entrypoint":"b","templates":[]}}')
write("self", head + '{"entrypoint":"m","templates":[{"name":"m","steps":[[{"name":"again","template":"m"}]]}]}}')
write("template", head + json.dumps({"entrypoint": "{{" * 2000, "templates": []}) + "}")
write("bomb.yaml", "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i-1}'] * 10)}]\n" for i in range(1, 12)) + "kind: Workflow\n")
write("tab.yaml", "kind: Workflow\n\tmetadata: {}\n")
write("good.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: good}\nspec: {entrypoint: m, templates: [{name: m, container: {image: i, command: ['true']}}]}\n")
PY
check "torn JSON is told with its place" is_told "$(send "$DIR/torn")" 400 "request:1:127: "
check "nesting of 100,000 is refused" is_told "$(send "$DIR/deep")" 413 "512"
check "5 MB are refused before they are read" is_told "$(send "$DIR/huge")" 413 "4194304"
check "a body that only says that it is huge is refused" is_told "$(send "$DIR/torn" -H 'Content-Length: 99999999999')" 413 "4194304"
check "a number out of range is told with its path" is_told "$(send "$DIR/number")" 400 "activeDeadlineSeconds"
check "a zero byte in a name is refused" is_told "$(send "$DIR/nul")" 422 "is invalid: request:1:110: template name 'm"
check "a tag that never ends is told" is_told "$(send "$DIR/template")" 422 "is invalid: request:1:111: template name '{{"
check "a long header is refused" equals "$(curl -s -o /dev/null -w '%{http_code}' -H "X: $(head -c 40000 /dev/zero | tr '\0' x)" "http://$ARGO_SERVER/healthz")" 431
"$TIPHYS" apply -f "$DIR/bomb.yaml" >"$DIR/out.bomb" 2>&1
check "an alias bomb is refused" sh -c "grep -q 'bomb.yaml' '$DIR/out.bomb' && grep -q 1000000 '$DIR/out.bomb'"
"$TIPHYS" apply -f "$DIR/tab.yaml" >"$DIR/out.tab" 2>&1
check "a tab is told with file, line and column" contains "$DIR/out.tab" "tab.yaml:2:1"
check "nothing of all that is stored" equals "$("$TIPHYS" get workflows -o name 2>/dev/null)" ""
check "a template that calls itself without end is taken" is_told "$(send "$DIR/self")" 201 h-
SELF=$(jq -r .metadata.name "$DIR/answer")
check "and ends in an error" wait_for 20 sh -c "'$TIPHYS' get workflow '$SELF' -o json | jq -e '.status.phase == \"Error\" or .status.phase == \"Failed\"'"
check "a protocol from the future is refused" sh -c "printf 'GET / HTTP/9.9\r\n\r\n' | timeout 5 python3 '$DIR/nc.py' ${ARGO_SERVER##*:} | head -1 | grep -q 505"
# A slow sender holds a connection, nothing else.
(printf 'POST /apis/argoproj.io/v1alpha1/namespaces/default/workflows HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{'; sleep 3) | python3 "$DIR/nc.py" "${ARGO_SERVER##*:}" >/dev/null 2>&1 &
check "the others go on" "$TIPHYS" apply -f "$DIR/good.yaml"
check "and finish" "$TIPHYS" wait good
check "the daemon is well" curl -sf "http://$ARGO_SERVER/healthz"
