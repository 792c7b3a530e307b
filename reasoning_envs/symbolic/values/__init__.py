"""Values of expressions at points: exact, modulo a prime, enclosed for certain, or quick and rough."""
