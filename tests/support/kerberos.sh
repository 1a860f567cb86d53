# Sourced by stories that need Kerberos: a realm EXAMPLE.TEST of one's own, with keytabs in $DIR/krb.
# shellcheck shell=sh
KDC_PID=""
stop_kdc() {
    [ -n "$KDC_PID" ] && kill -9 "$KDC_PID" 2>/dev/null
    KDC_PID=""
    return 0
}

# start_kdc PRINCIPAL...: each gets a keytab of its name, with "-" for slashes.
start_kdc() {
    PATH=$PATH:/usr/sbin
    KDC_PORT=$(free_port)
    mkdir -p "$DIR/krb"
    cat >"$DIR/krb/krb5.conf" <<CONF
[libdefaults]
  default_realm = EXAMPLE.TEST
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  EXAMPLE.TEST = {
    kdc = 127.0.0.1:$KDC_PORT
  }
CONF
    cat >"$DIR/krb/kdc.conf" <<CONF
[kdcdefaults]
  kdc_listen = 127.0.0.1:$KDC_PORT
  kdc_tcp_listen = 127.0.0.1:$KDC_PORT
[realms]
  EXAMPLE.TEST = {
    database_name = $DIR/krb/principal
    key_stash_file = $DIR/krb/stash
    acl_file = $DIR/krb/acl
  }
CONF
    kerberos kdb5_util create -s -P master -r EXAMPLE.TEST || return 1
    for principal in "$@"; do
        kerberos kadmin.local -q "addprinc -randkey $principal" || return 1
        kerberos kadmin.local -q "ktadd -k $DIR/krb/$(echo "$principal" | tr / -).keytab $principal" || return 1
    done
    KRB5_CONFIG=$DIR/krb/krb5.conf KRB5_KDC_PROFILE=$DIR/krb/kdc.conf krb5kdc -n >"$DIR/kdc.log" 2>&1 &
    KDC_PID=$!
    wait_for 20 sh -c "grep -q 'commencing operation' '$DIR/kdc.log' '$DIR'/krb/*.log 2>/dev/null || python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", $KDC_PORT))'"
}
# kerberos COMMAND...: in that realm.
kerberos() { KRB5_CONFIG=$DIR/krb/krb5.conf KRB5_KDC_PROFILE=$DIR/krb/kdc.conf "$@"; }
