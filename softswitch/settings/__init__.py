"""Settings: base is read from the environment, test builds on it."""
