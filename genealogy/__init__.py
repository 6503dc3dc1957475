"""From any cell to its material and back."""
