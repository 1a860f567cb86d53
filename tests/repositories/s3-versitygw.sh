#!/bin/sh
# S3: versitygw, which checks signatures.
. "$(dirname "$0")/../support/repository.sh"
. "$(dirname "$0")/../support/s3.sh"
KIND=s3-versitygw
server() {
    mkdir -p "$DIR/store" "$DIR/side"
    launch env ROOT_ACCESS_KEY=ann "ROOT_SECRET_KEY=$GOOD" "$SERVERS/bin/versitygw" --port "127.0.0.1:$PORT" --health /healthz posix --sidecar "$DIR/side" "$DIR/store"
}
ready() { curl -sf -o /dev/null "http://127.0.0.1:$PORT/healthz"; }
WRONG_SAYS='S3: GET of "files/got" in bucket files: status 403 SignatureDoesNotMatch: '
WRONG_PUT_SAYS='S3: HEAD of bucket files: status 403$'
# A file of three parts, in the middle of the first of which the server is killed.
parts() {
    printf 'up 40000000 hold\n' >"$DIR/proxy/cuts"
    flow parts "$(output b big/parts)" "yes 0123456789 | head -c 157286400 >/tmp/b" && submit parts && is_held up && back_again &&
        ends parts Succeeded && equals "$(stored big/parts | md5sum)" "$(yes 0123456789 | head -c 157286400 | md5sum)"
}
# The same for longer than parts are sent again: it begins anew, and what was begun before is taken back. Each try is a connection.
tries() { wc -l <"$DIR/proxy/looked"; }
has_tried() { [ "$(tries)" -ge "$1" ]; }
parts_anew() {
    printf 'up 40000000 hold\n' >"$DIR/proxy/cuts"
    flow anew "$(output b big/anew)" "yes 0123456789 | head -c 157286400 >/tmp/b" && submit anew && is_held up && kill_server || return 1
    before=$(tries)
    let_go
    wait_for 30 has_tried $((before + 4)) && up && ends anew Succeeded && equals "$(uploads)" ""
}
uploads() { s3 "?uploads=" | grep -o '<UploadId>[^<]*'; }
needs versitygw
begin
row "a bucket" s3_bucket
row "an upload in parts is killed in its middle, and whole again" parts
row "a server that was away for longer has no upload that is left" parts_anew
cases
