#!/usr/bin/env bash
# Forwards S3's events about a trail's log files to a deployment in another region or account than the bucket's.
#
#   forward-trail.sh BUCKET MAIN_REGION [--home ACCOUNT] [--name NAME]
#
# BUCKET           the trail's bucket. Run this with credentials for the account that owns it.
# MAIN_REGION      the region of the deployment.
# --home ACCOUNT   the account of the deployment; the default is that of the credentials.
# --name NAME      the deployment's name, `pivotwatch` by default.
#
# It can be run again. The bucket must notify EventBridge: notify-trail.sh switches that on. It needs the AWS CLI.
set -euo pipefail

usage() {
    sed -n '4p;6,9s/^/  /p' "$0" | sed 's/^\( *\)# */\1/' >&2
    exit 2
}

bucket='' main='' home='' name=pivotwatch
while [ $# -gt 0 ]; do
    case $1 in
    --home | --name)
        if [ $# -lt 2 ] || [ -z "$2" ]; then usage; fi
        declare "${1#--}=$2"
        shift
        ;;
    -*) usage ;;
    *)
        if [ -z "$bucket" ]; then
            bucket=$1
        elif [ -z "$main" ]; then
            main=$1
        else
            usage
        fi
        ;;
    esac
    shift
done
if [[ -z $main || ! $bucket =~ ^[a-z0-9][a-z0-9.-]+$ ]]; then usage; fi
if [[ -n $home && ! $home =~ ^[0-9]{12}$ ]] || [[ ! $name =~ ^[A-Za-z0-9-]+$ ]]; then usage; fi

# shellcheck source=infra/forwarding.sh
. "$(dirname "${BASH_SOURCE[0]}")/forwarding.sh"

# As in the deployment's own rule: a log bucket holds much else, and each forwarded event costs.
pattern='{"source":["aws.s3"],"detail-type":["Object Created"],
  "detail":{"bucket":{"name":["'$bucket'"]},"object":{"key":[{"wildcard":"*AWSLogs/*/CloudTrail/*.json.gz"}]}}}'

identify
doing="asking for the region of $bucket"
region=$(aws s3api get-bucket-location --bucket "$bucket" --query LocationConstraint --output text)
case $region in
None) region=us-east-1 ;;
EU) region=eu-west-1 ;;
esac
if [ "$region" = "$main" ] && [ "$home" = "$account" ]; then
    echo "Nothing to forward: $bucket is in the region and account of the deployment, which has a rule for it."
    exit 0
fi
rule=$name-forward-trail
ensure_role "$name-forward"
ensure_rule "$region" "$rule" "Log files of CloudTrail in $bucket, forwarded to $main of $home for $name." "$pattern"
list_rule "$region" "$rule" "$bus"
