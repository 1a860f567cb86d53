"""tracing_test.go and telemetry_stack_test.go: spans and metrics by OTLP, which this program does not send."""
from world import skip

WHY = "spans go to an OTLP collector by OpenTelemetry: neither is here"
for test in ("TestBasicWorkflowWithTracing", "TestWorkflowTracingWithArtifacts", "TestOtelCliTraceContext", "TestScriptTemplateTracing",
             "TestArchiveLogsTracing", "TestSynchronizationTracing", "TestDataTemplateTracing", "TestNodeSynchronizationTracing"):
    skip("tracing_test.go", test, WHY)
skip("telemetry_stack_test.go", "TestTracesAndMetrics", "a stack of OTLP collector, trace store and Prometheus is not here")
