"""What is allowed in a policy and probably not meant: the warnings of the checker."""
