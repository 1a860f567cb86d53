#!/bin/sh
# Artifactory's side of the protocol, GET and PUT with a name and a password: nginx.
. "$(dirname "$0")/../support/repository.sh"
KIND=artifactory
. "$(dirname "$0")/../support/web.sh"
place() { echo "artifactory: {url: \"http://$AT/$(escaped "$1")\", usernameSecret: {name: keys, key: user}, passwordSecret: {name: keys, key: $(secret_of "${2:-}")}}"; }
begin
cases
