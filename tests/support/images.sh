# Sourced by stories of isolation image, after story.sh: images of one's own, a registry.
# shellcheck shell=sh
REGISTRY_PID=""
stop_registry() {
    [ -n "$REGISTRY_PID" ] && kill -9 "$REGISTRY_PID" 2>/dev/null && wait "$REGISTRY_PID" 2>/dev/null
    REGISTRY_PID=""
    return 0
}
trap 'stop_registry; finish; exit $((FAILED > 0))' EXIT

# start_registry [PORT]: at $REGISTRY, with its blobs in $DIR/registry; htpasswd of $DIR/htpasswd when that is there.
start_registry() {
    REGISTRY=127.0.0.1:${1:-$(free_port)}
    mkdir -p "$DIR/registry"
    {
        printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "%s"}\n' "$DIR/registry" "$REGISTRY"
        [ -f "$DIR/htpasswd" ] && printf 'auth: {htpasswd: {realm: test, path: %s}}\n' "$DIR/htpasswd"
    } >"$DIR/registry.yml"
    docker-registry serve "$DIR/registry.yml" >"$DIR/registry.log" 2>&1 &
    REGISTRY_PID=$!
    wait_for 20 curl -s -o /dev/null "http://$REGISTRY/v2/"
}

# make_root FOLDER: a busybox with users.
make_root() {
    mkdir -p "$1/bin" "$1/etc" "$1/tmp" "$1/web"
    cp "$(command -v busybox)" "$1/bin/busybox"
    for word in sh cat echo env grep head httpd id ip kill ls mkdir mount mv ps pwd rm sleep stat tail test touch true wc wget hostname; do
        ln -sf busybox "$1/bin/$word"
    done
    chmod 1777 "$1/tmp"
    printf 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:web:/web:/bin/sh\n' >"$1/etc/passwd"
    printf 'root:x:0:\nweb:x:34:\nextra:x:50:web\n' >"$1/etc/group"
}

# image NAME CONFIG LAYER...: in the layout $DIR/layout; prints its digest.
image() { "$ROOT/tests/support/oci-image.py" "$DIR/layout" "$@"; }

# push NAME TAG: to the registry as TAG.
push() { skopeo --insecure-policy copy --quiet --dest-tls-verify=false ${CREDENTIALS:+--dest-creds $CREDENTIALS} "oci:$DIR/layout:$1" "docker://$REGISTRY/$2"; }

# run NAME TEMPLATE...: a workflow of one pod, of these lines of a template; waits for its end.
run() {
    name=$1
    shift
    printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %s}\nspec:\n  entrypoint: main\n  templates:\n  - name: main\n' "$name" >"$DIR/$name.yaml"
    printf '    %s\n' "$@" >>"$DIR/$name.yaml"
    timeout 60 "$TIPHYS" submit "$DIR/$name.yaml" --wait
}
logs_of() { "$TIPHYS" logs "$@" --no-color | sed 's/^[^:]*: //'; }
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
message() { api "$1" | jq -r '.status.nodes[] | select(.displayName=="'"$1"'") | "\(.phase) \(.message // "")"'; }
has_message() { message "$1" | grep -qF -- "$2"; }
