#!/bin/sh
# tiphys completion: what bash completes, names from the server among it; the shells' first lines; other shells are refused.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
check "the server starts" start_server
PATH=$(dirname "$TIPHYS"):$PATH
cat >"$DIR/all.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: lib}
spec: {entrypoint: main, templates: [{name: main, container: {image: busybox, command: ["true"]}}]}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: hello}
spec: {entrypoint: main, templates: [{name: main, container: {image: busybox, command: ["true"]}}]}
YAML
check "apply" tiphys apply -f "$DIR/all.yaml"
tiphys completion bash >"$DIR/bash"
check "bash's first line" equals "$(head -1 "$DIR/bash")" "# bash completion for tiphys"
ln -s "$TIPHYS" "$DIR/argo"
check "argo's" equals "$("$DIR/argo" completion bash | head -1)" "# bash completion for argo"
check "argo's knows no command of ours" sh -c "! '$DIR/argo' completion bash | grep -q doctor"
check "zsh" equals "$(tiphys completion zsh | head -1)" "#compdef tiphys"
check "fish" equals "$(tiphys completion fish | head -1)" "# fish completion for tiphys"
check "fish completes commands" sh -c "tiphys completion fish | grep -qF \"complete -c tiphys -f -n __fish_use_subcommand -a 'submit'\""
check "fish completes names" sh -c "tiphys completion fish | grep -qF \"__fish_seen_subcommand_from template; and __fish_seen_subcommand_from get' -a '(tiphys template list -o name\""
# completes WORD...: what bash would complete the last word to.
completes() {
    bash -c '. "$0"; COMP_WORDS=(tiphys "$@"); COMP_CWORD=$#; _tiphys; printf "%s\n" "${COMPREPLY[@]}"' "$DIR/bash" "$@" | tr '\n' ' '
}
check "commands" equals "$(completes sub)" "submit "
check "commands of a group" equals "$(completes template l)" "lint list "
check "workflows of the server" equals "$(completes get '')" "hello "
check "behind flags" equals "$(completes get -o he)" "hello "
check "workflow templates of the server" equals "$(completes template get '')" "lib "
check "nothing where there is nothing" equals "$(completes cron get '')" " "
check "flags" equals "$(completes get --no-c)" "--no-color "
check "flags of all commands" equals "$(completes get --insecure-skip-v)" "--insecure-skip-verify "
refused() { ! tiphys completion "$@" >"$DIR/said" 2>&1; }
check "another shell is refused" refused tcsh
check "in argo's words" contains "$DIR/said" 'Error: invalid shell "tcsh": supported shells are bash, zsh, and fish'
