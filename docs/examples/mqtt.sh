#!/bin/sh
# The same over MQTT: publish with QoS 1, and hear each state of the job.
# usage: mqtt.sh LABEL.pdf PACKAGE_ID TRACKING_NUMBER STATION
set -eu
host=${BROKER:-127.0.0.1} port=${BROKER_PORT:-1883} prefix=${PREFIX:-labeld/main}

{
    printf '{"event_id": "wms-%s", "package_id": "%s", "tracking_number": "%s", "station": "%s", ' "$2" "$2" "$3" "$4"
    printf '"asset": {"content": "'
    base64 -w 0 "$1"
    printf '"}}'
} | mosquitto_pub -h "$host" -p "$port" -q 1 -t "$prefix/labels/ready" -s

# what happens to it: mosquitto_sub -h "$host" -p "$port" -q 1 -t "$prefix/jobs/+"
