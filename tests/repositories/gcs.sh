#!/bin/sh
# Google Cloud Storage: fake-gcs-server, which lets anybody in; who has a key asks a token's server first, and that one refuses.
. "$(dirname "$0")/../support/repository.sh"
KIND=gcs
server() {
    mkdir -p "$DIR/store/files"
    launch "$SERVERS/bin/fake-gcs-server" -scheme http -host 127.0.0.1 -port "$PORT" -backend filesystem -filesystem-root "$DIR/store" -external-url "http://${AT:-127.0.0.1:$PORT}" -public-host "${AT:-127.0.0.1:$PORT}"
}
ready() { curl -sf -o /dev/null "http://127.0.0.1:$PORT/_internal/healthcheck"; }
place() { echo "gcs: {bucket: files, key: \"$1\"${2:+, serviceAccountKeySecret: {name: keys, key: account\}}}"; }
gcs() { curl -sSf "http://127.0.0.1:$PORT/$1"; }
uri() { printf %s "$1" | jq -sRr @uri; }
give() { cat >"$DIR/give" && curl -sSf --data-binary "@$DIR/give" -H 'Content-Type: text/plain' "http://127.0.0.1:$PORT/upload/storage/v1/b/files/o?uploadType=media&name=$(uri "$1")"; }
stored() { gcs "storage/v1/b/files/o/$(uri "$1")?alt=media"; }
listed() { gcs "storage/v1/b/files/o?prefix=$(uri "$1")" | jq -r '.items[]?.name' | sort | tr '\n' ' '; }
WRONG_SAYS='GCS: .*status 401'
WRONG_PUT_SAYS="$WRONG_SAYS"
MISSING_SAYS='GCS: bucket files has no object "files/missing" and none below it$'
AWAY_SAYS='GET http://[0-9.:]+/storage/v1/b/files/o/big%2Fgot: '
AWAY_PUT_SAYS='(PUT|POST) http://[0-9.:]+/upload/'
# Cut off in its third chunk, which is sent again: one upload in all.
goes_on() {
    printf 'up 40000000\n' >"$DIR/proxy/cuts"
    runs cut "$(output b big/cut)" "yes 0123456789 | head -c $BIG_BYTES >/tmp/b" && no_cuts_left proxy && is_whole big/cut &&
        equals "$(grep -c 'POST /upload/.*uploadType=resumable.*name=big%2Fcut' "$DIR/repository.log")" 1
}
needs fake-gcs-server
start_target
begin "account: '{\"type\": \"authorized_user\", \"token_uri\": \"http://127.0.0.1:$TARGET/status/401\", \"client_id\": \"a\", \"client_secret\": \"b\", \"refresh_token\": \"$BAD\"}'"
row "an upload that is cut goes on where it was" goes_on
cases
