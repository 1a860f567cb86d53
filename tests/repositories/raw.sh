#!/bin/sh
# Content of the manifest: there is no server.
. "$(dirname "$0")/../support/repository.sh"
KIND=raw
place() { echo 'raw: {data: "three\nfour"}'; }
no_server() {
    row "get file" eval 'runs get-file "$(input f "")" "cat /tmp/f" && equals "$(said get-file)" "three four "'
    row "it can only be read" eval 'fails put-file "$(output f "")" "echo one >/tmp/f" && tells put-file "^wait: Error \(exit code 64\): raw artifacts can only be read$"'
    row "nothing is left behind" nothing_is_left
}
begin_alone
no_server
stop_server
