#!/usr/bin/env bash
# Sets the alarms that docs/RUNBOOK.md explains, in the region of the deployment.
#
#   alarms.sh TOPIC_ARN [--name NAME] [--trail]
#
# TOPIC_ARN     the topic that the alarms notify; not the one of the incidents, whose readers want no alarms.
# --name NAME   the deployment's name, `pivotwatch` by default; every alarm's name begins with it.
# --trail       also the alarms of the backstop.
#
# It can be run again: an alarm of the same name is replaced. It stops at the first error. It needs the AWS CLI.
set -euo pipefail

usage() {
    sed -n '4p;6,8s/^/  /p' "$0" | sed 's/^\( *\)# */\1/' >&2
    exit 2
}

topic='' name=pivotwatch trail=false
while [ $# -gt 0 ]; do
    case $1 in
    --name)
        if [ $# -lt 2 ]; then usage; fi
        name=$2
        shift
        ;;
    --trail) trail=true ;;
    -*) usage ;;
    *)
        if [ -n "$topic" ]; then usage; fi
        topic=$1
        ;;
    esac
    shift
done
if [[ $topic != arn:*:sns:* || ! $name =~ ^[A-Za-z0-9-]+$ ]]; then usage; fi

# ALARM  NAMESPACE  METRIC  DIMENSIONS  STATISTIC  PERIOD (seconds)  PERIODS  COMPARISON  THRESHOLD  MISSING DATA
alarms() {
    cat <<TABLE
ingest-failures     AWS/SQS ApproximateNumberOfMessagesVisible QueueName=$name-ingest-failures     Maximum 300 1 > 0 notBreaching
detect-failures     AWS/SQS ApproximateNumberOfMessagesVisible QueueName=$name-detect-failures     Maximum 300 1 > 0 notBreaching
detect-undelivered  AWS/SQS ApproximateNumberOfMessagesVisible QueueName=$name-detect-undelivered  Maximum 300 1 > 0 notBreaching
sweep-undelivered   AWS/SQS ApproximateNumberOfMessagesVisible QueueName=$name-sweep-undelivered   Maximum 300 1 > 0 notBreaching
ingest-errors       AWS/Lambda Errors                      FunctionName=$name-ingest Sum 300 3 > 0 notBreaching
detect-errors       AWS/Lambda Errors                      FunctionName=$name-detect Sum 300 3 > 0 notBreaching
ingest-throttles    AWS/Lambda Throttles                   FunctionName=$name-ingest Sum 300 3 > 0 notBreaching
detect-throttles    AWS/Lambda Throttles                   FunctionName=$name-detect Sum 300 3 > 0 notBreaching
ingest-event-age    AWS/Lambda AsyncEventAge               FunctionName=$name-ingest Maximum 300 3 > 900000 notBreaching
detect-event-age    AWS/Lambda AsyncEventAge               FunctionName=$name-detect Maximum 300 3 > 900000 notBreaching
ingest-dropped      AWS/Lambda AsyncEventsDropped          FunctionName=$name-ingest Sum 300 1 > 0 notBreaching
detect-dropped      AWS/Lambda AsyncEventsDropped          FunctionName=$name-detect Sum 300 1 > 0 notBreaching
ingest-unkept       AWS/Lambda DestinationDeliveryFailures FunctionName=$name-ingest Sum 300 1 > 0 notBreaching
detect-unkept       AWS/Lambda DestinationDeliveryFailures FunctionName=$name-detect Sum 300 1 > 0 notBreaching
table-reads         AWS/DynamoDB ReadThrottleEvents  TableName=$name-evidence Sum 300 3 > 0 notBreaching
table-writes        AWS/DynamoDB WriteThrottleEvents TableName=$name-evidence Sum 300 3 > 0 notBreaching
index-writes        AWS/DynamoDB WriteThrottleEvents TableName=$name-evidence,GlobalSecondaryIndexName=by_day Sum 300 3 > 0 notBreaching
unreported-writes   AWS/DynamoDB WriteThrottleEvents TableName=$name-evidence,GlobalSecondaryIndexName=unreported Sum 300 3 > 0 notBreaching
rule-failed         AWS/Events FailedInvocations RuleName=$name-console-login Sum 300 1 > 0 notBreaching
mail-failed         AWS/SNS NumberOfNotificationsFailed TopicName=$name-incidents Sum 300 1 > 0 notBreaching
sign-ins            pivotwatch NewestSignInAge Function=ingest Minimum 3600 3 > 7200 breaching
sweeps              pivotwatch Sweeps Function=detect Sum 3600 1 < 1 breaching
subscribers         pivotwatch ConfirmedSubscribers Function=detect Minimum 1800 1 < 1 notBreaching
unreported          pivotwatch Unreported Function=detect Minimum 3600 1 > 0 notBreaching
logins              pivotwatch Logins Function=detect Sum 86400 3 < 1 breaching
refused             pivotwatch ObjectsRefused Function=ingest Sum 300 1 > 0 notBreaching
unusable            pivotwatch UnusableExports Function=ingest Sum 300 1 > 0 notBreaching
format-time         pivotwatch Rejected.bad_time Function=ingest Sum 3600 1 > 0 notBreaching
format-code         pivotwatch Rejected.no_code Function=ingest Sum 3600 1 > 0 notBreaching
format-category     pivotwatch Rejected.no_category Function=ingest Sum 3600 1 > 0 notBreaching
new-category        pivotwatch Ignored.unknown_sign_in_category Function=ingest Sum 3600 1 > 0 notBreaching
ingest-unrecognised pivotwatch EventsUnrecognised Function=ingest Sum 300 1 > 0 notBreaching
detect-unrecognised pivotwatch EventsUnrecognised Function=detect Sum 300 1 > 0 notBreaching
ingest-unreadable   pivotwatch Unreadable Function=ingest Sum 300 1 > 0 notBreaching
detect-unreadable   pivotwatch Unreadable Function=detect Sum 300 1 > 0 notBreaching
ingest-tuning       pivotwatch TuningInvalid Function=ingest Sum 3600 1 > 0 notBreaching
detect-tuning       pivotwatch TuningInvalid Function=detect Sum 3600 1 > 0 notBreaching
ingest-tuning-table pivotwatch TuningUnavailable Function=ingest Sum 300 3 > 0 notBreaching
detect-tuning-table pivotwatch TuningUnavailable Function=detect Sum 300 3 > 0 notBreaching
TABLE
    if [ "$trail" = true ]; then
        cat <<TABLE
ingest-undelivered  AWS/SQS ApproximateNumberOfMessagesVisible QueueName=$name-ingest-undelivered  Maximum 300 1 > 0 notBreaching
trail-rule-failed   AWS/Events FailedInvocations RuleName=$name-trail Sum 300 1 > 0 notBreaching
trail-records       pivotwatch TrailRecords Function=ingest Sum 3600 3 < 1 breaching
TABLE
    fi
}

# A query of one metric of the incidents' topic, for an alarm on several.
query() {
    printf '{"Id":"%s","ReturnData":false,"MetricStat":{"Stat":"Sum","Period":900,"Metric":' "$1"
    printf '{"Namespace":"AWS/SNS","MetricName":"%s",' "$2"
    printf '"Dimensions":[{"Name":"TopicName","Value":"%s"}]}}}' "$name-incidents"
}

number=0
while read -r alarm namespace metric dimensions statistic period periods comparison threshold missing; do
    case $comparison in
    '>') comparison=GreaterThanThreshold ;;
    '<') comparison=LessThanThreshold ;;
    esac
    pairs=()
    for dimension in ${dimensions//,/ }; do pairs+=("Name=${dimension%%=*},Value=${dimension#*=}"); done
    aws cloudwatch put-metric-alarm --alarm-name "$name-$alarm" --alarm-actions "$topic" --namespace "$namespace" \
        --metric-name "$metric" --dimensions "${pairs[@]}" --statistic "$statistic" --period "$period" \
        --evaluation-periods "$periods" --comparison-operator "$comparison" --threshold "$threshold" \
        --treat-missing-data "$missing" </dev/null
    number=$((number + 1))
done < <(alarms)

undelivered='IF(FILL(published,0) > 0 AND FILL(delivered,0) + FILL(filtered,0) < 1, 1, 0)'
metrics=$(printf ',%s' "$(query published NumberOfMessagesPublished)" "$(query delivered NumberOfNotificationsDelivered)" \
    "$(query filtered NumberOfNotificationsFilteredOut)")
aws cloudwatch put-metric-alarm --alarm-name "$name-undelivered-mail" --alarm-actions "$topic" --evaluation-periods 1 \
    --comparison-operator GreaterThanThreshold --threshold 0 --treat-missing-data notBreaching \
    --metrics "[{\"Id\":\"result\",\"Expression\":\"$undelivered\",\"ReturnData\":true}$metrics]"

echo "$((number + 1)) alarms notify $topic."
