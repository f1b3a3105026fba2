"""Pictures drawn on the server as SVG: well-formed, readable without colour, and with words for those who hear the page."""
