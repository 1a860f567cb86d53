#!/bin/sh
# A CronJob whose container calls `argo submit` on a manifest that is mounted from a ConfigMap, as in a cluster: with the token of its ServiceAccount, and no more rights than that has.
. "$(dirname "$0")/../../support/story.sh"
command -v kubectl >/dev/null || { echo "1..0 # SKIP no kubectl"; exit 77; }
TOKEN=a-token-of-the-server
# The server asks for a token, so that what pods may do is what Roles say.
start_closed() {
    rm -f "$DIR/data/port"
    "$TIPHYS" server --secure --token "$TOKEN" --port 0 --data "$DIR/data" >>"$DIR/server.log" 2>&1 &
    SERVER_PID=$!
    wait_for 20 test -s "$DIR/data/port" || return 1
    ARGO_SERVER=127.0.0.1:$(cat "$DIR/data/port")
    export ARGO_SERVER
    wait_for 20 curl -ksf "https://$ARGO_SERVER/healthz" || return 1
    KUBECONFIG=$DIR/kubeconfig
    export KUBECONFIG
    cat >"$KUBECONFIG" <<YAML
{apiVersion: v1, kind: Config, current-context: t, users: [{name: t, user: {token: $TOKEN}}],
 clusters: [{name: t, cluster: {server: "https://$ARGO_SERVER", certificate-authority: "$DIR/data/tls.crt"}}],
 contexts: [{name: t, context: {cluster: t, user: t}}]}
YAML
}
of() { kubectl get cronjob "$1" -o "jsonpath=$2"; }
made() { kubectl get workflows -o 'jsonpath={.items[*].status.phase}'; }
has_made() { case "$(made)" in *Succeeded*) ;; *) return 1 ;; esac; }
jobs_of() { kubectl get jobs -o json | jq -r ".items[] | select(.metadata.ownerReferences[0].name == \"$1\") | .metadata.name"; }
waits() { kubectl wait --for="condition=$2" "job/$1" --timeout=30s; }
says() { "$@" >"$DIR/said" 2>&1; cat "$DIR/said"; }

cat >"$DIR/all.yaml" <<'YAML'
apiVersion: v1
kind: ServiceAccount
metadata: {name: submitter}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: submit}
rules:
- {apiGroups: [argoproj.io], resources: [workflows], verbs: [create, get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: submit}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: submit}
subjects: [{kind: ServiceAccount, name: submitter}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: manifests}
data:
  wf.yaml: |
    apiVersion: argoproj.io/v1alpha1
    kind: Workflow
    metadata: {generateName: nightly-}
    spec:
      entrypoint: main
      templates:
      - name: main
        container: {image: busybox, command: [sh, -c, "echo made by a cron job"]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "@every 1s"
  concurrencyPolicy: Forbid
  successfulJobsHistoryLimit: 1
  jobTemplate:
    metadata: {labels: {made-by: nightly}}
    spec:
      backoffLimit: 0
      template:
        spec:
          serviceAccountName: submitter
          restartPolicy: Never
          volumes: [{name: manifests, configMap: {name: manifests}}]
          containers:
          - name: argo
            image: quay.io/argoproj/argocli
            command: [argo, submit, --wait, /mnt/wf.yaml]
            volumeMounts: [{name: manifests, mountPath: /mnt}]
YAML
# by_hand NAME ACCOUNT COMMAND [MORE]: a Job of one container that mounts the manifests
by_hand() {
    kubectl apply -f - <<YAML
apiVersion: batch/v1
kind: Job
metadata: {name: $1}
spec:
  backoffLimit: 0
  template:
    spec:
      serviceAccountName: $2
      restartPolicy: Never
      ${4:-}
      volumes: [{name: manifests, configMap: {name: manifests}}]
      containers:
      - name: c
        image: busybox
        command: [sh, -c, '$3']
        volumeMounts: [{name: manifests, mountPath: /mnt}]
YAML
}
ACCOUNT=/var/run/secrets/kubernetes.io/serviceaccount

check "the server starts" start_closed
check "all is applied" kubectl apply -f "$DIR/all.yaml"
check "the workflow that the cron job's container submits succeeds" wait_for 30 has_made
check "its job completes" wait_for 30 sh -c "kubectl get jobs -l made-by=nightly -o 'jsonpath={.items[*].status.succeeded}' | grep -q 1"
succeeded() { [ -n "$(of nightly '{.status.lastSuccessfulTime}')" ]; }
check "the cron job tells of its success" wait_for 20 succeeded
check "and when it ran" test -n "$(of nightly '{.status.lastScheduleTime}')"
name=$(jobs_of nightly | head -1)
check "the job is named by its minute" sh -c "echo '$name' | grep -Eq '^nightly-[0-9]{8}\$'"
check "a table shows it" says kubectl get cronjob nightly --no-headers
check "schedule and zone" contains "$DIR/said" "@every 1s"
check "its description" says kubectl describe cronjob nightly
check "has Events" contains "$DIR/said" "Created job nightly-"
check "it is suspended" kubectl patch cronjob nightly -p '{"spec":{"suspend":true}}'

check "a shell finds argo, too" by_hand shell submitter 'argo submit --wait /mnt/wf.yaml && argo list'
check "it completes" waits shell complete
check "its log" says kubectl logs job/shell
check "tells of the workflow" contains "$DIR/said" "nightly-"
check "kubectl works in a pod as in a cluster" by_hand kube submitter 'unset KUBECONFIG; kubectl create -f /mnt/wf.yaml && kubectl auth whoami'
check "it completes" waits kube complete
check "its log" says kubectl logs job/kube
check "it is the ServiceAccount" contains "$DIR/said" "system:serviceaccount:default:submitter"
check "what it may not" by_hand more submitter 'kubectl get secrets'
check "is refused" waits more failed
check "its log" says kubectl logs job/more
check "says why" contains "$DIR/said" 'User "system:serviceaccount:default:submitter" cannot list resource "secrets"'
check "an account without a Role" by_hand nobody default 'argo submit /mnt/wf.yaml'
check "submits nothing" waits nobody failed
check "a pod that wants no token" by_hand bare submitter "ls $ACCOUNT 2>/dev/null | grep . && exit 1; exit 0" 'automountServiceAccountToken: false'
check "has none" waits bare complete
check "the files" by_hand files submitter "cat $ACCOUNT/namespace && test -s $ACCOUNT/token && test -s $ACCOUNT/ca.crt && sed s/^/token=/ $ACCOUNT/token"
check "are there" waits files complete
check "its log" says kubectl logs job/files
token=$(sed -n 's/.*token=//p' "$DIR/said")
code() { curl -ks -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" "https://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows"; }
check "the token of a pod that has ended is worth nothing" equals "$(code "$token")" 401
check "one that was forged, too" equals "$(code "${token%?}x")" 401

# Tokens of a projected volume: one for the server, one for somebody else, who asks the server about it.
tokens() {
    kubectl apply -f - <<YAML
apiVersion: batch/v1
kind: Job
metadata: {name: $1}
spec:
  backoffLimit: 0
  template:
    spec:
      serviceAccountName: submitter
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 1
      restartPolicy: Never
      volumes:
      - name: tokens
        projected:
          sources:
          - serviceAccountToken: {path: own, expirationSeconds: ${2:-600}}
          - serviceAccountToken: {path: vault/token, audience: vault}
      containers:
      - {name: c, image: busybox, volumeMounts: [{name: tokens, mountPath: /tokens}],
         command: [sh, -c, 'echo own=\$(cat /tokens/own); echo vault=\$(cat /tokens/vault/token); exec sleep 60']}
YAML
}
token_of() { sed -n "s/.*$1=//p" "$DIR/said"; }
has_said() { kubectl logs job/tokens >"$DIR/said" 2>/dev/null && test -n "$(token_of vault)"; }
review() {
    jq -n --arg token "$1" --arg for "$2" '{apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: {token: $token, audiences: [$for]}}' |
        curl -ks -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d @- "https://$ARGO_SERVER/apis/authentication.k8s.io/v1/tokenreviews" | jq -r '"\(.status.authenticated) \(.status.user.username)"'
}
check "a pod with tokens of a projected volume" tokens tokens
check "finds them" wait_for 30 has_said
check "the one without an audience is the account's" equals "$(code "$(token_of own)")" 200
check "the one for another audience is none of the server's" equals "$(code "$(token_of vault)")" 401
check "who has that audience learns whose it is" equals "$(review "$(token_of vault)" vault)" "true system:serviceaccount:default:submitter"
check "another audience does not" equals "$(review "$(token_of vault)" other)" "false null"
check "its job is deleted" kubectl delete job tokens
are_void() { [ "$(code "$(token_of own)") $(review "$(token_of vault)" vault)" = "401 false null" ]; }
check "then both are worth nothing" wait_for 20 are_void
check "a token for less than ten minutes" says tokens short 60
check "is refused" contains "$DIR/said" "expirationSeconds: 60 is not within 600 and 4294967296"

cat >"$DIR/step.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: outer-}
spec:
  entrypoint: main
  serviceAccountName: submitter
  templates:
  - name: main
    container: {image: busybox, command: [sh, -c, "argo list -o name | grep nightly"]}
YAML
check "a step of a workflow has its account's token" "$TIPHYS" submit --secure --token "$TOKEN" --certificate-authority "$DIR/data/tls.crt" --wait "$DIR/step.yaml"

check "a job of the cron job by hand" sh -c "kubectl create job --from=cronjob/nightly once"
check "it completes" waits once complete
check "a job of the command line" sh -c "kubectl create job plain --image=busybox -- sh -c 'echo plain'"
check "it completes" waits plain complete
check "a cron job of the command line" kubectl create cronjob tick --image=busybox --schedule='0 0 1 1 *' -- date
check "is there" equals "$(of tick '{.spec.schedule}')" '0 0 1 1 *'
check "a schedule that is none is refused" sh -c "kubectl create cronjob bad --image=busybox --schedule='0 0 1' -- date 2>&1 | grep -q 'expected exactly 5 fields'"
# The version of old manifests: the same objects.
cat >"$DIR/old.yaml" <<'YAML'
apiVersion: batch/v1beta1
kind: CronJob
metadata: {name: old}
spec:
  schedule: "@every 1s"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: ["true"]}]}}}
YAML
beta() { kubectl get --raw "/apis/batch/v1beta1/namespaces/default/cronjobs/$1" | jq -r "$2"; }
check "both versions are told" sh -c "kubectl api-versions | grep -x batch/v1beta1 && kubectl api-versions | grep -x batch/v1"
check "a cron job of the older version is applied" kubectl apply -f "$DIR/old.yaml"
check "and again: unchanged" sh -c "kubectl apply -f '$DIR/old.yaml' | grep -q unchanged"
check "it is read in the version that is asked for" equals "$(beta old .apiVersion) $(of old '{.apiVersion}')" "batch/v1beta1 batch/v1"
check "and by its full name" equals "$(kubectl get cronjobs.v1beta1.batch old -o 'jsonpath={.apiVersion}')" batch/v1beta1
check "one of the newer version, too" equals "$(beta tick .apiVersion)" batch/v1beta1
check "a table of the older version" sh -c "kubectl get cronjobs.v1beta1.batch | grep -q '^old '"
old_ran() { [ -n "$(of old '{.status.lastSuccessfulTime}')" ]; }
check "it makes Jobs" wait_for 30 old_ran
check "which are of batch/v1" equals "$(kubectl get jobs -o json | jq -r '[.items[] | select(.metadata.ownerReferences[0].name == "old") | .apiVersion + " " + .metadata.ownerReferences[0].apiVersion] | unique[]')" "batch/v1 batch/v1"
check "its fields are explained" sh -c "kubectl explain --api-version=batch/v1beta1 cronjob.spec.schedule | grep -q 'VERSION: *v1beta1'"
check "the program applies such a manifest" "$TIPHYS" apply --secure --token "$TOKEN" --certificate-authority "$DIR/data/tls.crt" -f "$DIR/old.yaml"
check "server-side" kubectl apply --server-side --force-conflicts -f "$DIR/old.yaml"
check "it is replaced" kubectl replace -f "$DIR/old.yaml"
check "and described" sh -c "kubectl describe cronjobs.v1beta1.batch old | grep -q 'Created job old-'"
check "and deleted" kubectl delete -f "$DIR/old.yaml"
check "with its jobs" equals "$(jobs_of old)" ""
check "the cron job is deleted" kubectl delete cronjob nightly
check "its jobs went, too" equals "$(jobs_of nightly | grep -v once)" ""
