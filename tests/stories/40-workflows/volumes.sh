#!/bin/sh
# Volumes on the real daemon: claims that a workflow makes and deletes, a claim of one's own, files of the pod's fields, paths of this machine by policy; nothing of them survives its owner.
. "$(dirname "$0")/../../support/story.sh"
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
claims() { curl -sf "http://$ARGO_SERVER/api/v1/namespaces/default/persistentvolumeclaims" | jq -r '[.items[].metadata.name] | join(",")'; }
message() { api "$1" | jq -r '.status.message // ""'; }
mkdir -p "$DIR/shown/in"
echo of-the-machine >"$DIR/shown/in/file"
SERVER_FLAGS="--isolation host --host-path $DIR/shown"
check "the server starts" start_server

cat >"$DIR/claim.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: claim}
spec:
  entrypoint: main
  volumeClaimTemplates:
  - metadata: {name: work}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
  templates:
  - name: main
    steps:
    - - {name: write, template: write}
    - - {name: read, template: read}
  - name: write
    container: {image: busybox, command: [sh, -c, 'echo from-write >/mnt/vol/text'], volumeMounts: [{name: work, mountPath: /mnt/vol}]}
  - name: read
    container: {image: busybox, command: [sh, -c, 'cat /mnt/vol/text /mnt/below/text 2>/dev/null; touch /mnt/vol/x 2>/dev/null || echo read-only'], volumeMounts: [{name: work, mountPath: /mnt/vol, readOnly: true}]}
YAML
check "steps share what the workflow claims" timeout 20 "$TIPHYS" submit "$DIR/claim.yaml" --wait
"$TIPHYS" logs claim --no-color >"$DIR/claim.txt"
check "the second reads what the first wrote" contains "$DIR/claim.txt" "from-write"
check "and cannot write where it mounts to read" contains "$DIR/claim.txt" "read-only"
check "the claim is gone with the end" equals "$(claims)" ""

sed -e 's/name: claim}/name: kept}/' -e "s/'echo from-write >/'exit 3; echo >/" "$DIR/claim.yaml" >"$DIR/kept.yaml"
check "a workflow fails" sh -c "! timeout 20 '$TIPHYS' submit '$DIR/kept.yaml' --wait"
check "its claim stays" equals "$(claims)" "kept-work"
check "and is shown" equals "$(api kept | jq -r '.status.persistentVolumeClaims[0].persistentVolumeClaim.claimName')" "kept-work"
check "its files stay" sh -c "ls '$DIR/data'/claims/default/kept-work/*/ >/dev/null"
check "it goes with the workflow" "$TIPHYS" delete kept
check "at once" wait_for 5 sh -c "test -z \"\$(curl -sf http://$ARGO_SERVER/api/v1/namespaces/default/persistentvolumeclaims | jq -r '.items[].metadata.name')\""

cat >"$DIR/own.yaml" <<'YAML'
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: own}
spec: {accessModes: [ReadWriteMany], resources: {requests: {storage: 1Mi}}}
YAML
cat >"$DIR/mounts.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: mounts}
spec:
  entrypoint: main
  podMetadata: {labels: {team: blue}}
  volumes:
  - {name: own, persistentVolumeClaim: {claimName: own}}
  - {name: told, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}, {path: cpu, resourceFieldRef: {containerName: main, resource: limits.cpu, divisor: 1m}}]}}
  - {name: all, projected: {sources: [{configMap: {name: words}}, {downwardAPI: {items: [{path: pod, fieldRef: {fieldPath: metadata.name}}]}}]}}
  templates:
  - name: main
    container:
      image: busybox
      command: [sh, -c, 'echo "$TEAM" >/own/x; cat /own/x; cat /told/*; cat /all/*']
      env: [{name: TEAM, valueFrom: {fieldRef: {fieldPath: "metadata.labels['team']"}}}]
      resources: {limits: {cpu: 250m}}
      volumeMounts:
      - {name: own, mountPath: /own, subPathExpr: of/$(TEAM)}
      - {name: told, mountPath: /told}
      - {name: all, mountPath: /all}
YAML
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: words}\ndata: {greeting: hello}\n' >"$DIR/words.yaml"
check "a claim that is not there" sh -c "! timeout 20 '$TIPHYS' submit '$DIR/mounts.yaml' --name none --wait"
check "is the node's message" equals "$(message none)" 'volume own: persistentvolumeclaim "own" not found'
check "a claim and a ConfigMap are made" "$TIPHYS" apply -f "$DIR/own.yaml" -f "$DIR/words.yaml"
check "all sources at once" timeout 20 "$TIPHYS" submit "$DIR/mounts.yaml" --wait
"$TIPHYS" logs mounts --no-color >"$DIR/mounts.txt"
check "the variable of a label, below the claim" contains "$DIR/mounts.txt" ": blue"
check "the file of all labels" contains "$DIR/mounts.txt" 'team="blue"'
check "the limit in thousandths" contains "$DIR/mounts.txt" "250"
check "the key of the ConfigMap" contains "$DIR/mounts.txt" "hello"
check "the file lies below the claim" sh -c "test -f '$DIR/data'/claims/default/own/*/of/blue/x"

cat >"$DIR/host.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: host}
spec:
  entrypoint: main
  volumes: [{name: h, hostPath: {path: "$DIR/shown/in", type: Directory}}]
  templates:
  - name: main
    container: {image: busybox, command: [cat, /h/file], volumeMounts: [{name: h, mountPath: /h}]}
YAML
check "a path of this machine" timeout 20 "$TIPHYS" submit "$DIR/host.yaml" --wait
sed -e "s#$DIR/shown/in#/etc#" "$DIR/host.yaml" >"$DIR/etc.yaml"
check "another is refused" sh -c "! timeout 20 '$TIPHYS' submit '$DIR/etc.yaml' --name etc --wait"
check "with what would allow it" equals "$(message etc)" 'volume h: hostPath "/etc" is not allowed: the server'"'"'s --host-path names neither it nor a folder above it'
