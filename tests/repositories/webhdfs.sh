#!/bin/sh
# HDFS by WebHDFS: Hadoop's own servers.
. "$(dirname "$0")/../support/repository.sh"
. "$(dirname "$0")/../support/hdfs-cases.sh"
KIND=webhdfs
ADDRESS=web
begin_hdfs
cases
