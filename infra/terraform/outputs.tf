output "export_bucket" {
  description = "Bucket that takes the sign-in exports."
  value       = aws_s3_bucket.exports.id
}

output "evidence_table" {
  description = "Table with the failures, logins and incidents of every address."
  value       = aws_dynamodb_table.evidence.name
}

output "tuning_table" {
  description = "Table with the tuning entries."
  value       = aws_dynamodb_table.tuning.name
}

output "topic_arn" {
  description = "Topic that incidents are published to."
  value       = aws_sns_topic.incidents.arn
}

output "ingest_function" {
  description = "Function that reads sign-in exports and CloudTrail's log files."
  value       = aws_lambda_function.function["ingest"].function_name
}

output "detect_function" {
  description = "Function that reads console logins."
  value       = aws_lambda_function.function["detect"].function_name
}

output "ingest_role_arn" {
  description = "Role of ingest, to be named in the policies of other buckets and keys."
  value       = aws_iam_role.function["ingest"].arn
}

output "console_login_rule" {
  description = "Rule that routes console logins to detect."
  value       = aws_cloudwatch_event_rule.console_login.name
}

output "sweep_schedule" {
  description = "Schedule that invokes detect for the sweep."
  value       = aws_scheduler_schedule.sweep.name
}

output "trail_rule" {
  description = "Rule that routes the events of the trail's log files to ingest."
  value       = one(aws_cloudwatch_event_rule.trail[*].name)
}

output "ingest_log_group" {
  description = "Logs of ingest."
  value       = aws_cloudwatch_log_group.function["ingest"].name
}

output "detect_log_group" {
  description = "Logs of detect."
  value       = aws_cloudwatch_log_group.function["detect"].name
}

output "ingest_failure_queue_url" {
  description = "Notifications that ingest could not process."
  value       = aws_sqs_queue.failures["ingest"].url
}

output "detect_failure_queue_url" {
  description = "Logins that detect could not process."
  value       = aws_sqs_queue.failures["detect"].url
}

output "detect_undelivered_queue_url" {
  description = "Logins that could not be delivered to detect."
  value       = aws_sqs_queue.detect_undelivered.url
}

output "sweep_undelivered_queue_url" {
  description = "Sweeps that could not be delivered to detect."
  value       = aws_sqs_queue.sweep_undelivered.url
}

output "ingest_undelivered_queue_url" {
  description = "Log files whose events could not be delivered to ingest."
  value       = one(aws_sqs_queue.ingest_undelivered[*].url)
}
