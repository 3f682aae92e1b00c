"""Database functions shared by all apps."""
