"""What is installed or lies at hand: environments, interpreters, what pip says of them, wheels."""
