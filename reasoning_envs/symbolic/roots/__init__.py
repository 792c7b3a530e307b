"""Where functions of one variable are zero, kinked or undefined, and the sets that such points bound."""
