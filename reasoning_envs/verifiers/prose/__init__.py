"""Mathematics inside prose: statements are found, read and judged one by one."""
