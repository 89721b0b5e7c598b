"""What needs a person: told on MQTT and, if configured, to a webhook, when it begins and when it ends."""
