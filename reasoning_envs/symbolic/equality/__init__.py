"""Are two expressions equal? Polynomials, their fractions, kernels in canonical shape, and what must hold for it."""
