resource "aws_cloudwatch_event_rule" "console_login" {
  name        = "${var.name}-console-login"
  description = "AWS console logins, recorded by CloudTrail, for pivotwatch's detect."
  state       = "ENABLED"

  event_pattern = jsonencode({
    source = concat(["aws.signin"], var.extra_event_sources)
    # AWS documents both spellings.
    detail-type = ["AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail"]
    detail      = { eventName = [{ equals-ignore-case = "ConsoleLogin" }] }
  })
}

resource "aws_cloudwatch_event_target" "detect" {
  rule      = aws_cloudwatch_event_rule.console_login.name
  target_id = "detect"
  arn       = aws_lambda_function.function["detect"].arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.detect_undelivered.arn
  }
}

resource "aws_lambda_permission" "detect" {
  statement_id  = "console-login"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function["detect"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.console_login.arn
}

# Logins that EventBridge could not deliver to detect. Its failure queue has those that detect failed to process.
resource "aws_sqs_queue" "detect_undelivered" {
  name                      = "${var.name}-detect-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "detect_undelivered" {
  queue_url = aws_sqs_queue.detect_undelivered.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "KeepUndeliveredLogins"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.detect_undelivered.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.console_login.arn } }
    }]
  })
}
