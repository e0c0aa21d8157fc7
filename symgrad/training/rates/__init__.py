"""What a learning rate is: a number, a schedule, or one that falls where a score stays."""
