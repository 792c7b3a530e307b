"""What may be written next below an equation or an expression, right and wrong."""
