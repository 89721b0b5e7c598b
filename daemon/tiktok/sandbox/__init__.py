"""`labeld tiktok-sandbox`: a stand-in of TikTok Shop's API on this host, with shops, packages, labels and bad days.

It shares no code with the client that talks to it: what TikTok asks of a caller is written down a second time here.
"""
