"""Final answers: found in text, read, and compared in all their forms."""
