#!/bin/sh
# HDFS by the RPC of its name nodes: Hadoop's own servers.
. "$(dirname "$0")/../support/repository.sh"
. "$(dirname "$0")/../support/hdfs-cases.sh"
KIND=hdfs
ADDRESS=rpc
begin_hdfs
cases
