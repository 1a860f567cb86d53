#!/bin/sh
# eval: the languages of manifests without a server, against a document of a file or of standard input.
. "$(dirname "$0")/../../support/story.sh"
unset ARGO_SERVER
cat >"$DIR/event.json" <<'JSON'
{"body": {"name": "ann", "n": 7, "tags": ["a", "b"]}}
JSON
printf 'steps.a.status: Failed\nretries: 3\n' >"$DIR/names.yaml"
eval_of() { "$TIPHYS" eval "$@" 2>"$DIR/stderr"; }
check "an expression" equals "$(eval_of 'steps.a.status == "Failed" && asInt(retries) > 2' --in "$DIR/names.yaml")" true
check "without a document" equals "$(eval_of 'sprig.sha256sum("a")[0:7]')" ca97811
check "a template" equals "$(eval_of '{{ .Input.body.name | upper }}: {{ join "," .Input.body.tags }}' --lang template --in "$DIR/event.json")" "ANN: a,b"
check "a template over standard input" equals "$(echo '[1,2]' | eval_of '{{ len .Input }}' -l template --in -)" 2
check "a condition with tags" equals "$(eval_of '{{retries}} > 5' --lang cond --in "$DIR/names.yaml")" false
check "a path" equals "$(eval_of 'body.tags.#' --lang gjson --in "$DIR/event.json")" 2
eval_of '{{ nope }}' --lang template
check "what is wrong is told with its place" contains "$DIR/stderr" 'Error: template: param:1: function "nope" not defined'
eval_of 'a +' --in "$DIR/names.yaml"
check "also of an expression" contains "$DIR/stderr" '(1:'
eval_of x --lang cobol
check "a language that there is not" contains "$DIR/stderr" 'One of: cond|expr|gjson|jq|jsonpath|lua|tags|template'
check "a text with tags" equals "$(eval_of 'is {{steps.a.status}} after {{=asInt(retries) + 1}}' -l tags --in "$DIR/names.yaml")" "is Failed after 4"
eval_of '{{steps.a.status}}' --in "$DIR/names.yaml"
check "which is no expression" contains "$DIR/stderr" 'A text with tags is of --lang tags.'
eval_of '{{gone}}' -l tags --in "$DIR/names.yaml"
check "a name that there is not" contains "$DIR/stderr" 'failed to resolve {{gone}}'
check "a program without outputs prints nothing" equals "$(eval_of empty -l jq --in "$DIR/event.json" | wc -c)" 0
printf '{"a":' >"$DIR/cut.json"
eval_of a --in "$DIR/cut.json"
check "JSON that is cut off" contains "$DIR/stderr" 'unexpected end of JSON input (line 1, column 6)'
eval_of a --in "$DIR"
check "a folder" contains "$DIR/stderr" "Error: $DIR is a folder: give its files"
eval_of x --in "$DIR/nowhere"
check "a file that there is not" contains "$DIR/stderr" "$DIR/nowhere"
ln -s "$TIPHYS" "$DIR/argo"
check "argo does not have it" sh -c "! '$DIR/argo' eval 1"
