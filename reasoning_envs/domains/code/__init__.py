"""What the domains of programs are built from: states, what is observed of them, and what can be done next."""
