"""What is made of a plan for people and other tools: one file per form."""
