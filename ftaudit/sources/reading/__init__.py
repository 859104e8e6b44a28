"""What readers share: bytes to plain values within limits, checked names and files, edges, a pin's reach."""
