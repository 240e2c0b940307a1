"""The cases of `fixtures/`: how their files are read, checked and rewritten."""
