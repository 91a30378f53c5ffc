"""The independent checker. It shares no code with the stages that make plans, only their value types."""
