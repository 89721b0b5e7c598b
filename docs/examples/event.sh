#!/bin/sh
# A WMS or a shop's middleware posts a label event, and asks until the label is on paper.
# usage: event.sh LABEL.pdf PACKAGE_ID TRACKING_NUMBER STATION
set -eu
labeld=${LABELD:-http://127.0.0.1:8631}
event=$(mktemp)
trap 'rm -f "$event"' EXIT

# the same event_id never prints twice: send it again whenever in doubt
{
    printf '{"event_id": "wms-%s", "package_id": "%s", "tracking_number": "%s", "station": "%s", ' "$2" "$2" "$3" "$4"
    printf '"carrier": "usps_ground_advantage", "asset": {"content": "'
    base64 -w 0 "$1"
    printf '"}}'
} >"$event"

answer=$(curl -fsS --retry 5 --retry-connrefused -H 'Content-Type: application/json' --data-binary "@$event" "$labeld/api/v1/jobs")
job=$(printf %s "$answer" | sed -n 's/.*"id": "\([^"]*\)".*/\1/p')

# tells what became of it: completed, or what a person is asked
while :; do
    state=$(curl -fsS "$labeld/api/v1/jobs/$job" | sed -n 's/^{"id": "[^"]*", "state": "\([^"]*\)".*/\1/p')
    case $state in
    pending | processing | processing-stopped) sleep 0.5 ;;
    *) break ;;
    esac
done
echo "$job $state"
[ "$state" = completed ]
