#!/bin/sh
# A Git repository by http: git-http-backend behind nginx, with a password.
. "$(dirname "$0")/../support/repository.sh"
. "$(dirname "$0")/../support/git.sh"
KIND=git-http
. "$(dirname "$0")/../support/nginx.sh"
server() {
    rm -f "$DIR/fcgi"
    launch fcgiwrap -s "unix:$DIR/fcgi"
    serve "fastcgi_pass unix:$DIR/fcgi; fastcgi_buffering off;
            fastcgi_param SCRIPT_FILENAME $(git --exec-path)/git-http-backend; fastcgi_param GIT_PROJECT_ROOT $DIR/store; fastcgi_param GIT_HTTP_EXPORT_ALL 1;
            fastcgi_param PATH_INFO \$uri; fastcgi_param REMOTE_USER \$remote_user; fastcgi_param QUERY_STRING \$query_string;
            fastcgi_param REQUEST_METHOD \$request_method; fastcgi_param CONTENT_TYPE \$content_type; fastcgi_param CONTENT_LENGTH \$content_length;
            fastcgi_param HTTP_CONTENT_ENCODING \$http_content_encoding; fastcgi_param HTTP_GIT_PROTOCOL \$http_git_protocol;
            fastcgi_param REMOTE_ADDR \$remote_addr; fastcgi_param SERVER_PROTOCOL \$server_protocol;"
}
ready() { curl -sf -K "$DIR/curlrc" -o /dev/null "http://127.0.0.1:$PORT/code.git/info/refs?service=git-upload-pack"; }
git_place() { echo "git: {repo: \"http://$AT/$1.git\", usernameSecret: {name: keys, key: user}, passwordSecret: {name: keys, key: $(secret_of "${2:-}")}}"; }
WRONG_SAYS="git: fatal: Authentication failed for 'http://[0-9.:]+/code.git/'"
MISSING_SAYS="git: fatal: repository 'http://[0-9.:]+/missing.git/' not found$"
AWAY_SAYS="git: fatal: (unable to access 'http://[0-9.:]+/big.git/': |early EOF|fetch-pack)"
command -v fcgiwrap >/dev/null || { skip "all cases" "there is no fcgiwrap: tools/install-packages repositories"; exit; }
make_code
begin
git_cases
