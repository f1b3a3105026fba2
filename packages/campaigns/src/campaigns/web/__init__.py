"""The pages: plain GET and POST with Jinja templates, made lively by small scripts that nothing depends on."""
