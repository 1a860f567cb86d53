#!/bin/sh
# A file is uploaded for an input artifact of a template; a workflow of the template gets it by its key. One that is too large is refused at once, one that is broken off leaves nothing.
. "$(dirname "$0")/../../support/story.sh"
field() { "$TIPHYS" get "$1" -o json | jq -r "$2"; }
upload() { curl -s -o "$DIR/answer" -w '%{http_code}' "$@" "http://$ARGO_SERVER/upload-artifacts/default/takes/in"; }

check "the server starts" start_server
cat >"$DIR/template.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: takes}
spec:
  entrypoint: main
  arguments: {artifacts: [{name: in, s3: {key: in}}]}
  templates:
  - name: main
    inputs: {artifacts: [{name: in, path: /in}]}
    container: {image: busybox, command: [sh, -c, "sha256sum </in"]}
YAML
check "a template" "$TIPHYS" template create "$DIR/template.yaml"
head -c 9000000 /dev/urandom >"$DIR/file.bin"
check "a file of 9 MB is taken" equals "$(upload -F "file=@$DIR/file.bin")" 200
KEY=$(jq -r .key "$DIR/answer")
check "its key is the namespace's" equals "$(echo "$KEY" | sed -E 's,[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12},UUID,')" uploads/default/UUID/file.bin
cat >"$DIR/uses.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: uses}
spec:
  workflowTemplateRef: {name: takes}
  arguments: {artifacts: [{name: in, s3: {key: "$KEY"}}]}
YAML
check "a workflow with the key" "$TIPHYS" submit "$DIR/uses.yaml" --wait
check "it got the file" equals "$("$TIPHYS" logs uses --no-color | sed 's/^[^:]*: //')" "$(sha256sum <"$DIR/file.bin")"
check "a length that is too large is refused before it is sent" equals "$(upload -X POST -H "Content-Type: multipart/form-data; boundary=b" -H "Content-Length: 2000000000" --max-time 10 -d x)" 413
check "what is no form" equals "$(upload -X POST -H "Content-Type: text/plain" -d x)" 400
check "which says what is right" contains "$DIR/answer" "must be multipart/form-data"
upload -F "file=@$DIR/file.bin" --limit-rate 100K --max-time 1 >"$DIR/cut" 2>&1
check "an upload that is broken off leaves nothing" equals "$(ls -A "$DIR/data/artifacts/.new" 2>/dev/null | wc -l)" 0
check "nor a second file" equals "$(find "$DIR/data/artifacts" -name file.bin | wc -l)" 1
