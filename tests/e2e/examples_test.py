"""examples_test.go: all examples."""
from world import skip

skip("examples_test.go", "TestExampleWorkflows", "tools/conformance runs each example and compares its whole tree")
