resource "aws_s3_bucket" "exports" {
  bucket_prefix = "${var.name}-exports-"
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket_ownership_controls" "exports" {
  bucket = aws_s3_bucket.exports.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "exports" {
  bucket = aws_s3_bucket.exports.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "exports" {
  bucket = aws_s3_bucket.exports.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "exports" {
  count  = var.export_retention_days > 0 ? 1 : 0
  bucket = aws_s3_bucket.exports.id

  rule {
    id     = "exports-expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.export_retention_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

resource "aws_s3_bucket_policy" "exports" {
  bucket = aws_s3_bucket.exports.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RefuseUnencryptedTransport"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.exports.arn, "${aws_s3_bucket.exports.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # Two changes of a bucket's access at the same time make S3 refuse one of them.
  depends_on = [aws_s3_bucket_public_access_block.exports]
}

resource "aws_lambda_permission" "ingest" {
  statement_id  = "exports"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function["ingest"].function_name
  principal     = "s3.amazonaws.com"
  source_arn    = aws_s3_bucket.exports.arn
  # A bucket's ARN names no account: without this, whoever got the name after the bucket is gone could invoke.
  source_account = data.aws_caller_identity.current.account_id
}

resource "aws_s3_bucket_notification" "exports" {
  bucket = aws_s3_bucket.exports.id

  lambda_function {
    events              = ["s3:ObjectCreated:*"]
    lambda_function_arn = aws_lambda_function.function["ingest"].arn
  }

  # S3 checks that it may invoke the function before it takes the notification.
  depends_on = [aws_lambda_permission.ingest]
}

data "aws_caller_identity" "current" {}
