# Publishes the digests that are due, and the incidents whose publisher died.
resource "aws_scheduler_schedule" "sweep" {
  name                = "${var.name}-sweep"
  description         = "Lets pivotwatch's detect report what was deferred or interrupted."
  state               = "ENABLED"
  schedule_expression = "rate(15 minutes)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.function["detect"].arn
    role_arn = aws_iam_role.sweep.arn
    input    = jsonencode({ pivotwatch = "sweep" })

    retry_policy {
      maximum_event_age_in_seconds = 900 # the next sweep does the work of one that could not be delivered
      maximum_retry_attempts       = 185
    }

    dead_letter_config {
      arn = aws_sqs_queue.sweep_undelivered.arn
    }
  }
}

data "aws_region" "current" {}

resource "aws_iam_role" "sweep" {
  name_prefix = "${var.name}-sweep-"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = data.aws_caller_identity.current.account_id
          # Of a schedule's group; AWS refuses the ARN of one schedule here.
          "aws:SourceArn" = join(":", [
            "arn", data.aws_partition.current.partition, "scheduler", data.aws_region.current.id,
            data.aws_caller_identity.current.account_id, "schedule-group/default",
          ])
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "sweep" {
  name = "sweep"
  role = aws_iam_role.sweep.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "InvokeDetect"
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = aws_lambda_function.function["detect"].arn
      },
      {
        # EventBridge Scheduler sends to the queue by this role.
        Sid      = "KeepUndeliveredSweeps"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.sweep_undelivered.arn
      },
    ]
  })
}

# Sweeps that could not be delivered to detect. Not for a redrive: the next sweep does the same.
resource "aws_sqs_queue" "sweep_undelivered" {
  name                      = "${var.name}-sweep-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}
