#!/bin/sh
# WORKFLOWS workflows of all kinds of templates in images, while the daemon is killed with -9 at random moments: what runs in a container
# is the same process before and after, each workflow ends as it should, no step runs twice or not at all, nothing is left.
. "$(dirname "$0")/../support/story.sh"
. "$(dirname "$0")/../support/images.sh"
WORKFLOWS=${WORKFLOWS:-30}
KILLS=$((WORKFLOWS / 12 + 4))
SEED=${SEED:-1}

# Numbers that look random, by SEED: the next one from 0 to $1 - 1 in $PICKED.
pick() {
    SEED=$(((SEED * 1103515245 + 12345) % 2147483648))
    PICKED=$((SEED / 65536 % $1))
}

# The templates. A step writes its word into $DIR/marks/ran, which it sees as /marks.
templates() {
    cat <<'YAML'
  volumes: [{name: marks, hostPath: {path: MARKS}}]
  templates:
  - name: step
    inputs: {parameters: [{name: word}]}
    container: {image: "oci-archive:base.tar", command: [sh, -c], args: ['echo "$1/$2" >>/marks/ran; sleep $3', step, '{{workflow.name}}', '{{inputs.parameters.word}}', NAP], volumeMounts: [{name: marks, mountPath: /marks}]}
  - name: bad
    inputs: {parameters: [{name: word}]}
    container: {image: "oci-archive:base.tar", command: [sh, -c], args: ['echo "$1/$2" >>/marks/ran; sleep $3; exit 7', step, '{{workflow.name}}', '{{inputs.parameters.word}}', NAP], volumeMounts: [{name: marks, mountPath: /marks}]}
YAML
}

# kind_N: the rest of a workflow, and in $words what its steps write.
kind_0() { # steps
    words="a b c"
    cat <<'YAML'
  - name: main
    steps:
    - - {name: a, template: step, arguments: {parameters: [{name: word, value: a}]}}
    - - {name: b, template: step, arguments: {parameters: [{name: word, value: b}]}}
      - {name: c, template: step, arguments: {parameters: [{name: word, value: c}]}}
YAML
}
kind_1() { # a diamond
    words="a b c d"
    cat <<'YAML'
  - name: main
    dag:
      tasks:
      - {name: a, template: step, arguments: {parameters: [{name: word, value: a}]}}
      - {name: b, template: step, depends: a, arguments: {parameters: [{name: word, value: b}]}}
      - {name: c, template: step, depends: a, arguments: {parameters: [{name: word, value: c}]}}
      - {name: d, template: step, depends: b && c, arguments: {parameters: [{name: word, value: d}]}}
YAML
}
kind_2() { # a fan, two at once
    words="1 2 3 4 5"
    cat <<'YAML'
  parallelism: 2
YAML
    cat <<'YAML'
  - name: main
    steps:
    - - {name: each, template: step, withItems: [1, 2, 3, 4, 5], arguments: {parameters: [{name: word, value: "{{item}}"}]}}
YAML
}
kind_3() { # tried again
    words="try0 try1 try2"
    cat <<'YAML'
  - name: main
    retryStrategy: {limit: 3}
    container: {image: "oci-archive:base.tar", command: [sh, -c], args: ['echo "$1/try$2" >>/marks/ran; sleep $3; test $2 = 2', step, '{{workflow.name}}', '{{retries}}', NAP], volumeMounts: [{name: marks, mountPath: /marks}]}
YAML
}
kind_4() { # a sidecar, and an init container
    words="init main"
    cat <<'YAML'
  - name: main
    initContainers: [{name: first, image: "oci-archive:base.tar", command: [sh, -c], args: ['echo "$1/init" >>/marks/ran; sleep NAP', first, '{{workflow.name}}'], volumeMounts: [{name: marks, mountPath: /marks}]}]
    container: {image: "oci-archive:base.tar", command: [sh, -c], args: ['echo "$1/main" >>/marks/ran; sleep NAP', main, '{{workflow.name}}'], volumeMounts: [{name: marks, mountPath: /marks}]}
    sidecars: [{name: beside, image: "oci-archive:base.tar", command: [sh, -c, 'trap "exit 0" TERM; while :; do sleep 0.1; done']}]
YAML
}
kind_5() { # a set
    words="one two"
    cat <<'YAML'
  - name: main
    containerSet:
      volumeMounts: [{name: marks, mountPath: /marks}]
      containers:
      - {name: first, image: "oci-archive:base.tar", command: [sh, -c], args: ['echo "$1/one" >>/marks/ran; sleep NAP', first, '{{workflow.name}}']}
      - {name: main, image: "oci-archive:base.tar", command: [sh, -c], args: ['echo "$1/two" >>/marks/ran; sleep NAP', main, '{{workflow.name}}'], dependencies: [first]}
YAML
}
kind_6() { # outputs that others take
    words="made used"
    cat <<'YAML'
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: use, template: use, arguments: {parameters: [{name: word, value: "{{steps.make.outputs.parameters.word}}"}], artifacts: [{name: folder, from: "{{steps.make.outputs.artifacts.folder}}"}]}}
  - name: make
    outputs: {parameters: [{name: word, valueFrom: {path: /tmp/word}}], artifacts: [{name: folder, path: /folder}]}
    script: {image: "oci-archive:base.tar", command: [sh], source: 'echo "{{workflow.name}}/made" >>/marks/ran; sleep NAP; printf us >/tmp/word; mkdir /folder; printf ed >/folder/file', volumeMounts: [{name: marks, mountPath: /marks}]}
  - name: use
    inputs: {parameters: [{name: word}], artifacts: [{name: folder, path: /in}]}
    script: {image: "oci-archive:base.tar", command: [sh], source: 'echo "{{workflow.name}}/{{inputs.parameters.word}}$(cat /in/file)" >>/marks/ran; sleep NAP', volumeMounts: [{name: marks, mountPath: /marks}]}
YAML
}
kind_7() { # one that fails, and an exit handler
    words="good bad exit"
    cat <<'YAML'
  onExit: handler
  - name: main
    steps:
    - - {name: good, template: step, arguments: {parameters: [{name: word, value: good}]}}
    - - {name: bad, template: bad, arguments: {parameters: [{name: word, value: bad}]}}
    - - {name: never, template: step, arguments: {parameters: [{name: word, value: never}]}}
  - {name: handler, steps: [[{name: handler, template: step, arguments: {parameters: [{name: word, value: exit}]}}]]}
YAML
}
ends_as() { [ $(($1 % 8)) = 7 ] && echo Failed || echo Succeeded; }

# write N: $DIR/N.yaml, and what it will have written to $DIR/wanted. What kind_N says of the spec goes before its templates.
write() {
    pick 30
    nap=$((PICKED / 10)).$((PICKED % 10))
    "kind_$(($1 % 8))" >"$DIR/kind"
    {
        printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: run-%s, labels: {ends: %s}}\nspec:\n  entrypoint: main\n' "$1" "$(ends_as "$1")"
        grep -E '^  [a-z]' "$DIR/kind"
        templates
        grep -vE '^  [a-z]' "$DIR/kind"
    } | sed -e "s#MARKS#$DIR/marks#; s#, NAP\]#, \"$nap\"]#g; s#NAP#$nap#g" >"$DIR/run-$1.yaml"
    for word in $words; do echo "run-$1/$word" >>"$DIR/wanted"; done
}

alive() { "$ROOT/tests/support/pods-alive.py" "$DIR/data"; }
# adopted: of the pods that ran when the daemon was dead, those that run are the same, and none of them runs by other processes.
adopted() {
    alive >"$DIR/after"
    while read -r folder shim rest; do
        now=$(grep -F "$folder " "$DIR/after") || continue # it has ended meanwhile
        [ "$(echo "$now" | cut -d' ' -f2)" = "$shim" ] || { echo "another shim: $folder $shim $rest; now $now"; return 1; }
        for container in $rest; do
            case " $now " in *" $container "*) ;; *" ${container%%=*}="*) echo "another process: $container; now $now"; return 1 ;; esac
        done
    done <"$DIR/before"
}
all_ended() { [ "$(state "SELECT count(*) FROM object WHERE kind = 'Workflow' AND phase IN ('Succeeded', 'Failed', 'Error')")" -ge "$WORKFLOWS" ]; }
otherwise() { "$TIPHYS" list -o json | jq -r '.[] | select(.status.phase != .metadata.labels.ends) | .metadata.name + " " + .status.phase + " " + (.status.message // "")'; }
groups() { sed 's/^[^ ]* [^ ]* *//' "$DIR/seen" | tr ' ' '\n' | sed 's/=.*//' | sort -u | while read -r id; do [ -n "$id" ] && find /sys/fs/cgroup -name "$id"; done; }
shims() { for pid in $(cut -d' ' -f2 "$DIR/seen"); do awk -v start="${pid#*:}" '$3 != "Z" && $22 == start' "/proc/${pid%:*}/stat" 2>/dev/null; done; true; }
boxes() { find "$DIR/data/pods" -name box; }
is_none() { [ -z "$("$1")" ]; }
none_left() { wait_for 10 is_none "$1" || { "$1"; return 1; }; }

make_root "$DIR/root"
mkdir "$DIR/marks"
chmod 777 "$DIR/marks"
image base '{"Cmd":["true"],"Env":["PATH=/bin"]}' "$DIR/root" >/dev/null
skopeo --insecure-policy copy --quiet "oci:$DIR/layout:base" "oci-archive:$DIR/base.tar"
: >"$DIR/seen"
SERVER_FLAGS="--isolation image --image-archives $DIR --host-path $DIR/marks"
check "the server starts" start_server
next=0
for round in $(seq "$KILLS"); do
    batch=""
    while [ $next -lt $((WORKFLOWS * round / KILLS)) ]; do
        write $next
        batch="$batch $DIR/run-$next.yaml"
        next=$((next + 1))
    done
    # shellcheck disable=SC2086 # a list of files
    check "kill $round: workflows are taken" "$TIPHYS" submit $batch
    wait_for 30 sh -c "'$ROOT/tests/support/pods-alive.py' '$DIR/data' | grep -q ="
    pick 2000
    sleep "$((PICKED / 1000)).$(printf %03d $((PICKED % 1000)))"
    stop_server -KILL
    alive >"$DIR/before"
    cat "$DIR/before" >>"$DIR/seen"
    check "kill $round: it starts again, $(wc -l <"$DIR/before") pods run" start_server
    check "kill $round: what runs is what ran" adopted
done
check "containers ran over the kills" grep -q = "$DIR/seen"
check "all workflows end" wait_for $((60 + WORKFLOWS)) all_ended
check "as they should" equals "$(otherwise)" ""
sort "$DIR/wanted" >"$DIR/wanted.sorted"
sort "$DIR/marks/ran" >"$DIR/ran.sorted"
check "every step ran, none twice" diff "$DIR/wanted.sorted" "$DIR/ran.sorted"
check "no containers are left" none_left boxes
check "no shims" none_left shims
check "no control groups" none_left groups
check "no mounts" sh -c "! grep -q '$DIR' /proc/mounts"
