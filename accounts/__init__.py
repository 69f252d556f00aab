"""Who people are: users, their devices and the tokens of those."""
