#!/bin/sh
# Isolation image on the real daemon: images of a registry and of an archive, with what they say of command, user, environment and folder; volumes, scripts, outputs, sets and sidecars as in the other isolations; limits; what a container may not do.
. "$(dirname "$0")/../../support/story.sh"
. "$(dirname "$0")/../../support/images.sh"

make_root "$DIR/root"
mkdir -p "$DIR/upper/srv"
echo hidden >"$DIR/upper/.wh.web"
printf '#!/bin/sh\necho "I am $(id -un) in $(pwd) with $COLOUR: $*"\n' >"$DIR/upper/srv/greet"
chmod 755 "$DIR/upper/srv/greet"
image base '{"Cmd":["sh","-c","echo by default"],"Env":["PATH=/bin"]}' "$DIR/root" >/dev/null
digest=$(image greet '{"Entrypoint":["/srv/greet"],"Cmd":["nobody"],"User":"web","WorkingDir":"/srv","Env":["PATH=/bin","COLOUR=blue"]}' "$DIR/root" "$DIR/upper")
skopeo --insecure-policy copy --quiet "oci:$DIR/layout:base" "oci-archive:$DIR/base.tar"
check "a registry starts" start_registry
check "it takes an image" push base story/base:1
check "and one of two layers" push greet story/greet:1
BASE=$REGISTRY/story/base:1
GREET=$REGISTRY/story/greet:1
SERVER_FLAGS="--isolation image --image-archives $DIR"
check "the server starts" start_server
check "the log says what pods run in" contains "$DIR/server.log" "isolation=image"

check "an archive is an image" run archive 'container: {image: "oci-archive:base.tar", command: [sh, -c], args: ["cat /etc/passwd; exit 0"]}'
logs_of archive >"$DIR/archive.txt"
check "an Event says what it runs in" wait_for 10 sh -c "curl -sf http://$ARGO_SERVER/api/v1/namespaces/default/events | grep -q 'Pods run in isolation image'"
check "its files are what the step sees" contains "$DIR/archive.txt" "web:x:33:34:web:/web:/bin/sh"
run three 'container: {image: "oci-archive:base.tar", command: [sh, -c], args: ["exit 3"]}' >/dev/null 2>&1
check "the exit code is the node's, with upstream's message" equals "$(message three)" "Failed main: Error (exit code 3)"

check "without a command, the image's runs" run bydefault "container: {image: \"$BASE\"}"
check "it says so" equals "$(logs_of bydefault)" "by default"
check "entrypoint, user, folder and environment are the image's" run greet "container: {image: \"$GREET\"}"
check "all four" equals "$(logs_of greet)" "I am web in /srv with blue: nobody"
check "arguments come behind the entrypoint" run greetargs "container: {image: \"$GREET\", args: [a, b], env: [{name: COLOUR, value: red}], workingDir: /tmp}"
check "and the manifest's values count" equals "$(logs_of greetargs)" "I am web in /tmp with red: a b"
check "an image by its digest" run bydigest "container: {image: \"$REGISTRY/story/greet@$digest\", args: [digest]}"
check "is the same" equals "$(logs_of bydigest)" "I am web in /srv with blue: digest"
check "a number for a user" run asuser "container: {image: \"$BASE\", command: [id], securityContext: {runAsUser: 33}}"
check "has the groups of its name" equals "$(logs_of asuser)" "uid=33(web) gid=34(web) groups=50(extra)"
check "an upper layer hides what it deletes" run whiteout "container: {image: \"$GREET\", command: [sh, -c, 'test ! -e /web && echo gone']}"
check "for good" equals "$(logs_of whiteout)" "gone"

check "a script, with outputs and a result" run script "script: {image: \"$BASE\", command: [sh], source: 'echo hello; echo value >/tmp/out; mkdir /deep; echo x >/deep/file'}" \
    'outputs: {parameters: [{name: out, valueFrom: {path: /tmp/out}}], artifacts: [{name: deep, path: /deep}]}'
check "the parameter is there" equals "$(api script | jq -r '.status.nodes[].outputs.parameters[0].value')" "value"
check "the artifact, too" equals "$(api script | jq -r '.status.nodes[].outputs.artifacts[0].name')" "deep"
check "a volume of init, main and sidecar" run shared 'volumes: [{name: v, emptyDir: {}}]' \
    "initContainers: [{name: before, image: \"$BASE\", command: [sh, -c, 'echo one >/v/made'], volumeMounts: [{name: v, mountPath: /v}]}]" \
    "container: {image: \"$BASE\", command: [sh, -c, 'until test -e /v/up; do sleep 0.05; done; cat /v/made /v/up; test -e /only || echo own'], volumeMounts: [{name: v, mountPath: /v}]}" \
    "sidecars: [{name: beside, image: \"$GREET\", command: [sh, -c, 'trap \"echo heard; exit 0\" TERM; touch /tmp/only; echo two >/v/up; while :; do sleep 0.05; done'], volumeMounts: [{name: v, mountPath: /v}]}]"
check "each has its own root" equals "$(logs_of shared -c main | tr '\n' ' ')" "one two own "
check "the sidecar hears SIGTERM: it is no process 1" sh -c "'$TIPHYS' logs shared -c beside --no-color | grep -q heard"
check "a set by its dependencies" run set 'volumes: [{name: v, emptyDir: {}}]' "containerSet:" '  volumeMounts: [{name: v, mountPath: /v}]' "  containers:" \
    "  - {name: first, image: \"$BASE\", command: [sh, -c, 'echo 1 >>/v/f']}" \
    "  - {name: main, image: \"$BASE\", command: [sh, -c, 'echo 2 >>/v/f; cat /v/f'], dependencies: [first]}"
check "in their order" equals "$(logs_of set -c main | tr '\n' ' ')" "1 2 "

run oom "container: {image: \"$BASE\", command: [sh, -c, 'head -c 200000000 /dev/zero | tail'], resources: {limits: {memory: 32Mi, cpu: 500m}}}" >/dev/null 2>&1
check "more memory than the limit" has_message oom "main: OOMKilled (exit code "
run nocommand "container: {image: \"$BASE\", command: [no-such-program]}" >/dev/null 2>&1
check "an unknown command is told as in the other isolations" has_message nocommand 'main: Error (exit code 64): failed to find name in PATH: exec: "no-such-program": executable file not found in $PATH'
run nofile "container: {image: \"$BASE\", command: [/no/such/file]}" >/dev/null 2>&1
check "so is a file that is not there" has_message nofile "main: Error (exit code 64): fork/exec /no/such/file: no such file or directory"

check "what a container may not do" run locked "container: {image: \"$BASE\", command: [sh, -c, 'grep -E \"^(CapEff|NoNewPrivs|Seccomp):\" /proc/self/status; mount -t tmpfs x /tmp || echo no-mount; cat /proc/kcore | head -c 1 | wc -c; echo x >/proc/sys/kernel/hostname || echo no-sysctl; ls /dev/vda /dev/sda /dev/mem || echo no-disks; ps | grep -c \"[s]leep 4242\"; touch /sys/x || echo no-sys; id -u'], volumeMounts: []}"
logs_of locked >"$DIR/locked.txt"
check "few capabilities" contains "$DIR/locked.txt" "00000000800405fb"
check "no new privileges" sh -c "grep -qE 'NoNewPrivs:.1' '$DIR/locked.txt'"
check "a filter of system calls" sh -c "grep -qE 'Seccomp:.2' '$DIR/locked.txt'"
for word in no-mount no-sysctl no-disks no-sys; do check "$word" contains "$DIR/locked.txt" "$word"; done
run more "container: {image: \"$BASE\", command: [id], securityContext: {capabilities: {add: [SYS_ADMIN]}}}" >/dev/null 2>&1
check "more capabilities are refused" has_message more "securityContext.capabilities.add: SYS_ADMIN is beyond what a container has here, which is not supported yet"
check "fewer are not" run fewer "container: {image: \"$BASE\", command: [grep, CapEff, /proc/self/status], securityContext: {capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}}"
check "and none is none" sh -c "'$TIPHYS' logs fewer --no-color | grep -qE 'CapEff:.0000000000000000'"
check "a terminal of another user" run terminal "container: {image: \"$BASE\", tty: true, stdin: true, command: [sh, -c, 'test -t 0 && test -t 1 && echo yes; tty; echo \$TERM; echo ctty >/dev/tty'], securityContext: {runAsUser: 4321}}"
check "has a name, and no CR in the log" equals "$(logs_of terminal | tr '\n' ' ')" "yes /dev/pts/0 xterm ctty "
check "an input that stays open" run open "container: {image: \"$BASE\", stdin: true, command: [sh, -c, 'timeout 1 cat; test \$? -ne 0 && echo open']}"
check "has no end" equals "$(logs_of open | grep -v Terminated)" "open"
check "a volume of a group" run group "securityContext: {runAsUser: 4321, fsGroup: 4324}" 'volumes: [{name: v, emptyDir: {}}]' \
    "container: {image: \"$BASE\", command: [sh, -c, 'echo x >/v/f; stat -c %u:%g /v/f'], volumeMounts: [{name: v, mountPath: /v}]}"
check "gives it what is made in it" equals "$(logs_of group)" "4321:4324"

cat >"$DIR/stopped.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: stopped}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: "$BASE", command: [sh, -c, 'echo up; while :; do sleep 0.05; done']}
YAML
"$TIPHYS" submit "$DIR/stopped.yaml" >/dev/null
check "one that runs" wait_for 20 sh -c "'$TIPHYS' logs stopped --no-color 2>/dev/null | grep -q up"
check "is stopped" "$TIPHYS" stop stopped
check "ends" timeout 20 sh -c "'$TIPHYS' wait stopped; true"

# kill -9 of the daemon: adopted. kill -9 of the shim: all of it is gone.
cat >"$DIR/again.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: again}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: "$BASE", command: [sh, -c, 'echo up; sleep 3; echo done >/tmp/o']}
    outputs: {parameters: [{name: o, valueFrom: {path: /tmp/o}}]}
YAML
"$TIPHYS" submit "$DIR/again.yaml" >/dev/null
check "another runs" wait_for 20 sh -c "'$TIPHYS' logs again --no-color 2>/dev/null | grep -q up"
kill -9 "$SERVER_PID"
wait "$SERVER_PID" 2>/dev/null
check "the server starts again" start_server
check "it ends" timeout 30 "$TIPHYS" wait again
check "having run once" equals "$(logs_of again)" "up"
check "with its output" equals "$(api again | jq -r '.status.nodes[].outputs.parameters[0].value')" "done"
sed -e 's/name: again/name: orphan/' -e 's/sleep 3/sleep 4242/' "$DIR/again.yaml" >"$DIR/orphan.yaml"
"$TIPHYS" submit "$DIR/orphan.yaml" >/dev/null
check "a third one runs" wait_for 20 sh -c "'$TIPHYS' logs orphan --no-color 2>/dev/null | grep -q up"
record=$(find "$DIR/data/pods/default" -path '*orphan*' -name record)
shim=$(od -An -i -j12 -N4 "$record" | tr -d ' ')
kill -9 "$shim"
check "its shim is killed: it ends" timeout 20 sh -c "'$TIPHYS' wait orphan; true"
check "as a pod that is gone" has_message orphan "pod deleted"
check "nothing of it runs" wait_for 5 sh -c "! ps ax | grep -q '[s]leep 4242'"
check "no folders are left" wait_for 10 sh -c "[ \$(find '$DIR/data/pods' -name box | wc -l) -eq 0 ]"
check "no mounts" sh -c "! grep -q '$DIR' /proc/mounts"

# By rules: who is like the pattern runs otherwise, and says so.
stop_server
SERVER_FLAGS="--isolation process --isolation-rule $REGISTRY/*=image"
check "a server with a rule" start_server
check "one in an image" run ruled "container: {image: \"$GREET\", args: [rule]}"
check "runs there" equals "$(logs_of ruled)" "I am web in /srv with blue: rule"
check "another" run unruled "container: {image: other, command: [sh, -c, 'echo \$PWD']}"
check "runs on the machine" sh -c "'$TIPHYS' logs unruled --no-color | grep -q '$DIR/data/pods'"
run mixed "container: {image: \"$BASE\", command: [id]}" "sidecars: [{name: s, image: other, command: [id]}]" >/dev/null 2>&1
check "not both in one pod" has_message mixed 'containers of one pod must have one isolation: by the rules image "other" has process, the first one image'
stop_server
check "no server with a runtime that is none" sh -c "! '$TIPHYS' server --open --port 0 --data '$DIR/data' --isolation image --runtime /bin/true 2>'$DIR/refused.txt'"
check "and it says why" contains "$DIR/refused.txt" "isolation image needs an OCI runtime that works here: /bin/true: it says nothing"
check "nor with a rule that is none" sh -c "! '$TIPHYS' server --open --port 0 --data '$DIR/data' --isolation-rule x=vm 2>'$DIR/refused.txt'"
check "which it shows" contains "$DIR/refused.txt" "--isolation-rule x=vm must be PATTERN=ISOLATION, with process, host or image"
