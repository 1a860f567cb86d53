#!/bin/sh
# The command line itself: argo's surface through a symlink, errors in cobra's words, help, versions.
. "$(dirname "$0")/../../support/story.sh"
ARGO=$DIR/argo
ln -s "$TIPHYS" "$ARGO"
unset ARGO_SERVER
cd "$DIR" || exit 1 # a server keeps its data where it is started

# fails TEXT COMMAND...: exit code 1, the text on standard error.
fails() {
    text=$1
    shift
    "$@" >"$DIR/stdout" 2>"$DIR/stderr"
    code=$?
    [ "$code" = 1 ] || { echo "exit code $code"; return 1; }
    contains "$DIR/stderr" "$text"
}

check "help of the program" sh -c "'$ARGO' >'$DIR/help'"
check "argo's name" contains "$DIR/help" "argo is the command line interface to Argo"
check "argo's commands" contains "$DIR/help" "  submit           submit a workflow"
check "none of ours" sh -c "! grep -qE '^  (apply|trace|dev) ' '$DIR/help'"
check "ours as tiphys" sh -c "'$TIPHYS' --help | grep -q '^  apply '"
check "help of a command" sh -c "'$ARGO' submit --help | grep -q '^  argo submit \[FILE...'"
check "the same by the word help" sh -c "test \"\$('$ARGO' help submit)\" = \"\$('$ARGO' submit -h)\""
check "a group shows its commands" sh -c "'$ARGO' template | grep -q '^  create      create a workflow template'"
check "an unknown command" fails 'Error: unknown command "submot" for "argo"' "$ARGO" submot
check "with a suggestion" contains "$DIR/stderr" "$(printf 'Did you mean this?\n\tsubmit')"
check "and where to look" contains "$DIR/stderr" "Run 'argo --help' for usage."
check "a command of ours is none of argo's" fails 'unknown command "apply" for "argo"' "$ARGO" apply -f x
check "an unknown flag" fails "Error: unknown flag: --x" "$ARGO" list --x
check "shows the usage" contains "$DIR/stderr" "  argo list [flags]"
check "a flag without its value" fails "flag needs an argument: --output" "$ARGO" list --output
check "a wrong value" fails 'invalid argument "toml" for "-o, --output" flag: One of: name|json|yaml|wide' "$ARGO" list -o toml
check "too few arguments" fails "Error: requires at least 1 arg(s), only received 0" "$ARGO" lint
check "too many" fails "Error: accepts 1 arg(s), received 2" "$ARGO" watch a b
check "neither name nor filter" fails "Error: requires either a workflow or other argument" "$ARGO" delete
check "a flag without effect is known" fails "Error: no token: nobody could use the API" "$ARGO" server --browser
check "a kubeconfig that is not there" fails "open x: No such file or directory" "$ARGO" --kubeconfig x list
check "a token from the environment" sh -c "test \"\$(ARGO_TOKEN='Bearer x' '$ARGO' auth token)\" = 'Bearer x'"
check "a kubeconfig's token" sh -c "printf 'current-context: c\ncontexts: [{name: c, context: {user: u}}]\nusers: [{name: u, user: {token: t}}]\n' >'$DIR/kube' && test \"\$('$ARGO' auth token --kubeconfig '$DIR/kube')\" = 'Bearer t'"
check "flags may stand before the command" fails 'unknown flag: --y' "$ARGO" -n x list --y
check "no server" fails "is 'argo server' running?" "$ARGO" list -s 127.0.0.1:1
check "the version in short" sh -c "'$ARGO' version --short | grep -q '^argo: v'"
check "and in eight lines" sh -c "test \$('$ARGO' version | wc -l) = 8"
check "a header without a colon" fails '--header "x" has no colon' "$ARGO" list -H x
check "half a client certificate" fails "must be provided together" "$ARGO" list --client-key x
