"""What holds for the repository and the wheel as a whole."""
