#!/bin/sh
# Artifacts in S3 (moto): files, folders object by object, big files in parts, a bucket that is made, what is not there, Secrets that are missing; nothing of a key in a log.
. "$(dirname "$0")/../../support/story.sh"
field() { "$TIPHYS" get "$1" -o json | jq -r "$2"; }
node() { field "$1" "[.status.nodes[] | select(.displayName == \"$2\")][0] | $3"; }
logs() { "$TIPHYS" logs "$1" --no-color | grep "^$1-$2" | sed 's/^[^:]*: //' | tr '\n' ' '; }
head() { printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %s}\nspec:\n  entrypoint: main\n' "$1"; }
# s3 KEY [MORE]: the place of a key in the bucket `files`.
s3() { echo "s3: {endpoint: \"127.0.0.1:$MOTO_PORT\", bucket: files, insecure: true, key: \"$1\", accessKeySecret: {name: s3, key: access}, secretKeySecret: {name: s3, key: secret}${2:+, $2}}"; }
object() { curl -sf -H 'Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x' "http://127.0.0.1:$MOTO_PORT/files/$1"; }

check "S3 starts" start_moto
check "the server starts" start_server
cat >"$DIR/secret.yaml" <<'YAML'
apiVersion: v1
kind: Secret
metadata: {name: s3}
stringData: {access: an-access-key, secret: a-very-secret-key}
YAML
check "keys" "$TIPHYS" apply -f "$DIR/secret.yaml"

{
    head passing
    cat <<YAML
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: use, template: use, arguments: {artifacts: [{name: folder, from: "{{steps.make.outputs.artifacts.folder}}"}, {name: plain, from: "{{steps.make.outputs.artifacts.plain}}"}, {name: tree, from: "{{steps.make.outputs.artifacts.tree}}"}, {name: one, from: "{{steps.make.outputs.artifacts.tree}}", subPath: sub/f}]}}
  - name: make
    outputs:
      artifacts:
      - {name: folder, path: /tmp/folder, $(s3 a/folder.tgz "createBucketIfNotPresent: {}")}
      - {name: plain, path: /tmp/plain.txt, archive: {none: {}}, $(s3 "a/plain text.txt")}
      - {name: tree, path: /tmp/folder, archive: {none: {}}, $(s3 a/tree)}
      - {name: big, path: /tmp/big, archive: {none: {}}, $(s3 a/big "encryptionOptions: {enableEncryption: true}")}
    container: {image: busybox, command: [sh, -c, "mkdir -p /tmp/folder/sub; echo one >/tmp/folder/sub/f; echo two >/tmp/folder/g; echo plain >/tmp/plain.txt; head -c 150000000 /dev/zero >/tmp/big; echo end >>/tmp/big"]}
  - name: use
    inputs:
      artifacts:
      - {name: folder, path: /in/folder}
      - {name: plain, path: /in/plain}
      - {name: tree, path: /in/tree}
      - {name: one, path: /in/one}
      - {name: big, path: /in/big, $(s3 a/big)}
      - {name: maybe, path: /in/maybe, optional: true, $(s3 a/nothing)}
    container: {image: busybox, command: [sh, -c, "cat /in/folder/sub/f /in/plain /in/tree/g /in/one; wc -c </in/big; tail -c 4 /in/big; ls /in/tree"]}
YAML
} >"$DIR/passing.yaml"
check "artifacts go by way of S3" "$TIPHYS" submit "$DIR/passing.yaml" --wait
check "what was read" equals "$(logs passing use)" "one plain two one 150000004 end g sub "
check "a plain file is an object" equals "$(object a/plain%20text.txt)" plain
check "a plain folder is objects" equals "$(object a/tree/sub/f)" one
check "the outputs tell where" equals "$(node passing make '.outputs.artifacts[0].s3 | .bucket + " " + .key + " " + .secretKeySecret.name')" "files a/folder.tgz s3"

{
    head lost
    cat <<YAML
  templates:
  - name: main
    inputs: {artifacts: [{name: page, path: /page, $(s3 a/lost)}]}
    container: {image: busybox, command: [cat, /page]}
YAML
} >"$DIR/lost.yaml"
check "one that is not there fails" sh -c "! '$TIPHYS' submit '$DIR/lost.yaml' --wait"
check "and says so" equals "$(field lost .status.message)" 'init: Error (exit code 64): artifact page failed to load: S3: bucket files has no object "a/lost" and none below it'

sed 's/name: lost}/name: nokey}/; s/name: s3, key: secret/name: s3, key: other/' "$DIR/lost.yaml" >"$DIR/nokey.yaml"
check "a Secret without the key fails" sh -c "! '$TIPHYS' submit '$DIR/nokey.yaml' --wait"
check "and says which" equals "$(field nokey .status.message)" 'init: Error (exit code 64): artifact page failed to load: s3.secretKeySecret: secret "s3" has no key "other"'

sed 's/name: lost}/name: bucket}/; s/bucket: files/bucket: nobodys/' "$DIR/lost.yaml" >"$DIR/bucket.yaml"
check "a bucket that is not there fails" sh -c "! '$TIPHYS' submit '$DIR/bucket.yaml' --wait"
check "and is named" sh -c "'$TIPHYS' get bucket -o json | jq -r .status.message | grep -q 'in bucket nobodys: status 404 NoSuchBucket'"

cat >"$DIR/repositories.yaml" <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: artifact-repositories, annotations: {workflows.argoproj.io/default-artifact-repository: main}}
data:
  main: |
    s3: {endpoint: "127.0.0.1:$MOTO_PORT", bucket: files, insecure: true, keyFormat: "runs/{{workflow.name}}/{{pod.name}}", accessKeySecret: {name: s3, key: access}, secretKeySecret: {name: s3, key: secret}}
YAML
check "a repository" "$TIPHYS" apply -f "$DIR/repositories.yaml"
{
    head stored
    cat <<YAML
  archiveLogs: true
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: use, template: use, arguments: {artifacts: [{name: in, from: "{{steps.make.outputs.artifacts.out}}"}]}}
  - name: make
    outputs: {artifacts: [{name: out, path: /out, archive: {none: {}}}, {name: own, path: /out, archive: {none: {}}, s3: {key: own/key}}]}
    container: {image: busybox, command: [sh, -c, "echo made >/out; echo said; echo loud >&2"]}
  - name: use
    inputs: {artifacts: [{name: in, path: /in}, {name: too, path: /too, s3: {key: own/key}}]}
    container: {image: busybox, command: [cat, /in, /too]}
YAML
} >"$DIR/stored.yaml"
check "artifacts go into the namespace's repository" "$TIPHYS" submit "$DIR/stored.yaml" --wait
check "and come out of it" equals "$(logs stored use)" "made made "
POD=$("$TIPHYS" logs stored --no-color | grep said | sed 's/: .*//')
check "under the keys that it says" equals "$(object "runs/stored/$POD/out")" made
check "a key alone goes into its bucket" equals "$(object own/key)" made
check "the outputs have the key alone" equals "$(node stored make '.outputs.artifacts[0].s3 | keys | join(" ")')" key
check "the status tells which" equals "$(field stored '.status.artifactRepositoryRef | .namespace + "/" + .configMap + "#" + .key')" "default/artifact-repositories#main"
check "logs are kept, as they are" equals "$(object "runs/stored/$POD/main.log" | sort | tr '\n' ' ')" "loud said "
check "as an artifact" equals "$(node stored make '.outputs.artifacts[] | select(.name == "main-logs") | .s3.key')" "runs/stored/$POD/main.log"
rm -rf "$DIR/data/pods/default/$POD"
check "they are read where the pod's own are gone" equals "$("$TIPHYS" logs stored --no-color | grep make | sed 's/^[^:]*: //' | sort | tr '\n' ' ')" "loud said "
{
    head nowhere
    printf '  artifactRepositoryRef: {configMap: gone}\n  templates: [{name: main, container: {image: busybox}}]\n'
} >"$DIR/nowhere.yaml"
check "a repository that is not there" sh -c "! '$TIPHYS' submit '$DIR/nowhere.yaml' --wait"
check "is told" equals "$(field nowhere .status.message)" 'failed to resolve artifact repository: failed to find any artifact repository for artifact repository ref "default/gone#": there is no such ConfigMap'

# Nobody's keys in the manifest: a web identity's role, and a role that it assumes.
stop_server
printf 'a.web.token' >"$DIR/token"
export AWS_WEB_IDENTITY_TOKEN_FILE="$DIR/token" AWS_ROLE_ARN=arn:aws:iam::123456789012:role/house AWS_ENDPOINT_URL_STS="http://127.0.0.1:$MOTO_PORT"
check "the server starts with a web identity" start_server
{
    head roles
    cat <<YAML
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: use, template: use, arguments: {artifacts: [{name: in, from: "{{steps.make.outputs.artifacts.out}}"}]}}
  - name: make
    outputs: {artifacts: [{name: out, path: /out, s3: {endpoint: "127.0.0.1:$MOTO_PORT", bucket: files, insecure: true, key: roles.tgz, useSDKCreds: true}}]}
    container: {image: busybox, command: [sh, -c, "mkdir /out; echo by role >/out/f"]}
  - name: use
    inputs: {artifacts: [{name: in, path: /in, s3: {endpoint: "127.0.0.1:$MOTO_PORT", bucket: files, insecure: true, key: roles.tgz, roleARN: "arn:aws:iam::123456789012:role/reader"}}]}
    container: {image: busybox, command: [cat, /in/f]}
YAML
} >"$DIR/roles.yaml"
check "artifacts go by roles" "$TIPHYS" submit "$DIR/roles.yaml" --wait
check "both ways" equals "$(logs roles use)" "by role "
rm "$DIR/token"
stop_server
check "the server starts without the token" start_server
sed 's/name: roles}/name: nobody}/' "$DIR/roles.yaml" >"$DIR/nobody.yaml"
check "without the token it fails" sh -c "! '$TIPHYS' submit '$DIR/nobody.yaml' --wait"
check "and names the setting" sh -c "'$TIPHYS' get nobody -o json | jq -r '.status.nodes[].message' | grep -q 'AWS_WEB_IDENTITY_TOKEN_FILE: read .*No such file'"

check "no key in the log" sh -c "! grep -q 'very-secret\|an-access' '$DIR/server.log'"
check "no key in an object" sh -c "! '$TIPHYS' get passing -o json | grep -q 'very-secret\|an-access'"
stop_server
