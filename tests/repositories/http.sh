#!/bin/sh
# Files of a web server by GET and PUT: nginx with a password.
. "$(dirname "$0")/../support/repository.sh"
KIND=http
. "$(dirname "$0")/../support/web.sh"
place() { echo "http: {url: \"http://$AT/$(escaped "$1")\", auth: {basicAuth: {usernameSecret: {name: keys, key: user}, passwordSecret: {name: keys, key: $(secret_of "${2:-}")}}}}"; }
begin
cases
