# Sourced by the tests of tests/repositories whose server is nginx.
# shellcheck shell=sh
# serve LOCATION: nginx at $PORT with a password; files in $DIR/store; what it does there, in nginx's words.
serve() {
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
        location / { $1 }
    }
}
CONF
    launch nginx -e "$DIR/nginx.log" -p "$DIR" -c "$DIR/nginx.conf"
}
command -v nginx >/dev/null || { skip "all cases" "there is no nginx: tools/install-packages repositories"; exit; }
