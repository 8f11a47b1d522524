locals {
  statements = {
    ingest = concat(local.trail_statements, [
      {
        Sid      = "ReadExports"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = "${aws_s3_bucket.exports.arn}/*"
      },
      {
        # Without it S3 answers 403 for an object that is gone.
        Sid      = "TellDeletedFromForbidden"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.exports.arn
      },
    ])
    detect = [
      {
        # A message to nobody counts as published.
        Sid      = "CountSubscribers"
        Action   = ["sns:GetTopicAttributes"]
        Resource = aws_sns_topic.incidents.arn
      },
    ]
  }
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name_prefix = "${var.name}-${each.key}-"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name = each.key
  role = aws_iam_role.function[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for statement in concat(local.statements[each.key], [
        {
          Sid      = "KeepEvidence"
          Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
          Resource = aws_dynamodb_table.evidence.arn
        },
        {
          # What an entry hid, or is not reported, is found without its address.
          Sid      = "ListIncidents"
          Action   = ["dynamodb:Query"]
          Resource = [for index in ["by_day", "unreported"] : "${aws_dynamodb_table.evidence.arn}/index/${index}"]
        },
        {
          # Read alone: a function that could write entries could blind itself.
          Sid      = "ReadTuning"
          Action   = ["dynamodb:Scan"]
          Resource = aws_dynamodb_table.tuning.arn
        },
        {
          Sid      = "PublishIncidents"
          Action   = ["sns:Publish"]
          Resource = aws_sns_topic.incidents.arn
        },
        {
          Sid      = "WriteLogs"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${aws_cloudwatch_log_group.function[each.key].arn}:*"
        },
        {
          Sid      = "KeepFailures"
          Action   = ["sqs:SendMessage"]
          Resource = aws_sqs_queue.failures[each.key].arn
        },
      ]) : merge({ Effect = "Allow" }, statement)
    ]
  })
}
