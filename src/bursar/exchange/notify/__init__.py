"""Notices on their way out: what they say (`words`) and the channels that carry them, one module each.

A channel gets a `Letter` and delivers it or raises `Undelivered` with a reason that holds no secret.
"""

from bursar.exchange.notify.letter import Channel, Letter, Undelivered
from bursar.exchange.notify.mail import Mail
from bursar.exchange.notify.slack import Slack
from bursar.exchange.notify.webhook import Webhook
from bursar.exchange.notify.words import KINDS, Words, checked, forecast_sentence, in_words, moment

__all__ = [
    "KINDS",
    "Channel",
    "Letter",
    "Mail",
    "Slack",
    "Undelivered",
    "Webhook",
    "Words",
    "checked",
    "forecast_sentence",
    "in_words",
    "moment",
]
