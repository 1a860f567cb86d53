#!/bin/sh
# Repositories that fail in the middle of a copy (a proxy before S3 cuts its connections): what is cut goes on, what stays away is a clear error and leaves nothing. Secrets of S3, HTTP and git are in no argument, environment, log or answer while they are used.
. "$(dirname "$0")/../../support/story.sh"
. "$(dirname "$0")/../../support/proxy.sh"
trap 'stop_proxies; umount "$DIR/data" 2>/dev/null; finish; exit $((FAILED > 0))' EXIT
field() { "$TIPHYS" get "$1" -o json | jq -r "$2"; }
object() { curl -sf -H 'Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x' "http://127.0.0.1:$MOTO_PORT/files/$1"; }
said() { "$TIPHYS" logs "$1" --no-color | sed "s/^[^:]*: //" | tr "\n" " "; }
begin() { printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %s}\nspec:\n  entrypoint: main\n  templates:\n  - name: main\n' "$1"; }
s3() { echo "s3: {endpoint: \"127.0.0.1:$(cat "$DIR/s3/port")\", bucket: files, insecure: true, key: \"$1\", accessKeySecret: {name: keys, key: access}, secretKeySecret: {name: keys, key: secret}}"; }
# taking NAME KEY / giving NAME KEY MIB
taking() {
    begin "$1"
    printf '    inputs: {artifacts: [{name: big, path: /big, archive: {none: {}}, %s}]}\n    container: {image: busybox, command: [sh, -c, "md5sum </big"]}\n' "$(s3 "$2")"
}
giving() {
    begin "$1"
    printf '    outputs: {artifacts: [{name: big, path: /tmp/big, archive: {none: {}}, %s}]}\n    container: {image: busybox, command: [sh, -c, "yes 0123456789 | head -c %s >/tmp/big"]}\n' "$(s3 "$2")" "$(($3 * 1048576))"
}
sum_of() { yes 0123456789 | head -c $(($1 * 1048576)) | md5sum | cut -c 1-32; }
cuts_are_done() { no_cuts_left s3; }

printf 'a-very-secret-key\nthe-web-password\nthe-git-password\n' >"$DIR/secrets"
check "S3 starts" start_moto
check "a proxy before it" proxy s3 "$MOTO_PORT"
check "a bucket" curl -sf -o /dev/null -X PUT -H 'Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x' "http://127.0.0.1:$MOTO_PORT/files"
check "the server starts" start_server
cat >"$DIR/keys.yaml" <<'YAML'
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {access: an-access-key, secret: a-very-secret-key, user: ann, web: the-web-password, git: the-git-password}
YAML
check "keys" "$TIPHYS" apply -f "$DIR/keys.yaml"

# Cut in the middle: the first part of two is cut twice; the file comes in three pieces.
printf 'up 10000000\nup 5000000\n' >"$DIR/s3/cuts"
giving given given 80 >"$DIR/given.yaml"
check "an upload that is cut twice" timeout 200 "$TIPHYS" submit "$DIR/given.yaml" --wait
check "was cut" cuts_are_done
check "and is whole" equals "$(object given | md5sum | cut -c 1-32)" "$(sum_of 80)"
printf 'down 20000000\ndown 30000000\n' >"$DIR/s3/cuts"
taking taken given >"$DIR/taken.yaml"
check "a download that is cut twice" timeout 200 "$TIPHYS" submit "$DIR/taken.yaml" --wait
check "was cut as well" cuts_are_done
check "and is whole, too" equals "$(said taken)" "$(sum_of 80)  - "
check "nothing is left of them" wait_for 10 no_leftovers

# Away in the middle, and for good.
for way in taking giving; do
    printf '%s 1000000 stop\n' "$([ $way = taking ] && echo down || echo up)" >"$DIR/s3/cuts"
    $way "$way" "$([ $way = taking ] && echo given || echo lost)" 8 >"$DIR/$way.yaml"
    "$TIPHYS" submit "$DIR/$way.yaml" >/dev/null
    check "$way: the first copy is cut" wait_for 30 cuts_are_done
    check "$way: the server does not come back, it fails" sh -c "! timeout 100 '$TIPHYS' wait $way"
    rm "$DIR/s3/down"
done
check "taking: it is told what, and how" sh -c "'$TIPHYS' get taking -o json | jq -r .status.message | grep -qE '^init: Error \(exit code 64\): artifact big failed to load: GET http://127.0.0.1:[0-9]+/files/given: '"
check "giving: it is told, too" sh -c "'$TIPHYS' get giving -o json | jq -r .status.message | grep -qE '^wait: Error \(exit code 64\): PUT http://127.0.0.1:[0-9]+/files/lost: '"
check "there is no half of it" sh -c "! curl -sf 'http://127.0.0.1:$MOTO_PORT/files/lost'"
check "nor anything else" wait_for 10 no_leftovers

# HTTP with a password, git with one.
cat >"$DIR/web.py" <<'PY'
import base64
import http.server
import os
import sys

os.chdir(sys.argv[1])


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        user = "git" if self.path.startswith("/code.git") else "web"
        wanted = "Basic " + base64.b64encode(b"ann:the-%s-password" % user.encode()).decode()
        if self.headers.get("Authorization") == wanted:
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="test"')
        self.end_headers()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[2], "w", encoding="utf-8") as port:
    port.write(str(server.server_port))
server.serve_forever()
PY
mkdir "$DIR/site"
echo page >"$DIR/site/page"
(
    export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
    git init -q -b main "$DIR/code" && cd "$DIR/code" && echo code >file && git add file && git commit -qm first && git clone -q --bare . "$DIR/site/code.git" && git -C "$DIR/site/code.git" update-server-info
)
python3 "$DIR/web.py" "$DIR/site" "$DIR/web.port" 2>"$DIR/web.log" &
PROXY_PIDS="$PROXY_PIDS $!"
check "a web server with passwords" wait_for 10 test -s "$DIR/web.port"
check "a proxy before it" proxy web "$(cat "$DIR/web.port")"
WEB=http://127.0.0.1:$(cat "$DIR/web/port")
# getting NAME WEB-KEY GIT-KEY: of the Secret that is shown to each.
getting() {
    begin "$1"
    cat <<YAML
    inputs:
      artifacts:
      - {name: page, path: /page, http: {url: "$WEB/page", auth: {basicAuth: {usernameSecret: {name: keys, key: user}, passwordSecret: {name: keys, key: $2}}}}}
      - {name: code, path: /code, git: {repo: "$WEB/code.git", usernameSecret: {name: keys, key: user}, passwordSecret: {name: keys, key: $3}}}
    container: {image: busybox, command: [cat, /page, /code/file]}
YAML
}
getting known web git >"$DIR/known.yaml"
check "with the passwords it comes" "$TIPHYS" submit "$DIR/known.yaml" --wait
check "both of it" equals "$(said known)" "page code "
getting noweb git git >"$DIR/noweb.yaml"
check "a wrong password of the web" sh -c "! '$TIPHYS' submit '$DIR/noweb.yaml' --wait"
check "is refused" equals "$(field noweb .status.message)" "init: Error (exit code 64): artifact page failed to load: GET $WEB/page: status 401"
getting nogit web web >"$DIR/nogit.yaml"
check "a wrong password of git" sh -c "! '$TIPHYS' submit '$DIR/nogit.yaml' --wait"
check "is refused, too" sh -c "'$TIPHYS' get nogit -o json | jq -r .status.message | grep -q 'artifact code failed to load: git: fatal: Authentication failed for '"
touch "$DIR/web/down"
getting nobody web git >"$DIR/nobody.yaml"
check "a web server that is away" sh -c "! timeout 100 '$TIPHYS' submit '$DIR/nobody.yaml' --wait"
check "is named" sh -c "'$TIPHYS' get nobody -o json | jq -r .status.message | grep -q 'artifact page failed to load: GET $WEB/page: '"

for name in s3 web; do
    check "$name: somebody has looked while secrets were used" sh -c "[ \$(wc -l <'$DIR/$name/looked') -ge 5 ]"
    check "$name: no arguments and no environment had them" sh -c "! cat '$DIR/$name/found' 2>/dev/null | grep ."
done
grep -v '^$' "$DIR/secrets" >"$DIR/words"
while read -r word; do printf %s "ann:$word" | base64; printf %s "$word" | base64; done <"$DIR/secrets" | sed 's/=*$//' >>"$DIR/words"
check "no log has them" sh -c "! grep -F -f '$DIR/words' '$DIR/server.log'"
for name in given taken taking giving known noweb nogit nobody; do "$TIPHYS" get $name -o json; done >"$DIR/all.json"
check "no workflow" sh -c "! grep -F -f '$DIR/words' '$DIR/all.json'"
check "no event" sh -c "! curl -sf 'http://$ARGO_SERVER/api/v1/namespaces/default/events' | grep -F -f '$DIR/words'"
check "git has left nothing" no_leftovers
stop_server

# A disk that is full while an archive is unpacked.
umount "$DIR/data" 2>/dev/null
rm -rf "$DIR/data"
mkdir -p "$DIR/data" "$DIR/site/roomy"
if mount -t tmpfs -o size=40m none "$DIR/data" 2>/dev/null; then
    rm "$DIR/web/down"
    yes 0123456789 | dd of="$DIR/site/roomy/file" bs=1M count=60 iflag=fullblock 2>/dev/null
    tar -C "$DIR/site" -czf "$DIR/site/roomy.tgz" roomy
    rm -r "$DIR/site/roomy"
    check "a server on a small disk" start_server
    check "keys there" "$TIPHYS" apply -f "$DIR/keys.yaml"
    {
        begin full
        printf '    inputs: {artifacts: [{name: roomy, path: /roomy, http: {url: "%s/roomy.tgz", auth: {basicAuth: {usernameSecret: {name: keys, key: user}, passwordSecret: {name: keys, key: web}}}}}]}\n    container: {image: busybox, command: [ls, /roomy]}\n' "$WEB"
    } >"$DIR/full.yaml"
    check "an archive that does not fit" sh -c "! timeout 100 '$TIPHYS' submit '$DIR/full.yaml' --wait"
    check "is told" equals "$(field full .status.message)" 'init: Error (exit code 64): artifact roomy failed to load: unpack "roomy/file": No space left on device'
    check "what was unpacked is gone" sh -c "[ \$(du -sm '$DIR/data' | cut -f 1) -lt 20 ]"
    mount -o remount,size=200m "$DIR/data"
    sed 's/name: full}/name: fits}/' "$DIR/full.yaml" >"$DIR/fits.yaml"
    check "with room it comes" "$TIPHYS" submit "$DIR/fits.yaml" --wait
    stop_server
fi
