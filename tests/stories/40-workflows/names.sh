#!/bin/sh
# Host names, hostAliases and dnsConfig of pods on the real daemon, in isolations host and image; refused in process.
. "$(dirname "$0")/../../support/story.sh"
. "$(dirname "$0")/../../support/images.sh"

# one_of WORD: in one isolation.
one_of() {
    SERVER_FLAGS="--isolation $1 --image-archives $DIR"
    check "the server starts in isolation $1" start_server
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  hostAliases: [{ip: 10.9.8.7, hostnames: [of-the-workflow, also]}]
  dnsPolicy: None
  dnsConfig: {nameservers: [10.9.8.1], searches: [story.test], options: [{name: ndots, value: "4"}]}
  podSpecPatch: '{hostname: patched}'
  templates:
  - name: main
    hostAliases: [{ip: 10.9.8.6, hostnames: [of-the-template]}]
    container: {image: "$IMAGE", command: [sh, -c, 'cat /etc/hosts /etc/resolv.conf; hostname']}
YAML
    check "a pod with names of its own" timeout 60 "$TIPHYS" submit "$DIR/$1.yaml" --wait
    logs_of "$1" >"$DIR/$1.txt"
    check "the workflow's" contains "$DIR/$1.txt" "10.9.8.7	of-the-workflow	also"
    check "the template's" contains "$DIR/$1.txt" "10.9.8.6	of-the-template"
    check "the resolver" equals "$(tail -4 "$DIR/$1.txt" | tr '\n' ' ')" "search story.test nameserver 10.9.8.1 options ndots:4 patched "
    run "plain-$1" "container: {image: \"$IMAGE\", command: [cat, /etc/hosts]}" >/dev/null
    check "another pod sees the machine's" equals "$(logs_of "plain-$1")" "$(cat /etc/hosts)"
    stop_server
}
IMAGE=busybox
if [ "$(id -u)" = 0 ]; then
    one_of host
    if command -v skopeo >/dev/null && { command -v crun || command -v runc; } >/dev/null; then
        make_root "$DIR/root"
        image base '{"Cmd":["sh"],"Env":["PATH=/bin"]}' "$DIR/root" >/dev/null
        skopeo --insecure-policy copy --quiet "oci:$DIR/layout:base" "oci-archive:$DIR/base.tar"
        IMAGE=oci-archive:base.tar
        one_of image
    fi
fi
SERVER_FLAGS='--isolation process'
check "the server starts in isolation process" start_server
run refused 'hostAliases: [{ip: 10.9.8.6, hostnames: [x]}]' 'container: {image: x, command: ["true"]}' >/dev/null 2>&1
check "which has none of its own" equals "$(message refused)" "Error hostAliases in isolation process is not supported yet: use host or image"
