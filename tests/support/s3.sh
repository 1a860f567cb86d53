# Sourced by the tests of S3 in tests/repositories: bucket `files` at $PORT, key ann.
# shellcheck shell=sh disable=SC2034 # read by repository.sh
place() { echo "s3: {endpoint: \"$AT\", bucket: files, insecure: true, key: \"$1\", createBucketIfNotPresent: {}, accessKeySecret: {name: keys, key: user}, secretKeySecret: {name: keys, key: $(secret_of "${2:-}")}}"; }
# s3 PATH [CURL-OPTIONS]: a signed call.
s3() {
    path=$1
    shift
    curl -sSf -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' --aws-sigv4 aws:amz:us-east-1:s3 -K "$DIR/curlrc" "$@" "http://127.0.0.1:$PORT/files$path"
}
s3_bucket() { s3 "" -X PUT; }
give() { cat >"$DIR/give" && s3 "/$(escaped "$1")" -T "$DIR/give"; }
stored() { s3 "/$(escaped "$1")"; }
listed() { s3 "?list-type=2&prefix=$(printf %s "$1" | jq -sRr @uri)" | grep -o '<Key>[^<]*' | sed 's/<Key>//' | sort | tr '\n' ' '; }
MISSING_SAYS='S3: bucket files has no object "files/missing" and none below it$'
AWAY_SAYS='GET http://[0-9.:]+/files/big/got: '
AWAY_PUT_SAYS='(PUT|HEAD) http://[0-9.:]+/files/.*: '
