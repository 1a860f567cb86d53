#!/bin/sh
# Artifacts in an HDFS that wants Kerberos: by a keytab and by a credential cache, RPC in the clear, signed and sealed; wrong keys, tickets of nobody; nothing of a key in a log.
. "$(dirname "$0")/../../support/story.sh"
. "$(dirname "$0")/../../support/hdfs.sh"
. "$(dirname "$0")/../../support/kerberos.sh"
trap 'stop_hdfs; stop_kdc; finish; exit $((FAILED > 0))' EXIT
field() { "$TIPHYS" get "$1" -o json | jq -r "$2"; }
said() { "$TIPHYS" logs "$1" --no-color | sed "s/^[^:]*: //" | tr "\n" " "; }
message() { field "$1" '[.status.nodes[] | select(.type == "Pod")][0].message'; }
KEYTAB="krbKeytabSecret: {name: krb, key: keytab}, krbUsername: ann, krbRealm: EXAMPLE.TEST"
CACHE="krbCCacheSecret: {name: krb, key: cache}"
# hdfs PATH LOGIN: the place of a path.
hdfs() { echo "hdfs: {addresses: [\"127.0.0.1:$HDFS_RPC\"], path: \"$1\", $2}"; }
SERVICE="krbServicePrincipalName: nn/_HOST, krbConfigConfigMap: {name: krb, key: krb5.conf}"
# passing NAME LOGIN: a workflow that stores and reads again.
passing() {
    cat <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: use, template: use, arguments: {artifacts: [{name: out, from: "{{steps.make.outputs.artifacts.out}}"}]}}
  - name: make
    outputs: {artifacts: [{name: out, path: /out, archive: {none: {}}, $(hdfs "/tmp/$1/out" "$2")}]}
    container: {image: busybox, command: [sh, -c, "seq 1 400000 >/out"]}
  - name: use
    inputs: {artifacts: [{name: out, path: /in}]}
    container: {image: busybox, command: [sh, -c, "seq 1 400000 | cmp - /in && echo same"]}
YAML
}
# secured PROTECTION: HDFS with Kerberos, and its RPC in the clear (authentication), signed (integrity) or sealed (privacy).
secured() {
    HDFS_JAVA="-Djava.security.krb5.conf=$DIR/krb/krb5.conf"
    start_hdfs 1 hadoop.security.authentication=kerberos hadoop.security.authorization=true "hadoop.rpc.protection=$1" \
        dfs.block.access.token.enable=true ignore.secure.ports.for.testing=true dfs.blocksize=1048576 \
        dfs.namenode.fs-limits.min-block-size=4096 hadoop.user.group.static.mapping.overrides="ann=staff\;nn=supergroup" \
        dfs.namenode.kerberos.principal=nn/127.0.0.1@EXAMPLE.TEST "dfs.namenode.keytab.file=$DIR/krb/nn-127.0.0.1.keytab" \
        dfs.datanode.kerberos.principal=nn/127.0.0.1@EXAMPLE.TEST "dfs.datanode.keytab.file=$DIR/krb/nn-127.0.0.1.keytab" \
        dfs.web.authentication.kerberos.principal=HTTP/127.0.0.1@EXAMPLE.TEST "dfs.web.authentication.kerberos.keytab=$DIR/krb/HTTP-127.0.0.1.keytab" || return 1
    # WebHDFS asks for a ticket, so a folder that all may write to is made by the program's own user.
    kerberos java -Djava.security.krb5.conf="$DIR/krb/krb5.conf" --add-opens java.base/java.lang=ALL-UNNAMED -cp "$ROOT/build/hadoop/lib/*" \
        "$ROOT/tests/support/HdfsFolder.java" "$HDFS_RPC" "$1" "$DIR/krb/nn-127.0.0.1.keytab" /tmp
}

check "Kerberos starts" start_kdc nn/127.0.0.1 HTTP/127.0.0.1 ann bob
check "a ticket" kerberos kinit -kt "$DIR/krb/ann.keytab" -c "FILE:$DIR/krb/cache" ann
check "HDFS starts" secured authentication
check "the server starts" start_server
cat >"$DIR/krb.yaml" <<YAML
apiVersion: v1
kind: Secret
metadata: {name: krb}
data: {keytab: $(base64 -w0 <"$DIR/krb/ann.keytab"), other: $(base64 -w0 <"$DIR/krb/bob.keytab"), cache: $(base64 -w0 <"$DIR/krb/cache")}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: krb}
data:
  krb5.conf: |
$(sed 's/^/    /' "$DIR/krb/krb5.conf")
YAML
check "keys and configuration" "$TIPHYS" apply -f "$DIR/krb.yaml"
passing keytab "$KEYTAB, $SERVICE" >"$DIR/keytab.yaml"
check "artifacts go by a keytab" "$TIPHYS" submit "$DIR/keytab.yaml" --wait
check "both ways" equals "$(said keytab)" "same "
passing cache "$CACHE, $SERVICE" >"$DIR/cache.yaml"
check "artifacts go by a credential cache" "$TIPHYS" submit "$DIR/cache.yaml" --wait
check "both ways, too" equals "$(said cache)" "same "

passing byname "hdfsUser: ann" >"$DIR/byname.yaml"
check "a name alone is refused" sh -c "! '$TIPHYS' submit '$DIR/byname.yaml' --wait"
check "by the name node" sh -c "'$TIPHYS' get byname -o json | grep -q 'SIMPLE authentication is not enabled'"
passing wrongkey "krbKeytabSecret: {name: krb, key: other}, krbUsername: ann, krbRealm: EXAMPLE.TEST, $SERVICE" >"$DIR/wrongkey.yaml"
check "the keytab of another is refused" sh -c "! '$TIPHYS' submit '$DIR/wrongkey.yaml' --wait"
check "and it is told why" sh -c "'$TIPHYS' get wrongkey -o json | grep -q 'Kerberos: ticket for ann@EXAMPLE.TEST: '"
passing noservice "$KEYTAB, krbServicePrincipalName: xx/_HOST, krbConfigConfigMap: {name: krb, key: krb5.conf}" >"$DIR/noservice.yaml"
check "a service that is not there is refused" sh -c "! '$TIPHYS' submit '$DIR/noservice.yaml' --wait"
check "and named" sh -c "'$TIPHYS' get noservice -o json | grep -q 'ticket for the service xx/127.0.0.1: '"

for protection in integrity privacy; do
    stop_hdfs
    check "HDFS starts with RPC of $protection" secured "$protection"
    passing "$protection" "$KEYTAB, $SERVICE" >"$DIR/$protection.yaml"
    check "artifacts go" "$TIPHYS" submit "$DIR/$protection.yaml" --wait
    check "both ways with $protection" equals "$(said "$protection")" "same "
done
KEY=$(base64 -w0 <"$DIR/krb/ann.keytab" | cut -c1-60)
check "no key in the log" lacks "$DIR/server.log" "$KEY"
stop_server
