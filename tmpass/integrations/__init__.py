"""tmpass inside other compilers, one file for each; each needs the extra of its name."""
