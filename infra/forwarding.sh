# shellcheck shell=bash
# What forward-logins.sh and forward-trail.sh share: a role and a rule that send events to the deployment's event bus.
# Each function leaves alone what is already right, so that a script can be run again.

# The script sets these before it sources this file: the deployment's region, and its account or nothing.
: "${main:?}" "${home?}"

errors=$(mktemp)
doing="reading the arguments"
trap 'finish $?' EXIT

finish() {
    rm -f "$errors"
    if [ "$1" -ne 0 ]; then
        echo "${0##*/}: stopped while $doing; what was done before stays, and a second run continues it" >&2
    fi
}

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# Sets `account` and `partition`, of the credentials, and `bus`, the deployment's. `home` is the deployment's account,
# by default that of the credentials.
identify() {
    local identity arn
    doing="asking whose credentials these are"
    identity=$(aws sts get-caller-identity --region "$main" --query '[Account,Arn]' --output text)
    read -r account arn <<<"$identity"
    partition=$(cut -d : -f 2 <<<"$arn")
    home=${home:-$account}
    bus=arn:$partition:events:$main:$home:event-bus/default
}

# Makes the role that the rules use, or corrects it. Sets `role` to its ARN and `role_is_new`.
ensure_role() {
    local role_name=$1 trust permissions
    doing="making the role $role_name"
    # Only rules of this account with the role's name, in any region, may use it.
    trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},
      "Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"'$account'"},
      "ArnLike":{"aws:SourceArn":"arn:'$partition':events:*:'$account':rule/'$role_name'*"}}}]}'
    permissions='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"events:PutEvents","Resource":"'$bus'"}]}'
    role_is_new=false
    if role=$(aws iam get-role --role-name "$role_name" --query Role.Arn --output text 2>"$errors"); then
        aws iam update-assume-role-policy --role-name "$role_name" --policy-document "$trust"
    elif grep -q NoSuchEntity "$errors"; then
        role=$(aws iam create-role --role-name "$role_name" --assume-role-policy-document "$trust" \
            --description "Forwards events to $bus." --query Role.Arn --output text)
        aws iam wait role-exists --role-name "$role_name"
        role_is_new=true
    else
        cat "$errors" >&2
        die "the role $role_name cannot be read"
    fi
    aws iam put-role-policy --role-name "$role_name" --policy-name forward --policy-document "$permissions"
}

# Makes a rule with the bus as its target in a region, or corrects it.
ensure_rule() {
    local region=$1 rule=$2 description=$3 pattern=$4
    doing="making the rule $rule in $region"
    aws events put-rule --region "$region" --name "$rule" --description "$description" --state ENABLED \
        --event-pattern "$pattern" >"$errors"
    put_target "$region" "$rule"
}

# put-targets ends with status 0 when it refused a target, and says so in its answer alone.
put_target() {
    local region=$1 rule=$2 answer failed code message tries=1
    # IAM makes a new role known to every region within seconds, not at once.
    if [ "$role_is_new" = true ]; then tries=12; fi
    while ! answer=$(aws events put-targets --region "$region" --rule "$rule" \
        --targets "Id=main,Arn=$bus,RoleArn=$role" --output text \
        --query '[FailedEntryCount,FailedEntries[0].ErrorCode,FailedEntries[0].ErrorMessage]' 2>"$errors"); do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ] || ! grep -qi 'assume' "$errors"; then
            cat "$errors" >&2
            die "$region refused the target of $rule"
        fi
        sleep 5
    done
    read -r failed code message <<<"$answer"
    if [ "$failed" != 0 ]; then die "$region refused the target of $rule: $code: $message"; fi
}

# Prints a line on a rule. Returns 1 where it is absent, disabled or without a target of that ARN.
list_rule() {
    local region=$1 rule=$2 target=$3 state targets
    doing="reading the rule $rule in $region"
    if ! state=$(aws events describe-rule --region "$region" --name "$rule" --query State --output text 2>"$errors"); then
        if ! grep -q ResourceNotFound "$errors"; then
            cat "$errors" >&2
            die "the rule $rule in $region cannot be read"
        fi
        printf '%-16s MISSING   no rule %s\n' "$region" "$rule"
        return 1
    fi
    targets=$(aws events list-targets-by-rule --region "$region" --rule "$rule" --query 'Targets[].Arn' --output text) ||
        die "the targets of $rule in $region cannot be read"
    if [[ " ${targets//$'\t'/ } " != *" $target "* ]]; then
        printf '%-16s MISSING   %s, without the target %s\n' "$region" "$rule" "$target"
        return 1
    fi
    printf '%-16s %-9s %s -> %s\n' "$region" "$state" "$rule" "$target"
    [ "$state" != DISABLED ]
}
