#!/bin/sh
# A script that was written for PrintNode: only its address is another one.
# usage: printnode.sh LABEL.pdf PRINTER ORDER
set -eu
api=${PRINTNODE:-http://127.0.0.1:8631} # was https://api.printnode.com
key=${API_KEY:-any}                     # labeld takes it and does not look at it
body=$(mktemp)
trap 'rm -f "$body"' EXIT

# PrintNode's number of a printer: here a name will do as well
printf '{"printerId": "%s", "title": "Order %s", "contentType": "pdf_base64", "source": "our shop", "content": "' "$2" "$3" >"$body"
base64 -w 0 "$1" >>"$body"
printf '"}' >>"$body"

number=$(curl -fsS -u "$key:" -H 'Content-Type: application/json' -H "X-Idempotency-Key: order-$3" --data-binary "@$body" "$api/printjobs")

while :; do
    state=$(curl -fsS -u "$key:" "$api/printjobs/$number" | sed 's/.*"state": "\([^"]*\)"}\]$/\1/')
    case $state in
    done | error | deleted | expired) break ;;
    esac
    sleep 0.5
done
echo "$number $state"
[ "$state" = "done" ]
