"""What is known of one host, frozen. Knows no policy and no format of any tool."""
