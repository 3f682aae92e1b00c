"""What files of records hold, what imports of them have come to, and the exports."""
