"""The simple repository API: which index is asked, what its pages and metadata files say."""
