"""The gateway: authorises a request against a person's lots, relays it, meters the reply, settles the charge."""
