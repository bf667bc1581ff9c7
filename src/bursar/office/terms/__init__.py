"""What was agreed: plans as versions, who falls under which, what a change would do, in words and in simulation."""
