#!/bin/sh
# Alibaba Cloud OSS: nobody has a server of it that could run here; src/artifacts/oss_test.c has a stand-in that checks its signatures.
. "$(dirname "$0")/../support/repository.sh"
KIND=oss
skip "all cases" "no server of OSS can be installed: its stand-in is in the unit tests"
