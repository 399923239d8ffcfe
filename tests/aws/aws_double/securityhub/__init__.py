"""Security Hub: findings in ASFF, how they come in, change, and are found again."""
