"""metrics_test.go: what the controller counts."""
import urllib.request

from world import check_equal, check_in, row

FILE = "metrics_test.go"


def page(w):
    with urllib.request.urlopen(w.url + "/metrics", timeout=30) as reply:
        return reply.read().decode()


def value(w, series):
    """Of a series by name and labels as upstream writes them; the name may lack its prefix. 0 when there is none."""
    for line in page(w).splitlines():
        name, _, number = line.rpartition(" ")
        if not line.startswith("#") and (name == series or name.endswith(series)):
            return float(number)
    return 0.0


def check_grown(w, series, is_at_least=False):
    """They have grown from nothing: each test has a daemon of its own."""
    def same():
        return all(value(w, s) >= n if is_at_least else value(w, s) == n for s, n in series.items())
    try:
        w.until("metrics", same, 10)
    except Exception:  # what they are
        check_equal({s: value(w, s) for s in series}, series)


@row(FILE, "TestMetricsEndpoint")
def endpoint(w):
    text = page(w)
    for part in ("HELP argo_workflows_gauge", "HELP argo_workflows_k8s_request_total",
                 'argo_workflows_k8s_request_total{kind="leases",status_code="404",verb="Get"}',
                 'argo_workflows_k8s_request_total{kind="workflowtemplates",status_code="200",verb="Watch"}',
                 "HELP argo_workflows_pods_gauge", "HELP argo_workflows_workers_busy", "HELP argo_workflows_workflow_condition",
                 'log_messages{level="info"}', 'log_messages{level="warning"}', 'log_messages{level="error"}'):
        check_in(part, text)


def runs(w, source, phase, series):
    w.submit(f"e2e/testdata/{source}.yaml").wait(phase)
    check_grown(w, series)


@row(FILE, "TestRetryMetrics")
def retry(w):
    runs(w, "workflow-retry-metrics", "Succeeded", {'runs_exit_status_counter{exit_code="1",status="Failed"}': 3})


@row(FILE, "TestDAGMetrics")
def dag(w):
    runs(w, "workflow-dag-metrics", "Succeeded", {'argo_workflows_result_counter{status="Succeeded"}': 5})


@row(FILE, "TestFailedMetric")
def failed(w):
    runs(w, "template-status-failed-conditional-metric", "Failed", {"argo_workflows_task_failure": 1})


def cron_counts(w, policy, seconds, triggered):
    name = f"test-cron-metric-{policy.lower()}"
    doc = w.docs(f"e2e/testdata/cronworkflow-metrics-{policy.lower()}.yaml")[0]
    doc["spec"]["schedules"] = [f"@every {seconds}s"]  # upstream's: each minute
    w.create(doc)
    acted = f'cronworkflows_concurrencypolicy_triggered{{concurrency_policy="{policy}",name="{name}",namespace="argo"}}'
    started = f'cronworkflows_triggered_total{{name="{name}",namespace="argo"}}'
    w.until("the policy has acted", lambda: value(w, acted) >= 1 and value(w, started) >= triggered)
    w.api("PUT", f"/api/v1/cron-workflows/argo/{name}/suspend", {"name": name, "namespace": "argo"})
    check_equal((value(w, acted), value(w, started)), (1.0, float(triggered)))


@row(FILE, "TestCronCountersForbid")
def cron_forbid(w):
    cron_counts(w, "Forbid", 5, 1)


@row(FILE, "TestCronCountersReplace")
def cron_replace(w):
    cron_counts(w, "Replace", 5, 2)


@row(FILE, "TestPodPendingMetric")
def pending(w):
    w.submit("e2e/testdata/workflow-pending-metrics.yaml").wait("Running")
    check_grown(w, {'pod_pending_count{namespace="argo",reason="Unschedulable"}': 1})
    check_equal(w.phase, "Running")
    w.api("DELETE", f"/api/v1/workflows/argo/{w.name}")
    w.until("it is deleted", lambda: not [i for i in w.api("GET", "/api/v1/workflows/argo").get("items") or []])


def template_counts(scope):
    labels = f'cluster_scope="{scope}",name="basic",namespace="argo"'
    return {**{f'workflowtemplate_triggered_total{{{labels},phase="{phase}"}}': 1 for phase in ("New", "Running", "Succeeded")},
            f"workflowtemplate_runtime_count{{{labels}}}": 1, f'workflowtemplate_runtime_bucket{{{labels},le="0"}}': 0,
            f'workflowtemplate_runtime_bucket{{{labels},le="+Inf"}}': 1}


@row(FILE, "TestTemplateMetrics")
def template(w):
    w.create("e2e/testdata/basic-workflowtemplate.yaml")
    runs(w, "templateref-metrics", "Succeeded", {
        **{f'total_count{{namespace="argo",phase="{phase}"}}': 1 for phase in ("Running", "Succeeded")}, **template_counts("false")})


@row(FILE, "TestClusterTemplateMetrics")
def cluster_template(w):
    w.create("e2e/testdata/basic-clusterworkflowtemplate.yaml")
    runs(w, "clustertemplateref-metrics", "Succeeded", template_counts("true"))


@row(FILE, "TestClientRateLimiterLatencyMetric")
def client_rate_limiter(w):
    w.submit("e2e/testdata/basic-workflow.yaml").wait("Succeeded")
    check_grown(w, {"client_rate_limiter_latency_count": 1}, is_at_least=True)


@row(FILE, "TestResourceRateLimiterLatencyMetric")
def resource_rate_limiter(w):
    runs(w, "basic-workflow", "Succeeded", {"resource_rate_limiter_latency_count": 1})
