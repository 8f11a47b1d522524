resource "aws_dynamodb_table" "evidence" {
  name                        = "${var.name}-evidence"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "ip"
  range_key                   = "record"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "ip"
    type = "S"
  }

  attribute {
    name = "record"
    type = "S"
  }

  attribute {
    name = "listed"
    type = "S"
  }

  attribute {
    name = "unreported"
    type = "S"
  }

  attribute {
    name = "rank"
    type = "N"
  }

  # Sparse: only what a person looks for without knowing the address carries `listed`, which says day and kind.
  global_secondary_index {
    name            = "by_day"
    hash_key        = "listed"
    range_key       = "rank"
    projection_type = "INCLUDE"
    non_key_attributes = [
      "failures",
      "first_failure",
      "last_failure",
      "severity",
      "account_name",
      "recipient_account_id",
      "start_time",
      "published_at",
    ]
  }

  # Sparse too: only an incident that is still to be reported has `unreported`, which says the shard.
  global_secondary_index {
    name            = "unreported"
    hash_key        = "unreported"
    range_key       = "rank"
    projection_type = "KEYS_ONLY"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  # Terraform destroys in the opposite order. A protected table ends a destroy before these are gone from the bucket,
  # which then stays, too, and holds sign-ins.
  depends_on = [
    aws_s3_bucket_public_access_block.exports,
    aws_s3_bucket_policy.exports,
    aws_s3_bucket_ownership_controls.exports,
    aws_s3_bucket_server_side_encryption_configuration.exports,
    aws_s3_bucket_lifecycle_configuration.exports,
  ]
}
