# The parameters of infra/sam/template.yaml, with the same defaults. Those after the rule are Terraform's alone.

variable "name" {
  description = "What the names of all resources begin with. Two deployments in one account and region need two names."
  type        = string
  default     = "pivotwatch"

  validation {
    # A bucket's prefix has at most 37 characters, and what follows the name in it takes nine.
    condition     = can(regex("^[a-z][a-z0-9-]{0,26}[a-z0-9]$", var.name))
    error_message = "name must have 2 to 28 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen."
  }
}

variable "architecture" {
  description = "Instruction set of both functions. It must be the one that `make package` built."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "alert_email" {
  description = "Address that is subscribed to the incidents; it must confirm by mail. Empty for no subscription."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([^@\\s]+@[^@\\s]+)?$", var.alert_email))
    error_message = "alert_email must be one mail address, or empty."
  }
}

variable "threshold" {
  description = "Failed sign-ins of one source that are still quiet; one more makes an address suspicious."
  type        = number
  default     = 5

  validation {
    condition     = var.threshold >= 1 && var.threshold <= 255 && floor(var.threshold) == var.threshold
    error_message = "threshold must be a whole number from 1 to 255."
  }
}

variable "window" {
  description = "Longest time between the first failure and the console login (or the last failure), such as 24h or 90m."
  type        = string
  default     = "24h"

  validation {
    condition = can(regex(
      "^((6[0-9]|[7-9][0-9]|[1-9][0-9]{2,3}|100[0-7][0-9]|10080)m|([1-9]|[1-9][0-9]|1[0-5][0-9]|16[0-8])h|[1-7]d)$",
      var.window
    ))
    error_message = "window must be a whole number followed by m, h or d, from 1h to 7d."
  }
}

variable "order" {
  description = "Whether failures count on either side of the login (any) or only before it (failures_first)."
  type        = string
  default     = "any"

  validation {
    condition     = contains(["any", "failures_first"], var.order)
    error_message = "order must be any or failures_first."
  }
}

variable "sources" {
  description = "Sign-in sources that count, each with the threshold to itself."
  type        = list(string)
  default     = ["interactive", "non_interactive"]

  validation {
    condition = length(var.sources) > 0 && alltrue([
      for source in var.sources :
      contains(["interactive", "non_interactive", "service_principal", "managed_identity", "adfs"], source)
    ])
    error_message = "sources must list interactive, non_interactive, service_principal, managed_identity or adfs."
  }
}

variable "ipv6_network" {
  description = "Bits of the prefix of IPv6 networks whose failures are counted together too, 48 to 128, or none."
  type        = string
  default     = "64"

  validation {
    condition     = can(regex("^(none|4[89]|[5-9][0-9]|1[01][0-9]|12[0-8])$", var.ipv6_network))
    error_message = "ipv6_network must be a whole number from 48 to 128, or none."
  }
}

variable "successes" {
  description = "Whether successful sign-ins are counted beside failures (count), for the severity, or not (ignore)."
  type        = string
  default     = "count"

  validation {
    condition     = contains(["count", "ignore"], var.successes)
    error_message = "successes must be count or ignore."
  }
}

variable "retention_days" {
  description = "Days that evidence is kept in the table."
  type        = number
  default     = 90

  validation {
    condition     = var.retention_days >= 8 && var.retention_days <= 3650 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days must be a whole number from 8 to 3650."
  }
}

variable "export_retention_days" {
  description = "Days that sign-in exports are kept in the bucket. 0 keeps them for ever."
  type        = number
  default     = 90

  validation {
    condition = (
      var.export_retention_days >= 0 && var.export_retention_days <= 3650
      && floor(var.export_retention_days) == var.export_retention_days
    )
    error_message = "export_retention_days must be a whole number from 0 to 3650."
  }
}

variable "log_retention_days" {
  description = "Days that the logs of the functions are kept."
  type        = number
  default     = 30

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days
    )
    error_message = "log_retention_days must be a number of days that CloudWatch Logs offers, such as 7, 30, 90 or 365."
  }
}

variable "deletion_protection" {
  description = <<-EOT
    Whether both tables, and a bucket that still holds exports, refuse to be deleted. `terraform destroy` still destroys
    the functions, rules, queues, topic and subscriptions; the tables, and the bucket with its public access block,
    policy, ownership and expiry, stay.
  EOT
  type        = bool
  default     = true
}

variable "tuning_entries" {
  description = <<-EOT
    Tuning entries in the format of docs/TUNING.md, beside those of the tuning table. As JSON they have at most 2,000
    bytes: AWS allows 4 KB for all environment variables of a function. Put more of them into the table.
  EOT
  # Entries differ in their attributes, and a list of Terraform has elements of one type.
  type    = any
  default = []

  validation {
    condition     = startswith(jsonencode(var.tuning_entries), "[")
    error_message = "tuning_entries must be a list of entries."
  }

  validation {
    # As JSON, an id in quotes is a text. What cannot be iterated is no list, which the validation above refuses.
    condition = alltrue(try(
      [for entry in var.tuning_entries : can(regex("^\"[a-z0-9-]{1,64}\"$", jsonencode(entry.id)))], []
    ))
    error_message = "Each of tuning_entries must have an id of 1 to 64 lower-case letters, digits and hyphens."
  }

  validation {
    # The length in base64 is that of the bytes, times 4/3; `length` counts characters.
    condition     = length(base64encode(jsonencode(var.tuning_entries))) <= 2668
    error_message = "tuning_entries must have at most 2,000 bytes as JSON. Put more of them into the tuning table."
  }
}

variable "address_limit" {
  description = "Largest number of messages about an address in a UTC day. A digest reports what exceeds it."
  type        = number
  default     = 5

  validation {
    condition     = var.address_limit >= 1 && var.address_limit <= 100 && floor(var.address_limit) == var.address_limit
    error_message = "address_limit must be a whole number from 1 to 100."
  }
}

variable "hour_limit" {
  description = "Largest number of messages in an hour. A digest reports what exceeds it."
  type        = number
  default     = 60

  validation {
    condition     = var.hour_limit >= 1 && var.hour_limit <= 250 && floor(var.hour_limit) == var.hour_limit
    error_message = "hour_limit must be a whole number from 1 to 250."
  }
}

variable "mode" {
  description = "Whether incidents are published (publish), or only stored and reported in one digest a day (observe)."
  type        = string
  default     = "publish"

  validation {
    condition     = contains(["publish", "observe"], var.mode)
    error_message = "mode must be publish or observe."
  }
}

variable "observe_until" {
  description = "End of observing in UTC, such as 2026-03-09T00:00:00Z, after which incidents are published. Empty for none."
  type        = string
  default     = ""

  validation {
    condition = can(regex(
      "^((20[0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|20([02468][048]|[13579][26])-02-29)T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)?$",
      var.observe_until
    ))
    error_message = "observe_until must be a time in UTC, such as 2026-03-09T00:00:00Z, or empty."
  }

  validation {
    condition     = var.observe_until == "" || var.mode == "observe"
    error_message = "observe_until is of use only together with mode = \"observe\"."
  }
}

variable "account_names" {
  description = <<-EOT
    Names of AWS accounts in messages, such as { 111122223333 = "payments-prod" }. As JSON they have at most 1,000
    bytes, the bytes of all environment variables being limited. A name has at most 64 characters.
  EOT
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for id, name in var.account_names :
      can(regex("^[0-9]{12}$", id)) && length(name) >= 1 && length(name) <= 64
    ])
    error_message = "account_names must have names of 1 to 64 characters by account ids of 12 digits."
  }

  validation {
    condition     = length(base64encode(jsonencode(var.account_names))) <= 1336
    error_message = "account_names must have at most 1,000 bytes as JSON."
  }
}

variable "https_form" {
  description = "What subscriptions by HTTPS receive. chat is for Amazon Q Developer (Slack, Teams), finding is OCSF for webhooks."
  type        = string
  default     = "chat"

  validation {
    condition     = contains(["chat", "finding"], var.https_form)
    error_message = "https_form must be chat or finding."
  }
}

variable "runbook_url" {
  description = "Where responders read the runbook, which messages then name. Empty for its file and version."
  type        = string
  default     = ""

  validation {
    condition     = length(var.runbook_url) <= 200 && can(regex("^(https://[!#-&(-;=?-_a-z~{}]+)?$", var.runbook_url))
    error_message = "runbook_url must begin with https:// and have at most 200 plain characters, or be empty."
  }
}

variable "extra_event_sources" {
  description = <<-EOT
    Event sources accepted beside aws.signin. AWS lets nobody send events as aws.signin, so an end-to-end self-test
    sends its login from a source of its own.
  EOT
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for source in var.extra_event_sources : can(regex("^[A-Za-z0-9._/-]+$", source))])
    error_message = "extra_event_sources must be event source names, without blanks or commas."
  }
}

variable "trail_bucket" {
  description = "Bucket of a CloudTrail trail, read for the logins that EventBridge did not bring. Empty for none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$", var.trail_bucket))
    error_message = "trail_bucket must be the name of a bucket, or empty."
  }
}

variable "trail_key_arn" {
  description = "ARN of the KMS key that the trail's log files are encrypted with. Empty when they are with none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?$", var.trail_key_arn))
    error_message = "trail_key_arn must be the ARN of a KMS key (of the key, not of its alias), or empty."
  }

  validation {
    condition     = var.trail_key_arn == "" || var.trail_bucket != ""
    error_message = "trail_key_arn is of use only together with trail_bucket."
  }
}

# ----------------------------------------------------------------------------------------------------------------------

variable "package_folder" {
  description = "Folder with ingest.zip and detect.zip, as `make package` leaves them. A relative path starts at this module."
  type        = string
  default     = "../../target/lambda"

  validation {
    condition     = length(var.package_folder) > 0
    error_message = "package_folder must not be empty."
  }
}
