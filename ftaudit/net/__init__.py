"""The network and the cache: bytes, or why there are none. The only part that imports requests."""
