#!/bin/sh
# Start Mosquitto with the configuration that Jellyroll ships, closed to strangers: two users, each
# with one right. Passwords come from the environment and are kept as hashes, in memory only.
set -eu
umask 077
shipped=${JELLYROLL_MOSQUITTO_SHIPPED:-/jellyroll/mosquitto.conf}
own=${JELLYROLL_MOSQUITTO_OWN:-/run/mosquitto}

refuse() {
    echo "mosquitto/start.sh: $1" >&2
    exit 1
}
[ -n "${MQTT_MACHINES_PASSWORD:-}" ] || refuse 'MQTT_MACHINES_PASSWORD is empty; set it in .env'
[ -n "${MQTT_INGEST_PASSWORD:-}" ] || refuse 'MQTT_INGEST_PASSWORD is empty; set it in .env'
grep -qx 'allow_anonymous true' "$shipped" ||
    refuse "$shipped has no line 'allow_anonymous true' to turn into 'false'; mend this script"

printf 'machines:%s\ningest:%s\n' "$MQTT_MACHINES_PASSWORD" "$MQTT_INGEST_PASSWORD" \
    >"$own/passwords"
mosquitto_passwd -U "$own/passwords"
unset MQTT_MACHINES_PASSWORD MQTT_INGEST_PASSWORD

# Machines speak and do not listen; ingest listens and does not speak. The broker's own figures
# are for the health check and `jellyroll doctor`.
cat >"$own/acl" <<'ACL'
user machines
topic write v1/#

user ingest
topic read v1/#
topic read $SYS/#
ACL

{
    sed 's/^allow_anonymous true$/allow_anonymous false/' "$shipped"
    echo "password_file $own/passwords"
    echo "acl_file $own/acl"
} >"$own/mosquitto.conf"
exec mosquitto -c "$own/mosquitto.conf"
