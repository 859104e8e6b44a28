"""Report to text: one file a format, one line in `registry`; `view` is what those for people share."""
