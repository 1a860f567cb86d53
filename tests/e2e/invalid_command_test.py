"""invalid_command_test.go: a command that there is not."""
from world import check_in, row


@row("invalid_command_test.go", "TestInvalidCommand")
def invalid_command(w):
    w.run("e2e/testdata/cannot-start-workflow.yaml", "Failed")
    check_in("executable file not found", w.message)
