#!/bin/sh
# Who containers are and what they may do on the real daemon, in isolations process and host: users, groups, capabilities, a read-only root, owners of volumes, terminals, executor plugins that must not be root.
. "$(dirname "$0")/../../support/story.sh"
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
message() { api "$1" | jq -r '[.status.nodes[] | select(.type=="Pod" or .type=="Plugin") | .message // ""] | join(" ")'; }
value() { api "$1" | jq -r '[.status.nodes[] | select(.type=="Pod")][0].outputs.parameters[0].value'; }
# run NAME LINE...: a workflow of one template whose members are the lines; what it says in $DIR/NAME.txt
run() {
    flow=$1
    shift
    printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %s}\nspec:\n  entrypoint: main\n  templates:\n  - name: main\n' "$flow" >"$DIR/$flow.yaml"
    for line; do printf '    %s\n' "$line"; done >>"$DIR/$flow.yaml"
    timeout 60 "$TIPHYS" submit "$DIR/$flow.yaml" --wait
    code=$?
    "$TIPHYS" logs "$flow" --no-color 2>/dev/null | sed 's/^[^:]*: //' >"$DIR/$flow.txt"
    return $code
}
fails() { ! run "$@"; }
said() { tr '\n' ' ' <"$DIR/$1.txt" | sed 's/ $//'; }

chmod 755 "$DIR"
[ "$(id -u)" -eq 0 ] || { check "other users need root: not shown" true; exit; }
RESTRICTED='{runAsUser: 4321, runAsGroup: 4322, runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}'
CAPS='sed -n "s/^Cap\(Eff\|Bnd\):.//p" /proc/self/status'
for isolation in process host; do
    SERVER_FLAGS="--isolation $isolation"
    check "$isolation: the server starts" start_server
    i=$isolation
    check "$i: a restricted pod of another user" run "user-$i" "securityContext: {supplementalGroups: [4323]}" \
        "outputs: {parameters: [{name: made, valueFrom: {path: $([ $i = host ] && echo /tmp/out || echo out)}}]}" \
        "script:" "  image: busybox" "  command: [sh]" "  securityContext: $RESTRICTED" "  source: |" \
        "    id -u; id -G; $CAPS; grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status | cut -f2; cat /etc/shadow 2>/dev/null || echo denied" \
        "    $([ $i = host ] && echo cd /tmp || echo :); echo mine >out; stat -c %u:%g out; echo to-stdout >/dev/stdout"
    check "$i: is who it should be, and has nothing else" equals "$(said "user-$i")" \
        "4321 4322 4323 0000000000000000 0000000000000000 1 2 denied 4321:4322 to-stdout"
    check "$i: its output is collected" equals "$(value "user-$i")" "mine"
    check "$i: a capability can be kept" run "caps-$i" "container: {image: busybox, command: [sh, -c, '$CAPS'], securityContext: {capabilities: {drop: [ALL], add: [CHOWN, KILL]}}}"
    check "$i: and no other is" equals "$(said "caps-$i")" "0000000000000021 0000000000000021"
    check "$i: more than there is" fails "more-$i" "container: {image: busybox, command: [\"true\"], securityContext: {capabilities: {add: [SYS_ADMIN]}}}"
    check "$i: is refused by its name" equals "$(message "more-$i")" "securityContext.capabilities.add: SYS_ADMIN is beyond what a container has here, which is not supported yet"
    check "$i: root where it must not be" fails "root-$i" "container: {image: img, command: [\"true\"], securityContext: {runAsNonRoot: true}}"
    check "$i: is refused in the kubelet's words" equals "$(message "root-$i")" "container has runAsNonRoot and image will run as root (image: img)"
    check "$i: a terminal" run "tty-$i" "script:" "  image: busybox" "  command: [sh]" "  tty: true" "  stdin: true" "  source: |" \
        "    test -t 0 && test -t 1 && tty | cut -c1-9; echo ctty >/dev/tty; echo \$TERM"
    check "$i: has a name, and no CR in the log" equals "$(said "tty-$i")" "/dev/pts/ ctty xterm"
    check "$i: without one" run "null-$i" "container: {image: busybox, command: [sh, -c, 'readlink /proc/self/fd/0; cat']}"
    check "$i: the input is empty" equals "$(said "null-$i")" "/dev/null"
    check "$i: an input that stays open" run "stdin-$i" "container: {image: busybox, stdin: true, command: [sh, -c, 'timeout 0.2 cat; echo \$?']}"
    check "$i: has no end" equals "$(said "stdin-$i")" "124"
    stop_server
    rm -rf "$DIR/data"
done
SERVER_FLAGS="--isolation process"
check "the server starts" start_server
chmod 700 "$DIR"
check "a state folder that a user cannot get to" fails closed "script: {image: busybox, command: [sh], source: \"true\", securityContext: {runAsUser: 4321}}"
check "is named" equals "$(message closed)" "folder $DIR above the state folder is closed to user 4321: open it to all for passing (mode 0711), or use isolation host"
check "but for a container that needs no way" run open "container: {image: busybox, command: [sh, -c, 'echo x >f; cat f'], securityContext: {runAsUser: 4321}}"
check "as it begins in its folder" equals "$(said open)" "x"
chmod 755 "$DIR"
check "a read-only root in isolation process" fails ro "container: {image: busybox, command: [\"true\"], securityContext: {readOnlyRootFilesystem: true}}"
check "is refused" equals "$(message ro)" "securityContext.readOnlyRootFilesystem in isolation process is not supported: a process has no root of its own; use host or image"
stop_server
rm -rf "$DIR/data"

SERVER_FLAGS="--isolation host"
check "the server starts" start_server
check "a read-only root with a volume" run ro "securityContext: {runAsUser: 4321, fsGroup: 4324}" \
    "volumes: [{name: work, emptyDir: {}}]" \
    "outputs: {parameters: [{name: made, valueFrom: {path: /vol/out}}]}" \
    "script:" "  image: busybox" "  command: [sh]" "  securityContext: {readOnlyRootFilesystem: true}" "  volumeMounts: [{name: work, mountPath: /vol}]" "  source: |" \
    "    for d in / /etc /tmp; do touch \$d/x 2>/dev/null && echo \$d; done; stat -c '%u:%g %a' /vol; echo ok >/vol/out; stat -c %u:%g /vol/out"
check "only the volume can be written, and is the group's" equals "$(said ro)" "0:4324 2777 4321:4324"
check "its output is collected" equals "$(value ro)" "ok"

PORT=$(free_port)
cat >"$DIR/plugin.py" <<'PY'
import http.server, json, os, sys
class Plugin(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"node": {"phase": "Succeeded", "message": "as %d" % os.getuid()}}).encode())
    def log_message(self, *args):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Plugin).serve_forever()
PY
plugin() { # NAME COMMAND SECURITY
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  executorPlugins:
  - metadata: {name: p}
    spec: {sidecar: {container: {name: p, image: python, command: $2, ports: [{containerPort: $PORT}], resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 500m, memory: 256Mi}}, securityContext: $3}}}
  templates:
  - {name: main, plugin: {hello: {}}}
YAML
    timeout 90 "$TIPHYS" submit "$DIR/$1.yaml" --wait
}
check "a plugin that must not be root" plugin nonroot "$(jq -cn --arg text "$(cat "$DIR/plugin.py")" --arg port "$PORT" '["python3", "-c", $text, $port]')" "{runAsNonRoot: true, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}"
check "is upstream's user" equals "$(message nonroot)" "as 8737"
plugin broken "[sh, -c, exit 9]" "{runAsNonRoot: true}" >/dev/null 2>&1
check "one that ends is named in the node's message" sh -c "curl -sf 'http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/broken' | grep -qF 'the process of plugin p has ended: main: Error (exit code 9)'"
check "and in the log" sh -c "grep -F 'the process of an executor plugin has ended' '$DIR/server.log' | grep -qF 'name=p'"
