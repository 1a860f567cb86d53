#!/bin/sh
# Jobs on the real daemon, by kubectl: their life, indexes, failures, deadlines, suspension, deletion, what is shown of them, and a kill -9.
. "$(dirname "$0")/../../support/story.sh"
command -v kubectl >/dev/null || { echo "1..0 # SKIP no kubectl"; exit 77; }
connect() {
    KUBECONFIG=$DIR/kubeconfig
    export KUBECONFIG
    cat >"$KUBECONFIG" <<YAML
{apiVersion: v1, kind: Config, current-context: t, users: [{name: t, user: {}}],
 clusters: [{name: t, cluster: {server: "http://$ARGO_SERVER"}}], contexts: [{name: t, context: {cluster: t, user: t}}]}
YAML
}
# a_job NAME SPEC COMMAND [RESTARTPOLICY]
a_job() {
    kubectl apply -f - <<YAML
apiVersion: batch/v1
kind: Job
metadata: {name: $1}
spec:
  $2
  template:
    spec:
      restartPolicy: ${4:-Never}
      terminationGracePeriodSeconds: 1
      volumes: [{name: scratch, emptyDir: {}}]
      containers:
      - name: c
        image: busybox
        volumeMounts: [{name: scratch, mountPath: /scratch}]
        command: [sh, -c, '$3']
YAML
}
of() { kubectl get job "$1" -o "jsonpath=$2"; }
waits() { kubectl wait --for="condition=$2" "job/$1" --timeout=30s; }
pods() { kubectl get pods -l "job-name=$1" -o 'jsonpath={.items[*].metadata.name}'; }
count() { echo $#; }
pod_count() { count $(pods "$1"); }
has_pods() { [ "$(pod_count "$1")" = "$2" ]; }
is_gone() { ! kubectl get job "$1" >/dev/null 2>&1; }
says() { "$@" >"$DIR/said" 2>&1; cat "$DIR/said"; }
reason() { of "$1" '{.status.conditions[?(@.type=="Failed")].reason}'; }
refused() { a_job "$1" "$2" true "${4:-Never}" >"$DIR/said" 2>&1 && return 1; contains "$DIR/said" "$3"; }

check "the server starts" start_server
connect
check "a job is made" a_job hello 'completions: 2' 'echo hello from $HOSTNAME'
check "it completes" waits hello complete
check "it has counted its pods" equals "$(of hello '{.status.succeeded} {.status.ready} {.status.terminating}')" "2 0 0"
check "its pods are known by its name" has_pods hello 2
check "and by its label of today" equals "$(count $(kubectl get pods -l batch.kubernetes.io/job-name=hello -o name))" 2
check "the log of one is read" says kubectl logs job/hello
check "it says where it ran" contains "$DIR/said" "hello from hello-"
check "a table shows it" says kubectl get job hello --no-headers
check "complete, two of two" grep -q '^hello *Complete *2/2 ' "$DIR/said"
check "its description" says kubectl describe job hello
check "counts" contains "$DIR/said" "0 Active (0 Ready) / 2 Succeeded / 0 Failed"
wait_for 10 sh -c "kubectl describe job hello | grep -q 'Job completed'"
check "its description has Events" says kubectl describe job hello
check "of pods that were made" contains "$DIR/said" "Created pod: hello-"
check "and of the end" contains "$DIR/said" "Job completed"
check "it is deleted" kubectl delete job hello
check "its pods went, too" has_pods hello 0

check "an indexed job" a_job index 'completionMode: Indexed
  completions: 4
  parallelism: 2' 'echo index $JOB_COMPLETION_INDEX'
check "it completes" waits index complete
check "each index has succeeded" equals "$(of index '{.status.completedIndexes}')" 0-3
for i in 0 1 2 3; do
    pod=$(kubectl get pods -l "job-name=index,batch.kubernetes.io/job-completion-index=$i" -o name)
    check "index $i was told its number" equals "$(kubectl logs "$pod")" "index $i"
done

check "a job that fails" a_job fails 'backoffLimit: 0' 'exit 3'
check "it has failed" waits fails failed
check "for its limit" equals "$(reason fails)" BackoffLimitExceeded
check "its pod tells the exit code" equals "$(kubectl get pods -l job-name=fails -o 'jsonpath={.items[0].status.containerStatuses[0].state.terminated.exitCode}')" 3
check "a job that is tried again" a_job again 'backoffLimit: 1' 'exit 1'
check "it has failed" waits again failed
check "twice" equals "$(of again '{.status.failed}')" 2
check "a container that is started again" a_job inside 'backoffLimit: 2' 'test -e /scratch/once && exit 0; touch /scratch/once; exit 1' OnFailure
check "a job whose rule gives up at once" a_job rule 'podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}' 'exit 42'
check "it has failed" waits rule failed
check "for its rule" equals "$(reason rule)" PodFailurePolicy
check "a job with a deadline" a_job late 'activeDeadlineSeconds: 1' 'sleep 600'
check "it has failed" waits late failed
check "for its deadline" equals "$(reason late)" DeadlineExceeded
check "a job that goes by itself" a_job brief 'ttlSecondsAfterFinished: 1' true
check "it has gone" wait_for 20 is_gone brief

check "a job that is suspended" a_job later 'suspend: true' 'echo now'
check "it says so" waits later suspended
check "it has no pods" has_pods later 0
check "it is resumed" kubectl patch job later -p '{"spec":{"suspend":false}}'
check "it completes" waits later complete

check "a job that runs long" a_job long 'parallelism: 2' 'sleep 600'
check "two pods" wait_for 10 has_pods long 2
running() { [ "$(of "$1" '{.status.ready}')" = "$2" ]; }
check "both run" wait_for 10 running long 2
check "it shrinks" kubectl patch job long -p '{"spec":{"parallelism":1}}'
check "one is left" wait_for 10 has_pods long 1
first=$(pods long)
check "its pod is deleted" kubectl delete pod "$first"
other() { [ "$(pod_count long)" = 1 ] && [ "$(pods long)" != "$first" ]; }
check "another one takes its place" wait_for 20 other
check "the job is deleted" kubectl delete job long
check "with its pod" wait_for 10 has_pods long 0

check "a job over a kill -9" a_job lives 'backoffLimit: 0' 'echo began; while ! test -e /scratch/never; do sleep 0.1; done'
check "it runs" wait_for 10 running lives 1
first=$(pods lives)
stop_server -KILL
check "the server starts again" start_server
connect
check "the pod is the same" equals "$(pods lives)" "$first"
check "it runs still" running lives 1
check "it has begun once" equals "$(kubectl logs "$first" | grep -c began)" 1
check "it is deleted" kubectl delete job lives
check "its pod, too" wait_for 10 has_pods lives 0

check "an unknown field is refused" refused x 'parallel: 1' 'unknown field "parallel", did you mean "parallelism"?'
check "and a policy that is for servers" refused x 'backoffLimit: 1' 'Unsupported value: "Always": supported values: "OnFailure", "Never"' Always
check "and what is not built" refused x 'backoffLimitPerIndex: 1' 'is not supported yet'
check "a template does not change" sh -c "kubectl get job index -o json | jq '.spec.template.spec.containers[0].image = \"x\"' | kubectl replace -f - >'$DIR/said' 2>&1; grep -q 'field is immutable' '$DIR/said'"
check "the inner restart has helped" waits inside complete
