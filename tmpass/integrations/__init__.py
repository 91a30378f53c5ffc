"""tmpass inside other compilers and tools, one module for each; each needs the extra of its name."""
