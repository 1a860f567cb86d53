#!/bin/sh
# Artifacts in HDFS (Hadoop's own servers) by its RPC and by WebHDFS: files, folders, files of many blocks, files that are there already, other users, what is not there, deletion, servers that die.
. "$(dirname "$0")/../../support/story.sh"
. "$(dirname "$0")/../../support/hdfs.sh"
field() { "$TIPHYS" get "$1" -o json | jq -r "$2"; }
node() { field "$1" "[.status.nodes[] | select(.displayName == \"$2\")][0] | $3"; }
logs() { "$TIPHYS" logs "$1" --no-color | grep "^$1-$2" | sed 's/^[^:]*: //' | tr '\n' ' '; }
head() { printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %s}\nspec:\n  entrypoint: main\n' "$1"; }
said() { "$TIPHYS" logs "$1" --no-color | sed "s/^[^:]*: //" | tr "\n" " "; }
# hdfs PATH [MORE]: the place of a path, at $ADDRESSES.
hdfs() { echo "hdfs: {addresses: [$ADDRESSES], path: \"$1\", hdfsUser: ${HDFS_USER:-ann}${2:+, $2}}"; }
# Its members by WebHDFS: name, owner, permission, replicas.
members() { web GET "$1" LISTSTATUS | jq -r '[.FileStatuses.FileStatus[] | .pathSuffix + " " + .owner + " " + .permission + " " + (.replication | tostring)] | join(", ")'; }

BLOCK=1048576
check "HDFS starts" start_hdfs 2 dfs.blocksize=$BLOCK dfs.namenode.fs-limits.min-block-size=4096 dfs.ls.limit=3
check "with its data nodes" hdfs_is_up 2
check "a folder for a user" web PUT /ann "MKDIRS&permission=755"
check "who owns it" web PUT /ann "SETOWNER&owner=ann"
ADDRESSES="\"127.0.0.1:$HDFS_RPC\""
check "the server starts" start_server

# passing NAME FOLDER: a workflow that stores there and reads again.
passing() {
    head "$1"
    cat <<YAML
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: use, template: use, arguments: {artifacts: [{name: folder, from: "{{steps.make.outputs.artifacts.folder}}"}, {name: plain, from: "{{steps.make.outputs.artifacts.plain}}"}, {name: tree, from: "{{steps.make.outputs.artifacts.tree}}"}, {name: one, from: "{{steps.make.outputs.artifacts.tree}}", subPath: sub/f}]}}
  - name: make
    outputs:
      artifacts:
      - {name: folder, path: /tmp/folder, $(hdfs "$2/folder.tgz")}
      - {name: plain, path: /tmp/plain.txt, archive: {none: {}}, $(hdfs "$2/plain text.txt")}
      - {name: tree, path: /tmp/folder, archive: {none: {}}, $(hdfs "$2/tree")}
      - {name: empty, path: /tmp/empty, archive: {none: {}}, $(hdfs "$2/empty")}
      - {name: big, path: /tmp/big, archive: {none: {}}, $(hdfs "$2/big")}
    container: {image: busybox, command: [sh, -c, "mkdir -p /tmp/folder/sub; echo one >/tmp/folder/sub/f; for i in 1 2 3 4 5 6 7; do echo \$i >/tmp/folder/g\$i; done; echo plain >/tmp/plain.txt; : >/tmp/empty; seq 1 800000 >/tmp/big"]}
  - name: use
    inputs:
      artifacts:
      - {name: folder, path: /in/folder}
      - {name: plain, path: /in/plain}
      - {name: tree, path: /in/tree}
      - {name: one, path: /in/one}
      - {name: empty, path: /in/empty, $(hdfs "$2/empty")}
      - {name: big, path: /in/big, $(hdfs "$2/big")}
      - {name: maybe, path: /in/maybe, optional: true, $(hdfs "$2/nothing")}
    container: {image: busybox, command: [sh, -c, "cat /in/folder/sub/f /in/plain /in/one; cat /in/tree/g*; wc -c </in/empty; seq 1 800000 | cmp - /in/big && echo same; ls /in"]}
YAML
}
READ="one plain one 1 2 3 4 5 6 7 0 same big empty folder one plain tree "

passing passing /ann/runs >"$DIR/passing.yaml"
check "artifacts go by way of HDFS" "$TIPHYS" submit "$DIR/passing.yaml" --wait
check "what was read" equals "$(logs passing use)" "$READ"
check "a plain file is a file" equals "$(web GET /ann/runs/plain%20text.txt OPEN)" plain
check "of the user, with a replica a data node, and nothing is left beside it" equals "$(members /ann/runs)" \
    "big ann 644 2, empty ann 644 2, folder.tgz ann 644 2, plain text.txt ann 644 2, tree ann 755 0"
check "a file has many blocks" equals "$(web GET /ann/runs/big GET_BLOCK_LOCATIONS | jq '.LocatedBlocks.locatedBlocks | length')" 6
check "with the bytes" equals "$(web GET /ann/runs/big OPEN | md5sum)" "$(seq 1 800000 | md5sum)"
check "the outputs tell where" equals "$(node passing make '.outputs.artifacts[0].hdfs | .path + " " + .hdfsUser')" "/ann/runs/folder.tgz ann"

# What is there already.
once() {
    head "$1"
    printf '  templates: [{name: main, outputs: {artifacts: [{name: a, path: /a, archive: {none: {}}, %s}]}, container: {image: busybox, command: [sh, -c, "echo %s >/a"]}}]\n' "$(hdfs /ann/once "${3:-}")" "$2"
}
once first one >"$DIR/first.yaml"
once again one >"$DIR/again.yaml"
once other two >"$DIR/other.yaml"
once force two "force: true" >"$DIR/force.yaml"
check "a file is stored" "$TIPHYS" submit "$DIR/first.yaml" --wait
check "the same again is fine" "$TIPHYS" submit "$DIR/again.yaml" --wait
check "other content is not" sh -c "! '$TIPHYS' submit '$DIR/other.yaml' --wait"
check "in its message" sh -c "'$TIPHYS' get other -o json | jq -r .status.message | grep -q '/ann/once is there already, with other content: force: true writes over it'"
check "what was there stays" equals "$(web GET /ann/once OPEN)" one
check "unless it is forced" "$TIPHYS" submit "$DIR/force.yaml" --wait
check "then it is replaced" equals "$(web GET /ann/once OPEN)" two

# What may not be, and what is not there.
reading() {
    head "$1"
    printf '  templates: [{name: main, inputs: {artifacts: [{name: page, path: /page, %s}]}, container: {image: busybox, command: [cat, /page]}}]\n' "$(hdfs "$2")"
}
HDFS_USER=bob
once denied one "force: true" >"$DIR/denied.yaml"
HDFS_USER=ann
check "another user's file cannot be written" sh -c "! '$TIPHYS' submit '$DIR/denied.yaml' --wait"
check "and the name node says why" sh -c "'$TIPHYS' get denied -o json | jq -r .status.message | grep -q 'create /ann/.*AccessControlException: Permission denied: user=bob, access=WRITE'"
reading lost /ann/lost >"$DIR/lost.yaml"
check "one that is not there fails" sh -c "! '$TIPHYS' submit '$DIR/lost.yaml' --wait"
check "and says so" equals "$(field lost .status.message)" "init: Error (exit code 64): artifact page failed to load: HDFS: name node 127.0.0.1:$HDFS_RPC has no file \"/ann/lost\" and none below it"

# WebHDFS; and a name node that does not answer before one that does.
ADDRESSES="\"http://127.0.0.1:$HDFS_HTTP\""
passing webbed /ann/web >"$DIR/webbed.yaml"
check "artifacts go by WebHDFS" "$TIPHYS" submit "$DIR/webbed.yaml" --wait
check "what was read by it" equals "$(logs webbed use)" "$READ"
once webforce three "force: true" >"$DIR/webforce.yaml"
check "a file is replaced by WebHDFS" "$TIPHYS" submit "$DIR/webforce.yaml" --wait
check "then it has other bytes" equals "$(web GET /ann/once OPEN)" three
reading weblost /ann/lost >"$DIR/weblost.yaml"
check "one that is not there fails by WebHDFS" sh -c "! '$TIPHYS' submit '$DIR/weblost.yaml' --wait"
check "and names the path" sh -c "'$TIPHYS' get weblost -o json | jq -r .status.message | grep -q '/ann/lost'"
ADDRESSES="\"127.0.0.1:$(free_port)\", \"127.0.0.1:$HDFS_RPC\""
reading second /ann/once >"$DIR/second.yaml"
check "the second name node is asked" "$TIPHYS" submit "$DIR/second.yaml" --wait
check "and answers" equals "$(said second)" "three "
ADDRESSES="\"127.0.0.1:$HDFS_RPC\""

# Deletion, of files and of folders.
{
    head gone
    cat <<YAML
  artifactGC: {strategy: OnWorkflowDeletion}
  templates:
  - name: main
    outputs: {artifacts: [{name: f, path: /t/f, archive: {none: {}}, $(hdfs /ann/gc/f)}, {name: t, path: /t, archive: {none: {}}, $(hdfs /ann/gc/t)}]}
    container: {image: busybox, command: [sh, -c, "mkdir /t; echo f >/t/f"]}
YAML
} >"$DIR/gone.yaml"
check "artifacts that go with their workflow" "$TIPHYS" submit "$DIR/gone.yaml" --wait
check "are there" equals "$(members /ann/gc)" "f ann 644 2, t ann 755 0"
check "their workflow is deleted" "$TIPHYS" delete gone
check "and they are gone" wait_for 30 sh -c "[ \"\$(curl -sf 'http://127.0.0.1:$HDFS_HTTP/webhdfs/v1/ann/gc?op=LISTSTATUS' | jq '.FileStatuses.FileStatus | length')\" = 0 ]"

# A repository of a namespace.
cat >"$DIR/repositories.yaml" <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: artifact-repositories, annotations: {workflows.argoproj.io/default-artifact-repository: main}}
data:
  main: |
    hdfs: {addresses: [$ADDRESSES], hdfsUser: ann, pathFormat: "/ann/repository/{{workflow.name}}/{{pod.name}}"}
YAML
check "a repository" "$TIPHYS" apply -f "$DIR/repositories.yaml"
{
    head stored
    cat <<YAML
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: use, template: use, arguments: {artifacts: [{name: in, from: "{{steps.make.outputs.artifacts.out}}"}]}}
  - name: make
    outputs: {artifacts: [{name: out, path: /out}]}
    container: {image: busybox, command: [sh, -c, "echo made >/out"]}
  - name: use
    inputs: {artifacts: [{name: in, path: /in}]}
    container: {image: busybox, command: [cat, /in]}
YAML
} >"$DIR/stored.yaml"
check "artifacts go into the namespace's repository" "$TIPHYS" submit "$DIR/stored.yaml" --wait
check "and come out of it" equals "$(logs stored use)" "made "
check "the outputs have the path alone" equals "$(node stored make '.outputs.artifacts[0].hdfs | keys | join(" ")')" path

# All servers die while a file comes, and come back.
seq 1 30000000 >"$DIR/long"
check "a long file" sh -c "curl -sSf -L -X PUT -T '$DIR/long' 'http://127.0.0.1:$HDFS_HTTP/webhdfs/v1/ann/long?op=CREATE&user.name=ann'"
{
    head survivor
    printf '  templates: [{name: main, inputs: {artifacts: [{name: long, path: /long, archive: {none: {}}, %s}]}, container: {image: busybox, command: [sh, -c, "md5sum </long"]}}]\n' "$(hdfs /ann/long)"
} >"$DIR/survivor.yaml"
check "a workflow that reads it" "$TIPHYS" submit "$DIR/survivor.yaml"
check "has begun" wait_for 20 sh -c "[ -n \"\$(find '$DIR/data' -name 'long*' -size +1M)\" ] || '$TIPHYS' get survivor -o json | jq -e '.status.phase == \"Succeeded\"'"
stop_hdfs
check "HDFS starts again" start_hdfs 2
check "the workflow ends well" "$TIPHYS" wait survivor
check "with the bytes" equals "$(said survivor)" "$(md5sum <"$DIR/long") "

stop_hdfs
reading away /ann/once >"$DIR/away.yaml"
check "no server: it fails" sh -c "! '$TIPHYS' submit '$DIR/away.yaml' --wait"
check "and is told which" sh -c "'$TIPHYS' get away -o json | jq -r .status.message | grep -q 'name node 127.0.0.1:$HDFS_RPC: 127.0.0.1:$HDFS_RPC: Connection refused'"
stop_server
