#!/bin/sh
# artifactGC: artifacts go when their workflow has completed or is deleted; what cannot be deleted holds the workflow and is told; --force lets it go.
. "$(dirname "$0")/../../support/story.sh"
field() { "$TIPHYS" get "$1" -o json | jq -r "$2"; }
# workflow NAME STRATEGY [MORE]: makes a file by its own strategy, one by the workflow's and one that stays.
workflow() {
    cat <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  artifactGC: {strategy: $2${3:+, $3}}
  templates:
  - name: main
    container: {image: busybox, command: [sh, -c, "echo one >/tmp/one; echo two >/tmp/two; echo three >/tmp/three"]}
    outputs:
      artifacts:
      - {name: own, path: /tmp/one, archive: {none: {}}, s3: {key: $1/own}, artifactGC: {strategy: OnWorkflowCompletion}}
      - {name: by-default, path: /tmp/two, archive: {none: {}}, s3: {key: $1/by-default}}
      - {name: kept, path: /tmp/three, archive: {none: {}}, s3: {key: $1/kept}, artifactGC: {strategy: Never}}
      - {name: optional, path: /tmp/no, optional: true, s3: {key: $1/optional}}
YAML
}
stored() { (cd "$DIR/data/artifacts/default" 2>/dev/null && find . -type f | sort | tr '\n' ' '); }
stored_is() { [ "$(stored)" = "$1" ]; }
has_gone() { ! "$TIPHYS" get "$1" >/dev/null 2>&1; }
is_free() { [ "$(field "$1" '.metadata.finalizers // [] | length')" = 0 ]; }
has_condition() { field "$1" '.status.conditions[] | select(.type == "ArtifactGCError") | .message' | grep -q .; }

check "the server starts" start_server
workflow first OnWorkflowDeletion >"$DIR/first.yaml"
check "a workflow that makes artifacts" "$TIPHYS" submit "$DIR/first.yaml" --wait
check "what goes with its completion has gone" wait_for 10 stored_is "./first/by-default ./first/kept "
check "its node says so" wait_for 10 sh -c "'$TIPHYS' get first -o json | jq -e '[.status.nodes[].outputs.artifacts[] | select(.deleted)] | map(.name) == [\"own\"]'"
check "a finalizer holds it" equals "$(field first '.metadata.finalizers | join(" ")')" workflows.argoproj.io/artifact-gc
check "the status tells what was done" equals "$(field first '.status.artifactGCStatus.strategiesProcessed | keys | join(" ")')" OnWorkflowCompletion
check "it is deleted" "$TIPHYS" delete first
check "and goes" wait_for 10 has_gone first
check "with its artifacts" stored_is "./first/kept "

workflow second OnWorkflowCompletion >"$DIR/second.yaml"
check "another one" "$TIPHYS" submit "$DIR/second.yaml" --wait
check "nothing holds it when all has gone" wait_for 10 is_free second
check "both of its artifacts have" stored_is "./first/kept ./second/kept "
check "a download says that it is gone" sh -c "curl -s 'http://$ARGO_SERVER/artifacts/default/second/second/own' | grep -q 'has been deleted'"

# A web server cannot delete what it got.
{
    workflow held OnWorkflowDeletion | sed 's/s3: {key: held\/by-default}/http: {url: "http:\/\/127.0.0.1:TARGET\/put"}/'
} >"$DIR/held.yaml"
start_target
sed -i "s/TARGET/$TARGET/" "$DIR/held.yaml"
check "one whose artifact went to a web server" "$TIPHYS" submit "$DIR/held.yaml" --wait
check "it is deleted, too" "$TIPHYS" delete held
check "what cannot be deleted is told" wait_for 10 has_condition held
check "as an Event, too" wait_for 10 sh -c "'$TIPHYS' get events -o json | jq -r '.items[] | .reason + \" \" + .message' | grep -q 'ArtifactGCFailed delete not supported.*(artifact name by-default)'"
stop_server -KILL
check "the server starts again" start_server
check "it is still there" field held .metadata.deletionTimestamp
check "by force it goes" "$TIPHYS" delete held --force
check "at once" has_gone held

workflow forced OnWorkflowDeletion "forceFinalizerRemoval: true" | sed "s/s3: {key: forced\/by-default}/http: {url: \"http:\/\/127.0.0.1:$TARGET\/put\"}/" >"$DIR/forced.yaml"
check "one that says forceFinalizerRemoval" "$TIPHYS" submit "$DIR/forced.yaml" --wait
check "is deleted" "$TIPHYS" delete forced
check "goes whatever happens" wait_for 10 has_gone forced

sed 's/name: first/name: old/; s/strategy: OnWorkflowDeletion}$/strategy: OnWorkflowDeletion}\n  ttlStrategy: {secondsAfterCompletion: 0}/' "$DIR/first.yaml" | sed 's/first\//old\//' >"$DIR/old.yaml"
check "one whose time is over at once" "$TIPHYS" submit "$DIR/old.yaml"
check "goes with its artifacts" wait_for 20 sh -c "! '$TIPHYS' get old >/dev/null 2>&1 && ! test -e '$DIR/data/artifacts/default/old/by-default'"

printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: plain}\nspec: {entrypoint: m, artifactGC: {strategy: OnWorkflowDeletion}, templates: [{name: m, container: {image: busybox, command: ["true"]}}]}\n' >"$DIR/plain.yaml"
check "a workflow that makes no artifacts" "$TIPHYS" submit "$DIR/plain.yaml" --wait
check "is not held" is_free plain
stop_server
