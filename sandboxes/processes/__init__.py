"""One process a run, watched from outside: what the back ends ``bubblewrap`` and ``unsafe_subprocess`` share."""
