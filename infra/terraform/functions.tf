locals {
  functions = {
    ingest = {
      description = "Records the failed sign-ins of Entra exports and the logins of CloudTrail's log files."
      memory_size = 1024 # exports are streamed, so this buys processor time: about 0.6 of a core
      timeout     = 300
    }
    detect = {
      description = "Records a console login and looks for the failed sign-ins of its address. Sweeps up what was not reported."
      memory_size = 256
      timeout     = 120 # longer than another invocation may hold the lease on publishing an incident
    }
  }

  package_folder = startswith(var.package_folder, "/") ? var.package_folder : "${path.module}/${var.package_folder}"
}

resource "aws_lambda_function" "function" {
  for_each = local.functions

  function_name    = "${var.name}-${each.key}"
  description      = each.value.description
  filename         = "${local.package_folder}/${each.key}.zip"
  source_code_hash = filebase64sha256("${local.package_folder}/${each.key}.zip")
  role             = aws_iam_role.function[each.key].arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  memory_size      = each.value.memory_size
  timeout          = each.value.timeout

  environment {
    variables = {
      PIVOTWATCH_TABLE          = aws_dynamodb_table.evidence.name
      PIVOTWATCH_TOPIC_ARN      = aws_sns_topic.incidents.arn
      PIVOTWATCH_THRESHOLD      = var.threshold
      PIVOTWATCH_WINDOW         = var.window
      PIVOTWATCH_ORDER          = var.order
      PIVOTWATCH_SOURCES        = join(",", var.sources)
      PIVOTWATCH_IPV6_NETWORK   = var.ipv6_network
      PIVOTWATCH_SUCCESSES      = var.successes
      PIVOTWATCH_RETENTION_DAYS = var.retention_days
      PIVOTWATCH_TUNING_TABLE   = aws_dynamodb_table.tuning.name
      PIVOTWATCH_TUNING         = jsonencode(var.tuning_entries)
      PIVOTWATCH_ADDRESS_LIMIT  = var.address_limit
      PIVOTWATCH_HOUR_LIMIT     = var.hour_limit
      PIVOTWATCH_MODE           = var.mode
      PIVOTWATCH_OBSERVE_UNTIL  = var.observe_until
      PIVOTWATCH_ACCOUNT_NAMES  = jsonencode(var.account_names)
      PIVOTWATCH_HTTPS_FORM     = var.https_form
      PIVOTWATCH_RUNBOOK_URL    = var.runbook_url
    }
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }

  # Lambda takes no failure queue that the role may not send to, and an early export should not meet an empty role.
  depends_on = [aws_iam_role_policy.function]
}

resource "aws_lambda_function_event_invoke_config" "function" {
  for_each = local.functions

  function_name                = aws_lambda_function.function[each.key].function_name
  maximum_event_age_in_seconds = 21600
  maximum_retry_attempts       = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failures[each.key].arn
    }
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.functions

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
}

# What reached a function and it could not process in all its tries, each with the error.
resource "aws_sqs_queue" "failures" {
  for_each = local.functions

  name                      = "${var.name}-${each.key}-failures"
  message_retention_seconds = 1209600 # 14 days, the longest there is
  sqs_managed_sse_enabled   = true
}
