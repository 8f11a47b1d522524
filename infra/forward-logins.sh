#!/usr/bin/env bash
# Forwards console logins from every region of an account to the deployment, and lists what each region has.
#
#   forward-logins.sh MAIN_REGION [--home ACCOUNT] [--name NAME] [--regions 'REGION ...'] [--check]
#
# MAIN_REGION      the region of the deployment.
# --home ACCOUNT   the account of the deployment. Needed in every other account; the default is that of the credentials.
# --name NAME      the deployment's name, `pivotwatch` by default.
# --regions LIST   these regions, instead of all that are enabled in the account.
# --check          changes nothing; only lists.
#
# At home the main region already has the deployment's own rule. In another account it needs a rule like all others.
# Ends with 0 if every region has an enabled rule with its target, and stops at the first error. It needs the AWS CLI.
set -euo pipefail

usage() {
    sed -n '4p;6,10s/^/  /p' "$0" | sed 's/^\( *\)# */\1/' >&2
    exit 2
}

main='' home='' name=pivotwatch regions='' check=false
while [ $# -gt 0 ]; do
    case $1 in
    --home | --name | --regions)
        if [ $# -lt 2 ] || [ -z "$2" ]; then usage; fi
        declare "${1#--}=$2"
        shift
        ;;
    --check) check=true ;;
    -*) usage ;;
    *)
        if [ -n "$main" ]; then usage; fi
        main=$1
        ;;
    esac
    shift
done
if [ -z "$main" ]; then usage; fi
if [[ -n $home && ! $home =~ ^[0-9]{12}$ ]] || [[ ! $name =~ ^[A-Za-z0-9-]+$ ]]; then usage; fi

# shellcheck source=infra/forwarding.sh
. "$(dirname "${BASH_SOURCE[0]}")/forwarding.sh"

# As in the deployment's own rule: AWS documents both spellings of the detail type.
pattern='{"source":["aws.signin"],
  "detail-type":["AWS Console Sign In via CloudTrail","AWS Console Signin via CloudTrail"],
  "detail":{"eventName":[{"equals-ignore-case":"ConsoleLogin"}]}}'

identify
rule=$name-forward
own_rule=$name-console-login
detect=arn:$partition:lambda:$main:$account:function:$name-detect

if [ "$home" = "$account" ]; then
    doing="looking for the deployment in $main"
    if ! list_rule "$main" "$own_rule" "$detect" >/dev/null; then
        echo "$account has no deployment $name in $main: its rule $own_rule is absent, disabled or without its target." >&2
        die "if the deployment is in another account, name that by --home"
    fi
fi
if [ -z "$regions" ]; then
    doing="listing the regions of $account"
    regions=$(aws ec2 describe-regions --region "$main" --query 'sort(Regions[].RegionName)' --output text)
fi
if [ "$check" = false ]; then
    ensure_role "$rule"
    for region in $regions; do
        if [ "$home" = "$account" ] && [ "$region" = "$main" ]; then continue; fi
        ensure_rule "$region" "$rule" "AWS console logins, forwarded to $main of $home for $name." "$pattern"
    done
fi

echo "Console logins of the account $account, forwarded to $bus:"
missing=0
for region in $regions; do
    if [ "$home" = "$account" ] && [ "$region" = "$main" ]; then
        list_rule "$region" "$own_rule" "$detect" || missing=$((missing + 1))
    else
        list_rule "$region" "$rule" "$bus" || missing=$((missing + 1))
    fi
done
doing="listing the rules"
if [ "$missing" -gt 0 ]; then die "$missing regions do not forward"; fi
if [ "$home" != "$account" ]; then
    echo "The bus of $home must also let $account in; see \"Other accounts\" in docs/DEPLOY.md."
fi
