#!/bin/sh
# TLS, a base path, headers of every answer: what the server's flags promise, seen by clients.
. "$(dirname "$0")/../../support/story.sh"
unset ARGO_SERVER

# serve FLAG...: a server that answers below /argo.
serve() {
    rm -f "$DIR/data/port"
    "$TIPHYS" server --open --port 0 --data "$DIR/data" --base-href /argo/ "$@" >>"$DIR/server.log" 2>&1 &
    SERVER_PID=$!
    wait_for 20 sh -c "test -s '$DIR/data/port' || ! kill -0 $SERVER_PID" || return 1
    PORT=$(cat "$DIR/data/port")
    wait_for 20 curl -sfk "$SCHEME://localhost:$PORT/argo/healthz"
}
cli() { "$TIPHYS" "$@" --argo-base-href argo -s "${HOST:-localhost}:$PORT"; }
head_of() { curl -sk -D - -o /dev/null "$SCHEME://localhost:$PORT/argo/api/v1/version"; }
fails() { text=$1; shift; "$@" >"$DIR/fails" 2>&1 && { echo "it did not fail"; return 1; }; contains "$DIR/fails" "$text"; }

SCHEME=https
check "a server with TLS" serve --secure --access-control-allow-origin https://pages.example
check "its key is for nobody else" equals "$(stat -c %a "$DIR/data/tls.key")" 600
check "its certificate is trusted by its file" cli list -e --certificate-authority "$DIR/data/tls.crt"
HOST=127.0.0.1
check "of this machine" cli list -e --certificate-authority "$DIR/data/tls.crt"
check "or by a name that is asked for" cli list -e --certificate-authority "$DIR/data/tls.crt" --tls-server-name localhost
check "which it must have" fails "certificate is not trusted" cli list -e --certificate-authority "$DIR/data/tls.crt" --tls-server-name other
HOST=localhost
check "else it is not" fails "give --certificate-authority, or --insecure-skip-verify" cli list -e
check "unless nobody looks" cli list -e -k
check "plain HTTP is not spoken" fails "" cli list
head_of >"$DIR/head"
check "browsers are told to come by TLS" contains "$DIR/head" "Strict-Transport-Security: max-age=31536000"
check "from where" contains "$DIR/head" "Access-Control-Allow-Origin: https://pages.example"
check "and not to frame it" contains "$DIR/head" "X-Frame-Options: DENY"
check "nothing beside the base" equals "$(curl -sk -o /dev/null -w '%{http_code}' "https://localhost:$PORT/api/v1/version")" 404
check "nor where it only begins so" equals "$(curl -sk -o /dev/null -w '%{http_code}' "https://localhost:$PORT/argonaut")" 404
cp "$DIR/data/tls.crt" "$DIR/first.crt"
stop_server
check "the next time" serve --secure
check "it has the same certificate" cmp "$DIR/first.crt" "$DIR/data/tls.crt"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$DIR/own.key" -out "$DIR/own.crt" -subj /CN=own -addext subjectAltName=DNS:localhost >/dev/null 2>&1
cat >"$DIR/secret.yaml" <<YAML
apiVersion: v1
kind: Secret
metadata: {name: own, namespace: argo}
type: kubernetes.io/tls
data:
  tls.crt: $(base64 -w0 "$DIR/own.crt")
  tls.key: $(base64 -w0 "$DIR/own.key")
YAML
check "a Secret with another" cli apply -e -k -f "$DIR/secret.yaml"
stop_server
check "is what it shows when asked to" serve -e --tls-certificate-secret-name own --x-frame-options= --hsts=false
check "to clients that trust it" cli list -e --certificate-authority "$DIR/own.crt"
head_of >"$DIR/head"
check "and says no more than asked" sh -c "! grep -qi 'frame\|transport' '$DIR/head'"
stop_server
check "a Secret that is not there" fails 'secret nobody: ' "$TIPHYS" server --open --port 0 --data "$DIR/data" -e --tls-certificate-secret-name nobody
SCHEME=http
check "without TLS" serve --auth-mode hybrid
check "the base is the same" cli list
stop_server
check "one namespace only" serve --namespaced --managed-namespace team
check "is said" equals "$(curl -sf "http://localhost:$PORT/argo/api/v1/info" | jq -r .managedNamespace)" team
check "served" cli list -n team
check "others are not" fails "this server manages namespace team only" cli list -n other
check "nor all" fails "this server manages namespace team only" cli list -A
check "what has no namespace is" cli cluster-template list
check "nothing comes in elsewhere" fails "this server manages namespace team only" cli apply -f "$DIR/secret.yaml"
stop_server
check "few requests a second" serve --api-rate-limit 5
check "are answered" cli list
check "many are not" sh -c "for i in 1 2 3 4 5 6 7 8 9; do curl -s -o /dev/null -w '%{http_code} ' 'http://localhost:$PORT/argo/api/v1/version'; done | grep -q 429"
check "until later" wait_for 10 cli list
stop_server
check "who may come in" fails "--auth-mode x is none of client, server, hybrid, sso" "$TIPHYS" server --auth-mode x
