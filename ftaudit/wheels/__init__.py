"""A wheel's members, local or remote, read within limits; nothing is unpacked."""
