#!/bin/sh
# Webhook -> sensor -> http trigger -> a real HTTP server: payload, headers, secrets, policies; what fails is told; the log holds no secret.
. "$(dirname "$0")/../../support/story.sh"

start_target

SECURE=$(free_port)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$DIR/key.pem" -out "$DIR/cert.pem" -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
python3 "$ROOT/tests/support/http-target.py" "$SECURE" "$DIR/secure-notes" "$DIR/cert.pem" "$DIR/key.pem" 2>/dev/null &
SECURE_PID=$!
trap 'kill $SECURE_PID; finish; exit $((FAILED > 0))' EXIT
touch "$DIR/secure-notes"

check "the server starts" start_server
PORT=$(free_port)
cat >"$DIR/pipeline.yaml" <<YAML
apiVersion: v1
kind: Secret
metadata: {name: keys}
data: {token: aHVzaC1odXNo, user: bWU=, word: d29yZC13b3JkCg==, cert: $(base64 -w0 "$DIR/cert.pem"), key: $(base64 -w0 "$DIR/key.pem")}
---
$(hooks in)
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: caller}
spec:
  dependencies: [{name: dep, eventSourceName: hooks, eventName: in}]
  triggers:
  - template:
      name: post
      http:
        url: http://127.0.0.1:$TARGET/replaced
        method: PUT
        payload:
        - {src: {dependencyName: dep, dataKey: body.text}, dest: message.text}
        - {src: {dependencyName: dep, dataKey: body.n, useRawData: true}, dest: num}
        parameters: [{src: {dependencyName: dep, dataKey: body.url}, dest: url}]
        headers: {Content-Type: application/json}
        dynamicHeaders: [{src: {dependencyName: dep, dataKey: body.n}, dest: X-Number}]
        secureHeaders: [{name: X-Token, valueFrom: {secretKeyRef: {name: keys, key: token}}}]
        basicAuth: {username: {name: keys, key: user}, password: {name: keys, key: word}}
    policy: {status: {allow: [200]}}
  - template: {name: plain, http: {url: "http://127.0.0.1:$TARGET/status/500", method: POST}}
  - template: {name: strict, http: {url: "http://127.0.0.1:$TARGET/status/418?key=hush-hush", method: POST}}
    policy: {status: {allow: [200, 201]}}
  - template: {name: metadata, http: {url: "http://169.254.169.254/latest/meta-data", method: GET}}
  - template: {name: trusted, http: {url: "https://localhost:$SECURE/trusted", tls: {caCertSecret: {name: keys, key: cert}}}}
  - template: {name: known, http: {url: "https://localhost:$SECURE/known", tls: {caCertSecret: {name: keys, key: cert}, clientCertSecret: {name: keys, key: cert}, clientKeySecret: {name: keys, key: key}}}}
  - template: {name: careless, http: {url: "https://localhost:$SECURE/careless", tls: {insecureSkipVerify: true}}}
  - template: {name: stranger, http: {url: "https://localhost:$SECURE/stranger", tls: {enabled: true}}}
  - template: {name: othername, http: {url: "https://127.0.0.1:$SECURE/othername", tls: {caCertSecret: {name: keys, key: cert}}}}
  - template: {name: nobody, http: {url: "http://127.0.0.1:1/", method: GET}}
YAML
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoint comes up" hooks_are_up
check "the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=caller' "$DIR/server.log"
check "an event" post in "{\"n\":7,\"text\":\"<hi>\",\"url\":\"http://127.0.0.1:$TARGET/status/200?q=1\"}"
has_notes() { [ "$(wc -l <"$DIR/notes")" -ge "$1" ]; }
failed() { grep -q "a trigger failed.*triggerName=$1 .*$2" "$DIR/server.log"; }
check "three requests arrive" wait_for 10 has_notes 3
note() { jq -r "select(.path | startswith(\"$1\")) | $2" "$DIR/notes"; }
check "with the address that the event gave" equals "$(note /status/200 '.method + " " + .path')" "PUT /status/200?q=1"
check "with the payload in its order" equals "$(note /status/200 .body)" '{"message":{"text":"<hi>"},"num":7}'
check "with headers" equals "$(note /status/200 '.headers | [."Content-Type", ."X-Number", ."X-Token", .Authorization] | join(" ")')" \
    "application/json 7 hush-hush Basic bWU6d29yZC13b3Jk"
ID=$(bus 'SELECT id FROM record LIMIT 1')
has_trace() { "$TIPHYS" trace event "$ID" >"$DIR/trace" && grep -qF -- "$1" "$DIR/trace"; }
check "the trace tells what was sent" wait_for 10 has_trace "caller/post: PUT http://127.0.0.1:$TARGET/status/200: 200"
check "any status is a success without a policy" wait_for 10 has_trace "caller/plain: POST http://127.0.0.1:$TARGET/status/500: 500"
check "a status that is not allowed is a failure" wait_for 10 failed strict 'http response status 418 is not allowed'
check "a metadata address is refused" wait_for 10 failed metadata 'its address is link-local'
check "a server that is not there is a failure" wait_for 10 failed nobody 'GET http://127.0.0.1:1/'
has_secure_notes() { [ "$(jq -r '.path + " " + (.client // "-")' "$DIR/secure-notes" | sort | tr '\n' ' ')" = "$1" ]; }
check "TLS: who is trusted, or not checked, gets requests; with a certificate where one is given" \
    wait_for 10 has_secure_notes "/careless - /known localhost /trusted - "
check "an authority that is not trusted is refused" wait_for 10 failed stranger 'certificate'
check "another name, too" wait_for 10 failed othername ''
cat "$DIR/server.log" "$DIR/trace" >"$DIR/told"
check "no secret is told" lacks "$DIR/told" hush-hush
check "nor a password" lacks "$DIR/told" word-word
stop_server -KILL
before=$(wc -l <"$DIR/notes")
check "the server starts again after kill -9" start_server
check "the endpoint comes up again" hooks_are_up
check "another event" post in "{\"n\":8,\"text\":\"x\",\"url\":\"http://127.0.0.1:$TARGET/status/200?q=2\"}"
check "is sent" wait_for 10 has_notes $((before + 3))
sleep 0.3
check "and nothing of before is sent again" equals "$(wc -l <"$DIR/notes")" $((before + 3))
