"""An AWS on this machine: the project's own infrastructure code deployed to an emulator, with the real binaries.

server      the emulator, on a free port, over TLS, with IAM enforced
deployment  the stack on it: what was deployed, and what one can do with it
sam         deploying infra/sam, through CloudFormation
terraform   deploying infra/terraform
exports     sign-in exports and console logins to feed it with
trail       a trail's bucket, and the log files in it
waiting     waiting for all of these, for as long as anything moves
shell       commands in bash and with the AWS CLI
runbook     the commands of docs/RUNBOOK.md
"""
