"""Running what is not trusted, or may not end: processes that are limited, killed and replaced."""
