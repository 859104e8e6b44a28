"""What is said about a pin: one file a rule, its docstring is its page, one line in `registry`."""
