"""The two admin sites and their building blocks."""
