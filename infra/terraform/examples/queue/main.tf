# A queue between a bucket and ingest, for a bucket that already notifies a queue or a topic. It also serves a bucket
# whose objects come faster than S3 should invoke the function. It joins a deployment that exists, made by SAM or by
# Terraform:
#
#   terraform apply -var bucket=BUCKET
#
# The bucket's own notification to the queue (or to a topic that the queue is subscribed to) is its owner's to make.

variable "bucket" {
  description = "Bucket with the sign-in exports, or the log files, that the queue's notifications name."
  type        = string
}

variable "key_arn" {
  description = "ARN of the KMS key that the bucket's objects are encrypted with. Empty when they are with none."
  type        = string
  default     = ""
}

variable "name" {
  description = "The deployment's name; its functions are NAME-ingest and NAME-detect."
  type        = string
  default     = "pivotwatch"
}

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_lambda_function" "ingest" {
  function_name = "${var.name}-ingest"
}

locals {
  bucket_arn = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket}"
}

resource "aws_sqs_queue" "notifications" {
  name                    = "${var.name}-notifications"
  sqs_managed_sse_enabled = true

  # A message that failed comes again after this long. Lambda wants six times the function's timeout, which is 300
  # seconds.
  visibility_timeout_seconds = 1800
  message_retention_seconds  = 1209600

  # Ten tries, half an hour apart: five hours for an outage to end.
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 10
  })
}

# What failed in all tries. SQS gives its messages back by itself: `aws sqs start-message-move-task`.
resource "aws_sqs_queue" "dead" {
  name                      = "${var.name}-notifications-dead"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "notifications" {
  queue_url = aws_sqs_queue.notifications.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TakeNotifications"
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.notifications.arn
      Condition = {
        ArnEquals    = { "aws:SourceArn" = local.bucket_arn }
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
      }
    }]
  })
}

resource "aws_iam_role_policy" "ingest" {
  name = "notifications"
  role = element(split("/", data.aws_lambda_function.ingest.role), -1)

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "ReadNotifications"
          Effect   = "Allow"
          Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
          Resource = aws_sqs_queue.notifications.arn
        },
        {
          Sid      = "ReadBucket"
          Effect   = "Allow"
          Action   = ["s3:GetObject", "s3:GetObjectVersion"]
          Resource = "${local.bucket_arn}/*"
        },
        {
          # Without it S3 answers 403 for an object that is gone.
          Sid      = "TellDeletedFromForbidden"
          Effect   = "Allow"
          Action   = ["s3:ListBucket"]
          Resource = local.bucket_arn
        },
      ],
      var.key_arn == "" ? [] : [
        {
          Sid      = "DecryptBucket"
          Effect   = "Allow"
          Action   = ["kms:Decrypt"]
          Resource = var.key_arn
        },
      ],
    )
  })
}

resource "aws_lambda_event_source_mapping" "ingest" {
  event_source_arn = aws_sqs_queue.notifications.arn
  function_name    = data.aws_lambda_function.ingest.function_name

  # ingest answers with the messages that failed. Without this Lambda does not read the answer: it deletes the whole
  # batch, and what failed is lost without an error, in no queue.
  function_response_types = ["ReportBatchItemFailures"]

  # The objects of a batch are read one after the other within the function's timeout.
  batch_size = 1

  scaling_config {
    maximum_concurrency = 10
  }

  # Lambda checks that the role may read the queue.
  depends_on = [aws_iam_role_policy.ingest]
}

output "queue_arn" {
  description = "Queue that takes the bucket's notifications."
  value       = aws_sqs_queue.notifications.arn
}

output "queue_url" {
  description = "The same queue's address."
  value       = aws_sqs_queue.notifications.id
}

output "dead_queue_url" {
  description = "Notifications that failed in all tries."
  value       = aws_sqs_queue.dead.id
}
