"""What a crawl must survive, withstand and keep to itself: each promise as a test that can fail."""
