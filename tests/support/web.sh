# Sourced by the tests of web servers in tests/repositories: files by GET, PUT and DELETE.
# shellcheck shell=sh disable=SC2034 # read by repository.sh
. "$(dirname "$0")/../support/nginx.sh"
WITHOUT="folders delete"
server() { serve "dav_methods PUT DELETE; create_full_put_path on;"; }
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
