"""How quickly campaigns are found among a hundred thousand, and made."""
