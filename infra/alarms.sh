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
rule-failed         AWS/Events FailedInvocations RuleName=$name-console-login Sum 300 1 > 0 notBreaching
mail-failed         AWS/SNS NumberOfNotificationsFailed TopicName=$name-incidents Sum 300 1 > 0 notBreaching
sign-ins            pivotwatch NewestSignInAge Function=ingest Minimum 3600 3 > 7200 breaching
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

# A query of one metric, for an alarm on several.
query() {
    local id=$1 namespace=$2 metric=$3 dimension=$4 value=$5
    printf '{"Id":"%s","ReturnData":false,"MetricStat":{"Stat":"Sum","Period":900,"Metric":' "$id"
    printf '{"Namespace":"%s","MetricName":"%s","Dimensions":[{"Name":"%s","Value":"%s"}]}}}' \
        "$namespace" "$metric" "$dimension" "$value"
}

# Sets an alarm that rings when an expression over metrics is above 0 in a quarter of an hour.
expression_alarm() {
    local alarm=$1 expression=$2
    shift 2
    local metrics
    metrics=$(IFS=, && echo "$*")
    aws cloudwatch put-metric-alarm --alarm-name "$name-$alarm" --alarm-actions "$topic" --evaluation-periods 1 \
        --comparison-operator GreaterThanThreshold --threshold 0 --treat-missing-data notBreaching \
        --metrics "[{\"Id\":\"result\",\"Expression\":\"$expression\",\"ReturnData\":true},$metrics]"
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

expression_alarm unpublished 'FILL(found_i,0)+FILL(found_d,0)-FILL(hidden_i,0)-FILL(hidden_d,0)-FILL(sent_i,0)-FILL(sent_d,0)' \
    "$(query found_i pivotwatch Incidents Function ingest)" "$(query found_d pivotwatch Incidents Function detect)" \
    "$(query hidden_i pivotwatch IncidentsHidden Function ingest)" \
    "$(query hidden_d pivotwatch IncidentsHidden Function detect)" \
    "$(query sent_i pivotwatch Publishes Function ingest)" "$(query sent_d pivotwatch Publishes Function detect)"
expression_alarm undelivered-mail 'IF(FILL(published,0) > 0 AND FILL(delivered,0) + FILL(filtered,0) < 1, 1, 0)' \
    "$(query published AWS/SNS NumberOfMessagesPublished TopicName "$name-incidents")" \
    "$(query delivered AWS/SNS NumberOfNotificationsDelivered TopicName "$name-incidents")" \
    "$(query filtered AWS/SNS NumberOfNotificationsFilteredOut TopicName "$name-incidents")"

echo "$((number + 2)) alarms notify $topic."
