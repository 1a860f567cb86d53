# Sourced by the tests of web servers in tests/repositories: nginx at $PORT with a password, files in $DIR/store.
# shellcheck shell=sh disable=SC2034 # read by repository.sh
WITHOUT="folders delete"
server() {
    mkdir -p "$DIR/store" "$DIR/t"
    printf 'ann:%s\n' "$(openssl passwd -apr1 "$GOOD")" >"$DIR/htpasswd"
    chmod 755 "$DIR"
    cat >"$DIR/nginx.conf" <<CONF
daemon off; master_process off; pid $DIR/nginx.pid; error_log $DIR/nginx.log;
events {}
http {
    access_log off;
    client_body_temp_path $DIR/t; fastcgi_temp_path $DIR/t; proxy_temp_path $DIR/t; uwsgi_temp_path $DIR/t; scgi_temp_path $DIR/t;
    server {
        listen 127.0.0.1:$PORT;
        client_max_body_size 0;
        auth_basic files; auth_basic_user_file $DIR/htpasswd;
        root $DIR/store;
        location / { dav_methods PUT DELETE; create_full_put_path on; }
    }
}
CONF
    launch nginx -e "$DIR/nginx.log" -p "$DIR" -c "$DIR/nginx.conf"
}
web() { curl -sSf -K "$DIR/curlrc" "$@"; }
ready() { curl -s -o /dev/null "http://127.0.0.1:$PORT/"; }
give() { cat >"$DIR/give" && web -T "$DIR/give" "http://127.0.0.1:$PORT/$(escaped "$1")"; }
stored() { web "http://127.0.0.1:$PORT/$(escaped "$1")"; }
listed() { (cd "$DIR/store" && find . -type f | sed 's/^\.\///' | grep "^$1" | sort | tr '\n' ' '); }
FOLDER_SAYS='^wait: Error \(exit code 64\): PUT http://[0-9.:]+/folder/put: a folder is stored packed: leave archive.none out$'
DELETE_SAYS='delete not supported for this artifact storage'
WRONG_SAYS='GET http://[0-9.:]+/files/got: status 401'
WRONG_PUT_SAYS='PUT http://[0-9.:]+/files/wrong: status 401'
MISSING_SAYS='GET http://[0-9.:]+/files/missing: status 404: not found$'
AWAY_SAYS='GET http://[0-9.:]+/big/got: '
AWAY_PUT_SAYS='PUT http://[0-9.:]+/big/away: '
command -v nginx >/dev/null || { skip "all cases" "there is no nginx: tools/install-packages repositories"; exit; }
