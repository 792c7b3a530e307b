"""Where problems come from: one generator or reader a domain."""
