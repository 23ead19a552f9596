"""Scanner and file defects, one family a module, each with the exact truth about what it did."""
