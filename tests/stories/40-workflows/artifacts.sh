#!/bin/sh
# Artifacts without any set-up: files and folders from step to step, raw and from a web server, modes, optional ones, expressions; over a kill -9.
. "$(dirname "$0")/../../support/story.sh"
field() { "$TIPHYS" get "$1" -o json | jq -r "$2"; }
has_phase() { [ "$(field "$1" .status.phase)" = "$2" ]; }
node() { field "$1" "[.status.nodes[] | select(.displayName == \"$2\")][0] | $3"; }
head() { printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %s}\nspec:\n  entrypoint: main\n' "$1"; }

mkdir "$DIR/web"
printf 'from the web' >"$DIR/web/page.txt"
python3 -c 'import http.server, os, sys
os.chdir(sys.argv[1])
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_PUT(self):
        with open("." + self.path, "wb") as file:
            file.write(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(201)
        self.end_headers()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
open(sys.argv[2] + ".new", "w").write(str(server.server_port))
os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()' "$DIR/web" "$DIR/web.port" >"$DIR/web.log" 2>&1 &
WEB=$!
trap 'kill -9 $WEB 2>/dev/null; finish; exit $((FAILED > 0))' EXIT
check "the server starts" start_server
check "the web server listens" wait_for 10 test -s "$DIR/web.port"
WEB_PORT=$(cat "$DIR/web.port")

{
    head passing
    cat <<'YAML'
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: use, template: use, arguments: {artifacts: [{name: folder, from: "{{steps.make.outputs.artifacts.folder}}"}, {name: plain, from: "{{steps.make.outputs.artifacts.plain}}"}]}}
  - name: make
    outputs:
      artifacts:
      - {name: folder, path: /tmp/folder}
      - {name: plain, path: /tmp/plain.txt, archive: {none: {}}}
      - {name: packed, path: /tmp/folder, archive: {zip: {}}}
      - {name: nothing, path: /tmp/nothing, optional: true}
    container: {image: busybox, command: [sh, -c, "mkdir -p /tmp/folder/sub; echo one >/tmp/folder/sub/f; ln -s sub/f /tmp/folder/l; echo plain >/tmp/plain.txt"]}
  - name: use
    inputs:
      artifacts:
      - {name: folder, path: /in/folder}
      - {name: plain, path: /in/plain, mode: 0400}
      - {name: script, path: /usr/local/bin/say, mode: 0755, raw: {data: "#!/bin/sh\necho said"}}
      - {name: maybe, path: /in/maybe, optional: true}
    container: {image: busybox, command: [sh, -c, "cat /in/folder/l /in/plain; say; ls /in; stat -c %a /in/plain; echo own >/in/folder/own"]}
YAML
} >"$DIR/passing.yaml"
check "artifacts go from step to step" "$TIPHYS" submit "$DIR/passing.yaml" --wait
check "what was read" equals "$("$TIPHYS" logs passing --no-color | grep -v '^passing-make' | sed 's/^[^:]*: //' | tr '\n' ' ')" "one plain said folder plain 400 "
check "keys as upstream makes them" equals "$(node passing make '[.outputs.artifacts[] | .name + "=" + .s3.key] | join(" ")' | sed 's/make-[0-9]*/make-N/g')" "folder=passing/passing-make-N/folder.tgz plain=passing/passing-make-N/plain.txt packed=passing/passing-make-N/packed.zip"
check "the taker shows where from" equals "$(node passing use '.inputs.artifacts[0].s3.key' | sed 's/make-[0-9]*/make-N/g')" passing/passing-make-N/folder.tgz
check "no folder of a pod is left" sh -c "! ls -d '$DIR'/data/pods/default/*/artifacts '$DIR'/data/pods/default/*/inputs"

NODE=$(node passing make .id)
get_file() { curl -sf -D "$DIR/head" "http://$ARGO_SERVER/artifacts/default/passing/$NODE/$1"; }
check "a download" equals "$(get_file plain)" plain
check "has its name" grep -qi '^content-disposition: filename="plain.txt"' "$DIR/head"
check "and its type" grep -qi '^content-type: text/plain' "$DIR/head"
check "a page in it can do nothing" grep -qi '^content-security-policy: sandbox' "$DIR/head"
check "an input, too" equals "$(curl -sf "http://$ARGO_SERVER/input-artifacts/default/passing/$(node passing use .id)/script" | tail -1)" "echo said"
check "cp copies them all" "$TIPHYS" cp passing "$DIR/copies"
check "into a folder each" contains "$DIR/copies/default/passing/$NODE/outputs/plain/plain.txt" plain
check "packed ones as they are" sh -c "tar tzf '$DIR/copies/default/passing/$NODE/outputs/folder/folder.tgz' | grep -q folder/sub/f"
check "cp of one, into a folder of one's own" "$TIPHYS" cp passing "$DIR/one" --artifact-name plain --path "{templateName}"
check "is there" contains "$DIR/one/make/plain.txt" plain
check "alone" equals "$(find "$DIR/one" -type f | wc -l)" 1

{
    head web
    cat <<YAML
  templates:
  - name: main
    inputs: {artifacts: [{name: page, path: /page, http: {url: "http://127.0.0.1:$WEB_PORT/page.txt"}}]}
    container: {image: busybox, command: [cat, /page]}
YAML
} >"$DIR/web.yaml"
check "an artifact from a web server" "$TIPHYS" submit "$DIR/web.yaml" --wait
check "is what is there" contains "$DIR/web/page.txt" "$("$TIPHYS" logs web --no-color | sed 's/^[^:]*: //')"
sed 's/page.txt/lost.txt/; s/name: web/name: lost/' "$DIR/web.yaml" >"$DIR/lost.yaml"
check "one that is not there fails" sh -c "! '$TIPHYS' submit '$DIR/lost.yaml' --wait"
check "and says so" sh -c "'$TIPHYS' get lost -o json | jq -r .status.message | grep -q '^init: Error (exit code 64): artifact page failed to load: GET http://127.0.0.1:[0-9]*/lost.txt: status 404: not found\$'"
sed 's/path: \/page,/path: \/page, optional: true,/; s/page.txt/lost.txt/; s/name: web/name: maybe/; s/\[cat, \/page\]/[ls, \/]/' "$DIR/web.yaml" >"$DIR/maybe.yaml"
check "unless it is optional" "$TIPHYS" submit "$DIR/maybe.yaml" --wait

{
    head given
    cat <<YAML
  templates:
  - name: main
    outputs: {artifacts: [{name: page, path: /page, archive: {none: {}}, http: {url: "http://127.0.0.1:$WEB_PORT/given.txt"}}]}
    container: {image: busybox, command: [sh, -c, "echo given >/page"]}
YAML
} >"$DIR/given.yaml"
check "an output goes to a web server" "$TIPHYS" submit "$DIR/given.yaml" --wait
check "and is there" contains "$DIR/web/given.txt" given

if git --version >/dev/null 2>&1; then
    (
        export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
        git init -q -b main "$DIR/code" && cd "$DIR/code" && echo first >file && git add file && git commit -qm first && git tag v1
        echo second >file && git commit -qam second && git clone -q --bare . "$DIR/web/code.git" && git -C "$DIR/web/code.git" update-server-info
    )
    {
        head code
        cat <<YAML
  templates:
  - name: main
    inputs: {artifacts: [{name: now, path: /now, git: {repo: "http://127.0.0.1:$WEB_PORT/code.git"}}, {name: then, path: /then, git: {repo: "http://127.0.0.1:$WEB_PORT/code.git", revision: v1}}]}
    container: {image: busybox, command: [cat, /now/file, /then/file]}
YAML
    } >"$DIR/code.yaml"
    check "work trees of a Git repository" "$TIPHYS" submit "$DIR/code.yaml" --wait
    check "of the revisions that were asked for" equals "$("$TIPHYS" logs code --no-color | sed 's/^[^:]*: //' | tr '\n' ' ')" "second first "
    sed 's/name: code}/name: bad}/; s|http://127.0.0.1:[0-9]*/code.git|ext::sh -c id|' "$DIR/code.yaml" >"$DIR/bad.yaml"
    check "a repository that is a command is refused" sh -c "! '$TIPHYS' submit '$DIR/bad.yaml' --wait"
    check "and says so" sh -c "'$TIPHYS' get bad -o json | jq -r .status.message | grep -q 'must be a URL of http, https, ssh or git'"
fi

{
    head missing
    cat <<'YAML'
  templates:
  - name: main
    outputs: {artifacts: [{name: gone, path: /tmp/gone}]}
    container: {image: busybox, command: ["true"]}
YAML
} >"$DIR/missing.yaml"
check "an output that nobody made fails" sh -c "! '$TIPHYS' submit '$DIR/missing.yaml' --wait"
check "with upstream's words" equals "$(field missing .status.message)" "wait: Error (exit code 64): open /tmp/gone: no such file or directory"

{
    head chosen
    cat <<'YAML'
  templates:
  - name: main
    steps:
    - [{name: toss, template: toss}]
    - [{name: show, template: show, arguments: {artifacts: [{name: face, from: "{{steps.toss.outputs.artifacts.face}}"}]}}]
  - name: toss
    outputs: {artifacts: [{name: face, fromExpression: "tasks.coin.outputs.result == 'heads' ? tasks.heads.outputs.artifacts.face : tasks.tails.outputs.artifacts.face"}]}
    dag:
      tasks:
      - {name: coin, template: coin}
      - {name: heads, template: face, depends: coin, when: "{{tasks.coin.outputs.result}} == heads", arguments: {parameters: [{name: face, value: heads}]}}
      - {name: tails, template: face, depends: coin, when: "{{tasks.coin.outputs.result}} == tails", arguments: {parameters: [{name: face, value: tails}]}}
  - {name: coin, script: {image: busybox, command: [sh], source: echo tails}}
  - name: face
    inputs: {parameters: [{name: face}]}
    outputs: {artifacts: [{name: face, path: /face}]}
    container: {image: busybox, command: [sh, -c, "echo {{inputs.parameters.face}} >{{outputs.artifacts.face.path}}"]}
  - name: show
    inputs: {artifacts: [{name: face, path: /face}]}
    container: {image: busybox, command: [cat, "{{inputs.artifacts.face.path}}"]}
YAML
} >"$DIR/chosen.yaml"
check "an expression chooses one" "$TIPHYS" submit "$DIR/chosen.yaml" --wait
check "the right one" equals "$("$TIPHYS" logs chosen --no-color | grep show | sed 's/^[^:]*: //')" tails

{
    head hostile
    cat <<'YAML'
  templates:
  - name: main
    inputs: {artifacts: [{name: k, path: /k, s3: {key: "../default/passing/x"}}]}
    container: {image: busybox, command: ["true"]}
YAML
} >"$DIR/hostile.yaml"
check "a key that leads out is refused" sh -c "! '$TIPHYS' submit '$DIR/hostile.yaml' --wait"
check "and named" contains "$DIR/data/../hostile.yaml" "../default" && field hostile .status.message >"$DIR/hostile.message"
check "with what is right" contains "$DIR/hostile.message" 'must be a relative path without ".."'

{
    head kill
    cat <<'YAML'
  templates:
  - name: main
    steps:
    - - {name: make, template: make, withSequence: {count: "6"}, arguments: {parameters: [{name: i, value: "{{item}}"}]}}
    - - {name: first, template: first, arguments: {artifacts: [{name: in, from: "{{workflow.outputs.artifacts.six-5}}"}]}}
  - name: make
    inputs: {parameters: [{name: i}]}
    outputs: {artifacts: [{name: out, path: /out, globalName: "six-{{inputs.parameters.i}}"}]}
    container: {image: busybox, command: [sh, -c, "sleep 0.{{inputs.parameters.i}}; head -c 3000000 /dev/urandom >/out"]}
  - name: first
    inputs: {artifacts: [{name: in, path: /in}]}
    container: {image: busybox, command: [sh, -c, "wc -c </in"]}
YAML
} >"$DIR/kill.yaml"
check "submit one with artifacts under way" "$TIPHYS" submit "$DIR/kill.yaml"
sleep 0.7
kill -9 "$SERVER_PID"
wait "$SERVER_PID" 2>/dev/null
check "after a kill -9 the server starts" start_server
check "and the workflow ends well" wait_for 30 has_phase kill Succeeded
check "nothing is cut off" equals "$("$TIPHYS" logs kill --no-color | grep first | sed 's/^[^:]*: //')" 3000000
check "nor half stored" sh -c "! ls '$DIR'/data/artifacts/.new/*"
stop_server
