"""What templates ask of messages."""
