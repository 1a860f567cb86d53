#!/bin/sh
# Azure's blobs: Azurite, which checks signatures.
. "$(dirname "$0")/../support/repository.sh"
KIND=azure
GOOD=$(printf %s "$GOOD" | base64)
BAD=$(printf %s "$BAD" | base64)
echo "$GOOD" >"$DIR/account-key"
server() {
    mkdir -p "$DIR/store"
    launch env "AZURITE_ACCOUNTS=ann:$GOOD" "$SERVERS/node_modules/.bin/azurite-blob" --blobHost 127.0.0.1 --blobPort "$PORT" --location "$DIR/store" --skipApiVersionCheck --disableTelemetry
}
ready() { curl -s -m 5 -o /dev/null "http://127.0.0.1:$PORT/"; }
place() { echo "azure: {endpoint: \"http://$AT/ann\", container: files, blob: \"$1\", accountKeySecret: {name: keys, key: $(secret_of "${2:-}")}}"; }
# blob METHOD PATH?QUERY [FILE]: a call signed by the account's key, as its Shared Key scheme says.
cat >"$DIR/blob.py" <<'PY'
import base64
import email.utils
import hashlib
import hmac
import sys
import urllib.parse
import urllib.request

port, key_file, method, what = sys.argv[1:5]
key = open(key_file, encoding="ascii").read()
body = open(sys.argv[5], "rb").read() if len(sys.argv) > 5 else b""
url = urllib.parse.urlsplit("http://127.0.0.1:%s/ann/%s" % (port, what))
headers = {"x-ms-date": email.utils.formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
if len(sys.argv) > 5:
    headers["x-ms-blob-type"] = "BlockBlob"
if method == "PUT":
    headers["Content-Type"] = "application/octet-stream"
signed = [method, "", "", str(len(body)) if body else "", "", headers.get("Content-Type", "")] + [""] * 6
signed += ["%s:%s" % row for row in sorted(headers.items()) if row[0].startswith("x-ms-")]
signed.append("/ann" + url.path)
signed += ["%s:%s" % row for row in sorted(urllib.parse.parse_qsl(url.query))]
digest = hmac.new(base64.b64decode(key), "\n".join(signed).encode(), hashlib.sha256).digest()
headers["Authorization"] = "SharedKey ann:" + base64.b64encode(digest).decode()
request = urllib.request.Request(url.geturl(), data=body if method == "PUT" else None, headers=headers, method=method)
sys.stdout.buffer.write(urllib.request.urlopen(request).read())
PY
blob() { python3 "$DIR/blob.py" "$PORT" "$DIR/account-key" "$@"; }
give() { cat >"$DIR/give" && blob PUT "files/$(escaped "$1")" "$DIR/give"; }
stored() { blob GET "files/$(escaped "$1")"; }
listed() { blob GET "files?restype=container&comp=list&prefix=$(printf %s "$1" | jq -sRr @uri)" | grep -o '<Name>[^<]*' | sed 's/<Name>//' | sort | tr '\n' ' '; }
WRONG_SAYS='Azure: GET of "files/got" in container files: status 403 AuthorizationFailure'
WRONG_PUT_SAYS='Azure: PUT of "files/wrong" in container files: status 403 AuthorizationFailure'
MISSING_SAYS='Azure: container files has no blob "files/missing" and none below it$'
AWAY_SAYS='GET http://[0-9.:]+/ann/files/big%2Fgot: '
AWAY_PUT_SAYS='PUT http://[0-9.:]+/ann/files/big%2Faway: '
# It writes down what it has every five seconds.
store_big() { big | give big/got && wait_for 30 grep -q big/got "$DIR/store/__azurite_db_blob__.json"; }
needs azurite
begin
row "a container" blob PUT "files?restype=container"
cases
