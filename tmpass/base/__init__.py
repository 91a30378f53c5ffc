"""What every package may use: errors, sizes, element types, reading, interrupts."""
