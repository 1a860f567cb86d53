#!/bin/sh
# S3: versitygw, which checks signatures.
. "$(dirname "$0")/../support/repository.sh"
. "$(dirname "$0")/../support/s3.sh"
KIND=s3-versitygw
server() {
    mkdir -p "$DIR/store" "$DIR/side"
    launch env ROOT_ACCESS_KEY=ann ROOT_SECRET_KEY=a-very-secret-key "$SERVERS/bin/versitygw" --port "127.0.0.1:$PORT" --health /healthz posix --sidecar "$DIR/side" "$DIR/store"
}
ready() { curl -sf -o /dev/null "http://127.0.0.1:$PORT/healthz"; }
WRONG_SAYS='S3: GET of "files/got" in bucket files: status 403 SignatureDoesNotMatch: '
WRONG_PUT_SAYS='S3: HEAD of bucket files: status 403$'
needs versitygw
begin
row "a bucket" s3_bucket
cases
