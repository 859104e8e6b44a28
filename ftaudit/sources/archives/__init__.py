"""What holds environments: container images, root file systems, zipapps."""
