"""functional_test.go: what a workflow does."""
