"""TikTok Shop's open API: signed calls, tokens, and what each answer means for a label."""
