"""Requirements files, from lines to pins."""
