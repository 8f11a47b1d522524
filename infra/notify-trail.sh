#!/usr/bin/env bash
# Switches on a bucket's notifications to EventBridge, and keeps the notifications that the bucket already has.
#
#   notify-trail.sh BUCKET [--yes]
#
# Shows what would change and asks before it changes anything; --yes answers for you. A bucket has one notification
# configuration, and a put replaces all of it. So this stops when the present one cannot be read, or when somebody
# changes it meanwhile, and reads it again afterwards. It needs the AWS CLI and jq.
set -euo pipefail

usage() {
    echo "notify-trail.sh BUCKET [--yes]" >&2
    exit 2
}

bucket='' yes=false
for argument in "$@"; do
    case $argument in
    --yes) yes=true ;;
    -*) usage ;;
    *)
        if [ -n "$bucket" ]; then usage; fi
        bucket=$argument
        ;;
    esac
done
if [ -z "$bucket" ]; then usage; fi

stop() {
    echo "notify-trail.sh: $*" >&2
    exit 1
}

# Prints the bucket's configuration, sorted, so that two of them can be compared.
read_configuration() {
    local answer
    answer=$(aws s3api get-bucket-notification-configuration --bucket "$bucket" --output json) || return
    # The CLI prints nothing at all where there is none.
    if [ -z "$answer" ]; then answer='{}'; fi
    jq -S 'walk(if type == "array" then sort else . end)' <<<"$answer"
}

before=$(read_configuration) || stop "the notifications of $bucket cannot be read; nothing was changed"
if jq -e 'has("EventBridgeConfiguration")' <<<"$before" >/dev/null; then
    echo "$bucket already notifies EventBridge; nothing was changed."
    exit 0
fi
wanted=$(jq -S '. + {EventBridgeConfiguration: {}}' <<<"$before")
echo "The notifications of $bucket, before and after:"
diff -u --label before --label after <(echo "$before") <(echo "$wanted") || true
if [ "$yes" = false ]; then
    read -r -p "Change them? [y/N] " answer || answer=n
    if [[ $answer != [yY]* ]]; then stop "nothing was changed"; fi
fi

again=$(read_configuration) || stop "the notifications of $bucket cannot be read again; nothing was changed"
if [ "$again" != "$before" ]; then stop "somebody has changed the notifications of $bucket; nothing was changed, run this again"; fi
aws s3api put-bucket-notification-configuration --bucket "$bucket" --notification-configuration "$wanted" ||
    stop "S3 refused the change; nothing was changed"
after=$(read_configuration) || stop "$bucket was changed, and its notifications cannot be read again: check them"
if [ "$after" != "$wanted" ]; then
    diff -u --label wanted --label found <(echo "$wanted") <(echo "$after") >&2 || true
    stop "the notifications of $bucket are not what was put: check them"
fi
echo "$bucket notifies EventBridge."
