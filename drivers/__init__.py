"""The only code that talks to printers: a driver is a transport (`raw`) times a language (`zebra`)."""
