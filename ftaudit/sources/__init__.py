"""What is locked or installed: one file a format, one line each in `registry`, all read by `collect`."""
