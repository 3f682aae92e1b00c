"""Re-rating of charged calls: choosing, comparing, preview, applying and undoing by a job."""
