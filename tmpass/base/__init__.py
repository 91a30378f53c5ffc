"""The base of all packages: errors, sizes, element types, reading, interrupts."""
