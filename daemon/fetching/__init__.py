"""Labels that an event does not bring itself: fetched by a link, or asked of TikTok Shop's API."""
