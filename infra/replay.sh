#!/usr/bin/env bash
# Gives what the functions of a stack have given up to them once more: infra/replay.sh STACK
#
# Messages that failed too often go from the dead letters back to the queues that they came from.
# Notes of stream records that were given up are cleared, after a sweep that met no fault: what
# they tell of stands in the tables, and the sweep, which also runs every five minutes, delivers
# it. Remove the cause first. Needs AWS CLI 2, and the rights to read the stack, to receive from
# and send to its queues, and to invoke OutboxFunction.
set -euo pipefail

stack=${1:?usage: infra/replay.sh STACK}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# Lines of a logical id and a physical one: the URL of a queue, the name of a function.
resources() {
  aws cloudformation list-stack-resources --stack-name "$stack" --output text \
    --query "StackResourceSummaries[?ResourceType=='$1'].[LogicalResourceId,PhysicalResourceId]"
}

attribute() {
  aws sqs get-queue-attributes --queue-url "$1" --attribute-names "$2" \
    --query "Attributes.$2" --output text
}

sweep() {
  local function failure
  function=$(resources AWS::Lambda::Function | awk '$1 == "OutboxFunction" { print $2 }')
  failure=$(aws lambda invoke --function-name "$function" --qualifier live \
    --cli-binary-format raw-in-base64-out --payload '{"task":"sweep"}' \
    --query FunctionError --output text "$answer")
  printf 'sweep: %s\n' "$(< "$answer")"
  [[ $failure == None ]] && grep --quiet '"failed":0' "$answer"
}

queues=$(resources AWS::SQS::Queue | grep DeadLetters)
while read -r name url; do
  waiting=$(attribute "$url" ApproximateNumberOfMessages)
  if [[ $waiting == 0 ]]; then
    printf '%s: empty\n' "$name"
    continue
  fi
  sources=$(aws sqs list-dead-letter-source-queues --queue-url "$url" --output text --query 'length(queueUrls || `[]`)')
  if [[ $sources != 0 ]]; then
    aws sqs start-message-move-task --source-arn "$(attribute "$url" QueueArn)" > /dev/null
    printf '%s: about %s messages go back to their queue\n' "$name" "$waiting"
  elif sweep; then
    aws sqs purge-queue --queue-url "$url"
    printf '%s: about %s notes cleared\n' "$name" "$waiting"
  else
    printf '%s: the sweep met faults, so its notes stay\n' "$name" >&2
    exit 1
  fi
done <<< "$queues"
