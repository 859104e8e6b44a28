"""What was read of files, kept on this machine: a file's content never changes what it says."""
