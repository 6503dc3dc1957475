#!/bin/sh
# Start Mosquitto with the configuration and the rights that Jellyroll ships, closed to strangers.
# Passwords of the three users of this compose file come from the environment and are kept as
# hashes, in memory only. Machines with users of their own stand in the file `users`, made by
# mosquitto_passwd; with a certificate in `tls`, port 8883 speaks TLS. See docs/broker.md.
set -eu
umask 077
shipped=${JELLYROLL_MOSQUITTO_SHIPPED:-/jellyroll/mosquitto.conf}
rights=${JELLYROLL_MOSQUITTO_RIGHTS:-/jellyroll/mosquitto.acl}
yours=${JELLYROLL_MOSQUITTO_YOURS:-/jellyroll/yours}
own=${JELLYROLL_MOSQUITTO_OWN:-/run/mosquitto}
tls_listener=${JELLYROLL_MOSQUITTO_TLS_LISTENER:-8883}

refuse() {
    echo "mosquitto/start.sh: $1" >&2
    exit 1
}
[ -n "${MQTT_MACHINES_PASSWORD:-}" ] || refuse 'MQTT_MACHINES_PASSWORD is empty; set it in .env'
[ -n "${MQTT_INGEST_PASSWORD:-}" ] || refuse 'MQTT_INGEST_PASSWORD is empty; set it in .env'
[ -n "${MQTT_DOCTOR_PASSWORD:-}" ] || refuse 'MQTT_DOCTOR_PASSWORD is empty; set it in .env'
grep -qx 'allow_anonymous true' "$shipped" ||
    refuse "$shipped has no line 'allow_anonymous true' to turn into 'false'; mend this script"

printf '%s:%s\n' machines "$MQTT_MACHINES_PASSWORD" ingest "$MQTT_INGEST_PASSWORD" \
    doctor "$MQTT_DOCTOR_PASSWORD" >"$own/passwords"
mosquitto_passwd -U "$own/passwords"
unset MQTT_MACHINES_PASSWORD MQTT_INGEST_PASSWORD MQTT_DOCTOR_PASSWORD
if [ -e "$yours/users" ]; then
    [ -r "$yours/users" ] || refuse "$yours/users is not readable to user $(id -u)"
    grep -qvE '^[^:]+:\$[67]\$' "$yours/users" &&
        refuse "$yours/users has a line that is not NAME:HASH; make it with mosquitto_passwd"
    grep -E '^(machines|ingest|doctor):' "$yours/users" &&
        refuse "$yours/users may not hold these users; their passwords are in .env"
    cat "$yours/users" >>"$own/passwords"
fi
cp "$rights" "$own/acl"

{
    sed 's/^allow_anonymous true$/allow_anonymous false/' "$shipped"
    echo "password_file $own/passwords"
    echo "acl_file $own/acl"
    if [ -e "$yours/tls/server.crt" ] || [ -e "$yours/tls/server.key" ]; then
        for file in server.crt server.key; do
            [ -r "$yours/tls/$file" ] || refuse "$yours/tls/$file is not there, or not readable"
        done
        echo "listener $tls_listener"
        echo "certfile $yours/tls/server.crt"
        echo "keyfile $yours/tls/server.key"
        echo 'tls_version tlsv1.2'
    fi
} >"$own/mosquitto.conf"
exec mosquitto -c "$own/mosquitto.conf"
