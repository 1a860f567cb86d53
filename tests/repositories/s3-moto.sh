#!/bin/sh
# S3: moto, which takes any key, keeps all in memory and forgets it.
. "$(dirname "$0")/../support/repository.sh"
. "$(dirname "$0")/../support/s3.sh"
KIND=s3-moto
WITHOUT="login memory"
"$ROOT/tools/install-moto" 2>"$DIR/why" || { skip "all cases" "moto cannot be installed"; exit; }
server() { launch "$ROOT/build/moto/bin/moto_server" -H 127.0.0.1 -p "$PORT"; }
ready() { curl -sf -o /dev/null "http://127.0.0.1:$PORT/moto-api/"; }
begin
row "a bucket" s3_bucket
cases
