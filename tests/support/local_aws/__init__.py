"""AWS on this machine: the project's own infrastructure code, deployed to an emulator with the real binaries.

server      the emulator, on a free port, over TLS, with IAM enforced
deployment  the deployed stack, and ways to use it
emulator    ministack with mailboxes, as the server starts it
sam         deploying infra/sam, through CloudFormation
terraform   deploying infra/terraform
exports     builders of sign-in exports and console logins
trail       a trail's bucket, and the log files in it
waiting     waits that last as long as there is progress
shell       commands in bash and with the AWS CLI
runbook     the commands of docs/RUNBOOK.md
"""
