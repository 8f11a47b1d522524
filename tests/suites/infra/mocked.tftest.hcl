# Applies the Terraform module to a mocked provider: no AWS, no emulator, a few seconds. Its values are what AWS would
# return in the account, region and stack of sam_template.py. The two deployments can therefore be compared down to the
# resources in their policies.

mock_provider "aws" {
  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "123456789012" }
  }
  override_data {
    target = data.aws_region.current
    values = { id = "eu-central-1" }
  }
  override_data {
    target = data.aws_partition.current
    values = { partition = "aws" }
  }
  override_resource {
    target = aws_s3_bucket.exports
    values = {
      id  = "pivotwatch-exports-00000000-0000-0000-0000-000000000000"
      arn = "arn:aws:s3:::pivotwatch-exports-00000000-0000-0000-0000-000000000000"
    }
  }
  override_resource {
    target = aws_dynamodb_table.evidence
    values = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/pivotwatch-evidence" }
  }
  override_resource {
    target = aws_dynamodb_table.tuning
    values = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/pivotwatch-tuning" }
  }
  override_resource {
    target = aws_sns_topic.incidents
    values = { arn = "arn:aws:sns:eu-central-1:123456789012:pivotwatch-incidents" }
  }
  override_resource {
    target = aws_iam_role.function["ingest"]
    values = { arn = "arn:aws:iam::123456789012:role/IngestRole" }
  }
  override_resource {
    target = aws_iam_role.function["detect"]
    values = { arn = "arn:aws:iam::123456789012:role/DetectRole" }
  }
  override_resource {
    target = aws_iam_role.sweep
    values = { arn = "arn:aws:iam::123456789012:role/SweepRole" }
  }
  override_resource {
    target = aws_lambda_function.function["ingest"]
    values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:pivotwatch-ingest" }
  }
  override_resource {
    target = aws_lambda_function.function["detect"]
    values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:pivotwatch-detect" }
  }
  override_resource {
    target = aws_cloudwatch_log_group.function["ingest"]
    values = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/pivotwatch-ingest" }
  }
  override_resource {
    target = aws_cloudwatch_log_group.function["detect"]
    values = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/pivotwatch-detect" }
  }
  override_resource {
    target = aws_sqs_queue.failures["ingest"]
    values = {
      id  = "https://sqs.eu-central-1.amazonaws.com/123456789012/pivotwatch-ingest-failures"
      url = "https://sqs.eu-central-1.amazonaws.com/123456789012/pivotwatch-ingest-failures"
      arn = "arn:aws:sqs:eu-central-1:123456789012:pivotwatch-ingest-failures"
    }
  }
  override_resource {
    target = aws_sqs_queue.failures["detect"]
    values = {
      id  = "https://sqs.eu-central-1.amazonaws.com/123456789012/pivotwatch-detect-failures"
      url = "https://sqs.eu-central-1.amazonaws.com/123456789012/pivotwatch-detect-failures"
      arn = "arn:aws:sqs:eu-central-1:123456789012:pivotwatch-detect-failures"
    }
  }
  override_resource {
    target = aws_sqs_queue.detect_undelivered
    values = {
      id  = "https://sqs.eu-central-1.amazonaws.com/123456789012/pivotwatch-detect-undelivered"
      url = "https://sqs.eu-central-1.amazonaws.com/123456789012/pivotwatch-detect-undelivered"
      arn = "arn:aws:sqs:eu-central-1:123456789012:pivotwatch-detect-undelivered"
    }
  }
  override_resource {
    target = aws_sqs_queue.sweep_undelivered
    values = {
      id  = "https://sqs.eu-central-1.amazonaws.com/123456789012/pivotwatch-sweep-undelivered"
      url = "https://sqs.eu-central-1.amazonaws.com/123456789012/pivotwatch-sweep-undelivered"
      arn = "arn:aws:sqs:eu-central-1:123456789012:pivotwatch-sweep-undelivered"
    }
  }
  override_resource {
    target = aws_cloudwatch_event_rule.console_login
    values = { arn = "arn:aws:events:eu-central-1:123456789012:rule/pivotwatch-console-login" }
  }
  override_resource {
    target = aws_sqs_queue.ingest_undelivered
    values = {
      id  = "https://sqs.eu-central-1.amazonaws.com/123456789012/pivotwatch-ingest-undelivered"
      url = "https://sqs.eu-central-1.amazonaws.com/123456789012/pivotwatch-ingest-undelivered"
      arn = "arn:aws:sqs:eu-central-1:123456789012:pivotwatch-ingest-undelivered"
    }
  }
  override_resource {
    target = aws_cloudwatch_event_rule.trail
    values = { arn = "arn:aws:events:eu-central-1:123456789012:rule/pivotwatch-trail" }
  }
}

run "defaults" {}

run "changed" {
  variables {
    name                  = "pivotwatch"
    architecture          = "x86_64"
    alert_email           = "soc@example.com"
    threshold             = 7
    window                = "36h"
    order                 = "failures_first"
    sources               = ["adfs"]
    ipv6_network          = "none"
    successes             = "ignore"
    retention_days        = 30
    export_retention_days = 0
    log_retention_days    = 7
    deletion_protection   = false
    tuning_entries = [
      {
        id         = "backup-veeam"
        exclude    = "failures"
        when       = { cidr = ["198.51.100.0/24"], app = ["Veeam*"] }
        expires_at = "2027-01-31T00:00:00Z"
      },
      {
        id        = "office-oslo"
        threshold = 50
        when      = { cidr = ["192.0.2.0/24"] }
        permanent = true
      },
    ]
    address_limit       = 1
    hour_limit          = 250
    mode                = "observe"
    observe_until       = "2028-02-29T23:59:59Z"
    account_names       = { 111122223333 = "payments-prod", 444455556666 = "Påfyll \"7\"" }
    https_form          = "finding"
    runbook_url         = "https://wiki.example/pivotwatch?page=1#contain"
    extra_event_sources = ["pivotwatch.selftest", "another"]
    trail_bucket        = "trail-of-all-regions"
    trail_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
}

run "a_key_without_its_bucket" {
  command = plan
  variables {
    trail_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
  expect_failures = [var.trail_key_arn]
}

run "tuning_entries_that_are_one_entry" {
  command = plan
  variables {
    tuning_entries = { id = "office-oslo" }
  }
  expect_failures = [var.tuning_entries]
}

run "tuning_entries_that_are_a_map" {
  command = plan
  variables {
    tuning_entries = { first = { id = "office-oslo" } }
  }
  expect_failures = [var.tuning_entries]
}

run "tuning_entries_that_are_a_text" {
  command = plan
  variables {
    tuning_entries = "[{\"id\":\"office-oslo\"}]"
  }
  expect_failures = [var.tuning_entries]
}

run "a_tuning_entry_without_an_id" {
  command = plan
  variables {
    tuning_entries = [{ id = "office-oslo" }, { reason = "nobody knows" }]
  }
  expect_failures = [var.tuning_entries]
}

run "a_tuning_entry_whose_id_is_a_number" {
  command = plan
  variables {
    tuning_entries = [{ id = 7 }]
  }
  expect_failures = [var.tuning_entries]
}

run "a_tuning_entry_whose_id_has_capitals" {
  command = plan
  variables {
    tuning_entries = [{ id = "Office" }]
  }
  expect_failures = [var.tuning_entries]
}

# 1,893 characters, and 2,243 bytes.
run "tuning_entries_that_exceed_the_environment" {
  command = plan
  variables {
    tuning_entries = [for number in range(50) : { id = "office-${number}", reason = "ÆØÅÆØÅÆ" }]
  }
  expect_failures = [var.tuning_entries]
}

run "an_end_of_observing_without_observing" {
  command = plan
  variables {
    observe_until = "2026-03-09T00:00:00Z"
  }
  expect_failures = [var.observe_until]
}

run "an_account_name_without_an_id" {
  command = plan
  variables {
    account_names = { payments-prod = "111122223333" }
  }
  expect_failures = [var.account_names]
}

run "an_empty_account_name" {
  command = plan
  variables {
    account_names = { 111122223333 = "" }
  }
  expect_failures = [var.account_names]
}

run "an_account_name_that_is_too_long" {
  command = plan
  variables {
    account_names = { 111122223333 = join("", [for number in range(65) : "x"]) }
  }
  expect_failures = [var.account_names]
}

# 783 characters, and 1,103 bytes.
run "account_names_that_exceed_the_environment" {
  command = plan
  variables {
    account_names = { for number in range(23) : format("%012d", number) => "ÆØÅÆØÅÆØÅÆØÅÆØ" }
  }
  expect_failures = [var.account_names]
}

run "a_name_that_is_too_long" {
  command = plan
  variables {
    name = "abcdefghijklmnopqrstuvwxyz-12"
  }
  expect_failures = [var.name]
}
