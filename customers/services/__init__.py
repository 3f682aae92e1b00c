"""Use-cases of the customer tree, its users and their rights."""
