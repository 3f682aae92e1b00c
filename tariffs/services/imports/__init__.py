"""Rate imports: a sheet is uploaded, checked line by line, previewed, applied all or nothing."""
