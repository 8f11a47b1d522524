"""Both deployments as dictionaries in AWS's own words, so that they can be compared."""

import json

# Terraform's type for each resource type of the template. It reveals a resource that only one deployment has, and one
# of a type that the pictures omit.
COUNTERPARTS = {
    "AWS::S3::Bucket": "aws_s3_bucket",
    "AWS::S3::BucketPolicy": "aws_s3_bucket_policy",
    "AWS::Lambda::Permission": "aws_lambda_permission",
    "AWS::DynamoDB::Table": "aws_dynamodb_table",
    "AWS::SNS::Topic": "aws_sns_topic",
    "AWS::SNS::Subscription": "aws_sns_topic_subscription",
    "AWS::Serverless::Function": "aws_lambda_function",
    "AWS::IAM::Role": "aws_iam_role",
    "AWS::Logs::LogGroup": "aws_cloudwatch_log_group",
    "AWS::SQS::Queue": "aws_sqs_queue",
    "AWS::SQS::QueuePolicy": "aws_sqs_queue_policy",
    "AWS::Events::Rule": "aws_cloudwatch_event_rule",
    "AWS::Scheduler::Schedule": "aws_scheduler_schedule",
}
# Terraform resources that are properties of another resource in the template. The pictures show all of them.
PARTS = {
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_notification",
    "aws_lambda_function_event_invoke_config",
    "aws_iam_role_policy",
    "aws_cloudwatch_event_target",
}
# Properties of the template that the pictures show. Any other property would not be compared.
SHOWN = {
    "AWS::S3::Bucket": {
        "BucketName",
        "NotificationConfiguration",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
        "BucketEncryption",
        "LifecycleConfiguration",
    },
    "AWS::S3::BucketPolicy": {"Bucket", "PolicyDocument"},
    "AWS::Lambda::Permission": {"Action", "FunctionName", "Principal", "SourceAccount", "SourceArn"},
    "AWS::DynamoDB::Table": {
        "TableName",
        "BillingMode",
        "AttributeDefinitions",
        "KeySchema",
        "GlobalSecondaryIndexes",
        "TimeToLiveSpecification",
        "PointInTimeRecoverySpecification",
        "DeletionProtectionEnabled",
    },
    "AWS::SNS::Topic": {"TopicName", "DisplayName"},
    "AWS::SNS::Subscription": {"TopicArn", "Protocol", "Endpoint"},
    "AWS::Serverless::Function": {
        "Runtime",
        "Handler",
        "Architectures",
        "Environment",
        "FunctionName",
        "Description",
        "CodeUri",
        "Role",
        "MemorySize",
        "Timeout",
        "LoggingConfig",
        "EventInvokeConfig",
    },
    "AWS::IAM::Role": {"AssumeRolePolicyDocument", "Policies"},
    "AWS::Logs::LogGroup": {"LogGroupName", "RetentionInDays"},
    "AWS::SQS::Queue": {"QueueName", "MessageRetentionPeriod", "SqsManagedSseEnabled"},
    "AWS::SQS::QueuePolicy": {"Queues", "PolicyDocument"},
    "AWS::Events::Rule": {"Name", "Description", "State", "EventPattern", "Targets"},
    "AWS::Scheduler::Schedule": {
        "Name",
        "Description",
        "State",
        "ScheduleExpression",
        "FlexibleTimeWindow",
        "Target",
    },
}


def _statements(document: dict | str) -> dict[str, dict]:
    """A policy's statements by name, in one spelling where IAM allows two."""
    document = json.loads(document) if isinstance(document, str) else document
    assert document["Version"] == "2012-10-17"
    statements = {}
    for statement in document["Statement"]:
        statement = dict(statement)
        for key in ("Action", "Resource"):
            if key in statement:
                value = statement[key]
                statement[key] = sorted(value) if isinstance(value, list) else [value]
        statements[statement.pop("Sid", "unnamed")] = statement
    return statements


def _short(function: str) -> str:
    """The name of a function without the stack's, from its name or ARN."""
    return function.rsplit(":", 1)[-1].removeprefix("pivotwatch-")


def _key(keyed: dict) -> dict[str, str]:
    """The key of Terraform's table or index. A table without a sort key has null or an empty text there."""
    parts = {"HASH": keyed["hash_key"], "RANGE": keyed["range_key"]}
    return {kind: name for kind, name in parts.items() if name}


def sam(stack) -> dict:
    bucket, topic = stack.only("AWS::S3::Bucket"), stack.only("AWS::SNS::Topic")
    functions = {_short(f["FunctionName"]): f for f in stack.of_type("AWS::Serverless::Function").values()}
    roles = stack.of_type("AWS::IAM::Role")
    schedules = {_short(s["Name"]): s for s in stack.of_type("AWS::Scheduler::Schedule").values()}
    role_arns = {name: f["Role"] for name, f in functions.items()} | {
        name: s["Target"]["RoleArn"] for name, s in schedules.items()
    }
    lifecycle = bucket.get("LifecycleConfiguration", {"Rules": []})

    return {
        "resources": {COUNTERPARTS[r["Type"]]: len(stack.of_type(r["Type"])) for r in stack.resources.values()},
        "functions": {
            name: {
                "name": f["FunctionName"],
                "description": f["Description"],
                "package": f["CodeUri"].rsplit("/", 1)[-1],
                "runtime": f["Runtime"],
                "handler": f["Handler"],
                "architectures": f["Architectures"],
                "memory": f["MemorySize"],
                "timeout": f["Timeout"],
                "environment": f["Environment"]["Variables"],
                "log format": f["LoggingConfig"]["LogFormat"],
                "log group": f["LoggingConfig"]["LogGroup"],
            }
            for name, f in functions.items()
        },
        "asynchronous invocation": {
            name: {
                "maximum age": f["EventInvokeConfig"]["MaximumEventAgeInSeconds"],
                "retries": f["EventInvokeConfig"]["MaximumRetryAttempts"],
                "on failure": f["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"],
            }
            for name, f in functions.items()
        },
        "roles": {
            name: {
                "assumed by": _statements(role["AssumeRolePolicyDocument"]),
                "policies": {
                    policy["PolicyName"]: _statements(policy["PolicyDocument"]) for policy in role["Policies"]
                },
            }
            for name, role in [(name, roles[arn.rsplit("/", 1)[-1]]) for name, arn in role_arns.items()]
        },
        "who may invoke": {
            f"{_short(p['FunctionName'])} by {p['Principal']}": {
                "action": p["Action"],
                "source": p["SourceArn"],
                "account": p.get("SourceAccount"),
            }
            for p in stack.of_type("AWS::Lambda::Permission").values()
        },
        "log groups": {
            g["LogGroupName"]: int(g["RetentionInDays"]) for g in stack.of_type("AWS::Logs::LogGroup").values()
        },
        "bucket": {
            "name": bucket["BucketName"],
            "notifications": [
                {"events": [n["Event"]], "function": n["Function"]}
                for n in bucket["NotificationConfiguration"]["LambdaConfigurations"]
            ],
            "ownership": [r["ObjectOwnership"] for r in bucket["OwnershipControls"]["Rules"]],
            "public access block": bucket["PublicAccessBlockConfiguration"],
            "encryption": [
                r["ServerSideEncryptionByDefault"]["SSEAlgorithm"]
                for r in bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            ],
            "lifecycle": [
                {
                    "name": r["Id"],
                    "status": r["Status"],
                    "days": int(r["ExpirationInDays"]),
                    "days of unfinished uploads": r["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"],
                }
                for r in lifecycle["Rules"]
            ],
            "policy": _statements(stack.only("AWS::S3::BucketPolicy")["PolicyDocument"]),
        },
        "tables": {
            table["TableName"]: {
                "billing": table["BillingMode"],
                "attributes": {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]},
                "key": {k["KeyType"]: k["AttributeName"] for k in table["KeySchema"]},
                "indexes": {
                    i["IndexName"]: {
                        "key": {k["KeyType"]: k["AttributeName"] for k in i["KeySchema"]},
                        "projection": i["Projection"]["ProjectionType"],
                        "attributes": sorted(i["Projection"].get("NonKeyAttributes", [])),
                    }
                    for i in table.get("GlobalSecondaryIndexes", [])
                },
                "time to live": [
                    [ttl["AttributeName"], ttl["Enabled"]]
                    for ttl in [table.get("TimeToLiveSpecification")]
                    if ttl is not None
                ],
                "point-in-time recovery": table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
                "deletion protection": table["DeletionProtectionEnabled"],
            }
            for table in stack.of_type("AWS::DynamoDB::Table").values()
        },
        "topic": {
            "name": topic["TopicName"],
            "display name": topic["DisplayName"],
            "subscriptions": [
                [s["TopicArn"], s["Protocol"], s["Endpoint"]] for s in stack.of_type("AWS::SNS::Subscription").values()
            ],
        },
        "queues": {
            q["QueueName"]: {"retention": q["MessageRetentionPeriod"], "encrypted": q["SqsManagedSseEnabled"]}
            for q in stack.of_type("AWS::SQS::Queue").values()
        },
        "queue policies": {
            url: _statements(p["PolicyDocument"])
            for p in stack.of_type("AWS::SQS::QueuePolicy").values()
            for url in p["Queues"]
        },
        "rules": {
            rule["Name"]: {
                "description": rule["Description"],
                "state": rule["State"],
                "pattern": rule["EventPattern"],
                "targets": {
                    t["Id"]: {
                        "function": t["Arn"],
                        "maximum age": t["RetryPolicy"]["MaximumEventAgeInSeconds"],
                        "retries": t["RetryPolicy"]["MaximumRetryAttempts"],
                        "dead-letter queue": t["DeadLetterConfig"]["Arn"],
                    }
                    for t in rule["Targets"]
                },
            }
            for rule in stack.of_type("AWS::Events::Rule").values()
        },
        "schedules": {
            name: {
                "name": s["Name"],
                "description": s["Description"],
                "state": s["State"],
                "expression": s["ScheduleExpression"],
                "flexible window": s["FlexibleTimeWindow"]["Mode"],
                "function": s["Target"]["Arn"],
                "role": s["Target"]["RoleArn"],
                "input": json.loads(s["Target"]["Input"]),
                "maximum age": s["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"],
                "retries": s["Target"]["RetryPolicy"]["MaximumRetryAttempts"],
                "dead-letter queue": s["Target"]["DeadLetterConfig"]["Arn"],
            }
            for name, s in schedules.items()
        },
        "outputs": stack.outputs,
    }


def terraform(deployment) -> dict:
    bucket, topic = deployment.only("aws_s3_bucket"), deployment.only("aws_sns_topic")
    functions = {_short(f["function_name"]): f for f in deployment.of_type("aws_lambda_function")}
    roles = {r["arn"]: r for r in deployment.of_type("aws_iam_role")}
    schedules = {_short(s["name"]): s for s in deployment.of_type("aws_scheduler_schedule")}
    role_arns = {name: f["role"] for name, f in functions.items()} | {
        name: s["target"][0]["role_arn"] for name, s in schedules.items()
    }
    access = deployment.only("aws_s3_bucket_public_access_block")
    kinds = [r["type"] for r in deployment.resources if r["mode"] == "managed"]

    return {
        "resources": {kind: kinds.count(kind) for kind in kinds if kind not in PARTS},
        "functions": {
            name: {
                "name": f["function_name"],
                "description": f["description"],
                "package": f["filename"].rsplit("/", 1)[-1],
                "runtime": f["runtime"],
                "handler": f["handler"],
                "architectures": f["architectures"],
                "memory": f["memory_size"],
                "timeout": f["timeout"],
                "environment": f["environment"][0]["variables"],
                "log format": f["logging_config"][0]["log_format"],
                "log group": f["logging_config"][0]["log_group"],
            }
            for name, f in functions.items()
        },
        "asynchronous invocation": {
            _short(c["function_name"]): {
                "maximum age": c["maximum_event_age_in_seconds"],
                "retries": c["maximum_retry_attempts"],
                "on failure": c["destination_config"][0]["on_failure"][0]["destination"],
            }
            for c in deployment.of_type("aws_lambda_function_event_invoke_config")
        },
        "roles": {
            name: {
                "assumed by": _statements(role["assume_role_policy"]),
                "policies": {
                    policy["name"]: _statements(policy["policy"])
                    for policy in deployment.of_type("aws_iam_role_policy")
                    if policy["role"] == role["name"]
                },
            }
            for name, role in [(name, roles[arn]) for name, arn in role_arns.items()]
        },
        "who may invoke": {
            f"{_short(p['function_name'])} by {p['principal']}": {
                "action": p["action"],
                "source": p["source_arn"],
                "account": p["source_account"],
            }
            for p in deployment.of_type("aws_lambda_permission")
        },
        "log groups": {g["name"]: g["retention_in_days"] for g in deployment.of_type("aws_cloudwatch_log_group")},
        "bucket": {
            "name": bucket["id"],
            "notifications": [
                {"events": n["events"], "function": n["lambda_function_arn"]}
                for n in deployment.only("aws_s3_bucket_notification")["lambda_function"]
            ],
            "ownership": [r["object_ownership"] for r in deployment.only("aws_s3_bucket_ownership_controls")["rule"]],
            "public access block": {
                "BlockPublicAcls": access["block_public_acls"],
                "BlockPublicPolicy": access["block_public_policy"],
                "IgnorePublicAcls": access["ignore_public_acls"],
                "RestrictPublicBuckets": access["restrict_public_buckets"],
            },
            "encryption": [
                r["apply_server_side_encryption_by_default"][0]["sse_algorithm"]
                for r in deployment.only("aws_s3_bucket_server_side_encryption_configuration")["rule"]
            ],
            "lifecycle": [
                {
                    "name": r["id"],
                    "status": r["status"],
                    "days": r["expiration"][0]["days"],
                    "days of unfinished uploads": r["abort_incomplete_multipart_upload"][0]["days_after_initiation"],
                }
                for configuration in deployment.of_type("aws_s3_bucket_lifecycle_configuration")
                for r in configuration["rule"]
            ],
            "policy": _statements(deployment.only("aws_s3_bucket_policy")["policy"]),
        },
        "tables": {
            table["name"]: {
                "billing": table["billing_mode"],
                "attributes": {a["name"]: a["type"] for a in table["attribute"]},
                "key": _key(table),
                "indexes": {
                    i["name"]: {
                        "key": _key(i),
                        "projection": i["projection_type"],
                        "attributes": sorted(i["non_key_attributes"] or []),
                    }
                    for i in table["global_secondary_index"]
                },
                "time to live": [[ttl["attribute_name"], ttl["enabled"]] for ttl in table["ttl"]],
                "point-in-time recovery": table["point_in_time_recovery"][0]["enabled"],
                "deletion protection": table["deletion_protection_enabled"],
            }
            for table in deployment.of_type("aws_dynamodb_table")
        },
        "topic": {
            "name": topic["name"],
            "display name": topic["display_name"],
            "subscriptions": [
                [s["topic_arn"], s["protocol"], s["endpoint"]] for s in deployment.of_type("aws_sns_topic_subscription")
            ],
        },
        "queues": {
            q["name"]: {"retention": q["message_retention_seconds"], "encrypted": q["sqs_managed_sse_enabled"]}
            for q in deployment.of_type("aws_sqs_queue")
        },
        "queue policies": {
            p["queue_url"]: _statements(p["policy"]) for p in deployment.of_type("aws_sqs_queue_policy")
        },
        "rules": {
            rule["name"]: {
                "description": rule["description"],
                "state": rule["state"],
                "pattern": json.loads(rule["event_pattern"]),
                "targets": {
                    t["target_id"]: {
                        "function": t["arn"],
                        "maximum age": t["retry_policy"][0]["maximum_event_age_in_seconds"],
                        "retries": t["retry_policy"][0]["maximum_retry_attempts"],
                        "dead-letter queue": t["dead_letter_config"][0]["arn"],
                    }
                    for t in deployment.of_type("aws_cloudwatch_event_target")
                    if t["rule"] == rule["name"]
                },
            }
            for rule in deployment.of_type("aws_cloudwatch_event_rule")
        },
        "schedules": {
            name: {
                "name": s["name"],
                "description": s["description"],
                "state": s["state"],
                "expression": s["schedule_expression"],
                "flexible window": s["flexible_time_window"][0]["mode"],
                "function": target["arn"],
                "role": target["role_arn"],
                "input": json.loads(target["input"]),
                "maximum age": target["retry_policy"][0]["maximum_event_age_in_seconds"],
                "retries": target["retry_policy"][0]["maximum_retry_attempts"],
                "dead-letter queue": target["dead_letter_config"][0]["arn"],
            }
            for name, s in schedules.items()
            for target in s["target"]
        },
        "outputs": {
            "".join(word.capitalize() for word in name.split("_")): value for name, value in deployment.outputs.items()
        },
    }


def differences(first, second, where: str = "") -> list[str]:
    """One line for each difference between two pictures."""
    if isinstance(first, dict) and isinstance(second, dict):
        lines = []
        for key in [*first, *(key for key in second if key not in first)]:
            place = f"{where} › {key}" if where else str(key)
            if key not in second:
                lines.append(f"{place}: only SAM has it: {first[key]!r}")
            elif key not in first:
                lines.append(f"{place}: only Terraform has it: {second[key]!r}")
            else:
                lines += differences(first[key], second[key], place)
        return lines
    return [] if first == second else [f"{where}: SAM says {first!r}, Terraform says {second!r}"]
