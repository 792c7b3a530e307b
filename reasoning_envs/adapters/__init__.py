"""Other people's formats and libraries: one file each."""
