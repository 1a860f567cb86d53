#!/bin/sh
# Isolation image when things go wrong: an image that is missing, a registry that is down or wants a password, a layer that is corrupt, hostile or too big for the disk, a runtime that is killed. Each has its message, and nothing is left behind.
. "$(dirname "$0")/../../support/story.sh"
. "$(dirname "$0")/../../support/images.sh"
PASSWORD=story-password
CREDENTIALS=user:$PASSWORD

make_root "$DIR/root"
mkdir -p "$DIR/big"
head -c 3000000 /dev/urandom >"$DIR/big/noise"
image base '{"Cmd":["echo","ok"],"Env":["PATH=/bin"]}' "$DIR/root" >/dev/null
image corrupt '{"Cmd":["id"],"Env":["PATH=/bin"]}' "$DIR/root" "$DIR/big" >/dev/null
for kind in dotdot device torn cut; do image $kind '{"Cmd":["id"]}' "$DIR/root" "bad:$kind" >/dev/null; done
image nocommand '{"Env":["PATH=/bin"]}' "$DIR/root" >/dev/null
python3 -W ignore -c 'import crypt, sys; print("user:" + crypt.crypt(sys.argv[1], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))' "$PASSWORD" >"$DIR/htpasswd"
check "a registry with a password" start_registry
digest=$(image swapped '{"Cmd":["echo","ok"],"Env":["PATH=/bin"],"Labels":{"a":"b"}}' "$DIR/root")
for name in base corrupt dotdot device torn cut nocommand swapped; do check "it takes $name" push $name "story/$name:1"; done
printf '{"auths":{"%s":{"auth":"%s"}}}' "$REGISTRY" "$(printf %s "$CREDENTIALS" | base64 | tr -d '\n')" >"$DIR/auth.json"

pending() { printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %s}\nspec:\n  entrypoint: main\n  templates:\n  - name: main\n    container: {image: "%s"%s}\n' "$1" "$2" "${3:-}" >"$DIR/$1.yaml"; "$TIPHYS" submit "$DIR/$1.yaml" >/dev/null; }
store_is_clean() { [ "$(find "$DIR/data/images/tmp" -mindepth 1 | wc -l)" -eq 0 ] || { find "$DIR/data/images/tmp"; return 1; }; }
no_folders() { [ "$(find "$DIR/data/pods" -mindepth 2 -type d 2>/dev/null | wc -l)" -eq "${1:-0}" ] || { find "$DIR/data/pods"; return 1; }; }
SERVER_FLAGS="--isolation image"
check "a server without the password" start_server
pending denied "$REGISTRY/story/base:1"
check "stays pending and says why" wait_for 20 has_message denied "Pending ErrImagePull: image \"$REGISTRY/story/base:1\": "
check "by the registry's word" has_message denied "authentication required"
check "it is stopped" "$TIPHYS" terminate denied
check "at once" timeout 10 sh -c "'$TIPHYS' wait denied; true"
stop_server
printf '{"auths":{"%s":{"auth":"%s"}}}' "$REGISTRY" "$(printf %s "user:not-$PASSWORD" | base64 | tr -d '\n')" >"$DIR/wrong.json"
SERVER_FLAGS="--isolation image --image-auth $DIR/wrong.json"
check "a server with a wrong one" start_server
pending wrong "$REGISTRY/story/base:1"
check "is refused" wait_for 20 has_message wrong "Pending ErrImagePull: image \"$REGISTRY/story/base:1\": "
check "by the registry's word, too" has_message wrong "authentication required"
check "which does not name the password" sh -c "! '$TIPHYS' get wrong -o json | grep -q '$PASSWORD'"
"$TIPHYS" terminate wrong >/dev/null
check "it ends" timeout 10 sh -c "'$TIPHYS' wait wrong; true"
stop_server

SERVER_FLAGS="--isolation image --image-auth $DIR/auth.json"
check "a server with it" start_server
check "has the image" run good "container: {image: \"$REGISTRY/story/base:1\"}"
check "which runs" equals "$(logs_of good)" "ok"
check "the password is in no log" lacks "$DIR/server.log" "$PASSWORD"

pending missing "$REGISTRY/story/base:none"
check "an image that is missing" wait_for 20 has_message missing "Pending ErrImagePull: image \"$REGISTRY/story/base:none\": "
check "is unknown there" has_message missing "manifest unknown"
pending never "$REGISTRY/story/nocommand:1" ", imagePullPolicy: Never"
check "one that may not be got" wait_for 20 has_message never "Pending ErrImageNeverPull: Container image \"$REGISTRY/story/nocommand:1\" is not present with pull policy of Never"
for name in missing never; do
    "$TIPHYS" terminate $name >/dev/null
    check "$name ends when it is told to" timeout 10 sh -c "'$TIPHYS' wait $name; true"
done
run badname 'container: {image: "UPPER:x", command: [id]}' >/dev/null 2>&1
check "a name that is none is an error" has_message badname "Error ErrImagePull: image \"UPPER:x\": image \"UPPER:x\": the repository must be parts of small letters"
run nocommand "container: {image: \"$REGISTRY/story/nocommand:1\"}" >/dev/null 2>&1
check "an image that says nothing of what to run" has_message nocommand "Error container has no command, and image \"$REGISTRY/story/nocommand:1\" says nothing of what to run"
run nouser "container: {image: \"$REGISTRY/story/base:1\", securityContext: {runAsNonRoot: true}}" >/dev/null 2>&1
check "root where it must not be" has_message nouser "container has runAsNonRoot and image will run as root"

run dotdot "container: {image: \"$REGISTRY/story/dotdot:1\"}" >/dev/null 2>&1
check "a layer that leads out" has_message dotdot 'unpack: the entry "../../escaped" leads out of the layer'
check "has not" sh -c "! find '$DIR' -name escaped | grep -q ."
run device "container: {image: \"$REGISTRY/story/device:1\"}" >/dev/null 2>&1
check "a layer with a device" has_message device 'unpack "mnt/disk": a device outside of dev/ is refused'
run torn "container: {image: \"$REGISTRY/story/torn:1\"}" >/dev/null 2>&1
check "a layer that is torn" has_message torn "Error ErrImagePull: "
run cut "container: {image: \"$REGISTRY/story/cut:1\"}" >/dev/null 2>&1
check "a layer whose gzip ends too soon" has_message cut "Error ErrImagePull: "
check "is said to be cut off" has_message cut "unpack: truncated gzip input"
printf ' ' >>"$DIR/registry/docker/registry/v2/blobs/sha256/$(echo "$digest" | cut -c 8-9)/${digest#sha256:}/data"
run swapped "container: {image: \"$REGISTRY/story/swapped@$digest\"}" >/dev/null 2>&1
check "a manifest that is not of the digest" has_message swapped "Error ErrImagePull: image \"$REGISTRY/story/swapped@$digest\": the registry's manifest has the digest sha256:"
check "is not run" has_message swapped ", not the one that was asked for"
blob=$(find "$DIR/registry" -name data -size +2500k)
printf 'x' | dd of="$blob" bs=1 seek=1000 conv=notrunc 2>/dev/null
run corrupt "container: {image: \"$REGISTRY/story/corrupt:1\"}" >/dev/null 2>&1
check "a layer that is corrupt" has_message corrupt "igest did not match"
check "nothing is left of any" store_is_clean
check "no folder of theirs either" wait_for 10 no_folders 2

stop_registry
pending down "$REGISTRY/story/base:2"
check "a registry that is down" wait_for 20 has_message down "Pending ErrImagePull: image \"$REGISTRY/story/base:2\": "
check "refuses the connection" has_message down "connection refused"
check "what is there runs all the same" run offline "container: {image: \"$REGISTRY/story/base:1\"}"
check "it comes back" start_registry "${REGISTRY#*:}"
check "with the image" push base story/base:2
check "the next try succeeds" timeout 60 "$TIPHYS" wait down

# A runtime that is killed while it starts the container, and one that says no.
printf '#!/bin/sh\ncase " $* " in *tiphys-trial*) exec %s "$@";; esac\n[ -e %s/kill ] && kill -9 $$\n[ -e %s/fail ] && { while [ $# -gt 0 ]; do [ "$1" = --log ] && echo '"'"'{"level":"error","msg":"no \\"luck\\" today"}'"'"' >>"$2"; shift; done; exit 1; }\nexec %s "$@"\n' \
    "$(command -v runc || command -v crun)" "$DIR" "$DIR" "$(command -v runc || command -v crun)" >"$DIR/runtime"
chmod 755 "$DIR/runtime"
stop_server
SERVER_FLAGS="--isolation image --image-auth $DIR/auth.json --runtime $DIR/runtime"
check "a server with a runtime of its own" start_server
check "which works" run works "container: {image: \"$REGISTRY/story/base:1\"}"
touch "$DIR/kill"
run killed "container: {image: \"$REGISTRY/story/base:1\"}" >/dev/null 2>&1
check "one that is killed" has_message killed "main: Error (exit code 64): $DIR/runtime was killed by signal 9"
rm "$DIR/kill"
touch "$DIR/fail"
run failed "container: {image: \"$REGISTRY/story/base:1\"}" >/dev/null 2>&1
check "one that fails has its own words" has_message failed 'main: Error (exit code 64): runtime: no "luck" today'
rm "$DIR/fail"
check "and works again" run rightagain "container: {image: \"$REGISTRY/story/base:1\"}"
check "no boxes are left" wait_for 10 sh -c "! find '$DIR/data/pods' -name box | grep -q ."
check "no mounts" sh -c "! grep -q '$DIR' /proc/mounts"
stop_server

# Out of disk: a store on a file system of two MiB.
mkdir -p "$DIR/data/images" "$DIR/kept"
if mount -t tmpfs -o size=2m none "$DIR/data/images" 2>/dev/null; then
    SERVER_FLAGS="--isolation image --image-auth $DIR/auth.json"
    check "a server whose store is small" start_server
    push base story/full:1 >/dev/null
    pending full "$REGISTRY/story/full:1"
    check "has no room" wait_for 20 has_message full "Pending ErrImagePull: image \"$REGISTRY/story/full:1\": "
    check "and says so" has_message full "o space left on device"
    check "nothing is left of the try" store_is_clean
    mount -o remount,size=64m "$DIR/data/images"
    check "with room again it runs" timeout 60 "$TIPHYS" wait full
    stop_server
    umount "$DIR/data/images"
fi
