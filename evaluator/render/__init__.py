"""Print decisions and explanations for people: as text, as an HTML page and as a drawing."""
