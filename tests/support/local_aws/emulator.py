"""ministack with mailboxes.

ministack accepts subscriptions by email, and delivers nothing to them. Here a mail goes into the queue with the name
before the `@` of its address, if there is one.
"""

import inspect

from ministack.app import main
from ministack.services import sns

_fan_out = sns._fanout


def _fan_out_with_mailboxes(*arguments, **named):
    _fan_out(*arguments, **named)
    call = inspect.signature(_fan_out).bind(*arguments, **named)
    call.apply_defaults()
    of = call.arguments
    topic, attributes = of["topic_arn"], of["message_attributes"] or {}
    text = sns._resolve_message_for_protocol(of["message"], of["message_structure"], "email")
    for subscription in sns._topic_by_arn_any_scope(topic)["subscriptions"]:
        is_mailbox = subscription["protocol"] == "email"
        if is_mailbox and sns._matches_filter_policy(subscription, attributes, text):
            name = subscription["endpoint"].split("@")[0]
            queue = topic.replace(":sns:", ":sqs:").rsplit(":", 1)[0] + ":" + name
            envelope = sns._build_envelope(topic, of["msg_id"], text, of["subject"], attributes, False)
            sns._deliver_to_sqs(queue, envelope, False, text, message_attributes=attributes, topic_arn=topic)


sns._fanout = _fan_out_with_mailboxes

if __name__ == "__main__":
    main()
