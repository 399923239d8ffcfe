"""What an account tells of itself, beyond what AWS Config records of it."""
