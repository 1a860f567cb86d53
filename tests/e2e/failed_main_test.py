"""failed_main_test.go: a main container that fails."""
from world import flow, row


@row("failed_main_test.go", "TestFailedMain")
def failed_main(w):
    w.run(flow("failed-main-", 'templates: [{name: main, container: {image: "argoproj/argosay:v2", args: [exit, "1"]}}]'), "Failed")
