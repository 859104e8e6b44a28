"""What a project declares without locking it, and folders of projects."""
