"""functional_test.go: outputs of nodes that did not run, aggregation, and what depends on what."""
from world import check, check_equal, check_in, row, value

FUNCTIONAL = "e2e/functional/"


@row("functional_test.go", "TestWhenExpressions")
def when_expressions(w):
    w.run(FUNCTIONAL + "conditionals.yaml")
    for form in ("govaluate", "expr", "expr-json"):
        node = w.node(f"print-hello-{form}")
        check(node and node["type"] != "Skipped", form, node)


@row("functional_test.go", "TestLoopEmptyParam")
def loop_empty_param(w):
    w.run(FUNCTIONAL + "loops-empty-param.yaml")
    check_equal(len(w.nodes), 5)
    sleep = w.node("sleep")
    check_equal((sleep["phase"], sleep.get("message")), ("Skipped", "Skipped, empty params"))


@row("functional_test.go", "TestDAGEmptyParam")
def dag_empty_param(w):
    w.run(FUNCTIONAL + "dag-empty-param.yaml")
    check_equal(len(w.nodes), 3)
    sleep = w.node("sleep")
    check_equal((sleep["phase"], sleep.get("message")), ("Skipped", "Skipped, empty params"))


@row("functional_test.go", "TestDAGOmittedOutputRef")
def dag_omitted_output_ref(w):
    w.run(FUNCTIONAL + "dag-omitted-output-ref.yaml", "Error")
    check_equal(w.phases("stage-a", "stage-b", "stage-c"), ["Succeeded", "Omitted", "Error"])
    check_in("absent optional", w.node("stage-c").get("message", ""))


@row("functional_test.go", "TestDAGSkippedOutputRef")
def dag_skipped_output_ref(w):
    w.run(FUNCTIONAL + "dag-skipped-output-ref.yaml", "Error")
    check_equal(w.phases("stage-a", "stage-b", "stage-c"), ["Succeeded", "Skipped", "Error"])
    check_in("absent optional", w.node("stage-c").get("message", ""))


def check_default(w, manifest, want):
    w.run(FUNCTIONAL + manifest)
    check_equal(w.phases("producer", "consumer"), ["Skipped", "Succeeded"])
    consumer = w.node("consumer")
    check_equal(len(consumer["inputs"]["parameters"]), 1)
    check_equal(value(consumer), want)


@row("functional_test.go", "TestDAGSkippedProducerOutputDefault")
def dag_skipped_producer_output_default(w):
    check_default(w, "dag-skipped-producer-default.yaml", "hello-from-producer")


@row("functional_test.go", "TestDAGSkippedConsumerInputDefault")
def dag_skipped_consumer_input_default(w):
    check_default(w, "dag-skipped-consumer-default.yaml", "fallback-from-input")


@row("functional_test.go", "TestStepsSkippedProducerOutputDefault")
def steps_skipped_producer_output_default(w):
    check_default(w, "steps-skipped-producer-default.yaml", "hello-from-producer")


@row("functional_test.go", "TestStepsSkippedConsumerInputDefault")
def steps_skipped_consumer_input_default(w):
    check_default(w, "steps-skipped-consumer-default.yaml", "fallback-from-input")


@row("functional_test.go", "TestDAGSkippedVolumeRefProducerDefault", isolation="host")
def dag_skipped_volume_ref_producer_default(w):
    w.run(FUNCTIONAL + "dag-skipped-volume-default.yaml")
    check_equal(w.phases("producer", "consumer"), ["Skipped", "Succeeded"])


@row("functional_test.go", "TestDAGSkippedArtifactSubPathRef", isolation="host")
def dag_skipped_artifact_sub_path_ref(w):
    w.run(FUNCTIONAL + "dag-skipped-artifact-subpath-ref.yaml", "Error")
    check_equal(w.phases("param-producer", "consumer"), ["Skipped", "Error"])
    check_in("absent optional", w.node("consumer").get("message", ""))


@row("functional_test.go", "TestDAGSkippedWithParamProducerDefault")
def dag_skipped_with_param_producer_default(w):
    w.run(FUNCTIONAL + "dag-skipped-withparam-default.yaml")
    check_equal(w.phases("producer", "consumer(0:a)", "consumer(1:b)"), ["Skipped", "Succeeded", "Succeeded"])
    check_equal([value(w.node("consumer(0:a)")), value(w.node("consumer(1:b)"))], ["a", "b"])


def check_absent(w):
    wrong = [n.get("message", "") for n in w.nodes if n["phase"] == "Error"]
    check(wrong, "no node in Error")
    check_in("absent optional", wrong[0])


@row("functional_test.go", "TestStepsSkippedWithParamRef")
def steps_skipped_with_param_ref(w):
    w.run(FUNCTIONAL + "steps-skipped-withparam-ref.yaml", "Failed")
    check_equal(w.phases("producer"), ["Skipped"])
    check_absent(w)


@row("functional_test.go", "TestStepsSkippedOutputRef")
def steps_skipped_output_ref(w):
    w.run(FUNCTIONAL + "steps-skipped-output-ref.yaml", "Failed")
    check_equal(w.phases("job1", "job2"), ["Succeeded", "Skipped"])
    check_absent(w)


@row("functional_test.go", "TestStepsWhenExprFilter")
def steps_when_expr_filter(w):
    w.run(FUNCTIONAL + "steps-when-expr-filter.yaml")
    names = ["fst(0:name:first,type:)", "fst(1:name:second,type:always)", "fst(2:name:third,type:test)", "fst(3:name:fourth)"]
    check_equal(w.phases(*names), ["Succeeded"] * 4)


@row("functional_test.go", "TestDAGWhenExprSkip")
def dag_when_expr_skip(w):
    w.run(FUNCTIONAL + "dag-when-expr-skip.yaml")
    check_equal(w.phases("B"), ["Skipped"])


@row("functional_test.go", "TestParameterAggregation", isolation="host")
def parameter_aggregation(w):
    w.run(FUNCTIONAL + "param-aggregation.yaml")
    check_equal(w.phases("print(0:res:1)"), ["Succeeded"])


@row("functional_test.go", "TestParameterAggregationFromOutputs", isolation="host")
def parameter_aggregation_from_outputs(w):
    w.run(FUNCTIONAL + "param-aggregation-fromoutputs.yaml")
    for item in ("0:key1:value1", "1:key2:value2", "2:key3:value3", "0:key4:value4", "1:key5:value5"):
        check(w.node(f"task3({item})"), item)


def check_aggregated(w, name):
    w.run(f"{FUNCTIONAL}{name}.yaml")
    node = w.node(f"{name}(0)")
    check_equal(node and node["phase"], "Succeeded")
    check_equal(len(node["outputs"]["parameters"]), 1)
    check_equal(value(node, where="outputs"), '["1","2","3"]')


@row("functional_test.go", "TestParameterAggregationDAGWithRetry", isolation="host")
def parameter_aggregation_dag_with_retry(w):
    check_aggregated(w, "parameter-aggregation-dag-with-retry")


@row("functional_test.go", "TestParameterAggregationStepsWithRetry", isolation="host")
def parameter_aggregation_steps_with_retry(w):
    check_aggregated(w, "parameter-aggregation-steps-with-retry")


@row("functional_test.go", "TestDAGDepends")
def dag_depends(w):
    w.submit(FUNCTIONAL + "dag-depends.yaml").wait()
    check_equal(w.phases("should-execute-1", "should-execute-2", "should-not-execute"), ["Succeeded", "Succeeded", "Omitted"])


@row("functional_test.go", "TestMissingStepsInUI", isolation="host")
def missing_steps_in_ui(w):
    w.run(FUNCTIONAL + "missing-steps.yaml")
    node = w.node("missing-steps[0].step1[0].execute-script")
    check_equal(len(node.get("children") or []), 1)


@row("functional_test.go", "TestWorkflowParallelismStepFailFast")
def workflow_parallelism_step_fail_fast(w):
    w.run("e2e/expectedfailures/parallelism-step-fail-fast.yaml", "Failed")
    check_equal(w.message, "template has failed or errored children and failFast enabled")
    check_equal(w.phases("[0]", "step1", "step2"), ["Failed", "Failed", "Succeeded"])


@row("functional_test.go", "TestWorkflowParallelismDAGFailFast")
def workflow_parallelism_dag_fail_fast(w):
    w.run("e2e/expectedfailures/parallelism-dag-fail-fast.yaml", "Failed")
    check_equal(w.message, "template has failed or errored children and failFast enabled")
    check_equal(w.phases("task1", "task2"), ["Failed", "Succeeded"])
