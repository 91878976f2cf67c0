"""What the web's standards say, held against their own test suites, against other readers, and against chance."""
