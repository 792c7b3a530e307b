"""Reference agents: code to run from a checkout, to read, and to copy."""
