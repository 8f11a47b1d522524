# The tuning entries, which people write: by the command `pivotwatch tuning`, or by hand. The functions read them all.
resource "aws_dynamodb_table" "tuning" {
  name                        = "${var.name}-tuning"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "id"
    type = "S"
  }

  # No expiry: an expired entry still applies to what happened before its end.

  point_in_time_recovery {
    enabled = true
  }
}
