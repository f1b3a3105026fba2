"""The routes of the pages: parse, call one service or gather one page, render."""
