#!/usr/bin/env bash
# Tests a deployment from a sign-in to the message: six failed sign-ins and a login of a made-up user.
#
#   selftest.sh EXPORT_BUCKET [--name NAME] [--wait SECONDS]
#
# EXPORT_BUCKET    the bucket of the sign-in exports: the output ExportBucket, export_bucket.
# --name NAME      the deployment's name, `pivotwatch` by default.
# --wait SECONDS   the longest wait for each step, 300 by default.
#
# It writes an export with more failures than the threshold to the bucket, and invokes detect with a login. Both have an
# address of 198.18.0.0/24, which is reserved for benchmarks (RFC 2544): no visitor has it. The login's event id begins
# with pivotwatch-selftest-, which makes every form of the message say TEST. It then waits until the incident is
# published, and deletes the export and all records of the address, also after a failure.
#
# Ends with 0 if the message was published and all is deleted. It needs the AWS CLI, in the deployment's region.
set -euo pipefail

usage() {
    sed -n '4p;6,8s/^/  /p' "$0" | sed 's/^\( *\)# */\1/' >&2
    exit 2
}

bucket='' name=pivotwatch longest=300
while [ $# -gt 0 ]; do
    case $1 in
    --name | --wait)
        if [ $# -lt 2 ]; then usage; fi
        if [ "$1" = --name ]; then name=$2; else longest=$2; fi
        shift
        ;;
    -*) usage ;;
    *)
        if [ -n "$bucket" ]; then usage; fi
        bucket=$1
        ;;
    esac
    shift
done
if [[ -z $bucket || ! $name =~ ^[A-Za-z0-9-]+$ || ! $longest =~ ^[0-9]{1,4}$ ]]; then usage; fi

# A time and two random numbers of 15 bits.
mark=pivotwatch-selftest-$(date -u +%Y%m%dT%H%M%SZ)-$RANDOM-$RANDOM
key=pivotwatch-selftest/$mark.json
folder=$(mktemp -d)
doing="reading the arguments" address='' is_written=false
trap 'finish $?' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() {
    echo "${0##*/}: $*" >&2
}

die() {
    say "$*"
    exit 1
}

# Deletes what the test wrote, whatever happened, and says so if that fails.
finish() {
    local status=$1
    trap - EXIT
    if [ "$status" -ne 0 ]; then say "FAILED while $doing"; fi
    if [ "$is_written" = true ] && ! clean_up; then
        say "not all was deleted: delete s3://$bucket/$key, and the records of $address in the table $table"
        status=1
    fi
    rm -rf "$folder"
    if [ "$status" -eq 0 ]; then
        echo "PASSED: the message was published, and all that the test wrote is deleted."
    fi
    exit "$status"
}

# All versions of the object, then all records of the address. Its caller disables `set -e` in it. In a trap, `return`
# without a number is the status before the trap.
clean_up() {
    aws s3api list-object-versions --bucket "$bucket" --prefix "$key" --output text \
        --query '[Versions, DeleteMarkers][].[VersionId]' >"$folder/versions" || return 1
    while read -r version; do
        aws s3api delete-object --bucket "$bucket" --key "$key" --version-id "$version" >"$folder/answer" </dev/null ||
            return 1
    done <"$folder/versions"
    records '[].[record.S]' >"$folder/records" || return 1
    while read -r record; do
        aws dynamodb delete-item --table-name "$table" </dev/null \
            --key "{\"ip\":{\"S\":\"$address\"},\"record\":{\"S\":\"$record\"}}" || return 1
    done <"$folder/records"
}

# records QUERY: what a JMESPath expression finds in the records of the address, as text, or nothing.
records() {
    local found
    found=$(aws dynamodb query --table-name "$table" --consistent-read --output text \
        --key-condition-expression 'ip = :ip' --expression-attribute-values "{\":ip\":{\"S\":\"$address\"}}" \
        --query "Items$1") || return 1
    if [ -n "$found" ] && [ "$found" != None ]; then printf '%s\n' "$found"; fi
}

# wait_for WHAT COMMAND: waits until the command succeeds. The command disables `set -e` in itself.
wait_for() {
    local what=$1 start=$SECONDS
    doing="waiting for $what"
    until "$2"; do
        if [ $((SECONDS - start)) -ge "$longest" ]; then die "$what did not come within $longest seconds"; fi
        sleep 2
    done
}

doing="reading the settings of $name-detect"
settings=$(aws lambda get-function-configuration --function-name "$name-detect" --output text --query \
    'Environment.Variables.[PIVOTWATCH_TABLE, PIVOTWATCH_TOPIC_ARN, PIVOTWATCH_THRESHOLD, PIVOTWATCH_SOURCES]')
read -r table topic threshold sources <<<"$settings"
IFS=: read -r _ partition _ region account _ <<<"$topic"
case ${sources%%,*} in
interactive) category=SignInLogs ;;
non_interactive) category=NonInteractiveUserSignInLogs ;;
service_principal) category=ServicePrincipalSignInLogs ;;
managed_identity) category=ManagedIdentitySignInLogs ;;
adfs) category=ADFSSignInLogs ;;
*) die "$name-detect has no source that this test knows: $sources" ;;
esac

doing="choosing an address"
for _ in 1 2 3 4 5; do
    address=198.18.0.$((RANDOM % 254 + 1))
    found=$(records '[].record.S')
    if [ -z "$found" ]; then break; fi
done
if [ -n "$found" ]; then die "$table has records of $address: a test that was killed left them; delete them"; fi

doing="writing the export s3://$bucket/$key"
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
for ((number = 0; number <= threshold; number++)); do
    printf '{"category":"%s","time":"%s","resultType":"50126","properties":{"id":"%s-%s","createdDateTime":"%s",' \
        "$category" "$now" "$mark" "$number" "$now"
    printf '"ipAddress":"%s","userPrincipalName":"pivotwatch-selftest@example.com",' "$address"
    printf '"appDisplayName":"pivotwatch selftest"}}\n'
done >"$folder/export.json"
is_written=true
aws s3api put-object --bucket "$bucket" --key "$key" --body "$folder/export.json" >"$folder/answer"
echo "$((threshold + 1)) failed sign-ins from $address are in s3://$bucket/$key."

is_counted() {
    local counts count sum=0
    counts=$(records "[?contains(record.S, '#failures#')].failures.N") || exit 1
    for count in $counts; do sum=$((sum + count)); done
    [ "$sum" -gt "$threshold" ]
}
wait_for "the record of the failures by $name-ingest" is_counted
echo "$name-ingest recorded them."

doing="invoking $name-detect with a login"
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
cat >"$folder/login.json" <<JSON
{"source":"aws.signin","detail-type":"AWS Console Sign In via CloudTrail","detail":{
  "eventName":"ConsoleLogin","eventTime":"$now","eventID":"$mark","eventType":"AwsConsoleSignIn",
  "sourceIPAddress":"$address","awsRegion":"$region","userAgent":"pivotwatch selftest","recipientAccountId":"$account",
  "userIdentity":{"type":"IAMUser","userName":"pivotwatch-selftest","accountId":"$account",
    "arn":"arn:$partition:iam::$account:user/pivotwatch-selftest"},
  "responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{"MFAUsed":"No"}}}
JSON
fault=$(aws lambda invoke --function-name "$name-detect" --payload "fileb://$folder/login.json" \
    --output text --query FunctionError "$folder/answer.json")
if [ "$fault" != None ]; then die "$name-detect failed: $(cat "$folder/answer.json")"; fi
echo "$name-detect took a login from $address."

# Sets `incident` to its record, and `published` or the reason why it is not.
incident='' published='' deferral='' entries=''
is_decided() {
    local found
    found=$(records "[?contains(record.S, '#incident#')].[record.S, published_at.S, deferral.S, hidden_by.L[0].S] | [0]") ||
        exit 1
    read -r incident published deferral entries <<<"${found:-None None None None}"
    [ "$published $deferral $entries" != 'None None None' ]
}
wait_for "the incident's message" is_decided
doing="looking for the message"
if [ "$entries" != None ]; then die "the tuning entry $entries hides the incident; remove it, or test again without it"; fi
if [ "$published" = None ]; then
    case $deferral in
    observing) die "the deployment observes: it publishes nothing but a digest a day" ;;
    hour_limit) die "the deployment had its messages of the hour; test again in an hour" ;;
    too_many_at_once) die "the deployment had too many messages at once; test again" ;;
    no_subscriber) die "nobody was subscribed at the last sweep; confirm a subscription, and test again in 15 minutes" ;;
    *) die "the incident was left to a digest: $deferral" ;;
    esac
fi
echo "The incident ${incident##*#} was published at $published to $topic."
echo "Look for it in each mailbox and channel: TEST and $address in the subject. It must be there within minutes."
