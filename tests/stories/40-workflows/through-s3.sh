#!/bin/sh
# A folder made in one workflow goes through S3, by the keys of a container's role, into another one, which a CronWorkflow starts and whose templates are another object's; that fails, and its exit handler tells a chat and a mail server what has failed.
. "$(dirname "$0")/../../support/story.sh"
MAIL_PID=""
trap '[ -n "$MAIL_PID" ] && kill -9 "$MAIL_PID" 2>/dev/null; finish; exit $((FAILED > 0))' EXIT
field() { "$TIPHYS" get "$1" -o json | jq -r "$2"; }
s3() { echo "s3: {endpoint: \"127.0.0.1:$MOTO_PORT\", bucket: handover, insecure: true, key: \"$1\", useSDKCreds: true${2:+, $2}}"; }
object() { curl -sf -H 'Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x' "http://127.0.0.1:$MOTO_PORT/handover/$1"; }
start_mail() {
    MAIL_PORT=$(free_port)
    python3 "$ROOT/tests/support/smtp-sink.py" "$MAIL_PORT" "$DIR/mails" &
    MAIL_PID=$!
    wait_for 10 sh -c "curl -s -m 2 telnet://127.0.0.1:$MAIL_PORT </dev/null | grep -q '^220'"
}
# told PATH: of the requests at this path, the bodies.
told() { jq -r --arg path "$1" 'select(.path == $path) | .body' "$DIR/notes"; }
# what has failed, as the chat and the mail have it: a text that is JSON.
same_failures() {
    jq -e --arg run "$RUN" '(map(.displayName) | sort) == (["judge", "[1]", $run] | sort) and (map(select(.displayName == "judge"))[0] | .templateName == "judge" and .phase == "Failed"
        and .message == "main: Error (exit code 3)" and (.podName | startswith($run + "-judge-")) and (.finishedAt | fromdate > 0) and (keys | length) == 6)' "$1"
}

start_target
check "S3 starts" start_moto
check "a mail server starts" start_mail
# The role's keys come from a container's endpoint, for who shows the token.
KEYS='{"AccessKeyId":"ASIA-of-the-role","SecretAccessKey":"secret-of-the-role","Token":"token-of-the-role","Expiration":"2126-01-01T00:00:00Z"}'
AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:$TARGET/role?body=$(jq -rn --arg k "$KEYS" '$k | @uri')"
AWS_CONTAINER_AUTHORIZATION_TOKEN=token-of-the-pod
export AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN
check "the server starts, with a role" start_server

cat >"$DIR/make.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: maker}
spec:
  entrypoint: make
  templates:
  - name: make
    outputs: {artifacts: [{name: tree, path: /tmp/tree, $(s3 'daily/{{workflow.name}}.tgz' 'createBucketIfNotPresent: {}')}]}
    script:
      image: busybox
      command: [sh]
      source: |
        env | grep -E '^AWS_|of-the-' && exit 9
        mkdir -p /tmp/tree/deep/er /tmp/tree/empty
        cd /tmp/tree
        i=0; while [ \$i -lt 70000 ]; do echo "line \$i"; i=\$((i + 1)); done >deep/lines
        printf 'a\\000b\\377c' >bytes
        printf '#!/bin/sh\\necho it runs\\n' >deep/er/run
        : >'a name with spaces'
        chmod 755 deep/er/run; chmod 600 bytes; chmod 444 deep/lines; chmod 644 'a name with spaces'; chmod 700 empty
        chmod 755 . deep deep/er
        ln -s deep/er/run link
YAML
check "one workflow makes a folder" "$TIPHYS" submit "$DIR/make.yaml" --wait
check "it has no keys in it" sh -c "! '$TIPHYS' get maker -o json | grep -qE 'of-the-(role|pod)|accessKey'"
check "the role was asked for, with the token" sh -c "jq -e 'select(.path | startswith(\"/role\")) | .headers.Authorization == \"token-of-the-pod\"' '$DIR/notes' | grep -q true"
object daily/maker.tgz >"$DIR/tree.tgz"
mkdir "$DIR/tree"
check "in S3 is a tar.gz" tar -xzpf "$DIR/tree.tgz" -C "$DIR/tree" --strip-components=1
# listing FOLDER: mode, kind, size or aim, and sum of all in it.
cat >"$DIR/listing" <<'SH'
cd "$1" || exit 1
find . | LC_ALL=C sort | while read -r f; do
    if [ -L "$f" ]; then echo "$f -> $(readlink "$f")"; elif [ -d "$f" ]; then echo "$f $(stat -c '%a' "$f")"; else echo "$f $(stat -c '%a %s' "$f") $(sha256sum <"$f" | cut -c 1-64)"; fi
done
SH
sh "$DIR/listing" "$DIR/tree" >"$DIR/wanted"
sum() { sha256sum | cut -c 1-64; }
{
    echo ". 755"
    echo "./a name with spaces 644 0 $(printf '' | sum)"
    echo "./bytes 600 5 $(printf 'a\000b\377c' | sum)"
    echo "./deep 755"
    echo "./deep/er 755"
    echo "./deep/er/run 755 23 $(printf '#!/bin/sh\necho it runs\n' | sum)"
    echo "./deep/lines 444 758890 $(seq 0 69999 | sed 's/^/line /' | sum)"
    echo "./empty 700"
    echo "./link -> deep/er/run"
} >"$DIR/made"
check "of just what was made" diff "$DIR/made" "$DIR/wanted"

cat >"$DIR/parts.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: parts}
spec:
  templates:
  - name: use
    inputs: {artifacts: [{name: tree, path: /in/tree}]}
    script:
      image: busybox
      command: [sh]
      source: |
        echo "says: \$(/in/tree/link)"
        set -- /in/tree
$(sed 's/^/        /' "$DIR/listing")
  - name: judge
    inputs: {parameters: [{name: why}]}
    container: {image: busybox, command: [sh, -c], args: ['exit 3', judge, '{{inputs.parameters.why}}']}
---
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: daily}
spec:
  schedules: ["@every 1s"]
  concurrencyPolicy: Forbid
  stopStrategy: {expression: cronworkflow.failed >= 1}
  workflowSpec:
    entrypoint: main
    onExit: tell
    templates:
    - name: main
      steps:
      - - {name: use, templateRef: {name: parts, template: use}, arguments: {artifacts: [{name: tree, $(s3 daily/maker.tgz)}]}}
      - - {name: judge, templateRef: {name: parts, template: judge}, arguments: {parameters: [{name: why, value: 'it is "bad"'}]}}
    - name: tell
      steps:
      - - {name: chat, template: chat}
        - {name: mail, template: mail}
    - name: chat
      http:
        url: http://127.0.0.1:$TARGET/services/T000/B000/hook
        method: POST
        headers: [{name: Content-Type, value: application/json}]
        body: '{"text": "{{workflow.name}} is {{workflow.status}}", "attachments": [{"color": "danger", "fields": [{"title": "Failures", "value": {{workflow.failures}}, "short": false}]}]}'
    - name: mail
      script:
        image: curl
        command: [sh]
        source: |
          cat >/tmp/mail <<'END'
          Subject: {{workflow.name}} is {{workflow.status}}

          {{workflow.failures}}
          END
          curl -sf --url smtp://127.0.0.1:$MAIL_PORT --mail-from tiphys@example.org --mail-rcpt ops@example.org --upload-file /tmp/mail
YAML
check "another one is scheduled" "$TIPHYS" apply -f "$DIR/parts.yaml"
stopped() { [ "$("$TIPHYS" cron get daily -o json | jq -r '.status.phase')" = Stopped ]; }
check "it runs until it has failed once" wait_for 30 stopped
RUN=$("$TIPHYS" list -l workflows.argoproj.io/cron-workflow=daily -o name | head -1)
check "which is one run" equals "$("$TIPHYS" list -l workflows.argoproj.io/cron-workflow=daily -o name | wc -l)" 1
timeout 30 "$TIPHYS" wait "$RUN" >/dev/null 2>&1
check "it has failed at the judge" equals "$(field "$RUN" '.status.phase + " " + ([.status.nodes[] | select(.type == "Pod" and .phase == "Failed") | .displayName] | join(","))')" "Failed judge"
check "it has got the folder as it was" sh -c "'$TIPHYS' logs '$RUN' --no-color | grep -- '-use-' | sed 's/^[^:]*: //' | grep -v '^says' | diff '$DIR/made' -"
check "whose program runs there" sh -c "'$TIPHYS' logs '$RUN' --no-color | grep -q 'says: it runs'"
check "the exit handler succeeds" equals "$(field "$RUN" '[.status.nodes[] | select(.displayName == "chat" or .displayName == "mail") | .displayName + " " + .phase] | sort | join(",")')" "chat Succeeded,mail Succeeded"

told /services/T000/B000/hook >"$DIR/chat"
check "the chat is told once" equals "$(wc -l <"$DIR/chat")" 1
check "that it has failed" equals "$(jq -r .text "$DIR/chat")" "$RUN is Failed"
jq -r '.attachments[0].fields[0].value' "$DIR/chat" >"$DIR/failures"
check "and what of it" same_failures "$DIR/failures"
check "one mail has come" equals "$(jq -r '.from + " " + (.to | join(","))' "$DIR/mails")" "tiphys@example.org ops@example.org"
jq -r .data "$DIR/mails" | tr -d '\r' >"$DIR/mail"
check "with the subject" equals "$(sed -n 1p "$DIR/mail")" "Subject: $RUN is Failed"
sed -n 3p "$DIR/mail" | jq -r . >"$DIR/mailed"
check "and what has failed" same_failures "$DIR/mailed"
check "the same as in the chat" cmp "$DIR/failures" "$DIR/mailed"

check "no key in the log" sh -c "! grep -q 'of-the-' '$DIR/server.log'"
check "none in an object" sh -c "! { '$TIPHYS' get '$RUN' -o json; '$TIPHYS' cron get daily -o json; } | grep -q 'of-the-'"
stop_server
check "none on the disk" sh -c "! grep -rq 'secret-of-the-role\|token-of-the-pod' '$DIR/data'"
