"""Files of this machine, read for what their modules declare: the stage behind ``ftaudit inspect``."""
