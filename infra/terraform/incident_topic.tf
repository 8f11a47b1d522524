resource "aws_sns_topic" "incidents" {
  name         = "${var.name}-incidents"
  display_name = "pivotwatch"
}

resource "aws_sns_topic_subscription" "alert" {
  count     = var.alert_email == "" ? 0 : 1
  topic_arn = aws_sns_topic.incidents.arn
  protocol  = "email"
  endpoint  = var.alert_email
}
