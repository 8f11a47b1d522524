# The backstop. CloudTrail delivers logins to EventBridge on a best-effort basis, each in the region that served the
# sign-in. To the bucket of a trail of all regions it delivers every login. The deployment does not own that bucket, and
# writing its notifications would replace the owner's. So they arrive by EventBridge, which the bucket's owner enables
# once.

locals {
  reads_trail      = var.trail_bucket != ""
  trail_bucket_arn = "arn:${data.aws_partition.current.partition}:s3:::${var.trail_bucket}"

  # What ingest may do because of it.
  trail_statements = concat(
    !local.reads_trail ? [] : [
      {
        # Its log files alone: whatever else lies in that bucket is not ours to read.
        Sid      = "ReadTrail"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = "${local.trail_bucket_arn}/*AWSLogs/*/CloudTrail/*"
      },
      {
        Sid      = "TellDeletedFromForbiddenInTrail"
        Action   = ["s3:ListBucket"]
        Resource = local.trail_bucket_arn
      },
    ],
    var.trail_key_arn == "" ? [] : [
      {
        Sid      = "DecryptTrail"
        Action   = ["kms:Decrypt"]
        Resource = var.trail_key_arn
      },
    ],
  )
}

data "aws_partition" "current" {}

resource "aws_cloudwatch_event_rule" "trail" {
  count = local.reads_trail ? 1 : 0

  name        = "${var.name}-trail"
  description = "Log files that CloudTrail delivered to the trail's bucket, for pivotwatch's ingest."
  state       = "ENABLED"

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [var.trail_bucket] }
      # Neither digests nor Insights, nor what other services deliver there. The role may read what has this form.
      object = { key = [{ wildcard = "*AWSLogs/*/CloudTrail/*.json.gz" }] }
    }
  })
}

resource "aws_cloudwatch_event_target" "trail" {
  count = local.reads_trail ? 1 : 0

  rule      = aws_cloudwatch_event_rule.trail[0].name
  target_id = "ingest"
  arn       = aws_lambda_function.function["ingest"].arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.ingest_undelivered[0].arn
  }
}

resource "aws_lambda_permission" "trail" {
  count = local.reads_trail ? 1 : 0

  statement_id  = "trail"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function["ingest"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.trail[0].arn
}

# Log files whose events did not reach ingest. Its failure queue has those that ingest failed to process.
resource "aws_sqs_queue" "ingest_undelivered" {
  count = local.reads_trail ? 1 : 0

  name                      = "${var.name}-ingest-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "ingest_undelivered" {
  count = local.reads_trail ? 1 : 0

  queue_url = aws_sqs_queue.ingest_undelivered[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "KeepUndeliveredLogFiles"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.ingest_undelivered[0].arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.trail[0].arn } }
    }]
  })
}
