#!/bin/sh
# lint without any server: places, references inside the given files, argo's closing words.
. "$(dirname "$0")/../../support/story.sh"
unset ARGO_SERVER
mkdir -p "$DIR/m/sub"
cat >"$DIR/m/flow.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: flow-}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: a, templateRef: {name: lib, template: say}}
YAML
cat >"$DIR/m/sub/lib.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: lib}
spec:
  templates:
  - {name: say, container: {image: busybox, command: [echo]}}
YAML
echo 'no manifest' >"$DIR/m/notes.txt"
cd "$DIR/m" || exit 1

lint() { "$TIPHYS" lint "$@" >"$DIR/stdout" 2>"$DIR/stderr"; }
refused() { ! lint "$@"; }

check "a folder with its references" lint .
check "says so" equals "$(cat "$DIR/stdout")" "✔ no linting errors found!"
check "one file alone lacks its reference" refused flow.yaml
check "in argo's words" contains "$DIR/stdout" 'in "flow-" (Workflow): templates.main.steps[0].a couldn'"'"'t find workflow template "lib" in namespace ""'
check "with place and mend" contains "$DIR/stdout" 'flow.yaml:9:39: it is in none of the given files: give its file, too'
check "the line and a caret" contains "$DIR/stdout" "$(printf '        9 |     - - {name: a, templateRef: {name: lib, template: say}}\n          |                                       ^^^')"
check "and is counted" contains "$DIR/stdout" "✖ 1 linting errors found!"
check "simple output" refused -o simple flow.yaml
check "one line for each" sh -c "grep -q '^flow.yaml: in \"flow-\" (Workflow): templates.main' '$DIR/stdout' && test \$(wc -l <'$DIR/stdout') = 1"
check "for programs" refused -o json flow.yaml
check "with places" sh -c "test \"\$(jq -r '.results[0].places[0] | \"\\(.line):\\(.column)\"' '$DIR/stdout')\" = 9:39"
check "as SARIF" refused -o sarif flow.yaml
check "with a region" sh -c "test \"\$(jq -r '.runs[0].results[0].locations[0].physicalLocation.region.startLine' '$DIR/stdout')\" = 9"
ln -s "$TIPHYS" "$DIR/argo"
check "argo says its words alone" sh -c "! '$DIR/argo' lint flow.yaml >'$DIR/stdout' && ! grep -q ' | ' '$DIR/stdout'"
check "and knows no SARIF" sh -c "! '$DIR/argo' lint -o sarif flow.yaml 2>'$DIR/stderr' && grep -q 'One of: pretty|simple' '$DIR/stderr'"
sed 's/entrypoint/entrypont/' flow.yaml >wrong.yaml
check "an unknown field" refused wrong.yaml sub
check "in argo's words" contains "$DIR/stdout" 'in "flow-" (Workflow): strict decoding error: unknown field "spec.entrypont"'
check "names the nearest one" contains "$DIR/stdout" 'wrong.yaml:5:3: did you mean "entrypoint"?'
sed 's/image: busybox/&, tty: true/' sub/lib.yaml >warned.yaml
check "what the server would refuse is a warning" lint -o simple warned.yaml
sed 's/argoproj.io/argo.example/' sub/lib.yaml >elsewhere.yaml
check "the version does not matter" lint elsewhere.yaml
sed 's/kind: WorkflowTemplate/&\nnewField: 1/' sub/lib.yaml >loose.yaml
check "strict is the default" refused loose.yaml
check "without it unknown fields pass" lint --strict=false loose.yaml
check "kinds that were not asked for" refused --kinds=workflowtemplates flow.yaml
check "are nothing to lint" contains "$DIR/stdout" "✖ found nothing to lint in the specified paths, failing..."
cat >sensor.yaml <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: s}
spec:
  dependencies:
  - {name: d, eventSourceName: a, eventName: e, transform: {jq: ".a |"}}
  triggers:
  - template: {name: t, log: {}, conditions: d && q}
YAML
check "texts of a sensor that cannot be read are warnings" lint sensor.yaml
check "the condition" contains "$DIR/stdout" 'invalid conditions: conditions: unknown name q (1:14)'
check "with its place and what comes of it" contains "$DIR/stdout" 'sensor.yaml:8:46: argo takes it, and the trigger never fires'
check "the program" contains "$DIR/stdout" 'invalid jq program: jq: unexpected EOF at line 1, column 5'
check "an unknown kind" sh -c "! '$TIPHYS' lint --kinds=pods flow.yaml 2>'$DIR/stderr' && grep -q 'unknown kind: pods' '$DIR/stderr'"
check "standard input" sh -c "'$TIPHYS' lint - <sub/lib.yaml"
printf 'kind: [\n' >broken.yaml
check "no YAML" refused broken.yaml
check "is told with its place" contains "$DIR/stdout" "broken.yaml:2:1: is a bracket or a brace missing?"
check "and where it begins" contains "$DIR/stdout" "broken.yaml:1:7: it begins here"
check "on standard error for programs" refused -o simple broken.yaml
check "as argo does" contains "$DIR/stderr" "Error: failed to parse YAML from file broken.yaml: broken.yaml:2:1:"
check "a file that is not there" refused nobody.yaml
check "templates alone" sh -c "'$TIPHYS' template lint sub | grep -qx '✔ no linting errors found!'"
cat >bus.yaml <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: hook}
spec: {webhook: {a: {port: "12000", endpoint: /a}}}
YAML
check "kinds of Argo Events, too" lint bus.yaml
check "which argo's lint does not know" sh -c "! '$DIR/argo' lint bus.yaml >'$DIR/stdout' && grep -q 'found nothing to lint' '$DIR/stdout'"
