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
check "with place and mend" contains "$DIR/stdout" 'in "flow-" (Workflow): 9:32: templates.main.steps[0].a couldn'"'"'t find workflow template "lib" in namespace "": give the file that it is in, too'
check "and is counted" contains "$DIR/stdout" "✖ 1 linting errors found!"
check "simple output" refused -o simple flow.yaml
check "one line for each" sh -c "grep -q '^flow.yaml: in \"flow-\" (Workflow): 9:32: ' '$DIR/stdout' && test \$(wc -l <'$DIR/stdout') = 1"
sed 's/entrypoint/entrypont/' flow.yaml >wrong.yaml
check "an unknown field" refused wrong.yaml sub
check "names the nearest one" contains "$DIR/stdout" '5:3: spec.entrypont: unknown field "entrypont", did you mean "entrypoint"?'
sed 's/kind: WorkflowTemplate/&\nnewField: 1/' sub/lib.yaml >loose.yaml
check "strict is the default" refused loose.yaml
check "without it unknown fields pass" lint --strict=false loose.yaml
check "kinds that were not asked for" refused --kinds=workflowtemplates flow.yaml
check "are nothing to lint" contains "$DIR/stdout" "✖ found nothing to lint in the specified paths, failing..."
check "an unknown kind" sh -c "! '$TIPHYS' lint --kinds=pods flow.yaml 2>'$DIR/stderr' && grep -q 'unknown kind: pods' '$DIR/stderr'"
check "standard input" sh -c "'$TIPHYS' lint - <sub/lib.yaml"
printf 'kind: [\n' >broken.yaml
check "no YAML" refused broken.yaml
check "is told with its place" contains "$DIR/stderr" "Error: failed to parse YAML from file broken.yaml: broken.yaml:2:1:"
check "a file that is not there" refused nobody.yaml
check "templates alone" sh -c "'$TIPHYS' template lint sub | grep -qx '✔ no linting errors found!'"
